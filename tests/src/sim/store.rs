//! The coordinator's blob store without a disk: it answers as `coordinator::blob_store` does (a test compares them). Whole
//! blobs outlive a crash, half received ones do not.

use std::collections::BTreeMap;

use common::blob::BlobId;
use common::id::WorkerName;
use common::wire::{CHUNK_BYTES, Chunk, MAX_BLOB_BYTES};

#[derive(Debug, Default)]
pub struct Store {
    whole: BTreeMap<BlobId, Vec<u8>>,
    partial: BTreeMap<(WorkerName, BlobId), Vec<u8>>,
}

impl Store {
    /// How many bytes are here without gaps; none where the piece is refused.
    pub fn receive(&mut self, worker: &WorkerName, chunk: &Chunk) -> Option<u64> {
        let end = chunk.offset.saturating_add(chunk.bytes.len() as u64);
        if chunk.total > MAX_BLOB_BYTES || chunk.bytes.len() > CHUNK_BYTES || end > chunk.total {
            return None;
        }
        if self.contains(chunk.blob) {
            return Some(chunk.total);
        }
        let key = (worker.clone(), chunk.blob);
        let received = self.partial.get(&key).map_or(0, |bytes| bytes.len() as u64);
        if chunk.offset != received {
            return Some(received);
        }
        let bytes = self.partial.entry(key.clone()).or_default();
        bytes.extend_from_slice(&chunk.bytes);
        let received = bytes.len() as u64;
        if received < chunk.total {
            return Some(received);
        }
        let bytes = self.partial.remove(&key).unwrap_or_default();
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

    /// The process is gone: what was half received is asked for again.
    pub fn crash(&mut self) {
        self.partial.clear();
    }
}
