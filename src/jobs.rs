//! The background loop. It only tidies and announces; what readers see never waits for it. Each tick is a plain
//! function of a connection and a moment, so that a test can call it.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use crate::articles;
use crate::auth::{self, Links, links::letters};
use crate::clock::{Clock, Timestamp};
use crate::db::{AnyConnection, Db};
use crate::error::Result;
use crate::events::{Actor, Journal, Ledger};
use crate::http::query::WriteOptions;
use crate::live::Follower;
use crate::mail::queue;
use crate::smtp::Mailer;
use crate::tallies;

/// How often the house is tidied.
const BETWEEN_TIDYINGS: Duration = Duration::from_secs(15 * 60);

/// How late the log may say that a story went live or expired.
const BETWEEN_ANNOUNCEMENTS: Duration = Duration::from_secs(1);

/// How long a letter waits before it is first tried.
const BETWEEN_DELIVERIES: Duration = Duration::from_secs(1);

/// Tidies, announces and delivers until it is dropped. A tick that fails is logged and the next one comes all the same.
pub async fn run(db: Db, clock: Clock, ledger: Ledger, mailer: Option<Mailer>, links: Links) {
    if let Err(error) = ledger.keep_key().await {
        tracing::warn!(%error, "the key of the log could not be kept yet; the next write does it");
    }
    tokio::join!(
        async {
            loop {
                match ledger.write(Actor::Clock, WriteOptions::default(), tidy).await {
                    Ok(0) => {}
                    Ok(removed) => tracing::debug!(removed, "what had run out was removed"),
                    Err(error) => tracing::warn!(%error, "tidying failed; it is tried again in a quarter of an hour"),
                }
                if let Err(error) = fold(&db, clock.now()).await {
                    tracing::warn!(%error, "counts were not added up; they are right all the same");
                }
                tokio::time::sleep(BETWEEN_TIDYINGS).await;
            }
        },
        async {
            loop {
                if let Err(error) = announce(&db, &clock, &ledger).await {
                    tracing::warn!(%error, "what went live or expired could not be logged yet; it is tried again");
                }
                tokio::time::sleep(BETWEEN_ANNOUNCEMENTS).await;
            }
        },
        async {
            // Without a mail server nothing is put into the queue; what is still there waits for one.
            let Some(mailer) = mailer else { return };
            loop {
                if let Err(error) = deliver(&db, (&clock, &ledger), (&mailer, &links)).await {
                    tracing::warn!(%error, "the letters that wait could not be looked at; it is tried again");
                }
                tokio::time::sleep(BETWEEN_DELIVERIES).await;
            }
        },
    );
}

/// Follows what others write into the log until it is dropped.
pub struct Following(#[expect(dead_code, reason = "held for its drop, which ends the thread")] Sender<()>);

/// Starts following, on a thread of its own.
pub fn follow(follower: Follower) -> io::Result<Following> {
    let (stop, stopped) = channel();
    thread::Builder::new().name("dateline-follower".to_owned()).spawn(move || follower.run(&stopped))?;
    Ok(Following(stop))
}

/// Puts away what has run out: sessions, tokens and links that can never be used again, signs of life, and what was
/// replaced out of the readers' indexes. Says how many rows that were.
pub fn tidy(connection: &mut AnyConnection, journal: &mut Journal) -> Result<usize> {
    let now = journal.now();
    let removed = auth::prune(connection, journal)? + articles::tidy_presence(connection, now)?;
    let removed = removed + articles::tidy_preview_links(connection, now)?;
    Ok(removed + articles::tidy_publications(connection, now)? + queue::prune(connection, now)?)
}

/// Adds up the counts of live stories, a little in each transaction, until nothing is left to add up.
pub async fn fold(db: &Db, now: Timestamp) -> Result<()> {
    while db.write(move |connection| tallies::fold(connection, now)).await? > 0 {}
    Ok(())
}

/// Writes into the log which stories went live or expired since the last time, and says how many entries were settled.
/// Takes the writer only when something is due.
pub async fn announce(db: &Db, clock: &Clock, ledger: &Ledger) -> Result<usize> {
    let mut settled = 0;
    loop {
        let now = clock.now();
        if !db.read(move |connection| articles::is_due(connection, now)).await? {
            return Ok(settled);
        }
        settled += ledger.write(Actor::Clock, WriteOptions::default(), articles::announce).await?;
    }
}

/// Sends the letters that are due, and says how many were taken from the queue. One that the mail server does not take is
/// put back for later.
pub async fn deliver(db: &Db, (clock, ledger): (&Clock, &Ledger), (mailer, links): (&Mailer, &Links)) -> Result<usize> {
    let mut taken = 0;
    loop {
        let now = clock.now();
        let Some(due) = db.read(move |connection| queue::next(connection, now)).await? else { return Ok(taken) };
        let links = links.clone();
        let write = ledger.write(Actor::Clock, WriteOptions::default(), move |connection, journal| {
            letters::write(connection, journal, (&links, &due))
        });
        taken += 1;
        let Some((letter, message)) = write.await? else { continue };
        let sent = mailer.send(message).await;
        let now = clock.now();
        match sent {
            Ok(()) => db.write(move |connection| queue::remove(connection, &letter.id)).await?,
            Err(error) => {
                let (id, attempts) = (letter.id.clone(), letter.attempts);
                if db.write(move |connection| queue::put_back(connection, &letter, now)).await? {
                    tracing::error!(%error, id, attempts, "a letter was given up; the mail server never took it");
                } else {
                    tracing::warn!(%error, id, attempts, "the mail server did not take a letter; it is tried again");
                }
            }
        }
    }
}
