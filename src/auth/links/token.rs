//! The secrets in one-time links. One kind for each purpose, so that none can pass for the other.

use crate::auth::opaque_token::{Kind, OpaqueToken};

/// The secret of an invite.
pub type InviteToken = OpaqueToken<Inviting>;

/// The secret of a link that resets a password.
pub type ResetToken = OpaqueToken<Resetting>;

/// Taking an account that was made for somebody.
pub struct Inviting;

/// Setting a new password in place of a forgotten one.
pub struct Resetting;

impl Kind for Inviting {
    const PREFIX: &'static str = "dli_";
    const NAME: &'static str = "InviteToken";
    const CODE: &'static str = "invalid_invite_token";
    const DETAIL: &'static str = "must be what stands behind #invite= in the link; it begins with dli_";
}

impl Kind for Resetting {
    const PREFIX: &'static str = "dln_";
    const NAME: &'static str = "ResetToken";
    const CODE: &'static str = "invalid_reset_token";
    const DETAIL: &'static str = "must be what stands behind #reset= in the link; it begins with dln_";
}
