//! One process per worker directory: an advisory lock (flock(2), exclusive) on `worker.lock`, held for the process's
//! life and gone with it, however it ends. The file holds the process's id in decimal, for people and for whoever
//! wants to know which process it is; only the lock itself says that it lives.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

/// Its name in the worker's directory.
pub const LOCK_FILE: &str = "worker.lock";

/// How long a glance at the lock may take, and how many of them may come in a row.
const GLANCE: Duration = Duration::from_millis(50);
const GLANCES: usize = 4;

/// Held while this lives.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: Flock<File>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "another worker (process {holder}) works in {}: stop it, or give this one a place of its own with --directory",
        directory.display()
    )]
    Held { directory: PathBuf, holder: String },
    #[error("can't use {} as the worker's directory: {error}", directory.display())]
    Io { directory: PathBuf, error: io::Error },
}

impl DirectoryLock {
    /// Makes `directory` when missing and takes its lock, or says at once who has it.
    pub fn take(directory: &Path) -> Result<Self, Error> {
        let failed = |error| Error::Io { directory: directory.into(), error };
        fs::create_dir_all(directory).map_err(failed)?;
        let path = directory.join(LOCK_FILE);
        // Not truncated: until the lock is ours, what it says is another's.
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        match lock(file.map_err(failed)?) {
            Ok(mut file) => {
                let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
                written.map_err(failed)?;
                Ok(Self { _file: file })
            }
            Err((file, Errno::EWOULDBLOCK)) => {
                let mut holder = String::new();
                let _ = file.take(20).read_to_string(&mut holder);
                Err(Error::Held { directory: directory.into(), holder: holder.trim().into() })
            }
            Err((_, errno)) => Err(failed(errno.into())),
        }
    }
}

/// Tries a few times: whoever only looks whether the lock is held holds it for a moment.
fn lock(mut file: File) -> Result<Flock<File>, (File, Errno)> {
    for _ in 0..GLANCES {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Err((back, Errno::EWOULDBLOCK)) => file = back,
            settled => return settled,
        }
        #[allow(clippy::disallowed_methods)] // at start, before anything runs
        std::thread::sleep(GLANCE);
    }
    Flock::lock(file, FlockArg::LockExclusiveNonblock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_worker_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("made/when/missing");
        let first = DirectoryLock::take(&directory).unwrap();
        let error = DirectoryLock::take(&directory).unwrap_err().to_string();
        let id = std::process::id().to_string();
        assert!(error.contains(&id) && error.contains("--directory"), "{error}");
        assert_eq!(fs::read_to_string(directory.join(LOCK_FILE)).unwrap().trim(), id);
        drop(first);
        DirectoryLock::take(&directory).unwrap();
    }

    #[test]
    fn a_place_that_can_not_be_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let error = DirectoryLock::take(&folder.path().join("file")).unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
    }
}
