//! Uploads under way, whoever keeps their bytes: a few for each worker, each for as long as somebody cares. Pure.
//!
//! Workers give uploads up without a word: a checkpoint is superseded, an attempt is lost. So what was left alone the longest makes
//! room for what is new, and what nobody touched for an hour goes.

use std::collections::BTreeMap;

use common::blob::BlobId;
use common::id::WorkerName;
use common::time::{HOUR_MS, Millis, Timestamp};

/// Unfinished uploads a worker may have: it sends two at once, so that dozens must have been given up before one is.
pub const MAX_PER_WORKER: usize = 64;
/// Whoever waits for an upload asks about it every ten seconds; of one that is silent for so long nobody will.
pub const PATIENCE: Millis = Millis(HOUR_MS);

/// Two workers may bring the same blob.
pub type Key = (WorkerName, BlobId);

#[derive(Debug, Default)]
pub struct Uploads<T> {
    open: BTreeMap<Key, Upload<T>>,
}

#[derive(Debug, Default)]
pub struct Upload<T> {
    /// Bytes that are here without gaps.
    pub received: u64,
    /// What is made of them.
    pub kept: T,
    touched: Timestamp,
}

impl<T: Default> Uploads<T> {
    /// How far it has come. Whoever asks cares.
    pub fn received(&mut self, key: &Key, now: Timestamp) -> u64 {
        let Some(upload) = self.open.get_mut(key) else { return 0 };
        upload.touched = now;
        upload.received
    }

    /// Goes on with one, or begins it.
    pub fn open(&mut self, key: &Key, now: Timestamp) -> &mut Upload<T> {
        let upload = self.open.entry(key.clone()).or_default();
        upload.touched = now;
        upload
    }

    pub fn close(&mut self, key: &Key) -> Option<Upload<T>> {
        self.open.remove(key)
    }

    /// Gives up others of the same worker until there is a place for this one, and all hold `most_bytes` together at most, where
    /// others are enough for that. Says which.
    pub fn make_room(&mut self, key: &Key, most_bytes: u64) -> Vec<Key> {
        let mut given_up = Vec::new();
        loop {
            let others = || self.of(&key.0).filter(|(other, _)| *other != key);
            if others().count() < MAX_PER_WORKER && self.bytes_of(&key.0) <= most_bytes {
                return given_up;
            }
            let oldest = others().min_by_key(|(_, upload)| upload.touched).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return given_up };
            self.open.remove(&oldest);
            given_up.push(oldest);
        }
    }

    /// Gives up what nobody cares for any more. Says which.
    pub fn give_up_untouched(&mut self, now: Timestamp) -> Vec<Key> {
        self.give_up(|_, upload| now.since(upload.touched) >= PATIENCE)
    }

    /// The same for all of a worker that will not come again.
    pub fn give_up_of(&mut self, worker: &WorkerName) -> Vec<Key> {
        self.give_up(|(by, _), _| by == worker)
    }

    /// What the worker's unfinished uploads hold.
    pub fn bytes_of(&self, worker: &WorkerName) -> u64 {
        self.of(worker).map(|(_, upload)| upload.received).sum()
    }

    fn of(&self, worker: &WorkerName) -> impl Iterator<Item = (&Key, &Upload<T>)> {
        self.open.range((worker.clone(), BlobId::MIN)..).take_while(move |((by, _), _)| by == worker)
    }

    fn give_up(&mut self, hopeless: impl Fn(&Key, &Upload<T>) -> bool) -> Vec<Key> {
        self.open.extract_if(.., |key, upload| hopeless(key, upload)).map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(worker: &str, blob: usize) -> Key {
        (WorkerName::new(worker), BlobId::of(&blob.to_le_bytes()))
    }

    #[test]
    fn what_was_left_alone_longest_makes_room() {
        let mut uploads = Uploads::<()>::default();
        for blob in 0..MAX_PER_WORKER {
            assert_eq!(uploads.make_room(&key("w", blob), u64::MAX), []);
            uploads.open(&key("w", blob), Timestamp(blob as i64)).received = 1;
        }
        uploads.received(&key("w", 0), Timestamp(1_000));
        assert_eq!(uploads.make_room(&key("other", 7), u64::MAX), [], "each worker has its own");
        assert_eq!(
            uploads.make_room(&key("w", 3), u64::MAX),
            [],
            "one that is under way needs no other place"
        );
        assert_eq!(uploads.make_room(&key("w", 1_000), u64::MAX), [key("w", 1)], "the first was asked about");
        assert_eq!(uploads.bytes_of(&WorkerName::new("w")), MAX_PER_WORKER as u64 - 1);
        assert_eq!(uploads.make_room(&key("w", 0), 2).len(), MAX_PER_WORKER - 3);
        assert_eq!(uploads.make_room(&key("w", 0), 0).len(), 1, "all but the one that needs the room");
        assert_eq!(uploads.received(&key("w", 0), Timestamp(1_001)), 1);
    }

    #[test]
    fn what_nobody_cares_for_goes() {
        let mut uploads = Uploads::<()>::default();
        for worker in ["a", "b", "c"] {
            uploads.open(&key(worker, 1), Timestamp(0));
        }
        let later = Timestamp(0) + PATIENCE;
        uploads.received(&key("b", 1), Timestamp(1));
        assert_eq!(uploads.give_up_untouched(Timestamp(PATIENCE.0 - 1)), []);
        assert_eq!(uploads.give_up_untouched(later), [key("a", 1), key("c", 1)]);
        assert_eq!(uploads.give_up_of(&WorkerName::new("b")), [key("b", 1)]);
        assert!(uploads.close(&key("b", 1)).is_none());
    }
}
