//! An API token as it is sent and shown.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::auth::grant::check_limit;
use crate::auth::lifetime::Lifetime;
use crate::auth::permission::Permission;
use crate::clock::Timestamp;
use crate::error::Rejection;
use crate::http::fields::Line;
use crate::http::input::{Complete, Input};
use crate::http::page;
use crate::http::patch::Patch;

/// For how long a token is good.
pub const LIFETIME: Lifetime = Lifetime { usual: 90, longest: 366 };

/// An API token, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ApiToken {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// Whose it is: the id of the account.
    pub user_id: String,
    /// The last four characters of the secret, to tell it from another one.
    pub hint: String,
    /// What it may do, as far as its owner may at that moment.
    pub scopes: Vec<Permission>,
    /// Only with articles in these sections, by id; in all when `null`.
    #[schema(required)]
    pub sections: Option<Vec<String>>,
    /// Only with articles from these sources, by id; from all when `null`.
    #[schema(required)]
    pub sources: Option<Vec<String>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops to be good.
    pub expires_at: Timestamp,
    /// When it was last used, within a minute; `null` when never.
    #[schema(required)]
    pub last_used_at: Option<Timestamp>,
    /// From which address it was last used.
    #[schema(required)]
    pub last_used_from: Option<String>,
}

/// A fresh API token with its secret.
#[derive(Serialize, ToSchema)]
pub struct FreshApiToken {
    /// The token itself, for the header `Authorization: Bearer …`. Shown this once; we keep only a hash of it.
    #[schema(pattern = "^dl_[0-9a-f]{56}$")]
    pub token: String,
    /// What it is.
    #[serde(flatten)]
    pub about: ApiToken,
}

/// An API token as it is asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ApiTokenInput {
    /// What it is for, up to 120 characters: `website preview`, `agency import`.
    #[serde(default)]
    #[schema(value_type = Line<120>)]
    pub name: Patch<Line<120>>,
    /// What it may do. Never more than you may: what your role loses later, the token loses too.
    #[serde(default)]
    #[schema(value_type = Vec<Permission>, min_items = 1, max_items = 20)]
    pub scopes: Patch<Vec<Permission>>,
    /// Only with articles in these sections, by id or slug.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 50)]
    pub sections: Patch<Vec<String>>,
    /// Only with articles from these sources, by id or slug.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 50)]
    pub sources: Patch<Vec<String>>,
    /// When it stops to be good: 366 days from now at most, 90 days when absent.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    pub expires_at: Patch<Timestamp>,
}

/// What `POST` takes.
pub type NewApiToken = Complete<ApiTokenInput>;

/// One page of API tokens.
pub type ApiTokenList = page::List<ApiToken>;

/// Whose tokens a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ApiTokenFilter {
    /// The tokens of this account, by id; your own when absent. Those of others are for admins.
    pub user: Option<String>,
    /// `true` shows everybody's; for admins.
    pub everybody: Option<bool>,
}

impl Input for ApiTokenInput {
    const REQUIRED: &'static [&'static str] = &["name", "scopes"];
    const READ_ONLY: &'static [&'static str] =
        &["id", "user_id", "hint", "token", "created_at", "last_used_at", "last_used_from"];

    fn check(&self, refuse: &mut Vec<Rejection>) {
        let scopes = self.scopes.as_value().map_or(&[][..], Vec::as_slice);
        if self.scopes.is_present() && (scopes.is_empty() || scopes.len() > Permission::ALL.len()) {
            let detail = format!("must name 1 to {} scopes", Permission::ALL.len());
            refuse.push(Rejection::field("/scopes", "out_of_range", detail));
        }
        let limited = self.sections.as_value().is_some() || self.sources.as_value().is_some();
        for (index, scope) in scopes.iter().enumerate().take(Permission::ALL.len()) {
            let place = format!("/scopes/{index}");
            if !scope.is_grantable() {
                let detail = format!("{scope} is for people who sign in; no token may have it");
                refuse.push(Rejection::field(place, "not_grantable", detail));
            } else if limited && !scope.is_about_stories() {
                let detail = format!("{scope} is not about single articles, so it cannot be limited to some of them");
                refuse.push(Rejection::field(place, "not_limitable", detail));
            }
        }
        check_limit(self.sections.as_value(), "/sections".to_owned(), refuse);
        check_limit(self.sources.as_value(), "/sources".to_owned(), refuse);
    }
}

impl ApiToken {
    /// An example for the API docs.
    pub fn sample() -> Value {
        json!({
            "id": "01997b2e-dd10-7d3e-8d41-3f6c2f0e9e60",
            "name": "agency import",
            "user_id": "01997b2e-cc10-7d3e-8d41-3f6c2f0e9e50",
            "hint": "09af",
            "scopes": ["articles:write"],
            "sections": null,
            "sources": ["01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10"],
            "created_at": "2026-03-02T09:30:00Z",
            "expires_at": "2026-05-31T09:30:00Z",
            "last_used_at": "2026-03-04T18:29:12Z",
            "last_used_from": "198.51.100.7"
        })
    }
}

impl FreshApiToken {
    /// An example for the API docs.
    pub fn sample() -> Value {
        let mut sample = ApiToken::sample();
        if let Some(members) = sample.as_object_mut() {
            members.insert("last_used_at".to_owned(), Value::Null);
            members.insert("last_used_from".to_owned(), Value::Null);
            // No token of anybody: its checksum is wrong.
            let token = format!("dl_{}", "0123456789abcdef".repeat(3) + "00000000");
            members.insert("token".to_owned(), token.into());
        }
        sample
    }
}

impl ApiTokenInput {
    /// An example of a request, for the API docs.
    pub fn sample() -> Value {
        json!({ "name": "agency import", "scopes": ["articles:write"], "sources": ["politico"] })
    }
}
