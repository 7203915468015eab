//! The token that callers show: 256 bits in a file that its owner alone can read.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::random;

/// Random bytes of a token that is made here.
const BYTES: usize = 32;
/// A token is a line; what is longer is something else.
const MOST_BYTES: u64 = 512;
/// A token that is shorter could be guessed.
const LEAST_CHARS: usize = 16;

/// Prints as dots; compared in a time that does not depend on where the two differ.
#[derive(Clone)]
pub struct Token {
    text: String,
    digest: [u8; 32],
}

impl Token {
    /// Reads the file, made when missing where `is_ours`: one that somebody named is theirs to make.
    pub fn at(path: &Path, is_ours: bool) -> Result<Self> {
        if is_ours && !path.exists() {
            make(path).with_context(|| format!("the token {} can't be written", path.display()))?;
        }
        Self::read(path)
    }

    /// Refuses a file that its group or others can read.
    pub fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let file = File::open(path).with_context(|| {
            format!("the token {shown} can't be read: write one there (`openssl rand -hex 32`), mode 600")
        })?;
        let mode = file.metadata()?.mode() & 0o777;
        if mode & 0o077 != 0 {
            bail!(
                "the token {shown} can be read by others (mode {mode:03o}): run `chmod 600 {shown}`, and make a new one if others may have read it"
            );
        }
        let mut text = String::new();
        file.take(MOST_BYTES)
            .read_to_string(&mut text)
            .with_context(|| format!("the token {shown} is no text"))?;
        let text = text.trim().to_owned();
        if text.len() < LEAST_CHARS || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            bail!("{shown} holds no token: one line of at least {LEAST_CHARS} letters, digits or signs");
        }
        Ok(Self::of(text))
    }

    pub fn of(text: String) -> Self {
        let digest = Sha256::digest(text.as_bytes()).into();
        Self { text, digest }
    }

    pub fn is(&self, shown: &str) -> bool {
        // Digests of equal length: a difference tells nothing of where it lies.
        let shown: [u8; 32] = Sha256::digest(shown.as_bytes()).into();
        self.digest.iter().zip(shown).fold(0, |differs, (own, theirs)| differs | (own ^ theirs)) == 0
    }

    /// To show it to a coordinator.
    pub fn secret(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(...)")
    }
}

fn make(path: &Path) -> io::Result<()> {
    let text = random::hex::<BYTES>()?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_token_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("http-token");
        let token = Token::at(&path, true).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let again = Token::at(&path, true).unwrap();
        assert!(again.is(token.secret()) && !again.is("another") && !again.is(""));
        assert_eq!(format!("{token:?}"), "Token(...)");
    }

    #[test]
    fn what_others_can_read_or_guess_is_refused_with_the_cure() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let refusal = || format!("{:#}", Token::at(&path, false).unwrap_err());
        assert!(refusal().contains("openssl rand -hex 32"), "{}", refusal());
        std::fs::write(&path, "0123456789abcdef0123").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(refusal().contains("chmod 600"), "{}", refusal());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(Token::at(&path, false).is_ok());
        std::fs::write(&path, "short\n").unwrap();
        assert!(refusal().contains("holds no token"), "{}", refusal());
    }
}
