//! Asks the provider over HTTP: without redirects, in bounded time, for answers of bounded size.

use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse, SyncHttpClient};
use ureq::Agent;
use ureq::http::{Method, Request, Response};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use url::Url;

use crate::config::is_private_on_the_way;

/// Longest time for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Largest answer, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// What asks. It waits, so it is called off the threads that answer requests.
pub struct ProviderClient {
    agent: Agent,
    /// Whether the provider runs on this machine and speaks without TLS.
    is_plain: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unanswered(String);

impl ProviderClient {
    /// For a provider of this issuer.
    pub fn new(issuer: &Url) -> ProviderClient {
        let is_plain = issuer.scheme() == "http";
        let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(PATIENCE))
            .user_agent(concat!("dateline/", env!("CARGO_PKG_VERSION")));
        // What runs on this machine is not behind a proxy; for others HTTPS_PROXY is minded.
        let config = if is_plain { config.proxy(None) } else { config };
        ProviderClient { agent: Agent::new_with_config(config.build()), is_plain }
    }

    /// Whether this may be asked: only what is secret on the way, and a provider elsewhere sends us nowhere on this machine.
    pub fn may_ask(&self, url: &Url) -> bool {
        is_private_on_the_way(url) && (self.is_plain || url.scheme() == "https")
    }

    fn ask(&self, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let (head, body) = request.into_parts();
        let mut answer = match head.method {
            Method::GET => self.agent.run(Request::from_parts(head, ()))?,
            _ => self.agent.run(Request::from_parts(head, body))?,
        };
        let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec()?;
        Ok(Response::from_parts(answer.into_parts().0, body))
    }
}

impl SyncHttpClient for ProviderClient {
    type Error = Unanswered;

    fn call(&self, request: HttpRequest) -> Result<HttpResponse, Unanswered> {
        let place = request.uri().to_string();
        if !Url::parse(&place).is_ok_and(|url| self.may_ask(&url)) {
            return Err(Unanswered(format!("{place} is not asked: it does not begin with https://")));
        }
        self.ask(request).map_err(|error| Unanswered(format!("{place}: {error}")))
    }
}
