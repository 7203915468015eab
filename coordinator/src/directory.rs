//! Where a study keeps what: one directory, with everything a restart, a report or a colleague needs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone)]
pub struct StudyDirectory {
    root: PathBuf,
}

impl StudyDirectory {
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Makes the directory and its folders.
    pub fn create(&self) -> io::Result<()> {
        [self.blobs(), self.keys(), self.workers()].iter().try_for_each(fs::create_dir_all)?;
        sync_folder(&self.root)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }
    pub fn ledger(&self) -> PathBuf {
        self.root.join("ledger.sqlite")
    }
    /// What the ledger folds to, up to some event of it; may be deleted at any time.
    pub fn snapshot(&self) -> PathBuf {
        self.root.join("ledger.snapshot")
    }
    pub fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }
    /// Directories of the workers that `ce-nas run` starts.
    pub fn workers(&self) -> PathBuf {
        self.root.join("workers")
    }
    /// Logs, and what workers keep, of those that `ce-nas cluster slurm` submits.
    pub fn slurm(&self) -> PathBuf {
        self.root.join("slurm")
    }
    /// What live carbon services told, and how often they were asked.
    pub fn carbon(&self) -> PathBuf {
        self.root.join("carbon")
    }
    /// What commands ask of a running coordinator.
    pub fn requests(&self) -> PathBuf {
        self.root.join("requests")
    }
    pub fn log(&self) -> PathBuf {
        self.root.join("coordinator.log")
    }
    /// The address workers found the coordinator at, so that a restart is found there again.
    pub fn endpoint(&self) -> PathBuf {
        self.root.join("endpoint")
    }
    /// The address of the page and the API, while a coordinator runs, and which coordinator that is.
    pub fn http(&self) -> PathBuf {
        self.root.join("http")
    }
    /// What callers from other machines show.
    pub fn http_token(&self) -> PathBuf {
        self.root.join("http-token")
    }
    /// Known results that were brought while the study ran.
    pub fn warm_start(&self) -> PathBuf {
        self.root.join("warm-start")
    }
}

/// Writes a file whole or not at all, and so that a loss of power does not bring the one before back.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    let temporary = path.with_extension(format!("partial-{}", std::process::id()));
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&temporary, path));
    if renamed.is_err() {
        // The target is untouched; a leftover of the attempt would only confuse.
        let _ = fs::remove_file(&temporary);
    }
    renamed.and_then(|()| sync_parent(path))
}

/// Makes a folder whose parent is there, durably.
pub fn make_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Ok(()) => sync_parent(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// What was made, renamed or removed in the folder stays so.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    match File::open(path).and_then(|folder| folder.sync_all()) {
        // File systems that know no such thing say so in one of these ways.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        done => done,
    }
}

fn sync_parent(path: &Path) -> io::Result<()> {
    // The parent of a bare name is the folder we are in.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    sync_folder(parent.unwrap_or(Path::new(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_also_by_a_bare_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        for text in ["one", "another"] {
            write_whole(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = folder.path().join("nowhere");
        assert!(write_whole(&nowhere.join("list"), b"").is_err());
        assert!(make_folder(&nowhere.join("deeper")).is_err(), "one level at a time");
        make_folder(&nowhere).unwrap();
        make_folder(&nowhere).unwrap();
        sync_parent(Path::new("a-bare-name")).unwrap();
    }
}
