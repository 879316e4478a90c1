//! `dateline keys`: the keys that access tokens are signed with, for the person who runs the server.

use clap::{Args, Subcommand};

use super::{CommandError, Shape, in_runtime};
use crate::app::App;
use crate::auth::access_keys::{self, AccessKey};
use crate::clock::Timestamp;
use crate::config::Settings;
use crate::error::Result;
use crate::events::Actor;
use crate::http::query::WriteOptions;

/// Change the key that access tokens are signed with.
///
/// Every key is derived from DATELINE_SECRET, so this is no help when that has become known: set another secret then. May
/// run beside servers, which know of it within a second.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dateline keys list\n  dateline keys rotate\n  dateline keys rotate --at-once")]
pub struct Keys {
    #[command(subcommand)]
    action: KeyAction,
}

#[derive(Debug, Subcommand)]
enum KeyAction {
    /// Sign access tokens with a new key, in five seconds from now.
    ///
    /// Nobody is signed out: tokens of the key before it are accepted until they have expired, which takes a quarter of an
    /// hour. Until then there is no other rotation, but one at once. Nothing else is signed with these keys: refresh tokens,
    /// API tokens, preview links, cursors and the log stay as they are.
    Rotate {
        /// Sign with it now, and accept no token of any other key: for a key that somebody else has. Whoever is signed in
        /// gets another token with the next refresh.
        #[arg(long)]
        at_once: bool,
    },
    /// List the keys that are accepted, and the one of the log.
    List,
}

impl Keys {
    /// Does it, and prints what there is then.
    pub fn run(self, settings: Settings) -> Result<(), CommandError> {
        in_runtime((settings, Shape::LeftAlone), |app| self.act(app))
    }

    async fn act(self, app: App) -> Result<(), CommandError> {
        if let KeyAction::Rotate { at_once } = self.action {
            let rotate = move |connection: &mut _, journal: &mut _| access_keys::rotate(connection, journal, at_once);
            app.ledger().write(Actor::Operator, WriteOptions::default(), rotate).await?;
        }
        Ok(list(&app).await?)
    }
}

/// Prints one line for each key: its name, what it signs, and when.
async fn list(app: &App) -> Result<()> {
    let (keyring, now) = (app.access_keys().keyring(app.db()).await?, app.clock().now());
    let signing = keyring.signing(now)?.kid();
    for key in keyring.trusted(now) {
        println!("{}  access tokens  {}", key.kid(), in_words(key, signing, now));
    }
    println!(
        "{}  the log        signs; another one comes only with another DATELINE_SECRET",
        app.signer().public_key().kid
    );
    Ok(())
}

fn in_words(key: &AccessKey, signing: &str, now: Timestamp) -> String {
    let term = key.term();
    match term.trusted_until.unless_forever() {
        _ if term.signs_from > now => format!("signs from {} on", term.signs_from),
        Some(end) if key.kid() == signing => format!("signs; accepted until {end}"),
        Some(end) => format!("accepted until {end}"),
        None => "signs".to_owned(),
    }
}
