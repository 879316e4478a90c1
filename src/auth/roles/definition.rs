//! A role as it is sent and shown.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::name::RoleName;
use crate::auth::grant::{Grant, check_limit};
use crate::auth::role::Role;
use crate::clock::Timestamp;
use crate::error::Rejection;
use crate::http::fields::Text;
use crate::http::input::{Complete, Input, Partial};
use crate::http::page;
use crate::http::patch::Patch;

/// Most permissions of a role.
const MOST_GRANTS: usize = 50;

/// A role: what its holders may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoleDefinition {
    /// Its name, and its id.
    pub name: String,
    /// What it is for.
    #[schema(required)]
    pub description: Option<String>,
    /// What its holders may do.
    pub permissions: Vec<Grant>,
    /// Whether it is one of those that every newsroom has; those cannot be changed.
    pub built_in: bool,
    /// How many accounts have it.
    pub accounts: i64,
    /// Counts the changes; part of the ETag.
    pub version: i32,
    /// When it was made; `null` for a built-in one.
    #[schema(required)]
    pub created_at: Option<Timestamp>,
    /// When it was last changed; `null` for a built-in one.
    #[schema(required)]
    pub updated_at: Option<Timestamp>,
}

/// A role as it is sent.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct RoleInput {
    /// Its name: small letters, digits and hyphens. Cannot be changed later.
    #[serde(default)]
    #[schema(value_type = RoleName)]
    pub name: Patch<RoleName>,
    /// What it is for, up to 500 characters.
    #[serde(default)]
    #[schema(value_type = Option<Text<500>>)]
    pub description: Patch<Text<500>>,
    /// What its holders may do, up to 50 permissions. The same one may stand here several times with different limits:
    /// meeting those of one of them is enough.
    #[serde(default)]
    #[schema(value_type = Vec<Grant>, max_items = 50)]
    pub permissions: Patch<Vec<Grant>>,
}

/// A whole role: what `POST` takes.
pub type NewRole = Complete<RoleInput>;

/// A change of a role: what `PATCH` takes.
pub type RolePatch = Partial<RoleInput>;

/// All roles.
pub type RoleList = page::List<RoleDefinition>;

impl Input for RoleInput {
    const REQUIRED: &'static [&'static str] = &["name", "permissions"];
    const READ_ONLY: &'static [&'static str] = &["built_in", "accounts", "version", "created_at", "updated_at"];

    fn check(&self, refuse: &mut Vec<Rejection>) {
        let grants = self.permissions.as_value().map_or(&[][..], Vec::as_slice);
        if grants.len() > MOST_GRANTS {
            let detail = format!("may have at most {MOST_GRANTS} permissions; this has {}", grants.len());
            refuse.push(Rejection::field("/permissions", "too_many", detail));
        }
        for (index, grant) in grants.iter().enumerate().take(MOST_GRANTS) {
            check_grant(grant, &format!("/permissions/{index}"), refuse);
        }
    }
}

/// Refuses a permission that no role may have, and limits that limit nothing.
fn check_grant(grant: &Grant, place: &str, refuse: &mut Vec<Rejection>) {
    if !grant.action.is_grantable() {
        let detail =
            format!("{} cannot be given: accounts are managed by admins, and everybody has their own", grant.action);
        refuse.push(Rejection::field(format!("{place}/action"), "not_grantable", detail));
    }
    if !grant.action.is_about_stories() && !grant.is_unlimited() {
        let detail = format!("{} is not about single articles, so it has no limits", grant.action);
        refuse.push(Rejection::field(place, "not_limitable", detail));
    }
    check_limit(grant.sections.as_ref(), format!("{place}/sections"), refuse);
    check_limit(grant.sources.as_ref(), format!("{place}/sources"), refuse);
    check_limit(grant.languages.as_ref(), format!("{place}/languages"), refuse);
}

impl RoleDefinition {
    /// A built-in role, and how many accounts have it.
    pub fn built_in(role: Role, accounts: i64) -> RoleDefinition {
        RoleDefinition {
            name: role.to_string(),
            description: Some(role.description().to_owned()),
            permissions: role.grants(),
            built_in: true,
            accounts,
            version: 1,
            created_at: None,
            updated_at: None,
        }
    }

    /// An example for the API docs.
    pub fn sample() -> Value {
        json!({
            "name": "sports-desk",
            "description": "Edits and publishes sport, and reads everything.",
            "permissions": [
                { "action": "articles:read_drafts", "own": false, "unpublished": false, "sections": null,
                  "sources": null, "languages": null },
                { "action": "articles:write", "own": false, "unpublished": false, "sections": ["sport"],
                  "sources": null, "languages": ["en"] },
                { "action": "articles:publish", "own": false, "unpublished": false, "sections": ["sport"],
                  "sources": null, "languages": ["en"] }
            ],
            "built_in": false,
            "accounts": 3,
            "version": 1,
            "created_at": "2026-03-02T09:30:00Z",
            "updated_at": "2026-03-02T09:30:00Z"
        })
    }
}

impl RoleInput {
    /// An example of a request, for the API docs.
    pub fn sample() -> Value {
        json!({
            "name": "sports-desk",
            "description": "Edits and publishes sport, and reads everything.",
            "permissions": [
                { "action": "articles:read_drafts" },
                { "action": "articles:write", "sections": ["sport"], "languages": ["en"] },
                { "action": "articles:publish", "sections": ["sport"], "languages": ["en"] }
            ]
        })
    }
}
