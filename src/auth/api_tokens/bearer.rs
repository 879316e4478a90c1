//! Recognises whoever calls with an API token.

use actix_web::HttpRequest;

use super::secret::{ApiTokenSecret, ApiTokens};
use super::store::{self, Bearer};
use crate::auth::caller::{Credential, SignedIn};
use crate::auth::opaque::Purpose;
use crate::auth::registered::registered;
use crate::auth::second_factor::SecondFactors;
use crate::auth::visitor::Visitor;
use crate::clock::Clock;
use crate::db::Db;
use crate::error::{Error, Result};

/// Whether a bearer token is one of these, or means to be.
pub fn is_api_token(text: &str) -> bool {
    text.starts_with(ApiTokens::PREFIX)
}

/// Who calls with this token. Its use is noted on the side, so that nobody waits for it.
///
/// Errors: 401 when it is mistyped, unknown, expired or revoked, or its owner may not sign in.
pub async fn recognise(request: &HttpRequest, text: &str) -> Result<SignedIn> {
    let secret = ApiTokenSecret::parse(text).ok_or_else(|| {
        let detail = "This is not a whole API token: its checksum is wrong. Copy it again, from dl_ to its end.";
        Error::Unauthorized(detail.into())
    })?;
    let db = registered::<Db>(request)?;
    let now = registered::<Clock>(request)?.now();
    let second_factors = registered::<SecondFactors>(request)?;
    let found = db.look_up(move |connection| {
        let Some(bearer) = store::find(connection, &secret, now)? else { return Ok(None) };
        // A token may never more than its owner.
        let lacks_second_factor = second_factors.are_lacking(connection, &bearer.user_id, &bearer.rights)?;
        Ok(Some((bearer, lacks_second_factor)))
    });
    let (bearer, lacks_second_factor) = found.await?.ok_or_else(|| {
        tracing::debug!("an API token was refused");
        let detail = "The API token is not known, has expired or was revoked. POST /v1/tokens makes another one.";
        Error::Unauthorized(detail.into())
    })?;
    if bearer.note {
        let id = bearer.id.clone();
        let address = Visitor::of(request)?.address_text();
        actix_web::rt::spawn(async move {
            let noted = db.write(move |connection| store::note_use(connection, &id, address.as_deref(), now)).await;
            if let Err(error) = noted {
                tracing::warn!(%error, "the use of an API token could not be noted");
            }
        });
    }
    Ok(SignedIn { lacks_second_factor, ..bearer.into() })
}

impl From<Bearer> for SignedIn {
    fn from(bearer: Bearer) -> SignedIn {
        SignedIn {
            user_id: bearer.user_id,
            credential: Credential::ApiToken(bearer.id),
            rights: bearer.rights,
            lacks_second_factor: false,
        }
    }
}
