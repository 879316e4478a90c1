//! Work that blocks, off the threads that answer requests.

use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::error::{Error, Result};

/// Work that was begun. A panic in it becomes a 500, and the process lives. It goes to its thread in a box and what it
/// gives comes back through a channel, so that the runtime's part is compiled once and not for each kind of outcome.
pub(super) struct OffThread<T> {
    outcome: oneshot::Receiver<Result<T>>,
    ended: JoinHandle<()>,
}

impl<T: Send + 'static> OffThread<T> {
    /// Begins it. What is `held` is held until it ends, whether or not anybody still waits for it.
    pub fn start(
        held: Option<OwnedSemaphorePermit>,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> OffThread<T> {
        let (give, outcome) = oneshot::channel();
        let span = tracing::Span::current();
        let job: Box<dyn FnOnce() + Send> = Box::new(move || {
            let _held = held;
            // Whoever asked may have gone away.
            let _ = give.send(span.in_scope(work));
        });
        OffThread { outcome, ended: tokio::task::spawn_blocking(job) }
    }

    /// Waits for its end.
    pub async fn outcome(self) -> Result<T> {
        self.ended.await.map_err(Error::internal)?;
        self.outcome.await.map_err(Error::internal)?
    }

    /// The same for a read that nobody can end: after `limit` its caller is answered and its turn is given on, while it
    /// runs to its end. The turn is kept by a task of its own, so that a caller who goes away earlier does not give it on.
    pub async fn outcome_within(self, limit: Duration, turn: OwnedSemaphorePermit) -> Result<T> {
        let ended = timeout(limit, self.ended);
        let ended = tokio::spawn(async move {
            let _turn = turn;
            ended.await
        });
        match ended.await.map_err(Error::internal)? {
            Ok(ended) => ended.map_err(Error::internal)?,
            Err(_) => return Err(Error::Unavailable(format!("a read was left alone after {limit:?}"))),
        }
        self.outcome.await.map_err(Error::internal)?
    }
}
