//! One-time links: an invite sets the first password, a reset the next one.
//!
//! A link holds 256 random bits, and only its hash is kept. It is good once, for a while, for the account and the e-mail
//! address that it was made for, and for its purpose only. It signs nobody in.

pub mod api;
pub mod letters;
mod opening;
mod store;
mod token;

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use self::token::{Inviting, Resetting};
use crate::auth::hashing::is_a_password;
use crate::auth::opaque_token::OpaqueToken;
use crate::auth::user_store::UserRow;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::types::text_enum;
use crate::error::Result;
use crate::events::{Action, Event, Journal, Resource};
use crate::http::service_config::ServiceConfig;
use crate::mail::queue;

pub use store::{forget, prune};

text_enum! {
    /// What a link is for.
    pub enum Purpose {
        /// To take an account that was made for somebody.
        Invite = "invite",
        /// To set a new password in place of a forgotten one.
        Reset = "reset",
    }
}

impl Purpose {
    /// How long a link is good.
    fn life(self) -> Duration {
        match self {
            Purpose::Invite => Duration::from_secs(7 * 24 * 60 * 60),
            Purpose::Reset => Duration::from_secs(60 * 60),
        }
    }

    /// Whether a link for this is anything to the account as it is now.
    fn suits(self, user: &UserRow) -> bool {
        user.active
            && match self {
                Purpose::Invite => user.invited,
                // Whoever comes by single sign-on alone has no password to reset: an admin decides whether they get one.
                Purpose::Reset => !user.invited && is_a_password(&user.password_hash),
            }
    }
}

/// How links are made, and who brings them to their owner.
#[derive(Debug, Clone)]
pub struct Links {
    /// The page of the front end that takes them. Comes from the settings alone, never from a request.
    page: String,
    /// Whether a mail server is set; without one, invites are handed over by an admin.
    by_mail: bool,
}

/// An invite, as whoever invited sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Invite {
    /// The e-mail address that it is bound to.
    pub email: String,
    /// The link to hand over, good once and for 7 days; shown this once. `null` when it goes by e-mail.
    #[schema(required)]
    pub link: Option<String>,
}

impl Invite {
    /// One for the API's documentation.
    pub fn sample() -> Invite {
        let link = "https://desk.example.org/account#invite=dli_ZXhhbXBsZSBvbmx5LCBub3QgYSBsaW5rIHRvIGFueXRoaW5";
        Invite { email: "mira@example.org".to_owned(), link: Some(link.to_owned()) }
    }
}

impl Links {
    /// `page` is where links lead to, `by_mail` whether a mail server is set.
    pub fn new(page: String, by_mail: bool) -> Links {
        Links { page, by_mail }
    }

    /// Invites somebody: by a letter or, without a mail server, by the link in the answer.
    pub(super) fn invite(
        &self,
        connection: &mut AnyConnection,
        journal: &mut Journal,
        user: &UserRow,
    ) -> Result<Invite> {
        journal.record(Event::new(Action::Invited, Resource::User, user.id.clone()));
        let email = user.email.clone();
        if self.by_mail {
            queue::put(connection, Purpose::Invite.as_str(), user.email_key.clone(), journal.now())?;
            return Ok(Invite { email, link: None });
        }
        Ok(Invite { email, link: Some(self.make(connection, journal, (Purpose::Invite, user))?) })
    }

    /// Makes a link; earlier ones for the same purpose are good no more.
    fn make(
        &self,
        connection: &mut AnyConnection,
        journal: &mut Journal,
        (purpose, user): (Purpose, &UserRow),
    ) -> Result<String> {
        let (hash, text) = match purpose {
            Purpose::Invite => hash_and_text(OpaqueToken::<Inviting>::make()?),
            Purpose::Reset => hash_and_text(OpaqueToken::<Resetting>::make()?),
        };
        store::replace(connection, (purpose, hash), user, journal.now())?;
        journal.record(Event::new(Action::LinkMade, Resource::User, user.id.clone()).noted(Some(purpose.to_string())));
        // Behind the #, where no server on the way writes it into its log.
        Ok(format!("{}#{purpose}={text}", self.page))
    }

    /// The host that letters name.
    fn site(&self) -> String {
        let host = url::Url::parse(&self.page).ok().and_then(|url| Some(url.host_str()?.to_owned()));
        host.unwrap_or_default()
    }
}

fn hash_and_text<K: super::opaque_token::Kind>(token: OpaqueToken<K>) -> (String, String) {
    (token.hash(), token.into_text())
}

/// The addresses of this room.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(api::request_password_reset)
        .service(api::reset_password)
        .service(api::accept_invite)
        .service(api::invite_user);
}

/// When a link that is made now stops to be good.
fn expiry(purpose: Purpose, now: Timestamp) -> Timestamp {
    now.after(purpose.life())
}
