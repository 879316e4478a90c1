//! The secret of an API token.

use crate::auth::opaque::{OpaqueSecret, Purpose};

/// What API tokens are for.
pub enum ApiTokens {}

impl Purpose for ApiTokens {
    const PREFIX: &'static str = "dl_";
}

/// The secret of an API token.
pub type ApiTokenSecret = OpaqueSecret<ApiTokens>;
