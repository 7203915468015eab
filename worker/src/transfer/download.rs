//! Blobs on their way from the coordinator: one piece asked for after another, the whole checked against its name.
//!
//! Memory grows only with bytes that have arrived, whatever total a frame announces.

use std::collections::BTreeMap;

use bytes::Bytes;
use common::blob::BlobId;
use common::time::Millis;
use common::wire::{Chunk, MAX_BLOB_BYTES};

use crate::limits::{DOWNLOAD_TRIES, REASK_FIRST, REASK_MOST};
use crate::pause::Pause;

#[derive(Debug, Default)]
pub struct Downloads {
    open: BTreeMap<BlobId, Download>,
}

#[derive(Debug)]
struct Download {
    buffer: Vec<u8>,
    /// Set by the first chunk.
    total: Option<u64>,
    tries: u32,
    awaiting: bool,
    silence: Pause,
}

/// A blob will not come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("blob {blob} has {total} bytes, more than the limit of {MAX_BLOB_BYTES}")]
    TooLarge { blob: BlobId, total: u64 },
    #[error("what came {DOWNLOAD_TRIES} times under the name of blob {blob} is something else")]
    Corrupt { blob: BlobId },
}

impl Downloads {
    pub fn add(&mut self, blob: BlobId) {
        self.open.entry(blob).or_insert_with(Download::new);
    }

    pub fn has(&self, blob: BlobId) -> bool {
        self.open.contains_key(&blob)
    }

    /// Takes a piece in. Answers once the blob is whole or hopeless, and forgets it then.
    pub fn on_chunk(&mut self, chunk: &Chunk) -> Option<Result<Bytes, Error>> {
        let blob = chunk.blob;
        let done = self.open.get_mut(&blob)?.on_chunk(chunk)?;
        self.open.remove(&blob);
        Some(done)
    }

    /// Pieces to ask for now, as blob and offset.
    pub fn due(&mut self, now: Millis) -> Vec<(BlobId, u64)> {
        self.open.iter_mut().filter_map(|(blob, download)| Some((*blob, download.due(now)?))).collect()
    }

    /// Asks again at once: the connection is a new one.
    pub fn restart(&mut self) {
        self.open.values_mut().for_each(|download| download.awaiting = false);
    }

    pub fn retain(&mut self, needed: impl Fn(BlobId) -> bool) {
        self.open.retain(|blob, _| needed(*blob));
    }

    pub fn remove(&mut self, blob: BlobId) {
        self.open.remove(&blob);
    }
}

impl Download {
    fn new() -> Self {
        let silence = Pause::new(REASK_FIRST, REASK_MOST);
        Self { buffer: Vec::new(), total: None, tries: 0, awaiting: false, silence }
    }

    fn on_chunk(&mut self, chunk: &Chunk) -> Option<Result<Bytes, Error>> {
        if chunk.total > MAX_BLOB_BYTES {
            return Some(Err(Error::TooLarge { blob: chunk.blob, total: chunk.total }));
        }
        let have = self.buffer.len() as u64;
        let fits = chunk.bytes.len() as u64 <= chunk.total.saturating_sub(have);
        let agrees = self.total.is_none_or(|total| total == chunk.total);
        // Repetitions and late ones are passed over without asking again, or they would multiply.
        if chunk.offset != have || !fits || !agrees || (chunk.bytes.is_empty() && chunk.total > 0) {
            return None;
        }
        self.total = Some(chunk.total);
        self.buffer.extend_from_slice(&chunk.bytes);
        self.awaiting = false;
        self.silence.clear();
        if (self.buffer.len() as u64) < chunk.total {
            return None;
        }
        let bytes = std::mem::take(&mut self.buffer);
        if BlobId::of(&bytes) == chunk.blob {
            return Some(Ok(bytes.into()));
        }
        self.total = None;
        self.tries += 1;
        (self.tries >= DOWNLOAD_TRIES).then_some(Err(Error::Corrupt { blob: chunk.blob }))
    }

    fn due(&mut self, now: Millis) -> Option<u64> {
        if self.awaiting && !self.silence.has_lapsed(now) {
            return None;
        }
        self.awaiting = true;
        self.silence.prolong(now);
        Some(self.buffer.len() as u64)
    }
}
