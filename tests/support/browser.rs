//! A browser with a front end in it, as far as single sign-on needs one: it keeps cookies, and a verifier in its session.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::TestApp;
use super::client::{Client, Reply};
use super::provider::{Asked, CALLBACK, Forger, PAGE, SITE};

/// Where a front end finishes a sign-in.
pub const EXCHANGE: &str = "/v1/auth/single-sign-on/exchange";

/// A browser.
pub struct Browser<'a> {
    app: &'a TestApp,
    /// What the front end keeps; public, so that a test can take it.
    pub verifier: String,
    /// What our server has set.
    cookies: BTreeMap<String, String>,
    /// What the provider has set.
    elsewhere: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    /// A fresh one. `name` makes its verifier another than that of others.
    pub fn new(app: &'a TestApp, name: &str) -> Browser<'a> {
        let verifier = format!("{name}-{}", "a-verifier-that-is-long-enough-for-everybody");
        Browser { app, verifier, cookies: BTreeMap::new(), elsewhere: BTreeMap::new() }
    }

    /// The challenge that belongs to its verifier.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier))
    }

    fn client(&self) -> Client {
        with_cookies(self.app.anonymous(), &self.cookies)
    }

    /// Begins, and gives what the server says.
    pub fn start(&mut self, purpose: &str) -> Reply {
        let path = format!("/v1/auth/single-sign-on/start?challenge={}&purpose={purpose}", self.challenge());
        let reply = self.client().get(&path);
        keep_cookies(&mut self.cookies, &reply);
        reply
    }

    /// Begins, and gives the address at the provider.
    #[track_caller]
    pub fn begin(&mut self, purpose: &str) -> String {
        location(&self.start(purpose).expect(303))
    }

    /// Goes back to our server, and gives where that leads.
    #[track_caller]
    pub fn come_back(&self, address: &str) -> String {
        let path = address.strip_prefix(SITE).unwrap_or_else(|| panic!("{address} is not ours"));
        let reply = self.client().get(path).expect(303);
        assert_eq!(reply.header("Cache-Control"), Some("private, no-store"));
        assert_eq!(reply.header("Referrer-Policy"), Some("no-referrer"));
        location(&reply)
    }

    /// Begins, lets the forger say something, and comes back: where that leads. `says` gets the claims that would be good.
    #[track_caller]
    pub fn forged(&mut self, forger: &Forger, purpose: &str, says: impl FnOnce(Value) -> String) -> String {
        let asked = Asked::of(&self.begin(purpose));
        let token = says(forger.claims(self.app, &asked));
        self.come_back(&forger.give(&asked, token))
    }

    /// The same for somebody whom the forger knows, with claims that differ.
    #[track_caller]
    pub fn vouched(&mut self, forger: &Forger, purpose: &str, differing: Value) -> String {
        self.forged(forger, purpose, |claims| forger.key().sign(&merged(claims, differing)))
    }

    /// Exchanges what stands behind the # for tokens.
    #[track_caller]
    pub fn exchange(&self, page: &str) -> Reply {
        self.app.anonymous().post(EXCHANGE, json!({ "code": behind(page, "sign_in"), "verifier": self.verifier }))
    }

    /// Signs in as somebody whom the forger knows, with claims that differ.
    #[track_caller]
    pub fn sign_in(&mut self, forger: &Forger, differing: Value) -> Value {
        let page = self.vouched(forger, "sign_in", differing);
        self.exchange(&page).expect(200).json()
    }

    /// Follows a real provider from the address at it back to our callback, as this account.
    #[track_caller]
    pub fn follow(&mut self, address: &str, account: &str) -> String {
        let mut next = Url::parse(address).expect("an address");
        for _ in 0..12 {
            if next.as_str().starts_with(CALLBACK) {
                return next.into();
            }
            if next.path().starts_with("/interaction/") {
                next.query_pairs_mut().extend_pairs(account.split('&').filter_map(|pair| pair.split_once('=')));
            }
            let reply = self.visit(&next);
            next = next.join(&location(&reply)).expect("an address");
        }
        panic!("the provider leads nowhere: {next}");
    }

    /// What a page of a real provider says.
    pub fn look(&mut self, address: &str) -> String {
        self.visit(&Url::parse(address).expect("an address")).text()
    }

    fn visit(&mut self, address: &Url) -> Reply {
        let host: SocketAddr = format!("127.0.0.1:{}", address.port().expect("a port")).parse().expect("an address");
        let path = address.as_str().split_once(&host.to_string()).expect("a path").1.to_owned();
        let reply = with_cookies(Client::new(host).unchecked(), &self.elsewhere).get(&path);
        keep_cookies(&mut self.elsewhere, &reply);
        reply
    }
}

/// Claims with others in their place; `null` takes one away.
pub fn merged(mut claims: Value, differing: Value) -> Value {
    for (name, value) in differing.as_object().expect("an object") {
        match value {
            Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

/// Where a redirect leads.
#[track_caller]
pub fn location(reply: &Reply) -> String {
    reply.header("Location").unwrap_or_else(|| panic!("{}: {}", reply.status(), reply.text())).to_owned()
}

/// What stands behind the # of the account page under this name.
#[track_caller]
pub fn behind(page: &str, name: &str) -> String {
    let found = page.strip_prefix(PAGE).and_then(|rest| rest.strip_prefix(&format!("#{name}=")));
    found.unwrap_or_else(|| panic!("{page} has no {name}")).to_owned()
}

fn with_cookies(client: Client, cookies: &BTreeMap<String, String>) -> Client {
    let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if pairs.is_empty() { client } else { client.header("Cookie", &pairs.join("; ")) }
}

fn keep_cookies(cookies: &mut BTreeMap<String, String>, reply: &Reply) {
    for cookie in reply.all("Set-Cookie") {
        if let Some((name, value)) = cookie.split(';').next().unwrap_or_default().split_once('=') {
            match value {
                "" => drop(cookies.remove(name)),
                value => drop(cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
    }
}
