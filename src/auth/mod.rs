//! Who you are and what you may do.
//!
//! | file | what it answers |
//! |---|---|
//! | [`permission`], [`grant`], [`role`], [`roles`] | what one may do, within which limits, and which roles have it |
//! | [`decide`](mod@decide) | the one function that decides who may do what to what |
//! | [`caller`], [`authenticate`](mod@authenticate) | who is calling, and the types that handlers ask with |
//! | [`token`], [`refresh_token`], [`access_keys`] | what proves it, and the keys that sign it |
//! | [`sessions`], `session_store`, `session_list` | signing in, staying signed in, signing out |
//! | [`links`] | invites and forgotten passwords |
//! | [`single_sign_on`] | somebody else's provider says who is there |
//! | [`passkeys`] | signing in with a device, without a password |
//! | [`second_factor`] | codes from an authenticator app, between a right password and a session |
//! | `visitor` | where a request comes from |
//! | [`api_tokens`], [`lifetime`] | what programs sign in with, and for how long |
//! | [`opaque`], [`opaque_token`], `random` | secrets that are known by their hash: those that people keep, and those that only programs see |
//! | `cipher` | what has to be read again, and by nobody else |
//! | [`standing`], `handed_out` | what outlives the request that made it, and ends with its maker |
//! | [`password`], `common_passwords`, [`hashing`], [`limiter`] | what a good password is, how it is kept, how guessing is slowed down |
//! | [`user`], [`accounts`], `user_store` | the accounts, for the API and the command line alike |
//! | [`api`], [`users_api`] | the addresses |

pub mod access_keys;
pub mod accounts;
pub mod api;
pub mod api_tokens;
pub mod authenticate;
pub mod caller;
mod cipher;
mod common_passwords;
pub mod decide;
pub mod grant;
mod handed_out;
pub mod hashing;
pub mod lifetime;
pub mod limiter;
pub mod links;
pub mod opaque;
pub mod opaque_token;
pub mod passkeys;
pub mod password;
pub mod permission;
mod random;
pub mod refresh_token;
mod registered;
pub mod role;
pub mod roles;
pub mod second_factor;
mod session_list;
mod session_store;
pub mod sessions;
mod sessions_api;
pub mod single_sign_on;
pub mod standing;
pub mod token;
pub mod user;
mod user_store;
pub mod users_api;
mod visitor;

use crate::db::AnyConnection;
use crate::error::Result;
use crate::events::Journal;
use crate::http::service_config::ServiceConfig;

pub use access_keys::AccessKeys;
pub use accounts::Accounts;
pub use api_tokens::ApiTokenRow;
pub use authenticate::authenticate;
pub use caller::{Allow, Caller, Credential, SignedIn};
pub use decide::{Refusal, Story, decide};
pub use grant::Grant;
pub use hashing::Passwords;
pub use limiter::{ResetLimiter, SignInLimiter};
pub use links::Links;
pub use passkeys::{PasskeyRow, Passkeys};
pub use permission::{Needs, Permission, needs};
pub use role::Role;
pub use roles::{RoleName, RoleRow};
pub use second_factor::SecondFactors;
pub use session_store::Beginning as SessionBeginning;
pub use single_sign_on::{IdentityRow, SingleSignOn};
pub use user::{NewUser, User, UserInput};
pub use user_store::UserRow;

/// The addresses of this room, inside the scope `/v1`.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(api::sign_in)
        .service(api::refresh_session)
        .service(api::sign_out)
        .service(api::get_me)
        .service(api::change_password)
        .service(users_api::list_users)
        .service(users_api::create_user)
        .service(users_api::get_user)
        .service(users_api::update_user)
        .service(users_api::delete_user)
        .configure(links::routes)
        .configure(second_factor::routes)
        .configure(single_sign_on::routes)
        .configure(passkeys::routes)
        .configure(roles::routes)
        .configure(sessions_api::routes)
        .configure(api_tokens::routes);
}

/// The addresses of this room that stand outside of `/v1`.
pub fn well_known_routes(config: &mut ServiceConfig) {
    config.configure(access_keys::routes);
}

/// Deletes what has run out: sessions with their refresh tokens, API tokens, one-time links, what second factors,
/// single sign-on and passkeys leave behind, and keys; for the background loop. Gives how many rows.
pub fn prune(connection: &mut AnyConnection, journal: &mut Journal) -> Result<usize> {
    let now = journal.now();
    let removed = session_store::prune(connection, now)? + api_tokens::prune(connection, journal)?;
    let removed = removed + second_factor::prune(connection, now)? + single_sign_on::prune(connection, now)?;
    let removed = removed + passkeys::prune(connection, now)?;
    Ok(removed + links::prune(connection, now)? + access_keys::prune(connection, now)?)
}
