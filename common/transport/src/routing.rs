//! The routing id that a client announces: `SUBJECT/INSTANCE`.
//!
//! The subject is the client's public key in Z85 text, or without keys its name. The instance is
//! random for each client object and lets the server tell a restarted process from a reconnect.
//! A foreign ZeroMQ peer may announce the bare `SUBJECT`. Reading one proves nothing: the gate
//! compares the subject with the key that the handshake proved.

use bytes::Bytes;

use crate::KeyPair;
use crate::keys::Z85_KEY_BYTES;

/// Bytes of an instance: 16 hexadecimal digits, 64 random bits.
const MAX_INSTANCE_BYTES: usize = 16;

/// ZeroMQ carries at most 255 bytes; subject and instance stay far below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoutingId {
    text: Bytes,
    subject_bytes: usize,
}

impl RoutingId {
    pub(crate) fn new(subject: &str, instance: &str) -> Self {
        let text = if instance.is_empty() { subject.to_owned() } else { format!("{subject}/{instance}") };
        Self { text: text.into(), subject_bytes: subject.len() }
    }

    /// An id that no earlier client had. The key generator is this package's one source of dice.
    pub(crate) fn fresh(subject: &str) -> Self {
        let dice = KeyPair::generate().public();
        let instance: String =
            dice.as_bytes()[..MAX_INSTANCE_BYTES / 2].iter().map(|b| format!("{b:02x}")).collect();
        Self::new(subject, &instance)
    }

    /// Reads what a peer announced, whose subject is a key. Z85 text may itself contain `/`, so
    /// the split is by length.
    pub(crate) fn read_key(announced: &Bytes) -> Option<Self> {
        Self::read(announced, Z85_KEY_BYTES.min(announced.len()))
    }

    /// Reads what a peer announced, whose subject is a name (which has no `/`).
    pub(crate) fn read_name(announced: &Bytes) -> Option<Self> {
        let end = announced.iter().position(|byte| *byte == b'/').unwrap_or(announced.len());
        Self::read(announced, end)
    }

    fn read(announced: &Bytes, subject_bytes: usize) -> Option<Self> {
        let plain = std::str::from_utf8(announced).is_ok_and(|text| text.is_ascii());
        let instance_reads = match announced[subject_bytes..].split_first() {
            None => true,
            Some((b'/', rest)) => {
                (1..=MAX_INSTANCE_BYTES).contains(&rest.len()) && rest.iter().all(u8::is_ascii_alphanumeric)
            }
            Some(_) => false,
        };
        // Copied, so that the id does not keep a receive buffer alive.
        (plain && instance_reads).then(|| Self { text: Bytes::copy_from_slice(announced), subject_bytes })
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    pub(crate) fn to_bytes(&self) -> Bytes {
        self.text.clone()
    }

    pub(crate) fn subject(&self) -> &str {
        std::str::from_utf8(&self.text[..self.subject_bytes]).expect("routing ids are ASCII")
    }

    pub(crate) fn has_instance(&self) -> bool {
        self.text.len() > self.subject_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_a_client_announces() {
        let key = KeyPair::generate().public().to_string();
        let fresh = RoutingId::fresh(&key);
        assert_eq!(RoutingId::read_key(&fresh.to_bytes()), Some(fresh.clone()));
        assert_eq!(fresh.subject(), key);
        assert!(fresh.has_instance());
        let named = RoutingId::fresh("worker-1");
        assert_eq!(RoutingId::read_name(&named.to_bytes()).unwrap().subject(), "worker-1");
        assert_ne!(RoutingId::fresh("a"), RoutingId::fresh("a"));
    }

    #[test]
    fn a_key_with_slashes_is_not_cut_short() {
        let key = "/".repeat(Z85_KEY_BYTES);
        let read = RoutingId::read_key(&Bytes::from(format!("{key}/ab"))).unwrap();
        assert_eq!(read.subject(), key);
        assert!(!RoutingId::read_key(&Bytes::from(key)).unwrap().has_instance());
    }

    #[test]
    fn refuses_what_no_client_announces() {
        for text in ["w/", "w/a/b", "w/!", "w/12345678901234567", "w/\u{e9}"] {
            assert_eq!(RoutingId::read_name(&Bytes::from(text)), None, "{text}");
        }
        assert_eq!(RoutingId::read_name(&Bytes::from_static(b"\xff\xfe")), None);
        assert_eq!(RoutingId::read_key(&Bytes::from("k".repeat(Z85_KEY_BYTES) + "x")), None);
    }
}
