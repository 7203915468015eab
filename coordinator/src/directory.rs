//! Where a study keeps what: one directory, with everything a restart, a report or a colleague needs.

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
        [self.blobs(), self.keys(), self.workers()].iter().try_for_each(std::fs::create_dir_all)
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
    /// The address of the page and the API, while a coordinator runs.
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

/// Writes a file whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    let temporary = path.with_extension(format!("partial-{}", std::process::id()));
    let written = std::fs::File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| std::fs::rename(&temporary, path));
    if renamed.is_err() {
        // The target is untouched; a leftover of the attempt would only confuse.
        let _ = std::fs::remove_file(&temporary);
    }
    renamed
}
