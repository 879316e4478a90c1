//! What a sign-in leaves in the database for its next step, so that any instance can go on with it: the state that comes
//! back from the provider, and the one-time code that the front end exchanges. One that was used is gone, so of two that
//! come with the same one only one succeeds.

use std::time::Duration;

use diesel::prelude::*;

use super::proof::Challenge;
use crate::auth::opaque_token::{Kind, OpaqueToken};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::sign_in_tickets;
use crate::db::types::text_enum;
use crate::error::{Error, Result};
use crate::http::network::Network;

/// How long somebody may take at the provider.
pub const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// How long a code is good: the front end that it is for is being loaded.
const CODE_LIFETIME: Duration = Duration::from_secs(2 * 60);

/// Most sign-ins of one network that are not finished. A whole newsroom may be behind one address.
const MOST_OF_NETWORK: i64 = 100;

/// Most that are kept at all; after that the oldest make room. Codes are not counted: whoever has one came back.
const MOST: i64 = 10_000;

/// What goes to the provider and comes back.
pub type StateToken = OpaqueToken<Away>;

/// What the cookie of the browser holds.
pub type BrowserToken = OpaqueToken<Browsing>;

/// What the front end exchanges.
pub type SignInCode = OpaqueToken<Returning>;

/// Being at the provider.
pub struct Away;

/// Being the browser that began.
pub struct Browsing;

/// Being back from the provider.
pub struct Returning;

impl Kind for Away {
    const PREFIX: &'static str = "dls_";
    const NAME: &'static str = "StateToken";
    const CODE: &'static str = "invalid_state";
    const DETAIL: &'static str = "must be the state that was sent to the provider; it begins with dls_";
}

impl Kind for Browsing {
    const PREFIX: &'static str = "dlb_";
    const NAME: &'static str = "BrowserToken";
    const CODE: &'static str = "invalid_browser";
    const DETAIL: &'static str = "must be what the cookie holds; it begins with dlb_";
}

impl Kind for Returning {
    const PREFIX: &'static str = "dlo_";
    const NAME: &'static str = "SignInCode";
    const CODE: &'static str = "invalid_sign_in_code";
    const DETAIL: &'static str = "must be what stands behind #sign_in= or #link= in the address; it begins with dlo_";
}

text_enum! {
    /// What somebody goes to the provider for.
    pub enum Errand {
        /// To sign in.
        SignIn = "sign_in",
        /// To link the account that they are signed in with.
        Link = "link",
    }
}

/// A ticket as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sign_in_tickets)]
pub struct Ticket {
    /// Of what somebody comes with.
    pub hash: String,
    /// What it is for.
    pub purpose: Errand,
    /// Of the cookie; a code has none.
    pub browser: Option<String>,
    /// What the front end has the verifier of.
    pub challenge: String,
    /// From where it was begun.
    pub network: Option<String>,
    /// Whose code it is, when it signs in.
    pub user_id: Option<String>,
    /// With whom the code links, when it does: who vouches,
    pub issuer: Option<String>,
    /// and for whom.
    pub subject: Option<String>,
    /// Whether the provider asked for a second factor.
    pub second_factor: bool,
    /// When it stops to be good.
    pub expires_at: Timestamp,
}

impl Ticket {
    /// For somebody who goes to the provider.
    pub fn of_state(
        (state, browser): (&StateToken, &BrowserToken),
        (errand, challenge): (Errand, Challenge),
        network: Option<Network>,
        now: Timestamp,
    ) -> Ticket {
        Ticket {
            hash: state.hash(),
            purpose: errand,
            browser: Some(browser.hash()),
            challenge: challenge.into_text(),
            network: network.map(|network| network.to_string()),
            user_id: None,
            issuer: None,
            subject: None,
            second_factor: false,
            expires_at: now.after(LIFETIME),
        }
    }

    /// The next one of the same sign-in, for this code: it belongs to nobody yet.
    pub fn of_code(self, code: &SignInCode, now: Timestamp) -> Ticket {
        Ticket { hash: code.hash(), browser: None, network: None, expires_at: now.after(CODE_LIFETIME), ..self }
    }
}

/// Keeps the ticket of somebody who goes to the provider.
///
/// Errors: 429 when too many of their network are on the way.
pub fn put_state(connection: &mut AnyConnection, ticket: &Ticket, now: Timestamp) -> Result<()> {
    if let Some(network) = &ticket.network {
        let theirs = sign_in_tickets::table
            .filter(sign_in_tickets::network.eq(network))
            .filter(sign_in_tickets::expires_at.gt(now));
        if theirs.count().get_result::<i64>(connection)? >= MOST_OF_NETWORK {
            return Err(Error::TooManyRequests(LIFETIME));
        }
    }
    make_room(connection)?;
    put(connection, ticket)
}

/// Keeps a ticket.
pub fn put(connection: &mut AnyConnection, ticket: &Ticket) -> Result<()> {
    diesel::insert_into(sign_in_tickets::table).values(ticket).execute(connection)?;
    Ok(())
}

fn make_room(connection: &mut AnyConnection) -> Result<()> {
    let states = sign_in_tickets::table.filter(sign_in_tickets::browser.is_not_null());
    let there: i64 = states.count().get_result(connection)?;
    if there >= MOST {
        let oldest = states.order(sign_in_tickets::expires_at.asc()).limit(there - MOST + 1);
        let oldest: Vec<String> = oldest.select(sign_in_tickets::hash).load(connection)?;
        let oldest = sign_in_tickets::table.filter(sign_in_tickets::hash.eq_any(oldest));
        diesel::delete(oldest).execute(connection)?;
    }
    Ok(())
}

/// Uses up the state that a browser came back with, by the hashes of both; `None` when it is not good, or another
/// browser's.
pub fn take_state(
    connection: &mut AnyConnection,
    (state, browser): (&str, &str),
    now: Timestamp,
) -> Result<Option<Ticket>> {
    let good = sign_in_tickets::table
        .filter(sign_in_tickets::hash.eq(state))
        .filter(sign_in_tickets::browser.eq(browser))
        .filter(sign_in_tickets::expires_at.gt(now));
    Ok(diesel::delete(good).returning(sign_in_tickets::all_columns).get_result(connection).optional()?)
}

/// The ticket of a code that is good now; looking does not use it up.
pub fn find_code(
    connection: &mut AnyConnection,
    (errand, hash): (Errand, &str),
    now: Timestamp,
) -> Result<Option<Ticket>> {
    let good = sign_in_tickets::table
        .find(hash)
        .filter(sign_in_tickets::browser.is_null())
        .filter(sign_in_tickets::purpose.eq(errand))
        .filter(sign_in_tickets::expires_at.gt(now));
    Ok(good.select(Ticket::as_select()).first(connection).optional()?)
}

/// Uses up a code; `false` when it was used before.
pub fn take_code(connection: &mut AnyConnection, hash: &str) -> Result<bool> {
    Ok(diesel::delete(sign_in_tickets::table.find(hash)).execute(connection)? == 1)
}

/// Forgets every code of an account.
pub fn forget(connection: &mut AnyConnection, user_id: &str) -> Result<()> {
    diesel::delete(sign_in_tickets::table.filter(sign_in_tickets::user_id.eq(user_id))).execute(connection)?;
    Ok(())
}

/// Deletes tickets that have run out; gives how many.
pub fn prune(connection: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    Ok(diesel::delete(sign_in_tickets::table.filter(sign_in_tickets::expires_at.le(now))).execute(connection)?)
}
