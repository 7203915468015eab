//! Blobs on their way to the coordinator: a small window of chunks past what it is known to hold.
//!
//! The first chunk is also a question, for the coordinator may hold a part, or all, from an earlier try. So is the
//! chunk that follows a silence. An answer to a question is believed whatever it says, for the coordinator may have
//! restarted and lost a part; any other word only when it is progress, for it may be an old one come late.

use bytes::Bytes;
use common::blob::BlobId;
use common::time::Millis;
use common::wire::{CHUNK_BYTES, Chunk};

use crate::limits::{CHUNKS_IN_FLIGHT, REASK_FIRST, REASK_MOST, UPLOADS_AT_ONCE};
use crate::pause::Pause;

#[derive(Debug, Default)]
pub struct Uploads {
    /// In the order they were added; the first few are under way.
    queue: Vec<Upload>,
}

#[derive(Debug)]
struct Upload {
    blob: BlobId,
    bytes: Bytes,
    /// What the coordinator is known to hold.
    received: u64,
    /// Up to here chunks are on their way.
    sent: u64,
    asking: bool,
    /// A chunk is on its way.
    awaiting: bool,
    silence: Pause,
}

impl Uploads {
    pub fn add(&mut self, blob: BlobId, bytes: Bytes) {
        if self.queue.iter().all(|upload| upload.blob != blob) {
            self.queue.push(Upload::new(blob, bytes));
        }
    }

    /// The coordinator holds `received` bytes of `blob`. Says whether that is all, and then forgets the blob.
    pub fn on_uploaded_to(&mut self, blob: BlobId, received: u64, now: Millis) -> bool {
        let Some(index) = self.queue.iter().position(|upload| upload.blob == blob) else { return false };
        let stored = self.queue[index].on_uploaded_to(received, now);
        if stored {
            self.queue.remove(index);
        }
        stored
    }

    /// What the coordinator is known to hold of `blob`.
    pub fn received(&self, blob: BlobId) -> u64 {
        self.queue.iter().find(|upload| upload.blob == blob).map_or(0, |upload| upload.received)
    }

    pub fn due(&mut self, now: Millis) -> Vec<Chunk> {
        self.queue.iter_mut().take(UPLOADS_AT_ONCE).flat_map(|upload| upload.due(now)).collect()
    }

    /// Asks again how things stand: the connection is a new one.
    pub fn restart(&mut self) {
        self.queue.iter_mut().for_each(Upload::ask);
    }

    /// Every blob that is not wholly there yet.
    pub fn iter(&self) -> impl Iterator<Item = (BlobId, &Bytes)> {
        self.queue.iter().map(|upload| (upload.blob, &upload.bytes))
    }

    pub fn retain(&mut self, needed: impl Fn(BlobId) -> bool) {
        self.queue.retain(|upload| needed(upload.blob));
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

impl Upload {
    fn new(blob: BlobId, bytes: Bytes) -> Self {
        let silence = Pause::new(REASK_FIRST, REASK_MOST);
        Self { blob, bytes, received: 0, sent: 0, asking: true, awaiting: false, silence }
    }

    fn total(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn ask(&mut self) {
        self.asking = true;
        self.awaiting = false;
        self.sent = self.received;
    }

    fn on_uploaded_to(&mut self, received: u64, now: Millis) -> bool {
        if received == self.total() {
            return true;
        }
        if received < self.total() && (self.asking || received > self.received) {
            self.received = received;
            self.sent = if self.asking { received } else { self.sent.max(received) };
            self.asking = false;
            self.awaiting = self.sent > self.received;
            if self.awaiting { self.silence.restart(now) } else { self.silence.clear() }
        }
        false
    }

    fn due(&mut self, now: Millis) -> Vec<Chunk> {
        if self.awaiting && self.silence.has_lapsed(now) {
            self.ask();
        }
        let was_awaiting = self.awaiting;
        let window = if self.asking { 1 } else { CHUNKS_IN_FLIGHT } * CHUNK_BYTES as u64;
        let until = (self.received + window).min(self.total());
        let mut chunks = Vec::new();
        while self.sent < until || !self.awaiting {
            let end = (self.sent + CHUNK_BYTES as u64).min(until);
            let bytes = self.bytes[self.sent as usize..end as usize].to_vec();
            chunks.push(Chunk { blob: self.blob, offset: self.sent, total: self.total(), bytes });
            self.sent = end;
            self.awaiting = true;
        }
        if !was_awaiting {
            self.silence.prolong(now);
        }
        chunks
    }
}
