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
use crate::error::{Error, Result};
use crate::events::{Actor, Journal, Ledger};
use crate::http::query::WriteOptions;
use crate::live::Follower;
use crate::mail::{Letter, queue};
use crate::panics;
use crate::smtp::Mailer;
use crate::tallies;

/// How often the house is tidied.
const BETWEEN_TIDYINGS: Duration = Duration::from_secs(15 * 60);

/// How late the log may say that a story went live or expired.
const BETWEEN_ANNOUNCEMENTS: Duration = Duration::from_secs(1);

/// How long a letter waits before it is first tried.
const BETWEEN_DELIVERIES: Duration = Duration::from_secs(1);

/// Tidies, announces and delivers until it is dropped.
pub async fn run(db: Db, clock: Clock, ledger: Ledger, mailer: Option<Mailer>, links: Links) {
    if let Err(error) = ledger.keep_key().await {
        tracing::warn!(%error, "the key of the log could not be kept yet; the next write does it");
    }
    let tidying =
        again_and_again(BETWEEN_TIDYINGS, "tidying failed; it is tried again in a quarter of an hour", async || {
            let removed = ledger.write(Actor::Clock, WriteOptions::default(), tidy).await?;
            if removed > 0 {
                tracing::debug!(removed, "what had run out was removed");
            }
            Ok(())
        });
    let folding =
        again_and_again(BETWEEN_TIDYINGS, "counts were not added up; they are right all the same", async || {
            fold(&db, clock.now()).await
        });
    let late = "what went live or expired could not be logged yet; it is tried again";
    let announcing =
        again_and_again(BETWEEN_ANNOUNCEMENTS, late, async || announce(&db, &clock, &ledger).await.map(drop));
    let delivering = async {
        // Without a mail server nothing is put into the queue; what is still there waits for one.
        let Some(mailer) = mailer else { return };
        let undelivered = "the letters that wait could not be looked at; it is tried again";
        again_and_again(BETWEEN_DELIVERIES, undelivered, async || {
            deliver(&db, (&clock, &ledger), (&mailer, &links)).await.map(drop)
        })
        .await;
    };
    tokio::join!(tidying, folding, announcing, delivering);
}

/// Does this for ever. When it fails, or panics, that is logged, and the next time comes all the same: nothing that goes
/// wrong here ends the server, or what is done beside it.
async fn again_and_again(pause: Duration, failed: &str, mut tick: impl AsyncFnMut() -> Result<()>) {
    loop {
        if let Err(error) = panics::caught_in(tick()).await {
            tracing::warn!(%error, "{failed}");
        }
        tokio::time::sleep(pause).await;
    }
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
/// put back for later, and so is one that cannot be written: it stands in the way of no other.
pub async fn deliver(db: &Db, (clock, ledger): (&Clock, &Ledger), (mailer, links): (&Mailer, &Links)) -> Result<usize> {
    let mut taken = 0;
    loop {
        let now = clock.now();
        let Some(due) = db.read(move |connection| queue::next(connection, now)).await? else { return Ok(taken) };
        taken += 1;
        let (links, letter) = (links.clone(), due.clone());
        let write = ledger.write(Actor::Clock, WriteOptions::default(), move |connection, journal| {
            letters::write(connection, journal, (&links, &letter))
        });
        let (letter, message) = match write.await {
            Ok(Some(written)) => written,
            Ok(None) => continue,
            Err(error @ Error::Internal(_)) => {
                let take = move |connection: &mut AnyConnection| queue::take(connection, &due, now);
                if let Some(letter) = db.write(take).await? {
                    put_back(ledger, (letter, error)).await?;
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        match mailer.send(message).await {
            Ok(()) => db.write(move |connection| queue::remove(connection, &letter.id)).await?,
            Err(error) => put_back(ledger, (letter, error)).await?,
        }
    }
}

/// Puts a letter back that this kept from being sent, and says so.
async fn put_back(ledger: &Ledger, (letter, error): (Letter, Error)) -> Result<()> {
    let (id, attempts) = (letter.id.clone(), letter.attempts);
    let write = ledger.write(Actor::Clock, WriteOptions::default(), move |connection, journal| {
        letters::put_back(connection, journal, &letter)
    });
    if write.await? {
        tracing::error!(%error, id, attempts, "a letter was given up; it could never be sent");
    } else {
        tracing::warn!(%error, id, attempts, "a letter could not be sent; it is tried again");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn s74_a_job_that_panics_or_fails_is_done_the_next_time_all_the_same() {
        let mut times = 0;
        let (done, mut is_done) = tokio::sync::mpsc::channel(1);
        let job = again_and_again(Duration::ZERO, "it is tried again", async || {
            times += 1;
            match times {
                1 => panic!("on purpose"),
                2 => return Err(Error::internal("on purpose")),
                _ => drop(done.send(()).await),
            }
            Ok(())
        });
        tokio::select! {
            () = job => unreachable!("it has no end"),
            done = is_done.recv() => assert!(done.is_some()),
        }
    }
}
