//! Signing in, staying signed in, signing out.
//!
//! A session lives 30 days at most and 7 days without a refresh. It hands out access tokens of 15 minutes and refresh
//! tokens that are good for one use: when a used one comes back, somebody has a copy, and the session ends.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use serde::Serialize;
use utoipa::ToSchema;

use super::access_keys::{AccessKeys, Keyring};
use super::hashing::{Passwords, Verdict};
use super::limiter::{Attempt, Place, SignInLimiter};
use super::password::Password;
use super::refresh_token::RefreshToken;
use super::registered::registered;
use super::second_factor::{self, SecondFactors, SignIn};
use super::single_sign_on::{HOW, SingleSignOn};
use super::token::{self, Grant};
use super::user::User;
use super::user_store::UserRow;
use super::visitor::Visitor;
use super::{SignedIn, passkeys, session_store, user_store};
use crate::clock::{Clock, Timestamp};
use crate::db::{AnyConnection, Db};
use crate::error::{Error, Result};
use crate::events::{Action, Actor, Event, Journal, Ledger, Resource, Sealed};
use crate::http::fields::Email;
use crate::http::query::WriteOptions;

/// Why a right password is refused, for the log.
const BY_GROUPS: &str = "the password is right, but the account is linked and groups decide";

/// What signing in and refreshing give.
#[derive(Serialize, ToSchema)]
pub struct SessionTokens {
    /// For the header `Authorization: Bearer …`.
    pub access_token: String,
    /// How to send the access token.
    #[schema(value_type = String)]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    pub expires_in: i64,
    /// Good for one `POST /v1/auth/refresh`, which gives the next one.
    pub refresh_token: String,
    /// Who is signed in.
    pub user: User,
}

impl SessionTokens {
    /// One answer for the API's documentation.
    pub fn sample() -> SessionTokens {
        let [user, _] = User::samples();
        SessionTokens {
            access_token: "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.eyJpc3MiOiJkYXRlbGluZSJ9.c2lnbmF0dXJl".to_owned(),
            token_type: "Bearer",
            expires_in: 900,
            refresh_token: "dlr_ZXhhbXBsZSBvbmx5LCBub3QgYSB0b2tlbiBvZiBhbnk".to_owned(),
            user,
        }
    }
}

/// The sessions of the newsroom.
pub struct Sessions {
    pub(super) db: Data<Db>,
    pub(super) ledger: Data<Ledger>,
    pub(super) clock: Data<Clock>,
    pub(super) keys: Data<AccessKeys>,
    passwords: Data<Passwords>,
    limiter: Data<SignInLimiter>,
    pub(super) second_factors: Data<SecondFactors>,
    pub(super) single_sign_on: Data<SingleSignOn>,
}

impl FromRequest for Sessions {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let all = || {
            Ok(Sessions {
                ledger: registered::<Ledger>(request)?.clone(),
                db: registered(request)?,
                clock: registered(request)?,
                keys: registered(request)?,
                passwords: registered(request)?,
                limiter: registered(request)?,
                second_factors: registered(request)?,
                single_sign_on: registered(request)?,
            })
        };
        ready(all())
    }
}

/// A session with what its holder needs to go on.
pub(super) struct Opened {
    user: User,
    session_id: String,
    expires_at: Timestamp,
    refresh_token: RefreshToken,
}

/// How somebody showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// By a password and, where one is on, a second factor.
    Password,
    /// By single sign-on.
    SingleSignOn {
        /// Whether the provider asked for a second factor.
        second_factor: bool,
    },
    /// By a passkey: the device, and what it was shown.
    Passkey,
}

impl Means {
    /// Whether it was two factors already, so that none of ours has to be set up.
    fn has_second_factor(self) -> bool {
        matches!(self, Means::Passkey | Means::SingleSignOn { second_factor: true })
    }

    /// What the log says of it, and of where they were.
    fn note(self, visitor: &Visitor) -> Option<String> {
        match self {
            Means::Password => visitor.note(),
            Means::SingleSignOn { .. } => Some(visitor.note_behind(HOW)),
            Means::Passkey => Some(visitor.note_behind(passkeys::HOW)),
        }
    }
}

/// What a right password, or the word of the provider, led to.
pub(super) enum Begun {
    Opened(Opened),
    Challenged(second_factor::SignInChallenge),
}

impl Sessions {
    /// Begins a session for whoever knows the password, or asks for the code that their account takes. Takes as long and
    /// says the same whether or not there is such an account, and whether or not it takes a password.
    ///
    /// Errors: 401, 429 after too many wrong guesses, 503 when too many sign in at once.
    pub async fn sign_in(&self, visitor: Visitor, email: Email, password: Password) -> Result<SignIn> {
        // First, because whoever was signed in must be told so.
        let keys = self.keys.keyring(&self.db).await?;
        let signed_in = self.guarded(&visitor, &email.key(), self.check_and_begin(&visitor, &email, &password)).await;
        if let Err(Error::Unauthorized(_)) = &signed_in {
            tracing::info!(address = visitor.address_text(), "a sign-in was refused");
        }
        self.told(&keys, signed_in?)
    }

    /// What whoever began a sign-in is told.
    pub(super) fn told(&self, keys: &Keyring, begun: Begun) -> Result<SignIn> {
        match begun {
            Begun::Opened(opened) => self.tokens_for(keys, opened).map(SignIn::Whole),
            Begun::Challenged(challenge) => Ok(SignIn::Challenged(challenge)),
        }
    }

    /// Runs a check of a password or a code between the two halves of the limiter: only a wrong one counts.
    pub async fn guarded<T>(
        &self,
        visitor: &Visitor,
        account: &str,
        check: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let attempt = self.begin(visitor, account).await?;
        let outcome = check.await;
        if !outcome.as_ref().is_err_and(is_wrong_guess) {
            self.limiter.take_back(&attempt);
        }
        outcome
    }

    /// Begins as a stranger and, when strangers have to wait, as somebody familiar. That counts before it is looked up, so
    /// that a flood of guesses asks the database next to nothing.
    async fn begin(&self, visitor: &Visitor, account: &str) -> Result<Attempt> {
        let (now, network) = (self.clock.now(), visitor.network());
        let refused = match self.limiter.begin(now, Place { network, is_familiar: false }, account) {
            Err(refused) => refused,
            begun => return begun,
        };
        match self.limiter.begin(now, Place { network, is_familiar: true }, account) {
            Ok(attempt) if self.is_familiar(visitor, account).await? => Ok(attempt),
            _ => Err(refused),
        }
    }

    /// Whether the account was used lately from the network of this visitor.
    async fn is_familiar(&self, visitor: &Visitor, account: &str) -> Result<bool> {
        let Some(network) = visitor.network() else { return Ok(false) };
        let account = account.to_owned();
        self.db.read(move |connection| session_store::was_used_from(connection, &account, network)).await
    }

    async fn check_and_begin(&self, visitor: &Visitor, email: &Email, password: &Password) -> Result<Begun> {
        let key = email.key();
        let single_sign_on = self.single_sign_on.clone();
        let read = self.db.read(move |connection| {
            let found = user_store::find_by_email(connection, &key)?;
            // Looked up for nobody, too: one takes as long as the other.
            let id = found.as_ref().map_or("", |user| &user.id);
            let decides = single_sign_on.decides_over(connection, id)?;
            Ok((found, decides))
        });
        let (found, by_groups) = read.await?;
        let stored = found.as_ref().map(|user| user.password_hash.clone());
        let verdict = self.passwords.verify(password, stored).await?;
        let (user, stronger) = match (found, verdict) {
            (Some(user), Verdict::Right { stronger }) if user.active && !user.invited && !by_groups => (user, stronger),
            (found, verdict) => {
                let is_right = matches!(verdict, Verdict::Right { .. });
                let note = if by_groups && is_right { Some(visitor.note_behind(BY_GROUPS)) } else { visitor.note() };
                self.note_refusal(found.map(|user| user.id), note).await?;
                return Err(wrong_sign_in());
            }
        };
        let (visitor, single_sign_on) = (visitor.clone(), self.single_sign_on.clone());
        self.ledger
            .write(Actor::User(user.id.clone()), WriteOptions::default(), move |connection, journal| {
                let password_hash = stronger.unwrap_or_else(|| user.password_hash.clone());
                if !user_store::confirm_password(connection, &user.id, &user.password_hash, &password_hash)? {
                    return Err(wrong_sign_in());
                }
                // Linked at this moment.
                if single_sign_on.decides_over(connection, &user.id)? {
                    return Err(wrong_sign_in());
                }
                if password_hash != user.password_hash {
                    note_rehash(connection, journal, &user.id)?;
                }
                let user = UserRow { password_hash, ..user };
                if second_factor::is_on(connection, &user.id)? {
                    return second_factor::ask(connection, &user, journal.now()).map(Begun::Challenged);
                }
                open(connection, journal, (user, &visitor), Means::Password).map(Begun::Opened)
            })
            .await
    }

    /// Writes a refused sign-in to the log, for an account that exists and for one that does not: both take as long. What
    /// was typed is not kept; people type passwords into the wrong field.
    pub(super) async fn note_refusal(&self, id: Option<String>, note: Option<String>) -> Result<()> {
        let id = id.unwrap_or_else(|| "unknown".to_owned());
        let write = self.ledger.write(Actor::Anonymous, WriteOptions::default(), move |_, journal| {
            journal.record(Event::new(Action::SignInRefused, Resource::User, id).noted(note));
            Ok(())
        });
        write.await
    }

    /// Exchanges a refresh token for the next one and an access token.
    ///
    /// Errors: 401 when the token is unknown or was used before, or the session has ended.
    pub async fn refresh(&self, visitor: Visitor, token: RefreshToken) -> Result<SessionTokens> {
        // First: a refresh token that is used up without the next one would sign its owner out.
        let keys = self.keys.keyring(&self.db).await?;
        let next = RefreshToken::make()?;
        let opened = self.ledger.write(Actor::Anonymous, WriteOptions::default(), move |connection, journal| {
            exchange(connection, journal, (&token.hash(), &visitor), next)
        });
        match opened.await? {
            Some(opened) => self.tokens_for(&keys, opened),
            None => Err(Error::Unauthorized(
                "The session has ended, or this refresh token was used before. Sign in again.".into(),
            )),
        }
    }

    /// Ends a session, for its access token too.
    pub async fn sign_out(&self, user: &SignedIn) -> Result<()> {
        let Some(session_id) = user.session_id().map(str::to_owned) else { return Ok(()) };
        self.ledger
            .write(user.actor(), WriteOptions::default(), move |connection, journal| {
                if session_store::end(connection, &session_id, journal.now())? {
                    journal.record(Event::new(Action::SignedOut, Resource::Session, session_id));
                }
                Ok(())
            })
            .await
    }

    pub(super) fn tokens_for(&self, keys: &Keyring, opened: Opened) -> Result<SessionTokens> {
        let grant = Grant { user_id: opened.user.id.clone(), session_id: opened.session_id };
        let access = token::issue(keys, grant, self.clock.now(), opened.expires_at)?;
        Ok(SessionTokens {
            access_token: access.text,
            token_type: "Bearer",
            expires_in: access.expires_in,
            refresh_token: opened.refresh_token.into_text(),
            user: opened.user,
        })
    }
}

/// Notes that the hash of a password was made anew, so that the log knows the account as it is now.
fn note_rehash(connection: &mut AnyConnection, journal: &mut Journal, id: &str) -> Result<()> {
    // Read again: the name may have been changed while the password was being checked.
    if let Some(row) = user_store::find(connection, id)? {
        let rehashed = Event::new(Action::PasswordRehashed, Resource::User, id);
        journal.record(rehashed.sealing(row.seal(connection)?));
    }
    Ok(())
}

/// Begins a session for somebody who has shown everything that it takes.
pub(super) fn open(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    (user, visitor): (UserRow, &Visitor),
    means: Means,
) -> Result<Opened> {
    let refresh_token = RefreshToken::make()?;
    let by = (&*user.id, visitor, means.has_second_factor());
    let session = session_store::begin(connection, by, journal.now())?;
    session_store::add_token(connection, &session.id, &refresh_token, journal.now())?;
    let signed_in = Event::new(Action::SignedIn, Resource::Session, &session.id);
    journal.record(signed_in.noted(means.note(visitor)).sealing(session.seal(connection)?));
    let possessions = user_store::possessions_of(connection, &user.id)?;
    let user = User::of(user, possessions);
    Ok(Opened { user, session_id: session.id, expires_at: session.expires_at, refresh_token })
}

/// Uses up one refresh token and keeps the next. `None` is a refusal that must be committed all the same: the end of a
/// session whose token came back would otherwise be undone by saying no.
fn exchange(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    (hash, visitor): (&str, &Visitor),
    next: RefreshToken,
) -> Result<Option<Opened>> {
    let now = journal.now();
    let Some(session_id) = session_store::session_of_token(connection, hash)? else { return Ok(None) };
    if !session_store::use_token(connection, hash, now)? {
        if session_store::end(connection, &session_id, now)? {
            let reused = Event::new(Action::TokenReused, Resource::Session, session_id);
            journal.record(reused.noted(visitor.note()));
        }
        return Ok(None);
    }
    if !session_store::touch(connection, (&session_id, visitor), now)? {
        return Ok(None);
    }
    let Some(holder) = session_store::holder(connection, &session_id, now)? else { return Ok(None) };
    let Some((user, possessions)) = user_store::find_whole(connection, &holder.user_id)? else { return Ok(None) };
    session_store::add_token(connection, &session_id, &next, now)?;
    let user = User::of(user, possessions);
    Ok(Some(Opened { user, session_id, expires_at: holder.expires_at, refresh_token: next }))
}

/// Whether a check failed because of the password, the code or the link, and not because something else was refused or
/// broke.
fn is_wrong_guess(error: &Error) -> bool {
    matches!(error, Error::Unauthorized(_))
        || error
            .rejections()
            .iter()
            .any(|one| matches!(one.code.as_str(), "wrong_password" | "wrong_code" | "link_not_good" | "code_not_good"))
}

/// One answer, whichever of the two was wrong.
fn wrong_sign_in() -> Error {
    Error::Unauthorized(
        "The e-mail address or the password is wrong, or the account is switched off. Check both; an admin can set a \
         new password."
            .into(),
    )
}
