//! `tcp://HOST:PORT`, the one kind of address this package knows. It resolves nothing.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Where a server listens: `tcp://127.0.0.1:5555`, `tcp://[::1]:5555`, `tcp://gpu-host:5555`.
/// `tcp://*:5555` listens on all interfaces; port 0 lets the system choose.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    host: String,
    port: u16,
}

/// The text is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no endpoint: write tcp://HOST:PORT, as in tcp://127.0.0.1:5555 or tcp://[::1]:5555")]
pub struct BadEndpoint {
    text: String,
}

impl Endpoint {
    /// Host name or address, an IPv6 address without its brackets, or `*`.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The same host at another port.
    pub fn with_port(&self, port: u16) -> Self {
        Self { host: self.host.clone(), port }
    }

    /// Whether only this machine can be meant. A name other than `localhost` never counts: what
    /// it resolves to is not ours to promise (`localhost` is loopback by RFC 6761, section 6.3).
    pub fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host.eq_ignore_ascii_case("localhost"),
        }
    }

    pub(crate) fn is_wildcard(&self) -> bool {
        self.host == "*"
    }
}

impl FromStr for Endpoint {
    type Err = BadEndpoint;

    fn from_str(text: &str) -> Result<Self, BadEndpoint> {
        let bad = || BadEndpoint { text: text.chars().take(300).collect() };
        let rest = text.strip_prefix("tcp://").ok_or_else(bad)?;
        let (host, port) = rest.rsplit_once(':').ok_or_else(bad)?;
        let port = port.parse().map_err(|_| bad())?;
        let host = match host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
            Some(inner) if inner.parse::<std::net::Ipv6Addr>().is_ok() => inner,
            Some(_) => return Err(bad()),
            None => host,
        };
        let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let is_v6 = host.parse::<std::net::Ipv6Addr>().is_ok() && rest.starts_with('[');
        let is_name = !host.is_empty() && host.len() <= 253 && host.bytes().all(named);
        if is_v6 || is_name || host == "*" { Ok(Self { host: host.to_owned(), port }) } else { Err(bad()) }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "tcp://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "tcp://{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["tcp://127.0.0.1:0", "tcp://[::1]:5555", "tcp://gpu-host.lab:1", "tcp://*:65535"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "127.0.0.1:1",
            "tcp://host",
            "tcp://host:",
            "tcp://:1",
            "tcp://host:65536",
            "tcp://::1:5",
            "tcp://[x]:1",
            "tcp://a b:1",
            "ipc://x:1",
            "tcp://a/b:1",
            "udp://127.0.0.1:1",
            "tcp://host:-1",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_is_an_address_or_localhost() {
        let check = |text: &str, expected| {
            assert_eq!(text.parse::<Endpoint>().unwrap().is_loopback(), expected, "{text}");
        };
        check("tcp://127.0.0.1:1", true);
        check("tcp://127.8.8.8:1", true);
        check("tcp://[::1]:1", true);
        check("tcp://localhost:1", true);
        check("tcp://0.0.0.0:1", false);
        check("tcp://*:1", false);
        check("tcp://10.0.0.1:1", false);
        check("tcp://localhost.example:1", false);
    }
}
