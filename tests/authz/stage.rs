//! A server with a caller of each kind, and something fresh for each try.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::support::client::{Client, Reply};
use crate::support::{Database, PASSWORD, TestApp, desk};
use crate::table::{EVERYBODY, State, Who, Whose};

/// A code in the form of one that was written down.
const RECOVERY_CODE: &str = "only-anex-ampl-eand-noco-deof";

/// An operation of the document.
pub struct Operation {
    pub name: String,
    pub method: String,
    pub path: String,
    /// Whether nobody gets in without a token.
    pub guarded: bool,
}

pub fn operations() -> Vec<Operation> {
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
pub struct Stage {
    pub app: TestApp,
    pub callers: BTreeMap<Who, Client>,
    pub count: AtomicU32,
}

/// The role that each caller has.
pub fn role(who: Who) -> &'static str {
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
    pub fn new(database: Database) -> Stage {
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
                app.anonymous().bearer(desk::text(&app.editor().make("tokens", asked)["token"]))
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
    pub fn try_on_story(&self, operation: &Operation, who: Who, (whose, state): (Whose, State)) -> Reply {
        let (story, link) = self.story(who, (whose, state), operation.path.contains("{link}"));
        let path = operation.path.replace("{id}", &story).replace("{link}", &link);
        self.send(operation, &self.callers[&who].if_match("*"), (&path, self.body(operation)))
    }

    /// Tries an operation that is about no story, on something of its own.
    pub fn try_out(&self, operation: &Operation, who: Who) -> Reply {
        let mut caller = self.callers[&who].clone();
        // These end the session that they are called with.
        let ending = ["sign_out", "sign_out_everywhere", "change_password", "end_session", "end_sessions"];
        let ends = ending.contains(&operation.name.as_str());
        let has_session = !matches!(who, Who::Reader | Who::Token);
        if ends && has_session {
            caller = self.app.signed_in(&format!("{}@example.org", self.word()), role(who));
        }
        let mut path = operation.path.clone();
        if path.contains("{id}") {
            let id = match operation.name.as_str() {
                "end_session" | "get_token" | "revoke_token" if !has_session => "nobodys".to_owned(),
                "remove_passkey" => "nobodys".to_owned(),
                "end_session" => first_id(&caller.get("/v1/auth/sessions").expect(200)),
                "get_token" | "revoke_token" => {
                    caller.make("tokens", token_for(who));
                    first_id(&caller.get("/v1/tokens").expect(200))
                }
                _ => self.object(&path),
            };
            path = path.replace("{id}", &id);
        }
        if path.contains("{token}") {
            let editor = &self.callers[&Who::Editor];
            let story = editor.begin(json!({ "title": self.word() }));
            path = path.replace("{token}", desk::text(&preview_link(editor, &desk::address(&story))["token"]));
        }
        let body = if operation.name == "create_token" { Some(token_for(who)) } else { self.body(operation) };
        self.send(operation, &caller, (&path, body))
    }

    pub fn send(&self, operation: &Operation, caller: &Client, (path, body): (&str, Option<Value>)) -> Reply {
        let path = ["{number}", "{from}", "{to}"].iter().fold(path.to_owned(), |path, part| path.replace(part, "1"));
        caller.send(&operation.method, &path, body.map(|body| body.to_string().into_bytes()))
    }

    /// The id of a fresh story of this kind in this state, and that of a preview link of it when one is wanted.
    pub fn story(&self, who: Who, (whose, state): (Whose, State), with_link: bool) -> (String, String) {
        let editor = &self.callers[&Who::Editor];
        let maker = if whose == Whose::Own { &self.callers[&who] } else { editor };
        let section = if whose == Whose::Sport { json!("sport") } else { Value::Null };
        let story = maker.begin(json!({ "title": self.word(), "section": section }));
        let address = desk::address(&story);
        let link = if with_link { preview_link(editor, &address)["id"].clone() } else { json!("") };
        match state {
            State::Draft => {}
            State::InReview => drop(maker.post(&format!("{address}/submit"), json!({})).expect(200)),
            State::Live => drop(editor.publish(&story, json!({}))),
            State::Killed => {
                editor.publish(&story, json!({}));
                editor.post(&format!("{address}/kill"), json!({})).expect(200);
            }
            State::Trashed => drop(editor.if_match("*").delete(&address).expect(204)),
        }
        (desk::text(&story["id"]).to_owned(), desk::text(&link).to_owned())
    }

    /// The id of something fresh for an address to be about.
    fn object(&self, path: &str) -> String {
        let room = path.split('/').nth(2).unwrap();
        let (body, id) = match room {
            "users" => (self.account(), "id"),
            "roles" => (json!({ "name": self.word(), "permissions": [] }), "name"),
            _ => (json!({ "name": self.word() }), "id"),
        };
        desk::text(&self.callers[&Who::Admin].make(room, body)[id]).to_owned()
    }

    fn account(&self) -> Value {
        let email = format!("{}@example.org", self.word());
        json!({ "email": email, "name": "Somebody", "role": "editor", "password": PASSWORD })
    }

    fn body(&self, operation: &Operation) -> Option<Value> {
        Some(match operation.name.as_str() {
            "create_article" | "replace_article" => json!({ "title": self.word(), "section": "sport" }),
            "update_article" => json!({ "summary": self.word() }),
            "publish_article" | "kill_article" | "restore_article" | "restore_revision" | "create_preview_link" => {
                json!({})
            }
            "change_articles" => {
                json!({ "atomic": false, "items": [{ "action": "unpublish", "id": self.word() }] })
            }
            "submit_article" | "unsubmit_article" | "approve_article" | "request_changes" => {
                json!({ "note": self.word() })
            }
            "correct_article" => json!({ "type": "correction", "text": self.word() }),
            "create_user" => self.account(),
            "update_user" => json!({ "name": self.word() }),
            "create_role" => json!({ "name": self.word(), "permissions": [{ "action": "events:read" }] }),
            "update_role" => json!({ "description": self.word() }),
            "request_password_reset" => json!({ "email": format!("{}@example.org", self.word()) }),
            "reset_password" | "accept_invite" => json!({ "token": "none", "password": PASSWORD }),
            "sign_in" => json!({ "email": "editor@example.org", "password": PASSWORD }),
            "refresh_session" => {
                let sign_in = json!({ "email": "editor@example.org", "password": PASSWORD });
                let tokens = self.app.anonymous().post("/v1/auth/login", sign_in).expect(200).json();
                json!({ "refresh_token": tokens["refresh_token"] })
            }
            "change_password" => json!({ "current_password": PASSWORD, "new_password": "seven quiet rivers at dawn" }),
            "begin_second_factor" => json!({ "current_password": PASSWORD }),
            // A recovery code never confirms, whatever the moment.
            "confirm_second_factor" => json!({ "code": RECOVERY_CODE }),
            "renew_recovery_codes" | "remove_second_factor" => {
                json!({ "current_password": PASSWORD, "code": RECOVERY_CODE })
            }
            "exchange_sign_in_code" => json!({ "code": "none", "verifier": "none" }),
            "link_identity" => json!({ "code": "none", "verifier": "none", "current_password": PASSWORD }),
            "link_user_identity" => json!({ "subject": self.word() }),
            "begin_passkey" => json!({ "current_password": PASSWORD }),
            "add_passkey" => json!({ "name": self.word(), "ceremony": "none", "credential": "none" }),
            "sign_in_by_passkey" => json!({ "ceremony": "none", "credential": "none" }),
            "verify_second_factor" => json!({ "challenge": "none", "code": RECOVERY_CODE }),
            name if name.starts_with("create_") || name.starts_with("replace_") => json!({ "name": self.word() }),
            name if name.starts_with("update_") => json!({ "name": self.word() }),
            _ => return None,
        })
    }
}

/// A token that somebody may ask for.
pub fn token_for(who: Who) -> Value {
    let scope = match who {
        Who::Partner => "embargo:read",
        Who::Viewer => "articles:read_drafts",
        _ => "articles:write",
    };
    json!({ "name": "a script", "scopes": [scope] })
}

/// A fresh preview link of the story at this address.
fn preview_link(maker: &Client, address: &str) -> Value {
    maker.post(&format!("{address}/preview-links"), json!({})).expect(201).json()
}

/// The id of the first thing on a page.
pub fn first_id(page: &Reply) -> String {
    desk::text(&page.json()["data"][0]["id"]).to_owned()
}

/// Whether an operation is about one story.
pub fn is_about_a_story(operation: &Operation) -> bool {
    operation.path.starts_with("/v1/articles/{id}")
}
