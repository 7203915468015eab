//! The fold of a long ledger, kept in a file so that a restart need not fold it all. The ledger is the history; this is a
//! memory of what it comes to up to one of its events, and may be deleted at any time.
//!
//! Invariant: a snapshot is made from the ledger, never from a running coordinator's state, and is thrown away where it does not
//! fit: made by another fold, of another history, or damaged (law L-1).

use std::io;
use std::path::{Path, PathBuf};

use common::event::Record;
use ledger::Ledger;
use sha2::{Digest, Sha256};

use crate::core::State;
use crate::directory::write_whole;
use crate::laws::{self, Violation};

/// A ledger that has grown by so many events since the last snapshot is worth another: they fold in two seconds.
pub(crate) const WORTH: u64 = 500_000;
/// Or by this part of itself, where that is more: each costs what the whole state takes to read and to write, and so costs a fixed share
/// of the work. A restart folds the rest.
const WORTH_SHARE: u64 = 2;

const MAGIC: &[u8; 8] = b"CeNASsn1";
const DIGEST: usize = 32;
/// Magic, fold, sequence number, its event, body.
const HEAD: usize = MAGIC.len() + DIGEST + 8 + DIGEST + DIGEST;

/// Everything that decides what an event does to the state. Another release, or a changed line in one of these, makes another
/// fold, and a snapshot of the former one is none.
const FOLD: [&str; 12] = [
    env!("CARGO_PKG_VERSION"),
    include_str!("core/state.rs"),
    include_str!("core/ask.rs"),
    include_str!("core/given.rs"),
    include_str!("core/health.rs"),
    include_str!("core/index.rs"),
    include_str!("core/pace.rs"),
    include_str!("core/trial.rs"),
    include_str!("account.rs"),
    include_str!("../../common/src/event.rs"),
    include_str!("../../common/src/trial.rs"),
    include_str!("../../common/src/objective.rs"),
];

/// A state and the number of the event up to which it is folded.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub state: State,
    pub sequence: u64,
}

/// What came of a snapshot.
#[derive(Debug, PartialEq, Eq)]
pub struct Written {
    /// The last event in it.
    pub sequence: u64,
    /// The laws that its state breaks; anything but none is a defect.
    pub broken: Vec<Violation>,
}

/// Why a snapshot is not used. None of these needs a person: the ledger is folded from its beginning instead.
#[derive(Debug, thiserror::Error)]
pub enum Misfit {
    #[error("there is none")]
    None,
    #[error("it can't be read: {0}")]
    Unreadable(io::Error),
    #[error("it is damaged")]
    Damaged,
    #[error("another release made it")]
    OtherFold,
    #[error("it belongs to another history")]
    OtherHistory,
}

/// Why a snapshot could not be made. The one before it stays.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    #[error("{} can't be written: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("law L-1 is broken: {0}; the snapshot is thrown away, please report this")]
    Unlawful(&'static str),
}

/// The state as the ledger tells it, by way of the snapshot beside it where that fits.
pub fn fold(ledger: &Ledger) -> Result<State, ledger::Error> {
    let known = read(ledger).unwrap_or_else(|misfit| {
        if !matches!(misfit, Misfit::None) {
            tracing::warn!(%misfit, "the ledger's snapshot is not used");
        }
        Snapshot::default()
    });
    let (from, mut snapshot) = (known.sequence, known);
    snapshot.advance(ledger, u64::MAX)?;
    tracing::info!(from, to = snapshot.sequence, "the ledger is folded");
    Ok(snapshot.state)
}

/// Whether a ledger of `length` events deserves a snapshot beyond the one at `last`.
pub fn is_due(length: u64, last: u64) -> bool {
    length.saturating_sub(last) >= WORTH.max(length / WORTH_SHARE)
}

/// Makes a snapshot of the ledger at `path` as it stands; a reader of its own, beside the writer. `from_scratch` folds the whole
/// history, holds the former snapshot against it, and reads back what it wrote: once in a process, for that costs as much again.
pub fn write(path: &Path, from_scratch: bool) -> Result<Written, Error> {
    let ledger = Ledger::read_only(path)?;
    let file = file_of(path);
    let mut snapshot = match read(&ledger).ok() {
        Some(former) if !from_scratch => former,
        Some(former) => {
            let mut snapshot = Snapshot::default();
            snapshot.advance(&ledger, former.sequence)?;
            if snapshot.state != former.state {
                let _ = std::fs::remove_file(&file);
                return Err(Error::Unlawful("a snapshot differs from the fold of its ledger"));
            }
            snapshot
        }
        None => Snapshot::default(),
    };
    snapshot.advance(&ledger, ledger.len()?)?;
    // A long study's coordinator looks at its fleet alone: for this, all others would have to wait.
    let broken = laws::check_state(&snapshot.state);
    let Some(last) = record(&ledger, snapshot.sequence)? else { return Ok(Written { sequence: 0, broken }) };
    let bytes = encode(&snapshot, &last);
    if from_scratch {
        let again = decode(&bytes).map_err(|_misfit| Error::Unlawful("a snapshot does not read back"))?;
        if again.0.state != snapshot.state {
            return Err(Error::Unlawful("a snapshot reads back as another state"));
        }
    }
    write_whole(&file, &bytes).map_err(|source| Error::Io { path: file, source })?;
    Ok(Written { sequence: snapshot.sequence, broken })
}

impl Error {
    /// The law that this breaks, where it is no trouble of the disk.
    pub fn violation(&self) -> Option<Violation> {
        match self {
            Self::Unlawful(what) => Some(Violation { law: "L-1", what: (*what).into() }),
            Self::Ledger(_) | Self::Io { .. } => None,
        }
    }
}

impl Snapshot {
    fn advance(&mut self, ledger: &Ledger, to: u64) -> Result<(), ledger::Error> {
        for record in ledger.read(self.sequence + 1).take((to - self.sequence.min(to)) as usize) {
            let record = record?;
            self.state.apply(record.at, &record.event);
            self.sequence = record.sequence;
        }
        Ok(())
    }
}

fn read(ledger: &Ledger) -> Result<Snapshot, Misfit> {
    let bytes = match std::fs::read(file_of(ledger.path())) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Misfit::None),
        Err(error) => return Err(Misfit::Unreadable(error)),
    };
    let (snapshot, expected) = decode(&bytes)?;
    // Events never change: the same event at the same place means the same history up to it.
    let last = record(ledger, snapshot.sequence).ok().flatten().ok_or(Misfit::OtherHistory)?;
    if digest_of(&last) != expected {
        return Err(Misfit::OtherHistory);
    }
    Ok(snapshot)
}

fn file_of(ledger: &Path) -> PathBuf {
    ledger.with_extension("snapshot")
}

fn record(ledger: &Ledger, sequence: u64) -> Result<Option<Record>, ledger::Error> {
    if sequence == 0 {
        return Ok(None);
    }
    ledger.read(sequence).next().transpose()
}

/// The file's bytes; `last` is the event that the snapshot ends with.
pub fn encode(snapshot: &Snapshot, last: &Record) -> Vec<u8> {
    let mut body = Vec::new();
    // By name: places do not tell fields apart where some are left out.
    rmp_serde::encode::write_named(&mut body, &snapshot.state)
        .expect("a state holds nothing that MessagePack lacks");
    let mut bytes = Vec::with_capacity(HEAD + body.len());
    bytes.extend(MAGIC);
    bytes.extend(fold_digest());
    bytes.extend(snapshot.sequence.to_le_bytes());
    bytes.extend(digest_of(last));
    bytes.extend(Sha256::digest(&body));
    bytes.extend(body);
    bytes
}

/// The snapshot, and the digest of the event that it ends with.
pub fn decode(bytes: &[u8]) -> Result<(Snapshot, [u8; DIGEST]), Misfit> {
    let mut rest = bytes;
    let mut take = |count: usize| {
        let (part, after) = rest.split_at_checked(count).ok_or(Misfit::Damaged)?;
        rest = after;
        Ok(part)
    };
    if take(MAGIC.len())? != MAGIC {
        return Err(Misfit::Damaged);
    }
    if take(DIGEST)? != fold_digest() {
        return Err(Misfit::OtherFold);
    }
    let sequence = u64::from_le_bytes(take(8)?.try_into().map_err(|_short| Misfit::Damaged)?);
    let last = take(DIGEST)?.try_into().map_err(|_short| Misfit::Damaged)?;
    let digest = take(DIGEST)?;
    if digest != Sha256::digest(rest).as_slice() {
        return Err(Misfit::Damaged);
    }
    let state: State = rmp_serde::from_slice(rest).map_err(|_error| Misfit::OtherFold)?;
    Ok((Snapshot { state: state.completed(), sequence }, last))
}

fn digest_of(record: &Record) -> [u8; DIGEST] {
    let text = serde_json::to_vec(record).expect("the ledger holds nothing that JSON lacks");
    Sha256::digest(text).into()
}

fn fold_digest() -> [u8; DIGEST] {
    let mut digest = Sha256::new();
    for part in FOLD {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
