//! What this program tells about itself: the log, one line for each request, and the id that ties both to an answer.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderValue;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogFormat, SettingError, Settings};
use crate::health::Health;
use crate::http::request_id::{self, RequestId};
use crate::server::headers;

/// Shorter than any secret of ours, in bytes; ids are longer, too.
const SHORTEST_SECRET: usize = 32;

/// How much of a path is logged, in characters.
const LONGEST_PATH: usize = 200;

/// Starts the log on the standard error stream, so that the standard output carries results only.
pub fn start(settings: &Settings) -> Result<(), SettingError> {
    // The server underneath announces each of its threads; what we listen on is printed once, by `serve`.
    let filter = filter(&settings.log)?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(OneLine).with_ansi(false);
    let started = match settings.log_format {
        LogFormat::Text => log.finish().with(FaultsOfClients).try_init(),
        LogFormat::Json => {
            let log = log.json().flatten_event(true).with_current_span(false).with_span_list(false);
            log.finish().with(FaultsOfClients).try_init()
        }
    };
    // Only a second start in one process can fail, and then the first log goes on.
    let _ = started;
    Ok(())
}

/// What is logged, by the setting.
fn filter(log: &str) -> Result<EnvFilter, SettingError> {
    log.split(',').try_for_each(check_directive)?;
    // What is said to a provider of single sign-on has secrets in it, which the client would write down byte by byte.
    let directives = format!("actix_server=warn,{log},ureq=info,ureq_proto=info");
    EnvFilter::builder().parse(directives).map_err(|error| {
        SettingError::new("DATELINE_LOG", format!("is not a filter such as info or info,dateline::db=debug: {error}"))
    })
}

/// Refuses a mistyped level: on its own it would be taken for the name of a part, and the whole log would be off.
fn check_directive(directive: &str) -> Result<(), SettingError> {
    let (part, level) = directive.trim().split_once('=').unwrap_or(("dateline", directive.trim()));
    if part.trim().is_empty() || level.trim().parse::<LevelFilter>().is_err() {
        let reason = format!(
            "has {directive:?}; a level is error, warn, info, debug, trace or off, also for one part: dateline::db=debug"
        );
        return Err(SettingError::new("DATELINE_LOG", reason));
    }
    Ok(())
}

/// Makes quiet what the server underneath calls an error and a client did: a request that cannot be read, a connection
/// that went away. Nobody here can mend it, and whoever sends nonsense must not fill the log.
struct FaultsOfClients;

impl<S: Subscriber> Layer<S> for FaultsOfClients {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        if event.metadata().target() != "actix_http::h1::dispatcher" {
            return true;
        }
        let mut message = Message::default();
        event.record(&mut message);
        match message.0.strip_prefix("stream error: ").filter(|fault| *fault != "internal error") {
            Some(fault) => {
                tracing::debug!(fault, "a connection was closed");
                false
            }
            None => true,
        }
    }
}

/// The words of an event.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// Writes each event as exactly one line, whatever a caller hid in a name or a header.
#[derive(Clone, Copy)]
struct OneLine;

impl<'a> MakeWriter<'a> for OneLine {
    type Writer = OneLine;

    fn make_writer(&'a self) -> OneLine {
        OneLine
    }
}

impl Write for OneLine {
    /// Takes one whole event, which is how the subscriber writes.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        io::stderr().lock().write_all(one_line(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The text with everything escaped that could begin a new line or steer a terminal. The escapes are JSON's own, so a
/// line in JSON stays JSON.
fn one_line(event: &str) -> String {
    let text = event.strip_suffix('\n').unwrap_or(event);
    let mut line = String::with_capacity(event.len() + 1);
    for character in text.chars() {
        match character {
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                line.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            control if control.is_control() => line.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => line.push(other),
        }
    }
    line.push('\n');
    line
}

/// The outermost middleware: names the request, counts the answer, and writes one line about both. The line holds the
/// pattern of the address and not the address, because people paste tokens into addresses; of an address that does not exist
/// it holds what could be no token.
pub async fn observe(
    health: Arc<Health>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let method = request.method().clone();
    let sent = request.headers().get(request_id::HEADER).and_then(|value| value.to_str().ok());
    let id = RequestId::from_caller_or_new(sent);
    let name = id.to_string();
    let answered = id.scope(next.call(request)).await;
    let status = match &answered {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    health.count(status);
    write_line(&method, status, &answered, started, &name);
    let value = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static(""));
    headers::change(answered, move |headers| {
        headers.insert(request_id::HEADER, value.clone());
    })
}

fn write_line<B: MessageBody>(
    method: &Method,
    status: StatusCode,
    answered: &Result<ServiceResponse<B>, Error>,
    started: Instant,
    request_id: &str,
) {
    let milliseconds = (started.elapsed().as_secs_f64() * 1e6).round() / 1e3;
    let request = answered.as_ref().ok().map(ServiceResponse::request);
    let route = request.and_then(HttpRequest::match_pattern);
    let path = request.filter(|_| route.is_none()).map(|request| without_secrets(request.path()));
    let route = route.as_deref().unwrap_or("-");
    let bytes = match answered.as_ref().map(|response| response.response().body().size()) {
        Ok(BodySize::Sized(bytes)) => Some(bytes),
        Ok(BodySize::None) => Some(0),
        _ => None,
    };
    let (method, status) = (method.as_str(), status.as_u16());
    if route.starts_with("/health/") {
        tracing::debug!(method, route, status, milliseconds, bytes, request_id, "request");
    } else {
        tracing::info!(method, route, path, status, milliseconds, bytes, request_id, "request");
    }
}

/// A path with everything left out that is as long as a secret, and not for ever.
fn without_secrets(path: &str) -> String {
    let whole = |segment: &str| segment.len() < SHORTEST_SECRET;
    let segments = path.split('/').map(|segment| if whole(segment) { segment } else { "…" });
    segments.collect::<Vec<_>>().join("/").chars().take(LONGEST_PATH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s33_a_path_is_logged_without_what_could_be_a_secret() {
        let token = "a".repeat(SHORTEST_SECRET);
        assert_eq!(without_secrets(&format!("/v1/preview/{token}/x")), "/v1/preview/…/x");
        assert_eq!(without_secrets("/v1/artcles"), "/v1/artcles");
        assert_eq!(without_secrets(&"/ab".repeat(100)).len(), LONGEST_PATH);
    }

    #[test]
    fn s33_not_even_a_trace_has_what_is_said_to_a_provider() {
        let log = tracing_subscriber::fmt().with_env_filter(filter("trace,ureq_proto=trace").unwrap());
        tracing::subscriber::with_default(log.with_writer(io::sink).finish(), || {
            assert!(tracing::enabled!(target: "dateline::auth", tracing::Level::TRACE));
            assert!(!tracing::enabled!(target: "ureq_proto::util", tracing::Level::DEBUG));
            assert!(!tracing::enabled!(target: "ureq::run", tracing::Level::DEBUG));
        });
    }

    #[test]
    fn s76_t50_nobody_can_forge_a_line() {
        let event = "{\"title\":\"a\u{1b}[2J\u{2028}b\"}\r\n{\"level\":\"info\"}\n";
        let line = one_line(event);
        assert_eq!(line, "{\"title\":\"a\\u001b[2J\\u2028b\"}\\u000d\\u000a{\"level\":\"info\"}\n");
    }
}
