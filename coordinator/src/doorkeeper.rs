//! Who may come in at present: the list of workers and the open invitations, read again whenever their files change. It tells
//! the gateway of each change, and lets an invited worker enrol. Nothing here knows of sockets.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::Result;
use common::id::WorkerName;
use common::time::Timestamp;
use transport::{Allow, PeerName, PublicKey};

use crate::keyring::{GUEST, Invitation, Keyring};

#[derive(Debug)]
pub struct Doorkeeper {
    keyring: Keyring,
    seen: Option<Seen>,
    /// What could not be read when that was told last.
    unread: Option<Seen>,
    workers: BTreeMap<PeerName, PublicKey>,
    guests: BTreeMap<PeerName, Invitation>,
}

/// What tells a file from its successor: files here are replaced, not written over, and an editor that writes in place changes
/// the time or the length.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen([Option<Stamp>; 2]);

type Stamp = (u64, u64, i64, i64);

/// Another list.
#[derive(Debug)]
pub struct Change {
    pub allow: Allow,
    /// Workers that may not come in any more, or whose key is another now.
    pub gone: Vec<WorkerName>,
}

impl Doorkeeper {
    pub fn new(keyring: Keyring) -> Self {
        Self { keyring, seen: None, unread: None, workers: BTreeMap::new(), guests: BTreeMap::new() }
    }

    /// Looks whether somebody changed the lists, or an invitation ran out. An error leaves everything as it was, and comes once for
    /// each state of the files; they are read again at each look, for the trouble may have been the disk's.
    pub fn look(&mut self, now: Timestamp) -> Result<Option<Change>> {
        let seen = Seen([stamp(&self.keyring.allowed()), stamp(&self.keyring.invited())]);
        let ran_out = self.guests.values().any(|guest| guest.until <= now);
        if self.seen.as_ref() == Some(&seen) && !ran_out {
            return Ok(None);
        }
        match self.read(now) {
            Ok(change) => {
                (self.seen, self.unread) = (Some(seen), None);
                Ok(change)
            }
            Err(_) if self.unread.as_ref() == Some(&seen) => Ok(None),
            Err(error) => {
                self.unread = Some(seen);
                Err(error)
            }
        }
    }

    fn read(&mut self, now: Timestamp) -> Result<Option<Change>> {
        let allow = self.keyring.allow()?;
        let invitations = self.keyring.invitations()?;
        let workers: BTreeMap<_, _> = allow.iter().map(|(name, key)| (name.clone(), *key)).collect();
        let open = |invitation: &Invitation| invitation.until > now;
        let guests: BTreeMap<_, _> =
            invitations.into_iter().filter(open).map(|guest| (guest.peer(), guest)).collect();
        if (&workers, &guests) == (&self.workers, &self.guests) {
            return Ok(None);
        }
        let lost = |(name, key): &(&PeerName, &PublicKey)| workers.get(*name) != Some(*key);
        let gone = self.workers.iter().filter(lost).map(|(name, _)| WorkerName::new(name.as_str())).collect();
        let allow = list(&workers, &guests)?;
        (self.workers, self.guests) = (workers, guests);
        Ok(Some(Change { allow, gone }))
    }

    /// Whether this peer may be heard as a worker.
    pub fn is_worker(&self, peer: &PeerName) -> bool {
        self.workers.contains_key(peer)
    }

    pub fn is_guest(&self, peer: &PeerName) -> bool {
        peer.as_str().starts_with(GUEST)
    }

    /// A guest brings the public key of the worker that it was invited for. The invitation is used up; the guest itself is still
    /// known until the next look, so that it can be told.
    pub fn enrol(&mut self, guest: &PeerName, key: PublicKey, now: Timestamp) -> Result<(WorkerName, Allow)> {
        let invitation = self.guests.get(guest).cloned();
        let name = guest.as_str().strip_prefix(GUEST).unwrap_or_default().parse::<PeerName>()?;
        // The answer to the first time may have been lost.
        if self.workers.get(&name) != Some(&key) {
            let invitation =
                invitation.ok_or_else(|| anyhow::anyhow!("there is no invitation for {name}"))?;
            self.keyring.redeem(&invitation, key, now)?;
            self.workers.insert(name.clone(), key);
        }
        Ok((WorkerName::new(name.as_str()), list(&self.workers, &self.guests)?))
    }
}

/// All who may connect.
fn list(workers: &BTreeMap<PeerName, PublicKey>, guests: &BTreeMap<PeerName, Invitation>) -> Result<Allow> {
    let mut allow = Allow::new();
    for (name, key) in workers {
        allow.insert(name.clone(), *key)?;
    }
    for (name, guest) in guests {
        allow.insert(name.clone(), guest.key)?;
    }
    Ok(allow)
}

fn stamp(path: &Path) -> Option<Stamp> {
    let of = |file: Metadata| (file.ino(), file.len(), file.mtime(), file.mtime_nsec());
    std::fs::metadata(path).ok().map(of)
}

#[cfg(test)]
#[path = "doorkeeper_tests.rs"]
mod tests;
