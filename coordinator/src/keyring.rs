//! The coordinator's key pair, the list of workers it admits and its open invitations, as files in one directory. Whoever may
//! write there decides who works on the study. A running coordinator reads the lists again when they change.

mod invitation;

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use common::time::Timestamp;
use nix::fcntl::{Flock, FlockArg};
use transport::{Allow, KeyPair, PeerName, PublicKey};

use crate::directory::write_whole;

pub use invitation::{GUEST, Invitation};

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
    /// One open invitation a line.
    pub fn invited(&self) -> PathBuf {
        self.directory.join("invitations")
    }
    pub fn worker_key(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.key"))
    }
    /// The key of a worker that was revoked; no program reads it.
    pub fn retired_key(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.key.revoked"))
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

    /// The worker's key file, made and admitted on first use. Launchers ask for it again and again: after a revocation there is
    /// no such file any more, so that what they admit is a new pair.
    pub fn admit_new(&self, name: &str) -> Result<PathBuf> {
        // Before any file bears it.
        let _: PeerName = name.parse()?;
        // A key that is read here must not be revoked before it is on the list.
        let _alone = self.alone()?;
        let path = self.worker_key(name);
        if !path.exists() {
            KeyPair::generate().save(&path)?;
        }
        self.add(name, KeyPair::load(&path)?.public())?;
        Ok(path)
    }

    /// Adds a worker to the list; the same pair twice is fine.
    pub fn admit(&self, name: &str, key: PublicKey) -> Result<()> {
        let _alone = self.alone()?;
        self.add(name, key)
    }

    /// Takes a worker, and its open invitation, off the lists, and puts a key of it that lies here aside; whether there was
    /// anything of it.
    pub fn revoke(&self, name: &str) -> Result<bool> {
        // Before any file of this name is moved.
        let peer: PeerName = name.parse()?;
        let _alone = self.alone()?;
        // First: broken off after this, it can be asked for again, and no launcher admits the old key meanwhile.
        let retired = self.retire(&peer)?;
        let (allow, mut invitations) = (self.allow()?, self.invitations()?);
        let mut kept = Allow::new();
        for (listed, key) in allow.iter().filter(|(listed, _)| listed.as_str() != name) {
            kept.insert(listed.clone(), *key)?;
        }
        let before = allow.len() + invitations.len();
        invitations.retain(|invitation| invitation.name.as_str() != name);
        let after = kept.len() + invitations.len();
        if after < before {
            self.write_allow(&kept)?;
            self.write_invitations(&invitations)?;
        }
        Ok(retired || after < before)
    }

    /// Puts the worker's key file aside, over one that was put aside before; whether there was one.
    fn retire(&self, name: &PeerName) -> Result<bool> {
        let path = self.worker_key(name.as_str());
        // A worker may bear any name, and this file is nobody else's.
        if path == self.secret() {
            return Ok(false);
        }
        match std::fs::rename(&path, self.retired_key(name.as_str())) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            moved => {
                moved.with_context(|| format!("{} can't be put aside", path.display()))?;
                Ok(true)
            }
        }
    }

    /// Lets whoever has the secret of `key` enrol once as `name`; an earlier invitation of that name is void.
    pub fn invite(&self, invitation: Invitation) -> Result<()> {
        let _alone = self.alone()?;
        let name = invitation.name.clone();
        self.check_new(&name)?;
        let mut invitations = self.invitations()?;
        invitations.retain(|other| other.name != name);
        invitations.push(invitation);
        self.write_invitations(&invitations)
    }

    /// Uses an invitation up: its name is the name of `key` from now on.
    pub fn redeem(&self, invitation: &Invitation, key: PublicKey, now: Timestamp) -> Result<()> {
        let _alone = self.alone()?;
        let mut invitations = self.invitations()?;
        let before = invitations.len();
        invitations.retain(|other| other != invitation);
        if invitations.len() == before {
            bail!("the invitation of {} is used up or withdrawn: ask for another", invitation.name);
        }
        if invitation.until <= now {
            bail!("the invitation of {} has run out: ask for another", invitation.name);
        }
        self.check_new(&invitation.name)?;
        self.add(invitation.name.as_str(), key)?;
        self.write_invitations(&invitations)
    }

    /// The list as it stands; empty where there is none yet.
    pub fn allow(&self) -> Result<Allow> {
        let path = self.allowed();
        parse_allow(&read(&path)?, &path)
    }

    /// Open invitations, and such as have run out.
    pub fn invitations(&self) -> Result<Vec<Invitation>> {
        let path = self.invited();
        let text = read(&path)?;
        let lines =
            text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        lines
            .map(|(number, line)| {
                Invitation::parse(line).with_context(|| format!("{}, line {}", path.display(), number + 1))
            })
            .collect()
    }

    fn add(&self, name: &str, key: PublicKey) -> Result<()> {
        let peer: PeerName = name.parse()?;
        if peer.as_str().starts_with(GUEST) {
            bail!("names that begin with `{GUEST}` are those of invitations: choose another for the worker");
        }
        let mut allow = self.allow()?;
        if allow.name_of(&key) == Some(&peer) {
            return Ok(());
        }
        allow.insert(peer, key)?;
        self.write_allow(&allow)
    }

    fn check_new(&self, name: &PeerName) -> Result<()> {
        if self.allow()?.iter().any(|(listed, _)| listed == name) {
            bail!("{name} is admitted already: revoke it first if its key is lost, or choose another name");
        }
        Ok(())
    }

    fn write_allow(&self, allow: &Allow) -> Result<()> {
        let head = "# Workers that may connect: a name and its public key, one a line.\n";
        let mut lines: Vec<String> = allow.iter().map(|(name, key)| format!("{name} {key}\n")).collect();
        lines.sort_unstable();
        let text = format!("{head}{}", lines.concat());
        write_whole(&self.allowed(), text.as_bytes())
            .with_context(|| format!("{} can't be written", self.allowed().display()))
    }

    fn write_invitations(&self, invitations: &[Invitation]) -> Result<()> {
        let head =
            "# Who is invited, until when (milliseconds since 1970), and the public key of the join code.\n";
        let lines: String = invitations.iter().map(|invitation| format!("{invitation}\n")).collect();
        write_whole(&self.invited(), format!("{head}{lines}").as_bytes())
            .with_context(|| format!("{} can't be written", self.invited().display()))
    }

    /// One process at a time reads a list and writes it again: the commands and the coordinator itself.
    fn alone(&self) -> Result<Flock<File>> {
        std::fs::create_dir_all(&self.directory)
            .with_context(|| format!("the key directory {} can't be made", self.directory.display()))?;
        let path = self.directory.join(".lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("{} can't be opened", path.display()))?;
        Flock::lock(file, FlockArg::LockExclusive)
            .map_err(|(_, errno)| anyhow::Error::new(errno))
            .with_context(|| format!("{} can't be locked", path.display()))
    }
}

/// The file's text; empty where there is none.
fn read(path: &Path) -> Result<String> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        text => text.with_context(|| format!("{} can't be read", path.display())),
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
    fn a_revoked_key_does_not_come_back_by_itself() {
        let directory = tempfile::tempdir().unwrap();
        let keyring = Keyring::new(directory.path());
        let own = keyring.coordinator().unwrap().public();
        let key_of = |name: &str| KeyPair::load(&keyring.admit_new(name).unwrap()).unwrap().public();
        let (leaked, other) = (key_of("slurm-3"), key_of("slurm-33"));
        assert_eq!(key_of("slurm-3"), leaked, "as long as nobody revokes it");
        assert!(keyring.revoke("slurm-3").unwrap());
        assert!(!keyring.worker_key("slurm-3").exists());
        assert_eq!(KeyPair::load(&keyring.retired_key("slurm-3")).unwrap().public(), leaked, "kept aside");

        let renewed = key_of("slurm-3");
        let listed = |key| keyring.allow().unwrap().name_of(&key).cloned();
        assert_ne!(renewed, leaked);
        assert_eq!((listed(leaked), listed(renewed)), (None, Some("slurm-3".parse().unwrap())));
        assert!(keyring.revoke("slurm-3").unwrap(), "and again");
        assert!(!keyring.revoke("slurm-3").unwrap());
        assert_eq!(key_of("slurm-33"), other);

        // A key that an earlier release left where it was, and names that are paths or the coordinator's own.
        KeyPair::generate().save(&keyring.worker_key("left")).unwrap();
        assert!(keyring.revoke("left").unwrap() && !keyring.worker_key("left").exists());
        assert!(keyring.revoke("../left").is_err());
        assert!(!keyring.revoke("coordinator").unwrap());
        assert_eq!(keyring.coordinator().unwrap().public(), own);
    }

    #[test]
    fn an_invitation_is_good_once_and_for_a_while() {
        let directory = tempfile::tempdir().unwrap();
        let keyring = Keyring::new(directory.path());
        let key = || KeyPair::generate().public();
        let invited =
            |until| Invitation { name: "new".parse().unwrap(), key: key(), until: Timestamp(until) };
        let (first, second) = (invited(100), invited(200));
        keyring.invite(first.clone()).unwrap();
        keyring.invite(second.clone()).unwrap();
        assert_eq!(keyring.invitations().unwrap(), std::slice::from_ref(&second), "the newer one counts");
        let refusal =
            |invitation, now| format!("{:#}", keyring.redeem(invitation, key(), Timestamp(now)).unwrap_err());
        assert!(refusal(&first, 50).contains("used up or withdrawn"));
        assert!(refusal(&second, 200).contains("has run out"));
        keyring.redeem(&second, key(), Timestamp(199)).unwrap();
        assert!(refusal(&second, 199).contains("used up"));
        assert!(format!("{:#}", keyring.invite(first).unwrap_err()).contains("revoke it first"));
        assert_eq!((keyring.allow().unwrap().len(), keyring.invitations().unwrap().len()), (1, 0));
        assert!(keyring.revoke("new").unwrap() && !keyring.revoke("new").unwrap());
        assert!(keyring.allow().unwrap().is_empty());
        assert!(keyring.admit("joining.new", key()).is_err(), "a name of invitations");
    }

    #[test]
    fn a_broken_list_names_the_line() {
        let broken = parse_allow("# head\n\nnode-1 short\n", Path::new("allowed-workers"));
        assert!(format!("{:#}", broken.unwrap_err()).contains("allowed-workers, line 3"));
    }
}
