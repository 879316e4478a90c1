//! Refresh tokens: long-lived, and good for one use.

use super::opaque_token::{Kind, OpaqueToken};

/// A refresh token.
pub type RefreshToken = OpaqueToken<Refreshing>;

/// Getting the next tokens of a session.
pub struct Refreshing;

impl Kind for Refreshing {
    const PREFIX: &'static str = "dlr_";
    const NAME: &'static str = "RefreshToken";
    const CODE: &'static str = "invalid_refresh_token";
    const DETAIL: &'static str =
        "must be the refresh_token that signing in or the last refresh gave; it begins with dlr_";
}
