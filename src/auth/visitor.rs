//! Where a request comes from: the address, and the device by its own word.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};

use super::registered::registered;
use crate::error::{Error, Result};
use crate::http::forwarded::TrustedProxies;
use crate::http::network::Network;

/// Most characters of a device's word that are kept.
const LONGEST_DEVICE: usize = 200;

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The other end of the connection or, when that is a trusted proxy, whoever called it.
    pub address: Option<IpAddr>,
    /// What the browser or program calls itself.
    pub device: Option<String>,
}

impl Visitor {
    /// Where this request comes from.
    pub fn of(request: &HttpRequest) -> Result<Visitor> {
        let address = registered::<TrustedProxies>(request)?.caller(request.head());
        let device = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let device = device.map(|text| text.chars().filter(|one| !one.is_control()).take(LONGEST_DEVICE).collect());
        Ok(Visitor { address, device })
    }

    /// The address as text.
    pub fn address_text(&self) -> Option<String> {
        self.address.map(|address| address.to_string())
    }

    /// The network that the address stands for.
    pub fn network(&self) -> Option<Network> {
        self.address.map(Network::of)
    }

    /// What the log says of it.
    pub fn note(&self) -> Option<String> {
        self.address.map(|address| format!("from {address}"))
    }

    /// The same behind how, or why, it came.
    pub fn note_behind(&self, how: &str) -> String {
        self.note().map_or_else(|| how.to_owned(), |from| format!("{how}, {from}"))
    }
}

impl FromRequest for Visitor {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Visitor::of(request))
    }
}
