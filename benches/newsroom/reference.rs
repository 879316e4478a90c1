//! What Dateline is held against: a bare actix-web server that sends finished bytes, from memory or from a row of
//! SQLite, and a bare loop of durable inserts. They run as processes of their own: `newsroom reference …`.

use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use clap::Subcommand;
use serde_json::json;

use super::Result;
use super::http::Answer;
use super::rows_file::{self, Inserts};

/// What a reference does.
#[derive(Debug, Subcommand)]
pub enum Reference {
    /// Sends one answer, whatever is asked.
    Memory {
        /// The answer, as JSON.
        answer: PathBuf,
    },
    /// Sends the row of the slug that is asked for.
    Rows {
        /// An answer whose headers all rows get, as JSON.
        answer: PathBuf,
        /// The rows.
        rows: PathBuf,
    },
    /// Inserts rows, each of them durable before the next.
    Inserts {
        /// The file to make.
        file: PathBuf,
        /// How long.
        seconds: u64,
    },
}

/// An answer, ready to be sent.
struct Finished {
    headers: HeaderMap,
    etag: HeaderValue,
    body: Bytes,
}

impl Reference {
    /// Does it until it is killed, or until the seconds are over.
    pub fn run(&self) -> Result<()> {
        match self {
            Reference::Memory { answer } => {
                let finished = Data::new(Finished::read(answer)?);
                serve(move |config| {
                    config.app_data(finished.clone()).default_service(web::to(from_memory));
                })
            }
            Reference::Rows { answer, rows } => {
                let (finished, rows) = (Data::new(Finished::read(answer)?), Data::new(rows.clone()));
                serve(move |config| {
                    config.app_data(finished.clone()).app_data(rows.clone());
                    config.route("/v1/articles/{slug}", web::get().to(from_row));
                })
            }
            Reference::Inserts { file, seconds } => insert(&Inserts::new(file)?, Duration::from_secs(*seconds)),
        }
    }
}

impl Finished {
    fn read(path: &PathBuf) -> Result<Finished> {
        let answer: Answer = serde_json::from_slice(&std::fs::read(path)?)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &answer.headers {
            headers.append(name.parse::<HeaderName>()?, HeaderValue::from_str(value)?);
        }
        let etag = headers.remove(header::ETAG).next().unwrap_or(HeaderValue::from_static("\"\""));
        Ok(Finished { headers, etag, body: Bytes::from(answer.body) })
    }

    /// The answer with this tag and body; 304 without the body when the caller has it.
    fn answer(&self, request: &HttpRequest, etag: &HeaderValue, body: impl FnOnce() -> Bytes) -> HttpResponse {
        let has_it = request.headers().get(header::IF_NONE_MATCH).is_some_and(|tag| tag == etag);
        let mut answer = if has_it { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        for (name, value) in &self.headers {
            if !(has_it && name == header::CONTENT_TYPE) {
                answer.append_header((name, value));
            }
        }
        answer.insert_header((header::ETAG, etag));
        if has_it { answer.finish() } else { answer.body(body()) }
    }
}

async fn from_memory(request: HttpRequest, finished: Data<Finished>) -> HttpResponse {
    finished.answer(&request, &finished.etag, || finished.body.clone())
}

async fn from_row(
    request: HttpRequest,
    slug: web::Path<String>,
    finished: Data<Finished>,
    rows: Data<PathBuf>,
) -> HttpResponse {
    match rows_file::read(&rows, &slug) {
        Ok(Some((etag, json))) => match HeaderValue::try_from(etag) {
            Ok(etag) => finished.answer(&request, &etag, || Bytes::from(json)),
            Err(_) => HttpResponse::InternalServerError().finish(),
        },
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// As many threads as Dateline takes: one for each core that the process may use.
fn serve(configure: impl Fn(&mut web::ServiceConfig) + Send + Sync + 'static) -> Result<()> {
    let port = TcpListener::bind("127.0.0.1:0")?;
    println!("listening on http://{}", port.local_addr()?);
    std::io::stdout().flush()?;
    let configure = Arc::new(configure);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    actix_web::rt::System::new().block_on(async move {
        let app = move || {
            let configure = Arc::clone(&configure);
            App::new().configure(move |config| configure(config))
        };
        HttpServer::new(app).workers(workers).keep_alive(Duration::from_secs(75)).listen(port)?.run().await
    })?;
    Ok(())
}

/// Prints how many rows were inserted in how many microseconds.
fn insert(inserts: &Inserts, duration: Duration) -> Result<()> {
    // As large as a story with everything about it.
    let json = "x".repeat(4_000);
    let begun = Instant::now();
    let mut number = 0;
    while begun.elapsed() < duration {
        inserts.insert(number, &json)?;
        number += 1;
    }
    let microseconds = begun.elapsed().as_micros();
    println!(
        "{}",
        json!({ "requests": number, "microseconds": microseconds, "p50": 0, "p99": 0, "refused": 0, "broken": 0 })
    );
    Ok(())
}
