//! The coordinator's key pair and the list of workers it admits, as files in one directory.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use transport::{Allow, KeyPair, PeerName, PublicKey};

use crate::directory::write_whole;

#[derive(Debug, Clone)]
pub struct Keyring {
    directory: PathBuf,
}

impl Keyring {
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    pub fn secret(&self) -> PathBuf {
        self.directory.join("coordinator.key")
    }
    pub fn public(&self) -> PathBuf {
        self.directory.join("coordinator.pub")
    }
    /// One worker a line: its name, a space, its public key.
    pub fn allowed(&self) -> PathBuf {
        self.directory.join("allowed-workers")
    }
    pub fn worker_key(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.key"))
    }

    /// The coordinator's pair, made on first use.
    pub fn coordinator(&self) -> Result<KeyPair> {
        std::fs::create_dir_all(&self.directory)
            .with_context(|| format!("the key directory {} can't be made", self.directory.display()))?;
        if !self.secret().exists() {
            KeyPair::generate().save(&self.secret())?;
        }
        let pair = KeyPair::load(&self.secret())?;
        if !self.public().exists() {
            pair.public().save(&self.public())?;
        }
        Ok(pair)
    }

    /// The worker's key file, made and admitted on first use.
    pub fn admit_new(&self, name: &str) -> Result<PathBuf> {
        // Before any file bears it.
        let _: PeerName = name.parse()?;
        let path = self.worker_key(name);
        if !path.exists() {
            KeyPair::generate().save(&path)?;
        }
        self.admit(name, KeyPair::load(&path)?.public())?;
        Ok(path)
    }

    /// Adds a worker to the list; the same pair twice is fine.
    pub fn admit(&self, name: &str, key: PublicKey) -> Result<()> {
        let peer: PeerName = name.parse()?;
        let mut allow = self.allow()?;
        if allow.name_of(&key) == Some(&peer) {
            return Ok(());
        }
        allow.insert(peer, key)?;
        let head = "# Workers that may connect: a name and its public key, one a line.\n";
        let mut lines: Vec<String> = allow.iter().map(|(name, key)| format!("{name} {key}\n")).collect();
        lines.sort_unstable();
        let text = format!("{head}{}", lines.concat());
        write_whole(&self.allowed(), text.as_bytes())
            .with_context(|| format!("{} can't be written", self.allowed().display()))
    }

    /// The list as it stands; empty where there is none yet.
    pub fn allow(&self) -> Result<Allow> {
        let path = self.allowed();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Allow::new()),
            Err(error) => return Err(error).with_context(|| format!("{} can't be read", path.display())),
        };
        parse_allow(&text, &path)
    }
}

fn parse_allow(text: &str, path: &Path) -> Result<Allow> {
    let mut allow = Allow::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = || format!("{}, line {}", path.display(), number + 1);
        // The key is last, whatever it holds: Z85 has no space.
        let Some((name, key)) = line.split_once(char::is_whitespace) else {
            bail!("{}: expected a name and a public key", place());
        };
        let key: PublicKey = key.trim().parse().map_err(anyhow::Error::new).with_context(place)?;
        allow.insert(name.parse().with_context(place)?, key).with_context(place)?;
    }
    Ok(allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admits_once_and_reads_back() {
        let directory = tempfile::tempdir().unwrap();
        let keyring = Keyring::new(directory.path());
        let pair = keyring.coordinator().unwrap();
        assert_eq!(keyring.coordinator().unwrap().public(), pair.public());
        keyring.admit_new("a").unwrap();
        keyring.admit_new("b").unwrap();
        keyring.admit_new("a").unwrap();
        assert_eq!(keyring.allow().unwrap().len(), 2);
    }

    #[test]
    fn a_broken_list_names_the_line() {
        let broken = parse_allow("# head\n\nnode-1 short\n", Path::new("allowed-workers"));
        assert!(format!("{:#}", broken.unwrap_err()).contains("allowed-workers, line 3"));
    }
}
