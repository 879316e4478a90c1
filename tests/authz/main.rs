//! Who may do what: every operation of the OpenAPI document, tried by every kind of caller, on stories of every kind and
//! in every state, against two tables. An operation without a line in one of them fails here, so nobody can add one
//! without saying who may use it.

#[path = "support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};

use rstest_reuse::apply;
use serde_json::{Value, json};

use support::client::{Client, Reply};
use support::{Database, PASSWORD, TestApp, each_database};

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Reader,
    Partner,
    Viewer,
    /// An editor's API token that may only read.
    Token,
    Contributor,
    Writer,
    /// Has a role that an admin made: writes and publishes in the section `sport`.
    Desk,
    Editor,
    Admin,
}

/// Everybody, in the order of the columns below.
const EVERYBODY: [Who; 9] = [
    Who::Reader,
    Who::Partner,
    Who::Viewer,
    Who::Token,
    Who::Contributor,
    Who::Writer,
    Who::Desk,
    Who::Editor,
    Who::Admin,
];

/// What an operation on a story asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    Read,
    Write,
    Publish,
}

/// With which stories somebody may do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    None,
    Own,
    /// Own ones that were never published.
    OwnNew,
    /// Those in the section `sport`.
    Sport,
    Any,
}

/// Which story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// One that the caller began.
    Own,
    /// An editor's.
    Another,
    /// An editor's, in the section `sport`.
    Sport,
}

/// Where the story stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Draft,
    Live,
    Killed,
    Trashed,
}

const STATES: [State; 4] = [State::Draft, State::Live, State::Killed, State::Trashed];

/// Who may do what with which stories: to read, to write, to publish.
fn reach(who: Who, may: May) -> Reach {
    let [read, write, publish] = match who {
        Who::Reader | Who::Partner => [Reach::None, Reach::None, Reach::None],
        Who::Viewer | Who::Token => [Reach::Any, Reach::None, Reach::None],
        Who::Contributor => [Reach::Own, Reach::OwnNew, Reach::None],
        Who::Writer => [Reach::Own, Reach::Own, Reach::None],
        Who::Desk => [Reach::Sport, Reach::Sport, Reach::Sport],
        Who::Editor | Who::Admin => [Reach::Any, Reach::Any, Reach::Any],
    };
    match may {
        May::Read => read,
        May::Write => write,
        May::Publish => publish,
    }
}

/// Operations on a story: what they ask for, and what they answer to whoever may, for a story in each state.
#[rustfmt::skip]
const STORIES: [(&str, May, [u16; 4]); 16] = [
    //                                   draft live killed trashed
    ("replace_article",    May::Write,   [200, 200, 200, 404]),
    ("update_article",     May::Write,   [200, 200, 200, 404]),
    // A published story is unpublished first.
    ("delete_article",     May::Write,   [204, 409, 204, 404]),
    ("restore_article",    May::Write,   [409, 409, 409, 200]),
    ("note_presence",      May::Write,   [200, 200, 200, 404]),
    ("end_presence",       May::Write,   [204, 204, 204, 404]),
    ("restore_revision",   May::Write,   [200, 200, 200, 404]),
    // Reading the one and writing another. Only an admin takes up what was killed.
    ("duplicate_article",  May::Read,    [201, 201, 403, 404]),
    ("list_revisions",     May::Read,    [200, 200, 200, 404]),
    ("get_revision",       May::Read,    [200, 200, 200, 404]),
    ("compare_revisions",  May::Read,    [200, 200, 200, 404]),
    // Only an admin publishes what was killed.
    ("publish_article",    May::Publish, [200, 200, 403, 404]),
    ("unpublish_article",  May::Publish, [409, 200, 409, 404]),
    ("unschedule_article", May::Publish, [409, 409, 409, 404]),
    ("kill_article",       May::Publish, [409, 200, 409, 404]),
    ("correct_article",    May::Publish, [409, 200, 409, 404]),
];

/// Operations that show readers what is published, and what they answer for a story in each state. By its id nobody finds
/// a killed one; that it was killed is told to whoever knew its address.
const READING: [(&str, [u16; 4]); 4] = [
    ("get_article", [404, 200, 404, 404]),
    ("list_versions", [404, 200, 404, 404]),
    ("get_proof", [404, 200, 404, 404]),
    ("list_related", [404, 200, 404, 404]),
];

/// Every other operation.
#[rustfmt::skip]
const OTHERS: [(&str, [u16; 9]); 60] = [
    //                    reader partner viewer token contributor writer desk editor admin
    ("list_articles",      [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("search_articles",    [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("export_articles",    [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("get_calendar",       [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("list_author_articles",[200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("list_source_articles",[200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("list_tag_articles",  [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("create_article",     [401, 403, 403, 403, 201, 201, 201, 201, 201]),
    // Each item has its own answer; tests/api/bulk.rs looks at those.
    ("change_articles",    [401, 403, 403, 403, 200, 200, 200, 200, 200]),
    ("list_appointments",  [401, 403, 200, 200, 200, 200, 200, 200, 200]),
    ("get_checkpoint",     [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("list_events",        [401, 403, 403, 403, 403, 403, 403, 200, 200]),

    ("list_authors",       [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("create_author",      [401, 403, 403, 403, 403, 403, 403, 201, 201]),
    ("get_author",         [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("replace_author",     [401, 403, 403, 403, 403, 403, 403, 200, 200]),
    ("update_author",      [401, 403, 403, 403, 403, 403, 403, 200, 200]),
    ("delete_author",      [401, 403, 403, 403, 403, 403, 403, 204, 204]),

    ("list_sources",       [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("create_source",      [401, 403, 403, 403, 403, 403, 403, 201, 201]),
    ("get_source",         [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("replace_source",     [401, 403, 403, 403, 403, 403, 403, 200, 200]),
    ("update_source",      [401, 403, 403, 403, 403, 403, 403, 200, 200]),
    ("delete_source",      [401, 403, 403, 403, 403, 403, 403, 204, 204]),

    ("list_tags",          [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("create_tag",         [401, 403, 403, 403, 403, 403, 403, 201, 201]),
    ("get_tag",            [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("replace_tag",        [401, 403, 403, 403, 403, 403, 403, 200, 200]),
    ("update_tag",         [401, 403, 403, 403, 403, 403, 403, 200, 200]),
    ("delete_tag",         [401, 403, 403, 403, 403, 403, 403, 204, 204]),

    ("sign_in",            [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("refresh_session",    [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("sign_out",           [401, 204, 204, 403, 204, 204, 204, 204, 204]),
    ("get_me",             [401, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("can",                [401, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("change_password",    [401, 204, 204, 403, 204, 204, 204, 204, 204]),
    ("list_sessions",      [401, 200, 200, 403, 200, 200, 200, 200, 200]),
    ("end_session",        [401, 204, 204, 403, 204, 204, 204, 204, 204]),
    ("end_sessions",       [401, 204, 204, 403, 204, 204, 204, 204, 204]),

    ("list_tokens",        [401, 200, 200, 403, 200, 200, 200, 200, 200]),
    ("create_token",       [401, 201, 201, 403, 201, 201, 201, 201, 201]),
    ("get_token",          [401, 200, 200, 403, 200, 200, 200, 200, 200]),
    ("revoke_token",       [401, 204, 204, 403, 204, 204, 204, 204, 204]),

    ("list_users",         [401, 403, 403, 403, 403, 403, 403, 403, 200]),
    ("create_user",        [401, 403, 403, 403, 403, 403, 403, 403, 201]),
    ("get_user",           [401, 403, 403, 403, 403, 403, 403, 403, 200]),
    ("update_user",        [401, 403, 403, 403, 403, 403, 403, 403, 200]),
    ("delete_user",        [401, 403, 403, 403, 403, 403, 403, 403, 204]),
    ("list_user_sessions", [401, 403, 403, 403, 403, 403, 403, 403, 200]),
    ("end_user_sessions",  [401, 403, 403, 403, 403, 403, 403, 403, 204]),

    ("list_roles",         [401, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("create_role",        [401, 403, 403, 403, 403, 403, 403, 403, 201]),
    ("get_role",           [401, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("update_role",        [401, 403, 403, 403, 403, 403, 403, 403, 200]),
    ("delete_role",        [401, 403, 403, 403, 403, 403, 403, 403, 204]),

    ("check_live",         [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("check_ready",        [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("get_metrics",        [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    // About the document itself, and therefore not in it.
    ("GET /openapi.json",  [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET /docs",          [200, 200, 200, 200, 200, 200, 200, 200, 200]),
];

/// Whether somebody with this reach may do it with this story.
fn reaches(reach: Reach, (whose, state): (Whose, State)) -> bool {
    match reach {
        Reach::None => false,
        Reach::Own => whose == Whose::Own,
        Reach::OwnNew => whose == Whose::Own && !matches!(state, State::Live | State::Killed),
        Reach::Sport => whose == Whose::Sport,
        Reach::Any => true,
    }
}

/// What an operation on a story must answer.
fn expected(name: &str, who: Who, (whose, state): (Whose, State)) -> Option<u16> {
    if let Some((_, answers)) = READING.iter().find(|(reading, _)| *reading == name) {
        let reads = name == "get_article" && state != State::Trashed && reaches(reach(who, May::Read), (whose, state));
        return Some(if reads { 200 } else { answers[state as usize] });
    }
    let (_, may, answers) = STORIES.iter().find(|(story, _, _)| *story == name)?;
    let ever = if name == "duplicate_article" { May::Write } else { *may };
    let seen = reaches(reach(who, May::Read), (whose, state)) && state != State::Trashed;
    Some(match () {
        () if who == Who::Reader => 401,
        () if reach(who, ever) == Reach::None => 403,
        () if reaches(reach(who, *may), (whose, state)) => match (name, who, state) {
            ("publish_article", Who::Admin, State::Killed) => 200,
            ("duplicate_article", Who::Admin, State::Killed) => 201,
            _ => answers[state as usize],
        },
        () if seen || state == State::Live => 403,
        () => 404,
    })
}

/// An operation of the document.
struct Operation {
    name: String,
    method: String,
    path: String,
    /// Whether nobody gets in without a token.
    guarded: bool,
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(dateline::openapi::document(None)).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let security = operation.get("security").and_then(Value::as_array);
            operations.push(Operation {
                name: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                guarded: security.is_some_and(|ways| !ways.is_empty() && ways.iter().all(|way| way != &json!({}))),
            });
        }
    }
    for path in ["/openapi.json", "/docs"] {
        let (method, name) = ("GET".to_owned(), format!("GET {path}"));
        operations.push(Operation { name, method, path: path.to_owned(), guarded: false });
    }
    operations
}

/// A server, and a caller of each kind.
struct Stage {
    app: TestApp,
    callers: BTreeMap<Who, Client>,
    count: AtomicU32,
}

/// The role that each caller has.
fn role(who: Who) -> &'static str {
    match who {
        Who::Reader | Who::Token => "",
        Who::Partner => "partner",
        Who::Viewer => "viewer",
        Who::Contributor => "contributor",
        Who::Writer => "writer",
        Who::Desk => "sports-desk",
        Who::Editor => "editor",
        Who::Admin => "admin",
    }
}

impl Stage {
    fn new(database: Database) -> Stage {
        let app = TestApp::start(database);
        let admin = app.admin();
        admin.make("tags", json!({ "name": "Sport", "kind": "section" }));
        let permissions = json!([
            { "action": "articles:write", "sections": ["sport"] }, { "action": "articles:publish", "sections": ["sport"] }
        ]);
        admin.make("roles", json!({ "name": "sports-desk", "permissions": permissions }));
        let caller = |who: Who| match who {
            Who::Reader => app.anonymous(),
            Who::Token => {
                let asked = json!({ "name": "reading", "scopes": ["articles:read_drafts"] });
                app.anonymous().bearer(support::desk::text(&app.editor().make("tokens", asked)["token"]))
            }
            _ => app.signed_in(&format!("{}@example.org", role(who)), role(who)),
        };
        let callers = EVERYBODY.into_iter().map(|who| (who, caller(who))).collect();
        Stage { app, callers, count: AtomicU32::new(0) }
    }

    /// A word that nothing else is called.
    fn word(&self) -> String {
        format!("thing-{}", self.count.fetch_add(1, Ordering::Relaxed))
    }

    /// Tries an operation on a story of its own, so that no try meets what another one left.
    fn try_on_story(&self, operation: &Operation, who: Who, (whose, state): (Whose, State)) -> Reply {
        let path = operation.path.replace("{id}", &self.story(who, (whose, state)));
        self.send(operation, &self.callers[&who].if_match("*"), (&path, self.body(operation)))
    }

    /// Tries an operation that is about no story, on something of its own.
    fn try_out(&self, operation: &Operation, who: Who) -> Reply {
        let mut caller = self.callers[&who].clone();
        // These end the session that they are called with.
        let ends = matches!(operation.name.as_str(), "sign_out" | "change_password" | "end_session" | "end_sessions");
        let has_session = !matches!(who, Who::Reader | Who::Token);
        if ends && has_session {
            caller = self.app.signed_in(&format!("{}@example.org", self.word()), role(who));
        }
        let mut path = operation.path.clone();
        if path.contains("{id}") {
            let id = match operation.name.as_str() {
                "end_session" | "get_token" | "revoke_token" if !has_session => "nobodys".to_owned(),
                "end_session" => first_id(&caller.get("/v1/auth/sessions").expect(200)),
                "get_token" | "revoke_token" => {
                    caller.make("tokens", token_for(who));
                    first_id(&caller.get("/v1/tokens").expect(200))
                }
                _ => self.object(&path),
            };
            path = path.replace("{id}", &id);
        }
        let body = if operation.name == "create_token" { Some(token_for(who)) } else { self.body(operation) };
        self.send(operation, &caller, (&path, body))
    }

    fn send(&self, operation: &Operation, caller: &Client, (path, body): (&str, Option<Value>)) -> Reply {
        let path = ["{number}", "{from}", "{to}"].iter().fold(path.to_owned(), |path, part| path.replace(part, "1"));
        caller.send(&operation.method, &path, body.map(|body| body.to_string().into_bytes()))
    }

    /// The id of a fresh story of this kind in this state.
    fn story(&self, who: Who, (whose, state): (Whose, State)) -> String {
        let editor = &self.callers[&Who::Editor];
        let maker = if whose == Whose::Own { &self.callers[&who] } else { editor };
        let section = if whose == Whose::Sport { json!("sport") } else { Value::Null };
        let story = maker.begin(json!({ "title": self.word(), "section": section }));
        let address = support::desk::address(&story);
        match state {
            State::Draft => {}
            State::Live => drop(editor.publish(&story, json!({}))),
            State::Killed => {
                editor.publish(&story, json!({}));
                editor.post(&format!("{address}/kill"), json!({})).expect(200);
            }
            State::Trashed => drop(editor.if_match("*").delete(&address).expect(204)),
        }
        support::desk::text(&story["id"]).to_owned()
    }

    /// The id of something fresh for an address to be about.
    fn object(&self, path: &str) -> String {
        let room = path.split('/').nth(2).unwrap();
        let (body, id) = match room {
            "users" => (self.account(), "id"),
            "roles" => (json!({ "name": self.word(), "permissions": [] }), "name"),
            _ => (json!({ "name": self.word() }), "id"),
        };
        support::desk::text(&self.callers[&Who::Admin].make(room, body)[id]).to_owned()
    }

    fn account(&self) -> Value {
        let email = format!("{}@example.org", self.word());
        json!({ "email": email, "name": "Somebody", "role": "editor", "password": PASSWORD })
    }

    fn body(&self, operation: &Operation) -> Option<Value> {
        Some(match operation.name.as_str() {
            "create_article" | "replace_article" => json!({ "title": self.word(), "section": "sport" }),
            "update_article" => json!({ "summary": self.word() }),
            "publish_article" | "kill_article" | "restore_article" | "restore_revision" => json!({}),
            "change_articles" => {
                json!({ "atomic": false, "items": [{ "action": "unpublish", "id": self.word() }] })
            }
            "correct_article" => json!({ "type": "correction", "text": self.word() }),
            "create_user" => self.account(),
            "update_user" => json!({ "name": self.word() }),
            "create_role" => json!({ "name": self.word(), "permissions": [{ "action": "events:read" }] }),
            "update_role" => json!({ "description": self.word() }),
            "sign_in" => json!({ "email": "editor@example.org", "password": PASSWORD }),
            "refresh_session" => {
                let sign_in = json!({ "email": "editor@example.org", "password": PASSWORD });
                let tokens = self.app.anonymous().post("/v1/auth/login", sign_in).expect(200).json();
                json!({ "refresh_token": tokens["refresh_token"] })
            }
            "change_password" => json!({ "current_password": PASSWORD, "new_password": "seven quiet rivers at dawn" }),
            name if name.starts_with("create_") || name.starts_with("replace_") => json!({ "name": self.word() }),
            name if name.starts_with("update_") => json!({ "name": self.word() }),
            _ => return None,
        })
    }
}

/// A token that somebody may ask for.
fn token_for(who: Who) -> Value {
    let scope = match who {
        Who::Partner => "embargo:read",
        Who::Viewer => "articles:read_drafts",
        _ => "articles:write",
    };
    json!({ "name": "a script", "scopes": [scope] })
}

/// The id of the first thing on a page.
fn first_id(page: &Reply) -> String {
    support::desk::text(&page.json()["data"][0]["id"]).to_owned()
}

/// Whether an operation is about one story.
fn is_about_a_story(operation: &Operation) -> bool {
    operation.path.starts_with("/v1/articles/{id}")
}

#[apply(each_database)]
fn t03_everybody_may_do_with_a_story_what_the_table_says_and_nothing_else(database: Database) {
    let stage = Stage::new(database);
    let mut wrong = Vec::new();
    for operation in operations().iter().filter(|operation| is_about_a_story(operation)) {
        for who in EVERYBODY {
            for whose in [Whose::Own, Whose::Another, Whose::Sport] {
                // Whoever cannot begin a story, or only one in sport, has no own one elsewhere.
                if whose == Whose::Own && !matches!(reach(who, May::Write), Reach::Own | Reach::OwnNew) {
                    continue;
                }
                for state in STATES {
                    let Some(expected) = expected(&operation.name, who, (whose, state)) else {
                        panic!("{} is in no table: say there who may do it", operation.name);
                    };
                    let status = stage.try_on_story(operation, who, (whose, state)).status();
                    if status != expected {
                        let place = format!("{} {who:?} {whose:?} {state:?}", operation.name);
                        wrong.push(format!("{place}: {status} instead of {expected}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[apply(each_database)]
fn t03_everybody_may_do_otherwise_what_the_table_says_and_nothing_else(database: Database) {
    let stage = Stage::new(database);
    let mut wrong = Vec::new();
    for operation in operations().iter().filter(|operation| !is_about_a_story(operation)) {
        let Some((_, expected)) = OTHERS.iter().find(|(name, _)| *name == operation.name) else {
            panic!("{} is in no table: say there who may do it", operation.name);
        };
        for (who, expected) in EVERYBODY.into_iter().zip(expected) {
            let status = stage.try_out(operation, who).status();
            if status != *expected {
                wrong.push(format!("{} {who:?}: {status} instead of {expected}", operation.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_and_the_document_know_the_same_operations_and_agree_on_who_must_sign_in() {
    let operations = operations();
    let named: BTreeSet<&str> = operations.iter().map(|operation| operation.name.as_str()).collect();
    let of_stories = STORIES.iter().map(|(name, _, _)| *name).chain(READING.iter().map(|(name, _)| *name));
    let listed: Vec<&str> = of_stories.chain(OTHERS.iter().map(|(name, _)| *name)).collect();
    assert_eq!(named, listed.iter().copied().collect());
    assert_eq!(named.len(), listed.len(), "an operation stands in a table twice");
    for operation in &operations {
        let story = (Whose::Another, State::Live);
        let other = || OTHERS.iter().find(|(name, _)| *name == operation.name).unwrap().1[0];
        let status = expected(&operation.name, Who::Reader, story).unwrap_or_else(other);
        if operation.guarded {
            assert_eq!(status, 401, "{} needs a token", operation.name);
        } else {
            assert!(!matches!(status, 401 | 403), "{} needs no token", operation.name);
        }
    }
}

#[test]
fn whoever_may_not_is_told_so_before_anything_is_read_or_looked_up() {
    let stage = Stage::new(Database::Sqlite);
    for operation in operations().iter().filter(|operation| operation.guarded) {
        let path = operation.path.replace("{id}", "there-is-no-such-thing").replace(['{', '}'], "");
        let huge = vec![b'['; 6 * 1024 * 1024];
        for body in [None, Some(b"{ this is not JSON".to_vec()), Some(huge)] {
            stage.app.anonymous().send(&operation.method, &path, body).expect(401);
        }
    }
}

#[test]
fn nothing_answers_that_is_not_in_the_document() {
    let stage = Stage::new(Database::Sqlite);
    let (reader, admin) = (stage.app.anonymous(), &stage.callers[&Who::Admin]);
    for path in include_str!("guesses.txt").lines().filter(|line| line.starts_with('/')) {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            for caller in [&reader, admin] {
                let reply = caller.send(method, path, None);
                assert!(matches!(reply.status(), 404 | 405), "{method} {path}: {}", reply.status());
            }
        }
    }
    let operations = operations();
    // `/v1/articles/bulk` is an address of its own, and one of a story that is called so.
    let fits = |template: &str, path: &str| {
        let (template, path) = (template.split('/'), path.split('/'));
        template.clone().count() == path.clone().count()
            && template.zip(path).all(|(one, other)| one.starts_with('{') || one == other)
    };
    let described =
        |path: &str, method: &str| operations.iter().any(|one| fits(&one.path, path) && one.method == method);
    for operation in &operations {
        let path = operation.path.replace("{id}", "nato").replace(['{', '}'], "");
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"] {
            if !described(&operation.path, method) {
                reader.send(method, &path, None).expect(405);
                admin.send(method, &path, None).expect(405);
            }
        }
    }
}
