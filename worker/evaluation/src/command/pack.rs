//! A folder as one blob: a line that says what it is, a line of JSON about it, a tar archive. Checkpoints and supernets of
//! users' programs travel so, and are unpacked on whichever machine goes on with them.
//!
//! Files and folders only: a link to a file is packed as the file, and whatever else is found is refused. Times, owners
//! and modes are left out, so that equal folders are equal blobs.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use common::blob::BlobId;
use common::trial::CurvePoint;
use common::unit::Seconds;
use common::wire::MAX_BLOB_BYTES;
use serde::{Deserialize, Serialize};
use tar::{Archive, Builder, EntryType};

/// A change of layout or meaning takes the next number.
const BEGINNING: &[u8] = b"ce-nas program 1\n";
/// Of the line of JSON: a curve of so many points is none that we wrote.
const MOST_ABOUT: usize = 16 * 1024 * 1024;
/// More files than any checkpoint has; each costs a kilobyte and a system call.
pub const MOST_FILES: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct About {
    pub content: Content,
    /// What it belongs to: a checkpoint serves one trial.
    pub identity: String,
    /// Time at work until then, over all attempts.
    pub seconds: Seconds,
    pub done: f64,
    pub curve: Vec<CurvePoint>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    Checkpoint,
    Supernet,
}

#[derive(Serialize, Deserialize)]
struct Header {
    about: About,
    /// Of the archive, so that half of it is not taken for the whole.
    archive: BlobId,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("it is none that a user's program left, or of another release")]
    Foreign,
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error("there are more than {MOST_FILES} files in it")]
    TooMany,
    #[error("it has more than {0} bytes")]
    TooLarge(u64),
    #[error("`{0}` is neither a file nor a folder")]
    Kind(String),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// `folder` as a blob; none where there is nothing in it.
pub fn pack(folder: &Path, about: About, most_bytes: u64) -> Result<Option<Vec<u8>>, Error> {
    let mut packer = Packer { archive: Builder::new(Vec::new()), files: 0, left: most_bytes, most_bytes };
    packer.add(folder, Path::new(""))?;
    if packer.files == 0 {
        return Ok(None);
    }
    let archive = packer.archive.into_inner()?;
    let header = Header { about, archive: BlobId::of(&archive) };
    let mut blob = BEGINNING.to_vec();
    serde_json::to_writer(&mut blob, &header).map_err(io::Error::from)?;
    blob.push(b'\n');
    blob.extend_from_slice(&archive);
    if blob.len() as u64 > MAX_BLOB_BYTES {
        return Err(Error::TooLarge(MAX_BLOB_BYTES));
    }
    Ok(Some(blob))
}

struct Packer {
    archive: Builder<Vec<u8>>,
    files: usize,
    /// Bytes that may still be added.
    left: u64,
    most_bytes: u64,
}

impl Packer {
    /// Adds what is in `folder`, in order of names; `inside` is its path in the archive.
    fn add(&mut self, folder: &Path, inside: &Path) -> Result<(), Error> {
        let mut names = fs::read_dir(folder)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        for name in names {
            let (path, inside) = (folder.join(&name), inside.join(&name));
            let is_link = path.symlink_metadata()?.is_symlink();
            let kind = fs::metadata(&path)?;
            if kind.is_file() {
                self.add_file(&path, &inside)?;
            } else if kind.is_dir() && !is_link {
                self.count()?;
                self.archive.append_data(&mut header(EntryType::Directory, 0), &inside, io::empty())?;
                self.add(&path, &inside)?;
            } else {
                return Err(Error::Kind(inside.display().to_string()));
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path, inside: &Path) -> Result<(), Error> {
        self.count()?;
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        self.left = self.left.checked_sub(bytes).ok_or(Error::TooLarge(self.most_bytes))?;
        // A file that shrinks meanwhile is an error of the archive's, one that grows is cut.
        self.archive.append_data(&mut header(EntryType::Regular, bytes), inside, file.take(bytes))?;
        Ok(())
    }

    fn count(&mut self) -> Result<(), Error> {
        self.files += 1;
        if self.files > MOST_FILES { Err(Error::TooMany) } else { Ok(()) }
    }
}

fn header(kind: EntryType, bytes: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(if kind == EntryType::Directory { 0o755 } else { 0o644 });
    header.set_size(bytes);
    header
}

/// Reads what the blob says of itself and checks that all of it is there. The archive follows.
pub fn open(blob: &[u8]) -> Result<(About, &[u8]), Error> {
    let rest = blob.strip_prefix(BEGINNING).ok_or(Error::Foreign)?;
    let end = rest.iter().take(MOST_ABOUT).position(|byte| *byte == b'\n').ok_or(Error::Foreign)?;
    let header: Header =
        serde_json::from_slice(&rest[..end]).map_err(|error| Error::Damaged(error.to_string()))?;
    let archive = &rest[end + 1..];
    if BlobId::of(archive) != header.archive {
        return Err(Error::Damaged("its checksum is another".into()));
    }
    let About { seconds, done, .. } = header.about;
    if !(0.0..=1.0).contains(&done) || !seconds.is_finite() || seconds < Seconds::ZERO {
        return Err(Error::Damaged("its figures make no sense".into()));
    }
    Ok((header.about, archive))
}

/// Puts the archive's files into `folder`, and nothing anywhere else.
pub fn unpack(archive: &[u8], folder: &Path) -> Result<(), Error> {
    let mut archive = Archive::new(archive);
    archive.set_preserve_mtime(false);
    for (index, entry) in archive.entries()?.enumerate() {
        let mut entry = entry?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if !matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Directory) {
            return Err(Error::Kind(name));
        }
        if index >= MOST_FILES {
            return Err(Error::TooMany);
        }
        // Refuses paths that lead out of the folder.
        if !entry.unpack_in(folder)? {
            return Err(Error::Damaged(format!("`{name}` lies outside")));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "pack_tests.rs"]
mod tests;
