//! The second factor: set up, asked for, lost, and required.

use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::authenticator::{Authenticator, Enrolled, enrol, written_down};
use crate::support::client::{Client, Reply};
use crate::support::desk::{address, at_once, statuses, text};
use crate::support::{Database, PASSWORD, TestApp, each_database};
use crate::verify::{assert_untouched, touched};

const ANA: &str = "ana@example.org";
const FACTOR: &str = "/v1/auth/second-factor";
const CONFIRM: &str = "/v1/auth/second-factor/confirm";
const VERIFY: &str = "/v1/auth/second-factor/verify";
const REMOVE: &str = "/v1/auth/second-factor/remove";
const RENEW: &str = "/v1/auth/second-factor/recovery-codes";

fn password_of(app: &TestApp, password: &str) -> Reply {
    app.anonymous().post("/v1/auth/login", json!({ "email": ANA, "password": password }))
}

/// The challenge that a right password gives.
fn challenge(app: &TestApp) -> String {
    text(&password_of(app, PASSWORD).expect(202).json()["challenge"]).to_owned()
}

fn verify(app: &TestApp, challenge: &str, code: &str) -> Reply {
    app.anonymous().post(VERIFY, json!({ "challenge": challenge, "code": code }))
}

fn signed_in(app: &TestApp, tokens: &Reply) -> Client {
    app.anonymous().bearer(text(&tokens.json()["access_token"]))
}

fn proof(code: &str) -> Value {
    json!({ "current_password": PASSWORD, "code": code })
}

/// Ana, an editor with a second factor, in the session that set it up.
fn ana(app: &TestApp) -> (Client, Enrolled) {
    let ana = app.signed_in(ANA, "editor");
    let enrolled = enrol(app, &ana);
    (ana, enrolled)
}

/// A code that is none: not this step's, nor one of the two beside it.
fn wrong(app: &TestApp, authenticator: &Authenticator) -> String {
    let now = app.clock().now();
    let beside = Duration::from_secs(30);
    let right = [now.before(beside), now, now.after(beside)].map(|moment| authenticator.code_at(moment));
    (0..4).map(|digit: u8| digit.to_string().repeat(6)).find(|code| !right.contains(code)).expect("a wrong code")
}

/// What the log says was done to second factors, in order.
fn log(admin: &Client) -> Vec<String> {
    let page = admin.get("/v1/events?resource=user&limit=100").expect(200).json();
    let actions = page["data"].as_array().unwrap().iter().map(|event| text(&event["action"]).to_owned());
    actions.filter(|action| action.contains("second_factor") || action.contains("recovery")).collect()
}

#[apply(each_database)]
fn admins_see_which_accounts_have_a_second_factor(database: Database) {
    let app = TestApp::start(database);
    let admin = app.admin();
    let (ana, _) = ana(&app);
    let begun = app.signed_in("bo@example.org", "editor");
    begun.post(FACTOR, json!({ "current_password": PASSWORD })).expect(200);
    let list = admin.get("/v1/users").expect(200).json();
    let shown: Vec<(&str, bool)> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| (text(&user["email"]), user["second_factor"].as_bool().unwrap()))
        .collect();
    assert_eq!(shown, [("admin@example.org", false), (ANA, true), ("bo@example.org", false)]);
    let me = ana.get("/v1/auth/me").expect(200);
    let place = format!("/v1/users/{}", text(&me.json()["id"]));
    assert_eq!(me.json()["second_factor"], true);
    let before = admin.get(&place).expect(200);
    assert_eq!(before.json(), me.json());
    assert_eq!(admin.patch(&place, json!({ "name": "Ana" })).expect(200).json()["second_factor"], true);
    admin.delete(&format!("{place}/second-factor")).expect(204);
    let after = admin.header("If-None-Match", &before.etag()).get(&place).expect(200);
    assert_eq!(after.json()["second_factor"], false);
    let refused = admin.patch(&place, json!({ "second_factor": true })).expect(422);
    assert_eq!(refused.refusals(), ["/second_factor read_only"]);
}

#[apply(each_database)]
fn p23_signing_in_takes_a_code_once_a_factor_was_confirmed(database: Database) {
    let app = TestApp::start(database);
    let (ana, elsewhere) = (app.signed_in(ANA, "editor"), app.signed_in(ANA, "editor"));
    let off = json!({ "on_since": null, "recovery_codes_left": 0, "required": false });
    assert_eq!(ana.get(FACTOR).expect(200).json(), off);
    let guess = json!({ "current_password": "not the password of ana" });
    assert_eq!(ana.post(FACTOR, guess).expect(422).refusals(), ["/current_password wrong_password"]);
    assert_eq!(ana.post(CONFIRM, json!({ "code": "123456" })).expect(409).code(), "second_factor_not_begun");
    assert_eq!(ana.post(REMOVE, proof("123456")).expect(409).code(), "second_factor_off");
    // Begun is not on, and beginning again gives another secret.
    let begin = || ana.post(FACTOR, json!({ "current_password": PASSWORD })).expect(200);
    let first = begin().json();
    let begun = begin();
    assert_eq!(begun.header("Cache-Control"), Some("private, no-store"));
    let begun = begun.json();
    assert_ne!(first["secret"], begun["secret"]);
    let secret = text(&begun["secret"]);
    assert_eq!(begun["uri"], format!("otpauth://totp/Dateline:ana@example.org?secret={secret}&issuer=Dateline"));
    password_of(&app, PASSWORD).expect(200);
    let authenticator = Authenticator::new(secret);
    let stale = json!({ "code": Authenticator::new(text(&first["secret"])).code(&app) });
    assert_eq!(ana.post(CONFIRM, stale).expect(422).refusals(), ["/code wrong_code"]);
    let code = authenticator.code(&app);
    let confirmed = ana.post(CONFIRM, json!({ "code": code })).expect(200).json();
    assert_eq!(written_down(&confirmed).len(), 10);
    // It is on; the session that did it goes on, and those that began without it do not.
    let state = ana.get(FACTOR).expect(200).json();
    assert_eq!((&state["on_since"], &state["recovery_codes_left"]), (&json!("2026-11-23T12:00:00Z"), &json!(10)));
    elsewhere.get("/v1/auth/me").expect(401);
    assert_eq!(ana.post(FACTOR, json!({ "current_password": PASSWORD })).expect(409).code(), "second_factor_on");
    ana.post(CONFIRM, json!({ "code": code })).expect(409);
    // A right password gives no more than a question; the code that confirmed is used up, the next one is good.
    let asked = password_of(&app, PASSWORD).expect(202);
    let members: Vec<String> = asked.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["challenge", "expires_in"]);
    let challenge = text(&asked.json()["challenge"]).to_owned();
    password_of(&app, "not the password of ana").expect(401);
    verify(&app, &challenge, &code).expect(422);
    app.clock().advance(Duration::from_secs(30));
    let tokens = verify(&app, &challenge, &authenticator.code(&app)).expect(200);
    assert_eq!(tokens.json()["user"]["email"], ANA);
    signed_in(&app, &tokens).get("/v1/articles").expect(200);
    app.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": tokens.json()["refresh_token"] })).expect(200);
    assert_eq!(log(&app.admin()), ["second_factor_refused", "second_factor_enrolled", "second_factor_refused"]);
}

#[apply(each_database)]
fn p23_of_many_who_come_with_one_code_exactly_one_gets_in_and_later_ones_never(database: Database) {
    let app = TestApp::start(database);
    let (_, Enrolled { authenticator, .. }) = ana(&app);
    let challenges: Vec<String> = (0..6).map(|_| challenge(&app)).collect();
    let code = authenticator.code(&app);
    let replies = at_once(6, |index| verify(&app, &challenges[index], &code));
    assert_eq!(statuses(&replies), [(200, 1), (422, 5)]);
    verify(&app, &challenge(&app), &code).expect(422);
    // A challenge is good once, too: two codes that are both good make one session of it.
    app.clock().advance(Duration::from_secs(60));
    let challenge = challenge(&app);
    let now = app.clock().now();
    let codes = [now.before(Duration::from_secs(30)), now].map(|moment| authenticator.code_at(moment));
    let replies = at_once(2, |index| verify(&app, &challenge, &codes[index]));
    assert_eq!(replies.iter().filter(|reply| reply.status() == 200).count(), 1);
    verify(&app, &challenge, &authenticator.code_at(now.after(Duration::from_secs(30)))).expect(401);
}

#[apply(each_database)]
fn p23_codes_are_good_for_a_step_to_either_side_and_never_backwards(database: Database) {
    let app = TestApp::start(database);
    let (_, Enrolled { authenticator, .. }) = ana(&app);
    app.clock().advance(Duration::from_secs(120));
    let now = app.clock().now();
    let at =
        |steps: u64| authenticator.code_at(now.before(Duration::from_secs(60)).after(Duration::from_secs(30 * steps)));
    let challenge = || challenge(&app);
    let mut statuses = Vec::new();
    // Two steps behind, two ahead; one behind, one ahead, and then what lies before that.
    for steps in [0, 4, 1, 3, 2, 3] {
        statuses.push(verify(&app, &challenge(), &at(steps)).status());
    }
    assert_eq!(statuses, [422, 422, 200, 200, 422, 422]);
}

#[apply(each_database)]
fn p23_a_recovery_code_is_good_once_in_place_of_a_code(database: Database) {
    let app = TestApp::start(database);
    let (ana, Enrolled { authenticator, recovery_codes }) = ana(&app);
    let challenges: Vec<String> = (0..4).map(|_| challenge(&app)).collect();
    let replies = at_once(4, |index| verify(&app, &challenges[index], &recovery_codes[0]));
    assert_eq!(statuses(&replies), [(200, 1), (422, 3)]);
    // However it is typed.
    let typed = recovery_codes[1].to_uppercase().replace('-', " ");
    verify(&app, &challenge(&app), &typed).expect(200);
    assert_eq!(ana.get(FACTOR).expect(200).json()["recovery_codes_left"], 8);
    // Another account's is none.
    let bo = app.signed_in("bo@example.org", "writer");
    let of_bo = enrol(&app, &bo).recovery_codes;
    verify(&app, &challenge(&app), &of_bo[0]).expect(422);
    // Fresh ones end those from before.
    let renewed = written_down(&ana.post(RENEW, proof(&authenticator.code(&app))).expect(200).json());
    assert_eq!(renewed.len(), 10);
    verify(&app, &challenge(&app), &recovery_codes[2]).expect(422);
    verify(&app, &challenge(&app), &renewed[0]).expect(200);
    let log = log(&app.admin());
    let count = |action: &str| log.iter().filter(|one| *one == action).count();
    assert_eq!((count("recovery_code_used"), count("recovery_codes_renewed")), (3, 1), "{log:?}");
}

#[apply(each_database)]
fn s31_wrong_codes_count_like_wrong_passwords_and_a_right_password_forgives_none(database: Database) {
    let app = TestApp::start(database);
    let (_, Enrolled { authenticator, .. }) = ana(&app);
    let wrong = wrong(&app, &authenticator);
    // Ana was here before, so the place is familiar, and ten more may be refused for her account alone.
    for _ in 0..4 {
        let challenge = challenge(&app);
        for _ in 0..5 {
            assert_eq!(verify(&app, &challenge, &wrong).expect(422).refusals(), ["/code wrong_code"]);
        }
    }
    let refused = password_of(&app, PASSWORD).expect(429);
    assert!(refused.header("Retry-After").is_some());
    app.clock().advance(Duration::from_secs(15 * 60));
    let challenge = challenge(&app);
    verify(&app, &challenge, &authenticator.code(&app)).expect(200);
}

#[apply(each_database)]
fn p23_a_challenge_ends_after_five_wrong_codes_five_minutes_or_with_the_password(database: Database) {
    let app = TestApp::start(database);
    let (ana, Enrolled { authenticator, recovery_codes }) = ana(&app);
    let guessed = challenge(&app);
    for _ in 0..5 {
        verify(&app, &guessed, &wrong(&app, &authenticator)).expect(422);
    }
    verify(&app, &guessed, &authenticator.code(&app)).expect(401);
    let late = challenge(&app);
    app.clock().advance(Duration::from_secs(5 * 60));
    verify(&app, &late, &authenticator.code(&app)).expect(401);
    let before = challenge(&app);
    let new = "seven quiet rivers at dawn";
    ana.put("/v1/auth/password", json!({ "current_password": PASSWORD, "new_password": new })).expect(204);
    verify(&app, &before, &authenticator.code(&app)).expect(401);
    // The factor stays on with another password, from an admin's hand, too; and what was refused used up no code.
    let challenge = text(&password_of(&app, new).expect(202).json()["challenge"]).to_owned();
    let me = signed_in(&app, &verify(&app, &challenge, &authenticator.code(&app)).expect(200));
    let place = format!("/v1/users/{}", text(&me.get("/v1/auth/me").expect(200).json()["id"]));
    let admin = app.admin();
    let pending = text(&password_of(&app, new).expect(202).json()["challenge"]).to_owned();
    admin.patch(&place, json!({ "active": false })).expect(200);
    verify(&app, &pending, &recovery_codes[0]).expect(401);
    admin.patch(&place, json!({ "active": true, "password": PASSWORD })).expect(200);
    password_of(&app, PASSWORD).expect(202);
    admin.delete(&place).expect(204);
    verify(&app, &pending, &recovery_codes[0]).expect(401);
}

#[apply(each_database)]
fn p23_after_a_hundred_wrong_codes_in_a_row_only_a_recovery_code_is_accepted(database: Database) {
    let app = TestApp::start(database);
    let (_, Enrolled { authenticator, recovery_codes }) = ana(&app);
    for _ in 0..10 {
        // The quarter of an hour after which a wrong code counts no more for the place it came from.
        app.clock().advance(Duration::from_secs(15 * 60));
        for _ in 0..2 {
            let challenge = challenge(&app);
            for _ in 0..5 {
                verify(&app, &challenge, &wrong(&app, &authenticator)).expect(422);
            }
        }
    }
    app.clock().advance(Duration::from_secs(15 * 60));
    verify(&app, &challenge(&app), &authenticator.code(&app)).expect(422);
    verify(&app, &challenge(&app), &recovery_codes[0]).expect(200);
    app.clock().advance(Duration::from_secs(30));
    verify(&app, &challenge(&app), &authenticator.code(&app)).expect(200);
}

#[apply(each_database)]
fn p20_p23_removing_a_factor_takes_the_password_and_a_code(database: Database) {
    let app = TestApp::start(database);
    let (ana, Enrolled { authenticator, recovery_codes }) = ana(&app);
    let pending = challenge(&app);
    let other_password = json!({ "current_password": "not the password of ana", "code": authenticator.code(&app) });
    assert_eq!(ana.post(REMOVE, other_password).expect(422).refusals(), ["/current_password wrong_password"]);
    assert_eq!(ana.post(REMOVE, proof(&wrong(&app, &authenticator))).expect(422).refusals(), ["/code wrong_code"]);
    for missing in [json!({}), json!({ "current_password": PASSWORD }), json!({ "code": "123456" })] {
        ana.post(REMOVE, missing).expect(422);
    }
    // Tokens are for programs, which have no phone.
    let token = ana.make("tokens", json!({ "name": "x", "scopes": ["articles:write"] }));
    let script = app.anonymous().bearer(text(&token["token"]));
    script.get(FACTOR).expect(403);
    script.post(REMOVE, proof(&authenticator.code(&app))).expect(403);
    // The wrong password used up no code.
    ana.post(REMOVE, proof(&authenticator.code(&app))).expect(204);
    verify(&app, &pending, &recovery_codes[0]).expect(401);
    password_of(&app, PASSWORD).expect(200);
    assert_eq!(ana.get(FACTOR).expect(200).json()["recovery_codes_left"], 0);
    let again = enrol(&app, &ana);
    ana.post(REMOVE, proof(&again.recovery_codes[9])).expect(204);
    let expected = [
        "second_factor_enrolled",
        "second_factor_refused",
        "second_factor_removed",
        "second_factor_enrolled",
        "recovery_code_used",
        "second_factor_removed",
    ];
    assert_eq!(log(&app.admin()), expected);
}

#[apply(each_database)]
fn p23_an_admin_removes_the_factor_of_somebody_else_and_ends_their_sessions(database: Database) {
    let app = TestApp::start(database);
    let (ana, _) = ana(&app);
    let admin = app.admin();
    let of_admin = enrol(&app, &admin);
    let id = |client: &Client| text(&client.get("/v1/auth/me").expect(200).json()["id"]).to_owned();
    let place = |client: &Client| format!("/v1/users/{}/second-factor", id(client));
    let (of_ana, own) = (place(&ana), place(&admin));
    ana.delete(&of_ana).expect(403);
    // An admin's access token alone is not enough for the admin's own factor.
    admin.delete(&own).expect(403);
    admin.delete(&format!("{of_ana}?dry_run=true")).expect(204);
    ana.get("/v1/auth/me").expect(200);
    let pending = challenge(&app);
    admin.delete(&of_ana).expect(204);
    ana.get("/v1/auth/me").expect(401);
    verify(&app, &pending, "123456").expect(401);
    password_of(&app, PASSWORD).expect(200);
    admin.delete(&of_ana).expect(404);
    admin.delete("/v1/users/01997b2e-bb10-7d3e-8d41-3f6c2f0e9d40/second-factor").expect(404);
    admin.post(REMOVE, proof(&of_admin.authenticator.code(&app))).expect(204);
}

#[apply(each_database)]
fn p23_a_factor_that_is_taken_out_of_the_database_is_missed(database: Database) {
    let app = TestApp::start(database);
    let (ana, enrolled) = ana(&app);
    enrol(&app, &app.admin());
    assert_untouched(&app);
    for (by, found) in [
        ("DELETE FROM second_factors", "it was removed by hand"),
        ("UPDATE second_factors SET on_since = NULL", "it was removed by hand"),
        ("UPDATE second_factors SET on_since = (SELECT MAX(trusted_until) FROM access_keys)", "since the log says so"),
    ] {
        let finding = touched(&app, by).expect_err(by);
        assert!(
            finding.text.starts_with("second_factors, account ") && finding.text.ends_with(found),
            "{}",
            finding.text
        );
    }
    app.pass(60);
    ana.post(REMOVE, proof(&enrolled.authenticator.code(&app))).expect(204);
    assert_untouched(&app);
    enrol(&app, &ana);
    assert_untouched(&app);
}

#[apply(each_database)]
fn p23_a_role_can_need_a_second_factor_and_until_then_may_only_set_one_up(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({ "title": "Ferry" }));
    let token = editor.make("tokens", json!({ "name": "x", "scopes": ["articles:read_drafts"] }));
    let links = format!("{}/preview-links", address(&story));
    let link = text(&editor.post(&links, json!({})).expect(201).json()["token"]).to_owned();
    let of_token = app.anonymous().bearer(text(&token["token"])).post(&links, json!({})).expect(201).json();
    let previews = |app: &TestApp| {
        [&*link, text(&of_token["token"])].map(|link| app.anonymous().get(&format!("/v1/previews/{link}")).status())
    };
    assert_eq!(previews(&app), [200, 200]);
    // The newsroom decides that editors and admins need one.
    let strict = app.beside_with(|config| config.second_factor_roles = vec!["admin".to_owned(), "editor".to_owned()]);
    let (editor, writer) = (strict.signed_in("editor@example.org", "editor"), strict.writer());
    writer.begin(json!({ "title": "Tide" }));
    assert_eq!(writer.get(FACTOR).expect(200).json()["required"], false);
    assert_eq!(editor.get(FACTOR).expect(200).json()["required"], true);
    editor.get("/v1/auth/me").expect(200);
    // Readers' things are everybody's.
    editor.get("/v1/articles").expect(200);
    let told = |reply: Reply| {
        let refused = reply.expect(403);
        assert_eq!(refused.code(), "second_factor_required");
        assert!(refused.json()["detail"].as_str().unwrap().contains("/v1/auth/second-factor"), "{}", refused.text());
    };
    told(editor.post("/v1/articles", json!({ "title": "Storm" })));
    told(editor.get("/v1/articles?view=draft"));
    told(editor.get("/v1/schedule"));
    told(editor.get("/v1/events"));
    told(editor.get("/v1/tokens"));
    told(editor.put("/v1/auth/password", json!({ "current_password": PASSWORD, "new_password": PASSWORD })));
    told(strict.admin().get("/v1/users"));
    editor.get(&format!("/v1/articles/{}", text(&story["id"]))).expect(404);
    let can = editor.get("/v1/auth/can?action=articles:write,account:secure").expect(200).json();
    assert_eq!((&can["actions"][0]["allowed"], &can["actions"][1]["allowed"]), (&json!(false), &json!(true)));
    // A token may no more than its owner, and neither may a link that somebody else reads by.
    assert_eq!(previews(&strict), [404, 404]);
    let script = strict.anonymous().bearer(text(&token["token"]));
    let refused = script.post("/v1/articles", json!({ "title": "Storm" })).expect(403);
    assert_eq!(refused.code(), "second_factor_required");
    let Enrolled { authenticator, .. } = enrol(&strict, &editor);
    // The session is whole at once, and so are the token and the links.
    assert_eq!(previews(&strict), [200, 200]);
    editor.begin(json!({ "title": "Storm" }));
    let place = format!("/v1/articles/{}", text(&story["id"]));
    for caller in [&editor, &script] {
        caller.get(&place).expect(200);
    }
    editor.post(REMOVE, proof(&authenticator.code(&strict))).expect(204);
    told(editor.post("/v1/articles", json!({ "title": "Storm" })));
    editor.send("POST", "/v1/auth/logout", None).expect(204);
    editor.get("/v1/auth/me").expect(401);
}

#[test]
fn s32_a_copy_of_the_database_is_no_second_factor() {
    let app = TestApp::start(Database::Sqlite);
    let ana = app.signed_in(ANA, "editor");
    let begun = ana.post(FACTOR, json!({ "current_password": PASSWORD })).expect(200).json();
    let secret = text(&begun["secret"]).to_owned();
    let authenticator = Authenticator::new(&secret);
    let confirmed = ana.post(CONFIRM, json!({ "code": authenticator.code(&app) })).expect(200).json();
    let mut canaries = written_down(&confirmed);
    canaries.extend(written_down(&confirmed).iter().map(|code| code.replace('-', "")));
    canaries.extend([secret.clone(), challenge(&app)[4..].to_owned()]);
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(&app.app().config().data_dir).unwrap() {
        stored.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let has = |bytes: &[u8]| stored.windows(bytes.len()).any(|piece| piece == bytes);
    assert!(has(ANA.as_bytes()), "these are the right files");
    for canary in canaries {
        assert!(!has(canary.as_bytes()), "{canary}");
    }
    assert!(!has(&BASE32_NOPAD.decode(secret.as_bytes()).unwrap()), "the secret is in the database");
}

#[apply(each_database)]
fn p23_with_another_secret_of_the_instance_recovery_codes_are_still_good(database: Database) {
    let app = TestApp::start(database);
    let (_, Enrolled { authenticator, recovery_codes }) = ana(&app);
    let moved = app.beside_with_secret("another secret that is long enough to be one");
    verify(&moved, &challenge(&moved), &authenticator.code(&moved)).expect(422);
    verify(&moved, &challenge(&moved), &recovery_codes[0]).expect(200);
}

#[apply(each_database)]
fn s03_t04_no_step_of_it_takes_what_only_the_server_sets(database: Database) {
    let app = TestApp::start(database);
    let (ana, Enrolled { authenticator, .. }) = ana(&app);
    let challenge = challenge(&app);
    let bodies = [
        (FACTOR, json!({ "current_password": PASSWORD })),
        (CONFIRM, json!({ "code": "123456" })),
        (RENEW, proof(&authenticator.code(&app))),
        (REMOVE, proof(&authenticator.code(&app))),
        (VERIFY, json!({ "challenge": challenge, "code": authenticator.code(&app) })),
    ];
    for (address, body) in bodies {
        for name in ["user_id", "secret", "on_since", "email", "last_step"] {
            let mut body = body.clone();
            body[name] = json!("01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10");
            let refusals = ana.post(address, body).expect(422).refusals();
            let expected = [format!("/{name} read_only"), format!("/{name} unknown_field")];
            assert!(refusals.len() == 1 && expected.contains(&refusals[0]), "{refusals:?}");
        }
    }
    verify(&app, &challenge, &authenticator.code(&app)).expect(200);
}

#[test]
fn what_was_begun_and_never_confirmed_is_forgotten() {
    let app = TestApp::start(Database::Sqlite);
    let ana = app.signed_in(ANA, "editor");
    let begun = ana.post(FACTOR, json!({ "current_password": PASSWORD })).expect(200).json();
    let authenticator = Authenticator::new(text(&begun["secret"]));
    app.pass(60 * 60);
    let fresh = app.signed_in(ANA, "editor");
    let late = fresh.post(CONFIRM, json!({ "code": authenticator.code(&app) })).expect(409);
    assert_eq!(late.code(), "second_factor_not_begun");
    enrol(&app, &fresh);
}
