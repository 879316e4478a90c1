//! What ties the two halves of a ceremony together: a token that holds the state of the first half, sealed, so that nothing
//! has to be kept for whoever begins and never comes back.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::auth::cipher::Cipher;
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::error::{Error, Result};
use crate::hash::sha256;
use crate::http::fields::refusal;

/// How long somebody may take with their device.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// What every token begins with.
const PREFIX: &str = "dlw_";

/// What a ceremony is for. One that began for one thing finishes no other.
#[derive(Debug, Clone, Copy)]
pub enum Purpose<'a> {
    /// To sign in, whoever it is.
    SignIn,
    /// To add a passkey to this account, in this session.
    Register {
        /// The account.
        user_id: &'a str,
        /// The session.
        session_id: &'a str,
    },
}

impl Purpose<'_> {
    fn place(self) -> String {
        match self {
            Purpose::SignIn => "sign in".to_owned(),
            Purpose::Register { user_id, session_id } => format!("register {user_id} {session_id}"),
        }
    }
}

/// What a front end hands back when a ceremony goes on.
pub struct CeremonyToken(Vec<u8>);

/// A ceremony that goes on.
pub struct Ceremony {
    /// What the first half left for the second.
    pub state: Vec<u8>,
    /// By what it is remembered that it succeeded.
    pub hash: String,
    /// When it runs out.
    pub expires_at: Timestamp,
}

/// A ceremony that has begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct BegunCeremony {
    /// To be sent back with what the browser gives, within five minutes.
    pub ceremony: String,
    /// For the browser: what `parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` of `PublicKeyCredential` takes.
    #[schema(value_type = Object)]
    pub public_key: Value,
}

/// Begins ceremonies, and goes on with them: on any instance with the same secret.
pub struct Ceremonies(Cipher);

impl Ceremonies {
    /// Those of an instance.
    pub fn new(secret: &Secret) -> Ceremonies {
        Ceremonies(Cipher::new(secret, "passkeys"))
    }

    /// Begins one: `state` is for its second half, `public_key` for the browser.
    pub fn begin(
        &self,
        purpose: Purpose<'_>,
        (state, public_key): (&[u8], &impl Serialize),
        now: Timestamp,
    ) -> Result<BegunCeremony> {
        let expires_at = now.after(LIFETIME).microseconds();
        let plain = [expires_at.to_be_bytes().as_slice(), state].concat();
        let sealed = self.0.seal(&purpose.place(), &plain)?;
        let public_key = serde_json::to_value(public_key).map_err(Error::internal)?;
        Ok(BegunCeremony { ceremony: format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed)), public_key })
    }

    /// Goes on with one; `None` when it has run out, was for something else, or never began here.
    pub fn resume(&self, purpose: Purpose<'_>, token: &CeremonyToken, now: Timestamp) -> Option<Ceremony> {
        let plain = self.0.open(&purpose.place(), &token.0)?;
        let (expires_at, state) = plain.split_first_chunk()?;
        let expires_at = Timestamp::from_microseconds(i64::from_be_bytes(*expires_at))?;
        (now < expires_at).then(|| Ceremony { state: state.to_vec(), hash: sha256(&token.0), expires_at })
    }
}

impl<'de> Deserialize<'de> for CeremonyToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let sealed = text.strip_prefix(PREFIX).and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok());
        let detail = "must be the ceremony that beginning gave; it begins with dlw_";
        sealed.map(CeremonyToken).ok_or_else(|| refusal("invalid_ceremony", detail))
    }
}

impl PartialSchema for CeremonyToken {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some(format!("^{PREFIX}[A-Za-z0-9_-]*$"))).into()
    }
}

impl ToSchema for CeremonyToken {
    fn name() -> Cow<'static, str> {
        "CeremonyToken".into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    const ADA: Purpose<'_> = Purpose::Register { user_id: "ada", session_id: "here" };

    fn ceremonies(secret: &str) -> Ceremonies {
        Ceremonies::new(&Secret::new(secret.to_owned()).unwrap())
    }

    #[test]
    fn s23_a_ceremony_goes_on_for_what_it_began_and_within_five_minutes() {
        let ours = ceremonies("0123456789abcdef0123456789abcdef");
        let begin: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let begun = ours.begin(ADA, (b"state", &json!({ "challenge": "x" })), begin).unwrap();
        let token: CeremonyToken = from_value(json!(begun.ceremony)).unwrap();
        let later = |seconds| begin.after(Duration::from_secs(seconds));
        let ceremony = ours.resume(ADA, &token, later(299)).unwrap();
        assert_eq!((ceremony.state.as_slice(), ceremony.expires_at), (b"state".as_slice(), later(300)));
        assert!(ours.resume(ADA, &token, later(300)).is_none());
        let others = [
            Purpose::SignIn,
            Purpose::Register { user_id: "bo", session_id: "here" },
            Purpose::Register { user_id: "ada", session_id: "there" },
        ];
        for other in others {
            assert!(ours.resume(other, &token, begin).is_none(), "{other:?}");
        }
        assert!(ceremonies("another secret that is long enough").resume(ADA, &token, begin).is_none());
    }

    #[test]
    fn what_is_not_shaped_like_a_ceremony_is_refused() {
        for wrong in
            [json!(null), json!(1), json!(""), json!("dlc_AAAA"), json!("dlw_A"), json!("dlw_AA=="), json!("dlw_é")]
        {
            assert!(from_value::<CeremonyToken>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
