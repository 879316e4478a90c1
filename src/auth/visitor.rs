//! Where a request comes from: the address, and the device by its own word.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};

use crate::error::Error;

/// Most characters of a device's word that are kept.
const LONGEST_DEVICE: usize = 200;

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The other end of the connection, whatever a header says.
    pub address: Option<IpAddr>,
    /// What the browser or program calls itself.
    pub device: Option<String>,
}

impl Visitor {
    /// Where this request comes from.
    pub fn of(request: &HttpRequest) -> Visitor {
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        let device = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let device = device.map(|text| text.chars().filter(|one| !one.is_control()).take(LONGEST_DEVICE).collect());
        Visitor { address: peer, device }
    }

    /// The address as text.
    pub fn address_text(&self) -> Option<String> {
        self.address.map(|address| address.to_string())
    }

    /// The network that the address stands for, by which guesses are counted.
    pub fn network(&self) -> Option<IpAddr> {
        self.address.map(network)
    }

    /// What the log says of it.
    pub fn note(&self) -> Option<String> {
        self.address.map(|address| format!("from {address}"))
    }
}

impl FromRequest for Visitor {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Visitor::of(request)))
    }
}

/// The network that an address stands for: one household or server has a whole /64 of IPv6 to choose from.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & (u128::MAX << 64)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_is_its_first_half() {
        assert_eq!(network("2001:db8:1:2:ffff::1".parse().unwrap()).to_string(), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.1".parse().unwrap()).to_string(), "192.0.2.1");
    }
}
