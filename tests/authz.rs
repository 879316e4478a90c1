//! Who may do what: every operation of the OpenAPI document, tried by every kind of caller, against one table. An
//! operation without a line in the table fails here, so nobody can add one without saying who may use it.

#[path = "support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};

use dateline::auth::Role;
use rstest_reuse::apply;
use serde_json::{Value, json};

use support::client::{Client, Reply};
use support::{Database, PASSWORD, TestApp, each_database};

/// Who calls, and on which story, where the operation is about one. Operations that are about no story see the same
/// caller several times.
#[rustfmt::skip]
const COLUMNS: [(Who, Whose, Shown); 12] = [
    (Who::Reader, Whose::Another, Shown::No), (Who::Reader, Whose::Another, Shown::Yes),
    (Who::Partner, Whose::Another, Shown::No), (Who::Partner, Whose::Another, Shown::Yes),
    (Who::Writer, Whose::Own,     Shown::No), (Who::Writer, Whose::Own,     Shown::Yes),
    (Who::Writer, Whose::Another, Shown::No), (Who::Writer, Whose::Another, Shown::Yes),
    (Who::Editor, Whose::Another, Shown::No), (Who::Editor, Whose::Another, Shown::Yes),
    (Who::Admin,  Whose::Another, Shown::No), (Who::Admin,  Whose::Another, Shown::Yes),
];

/// The table.
#[rustfmt::skip]
const TABLE: [(&str, [u16; 12]); 65] = [
    //                    reader      partner     writer, own  writer, other's  editor      admin
    //                    draft live  draft live  draft live   draft live       draft live  draft live
    ("list_articles",      [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("search_articles",    [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("create_article",     [401, 401,   403, 403,   201, 201,    201, 201,        201, 201,   201, 201]),
    ("get_article",        [404, 200,   404, 200,   200, 200,    404, 200,        200, 200,   200, 200]),
    ("replace_article",    [401, 401,   403, 403,   200, 200,    404, 403,        200, 200,   200, 200]),
    ("update_article",     [401, 401,   403, 403,   200, 200,    404, 403,        200, 200,   200, 200]),
    // A published story is unpublished first, and that is an editor's to do.
    ("delete_article",     [401, 401,   403, 403,   204, 409,    404, 403,        204, 409,   204, 409]),
    ("publish_article",    [401, 401,   403, 403,   403, 403,    403, 403,        200, 200,   200, 200]),
    ("unpublish_article",  [401, 401,   403, 403,   403, 403,    403, 403,        409, 200,   409, 200]),
    ("unschedule_article", [401, 401,   403, 403,   403, 403,    403, 403,        409, 409,   409, 409]),
    ("kill_article",       [401, 401,   403, 403,   403, 403,    403, 403,        409, 200,   409, 200]),
    ("correct_article",    [401, 401,   403, 403,   403, 403,    403, 403,        409, 200,   409, 200]),

    ("list_authors",       [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("create_author",      [401, 401,   403, 403,   403, 403,    403, 403,        201, 201,   201, 201]),
    ("get_author",         [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("replace_author",     [401, 401,   403, 403,   403, 403,    403, 403,        200, 200,   200, 200]),
    ("update_author",      [401, 401,   403, 403,   403, 403,    403, 403,        200, 200,   200, 200]),
    ("delete_author",      [401, 401,   403, 403,   403, 403,    403, 403,        204, 204,   204, 204]),

    ("list_sources",       [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("create_source",      [401, 401,   403, 403,   403, 403,    403, 403,        201, 201,   201, 201]),
    ("get_source",         [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("replace_source",     [401, 401,   403, 403,   403, 403,    403, 403,        200, 200,   200, 200]),
    ("update_source",      [401, 401,   403, 403,   403, 403,    403, 403,        200, 200,   200, 200]),
    ("delete_source",      [401, 401,   403, 403,   403, 403,    403, 403,        204, 204,   204, 204]),

    ("list_tags",          [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("create_tag",         [401, 401,   403, 403,   403, 403,    403, 403,        201, 201,   201, 201]),
    ("get_tag",            [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("replace_tag",        [401, 401,   403, 403,   403, 403,    403, 403,        200, 200,   200, 200]),
    ("update_tag",         [401, 401,   403, 403,   403, 403,    403, 403,        200, 200,   200, 200]),
    ("delete_tag",         [401, 401,   403, 403,   403, 403,    403, 403,        204, 204,   204, 204]),

    ("list_appointments",  [401, 401,   403, 403,   200, 200,    200, 200,        200, 200,   200, 200]),
    // Nothing of it is in the trash.
    ("restore_article",    [401, 401,   403, 403,   409, 409,    404, 403,        409, 409,   409, 409]),
    ("duplicate_article",  [401, 401,   403, 403,   201, 201,    404, 403,        201, 201,   201, 201]),
    ("note_presence",      [401, 401,   403, 403,   200, 200,    404, 403,        200, 200,   200, 200]),
    ("end_presence",       [401, 401,   403, 403,   204, 204,    404, 403,        204, 204,   204, 204]),
    // Each item has its own answer; tests/api/bulk.rs looks at those.
    ("change_articles",    [401, 401,   403, 403,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("list_author_articles", [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("list_source_articles", [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("list_tag_articles",  [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("export_articles",    [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("get_calendar",       [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("list_related",       [404, 200,   404, 200,   404, 200,    404, 200,        404, 200,   404, 200]),
    ("list_versions",      [404, 200,   404, 200,   404, 200,    404, 200,        404, 200,   404, 200]),
    ("get_proof",          [404, 200,   404, 200,   404, 200,    404, 200,        404, 200,   404, 200]),
    ("get_checkpoint",     [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("list_revisions",     [401, 401,   403, 403,   200, 200,    404, 403,        200, 200,   200, 200]),
    ("get_revision",       [401, 401,   403, 403,   200, 200,    404, 403,        200, 200,   200, 200]),
    ("compare_revisions",  [401, 401,   403, 403,   200, 200,    404, 403,        200, 200,   200, 200]),
    ("restore_revision",   [401, 401,   403, 403,   200, 200,    404, 403,        200, 200,   200, 200]),
    ("list_events",        [401, 401,   403, 403,   403, 403,    403, 403,        200, 200,   200, 200]),

    ("sign_in",            [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("refresh_session",    [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("sign_out",           [401, 401,   204, 204,   204, 204,    204, 204,        204, 204,   204, 204]),
    ("get_me",             [401, 401,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("change_password",    [401, 401,   204, 204,   204, 204,    204, 204,        204, 204,   204, 204]),

    ("list_users",         [401, 401,   403, 403,   403, 403,    403, 403,        403, 403,   200, 200]),
    ("create_user",        [401, 401,   403, 403,   403, 403,    403, 403,        403, 403,   201, 201]),
    ("get_user",           [401, 401,   403, 403,   403, 403,    403, 403,        403, 403,   200, 200]),
    ("update_user",        [401, 401,   403, 403,   403, 403,    403, 403,        403, 403,   200, 200]),
    ("delete_user",        [401, 401,   403, 403,   403, 403,    403, 403,        403, 403,   204, 204]),

    ("check_live",         [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("check_ready",        [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("get_metrics",        [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    // About the document itself, and therefore not in it.
    ("GET /openapi.json",  [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
    ("GET /docs",          [200, 200,   200, 200,   200, 200,    200, 200,        200, 200,   200, 200]),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Reader,
    Partner,
    Writer,
    Editor,
    Admin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    Another,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    No,
    Yes,
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

impl Stage {
    fn new(database: Database) -> Stage {
        let app = TestApp::start(database);
        let callers = [
            (Who::Reader, app.anonymous()),
            (Who::Partner, app.partner()),
            (Who::Writer, app.writer()),
            (Who::Editor, app.editor()),
            (Who::Admin, app.admin()),
        ];
        Stage { app, callers: callers.into(), count: AtomicU32::new(0) }
    }

    /// A word that nothing else is called.
    fn word(&self) -> String {
        format!("thing-{}", self.count.fetch_add(1, Ordering::Relaxed))
    }

    /// Tries an operation on something of its own, so that no try meets what another one left.
    fn try_out(&self, operation: &Operation, (who, whose, shown): (Who, Whose, Shown)) -> Reply {
        let mut caller = self.callers[&who].clone();
        if operation.path.starts_with("/v1/articles/{id}") {
            caller = caller.if_match("*");
        }
        // These end the session that they are called with.
        if matches!(operation.name.as_str(), "sign_out" | "change_password") && who != Who::Reader {
            let role = [Role::Partner, Role::Writer, Role::Editor, Role::Admin][who as usize - 1];
            caller = self.app.signed_in(&format!("{}@example.org", self.word()), role);
        }
        let mut path = operation.path.clone();
        if path.contains("{id}") {
            path = path.replace("{id}", &self.object(&path, (who, whose, shown)));
        }
        for number in ["{number}", "{from}", "{to}"] {
            path = path.replace(number, "1");
        }
        let body = self.body(operation).map(|body| body.to_string().into_bytes());
        caller.send(&operation.method, &path, body)
    }

    /// The id of something fresh for an address to be about.
    fn object(&self, path: &str, (who, whose, shown): (Who, Whose, Shown)) -> String {
        let room = path.split('/').nth(2).unwrap();
        let (maker, body) = match room {
            "articles" => {
                let maker = if whose == Whose::Own { who } else { Who::Editor };
                (maker, json!({ "title": self.word() }))
            }
            "users" => (Who::Admin, self.account()),
            _ => (Who::Editor, json!({ "name": self.word() })),
        };
        let made = self.callers[&maker].post(&format!("/v1/{room}"), body).expect(201).json();
        let id = made["id"].as_str().unwrap().to_owned();
        if room == "articles" && shown == Shown::Yes {
            self.callers[&Who::Editor].post(&format!("/v1/articles/{id}/publish"), json!({})).expect(200);
        }
        id
    }

    fn account(&self) -> Value {
        let email = format!("{}@example.org", self.word());
        json!({ "email": email, "name": "Somebody", "role": "editor", "password": PASSWORD })
    }

    fn body(&self, operation: &Operation) -> Option<Value> {
        Some(match operation.name.as_str() {
            "create_article" | "replace_article" => json!({ "title": self.word() }),
            "update_article" => json!({ "summary": self.word() }),
            "publish_article" | "kill_article" | "restore_article" | "restore_revision" => json!({}),
            "change_articles" => {
                json!({ "atomic": false, "items": [{ "action": "unpublish", "id": self.word() }] })
            }
            "correct_article" => json!({ "type": "correction", "text": self.word() }),
            "create_user" => self.account(),
            "update_user" => json!({ "name": self.word() }),
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

#[apply(each_database)]
fn everybody_may_do_what_the_table_says_and_nothing_else(database: Database) {
    let stage = Stage::new(database);
    let mut wrong = Vec::new();
    for operation in operations() {
        let Some((_, expected)) = TABLE.iter().find(|(name, _)| *name == operation.name) else {
            panic!("{} is not in the table: say there who may do it", operation.name);
        };
        for (column, expected) in COLUMNS.into_iter().zip(expected) {
            let reply = stage.try_out(&operation, column);
            if reply.status() != *expected {
                wrong.push(format!("{} {column:?}: {} instead of {expected}", operation.name, reply.status()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_and_the_document_know_the_same_operations_and_agree_on_who_must_sign_in() {
    let operations = operations();
    let named: BTreeSet<&str> = operations.iter().map(|operation| operation.name.as_str()).collect();
    let listed: BTreeSet<&str> = TABLE.iter().map(|(name, _)| *name).collect();
    assert_eq!(named, listed);
    assert_eq!(TABLE.len(), listed.len(), "an operation stands in the table twice");
    for operation in &operations {
        let (_, expected) = TABLE.iter().find(|(name, _)| *name == operation.name).unwrap();
        for status in &expected[..2] {
            if operation.guarded {
                assert_eq!(*status, 401, "{} needs a token", operation.name);
            } else {
                assert!(!matches!(status, 401 | 403), "{} needs no token", operation.name);
            }
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
