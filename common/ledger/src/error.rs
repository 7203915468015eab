//! What can go wrong with a ledger, for a caller that chooses by it.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::lock::Holder;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} is being written by {holder}: stop it first, or choose another directory", path.display())]
    Locked { path: PathBuf, holder: Holder },
    #[error("there is no ledger at {}: check the directory, or start a study there", path.display())]
    Missing { path: PathBuf },
    #[error("{} is not a ledger of CE-NAS: name another file; nothing was changed", path.display())]
    NotALedger { path: PathBuf },
    #[error(
        "{} was written by a newer release (layout {found}, this one knows {known}): upgrade, nothing was changed",
        path.display()
    )]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error(
        "{} was written by an older release (layout {found}, this one reads {known}): go on with its study once, \
         which brings it up to date",
        path.display()
    )]
    Older { path: PathBuf, found: u32, known: u32 },
    #[error("{} was opened for reading only: open it for writing to append", path.display())]
    ReadOnly { path: PathBuf },
    #[error(
        "no space is left for {}: free some and go on; what was acknowledged before is safe, nothing was half-written",
        path.display()
    )]
    Full { path: PathBuf },
    #[error(
        "the disk under {} fails ({reason}): check the disk, its quota and its mount, then go on; what was acknowledged \
         before is kept",
        path.display()
    )]
    Disk { path: PathBuf, reason: String },
    #[error("{} is held up by another program: close it there, then try again", path.display())]
    Busy { path: PathBuf },
    #[error("this user may not use {} ({reason}): check its owner and permissions", path.display())]
    Forbidden { path: PathBuf, reason: String },
    #[error("a `{kind}` of {bytes} bytes is over the limit of {limit} for one event; nothing was appended")]
    TooLarge { kind: &'static str, bytes: usize, limit: usize },
    #[error(
        "a `{kind}` would not read back as it was ({reason}): numbers must be finite; nothing was appended"
    )]
    Unrepresentable { kind: &'static str, reason: String },
    #[error(
        "event {sequence} of {} is damaged ({reason}): restore the file from a copy; the events before it are readable",
        path.display()
    )]
    Corrupt { path: PathBuf, sequence: u64, reason: String },
    #[error("{} is damaged ({reason}): restore it from a copy, or try `sqlite3 FILE .recover`", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("{} exists and is not overwritten: move it away, or name another file", path.display())]
    Exists { path: PathBuf },
    #[error("can't write the export: {0}")]
    Export(#[from] io::Error),
    #[error("the database layer failed on {}: {source}", path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
}

impl Error {
    /// Whether the same call can succeed later without a change to the program or the file.
    pub fn can_retry(&self) -> bool {
        matches!(
            self,
            Self::Locked { .. } | Self::Full { .. } | Self::Disk { .. } | Self::Busy { .. } | Self::Export(_)
        )
    }

    pub(crate) fn database(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let reason = source.to_string();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::SystemIoFailure) => Self::Disk { path, reason },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::NotADatabase) => Self::NotALedger { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, reason },
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
                Self::Forbidden { path, reason }
            }
            _ => Self::Database { path, source },
        }
    }
}

/// Names the file in a database error.
pub(crate) trait At<T> {
    fn at(self, path: &Path) -> Result<T>;
}

impl<T> At<T> for rusqlite::Result<T> {
    fn at(self, path: &Path) -> Result<T> {
        self.map_err(|source| Error::database(path, source))
    }
}
