//! Where commands leave a word for a running coordinator: files in a folder of the study's directory, taken away once they are
//! read. Whoever may write there may as well write the lists of keys.

use std::fs;
use std::io;
use std::path::PathBuf;

use common::id::WorkerName;
use transport::PeerName;

use crate::directory::write_whole;

const RELEASE: &str = "release.";

#[derive(Debug, Clone)]
pub struct Desk {
    folder: PathBuf,
}

impl Desk {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Asks for a worker's release from quarantine.
    pub fn ask_release(&self, worker: &PeerName) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        write_whole(&self.folder.join(format!("{RELEASE}{worker}")), b"")
    }

    /// Who is to be released, by what was left here since the last time.
    pub fn take_releases(&self) -> Vec<WorkerName> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let mut released = Vec::new();
        for entry in entries.flatten() {
            let name = entry.file_name();
            let worker = name.to_str().and_then(|name| name.strip_prefix(RELEASE)?.parse::<PeerName>().ok());
            let Some(worker) = worker else { continue };
            match fs::remove_file(entry.path()) {
                Ok(()) => released.push(WorkerName::new(worker.as_str())),
                // Read again the next time; to be asked twice does no harm.
                Err(error) => tracing::warn!(%worker, %error, "a request could not be taken off the desk"),
            }
        }
        released.sort();
        released
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::new(folder.path().join("requests"));
        assert_eq!(desk.take_releases(), []);
        for name in ["b", "a", "a"] {
            desk.ask_release(&name.parse().unwrap()).unwrap();
        }
        fs::write(folder.path().join("requests/other"), "").unwrap();
        assert_eq!(desk.take_releases(), [WorkerName::new("a"), WorkerName::new("b")]);
        assert_eq!(desk.take_releases(), []);
    }
}
