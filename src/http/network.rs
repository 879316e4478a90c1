//! The network that an address stands for: what callers are counted by, and what two places are compared by.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// What one household or server has to itself: one address of IPv4, a whole /64 of IPv6 (RFC 6177 gives nobody less).
/// A wider one of IPv4 would be many strangers, who must not answer for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address.
    pub fn of(address: IpAddr) -> Network {
        match address.to_canonical() {
            IpAddr::V6(address) => Network(IpAddr::V6(Ipv6Addr::from(u128::from(address) & (u128::MAX << 64)))),
            v4 => Network(v4),
        }
    }
}

impl fmt::Display for Network {
    /// Its first address.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_is_its_first_half_and_one_of_ipv4_is_the_address() {
        let network = |text: &str| Network::of(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
