//! A preview link as it is asked for and shown.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::auth::lifetime::Lifetime;
use crate::clock::Timestamp;
use crate::http::fields::Line;
use crate::http::input::{Complete, Input};
use crate::http::page;
use crate::http::patch::Patch;

/// For how long a link is good.
pub const LIFETIME: Lifetime = Lifetime { usual: 7, longest: 30 };

/// A preview link, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PreviewLink {
    /// Its id.
    pub id: String,
    /// Who it is for.
    #[schema(required)]
    pub label: Option<String>,
    /// The last four characters of the secret, to tell it from another one.
    pub hint: String,
    /// The account that made it. The link shows nothing any more when that one may no longer read the article.
    pub made_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops to be good.
    pub expires_at: Timestamp,
}

/// A fresh preview link with its secret.
#[derive(Serialize, ToSchema)]
pub struct FreshPreviewLink {
    /// The secret. Shown this once; we keep only a hash of it.
    #[schema(pattern = "^dlp_[0-9a-f]{56}$")]
    pub token: String,
    /// Where the working copy is read with it, by anybody: absolute when the server knows its public address.
    pub address: String,
    /// What it is.
    #[serde(flatten)]
    pub about: PreviewLink,
}

/// A preview link as it is asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PreviewLinkInput {
    /// Who it is for, up to 120 characters: `the lawyers`. Only colleagues see it.
    #[serde(default)]
    #[schema(value_type = Option<Line<120>>)]
    pub label: Patch<Line<120>>,
    /// When it stops to be good: 30 days from now at most, 7 days when absent.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    pub expires_at: Patch<Timestamp>,
}

/// What `POST` takes; nothing at all will do.
pub type NewPreviewLink = Complete<PreviewLinkInput>;

/// One page of preview links.
pub type PreviewLinkList = page::List<PreviewLink>;

impl Input for PreviewLinkInput {
    const READ_ONLY: &'static [&'static str] = &["id", "token", "address", "hint", "made_by", "created_at"];
}

impl PreviewLink {
    /// An example for the API docs.
    pub fn sample() -> Value {
        json!({
            "id": "01997b2e-ee10-7d3e-8d41-3f6c2f0e9f70",
            "label": "the lawyers",
            "hint": "0000",
            "made_by": "01997b2e-cc10-7d3e-8d41-3f6c2f0e9e50",
            "created_at": "2026-03-04T15:00:00Z",
            "expires_at": "2026-03-11T15:00:00Z"
        })
    }
}

impl FreshPreviewLink {
    /// An example for the API docs.
    pub fn sample() -> Value {
        let mut sample = PreviewLink::sample();
        if let Some(members) = sample.as_object_mut() {
            // No link of anybody: its checksum is wrong.
            let token = format!("dlp_{}", "0123456789abcdef".repeat(3) + "00000000");
            members.insert("address".to_owned(), format!("https://news.example.org/v1/previews/{token}").into());
            members.insert("token".to_owned(), token.into());
        }
        sample
    }
}

impl PreviewLinkInput {
    /// An example of a request, for the API docs.
    pub fn sample() -> Value {
        json!({ "label": "the lawyers" })
    }
}
