//! Whether this instance lives, whether it is ready, and what it has answered: for load balancers and monitoring.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::http::service_config::ServiceConfig;
use crate::mail::queue;

/// How long one look at the database answers everybody who asks, so that probes cannot use up its connections.
const KEPT: Duration = Duration::from_secs(3);

/// The addresses of this room; not below `/v1`, because they are about the instance and not about news.
pub fn routes(config: &mut ServiceConfig) {
    config.service(live).service(ready).service(metrics);
}

/// What is known about this instance.
pub struct Health {
    db: Db,
    clock: Clock,
    started: Timestamp,
    /// Answers by the first digit of their status, from 1xx to 5xx.
    answers: [AtomicU64; 5],
    /// When the database was last looked at, and why it was away, if it was.
    looked: Mutex<Option<(Timestamp, Option<String>)>>,
    /// When the letters were last counted: how many wait, and how many were given up.
    counted: Mutex<Option<(Timestamp, (i64, i64))>>,
}

impl Health {
    /// Begins to count now.
    pub fn new(db: Db, clock: Clock) -> Health {
        let started = clock.now();
        Health { db, clock, started, answers: Default::default(), looked: Mutex::new(None), counted: Mutex::new(None) }
    }

    /// Counts an answer.
    pub fn count(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(counter) = self.answers.get(class) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether the database answers. Callers that come together share one look at it.
    ///
    /// Errors: [`Error::Unavailable`] when it does not.
    pub async fn check(&self) -> Result<()> {
        let mut looked = self.looked.lock().await;
        let now = self.clock.now();
        if !looked.as_ref().is_some_and(|(at, _)| is_fresh(*at, now)) {
            let cause = self.db.ping().await.err().map(|error| error.to_string());
            *looked = Some((now, cause));
        }
        match looked.as_ref() {
            Some((_, Some(cause))) => Err(Error::Unavailable(cause.clone())),
            _ => Ok(()),
        }
    }

    /// The text that Prometheus reads.
    async fn metrics(&self) -> String {
        let mut text = String::from(
            "# HELP dateline_requests_total Requests answered, by class of status.\n\
             # TYPE dateline_requests_total counter\n",
        );
        for (class, counter) in (1..).zip(&self.answers) {
            let count = counter.load(Ordering::Relaxed);
            let _ = writeln!(text, "dateline_requests_total{{status=\"{class}xx\"}} {count}");
        }
        let micros = self.clock.now().microseconds().saturating_sub(self.started.microseconds()).max(0);
        let _ = writeln!(text, "# HELP dateline_uptime_seconds Seconds since this instance started.");
        let _ = writeln!(text, "# TYPE dateline_uptime_seconds gauge");
        let _ = writeln!(text, "dateline_uptime_seconds {}", micros / 1_000_000);
        let _ = writeln!(text, "# HELP dateline_ready Whether the database answers.");
        let _ = writeln!(text, "# TYPE dateline_ready gauge");
        let is_ready = self.check().await.is_ok();
        let _ = writeln!(text, "dateline_ready {}", u8::from(is_ready));
        if is_ready {
            self.letters(&mut text).await;
        }
        text
    }

    /// How the letters are; nothing while the database is away.
    async fn letters(&self, text: &mut String) {
        let mut counted = self.counted.lock().await;
        let now = self.clock.now();
        if !counted.as_ref().is_some_and(|(at, _)| is_fresh(*at, now)) {
            *counted = self.db.read(queue::count).await.ok().map(|count| (now, count));
        }
        let Some((_, (waiting, given_up))) = *counted else { return };
        let _ = writeln!(text, "# HELP dateline_letters_waiting Letters that the mail server has not taken yet.");
        let _ = writeln!(text, "# TYPE dateline_letters_waiting gauge");
        let _ = writeln!(text, "dateline_letters_waiting {waiting}");
        let _ = writeln!(text, "# HELP dateline_letters_given_up Letters of the last 30 days that were given up.");
        let _ = writeln!(text, "# TYPE dateline_letters_given_up gauge");
        let _ = writeln!(text, "dateline_letters_given_up {given_up}");
    }
}

/// Whether what was found at a moment still answers whoever asks now.
fn is_fresh(found_at: Timestamp, now: Timestamp) -> bool {
    found_at <= now && now < found_at.after(KEPT)
}

/// The state of this instance.
#[derive(Debug, Serialize, ToSchema)]
struct State {
    /// `live` or `ready`.
    #[schema(example = "ready")]
    state: &'static str,
}

fn state(state: &'static str) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(State { state })
}

/// Is the process alive?
///
/// Answers without looking at anything else. Restart the instance when this does not answer.
#[utoipa::path(
    operation_id = "check_live", tag = "Operations",
    responses((status = 200, description = "It is.", body = State, example = json!({ "state": "live" }))),
)]
#[get("/health/live")]
async fn live() -> HttpResponse {
    state("live")
}

/// Can it serve?
///
/// Looks at the database at most once in three seconds. Send no traffic here while this answers 503.
#[utoipa::path(
    operation_id = "check_ready", tag = "Operations",
    responses((status = 200, description = "It can.", body = State, example = json!({ "state": "ready" }))),
)]
#[get("/health/ready")]
async fn ready(health: Data<Health>) -> Result<HttpResponse> {
    health.check().await.map(|()| state("ready"))
}

/// Numbers for Prometheus
///
/// Answers by class of status, seconds since the start, whether the database answers, and how many letters wait; in
/// Prometheus' text format.
#[utoipa::path(
    operation_id = "get_metrics", tag = "Operations",
    responses((
        status = 200, description = "The numbers.", body = String, content_type = "text/plain",
        example = json!("dateline_requests_total{status=\"2xx\"} 1024\ndateline_ready 1\n")
    )),
)]
#[get("/metrics")]
async fn metrics(health: Data<Health>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(health.metrics().await)
}
