//! Blobs on disk, named by their content: checkpoints, supernets, weights. A blob exists whole and verified, or not at all;
//! uploads collect beside it and go on where they broke off. What the history does not name is swept out, and what is damaged put aside.

mod inventory;
mod proof;
mod sweep;
mod unclaimed;
pub mod uploads;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use common::blob::BlobId;
use common::id::WorkerName;
use common::time::Timestamp;
use common::wire::{CHUNK_BYTES, Chunk, MAX_BLOB_BYTES};
use sha2::{Digest, Sha256};

use crate::directory::{make_folder, sync_folder};
use proof::{Found, Proofs};
use sweep::since_epoch;
use unclaimed::Unclaimed;
use uploads::{Key, Uploads};

pub use inventory::Inventory;
pub use sweep::Freed;

/// What a worker may leave here that nothing names: a checkpoint of the largest size for each of sixteen slots. Whoever is honest has a
/// few megabytes on their way to being named.
pub const QUOTA_BYTES: u64 = 16 << 30;
/// So many blobs that nobody is known to name make it worth asking who does, before the list of them grows long.
const MANY: usize = 100_000;

#[derive(Debug)]
pub struct BlobStore {
    root: PathBuf,
    uploads: Uploads<Sha256>,
    unclaimed: Unclaimed,
    proofs: Proofs,
    quota: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a blob of {0} bytes is over the limit of {MAX_BLOB_BYTES}")]
    TooLarge(u64),
    #[error("the piece does not fit the blob")]
    Malformed,
    #[error(
        "worker {0} has left {gib} GiB here that no report of it names: it may leave no more",
        gib = QUOTA_BYTES >> 30
    )]
    OverQuota(WorkerName),
    #[error("blob {0} is still being held against its name: ask again at once")]
    Unproven(BlobId),
    #[error("the blob store {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl BlobStore {
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = root.into();
        let (uploads, unclaimed) = (Uploads::default(), Unclaimed::default());
        let store = Self { root, uploads, unclaimed, proofs: Proofs::default(), quota: QUOTA_BYTES };
        // What a former process had half received is asked for again: cheaper than trusting an unsynced tail.
        let uploads = store.uploads_folder();
        let failed = |source| Error::Io { path: uploads.clone(), source };
        if uploads.exists() {
            fs::remove_dir_all(&uploads).map_err(failed)?;
        }
        // Folders that a former process made and had no time to sync are made durable with it.
        fs::create_dir_all(&uploads).and_then(|()| sync_folder(&store.root)).map_err(failed)?;
        Ok(store)
    }

    #[cfg(test)]
    pub(crate) fn with_quota(self, quota: u64) -> Self {
        Self { quota, ..self }
    }

    /// Where the blob lies, whether or not it is there.
    pub fn path(root: &Path, blob: BlobId) -> PathBuf {
        let name = blob.to_string();
        root.join(&name[..2]).join(name)
    }

    pub fn contains(&self, blob: BlobId) -> bool {
        Self::path(&self.root, blob).exists()
    }

    /// Whether the blob lies here and is what its name says. What is not is put aside, so that it can be brought again.
    fn is_whole(&mut self, blob: BlobId) -> Result<bool, Error> {
        let path = Self::path(&self.root, blob);
        match self.proofs.look(blob, &path) {
            Ok(Found::Whole) => Ok(true),
            Ok(Found::Nothing) => Ok(false),
            Ok(Found::UnderWay) => Err(Error::Unproven(blob)),
            Ok(Found::Damaged) => {
                self.put_aside(blob, &path);
                Ok(false)
            }
            Err(source) => Err(Error::Io { path, source }),
        }
    }

    /// Not removed: the damage may be the reader's, and a person may want to look.
    fn put_aside(&mut self, blob: BlobId, path: &Path) {
        self.unclaimed.remove(blob);
        let aside = path.with_extension("damaged");
        match fs::rename(path, &aside) {
            Ok(()) => {
                tracing::error!(%blob, aside = %aside.display(), "a blob is damaged: it is put aside, and counts as missing");
            }
            Err(error) => tracing::error!(%blob, %error, "a blob is damaged, and could not be put aside"),
        }
    }

    /// Takes in a piece and answers how many bytes are here without gaps; `total` means stored and durable. An empty piece asks.
    pub fn receive(&mut self, worker: &WorkerName, chunk: &Chunk, now: Timestamp) -> Result<u64, Error> {
        let Chunk { blob, offset, total, ref bytes } = *chunk;
        if total > MAX_BLOB_BYTES {
            return Err(Error::TooLarge(total));
        }
        if bytes.len() > CHUNK_BYTES || offset.saturating_add(bytes.len() as u64) > total {
            return Err(Error::Malformed);
        }
        let key = (worker.clone(), blob);
        let is_here = match self.is_whole(blob) {
            // What can't be read is written anew.
            Err(Error::Io { .. }) => false,
            is_whole => is_whole? && self.contains(blob),
        };
        if is_here {
            // Another worker may have brought it since this one began.
            if self.uploads.close(&key).is_some() {
                self.remove_upload(&key);
            }
            self.make_young(blob, now);
            return Ok(total);
        }
        let received = self.uploads.received(&key, now);
        if offset != received {
            return Ok(received);
        }
        self.make_room(&key, bytes.len() as u64)?;
        let path = self.upload_path(&key);
        let failed = |source| Error::Io { path: path.clone(), source };
        let upload = self.uploads.open(&key, now);
        write_at(&path, received, bytes).map_err(failed)?;
        upload.kept.update(bytes);
        upload.received += bytes.len() as u64;
        if upload.received < total {
            return Ok(upload.received);
        }
        let hash = upload.kept.finalize_reset();
        self.uploads.close(&key);
        if BlobId::from_digest(hash.into()) != blob {
            fs::remove_file(&path).map_err(failed)?;
            return Ok(0);
        }
        self.take_over(&path, blob, total, now).inspect_err(|_| self.remove_upload(&key)).map_err(failed)?;
        self.proofs.came_whole(blob);
        self.unclaimed.add(worker, blob, total);
        Ok(total)
    }

    /// Makes a whole upload the blob, durably.
    fn take_over(&self, upload: &Path, blob: BlobId, total: u64, now: Timestamp) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(upload)?;
        // A write that failed half way may have left something beyond the end.
        file.set_len(total)?;
        file.set_modified(UNIX_EPOCH + since_epoch(now))?;
        file.sync_all()?;
        let target = Self::path(&self.root, blob);
        let folder = target.parent().unwrap_or(&self.root);
        make_folder(folder)?;
        fs::rename(upload, &target)?;
        sync_folder(folder)
    }

    /// Gives up what the worker has left alone, and says where that is not enough.
    fn make_room(&mut self, key: &Key, bytes: u64) -> Result<(), Error> {
        let worker = &key.0;
        let most = self.quota.checked_sub(self.unclaimed.bytes_of(worker) + bytes);
        for given_up in self.uploads.make_room(key, most.unwrap_or(0)) {
            self.remove_upload(&given_up);
        }
        match most {
            Some(most) if self.uploads.bytes_of(worker) <= most => Ok(()),
            _ => Err(Error::OverQuota(worker.clone())),
        }
    }

    /// A blob that a worker has just been told is here will be named soon, however long it has been lying here unnamed.
    fn make_young(&self, blob: BlobId, now: Timestamp) {
        let opened = OpenOptions::new().write(true).open(Self::path(&self.root, blob));
        if let Err(error) = opened.and_then(|file| file.set_modified(UNIX_EPOCH + since_epoch(now))) {
            tracing::warn!(%blob, %error, "a blob's time could not be set");
        }
    }

    /// Gives up uploads that nobody cares for any more.
    pub fn give_up_untouched(&mut self, now: Timestamp) {
        for given_up in self.uploads.give_up_untouched(now) {
            self.remove_upload(&given_up);
        }
    }

    /// Gives up all uploads of a worker that will not come again.
    pub fn give_up_of(&mut self, worker: &WorkerName) {
        for given_up in self.uploads.give_up_of(worker) {
            self.remove_upload(&given_up);
        }
    }

    /// Whether it is time to ask which blobs are named: this worker has used half of its quota, or there are many of all workers.
    pub fn wants_inventory(&self, worker: &WorkerName) -> bool {
        self.unclaimed.bytes_of(worker) > self.quota / 2 || self.unclaimed.count() > MANY
    }

    /// Whether an inventory would find nothing else of this worker.
    pub fn is_counted(&self, worker: &WorkerName) -> bool {
        self.unclaimed.is_counted(worker)
    }

    /// The piece at `offset`; none where there is no such blob, an empty one at its end.
    pub fn piece(&mut self, blob: BlobId, offset: u64) -> Result<Option<Chunk>, Error> {
        if !self.is_whole(blob)? {
            return Ok(None);
        }
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
    pub fn forget(&mut self, blob: BlobId) {
        self.proofs.forget(blob);
        self.unclaimed.remove(blob);
        if let Err(error) = fs::remove_file(Self::path(&self.root, blob))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%blob, %error, "a superseded blob could not be removed");
        }
    }

    fn uploads_folder(&self) -> PathBuf {
        self.root.join("uploads")
    }

    fn upload_path(&self, (worker, blob): &Key) -> PathBuf {
        self.uploads_folder().join(format!("{worker}-{blob}"))
    }

    fn remove_upload(&self, key: &Key) {
        if let Err(error) = fs::remove_file(self.upload_path(key))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(worker = %key.0, %error, "an unfinished upload could not be removed");
        }
    }
}

/// What lies behind belongs to a try that failed, and is written over.
fn write_at(path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).truncate(offset == 0).write(true).open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
