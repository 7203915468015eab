//! Takes away what the history does not name: blobs of attempts that were lost or came late, of supernets that others replaced, of
//! removals that a crash swallowed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use common::blob::BlobId;
use common::time::{HOUR_MS, Millis, Timestamp};

use super::{BlobStore, Error, Inventory};

/// A blob is stored before the report that names it is sent; the report of a worker that is still believed in comes within minutes.
const YOUNG: Millis = Millis(HOUR_MS);

/// What a sweep took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freed {
    pub blobs: usize,
    pub bytes: u64,
}

impl BlobStore {
    /// Removes the blobs that are not named and not young. Ages count up to the last event of the history: while the coordinator
    /// was away, or its ledger could not grow, no report could be taken in either.
    pub fn sweep(&mut self, inventory: &Inventory, now: Timestamp) -> Result<Freed, Error> {
        let before = inventory.as_of.min(now) - YOUNG;
        let failed = |source| Error::Io { path: self.root.clone(), source };
        let mut freed = Freed::default();
        for (blob, path) in stored(&self.root).map_err(failed)? {
            if inventory.named.contains(&blob) {
                continue;
            }
            let of_file = fs::metadata(&path).and_then(|file| Ok((file.modified()?, file.len())));
            let Ok((modified, bytes)) = of_file else { continue };
            if modified < UNIX_EPOCH + since_epoch(before) {
                self.forget(blob);
                freed.blobs += 1;
                freed.bytes += bytes;
            }
        }
        let root = &self.root;
        self.unclaimed
            .looked_through(|blob| inventory.named.contains(&blob) || !Self::path(root, blob).exists());
        Ok(freed)
    }
}

/// As file systems count. A time before 1970 is that of a study that has no history yet.
pub(super) fn since_epoch(at: Timestamp) -> Duration {
    Duration::from_millis(at.0.max(0).cast_unsigned())
}

/// All blobs that lie where they belong; whatever else is there is somebody else's.
fn stored(root: &Path) -> io::Result<Vec<(BlobId, PathBuf)>> {
    let mut found = Vec::new();
    for folder in fs::read_dir(root)? {
        let folder = folder?.path();
        // The uploads have a folder of their own, which holds no name of a blob.
        let Ok(files) = fs::read_dir(&folder) else { continue };
        for file in files {
            let path = file?.path();
            let blob = path.file_name().and_then(|name| name.to_str()?.parse::<BlobId>().ok());
            if let Some(blob) = blob.filter(|blob| BlobStore::path(root, *blob) == path) {
                found.push((blob, path));
            }
        }
    }
    Ok(found)
}
