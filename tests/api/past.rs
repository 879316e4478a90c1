//! `as_of`: what readers saw at a moment that is over, with the names of then.

use rstest_reuse::apply;
use serde_json::json;

use crate::support::desk::{address, text};
use crate::support::{Database, TestApp, each_database};

#[apply(each_database)]
fn the_past_is_as_it_was_names_and_all(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    editor.make("tags", json!({"name": "Nato"}));
    editor.make("sources", json!({"name": "Coastline", "credit_line": "By Coastline"}));
    let story = editor.published(json!({
        "title": "One", "slug": "one", "tags": ["nato"], "source": "coastline", "authors": [{"name": "Zoe"}],
        "section": {"name": "World"}, "body": "First."
    }));
    let before = reader.get(&address(&story)).expect(200).json();
    let then = app.later(0);
    app.pass(800);
    editor.if_match("*").patch("/v1/tags/nato", json!({"name": "NATO", "slug": "alliance"})).expect(200);
    editor.if_match("*").patch("/v1/authors/zoe", json!({"name": "Zoë"})).expect(200);
    editor.change(&story, json!({"title": "Two", "slug": "two", "body": "Second.", "source": null, "tags": []}));
    editor.publish(&story, json!({}));
    editor.if_match("*").delete("/v1/sources/coastline").expect(204);
    app.pass(800);
    let editor = app.editor();
    let query = format!("as_of={then}");
    let past = reader.get(&format!("{}?{query}", address(&story))).expect(200);
    assert_eq!(past.json(), before);
    assert_eq!(past.header("Cache-Control"), Some("public, max-age=31536000, immutable, s-maxage=60"));
    assert_eq!(editor.get(&format!("{}?{query}", address(&story))).expect(200).json(), before);
    assert_eq!(reader.get(&format!("/v1/articles/one?{query}")).expect(200).json(), before);
    let later_name = reader.get(&format!("/v1/articles/two?{query}")).expect(301);
    assert_eq!(later_name.header("Location"), Some(&*format!("/v1/articles/one?{query}")));
    assert_eq!(later_name.header("Cache-Control"), Some("public, no-cache"), "it may be renamed again");
    for filter in ["tag=nato", "source=coastline", "author=zoe", "section=world", "sort=title"] {
        let page = reader.get(&format!("/v1/articles?{query}&count=true&{filter}")).expect(200).json();
        assert_eq!((text(&page["data"][0]["title"]), &page["total"]), ("One", &json!(1)), "{filter}");
        assert_eq!(page["data"][0]["tags"], before["tags"], "{filter}");
    }
    let list = reader.get(&format!("/v1/articles?{query}")).expect(200);
    assert_eq!(list.header("Cache-Control"), Some("public, no-cache"), "what is out of sight now may come back");
    assert_eq!(reader.slugs(&format!("/v1/articles?{query}&tag=alliance")), [""; 0]);
    let recent = reader.get(&format!("{}?as_of={}", address(&story), app.later(0))).expect(200);
    assert_eq!(recent.header("Cache-Control"), Some("public, no-cache"), "a commit of this moment may still come");
}

#[apply(each_database)]
fn an_interval_in_which_nobody_read_it_is_absent(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let mut moments = vec![(app.later(0), false)];
    app.pass(10);
    let story = editor.begin(json!({"title": "On and off"}));
    editor.publish(&story, json!({"until": app.later(20)}));
    moments.extend([(app.later(0), true), (app.later(19), true), (app.later(20), false)]);
    app.pass(30);
    editor.publish(&story, json!({}));
    app.pass(5);
    moments.push((app.later(0), true));
    editor.unpublish(&story);
    moments.pop();
    moments.push((app.later(0), false));
    app.pass(5);
    for (moment, is_read) in moments {
        let status = reader.get(&format!("{}?as_of={moment}", address(&story))).status();
        assert_eq!(status, if is_read { 200 } else { 404 }, "{moment}");
        assert_eq!(reader.slugs(&format!("/v1/articles?as_of={moment}")).len(), usize::from(is_read), "{moment}");
    }
}

#[apply(each_database)]
fn pages_of_the_past_go_on_where_they_ended(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    for number in 0..7 {
        editor.published(json!({"title": format!("story {number}")}));
        app.pass(1);
    }
    let then = app.later(0);
    app.pass(1);
    editor.published(json!({"title": "too late"}));
    let walked = reader.walk(&format!("/v1/articles?limit=3&as_of={then}"));
    assert_eq!(walked, ["story-6", "story-5", "story-4", "story-3", "story-2", "story-1", "story-0"]);
}

#[apply(each_database)]
fn what_is_no_moment_of_the_past_is_refused(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    for list in ["/v1/articles", "/v1/articles/nobody"] {
        let future = reader.get(&format!("{list}?as_of={}", app.later(1))).expect(400);
        assert_eq!(future.refusals(), ["as_of in_the_future"]);
        let draft = editor.get(&format!("{list}?view=draft&as_of={}", app.later(0))).expect(400);
        assert_eq!(draft.refusals(), ["as_of not_for_drafts"]);
    }
}
