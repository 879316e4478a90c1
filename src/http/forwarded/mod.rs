//! Which address a request comes from: the other end of the connection or, when that is a proxy that we were told to
//! trust, the address that the proxy was called from.
//!
//! Anybody can write a header. Each proxy adds at the end what it saw itself, so a header is read from its end, and only
//! as far as trusted proxies wrote it: what stands before that was written by the caller. Of the two headers,
//! `X-Forwarded-For` is preferred, because that is what proxies write without being asked; `Forwarded` (RFC 7239) passes
//! through most of them as the caller wrote it, and counts only where there is no `X-Forwarded-For`. `Host` and whatever
//! else a proxy may say is not read at all.

mod hops;

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::dev::RequestHead;
use actix_web::http::header::HeaderMap;
use ipnet::IpNet;

/// The networks whose headers are believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Reads networks (`10.0.0.0/8`, `2001:db8::/32`) and single addresses.
    ///
    /// Errors: what is wrong with the first that is neither, or that is everybody.
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<TrustedProxies, String> {
        texts.into_iter().map(|text| network(text.trim())).collect::<Result<_, _>>().map(TrustedProxies)
    }

    /// The address that a request comes from; `None` only when the connection has no other end that is known. Headers
    /// that name no address, or are not well-formed where it matters, leave it at the other end.
    pub fn caller(&self, request: &RequestHead) -> Option<IpAddr> {
        let peer = request.peer_addr?.ip().to_canonical();
        match self.trusts(peer) {
            true => Some(self.told(&request.headers).unwrap_or(peer)),
            false => Some(peer),
        }
    }

    /// The first address from the end that is no trusted proxy. When all are, the one that is furthest away: somebody
    /// inside calls.
    fn told(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let mut furthest = None;
        for hop in hops::nearest_first(headers) {
            let address = hop?;
            furthest = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        furthest
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    match network {
        Some(network) if network.prefix_len() == 0 => {
            Err(format!("has {text:?}, which is everybody: each caller could choose an address"))
        }
        Some(network) => Ok(network),
        None => Err(format!("has {text:?}; a network is written like 10.0.0.0/8 or 2001:db8::/32")),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use actix_web::http::header::{self, HeaderName, HeaderValue};

    use super::*;

    const FORWARDED: HeaderName = header::FORWARDED;
    const X_FORWARDED_FOR: HeaderName = header::X_FORWARDED_FOR;

    fn request(peer: &str, headers: &[(HeaderName, &str)]) -> RequestHead {
        let mut head = RequestHead::default();
        head.peer_addr = Some(SocketAddr::new(peer.parse().unwrap(), 4711));
        for (name, value) in headers {
            head.headers.append(name.clone(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        head
    }

    fn caller(peer: &str, headers: &[(HeaderName, &str)]) -> String {
        let proxies = TrustedProxies::read(["10.0.0.0/8", "2001:db8:ffff::/48", "192.0.2.250"]).unwrap();
        proxies.caller(&request(peer, headers)).unwrap().to_string()
    }

    #[test]
    fn s30_whoever_is_no_trusted_proxy_is_not_believed() {
        let told = [(X_FORWARDED_FOR, "198.51.100.1"), (FORWARDED, "for=198.51.100.1")];
        assert_eq!(caller("203.0.113.9", &told), "203.0.113.9");
        assert_eq!(caller("192.0.2.251", &told), "192.0.2.251");
        let by_itself = TrustedProxies::default().caller(&request("127.0.0.1", &told));
        assert_eq!(by_itself, Some("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn s30_the_last_address_that_is_no_trusted_proxy_is_the_caller() {
        let of = |value| caller("10.0.0.1", &[(X_FORWARDED_FOR, value)]);
        assert_eq!(of("198.51.100.1"), "198.51.100.1");
        assert_eq!(of("203.0.113.66, 198.51.100.1"), "198.51.100.1", "the caller wrote the first one");
        assert_eq!(of("not an address, 198.51.100.1, 10.2.3.4,192.0.2.250"), "198.51.100.1");
        assert_eq!(of("198.51.100.1:5000"), "198.51.100.1");
        assert_eq!(of("[2001:db8::1]:5000"), "2001:db8::1");
        assert_eq!(of("2001:db8::1, 2001:db8:ffff::2"), "2001:db8::1");
        assert_eq!(of("::ffff:198.51.100.1"), "198.51.100.1");
        assert_eq!(of("10.9.9.9, 10.1.1.1"), "10.9.9.9", "somebody inside");
        // One header on several lines is one list (RFC 9110 §5.3).
        let lines = [(X_FORWARDED_FOR, "203.0.113.66"), (X_FORWARDED_FOR, "198.51.100.1, 10.0.0.2")];
        assert_eq!(caller("10.0.0.1", &lines), "198.51.100.1");
        assert_eq!(caller("::ffff:10.0.0.1", &lines), "198.51.100.1");
    }

    #[test]
    fn forwarded_counts_where_nothing_else_is_said() {
        let of = |value| caller("10.0.0.1", &[(FORWARDED, value)]);
        assert_eq!(of("for=198.51.100.1"), "198.51.100.1");
        assert_eq!(of("For=\"[2001:db8::1]:4711\";proto=https;by=10.0.0.1"), "2001:db8::1");
        assert_eq!(of("for=203.0.113.66, for=198.51.100.1;host=evil.test, by=a;for=10.0.0.2"), "198.51.100.1");
        assert_eq!(of("for=\"a, for=203.0.113.66\", for=198.51.100.1"), "198.51.100.1");
        let both = [(FORWARDED, "for=203.0.113.66"), (X_FORWARDED_FOR, "198.51.100.1")];
        assert_eq!(caller("10.0.0.1", &both), "198.51.100.1");
    }

    #[test]
    fn what_is_not_well_formed_leaves_it_at_the_proxy() {
        for value in ["", ",", "unknown", "198.51.100.1,", "198.51.100.1, nonsense", "198.51.100.256", "1.2.3.4.5", "ü"]
        {
            assert_eq!(caller("10.0.0.1", &[(X_FORWARDED_FOR, value)]), "10.0.0.1", "{value:?}");
        }
        for value in [
            "",
            "for=unknown",
            "for=_hidden",
            "by=198.51.100.1",
            "198.51.100.1",
            "for=198.51.100.1;",
            "for=198.51.100.1;for=198.51.100.2",
            "for=\"198.51.100.1",
            // A quote that the caller opened and the proxy's own words closed.
            "for=203.0.113.66;by=\", for=\"[2001:db8::1]\"",
            "for=203.0.113.66;by=\"\\, for=198.51.100.1",
        ] {
            assert_eq!(caller("10.0.0.1", &[(FORWARDED, value)]), "10.0.0.1", "{value:?}");
        }
    }

    #[test]
    fn everybody_is_not_a_network_of_proxies() {
        for wrong in ["0.0.0.0/0", "::/0", "10.0.0.0/33", "proxy.internal", ""] {
            assert!(TrustedProxies::read([wrong]).is_err(), "{wrong}");
        }
    }
}
