//! A caller of the API: `app.anonymous().get("/v1/tags").expect(200).json()`. Every answer is held against the OpenAPI
//! document on its way in.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

use super::contract;

/// Somebody who calls. Headers stay for every call that follows: `client.if_match(tag).patch(…)` uses a copy.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    headers: Vec<(String, String)>,
    checked: bool,
}

/// An answer, whatever its status.
pub struct Reply {
    question: String,
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Client {
    /// A caller who says nothing about themselves.
    pub fn new(address: SocketAddr) -> Client {
        Client { address, headers: Vec::new(), checked: true }
    }

    /// The same caller, sending one header more.
    pub fn header(&self, name: &str, value: &str) -> Client {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The same caller, with a token.
    pub fn bearer(&self, token: &str) -> Client {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// The same caller, naming the version that a change is based on.
    pub fn if_match(&self, tag: &str) -> Client {
        self.header("If-Match", tag)
    }

    /// The same caller, whose answers are not held against the document: for requests that no document allows.
    pub fn unchecked(&self) -> Client {
        Client { checked: false, ..self.clone() }
    }

    /// `GET`
    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None)
    }

    /// `POST` with JSON.
    pub fn post(&self, path: &str, json: Value) -> Reply {
        self.send("POST", path, Some(json.to_string().into_bytes()))
    }

    /// `PUT` with JSON.
    pub fn put(&self, path: &str, json: Value) -> Reply {
        self.send("PUT", path, Some(json.to_string().into_bytes()))
    }

    /// `PATCH` with JSON.
    pub fn patch(&self, path: &str, json: Value) -> Reply {
        self.send("PATCH", path, Some(json.to_string().into_bytes()))
    }

    /// `DELETE`
    pub fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None)
    }

    /// Any method and JSON, to a server that may be gone before it answers: `None`.
    pub fn attempt(&self, method: &str, path: &str, json: Option<Value>) -> Option<Reply> {
        self.exchange(method, path, json.map(|json| json.to_string().into_bytes())).ok()
    }

    /// Any method and any bytes; JSON unless a header says otherwise.
    pub fn send(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> Reply {
        self.exchange(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn exchange(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> Result<Reply, ureq::Error> {
        let question = format!("{method} {path}");
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let typed = self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if body.is_some() && !typed {
            request = request.header("Content-Type", "application/json");
        }
        let sent = match body {
            Some(body) => agent().run(request.body(body).expect("a request")),
            None => agent().run(request.body(()).expect("a request")),
        };
        let mut answer = sent?;
        let body = answer.body_mut().with_config().limit(64 * 1024 * 1024).read_to_vec()?;
        let reply = Reply { status: answer.status().as_u16(), headers: answer.headers().clone(), body, question };
        if self.checked {
            contract::check(method, path, &reply);
        }
        Ok(reply)
    }
}

/// One agent for all tests: answers are answers whatever their status, redirects are not followed, and nothing is
/// added to what the test says.
fn agent() -> &'static Agent {
    static AGENT: OnceLock<Agent> = OnceLock::new();
    AGENT.get_or_init(|| {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Agent::new_with_config(config)
    })
}

impl Reply {
    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}\n{}", self.question, self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The bytes of the body.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// A header, when it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Every header of this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
    }

    /// Every header, one a line, but those that differ from answer to answer.
    pub fn head(&self) -> String {
        let steady =
            self.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "connection" | "date" | "x-request-id"));
        let mut lines: Vec<String> = steady.map(|(name, value)| format!("{name}: {value:?}")).collect();
        lines.sort();
        lines.join("\n")
    }

    /// The entity tag, for [`Client::if_match`].
    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("ETag").unwrap_or_else(|| panic!("{}: no ETag", self.question)).to_owned()
    }

    /// The `code` of a problem.
    #[track_caller]
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_else(|| panic!("{}: no code\n{}", self.question, self.text())).to_owned()
    }

    /// This answer, when its status is the one that was expected.
    #[track_caller]
    pub fn expect(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{}\n{}", self.question, self.text());
        self
    }
}
