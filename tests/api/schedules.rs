//! On time: schedules are kept by the clock of each request, and no job runs in these tests.

use std::time::Duration;

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, text};
use crate::support::{Database, TestApp, each_database};

const MICROSECOND: Duration = Duration::from_micros(1);

/// Whether readers see a story; the item, the list and the count must agree.
#[track_caller]
fn is_live(app: &TestApp, story: &Value) -> bool {
    let reader = app.anonymous();
    let found = reader.get(&address(story)).status();
    let by_slug = reader.get(&format!("/v1/articles/{}", text(&story["slug"]))).status();
    let list = reader.get("/v1/articles?count=true").expect(200).json();
    let listed = list["data"].as_array().unwrap().iter().any(|row| row["id"] == story["id"]);
    assert_eq!(list["total"], list["data"].as_array().unwrap().len());
    assert_eq!((found, by_slug), if listed { (200, 200) } else { (404, 404) });
    listed
}

/// What readers read.
fn title(app: &TestApp, story: &Value) -> Value {
    app.anonymous().get(&address(story)).expect(200).json()["title"].clone()
}

fn working(editor: &Client, story: &Value) -> Value {
    editor.get(&address(story)).expect(200).json()
}

#[apply(each_database)]
fn a_story_appears_at_its_time_and_not_one_microsecond_earlier(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Embargoed"}));
    let planned = editor.publish(&story, json!({"at": app.later(600)}));
    let at = app.later(600);
    assert_eq!(
        (&planned["status"], &planned["scheduled_for"], &planned["expires_at"]),
        (&json!("scheduled"), &json!(at), &json!(null))
    );
    assert!(!is_live(&app, &story));
    app.clock().advance(Duration::from_secs(600) - MICROSECOND);
    assert!(!is_live(&app, &story));
    assert_eq!(working(&editor, &story)["status"], "scheduled");
    app.clock().advance(MICROSECOND);
    assert!(is_live(&app, &story));
    let read = app.anonymous().get(&address(&story)).expect(200).json();
    for name in ["first_published_at", "published_at", "modified_at", "updated_at"] {
        assert_eq!(read[name], json!(at), "{name}");
    }
    let now = working(&editor, &story);
    assert_eq!((&now["status"], &now["scheduled_for"]), (&json!("published"), &json!(null)));
}

#[apply(each_database)]
fn a_story_ends_at_its_time_and_not_one_microsecond_later(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Fleeting"}));
    let end = app.later(600);
    let published = editor.publish(&story, json!({"until": end}));
    assert_eq!((&published["status"], &published["expires_at"]), (&json!("published"), &json!(end)));
    app.clock().advance(Duration::from_secs(600) - MICROSECOND);
    assert!(is_live(&app, &story));
    app.clock().advance(MICROSECOND);
    assert!(!is_live(&app, &story));
    let expired = working(&editor, &story);
    assert_eq!((&expired["status"], &expired["expires_at"]), (&json!("expired"), &json!(end)));
    // It comes back as a new run.
    app.pass(60);
    editor.publish(&story, json!({}));
    assert!(is_live(&app, &story));
    assert_eq!(working(&editor, &story)["published_at"], app.later(0));
    assert_ne!(working(&editor, &story)["first_published_at"], app.later(0));
}

#[apply(each_database)]
fn an_offset_is_required_and_understood(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Story"}));
    let publish = format!("{}/publish", address(&story));
    for wrong in
        ["2026-11-24T12:00:00", "2026-11-24", "tomorrow", "", "2026-13-01T00:00:00Z", "2026-11-24T25:00:00Z", "1e9"]
    {
        let refused = editor.post(&publish, json!({"at": wrong, "until": wrong})).expect(422);
        assert_eq!(refused.refusals(), ["/at invalid", "/until invalid"], "{wrong}");
    }
    for wrong in [json!(1_800_000_000), json!(true), json!([])] {
        editor.post(&publish, json!({ "at": wrong })).expect(422);
    }
    assert_eq!(editor.post(&publish, json!({"when": "now"})).expect(422).refusals(), ["/when unknown_field"]);
    // The hour that a local clock shows twice is two different hours.
    for (at, utc) in
        [("2027-10-31T02:30:00+02:00", "2027-10-31T00:30:00Z"), ("2027-10-31T02:30:00+01:00", "2027-10-31T01:30:00Z")]
    {
        assert_eq!(editor.publish(&story, json!({ "at": at }))["scheduled_for"], utc);
    }
    assert_eq!(editor.publish(&story, json!({"at": null, "until": null}))["status"], "published");
}

#[apply(each_database)]
fn an_interval_begins_not_before_now_and_ends_after_it_begins(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Story"}));
    let publish = format!("{}/publish", address(&story));
    let (past, soon) = (app.clock().now().before(MICROSECOND).to_string(), app.later(60));
    let refused = |wish: Value| editor.post(&publish, wish).expect(422).refusals();
    assert_eq!(refused(json!({ "at": past })), ["/at in_the_past"]);
    assert_eq!(refused(json!({ "until": app.later(0) })), ["/until before_start"]);
    assert_eq!(refused(json!({ "at": soon, "until": soon })), ["/until before_start"]);
    assert_eq!(refused(json!({ "at": past, "until": past })), ["/at in_the_past", "/until before_start"]);
    assert_eq!(working(&editor, &story)["status"], "draft");
    assert_eq!(editor.publish(&story, json!({"at": app.later(0)}))["status"], "published", "now is not the past");
}

#[apply(each_database)]
fn a_new_schedule_replaces_the_old_one(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Story"}));
    editor.publish(&story, json!({"at": app.later(600)}));
    let planned = editor.publish(&story, json!({"at": app.later(1200), "until": app.later(1800)}));
    assert_eq!((&planned["scheduled_for"], &planned["expires_at"]), (&json!(app.later(1200)), &json!(app.later(1800))));
    app.pass(600);
    assert!(!is_live(&app, &story), "the first time does not count any more");
    app.pass(600);
    assert!(is_live(&app, &story));
    app.pass(600);
    assert!(!is_live(&app, &story));
}

#[apply(each_database)]
fn publishing_now_cancels_what_was_scheduled(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Later"}));
    editor.publish(&story, json!({"at": app.later(600), "until": app.later(1200)}));
    editor.change(&story, json!({"title": "Now"}));
    let now = editor.publish(&story, json!({}));
    assert_eq!(
        (&now["status"], &now["scheduled_for"], &now["expires_at"]),
        (&json!("published"), &json!(null), &json!(null))
    );
    for _ in 0..3 {
        assert_eq!(title(&app, &story), "Now");
        app.pass(600);
    }
}

#[apply(each_database)]
fn a_scheduled_correction_takes_over_at_its_time_without_a_gap(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.published(json!({"title": "First"}));
    let first = app.later(0);
    editor.change(&story, json!({"title": "Second"}));
    let planned = editor.publish(&story, json!({"at": app.later(600)}));
    assert_eq!((&planned["status"], &planned["scheduled_for"]), (&json!("changed"), &json!(app.later(600))));
    editor.change(&story, json!({"title": "Third"}));
    app.clock().advance(Duration::from_secs(600) - MICROSECOND);
    assert_eq!(title(&app, &story), "First");
    app.clock().advance(MICROSECOND);
    assert_eq!(title(&app, &story), "Second", "what was scheduled is what was there then");
    assert!(is_live(&app, &story));
    let read = app.anonymous().get(&address(&story)).expect(200).json();
    assert_eq!((&read["published_at"], &read["modified_at"]), (&json!(first), &json!(app.later(0))));
    assert_eq!(working(&editor, &story)["status"], "changed");
}

#[apply(each_database)]
fn moving_a_scheduled_correction_gives_the_running_one_its_time_back(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "First"}));
    editor.publish(&story, json!({"until": app.later(300)}));
    editor.change(&story, json!({"title": "Second"}));
    editor.publish(&story, json!({"at": app.later(150)}));
    editor.publish(&story, json!({"at": app.later(600)}));
    app.pass(299);
    assert_eq!(title(&app, &story), "First", "its end was 300, and is again");
    app.pass(1);
    assert!(!is_live(&app, &story));
    assert_eq!(working(&editor, &story)["status"], "scheduled");
    app.pass(300);
    assert_eq!(title(&app, &story), "Second");
}

#[apply(each_database)]
fn unpublishing_cancels_what_is_scheduled_too(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let planned = editor.begin(json!({"title": "Planned"}));
    editor.publish(&planned, json!({"at": app.later(600)}));
    let both = editor.published(json!({"title": "Both"}));
    editor.publish(&both, json!({"at": app.later(600)}));
    for story in [&planned, &both] {
        let down = editor.unpublish(story);
        assert_eq!(
            (&down["status"], &down["scheduled_for"], &down["expires_at"]),
            (&json!("draft"), &json!(null), &json!(null))
        );
    }
    app.pass(601);
    assert!(!is_live(&app, &planned) && !is_live(&app, &both));
}

#[apply(each_database)]
fn a_cancelled_schedule_leaves_no_date_behind(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let never = editor.begin(json!({"title": "Never"}));
    editor.publish(&never, json!({"at": app.later(600)}));
    editor.unpublish(&never);
    let once = editor.published(json!({"title": "Once"}));
    let run = app.later(0);
    app.pass(60);
    editor.unpublish(&once);
    editor.publish(&once, json!({"at": app.later(600)}));
    editor.unpublish(&once);
    assert!(
        editor.slugs(&format!("/v1/articles?published_after={run}&published_before=9000-01-01T00:00:00Z")).is_empty()
    );
    assert_eq!(editor.slugs(&format!("/v1/articles?published_before={}", app.later(0))), ["once"]);
}

#[apply(each_database)]
fn the_status_of_a_story_and_the_filter_by_status_are_one_rule(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let begin = |title: &str| editor.begin(json!({ "title": title }));
    begin("draft");
    let story = begin("scheduled");
    editor.publish(&story, json!({"at": app.later(600)}));
    let story = begin("published");
    editor.publish(&story, json!({}));
    let story = begin("published-and-planned");
    editor.publish(&story, json!({}));
    editor.publish(&story, json!({"at": app.later(900)}));
    let story = begin("changed");
    editor.publish(&story, json!({}));
    editor.change(&story, json!({"body": "more"}));
    let story = begin("changed-and-planned");
    editor.publish(&story, json!({}));
    editor.change(&story, json!({"body": "more"}));
    editor.publish(&story, json!({"at": app.later(600)}));
    let story = begin("expired");
    editor.publish(&story, json!({"until": app.later(60)}));
    let story = begin("expired-and-planned");
    editor.publish(&story, json!({"until": app.later(60)}));
    editor.publish(&story, json!({"at": app.later(600), "until": app.later(660)}));
    let story = begin("taken-down");
    editor.publish(&story, json!({}));
    editor.unpublish(&story);
    let mut seen = Vec::new();
    for _ in 0..14 {
        let all = editor.get("/v1/articles?limit=100&sort=title").expect(200).json()["data"].clone();
        for asked in
            ["draft", "scheduled", "published", "changed", "expired", "draft,expired", "scheduled,published,changed"]
        {
            let fits = |story: &&Value| asked.split(',').any(|status| story["status"] == status);
            let expected: Vec<&str> =
                all.as_array().unwrap().iter().filter(fits).map(|story| text(&story["slug"])).collect();
            let page = format!("/v1/articles?limit=100&sort=title&count=true&status={asked}");
            assert_eq!(editor.slugs(&page), expected, "{asked} at {}", app.later(0));
            assert_eq!(editor.get(&page).expect(200).json()["total"], expected.len());
        }
        for story in all.as_array().unwrap() {
            let live = matches!(text(&story["status"]), "published" | "changed");
            assert_eq!(is_live(&app, story), live, "{story}");
            seen.push((text(&story["slug"]).to_owned(), text(&story["status"]).to_owned()));
        }
        app.pass(60);
    }
    seen.sort();
    seen.dedup();
    let seen: Vec<(&str, &str)> = seen.iter().map(|(slug, status)| (slug.as_str(), status.as_str())).collect();
    let expected = [
        ("changed", "changed"),
        ("changed-and-planned", "changed"),
        ("changed-and-planned", "published"),
        ("draft", "draft"),
        ("expired", "expired"),
        ("expired", "published"),
        ("expired-and-planned", "expired"),
        ("expired-and-planned", "published"),
        ("expired-and-planned", "scheduled"),
        ("published", "published"),
        ("published-and-planned", "published"),
        ("scheduled", "published"),
        ("scheduled", "scheduled"),
        ("taken-down", "draft"),
    ];
    assert_eq!(seen, expected);
}
