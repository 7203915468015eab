//! Blobs: found in the cache or fetched for an assignment, and handed over before the reports that name them.

use bytes::Bytes;
use common::blob::BlobId;
use common::time::Millis;
use common::trial::Failure;
use common::wire::{Chunk, Report};

use crate::core::Core;
use crate::effect::{Effect, Note};

impl Core {
    pub(crate) fn on_blob_found(&mut self, blob: BlobId, bytes: Option<Bytes>) {
        match bytes {
            Some(bytes) => self.give(blob, &bytes),
            None if self.slots.needs(blob) => self.downloads.add(blob),
            None => {}
        }
    }

    pub(crate) fn on_chunk(&mut self, chunk: &Chunk, effects: &mut Vec<Effect>) {
        match self.downloads.on_chunk(chunk) {
            None => {}
            Some(Ok(bytes)) => {
                effects.push(Effect::Note(Note::Fetched { blob: chunk.blob, bytes: bytes.len() as u64 }));
                effects.push(Effect::KeepBlob { blob: chunk.blob, bytes: bytes.clone() });
                self.give(chunk.blob, &bytes);
            }
            Some(Err(error)) => {
                self.fail_for_want_of(chunk.blob, &Failure::Crashed(error.to_string()), effects);
            }
        }
    }

    pub(crate) fn on_blob_missing(&mut self, blob: BlobId, effects: &mut Vec<Effect>) {
        // Without an open download this is an answer come late.
        if self.downloads.has(blob) {
            self.downloads.remove(blob);
            self.fail_for_want_of(blob, &Failure::for_want_of(blob), effects);
        }
    }

    pub(crate) fn on_uploaded_to(&mut self, blob: BlobId, received: u64, now: Millis) {
        self.reports.on_uploaded_to(blob, received, now);
        self.on_former_uploaded_to(blob, received, now);
    }

    fn give(&mut self, blob: BlobId, bytes: &Bytes) {
        for slot in self.slots.iter_mut() {
            if let Some(needs) = slot.work.as_mut().and_then(|work| work.needs_mut()) {
                needs.give(blob, bytes);
            }
        }
    }

    fn fail_for_want_of(&mut self, blob: BlobId, failure: &Failure, effects: &mut Vec<Effect>) {
        for slot in self.slots.iter_mut() {
            let Some(task) = slot.task().filter(|_| slot.needs().is_some_and(|needs| needs.wants(blob)))
            else {
                continue;
            };
            slot.work = None;
            effects.push(Effect::Note(Note::Failed { task, reason: failure.to_string() }));
            self.reports.pending.push(task, Report::Failed { task, failure: failure.clone() }, [].into());
        }
    }
}
