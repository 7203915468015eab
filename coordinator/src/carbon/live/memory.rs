//! What outlives a restart: when each service was asked, how long it is left in peace, which hours it told.
//!
//! Small files in a folder of the study, each written whole or not at all, so that even a process killed over and over spends no
//! more than a service's budget. They are a memory, not the record: the ledger is that. A damaged or foreign file costs what it
//! held and a line in the log; one that can't be written costs the memory alone.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::directory::write_whole;

/// Of the files' layout; another one is not read.
const VERSION: u32 = 1;

#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// None forgets everything with the process.
    folder: Option<PathBuf>,
    /// A guest's: what zones told is read, and kept by the study alone.
    is_read_only: bool,
}

/// One file of it.
#[derive(Debug, Default)]
pub struct Slot {
    path: Option<PathBuf>,
    is_read_only: bool,
    /// Whether the file can't be written, which was said: once is enough.
    complained: bool,
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    version: u32,
    /// Whose memory it is: a file of other settings is no memory of these.
    of: String,
    content: T,
}

impl Memory {
    pub fn within(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), is_read_only: false }
    }

    /// That of a study whose coordinator may be at work: its services' budgets are spent together.
    pub fn of_study(folder: impl Into<PathBuf>) -> Self {
        Self { is_read_only: true, ..Self::within(folder) }
    }

    /// Of a zone.
    pub fn slot(&self, name: &str) -> Slot {
        Slot { is_read_only: self.is_read_only, ..self.shared_slot(name) }
    }

    /// Of a service: whoever changes it holds it meanwhile.
    pub fn shared_slot(&self, name: &str) -> Slot {
        let path = self.folder.as_ref().map(|folder| folder.join(format!("{}.json", plain(name))));
        Slot { path, ..Slot::default() }
    }
}

impl Slot {
    /// Other processes wait while the answer lives, as far as the file system knows locks.
    pub fn hold(&self) -> Option<File> {
        let path = self.path.as_ref()?.with_extension("lock");
        std::fs::create_dir_all(path.parent()?).ok()?;
        let file = File::options().create(true).append(true).open(path).ok()?;
        file.lock().ok()?;
        Some(file)
    }

    /// What others may have stored since; None where nothing can be stored, and this process alone knows what it did.
    pub fn news<T: DeserializeOwned>(&self, of: &str) -> Option<T> {
        if self.complained { None } else { self.load(of) }
    }

    /// What was stored last for the same `of`; None where there is nothing, or nothing that can be read.
    pub fn load<T: DeserializeOwned>(&self, of: &str) -> Option<T> {
        let path = self.path.as_ref()?;
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => return lost(path, &error.to_string()),
        };
        match serde_json::from_slice::<Envelope<T>>(&bytes) {
            Ok(found) if found.version != VERSION => lost(path, "it was written by another release"),
            Ok(found) if found.of != of => None,
            Ok(found) => Some(found.content),
            Err(error) => lost(path, &error.to_string()),
        }
    }

    pub fn store<T: Serialize>(&mut self, of: &str, content: &T) {
        let Some(path) = self.path.as_ref().filter(|_| !self.is_read_only) else { return };
        let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| {
            let bytes = serde_json::to_vec(&Envelope { version: VERSION, of: of.into(), content })?;
            write_whole(path, &bytes)
        });
        let complained = std::mem::replace(&mut self.complained, written.is_err());
        if let Err(error) = written
            && !complained
        {
            tracing::warn!(path = %path.display(), %error, "what carbon services told can't be kept: a restart will ask again");
        }
    }
}

fn lost<T>(path: &Path, reason: &str) -> Option<T> {
    tracing::warn!(path = %path.display(), reason, "what carbon services told before can't be read: it is asked for again");
    None
}

/// A file's name for any zone's: two names never share one.
fn plain(name: &str) -> String {
    let letter = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02x}"),
    };
    name.bytes().map(letter).collect()
}
