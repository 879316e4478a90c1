//! `/v1/auth/sessions`: where somebody is signed in, and an end to it.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::text;
use crate::support::{Database, PASSWORD, TestApp, each_database};

/// Signs in from a device; gives the caller and the refresh token.
fn from_device(app: &TestApp, email: &str, device: &str) -> (Client, String) {
    app.make_account(email, "writer");
    let client = app.anonymous().header("User-Agent", device);
    let tokens = client.post("/v1/auth/login", json!({ "email": email, "password": PASSWORD })).expect(200).json();
    (client.bearer(text(&tokens["access_token"])), text(&tokens["refresh_token"]).to_owned())
}

fn sessions(caller: &Client, path: &str) -> Vec<Value> {
    caller.get(path).expect(200).json()["data"].as_array().unwrap().clone()
}

#[apply(each_database)]
fn s06_t25_everybody_sees_where_they_are_signed_in_and_ends_one_or_all(database: Database) {
    let app = TestApp::start(database);
    let (phone, _) = from_device(&app, "ana@example.org", "Phone");
    app.pass(10);
    let (desk, refresh) = from_device(&app, "ana@example.org", "Desktop");
    let (other, _) = from_device(&app, "ben@example.org", "Ben's");
    let list = sessions(&desk, "/v1/auth/sessions");
    let short = |session: &Value| (text(&session["device"]).to_owned(), session["current"].as_bool().unwrap());
    assert_eq!(list.iter().map(short).collect::<Vec<_>>(), [("Desktop".to_owned(), true), ("Phone".to_owned(), false)]);
    assert_eq!(list[0]["address"], "127.0.0.1");
    assert_eq!(sessions(&desk, "/v1/auth/sessions?limit=1").len(), 1);
    // Refreshing is being seen.
    app.pass(60);
    let again = app.anonymous().header("User-Agent", "Moved");
    again.post("/v1/auth/refresh", json!({ "refresh_token": refresh })).expect(200);
    let seen = &sessions(&phone, "/v1/auth/sessions")[0];
    assert_eq!((&seen["device"], text(&seen["last_seen_at"])), (&json!("Moved"), app.later(0).as_str()));
    // Somebody else's is like none.
    let of_ben = sessions(&other, "/v1/auth/sessions")[0]["id"].clone();
    phone.delete(&format!("/v1/auth/sessions/{}", text(&of_ben))).expect(404);
    other.get("/v1/auth/me").expect(200);
    let of_phone = format!("/v1/auth/sessions/{}", text(&list[1]["id"]));
    desk.delete(&of_phone).expect(204);
    phone.get("/v1/auth/me").expect(401);
    desk.delete(&of_phone).expect(404);
    let (third, _) = from_device(&app, "ana@example.org", "Third");
    third.delete("/v1/auth/sessions?keep_current=true").expect(204);
    desk.get("/v1/auth/me").expect(401);
    assert_eq!(sessions(&third, "/v1/auth/sessions").len(), 1);
    third.delete("/v1/auth/sessions").expect(204);
    third.get("/v1/auth/me").expect(401);
    other.get("/v1/auth/me").expect(200);
}

#[apply(each_database)]
fn t13_an_admin_sees_and_ends_somebodys_sessions_on_every_instance(database: Database) {
    let app = TestApp::start(database);
    let (admin, beside) = (app.admin(), app.beside());
    let (ana, refresh) = from_device(&app, "ana@example.org", "Phone");
    let place = format!("/v1/users/{}/sessions", text(&ana.get("/v1/auth/me").expect(200).json()["id"]));
    assert_eq!(sessions(&admin, &place)[0]["device"], "Phone");
    ana.get(&place).expect(403);
    ana.delete(&place).expect(403);
    admin.delete(&place).expect(204);
    ana.get("/v1/auth/me").expect(401);
    beside.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": refresh })).expect(401);
    assert!(sessions(&admin, &place).is_empty());
    let nobody = "/v1/users/01997b2e-bb10-7d3e-8d41-3f6c2f0e9d40/sessions";
    admin.get(nobody).expect(404);
    admin.delete(nobody).expect(404);
    let log = admin.get("/v1/events?action=sessions_ended").expect(200).json();
    assert_eq!(log["data"].as_array().unwrap().len(), 1);
}

#[apply(each_database)]
fn p18_signing_in_and_being_refused_is_in_the_log_with_the_address_and_without_what_was_typed(database: Database) {
    let app = TestApp::start(database);
    app.make_account("ana@example.org", "writer");
    let sign_in = |email: &str, password: &str| {
        app.anonymous().post("/v1/auth/login", json!({ "email": email, "password": password })).status()
    };
    assert_eq!(sign_in("ana@example.org", PASSWORD), 200);
    assert_eq!(sign_in("ana@example.org", "the canary password"), 401);
    assert_eq!(sign_in("canary@example.org", "the canary password"), 401);
    let admin = app.admin();
    let refused = admin.get("/v1/events?action=sign_in_refused").expect(200);
    assert!(!refused.text().contains("canary"), "{}", refused.text());
    let refused = refused.json()["data"].as_array().unwrap().clone();
    let ana = admin.get("/v1/users?role=writer").expect(200).json()["data"][0]["id"].clone();
    assert_eq!(refused.iter().map(|entry| entry["resource_id"].clone()).collect::<Vec<_>>(), [ana, json!("unknown")]);
    assert!(refused.iter().all(|entry| entry["note"] == "from 127.0.0.1"), "{refused:?}");
    let signed_in = admin.get("/v1/events?action=signed_in").expect(200).json();
    assert_eq!(signed_in["data"][0]["note"], "from 127.0.0.1");
}
