//! An entry of the log as it looks from outside.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::events::Entry;
use crate::http::page::List;

/// One change: who did what to what, and when. It holds ids and never names or texts, but for the reason that somebody
/// gave.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LogEntry {
    /// 1, 2, 3, … without gaps, in the order of commits.
    pub position: i64,
    /// Names it.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: LogActor,
    /// What was done: `created`, `updated`, `published`, `killed`, `signed_in`, …
    pub action: String,
    /// To what kind of thing: `article`, `tag`, `user`, …
    pub resource: String,
    /// To which one.
    pub resource_id: String,
    /// The version before, when there was one.
    #[schema(required)]
    pub version_before: Option<i32>,
    /// The version after, when there is one.
    #[schema(required)]
    pub version_after: Option<i32>,
    /// Why, in the words of whoever did it.
    #[schema(required)]
    pub note: Option<String>,
    /// SHA-256 of what the change made, when it is kept.
    #[schema(required)]
    pub digest: Option<String>,
    /// SHA-256 of the log up to here.
    pub hash: String,
}

/// Who made a change.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LogActor {
    /// `user`, `token` (an API token), `operator` (the command line), `clock` (time passed) or `anonymous` (a refused
    /// sign-in).
    pub kind: String,
    /// Which account or API token, when it was one.
    #[schema(required)]
    pub id: Option<String>,
}

impl From<Entry> for LogEntry {
    fn from(entry: Entry) -> LogEntry {
        LogEntry {
            position: entry.position,
            id: entry.id,
            at: entry.at,
            actor: LogActor { kind: entry.actor_kind, id: entry.actor_id },
            action: entry.action,
            resource: entry.resource_kind,
            resource_id: entry.resource_id,
            version_before: entry.version_before,
            version_after: entry.version_after,
            note: entry.note,
            digest: entry.digest,
            hash: entry.hash,
        }
    }
}

impl LogEntry {
    /// Examples for the API docs: a page of one entry.
    pub fn list_sample() -> Value {
        let entry = json!({
            "position": 412,
            "id": "01997b2e-ee10-7d3e-8d41-3f6c2f0e9a70",
            "at": "2026-03-04T18:30:00Z",
            "actor": { "kind": "user", "id": "01997b2e-cc10-7d3e-8d41-3f6c2f0e9e50" },
            "action": "published",
            "resource": "article",
            "resource_id": "01997b2e-bb10-7d3e-8d41-3f6c2f0e9d40",
            "version_before": null,
            "version_after": 7,
            "note": "the minister's office called",
            "digest": "9b74c9897bac770ffc029102a200c5de1f3c6d2c4b7d1a5e6f8090a1b2c3d4e5",
            "hash": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
        });
        json!({ "data": [entry], "next": null })
    }
}

/// One page of the log.
pub type LogEntryList = List<LogEntry>;
