//! Key pairs and public keys, as values. `keys::file` stores them. Nothing here prints a secret.

mod file;
mod join;

use std::fmt;
use std::str::FromStr;

pub use file::KeyError;
pub use join::{BadCode, JoinCode};

use crate::zeromq::curve;

/// A key of 32 bytes is 40 characters of Z85 text (ZeroMQ RFC 32).
pub(crate) const Z85_KEY_BYTES: usize = 40;

/// A Curve25519 public key. Its text form is Z85, as everywhere in ZeroMQ.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

/// A long-term Curve25519 key pair. The secret is wiped from memory on drop.
#[derive(Clone)]
pub struct KeyPair {
    public: PublicKey,
    secret: curve::Secret,
}

/// The text is no key. It is not quoted: it might be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a key: a key is {Z85_KEY_BYTES} characters of Z85 text, as `keygen` writes it")]
pub struct BadKey;

impl PublicKey {
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl KeyPair {
    /// A fresh pair from the operating system's dice.
    pub fn generate() -> Self {
        let secret = curve::Secret::generate();
        Self { public: PublicKey(secret.public()), secret }
    }

    pub fn public(&self) -> PublicKey {
        self.public
    }

    fn from_secret_text(text: &str) -> Result<Self, BadKey> {
        check_z85(text)?;
        let secret = curve::Secret::from_z85(text).ok_or(BadKey)?;
        Ok(Self { public: PublicKey(secret.public()), secret })
    }

    fn secret_text(&self) -> String {
        self.secret.to_z85()
    }

    pub(crate) fn secret(&self) -> &curve::Secret {
        &self.secret
    }
}

impl FromStr for PublicKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        check_z85(text)?;
        curve::public_from_z85(text).map(Self).ok_or(BadKey)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&curve::public_to_z85(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("public", &self.public).finish_non_exhaustive()
    }
}

fn check_z85(text: &str) -> Result<(), BadKey> {
    let in_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b".-:+=^!/*?&<>()[]{}@%$#".contains(&byte);
    if text.len() == Z85_KEY_BYTES && text.bytes().all(in_alphabet) { Ok(()) } else { Err(BadKey) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_agree_with_the_reference_example() {
        // The server and client pairs of libzmq's own CURVE tests.
        let text = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
        let key: PublicKey = text.parse().unwrap();
        assert_eq!(key.to_string(), text);
        assert_eq!(PublicKey::from_bytes(*key.as_bytes()), key);
        let pairs = [
            (text, "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"),
            ("Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"),
        ];
        for (public, secret) in pairs {
            assert_eq!(KeyPair::from_secret_text(secret).unwrap().public().to_string(), public);
        }
    }

    #[test]
    fn malformed_keys_are_refused_without_a_panic() {
        let good = KeyPair::generate().public().to_string();
        let mut tries =
            vec![String::new(), good[..39].into(), format!("{good}0"), "~".repeat(40), "é".repeat(20)];
        tries.push("#".repeat(40)); // in the alphabet, but each group of five exceeds 32 bits
        for text in tries {
            assert_eq!(text.parse::<PublicKey>(), Err(BadKey), "{text}");
            assert!(KeyPair::from_secret_text(&text).is_err());
        }
    }

    #[test]
    fn a_secret_is_never_printed() {
        let pair = KeyPair::generate();
        let secret = pair.secret_text();
        assert!(!format!("{pair:?}").contains(&secret));
        assert!(format!("{pair:?}").contains(&pair.public().to_string()));
    }
}
