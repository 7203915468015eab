//! One writer at a time: an advisory lock on a file beside the ledger, freed by the kernel however its holder ends.
//!
//! SQLite's own locks last for one transaction only, and two coordinators taking turns would each believe in a state of
//! its own. The file's text (process and host) is for the message alone; the lock is what counts.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::error::{Error, Result};

/// Who writes a ledger, as far as its lock file tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// None when the file could not be read.
    pub process: Option<u32>,
    pub host: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.process, &self.host) {
            (Some(process), Some(host)) => write!(f, "process {process} on {host}"),
            (Some(process), None) => write!(f, "process {process}"),
            (None, _) => f.write_str("another process"),
        }
    }
}

/// Held as long as it lives.
#[derive(Debug)]
pub(crate) struct WriterLock {
    _file: Flock<File>,
}

impl WriterLock {
    pub(crate) fn take(ledger: &Path) -> Result<Self> {
        let path = ledger.with_extension("lock");
        let failed = |source: io::Error| Error::Forbidden { path: path.clone(), reason: source.to_string() };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false) // its text belongs to the holder until the lock is ours
            .open(&path)
            .map_err(failed)?;
        let mut file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => file,
            Err((file, Errno::EWOULDBLOCK)) => {
                return Err(Error::Locked { path: ledger.to_owned(), holder: holder(file) });
            }
            Err((_, errno)) => return Err(failed(errno.into())),
        };
        // Best effort: on a full disk the lock still holds, only its holder stays unnamed.
        _ = sign(&mut file);
        Ok(Self { _file: file })
    }
}

fn sign(file: &mut File) -> io::Result<()> {
    let host = nix::unistd::gethostname().unwrap_or_default();
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{} {}", std::process::id(), host.to_string_lossy())
}

fn holder(file: File) -> Holder {
    /// A process number and the longest host name are shorter.
    const LONGEST: u64 = 300;
    let mut text = String::new();
    _ = file.take(LONGEST).read_to_string(&mut text);
    let mut words = text.split_whitespace();
    Holder { process: words.next().and_then(|word| word.parse().ok()), host: words.next().map(str::to_owned) }
}
