//! The name of a peer: what logs, ledgers and people call it.
//! It does not prove anything; the key behind it does.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Long enough for any host name label plus a slot, short enough for a log line and a routing id.
const MAX_NAME_BYTES: usize = 64;

/// 1 to 64 ASCII letters, digits, `.`, `_` or `-`, beginning with a letter or digit.
///
/// The narrow set keeps a name printable, usable as a file name, and free of the separators of
/// routing ids. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerName(Arc<str>);

/// The text is no peer name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no peer name: use 1 to {MAX_NAME_BYTES} letters, digits, '.', '_' or '-', beginning with a letter or digit"
)]
pub struct BadName {
    text: String,
}

impl PeerName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PeerName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let begins_well = text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        if begins_well && text.len() <= MAX_NAME_BYTES && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            // A stranger's text may be long; the error quotes only its beginning.
            Err(BadName { text: text.chars().take(MAX_NAME_BYTES).collect() })
        }
    }
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_and_slots_are_names() {
        for text in ["a", "gpu-07.cluster.example", "worker_3", "9", &"x".repeat(64)] {
            assert_eq!(text.parse::<PeerName>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", " ", "a b", "a/b", "-a", ".hidden", "ä", "a\0", "a\n", &"x".repeat(65)] {
            assert!(text.parse::<PeerName>().is_err(), "{text:?}");
        }
    }
}
