//! Blobs on disk, named by their content: checkpoints, supernets, weights. A blob exists whole and verified, or not at all;
//! uploads collect beside it and go on where they broke off.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use common::blob::BlobId;
use common::id::WorkerName;
use common::wire::{CHUNK_BYTES, Chunk, MAX_BLOB_BYTES};
use sha2::{Digest, Sha256};

/// Unfinished uploads a worker may have: one checkpoint or result a slot, and some that it gave up.
const MAX_PARTIAL_PER_WORKER: usize = 64;

#[derive(Debug)]
pub struct BlobStore {
    root: PathBuf,
    partial: BTreeMap<(WorkerName, BlobId), u64>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a blob of {0} bytes is over the limit of {MAX_BLOB_BYTES}")]
    TooLarge(u64),
    #[error("the piece does not fit the blob")]
    Malformed,
    #[error("worker {0} has too many unfinished uploads")]
    TooMany(WorkerName),
    #[error("the blob store {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl BlobStore {
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = root.into();
        let store = Self { partial: BTreeMap::new(), root };
        // What a former process had half received is asked for again: cheaper than trusting an unsynced tail.
        let uploads = store.uploads();
        if uploads.exists() {
            fs::remove_dir_all(&uploads).map_err(|source| Error::Io { path: uploads.clone(), source })?;
        }
        fs::create_dir_all(&uploads).map_err(|source| Error::Io { path: uploads, source })?;
        Ok(store)
    }

    /// Where the blob lies, whether or not it is there.
    pub fn path(root: &Path, blob: BlobId) -> PathBuf {
        let name = blob.to_string();
        root.join(&name[..2]).join(name)
    }

    pub fn contains(&self, blob: BlobId) -> bool {
        Self::path(&self.root, blob).exists()
    }

    /// Takes in a piece and answers how many bytes are here without gaps; `total` means stored and durable. An empty piece asks.
    pub fn receive(&mut self, worker: &WorkerName, chunk: &Chunk) -> Result<u64, Error> {
        let Chunk { blob, offset, total, ref bytes } = *chunk;
        if total > MAX_BLOB_BYTES {
            return Err(Error::TooLarge(total));
        }
        if bytes.len() > CHUNK_BYTES || offset.saturating_add(bytes.len() as u64) > total {
            return Err(Error::Malformed);
        }
        if self.contains(blob) {
            return Ok(total);
        }
        let key = (worker.clone(), blob);
        let received = self.partial.get(&key).copied().unwrap_or(0);
        if offset != received {
            return Ok(received);
        }
        if received == 0
            && self
                .partial
                .range((worker.clone(), BlobId::MIN)..)
                .take_while(|((w, _), _)| w == worker)
                .count()
                >= MAX_PARTIAL_PER_WORKER
        {
            return Err(Error::TooMany(worker.clone()));
        }
        let path = self.uploads().join(format!("{worker}-{blob}"));
        let failed = |source| Error::Io { path: path.clone(), source };
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(received == 0)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        file.seek(SeekFrom::Start(received)).and_then(|_| file.write_all(bytes)).map_err(failed)?;
        let received = received + bytes.len() as u64;
        if received < total {
            self.partial.insert(key, received);
            return Ok(received);
        }
        self.partial.remove(&key);
        file.sync_all().map_err(failed)?;
        drop(file);
        if hash_of(&path).map_err(failed)? != blob {
            fs::remove_file(&path).map_err(failed)?;
            return Ok(0);
        }
        let target = Self::path(&self.root, blob);
        let folder = target.parent().unwrap_or(&self.root);
        let moved = fs::create_dir_all(folder)
            .and_then(|()| fs::rename(&path, &target))
            .and_then(|()| File::open(folder)?.sync_all());
        moved.map_err(|source| Error::Io { path: target.clone(), source })?;
        Ok(total)
    }

    /// The piece at `offset`; none where there is no such blob, an empty one at its end.
    pub fn piece(&self, blob: BlobId, offset: u64) -> Result<Option<Chunk>, Error> {
        let path = Self::path(&self.root, blob);
        let failed = |source| Error::Io { path: path.clone(), source };
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let total = file.metadata().map_err(failed)?.len();
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(offset.min(total))).map_err(failed)?;
        file.take(CHUNK_BYTES as u64).read_to_end(&mut bytes).map_err(failed)?;
        Ok(Some(Chunk { blob, offset, total, bytes }))
    }

    /// Drops a blob that nothing refers to any more; one that is gone already is fine.
    pub fn forget(&self, blob: BlobId) {
        if let Err(error) = fs::remove_file(Self::path(&self.root, blob))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%blob, %error, "a superseded blob could not be removed");
        }
    }

    fn uploads(&self) -> PathBuf {
        self.root.join("uploads")
    }
}

fn hash_of(path: &Path) -> io::Result<BlobId> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(BlobId::from_digest(hash.finalize().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, BlobStore) {
        let directory = tempfile::tempdir().unwrap();
        let store = BlobStore::open(directory.path()).unwrap();
        (directory, store)
    }

    fn piece(bytes: &[u8], from: usize, to: usize) -> Chunk {
        let (blob, total) = (BlobId::of(bytes), bytes.len() as u64);
        Chunk { blob, offset: from as u64, total, bytes: bytes[from..to].to_vec() }
    }

    #[test]
    fn pieces_become_a_blob_and_come_back() {
        let (_directory, mut store) = store();
        let worker = WorkerName::new("w");
        let bytes = b"some weights".repeat(3);
        assert_eq!(store.receive(&worker, &piece(&bytes, 0, 10)).unwrap(), 10);
        assert!(!store.contains(BlobId::of(&bytes)));
        assert_eq!(
            store.receive(&worker, &piece(&bytes, 0, 10)).unwrap(),
            10,
            "a repeated piece changes nothing"
        );
        assert_eq!(
            store.receive(&worker, &piece(&bytes, 20, 30)).unwrap(),
            10,
            "nor does one with a gap before it"
        );
        assert_eq!(store.receive(&worker, &piece(&bytes, 10, bytes.len())).unwrap(), bytes.len() as u64);
        let back = store.piece(BlobId::of(&bytes), 5).unwrap().unwrap();
        assert_eq!((back.bytes.as_slice(), back.total), (&bytes[5..], bytes.len() as u64));
        assert_eq!(store.piece(BlobId::of(b"else"), 0).unwrap(), None);
    }

    #[test]
    fn a_blob_that_is_not_what_it_says_is_dropped() {
        let (_directory, mut store) = store();
        let mut lie = piece(b"honest", 0, 6);
        lie.bytes = b"liars!".to_vec();
        assert_eq!(store.receive(&WorkerName::new("w"), &lie).unwrap(), 0);
        assert!(!store.contains(lie.blob));
        assert!(store.receive(&WorkerName::new("w"), &Chunk { total: u64::MAX, ..lie.clone() }).is_err());
        assert!(store.receive(&WorkerName::new("w"), &Chunk { total: 3, ..lie }).is_err());
    }

    #[test]
    fn an_empty_blob_is_a_blob() {
        let (_directory, mut store) = store();
        assert_eq!(store.receive(&WorkerName::new("w"), &piece(b"", 0, 0)).unwrap(), 0);
        assert!(store.contains(BlobId::of(b"")));
    }
}
