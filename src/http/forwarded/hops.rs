//! The addresses that a request is said to have come through.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// A place in the chain; `None` for what is no address.
type Hop = Option<IpAddr>;

/// Every hop, the one that is nearest to us first. Nothing that stands before the
/// last hop that is looked at can hurt, so one that is not well-formed is no reason to refuse the others.
pub(super) fn nearest_first(headers: &HeaderMap) -> Vec<Hop> {
    let (name, read): (_, fn(&str) -> Vec<Hop>) = match headers.contains_key(header::X_FORWARDED_FOR) {
        true => (header::X_FORWARDED_FOR, x_forwarded_for),
        false => (header::FORWARDED, forwarded),
    };
    let line = |value: &HeaderValue| value.to_str().map_or_else(|_| vec![None], read);
    let mut hops: Vec<_> = headers.get_all(name).flat_map(line).collect();
    hops.reverse();
    hops
}

fn x_forwarded_for(line: &str) -> Vec<Hop> {
    line.split(',').map(address).collect()
}

/// The `for` of every element of one line (RFC 7239 §4); a line that is not well-formed is one hop without an address.
fn forwarded(line: &str) -> Vec<Hop> {
    elements(line).unwrap_or_else(|| vec![None])
}

fn elements(line: &str) -> Option<Vec<Hop>> {
    let (mut rest, mut hops, mut origin) = (line, Vec::new(), None);
    loop {
        let (name, after) = word(rest.trim_start())?;
        let (value, after) = value(after.strip_prefix('=')?)?;
        if name.eq_ignore_ascii_case("for") && origin.replace(value).is_some() {
            return None;
        }
        let after = after.trim_start();
        if let Some(next_pair) = after.strip_prefix(';') {
            rest = next_pair;
            continue;
        }
        hops.push(origin.take().and_then(|origin| address(&origin)));
        match after.strip_prefix(',') {
            Some(next_element) => rest = next_element,
            None => return after.is_empty().then_some(hops),
        }
    }
}

/// A word and what follows it. More than a token of RFC 9110, because some proxies forget the quotes around `[::1]`.
fn word(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|letter: char| letter.is_whitespace() || "=;,\"".contains(letter)).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    (!word.is_empty()).then_some((word, rest))
}

/// A word or a quoted string (RFC 9110 §5.6.4), and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        return word(text).map(|(word, rest)| (word.to_owned(), rest));
    };
    let (mut value, mut letters) = (String::new(), quoted.chars());
    loop {
        match letters.next()? {
            '"' => return Some((value, letters.as_str())),
            '\\' => value.push(letters.next()?),
            letter => value.push(letter),
        }
    }
}

/// An address, perhaps with a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let address = text.parse::<IpAddr>().ok().or_else(with_port).or_else(in_brackets)?;
    Some(address.to_canonical())
}
