//! The second step of signing in.

use serde::Serialize;
use utoipa::ToSchema;

use super::challenge::{self, ChallengeToken};
use super::code::Code;
use super::wrong_code;
use crate::auth::sessions::{Means, Opened, SessionTokens, Sessions, open};
use crate::auth::user_store::{self, UserRow};
use crate::auth::visitor::Visitor;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::events::Actor;
use crate::http::query::WriteOptions;

/// What a right password gives.
pub enum SignIn {
    /// A session.
    Whole(SessionTokens),
    /// The question for a code.
    Challenged(SignInChallenge),
}

/// The password was right, and a code is to come.
#[derive(Serialize, ToSchema)]
pub struct SignInChallenge {
    /// For `POST /v1/auth/second-factor/verify`, with a code.
    pub challenge: String,
    /// Seconds until it is good no more.
    pub expires_in: u64,
}

impl SignInChallenge {
    /// An example for the API docs.
    pub fn sample() -> SignInChallenge {
        let challenge = "dlc_ZXhhbXBsZSBvbmx5LCBub3QgYSB0b2tlbiBvZiBhbnk".to_owned();
        SignInChallenge { challenge, expires_in: challenge::LIFETIME.as_secs() }
    }
}

/// Asks whoever knows the password of an account for a code.
pub fn ask(connection: &mut AnyConnection, user: &UserRow, now: Timestamp) -> Result<SignInChallenge> {
    let token = ChallengeToken::make()?;
    challenge::put(connection, &token, user, now)?;
    Ok(SignInChallenge { challenge: token.into_text(), expires_in: challenge::LIFETIME.as_secs() })
}

impl Sessions {
    /// Begins the session of a sign-in whose password was right, for whoever has a code, too. A wrong one counts like a
    /// wrong password, at the same account.
    ///
    /// Errors: 401 when the challenge is good no more, 422 on `/code` when that is wrong, 429 after too many wrong guesses.
    pub async fn verify(&self, visitor: Visitor, challenge: ChallengeToken, code: Code) -> Result<SessionTokens> {
        // First: a code that is used up without a session would keep its owner waiting.
        let keys = self.keys.keyring(&self.db).await?;
        let hash = challenge.hash();
        let (key, now) = (hash.clone(), self.clock.now());
        let asked = self.db.read(move |connection| challenge::owner(connection, &key, now)).await?;
        let account = asked.as_ref().map_or(&hash, |user| &user.email_key).clone();
        let check = self.check_code(&visitor, (hash, asked), code);
        self.tokens_for(&keys, self.guarded(&visitor, &account, check).await?)
    }

    async fn check_code(
        &self,
        visitor: &Visitor,
        (hash, asked): (String, Option<UserRow>),
        code: Code,
    ) -> Result<Opened> {
        let asked = asked.ok_or_else(over)?;
        let (visitor, factors) = (visitor.clone(), self.second_factors.get_ref().clone());
        let write =
            self.ledger.write(Actor::User(asked.id.clone()), WriteOptions::default(), move |connection, journal| {
                // Held first, so that another password comes entirely before this or after.
                user_store::hold(connection, &asked.id)?;
                let user = challenge::owner(connection, &hash, journal.now())?.filter(|user| user.active);
                let user = user.ok_or_else(over)?;
                if !factors.accept(connection, journal, (&user.id, &code, &visitor))? {
                    challenge::count_attempt(connection, &hash)?;
                    return Ok(None);
                }
                if !challenge::take(connection, &hash)? {
                    return Err(over());
                }
                open(connection, journal, (user, &visitor), Means::Password).map(Some)
            });
        write.await?.ok_or_else(wrong_code)
    }
}

/// One answer, whatever the reason.
fn over() -> Error {
    Error::Unauthorized(
        "This sign-in is over: it was finished, took longer than five minutes, or had too many wrong codes. Sign in \
         again."
            .into(),
    )
}
