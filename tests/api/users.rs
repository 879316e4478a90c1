//! `/v1/users`: the accounts of the newsroom.

use std::thread;

use dateline::auth::{Role, UserInput};
use dateline::error::Error;
use dateline::events::Actor;
use dateline::http::input::Complete;
use dateline::http::query::WriteOptions;
use rstest::rstest;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::text;
use crate::support::{Database, PASSWORD, TestApp, each_database};

fn account(email: &str, role: &str) -> Value {
    json!({ "email": email, "name": "Ana Lund", "role": role, "password": PASSWORD })
}

fn make(admin: &Client, email: &str, role: &str) -> String {
    let made = admin.post("/v1/users", account(email, role)).expect(201);
    format!("/v1/users/{}", made.json()["id"].as_str().unwrap())
}

fn own_address(client: &Client) -> String {
    format!("/v1/users/{}", client.get("/v1/auth/me").expect(200).json()["id"].as_str().unwrap())
}

#[apply(each_database)]
fn an_account_is_made_read_changed_and_deleted(database: Database) {
    let app = TestApp::start(database);
    let admin = app.admin();
    let made = admin.post("/v1/users", account("Ana@example.org", "writer")).expect(201);
    let address = made.header("Location").expect("an address").to_owned();
    assert_eq!(address, format!("/v1/users/{}", made.json()["id"].as_str().unwrap()));
    let read = admin.get(&address).expect(200);
    assert_eq!(read.json(), made.json());
    assert_eq!((&read.json()["email"], &read.json()["active"]), (&json!("Ana@example.org"), &json!(true)));
    let changed = admin.if_match(&read.etag()).patch(&address, json!({ "name": "Ana Berg" })).expect(200);
    assert_eq!((&changed.json()["name"], &changed.json()["version"]), (&json!("Ana Berg"), &json!(2)));
    admin.if_match(&read.etag()).patch(&address, json!({ "name": "Late" })).expect(412);
    admin.if_match(&read.etag()).delete(&address).expect(412);
    admin.delete(&address).expect(204);
    admin.get(&address).expect(404);
    admin.delete(&address).expect(404);
}

#[apply(each_database)]
fn accounts_are_listed_by_address_and_found_by_role_and_state(database: Database) {
    let app = TestApp::start(database);
    let admin = app.admin();
    for (email, role) in [("Zoe@example.org", "writer"), ("ben@example.org", "editor"), ("Carl@example.org", "writer")]
    {
        make(&admin, email, role);
    }
    let carl = make(&admin, "dora@example.org", "writer");
    admin.patch(&carl, json!({ "active": false })).expect(200);
    let emails = |query: &str| -> Vec<String> {
        let list = admin.get(&format!("/v1/users{query}")).expect(200).json();
        list["data"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
    };
    let all = ["admin@example.org", "ben@example.org", "Carl@example.org", "dora@example.org", "Zoe@example.org"];
    assert_eq!(emails(""), all);
    assert_eq!(emails("?role=editor,admin"), ["admin@example.org", "ben@example.org"]);
    assert_eq!(emails("?role=writer&active=true"), ["Carl@example.org", "Zoe@example.org"]);
    assert_eq!(emails("?active=false"), ["dora@example.org"]);
    let (mut seen, mut page) = (Vec::new(), admin.get("/v1/users?limit=2&count=true").expect(200));
    assert_eq!(page.json()["total"], 5);
    loop {
        let list = page.json();
        seen.extend(list["data"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()));
        let Some(cursor) = list["next"].as_str() else { break };
        page = admin.get(&format!("/v1/users?limit=2&cursor={cursor}")).expect(200);
    }
    assert_eq!(seen, all);
}

#[apply(each_database)]
fn one_address_is_one_account_in_any_case(database: Database) {
    let app = TestApp::start(database);
    let admin = app.admin();
    make(&admin, "ana@example.org", "writer");
    let ben = make(&admin, "ben@example.org", "writer");
    for taken in [
        admin.post("/v1/users", account("ANA@example.org", "editor")),
        admin.patch(&ben, json!({ "email": "Ana@Example.org" })),
    ] {
        let problem = taken.expect(409).json();
        assert_eq!((&problem["code"], &problem["errors"][0]["pointer"]), (&json!("taken"), &json!("/email")));
    }
}

#[test]
fn everything_that_is_wrong_with_an_account_is_said_at_once() {
    let app = TestApp::start(Database::Sqlite);
    let admin = app.admin();
    let refused = |body: Value| -> Vec<(String, String)> {
        let problem = admin.post("/v1/users", body).expect(422).json();
        let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
        let mut all: Vec<_> =
            problem["errors"].as_array().unwrap().iter().map(|one| (text(one, "pointer"), text(one, "code"))).collect();
        all.sort();
        all
    };
    let pointers = |body: Value| refused(body).into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>();
    assert_eq!(pointers(json!({})), ["/email", "/name", "/role"]);
    assert_eq!(
        pointers(json!({ "email": "a@example.org", "name": "A", "role": "writer", "password": null })),
        ["/password"]
    );
    let wrong =
        json!({ "email": "nobody", "name": "", "role": "The Owner", "password": "short", "active": "yes", "x": 1 });
    assert_eq!(pointers(wrong), ["/active", "/email", "/name", "/password", "/role", "/x"]);
    let telling = json!({ "email": "ana.petrovic@example.org", "name": "A", "role": "writer", "password": "ana.petrovic is great" });
    assert_eq!(refused(telling), [("/password".to_owned(), "easy_to_guess".to_owned())]);
    let named =
        json!({ "email": "a@example.org", "name": "Mira Kovač", "role": "writer", "password": "a kovač by the river" });
    assert_eq!(refused(named), [("/password".to_owned(), "easy_to_guess".to_owned())]);
    let common =
        json!({ "email": "a@example.org", "name": "A", "role": "writer", "password": "iloveyou-princess-1234567" });
    assert_eq!(refused(common), [("/password".to_owned(), "easy_to_guess".to_owned())]);
}

#[apply(each_database)]
fn trying_an_account_makes_none(database: Database) {
    let app = TestApp::start(database);
    let admin = app.admin();
    admin.post("/v1/users?dry_run=true", account("ana@example.org", "writer")).expect(201);
    assert_eq!(admin.get("/v1/users?count=true").expect(200).json()["total"], 1);
}

#[rstest]
#[case::switched_off(json!({ "active": false }), 401)]
#[case::demoted(json!({ "role": "writer" }), 200)]
#[case::moved(json!({ "email": "elsewhere@example.org" }), 401)]
#[case::new_password(json!({ "password": "seven quiet rivers at dawn" }), 401)]
#[case::deleted(Value::Null, 401)]
fn s25_s26_t13_a_change_of_who_may_do_what_ends_every_session_at_once(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[case] change: Value,
    #[case] next_sign_in: u16,
) {
    let app = TestApp::start(database);
    let (admin, other) = (app.admin(), app.writer());
    let address = make(&admin, "ana@example.org", "editor");
    let sign_in =
        || app.anonymous().post("/v1/auth/login", json!({ "email": "ana@example.org", "password": PASSWORD }));
    let tokens = sign_in().expect(200).json();
    let ana = app.anonymous().bearer(tokens["access_token"].as_str().unwrap());
    ana.post("/v1/tags", json!({ "name": "Before" })).expect(201);
    match change {
        Value::Null => drop(admin.delete(&address).expect(204)),
        change => drop(admin.patch(&address, change).expect(200)),
    }
    ana.get("/v1/auth/me").expect(401);
    ana.post("/v1/tags", json!({ "name": "After" })).expect(401);
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    app.anonymous().post("/v1/auth/refresh", refresh).expect(401);
    sign_in().expect(next_sign_in);
    other.get("/v1/auth/me").expect(200);
}

/// A password's hash takes a while to make; what was asked for before it is decided on after it.
#[apply(each_database)]
fn s16_whoever_is_no_admin_any_more_makes_and_changes_no_accounts(database: Database) {
    let app = TestApp::start(database);
    let (admin, editor) = (app.admin(), app.editor());
    let actor = |client: &Client| Actor::User(text(&client.get("/v1/auth/me").expect(200).json()["id"]).to_owned());
    let run = |actor: Actor, email: &str| {
        let new = Complete::<UserInput>::from_value(account(email, "admin")).expect("an account");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let accounts = app.app().accounts();
        runtime.block_on(accounts.create(actor, WriteOptions::default(), new.try_into().expect("an account")))
    };
    run(actor(&admin), "made@example.org").expect("an admin makes accounts");
    let refused = run(actor(&editor), "second@example.org").expect_err("an editor makes none");
    assert!(matches!(refused, Error::Forbidden(_)), "{refused:?}");
}

#[test]
fn a_new_name_ends_no_session() {
    let app = TestApp::start(Database::Sqlite);
    let (admin, editor) = (app.admin(), app.editor());
    admin.patch(&own_address(&editor), json!({ "name": "Another Name" })).expect(200);
    assert_eq!(editor.get("/v1/auth/me").expect(200).json()["name"], "Another Name");
}

#[apply(each_database)]
fn the_last_admin_stays(database: Database) {
    let app = TestApp::start(database);
    let admin = app.admin();
    let own = own_address(&admin);
    let second = make(&admin, "second@example.org", "admin");
    admin.patch(&second, json!({ "active": false })).expect(200);
    for refused in [
        admin.patch(&own, json!({ "role": "editor" })),
        admin.patch(&own, json!({ "active": false })),
        admin.delete(&own),
    ] {
        assert_eq!(refused.expect(409).code(), "last_admin");
    }
    admin.get("/v1/auth/me").expect(200);
    admin.patch(&second, json!({ "active": true })).expect(200);
    admin.patch(&own, json!({ "role": "editor" })).expect(200);
    let second = app.signed_in("second@example.org", Role::Admin);
    assert_eq!(second.get("/v1/users?role=admin&count=true").expect(200).json()["total"], 1);
}

#[apply(each_database)]
fn two_admins_who_depose_each_other_leave_one(database: Database) {
    let app = TestApp::start(database);
    for round in 0..5 {
        let first = app.signed_in("admin@example.org", Role::Admin);
        let rival = format!("rival{round}@example.org");
        make(&first, &rival, "admin");
        let second = app.signed_in(&rival, Role::Admin);
        let (first_address, second_address) = (own_address(&first), own_address(&second));
        let statuses = thread::scope(|scope| {
            let one = scope.spawn(|| first.patch(&second_address, json!({ "role": "writer" })).status());
            let other = scope.spawn(|| second.patch(&first_address, json!({ "role": "writer" })).status());
            [one.join().unwrap(), other.join().unwrap()]
        });
        let winner = match statuses {
            [200, 401 | 403 | 409] => &first,
            [401 | 403 | 409, 200] => &second,
            _ => panic!("{statuses:?}"),
        };
        assert_eq!(winner.get("/v1/users?role=admin&count=true").expect(200).json()["total"], 1);
        if statuses[0] != 200 {
            winner.patch(&first_address, json!({ "role": "admin" })).expect(200);
            let first = app.signed_in("admin@example.org", Role::Admin);
            first.patch(&second_address, json!({ "role": "writer" })).expect(200);
        }
    }
}

#[apply(each_database)]
fn a_list_by_a_role_that_there_is_not_names_the_nearest_one(database: Database) {
    let app = TestApp::start(database);
    let admin = app.admin();
    admin.make("roles", json!({ "name": "sports-desk", "permissions": [] }));
    for (asked, meant) in [("editr", "editor"), ("admin,sport-desk", "sports-desk")] {
        let refused = admin.get(&format!("/v1/users?role={asked}")).expect(400);
        assert_eq!(refused.refusals(), ["role unknown_role"]);
        assert!(refused.text().contains(&format!("did you mean {meant}?")), "{}", refused.text());
    }
    // A role that nobody has is a role.
    let list = admin.get("/v1/users?role=sports-desk,viewer&count=true").expect(200).json();
    assert_eq!(list["total"], 0);
}

#[test]
fn s33_no_answer_about_accounts_holds_a_secret() {
    let app = TestApp::start(Database::Sqlite);
    let admin = app.admin();
    let address = make(&admin, "ana@example.org", "writer");
    let texts = [
        admin.post("/v1/users", account("ben@example.org", "writer")).expect(201).text(),
        admin.get(&address).expect(200).text(),
        admin.get("/v1/users").expect(200).text(),
        admin.patch(&address, json!({ "password": "seven quiet rivers at dawn" })).expect(200).text(),
        admin.post("/v1/users", account("ana@example.org", "writer")).expect(409).text(),
    ];
    for text in texts {
        for secret in [PASSWORD, "seven quiet rivers", "argon2", "password_hash", "email_key"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
