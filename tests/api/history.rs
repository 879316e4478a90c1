//! What readers were told, version by version, and the proof of it.

use std::io::Write;
use std::process::{Command, Stdio};

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::desk::{address, text, with_cursor};
use crate::support::{Database, TestApp, each_database};

#[apply(each_database)]
fn every_version_that_was_read_is_there_and_nothing_else(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "Vote on Tuesday", "body": "At noon.", "tags": [{"name": "Nato"}]}));
    let begun = app.later(0);
    app.pass(60);
    editor.change(&story, json!({"title": "Planned and cancelled"}));
    editor.publish(&story, json!({"at": app.later(60)}));
    editor.send("POST", &format!("{}/unschedule", address(&story)), None).expect(200);
    editor.change(&story, json!({"title": "Vote on Wednesday"}));
    let note = json!({"type": "correction", "text": "It is Wednesday.", "publish": true});
    editor.post(&format!("{}/corrections", address(&story)), note).expect(200);
    editor.change(&story, json!({"title": "Secret plans"}));
    editor.publish(&story, json!({"at": app.later(600)}));
    let history = reader.get(&format!("{}/history?count=true", address(&story))).expect(200);
    assert!(!history.text().contains("Planned") && !history.text().contains("Secret"));
    let json = history.json();
    let versions = json["data"].as_array().unwrap();
    assert_eq!((versions.len(), &json["total"]), (2, &json!(2)));
    let (newest, first) = (&versions[0], &versions[1]);
    assert_eq!((&newest["from"], &newest["until"]), (&json!(app.later(0)), &json!(null)), "its end is still a plan");
    assert_eq!((&first["from"], &first["until"]), (&json!(begun), &json!(app.later(0))));
    assert_eq!((text(&newest["corrections"][0]["text"]), &first["corrections"]), ("It is Wednesday.", &json!([])));
    assert_eq!(newest["changes"][0]["text"], "Vote on [-Tuesday-]{+Wednesday+}");
    assert_eq!((newest["changes"].as_array().unwrap().len(), &first["changes"]), (1, &json!([])));
    // Page by page, each version is still compared with the one before.
    let one = reader.get(&format!("{}/history?limit=1", address(&story))).expect(200).json();
    assert_eq!(one["data"][0], *newest);
    let next = reader.get(&format!("{}/history?limit=1&cursor={}", address(&story), text(&one["next"]))).expect(200);
    assert_eq!(next.json()["data"][0], *first);
    editor.unpublish(&story);
    reader.get(&format!("{}/history", address(&story))).expect(404);
    reader.get(&format!("{}/proof", address(&story))).expect(404);
}

#[apply(each_database)]
fn a_former_slug_leads_to_the_history_under_the_present_one(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "One"}));
    app.pass(1);
    editor.change(&story, json!({"slug": "two"}));
    editor.publish(&story, json!({}));
    for what in ["history", "proof"] {
        let moved = reader.get(&format!("/v1/articles/one/{what}")).expect(301);
        assert_eq!(moved.header("Location"), Some(&*format!("/v1/articles/two/{what}")));
        reader.get(&format!("/v1/articles/two/{what}")).expect(200);
    }
}

/// What the verifier in `examples` says of a proof: its exit status and its output. Optimised, because a check that is
/// left out then is none.
fn verify(proof: &Value, key: Option<&str>) -> (bool, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/verify_proof.py");
    let mut python = Command::new("python3")
        .args(["-O", script, "-"])
        .args(key.into_iter().flat_map(|key| ["--key", key]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    python.stdin.take().unwrap().write_all(proof.to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.success(), said)
}

/// Whether there is a Python to run the verifier; says loudly when there is none, and fails where one is required.
fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok();
    if !found {
        assert!(
            std::env::var_os("TEST_REQUIRE_PYTHON").is_none(),
            "TEST_REQUIRE_PYTHON is set, and there is no python3"
        );
        eprintln!("\nSKIPPED: there is no python3, so examples/verify_proof.py was not tried\n");
    }
    found
}

#[apply(each_database)]
fn a_proof_can_be_checked_by_somebody_elses_program(database: Database) {
    if !has_python() {
        return;
    }
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    editor.begin(json!({"title": "Something before"}));
    let named = json!([{ "name": "Zoë" }]);
    let story = editor.begin(
        json!({"title": "“Vučić”", "body": "Text.\n\n1.5 × 2", "custom": {"x": 1.0e21, "é": [1.5]}, "authors": named}),
    );
    editor.publish(&story, json!({"until": app.later(600), "note": "an internal reason"}));
    app.pass(1);
    editor.change(&story, json!({"title": "Second"}));
    editor.publish(&story, json!({}));
    let history = reader.get(&format!("{}/history", address(&story))).expect(200).json();
    for (publication, version) in ["2", "1"].into_iter().zip(history["data"].as_array().unwrap()) {
        let reply = reader.get(&format!("{}/proof?publication={publication}", address(&story))).expect(200);
        let me = editor.get("/v1/auth/me").expect(200).json();
        assert!(!reply.text().contains("internal") && !reply.text().contains(text(&me["id"])));
        assert!(!reply.text().contains(&app.later(599)), "a planned end is the editors' business");
        let proof = reply.json();
        assert_eq!(proof["hash"], version["hash"]);
        let key = text(&proof["checkpoint"]["key"]["x"]);
        let (is_good, said) = verify(&proof, Some(key));
        assert!(is_good, "{said}");
        assert!(said.contains(&format!("publication {publication}")) && !said.contains("OWN KEY"), "{said}");
        let (is_good, said) = verify(&proof, None);
        assert!(is_good && said.contains("CHECKED WITH ITS OWN KEY ONLY"), "{said}");
        let tampered = |place: &str, from: &str, to: &str| {
            let mut copy = proof.clone();
            let value = copy.pointer_mut(place).unwrap();
            let changed = value.as_str().unwrap().replacen(from, to, 1);
            assert_ne!(*value, json!(changed), "{place} does not hold {from}");
            *value = json!(changed);
            verify(&copy, Some(key))
        };
        let first = &text(&proof["checkpoint"]["signature"])[..1];
        let other = if first == "A" { "B" } else { "A" };
        for (place, from, to) in [
            ("/publication", "Text.", "Lies."),
            ("/event", "published", "unpublished"),
            ("/checkpoint/text", "\"position\":", "\"position\":1"),
            ("/checkpoint/signature", first, other),
            ("/previous_event_hash", &text(&proof["previous_event_hash"])[..1], "x"),
        ] {
            assert!(!tampered(place, from, to).0, "{place}");
        }
        assert!(!verify(&proof, Some("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")).0, "another key");
    }
    for missing in [3, 65000] {
        reader.get(&format!("{}/proof?publication={missing}", address(&story))).expect(404);
    }
    let checkpoint = reader.get("/v1/log/checkpoint").expect(200).json();
    assert!(text(&checkpoint["text"]).contains("dateline-checkpoint-1"));
}

#[apply(each_database)]
fn a_page_has_at_most_twenty_versions_and_goes_on(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "version 1"}));
    for number in 2..=45 {
        app.pass(1);
        editor.change(&story, json!({"title": format!("version {number}")}));
        editor.publish(&story, json!({}));
    }
    let place = format!("{}/history", address(&story));
    let page = reader.get(&format!("{place}?limit=100&count=true")).expect(200).json();
    assert_eq!((page["data"].as_array().unwrap().len(), &page["total"]), (20, &json!(45)));
    let third = reader.get(&format!("{place}?limit=100&page=3")).expect(200).json();
    assert_eq!(third["data"].as_array().unwrap().len(), 5);
    let walked = reader.walk(&format!("{place}?limit=100"));
    assert_eq!(walked.len(), 45);
    let next = with_cursor(&format!("{place}?limit=100"), text(&page["next"]));
    let second = reader.get(&next).expect(200).json();
    assert_eq!((&second["data"][0]["number"], &page["data"][19]["number"]), (&json!(25), &json!(26)));
    // The last version of a page is compared with the first one of the next.
    assert_eq!(page["data"][19]["changes"][0]["text"], json!("version [-25-]{+26+}"));
}
