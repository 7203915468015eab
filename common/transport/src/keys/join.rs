//! A one-time join code: the server's public key and the seed of a throw-away pair, as one word that a person can paste.
//!
//! The pair is good for one thing, and for one use: to bring a new worker's own public key to a server that admits this pair for
//! nothing else. The handshake proves both sides as ever: the code names the server's key, the server knows the pair's. What
//! a server does with such a peer is not decided here.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::{KeyPair, PublicKey};
use crate::zeromq::curve;

/// 128 random bits: nobody guesses them within the hours that a code lives.
const SEED_BYTES: usize = 16;
/// Enough of a digest that a letter lost in pasting is told from a code that is used up.
const CHECK_BYTES: usize = 4;
const KEY_BYTES: usize = 32;
const CODE_BYTES: usize = KEY_BYTES + SEED_BYTES + CHECK_BYTES;
/// Told apart by their purpose, so that no digest of one is one of the other.
const PAIR: &[u8] = b"ce-nas join, pair, 1";
const CHECK: &[u8] = b"ce-nas join, check, 1";

/// Whoever has it may enrol once. It is not printed by accident: `to_text` says what it does.
#[derive(Clone)]
pub struct JoinCode {
    server: PublicKey,
    seed: [u8; SEED_BYTES],
}

/// The text is no join code. It is not quoted: it might be most of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a join code: it is {} letters and digits in one piece, as `ce-nas workers invite` prints it; copy it again",
    2 * CODE_BYTES
)]
pub struct BadCode;

impl JoinCode {
    /// A fresh code for the server of this key.
    pub fn generate(server: PublicKey) -> Self {
        // The key generator is this package's one source of dice; a digest of a fresh secret gives away nothing of anything else.
        let dice = Sha256::digest(KeyPair::generate().secret_text());
        let mut seed = [0; SEED_BYTES];
        seed.copy_from_slice(&dice[..SEED_BYTES]);
        Self { server, seed }
    }

    /// The server that it is for.
    pub fn server(&self) -> PublicKey {
        self.server
    }

    /// The throw-away pair.
    pub fn keys(&self) -> KeyPair {
        let secret = curve::Secret::from_bytes(
            Sha256::new().chain_update(PAIR).chain_update(self.seed).finalize().into(),
        );
        KeyPair { public: PublicKey(secret.public()), secret }
    }

    /// The code itself, which is a secret.
    pub fn to_text(&self) -> String {
        let body = [&self.server.as_bytes()[..], &self.seed[..]].concat();
        body.iter().chain(&check(&body)).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn check(body: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = Sha256::new().chain_update(CHECK).chain_update(body).finalize();
    std::array::from_fn(|place| digest[place])
}

impl FromStr for JoinCode {
    type Err = BadCode;

    fn from_str(text: &str) -> Result<Self, BadCode> {
        if text.len() != 2 * CODE_BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(BadCode);
        }
        let mut bytes = [0; CODE_BYTES];
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).map_err(|_digits| BadCode)?;
        }
        let (body, given) = bytes.split_at(KEY_BYTES + SEED_BYTES);
        if check(body) != given {
            return Err(BadCode);
        }
        let (server, seed) = body.split_at(KEY_BYTES);
        let server = PublicKey(server.try_into().expect("the length is checked"));
        Ok(Self { server, seed: seed.try_into().expect("the length is checked") })
    }
}

impl fmt::Debug for JoinCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinCode").field("server", &self.server).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_and_makes_the_same_pair() {
        let code = JoinCode::generate(KeyPair::generate().public());
        let again: JoinCode = code.to_text().parse().unwrap();
        assert_eq!(again.server(), code.server());
        assert_eq!(again.keys().public(), code.keys().public());
        assert_ne!(JoinCode::generate(code.server()).keys().public(), code.keys().public());
        assert!(!format!("{code:?}").contains(&code.to_text()[64..96]), "the seed is not printed");
    }

    #[test]
    fn a_code_with_a_wrong_letter_is_none() {
        let text = JoinCode::generate(KeyPair::generate().public()).to_text();
        for place in [0, 63, 64, 95, 96, 103] {
            let mut letters = text.clone().into_bytes();
            letters[place] = if letters[place] == b'0' { b'1' } else { b'0' };
            assert!(String::from_utf8(letters).unwrap().parse::<JoinCode>().is_err(), "letter {place}");
        }
        for text in ["", "xyz", &text[1..], &format!("{text}0"), &"é".repeat(52)] {
            assert!(text.parse::<JoinCode>().is_err());
        }
    }
}
