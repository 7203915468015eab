//! Blobs on this machine's disk, named by their content. A cache and nothing more: whatever it loses is fetched again,
//! so it syncs nothing, checks everything it reads, and throws the least recently used away.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use common::blob::BlobId;
use common::wire::MAX_BLOB_BYTES;

/// Bytes kept on disk: a study's supernet, and the checkpoints of the last minutes, tens of megabytes each.
pub const MOST_BYTES: u64 = 1 << 30;
/// Blobs kept on disk: small studies leave small blobs, and nobody wants a folder of thousands.
pub const MOST_BLOBS: usize = 64;
/// Blobs also kept in memory: one-shot scoring asks for the same supernet every few seconds.
const RECENT: usize = 2;

#[derive(Debug)]
pub struct BlobCache {
    folder: PathBuf,
    most_bytes: u64,
    most_blobs: usize,
    recent: VecDeque<(BlobId, Bytes)>,
}

impl BlobCache {
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        Self::with_limits(folder, MOST_BYTES, MOST_BLOBS)
    }

    fn with_limits(folder: PathBuf, most_bytes: u64, most_blobs: usize) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        // Halves of an earlier life: one process at a time uses this folder.
        for entry in fs::read_dir(&folder)?.flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "new") {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { folder, most_bytes, most_blobs, recent: VecDeque::new() })
    }

    /// The blob's bytes, checked against its name; none where it is not here or no longer itself.
    pub fn find(&mut self, blob: BlobId) -> Option<Bytes> {
        if let Some((_, bytes)) = self.recent.iter().find(|(id, _)| *id == blob) {
            return Some(bytes.clone());
        }
        let path = self.path(blob);
        let size = fs::metadata(&path).ok()?.len();
        let bytes: Bytes = (size <= MAX_BLOB_BYTES).then(|| fs::read(&path).ok()).flatten()?.into();
        if BlobId::of(&bytes) != blob {
            tracing::warn!(%blob, "the cached blob is damaged: fetching it again");
            let _ = fs::remove_file(&path);
            return None;
        }
        touch(&path);
        self.remember(blob, bytes.clone());
        Some(bytes)
    }

    /// Keeps the blob: whole under its name, or not at all.
    pub fn keep(&mut self, blob: BlobId, bytes: Bytes) -> io::Result<()> {
        let path = self.path(blob);
        let sibling = path.with_extension("new");
        let written = fs::write(&sibling, &bytes).and_then(|()| fs::rename(&sibling, &path));
        self.remember(blob, bytes);
        if let Err(error) = written {
            let _ = fs::remove_file(&sibling);
            return Err(error);
        }
        self.make_room()
    }

    fn remember(&mut self, blob: BlobId, bytes: Bytes) {
        self.recent.retain(|(id, _)| *id != blob);
        self.recent.push_front((blob, bytes));
        self.recent.truncate(RECENT);
    }

    /// Throws away the least recently used until the limits hold. The newest stays, however large.
    fn make_room(&self) -> io::Result<()> {
        let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let (entry, data) = entry.and_then(|entry| entry.metadata().map(|data| (entry, data)))?;
            files.push((data.modified()?, data.len(), entry.path()));
        }
        files.sort_by(|a, b| b.cmp(a));
        let mut total = 0;
        for (index, (_, size, path)) in files.iter().enumerate() {
            total += size;
            if index > 0 && (total > self.most_bytes || index >= self.most_blobs) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn path(&self, blob: BlobId) -> PathBuf {
        self.folder.join(blob.to_string())
    }
}

/// Marks a file as used just now. Failing costs at most an early eviction.
fn touch(path: &Path) {
    #[allow(clippy::disallowed_methods)] // a file's stamp, compared with other files' only
    let now = SystemTime::now();
    let _ = File::options().write(true).open(path).and_then(|file| file.set_modified(now));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(byte: u8) -> (BlobId, Bytes) {
        let bytes = Bytes::from(vec![byte; 10]);
        (BlobId::of(&bytes), bytes)
    }

    fn age(folder: &Path, blob: BlobId, seconds: u64) {
        let then = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        File::options().write(true).open(folder.join(blob.to_string())).unwrap().set_modified(then).unwrap();
    }

    #[test]
    fn what_is_kept_is_found_also_by_the_next_process() {
        let folder = tempfile::tempdir().unwrap();
        let (id, bytes) = blob(1);
        let open = || BlobCache::open(folder.path().into()).unwrap();
        assert_eq!(open().find(id), None);
        open().keep(id, bytes.clone()).unwrap();
        assert_eq!(open().find(id), Some(bytes));
    }

    #[test]
    fn damage_is_noticed_and_halves_are_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        let (id, bytes) = blob(1);
        BlobCache::open(folder.path().into()).unwrap().keep(id, bytes).unwrap();
        fs::write(folder.path().join(id.to_string()), "damaged").unwrap();
        fs::write(folder.path().join("half.new"), "half").unwrap();
        assert_eq!(BlobCache::open(folder.path().into()).unwrap().find(id), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = BlobCache::with_limits(folder.path().into(), 25, 64).unwrap();
        let blobs = [blob(1), blob(2), blob(3)];
        for (index, (id, bytes)) in blobs.iter().enumerate() {
            cache.keep(*id, bytes.clone()).unwrap();
            age(folder.path(), *id, 100 + index as u64);
        }
        // Read from disk by another process, the second counts as used.
        let mut other = BlobCache::with_limits(folder.path().into(), 25, 64).unwrap();
        assert_eq!(other.find(blobs[0].0), None, "30 bytes are over 25");
        assert!(other.find(blobs[1].0).is_some());
        other.keep(blobs[0].0, blobs[0].1.clone()).unwrap();
        let mut third = BlobCache::with_limits(folder.path().into(), 25, 64).unwrap();
        assert!(third.find(blobs[2].0).is_none() && third.find(blobs[1].0).is_some());
    }

    #[test]
    fn the_number_is_bounded_too() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = BlobCache::with_limits(folder.path().into(), 1000, 3).unwrap();
        for byte in 0..10 {
            let (id, bytes) = blob(byte);
            cache.keep(id, bytes).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
