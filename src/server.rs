//! The order of the middleware, the limits of a connection, and a graceful end.

mod compression;
mod cors;
mod front;
mod guard;
pub mod headers;
mod keep;
pub mod limits;
pub mod unmatched;

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use actix_http::Request;
use actix_service::{IntoServiceFactory, ServiceFactory};
use actix_web::HttpServer;
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};

use crate::app::App;
use crate::db::migrate::StartError;
use crate::http::idempotency;
use crate::{auth, jobs, telemetry};
use cors::Cors;
use front::{Desk, Front};

/// Longest time for the head of a request to arrive; a client that dribbles it gets 408.
const HEAD: Duration = Duration::from_secs(10);

/// Longest time that an idle connection is kept: longer than the 60 seconds of common load balancers, so that it is
/// them who close, and never a request that was just being sent.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Longest time to see a connection off once we are done with it.
const GOODBYE: Duration = Duration::from_secs(5);

/// Most connections of one worker; more wait in the queue of the operating system.
const CONNECTIONS: usize = 8192;

/// Longest time for running requests to end after the signal, in seconds. Orchestrators kill after 30.
const LAST_REQUESTS: u64 = 25;

/// Longest time for moving SQLite's log into its file at the end.
const LAST_TIDYING: Duration = Duration::from_secs(3);

/// Why the server cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The port is not free.
    #[error("{0} is in use by another program. Stop that one, or choose another address with DATELINE_BIND.")]
    InUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}. Choose another address with DATELINE_BIND.")]
    Refused(SocketAddr, io::Error),
    /// The database went away between opening it and serving.
    #[error(transparent)]
    Database(#[from] StartError),
    /// The operating system ended it.
    #[error("the server ended: {0}")]
    Ended(#[from] io::Error),
}

/// Takes the port. Comes before anything is opened or made, so that a port in use leaves nothing behind.
pub fn take_port(address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => ServerError::InUse(address),
        _ => ServerError::Refused(address, error),
    })
}

/// A server that holds its port and is ready to run.
pub struct Server {
    app: App,
    port: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Serves `app` on a port from [`take_port`].
    pub fn new(app: App, port: TcpListener) -> Result<Server, ServerError> {
        let address = port.local_addr()?;
        Ok(Server { app, port, address })
    }

    /// Where it listens; the real port when 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until SIGTERM or SIGINT; a second signal does not wait for running requests.
    pub async fn run(self) -> Result<(), ServerError> {
        self.run_until(signalled(), signalled()).await
    }

    /// Runs until `stop`, then ends running requests within 25 seconds, or at once on `stop_now`, and leaves the
    /// database tidy.
    pub async fn run_until(
        self,
        stop: impl Future<Output = ()>,
        stop_now: impl Future<Output = ()>,
    ) -> Result<(), ServerError> {
        let db = self.app.db().clone();
        let following = jobs::follow(self.app.follower()?)?;
        let workers = self.app.config().workers;
        let app = self.app.clone();
        let mut running = HttpServer::new(move || front(&app))
            .workers(workers)
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(HEAD)
            .client_disconnect_timeout(GOODBYE)
            .max_connections(CONNECTIONS)
            .shutdown_timeout(LAST_REQUESTS)
            .disable_signals()
            .listen(self.port)?
            .run();
        let handle = running.handle();
        let mut tidying = pin!(jobs::run(
            db.clone(),
            self.app.clock().clone(),
            self.app.ledger(),
            self.app.mailer(),
            self.app.links()
        ));
        let (mut stop, stop_now) = (pin!(stop), pin!(stop_now));
        tokio::select! {
            ended = &mut running => ended?,
            () = &mut tidying => unreachable!("the background loop has no end"),
            () = &mut stop => {
                tracing::info!("stopping: running requests are finished first");
                let stopping = handle.stop(true);
                tokio::select! {
                    ended = &mut running => ended?,
                    () = stop_now => tracing::warn!("stopping at once: running requests are cut off"),
                }
                drop(stopping);
            }
        }
        drop((running, following));
        // SQLite's log is as safe as its file; only the tidying is not waited for without end.
        match tokio::time::timeout(LAST_TIDYING, db.checkpoint()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the database was left as it is; the next start tidies it"),
            Err(_) => tracing::warn!("the database is busy and was left as it is; the next start tidies it"),
        }
        Ok(())
    }
}

/// The application behind its front, which answers from memory what it can.
fn front(
    app: &App,
) -> Front<
    impl ServiceFactory<
        Request,
        Config = AppConfig,
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
        Future: 'static,
        Service: 'static,
    > + use<>,
> {
    let cors = Rc::new(Cors::new(&app.config().cors_origins));
    let memory = (app.cache().clone(), app.clock().clone());
    let desk = Desk::new(memory, Rc::clone(&cors), app.health(), app.limits().clone());
    Front::new(desk, service(app, cors).into_factory())
}

/// Every middleware, the innermost first: the last line here sees a request first and its answer last.
fn service(
    app: &App,
    cors: Rc<Cors>,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    let limit = app.config().request_timeout;
    let health = app.health();
    let (callers, readers) = (app.limits().clone(), app.limits().clone());
    let kept = (app.cache().clone(), app.clock().clone(), app.config().sharing);
    actix_web::App::new()
        .configure(|config| app.configure(config))
        .wrap(from_fn(idempotency::note))
        .wrap(from_fn(move |request, next| limits::of_callers(callers.clone(), request, next)))
        // Next to the rooms, so that the guard answers for it and nothing of a room runs before the caller is known.
        .wrap(from_fn(auth::authenticate))
        .wrap(from_fn(move |request, next| keep::keep(kept.clone(), request, next)))
        .wrap(from_fn(move |request, next| limits::of_readers(readers.clone(), request, next)))
        .wrap(from_fn(move |request, next| guard::call(limit, request, next)))
        .wrap(Compress::default())
        .wrap(from_fn(move |request, next| headers::add(Rc::clone(&cors), request, next)))
        .wrap(from_fn(move |request, next| telemetry::observe(health.clone(), request, next)))
}

/// Resolves at the next SIGTERM or SIGINT.
#[cfg(unix)]
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        (Err(error), _) | (_, Err(error)) => {
            tracing::warn!(%error, "signals cannot be heard; the process ends only when it is killed");
            std::future::pending::<()>().await;
        }
    }
}

/// Resolves at the next Ctrl-C.
#[cfg(not(unix))]
async fn signalled() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "Ctrl-C cannot be heard; the process ends only when it is killed");
        std::future::pending::<()>().await;
    }
}
