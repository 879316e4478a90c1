//! Single requests, for what has to be known before the load begins.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ureq::Agent;

use super::Result;

/// Headers that belong to one connection or one moment: whoever answers writes its own.
const OWN: [&str; 4] = ["connection", "content-length", "date", "transfer-encoding"];

/// An answer, as it came: compressed bodies stay compressed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers but those that whoever sends it again writes itself.
    pub headers: Vec<(String, String)>,
    /// The bytes.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header, when it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Callers whose connections are kept from request to request.
pub fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(60)))
        .build();
    Agent::new_with_config(config)
}

/// `GET`, over a connection of its own.
pub fn get(address: &str, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    ask(&agent(), address, path, headers)
}

/// `GET`, over a connection of this caller.
pub fn ask(agent: &Agent, address: &str, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    let request = headers
        .iter()
        .fold(agent.get(format!("http://{address}{path}")), |request, (name, value)| request.header(*name, *value));
    let mut answer = request.call().map_err(|error| format!("GET {path}: {error}"))?;
    let text = |value: &ureq::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let kept = answer.headers().iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
    Ok(Answer {
        status: answer.status().as_u16(),
        headers: kept.map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: answer.body_mut().with_config().limit(64 * 1024 * 1024).read_to_vec()?,
    })
}

/// An access token.
pub fn sign_in(address: &str, email: &str, password: &str) -> Result<String> {
    let url = format!("http://{address}/v1/auth/login");
    let mut answer = agent().post(url).send_json(json!({ "email": email, "password": password }))?;
    let tokens: Value = answer.body_mut().read_json()?;
    let token = tokens["access_token"].as_str().ok_or_else(|| format!("no token: {tokens}"))?;
    Ok(token.to_owned())
}
