//! The id of the request that is being served, for answers and log lines.

use std::fmt;

use actix_web::http::header::HeaderName;

/// The header that carries the id in and out.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over from a caller, in bytes.
const LONGEST: usize = 128;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// Names one request in the answer, in the log and in a user's report.
#[derive(Debug, Clone)]
pub struct RequestId(String);

impl RequestId {
    /// The caller's own id when it is harmless in a log line (letters, digits, `-_.:` and at most 128 of them),
    /// otherwise a new one.
    pub fn from_caller_or_new(sent: Option<&str>) -> RequestId {
        let harmless = |text: &&str| {
            !text.is_empty()
                && text.len() <= LONGEST
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
        };
        match sent.filter(harmless) {
            Some(text) => RequestId(text.to_owned()),
            None => RequestId(uuid::Uuid::now_v7().to_string()),
        }
    }

    /// Runs `future` so that [`current`] gives this id inside it.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The id of the request being served; empty outside a request (a command, a background job).
pub fn current() -> String {
    CURRENT.try_with(|id| id.0.clone()).unwrap_or_default()
}
