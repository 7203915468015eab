//! The coordinator's blob store without a disk: it answers as `coordinator::blob_store` does (a test compares them), for uploads under way
//! are kept by the same rules. Whole blobs outlive a crash, half received ones do not.

use std::collections::BTreeMap;

use common::blob::BlobId;
use common::id::WorkerName;
use common::time::Timestamp;
use common::wire::{CHUNK_BYTES, Chunk, MAX_BLOB_BYTES};
use coordinator::blob_store::uploads::Uploads;

#[derive(Debug, Default)]
pub struct Store {
    whole: BTreeMap<BlobId, Vec<u8>>,
    uploads: Uploads<Vec<u8>>,
}

impl Store {
    /// How many bytes are here without gaps; none where the piece is refused.
    pub fn receive(&mut self, worker: &WorkerName, chunk: &Chunk, now: Timestamp) -> Option<u64> {
        let end = chunk.offset.saturating_add(chunk.bytes.len() as u64);
        if chunk.total > MAX_BLOB_BYTES || chunk.bytes.len() > CHUNK_BYTES || end > chunk.total {
            return None;
        }
        let key = (worker.clone(), chunk.blob);
        if self.contains(chunk.blob) {
            self.uploads.close(&key);
            return Some(chunk.total);
        }
        let received = self.uploads.received(&key, now);
        if chunk.offset != received {
            return Some(received);
        }
        // No simulated world is large enough for the quota of bytes.
        self.uploads.make_room(&key, u64::MAX);
        let upload = self.uploads.open(&key, now);
        upload.kept.extend_from_slice(&chunk.bytes);
        upload.received = end;
        if end < chunk.total {
            return Some(end);
        }
        let bytes = self.uploads.close(&key).map(|upload| upload.kept).unwrap_or_default();
        if BlobId::of(&bytes) != chunk.blob {
            return Some(0);
        }
        self.whole.insert(chunk.blob, bytes);
        Some(chunk.total)
    }

    pub fn piece(&self, blob: BlobId, offset: u64) -> Option<Chunk> {
        let bytes = self.whole.get(&blob)?;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let to = (from + CHUNK_BYTES).min(bytes.len());
        Some(Chunk { blob, offset, total: bytes.len() as u64, bytes: bytes[from..to].to_vec() })
    }

    pub fn contains(&self, blob: BlobId) -> bool {
        self.whole.contains_key(&blob)
    }

    pub fn forget(&mut self, blob: BlobId) {
        self.whole.remove(&blob);
    }

    pub fn give_up_untouched(&mut self, now: Timestamp) {
        self.uploads.give_up_untouched(now);
    }

    /// The process is gone: what was half received is asked for again.
    pub fn crash(&mut self) {
        self.uploads = Uploads::default();
    }
}
