//! The log's own check: its chain, its end, its checkpoints and its keys.

use dateline::audit::verify::{Check, Kept};
use dateline::config::Secret;
use dateline::db::schema::{event_head, events, log_keys};
use dateline::events::{Entry, Signer, chain};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rstest_reuse::apply;
use serde_json::json;

use crate::support::desk::{address, at_once, text};
use crate::support::{Database, TestApp, each_database};
use crate::verify::{assert_untouched, check, finding, touched, verify};

#[apply(each_database)]
fn many_writers_at_once_make_one_chain_without_gaps(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let stories: Vec<_> = (0..6).map(|number| editor.begin(json!({"title": format!("story {number}")}))).collect();
    at_once(24, |number| {
        let story = &stories[number % stories.len()];
        match number % 4 {
            0 => editor.if_match("*").patch(&address(story), json!({"summary": number.to_string()})),
            1 => editor.post(&format!("{}/publish", address(story)), json!({})),
            2 => editor.send("POST", &format!("{}/unpublish", address(story)), None),
            _ => editor.post("/v1/articles", json!({"title": format!("more {number}")})),
        }
    });
    let counts = verify(&app).unwrap_or_else(|finding| panic!("{}", finding.text));
    let log = editor.get("/v1/events?count=true&limit=100").expect(200).json();
    let positions: Vec<u64> =
        log["data"].as_array().unwrap().iter().map(|entry| entry["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=counts.entries).collect::<Vec<_>>());
}

#[apply(each_database)]
fn one_checkpoint_in_256_cannot_be_removed(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Busy"}));
    for round in 0..3 {
        let items: Vec<_> = (0..100)
            .map(|number| {
                let article = json!({"summary": format!("{round} {number}")});
                json!({"action": "patch", "id": story["id"], "version": "*", "article": article})
            })
            .collect();
        editor.post("/v1/articles/bulk", json!({ "items": items })).expect(200);
    }
    assert!(verify(&app).unwrap().entries > 300);
    let found = touched(&app, "UPDATE events SET signature = NULL WHERE position = 256");
    assert_eq!(finding(found), "events, position 256: its checkpoint was removed");
}

#[apply(each_database)]
fn a_new_secret_vouches_for_what_was_signed_with_the_old_one(database: Database) {
    let app = TestApp::start(database);
    let story = app.editor().published(json!({"title": "Old"}));
    let old = app.anonymous().get(&format!("{}/proof", address(&story))).expect(200).json();
    let another = "another secret that is only good for tests";
    // Before a server was started with it.
    let signer = Signer::new(&Secret::new(another.to_owned()).expect("a long secret"));
    let unknown = Check { signer, ..check(&app) };
    assert!(finding(app.ask(move |connection| unknown.run(connection))).contains("start the server once"));
    let renewed = app.beside_with_secret(another);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(renewed.app().ledger().keep_key()).unwrap();
    runtime.block_on(renewed.app().ledger().keep_key()).unwrap();
    let counts = verify(&renewed).unwrap_or_else(|finding| panic!("{}", finding.text));
    assert_eq!(counts.former, counts.checkpoints - 1, "the change itself is in the log, once");
    renewed.editor().make("tags", json!({"name": "New"}));
    assert!(verify(&renewed).unwrap().former > 0);
    // Proofs from before keep their key, and later ones have the new one.
    assert_eq!(renewed.anonymous().get(&format!("{}/proof", address(&story))).expect(200).json(), old);
    let newest = renewed.anonymous().get("/v1/log/checkpoint").expect(200).json();
    assert_eq!(newest["key"]["x"], json!(renewed.app().signer().public_key().x));
    assert_ne!(newest["key"], old["checkpoint"]["key"]);
    // Who does not know the key believes nothing that it signed.
    let cases = ["DELETE FROM log_keys", "UPDATE log_keys SET x = 'x' || x"];
    for by in cases {
        assert!(finding(touched(&renewed, by)).contains("nor a former one"), "{by}");
    }
    assert!(finding(verify(&app)).contains("start the server once"), "the old secret is the former one now");
}

#[apply(each_database)]
fn an_end_that_nobody_signed_stays_in_the_log(database: Database) {
    let app = TestApp::start(database);
    app.editor().published(json!({"title": "Before"}));
    assert_untouched(&app);
    // Somebody rewrites the end of the log, hashes and all, and has no key to sign it with.
    let forged: Entry = app.ask(|connection| {
        let mut newest: Entry =
            events::table.order(events::position.desc()).select(Entry::as_select()).first(connection)?;
        let before: String = events::table.find(newest.position - 1).select(events::hash).first(connection)?;
        (newest.actor_id, newest.signature) = (Some("somebody else".to_owned()), None);
        newest.hash = chain::link(&before, &chain::leaf(&newest)?)?;
        Ok(newest)
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let write = app.app().db().write(move |connection| {
        let columns = (events::actor_id.eq(forged.actor_id), events::signature.eq(forged.signature));
        let target = events::table.find(forged.position);
        diesel::update(target).set((columns, events::hash.eq(&forged.hash))).execute(connection)?;
        diesel::update(event_head::table).set(event_head::hash.eq(&forged.hash)).execute(connection)?;
        Ok(())
    });
    runtime.block_on(write).unwrap();
    assert!(finding(verify(&app)).contains("the end of the log is not signed"));
    // Neither the server that runs nor another one covers it up with its own signature.
    app.editor().make("tags", json!({"name": "After"}));
    app.beside().editor().make("tags", json!({"name": "Later"}));
    let found = finding(verify(&app));
    assert!(found.contains("found the end of the log before this entry unsigned or cut off"), "{found}");
    let entries = app.admin().get("/v1/events?action=unsigned_end&count=true").expect(200).json();
    assert_eq!(entries["total"], 1, "{entries}");
}

#[apply(each_database)]
fn what_is_cut_off_under_a_server_is_missed_by_it(database: Database) {
    let app = TestApp::start(database);
    app.editor().make("tags", json!({"name": "Before"}));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cut = "DELETE FROM tags; DELETE FROM events WHERE position = (SELECT position FROM event_head);
        UPDATE event_head SET position = position - 1,
            hash = (SELECT hash FROM events ORDER BY position DESC LIMIT 1)";
    runtime.block_on(app.app().db().write(move |connection| Ok(connection.batch_execute(cut)?))).unwrap();
    assert_untouched(&app);
    app.editor().make("tags", json!({"name": "After"}));
    let found = finding(verify(&app));
    assert!(found.contains("found the end of the log before this entry unsigned or cut off"), "{found}");
    let entries = app.admin().get("/v1/events?action=unsigned_end").expect(200).json();
    assert!(text(&entries["data"][0]["note"]).starts_with("this server wrote entries up to position"), "{entries}");
}

#[apply(each_database)]
fn a_key_that_the_log_does_not_introduce_signs_nothing(database: Database) {
    let app = TestApp::start(database);
    app.editor().published(json!({"title": "Before"}));
    let other = Signer::new(&Secret::new("a secret of somebody else, long enough".to_owned()).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let key = other.public_key().clone();
    let write = app.app().db().write(move |connection| {
        let newest: Entry =
            events::table.order(events::position.desc()).select(Entry::as_select()).first(connection)?;
        let signature = other.sign(newest.position, &newest.hash, newest.at)?;
        diesel::update(events::table.find(newest.position)).set(events::signature.eq(signature)).execute(connection)?;
        let row = (log_keys::kid.eq(&key.kid), log_keys::x.eq(&key.x), log_keys::since.eq(newest.at));
        diesel::insert_into(log_keys::table).values(row).execute(connection)?;
        Ok(())
    });
    runtime.block_on(write).unwrap();
    app.beside().editor().make("tags", json!({"name": "After"}));
    let found = finding(verify(&app));
    assert!(found.contains("the log does not say that this key signs from here on"), "{found}");
    let entries = app.admin().get("/v1/events?action=key_changed&count=true").expect(200).json();
    assert_eq!(entries["total"], 1, "the take-over is in the log: {entries}");
}

#[apply(each_database)]
fn a_kept_checkpoint_shows_that_the_log_still_goes_through_it(database: Database) {
    let app = TestApp::start(database);
    let other = TestApp::start(database);
    app.editor().published(json!({"title": "One"}));
    other.editor().begin(json!({"title": "Another"}));
    let newest = |app: &TestApp| app.anonymous().get("/v1/log/checkpoint").expect(200).json();
    let against = |kept: serde_json::Value| {
        let kept: Kept = serde_json::from_value(kept).unwrap();
        let check = Check { kept: Some(kept), ..check(&app) };
        app.ask(move |connection| check.run(connection))
    };
    let (own, short) = (newest(&app), newest(&other));
    assert!(against(own.clone()).is_ok());
    assert!(finding(against(short)).contains("is another one"), "an other history, signed with the same key");
    for number in 0..9 {
        other.editor().begin(json!({"title": format!("story {number}")}));
    }
    assert!(finding(against(newest(&other))).contains("rolled back"));
    let mut forged = own;
    forged["text"] = json!(forged["text"].as_str().unwrap().replace("position\":", "position\":1"));
    assert!(finding(against(forged)).contains("not signed with a key of this instance"));
}
