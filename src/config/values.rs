//! How the value of a setting is read, and what is said of one that cannot be: what is allowed, with an example.

use std::net::SocketAddr;
use std::str::FromStr;

/// An address and a port to listen on.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let reason = "must be an IP address and a port, such as 127.0.0.1:8080, or 0.0.0.0:80 for the whole network";
    text.trim().parse().map_err(|_| reason.to_owned())
}

/// A whole number.
pub(super) fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| "must be a whole number, such as 4".to_owned())
}

/// Yes or no.
pub(super) fn truth(text: &str) -> Result<bool, String> {
    text.trim().parse().map_err(|_| "must be true or false".to_owned())
}
