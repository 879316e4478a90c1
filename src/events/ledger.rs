//! How a handler writes: the database and the clock in one hand, so that no room can forget the log.

use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::{Actor, Journal, Signer, Told, Work, replay};
use crate::clock::{Clock, Timestamp};
use crate::db::{AnyConnection, Db};
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::cache::Cache;
use crate::http::idempotency::IdempotencyKey;
use crate::http::query::WriteOptions;

/// The writing side of the database, for handlers.
#[derive(Clone)]
pub struct Ledger {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) signer: Signer,
    /// The answers that a change makes untrue.
    pub(super) cache: Cache,
    /// The changes that the cache knows of.
    pub(super) told: Arc<Told>,
    /// What the caller sent to be sure that a `POST` happens once.
    key: Option<IdempotencyKey>,
}

impl Ledger {
    /// For commands, which have no request.
    pub fn new(db: Db, clock: Clock, signer: Signer, cache: Cache) -> Ledger {
        Ledger { db, clock, signer, cache, told: Arc::default(), key: None }
    }

    /// What time it is, by the clock that the log goes by.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The changes that the cache was told of by this process.
    pub fn told(&self) -> Arc<Told> {
        Arc::clone(&self.told)
    }

    /// Keeps the key of the log, so that it vouches for what others signed before anything else is written.
    pub async fn keep_key(&self) -> Result<()> {
        self.write(Actor::Clock, WriteOptions::default(), |_, _| Ok(())).await
    }

    /// [`Ledger::write`] for work that ends in an answer. With an `Idempotency-Key`, the answer is kept in the same
    /// transaction, and a request that comes again gets it instead of happening again.
    ///
    /// Errors: what `work` gives; 409 when the key belongs to another request.
    pub async fn answer<F>(&self, actor: Actor, options: WriteOptions, work: F) -> Result<Answer>
    where
        F: FnOnce(&mut AnyConnection, &mut Journal) -> Result<Answer> + Send + 'static,
    {
        let key = self.key.clone().filter(|_| !options.dry_run);
        self.write(actor, options, move |connection, journal| match key {
            None => work(connection, journal),
            Some(key) => replay::once(connection, journal, &key, work),
        })
        .await
    }

    /// Runs `work` in one transaction with its log entries, and commits it, unless `options` asks only to try: then
    /// everything is checked, by the database too, and rolled back. Gives what `work` gives in both cases.
    pub fn write<T, F>(&self, actor: Actor, options: WriteOptions, work: F) -> impl Future<Output = Result<T>>
    where
        F: FnOnce(&mut AnyConnection, &mut Journal) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.write_or_try(actor, options, Box::new(work))
    }

    async fn write_or_try<T: Send + 'static>(&self, actor: Actor, options: WriteOptions, work: Work<T>) -> Result<T> {
        if !options.dry_run {
            return super::write(self, actor, work).await;
        }
        let kept = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&kept);
        let tried: Work<()> = Box::new(move |connection, journal| {
            let value = work(connection, journal)?;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
            // The only way out of a transaction without a commit.
            Err(Error::internal("a dry run was rolled back"))
        });
        let outcome = super::write(self, actor, tried).await;
        let value = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (value, outcome) {
            (Some(value), _) => Ok(value),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(Error::internal("a dry run was committed")),
        }
    }
}

impl FromRequest for Ledger {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let ledger = request.app_data::<Data<Ledger>>();
        ready(match ledger {
            Some(ledger) => Ok(Ledger { key: IdempotencyKey::of(request), ..ledger.get_ref().clone() }),
            None => Err(Error::internal("the ledger is not registered with the server")),
        })
    }
}
