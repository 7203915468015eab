//! Blobs that were brought to this process and that nothing is known to name yet, by who brought them. Pure.

use std::collections::BTreeMap;

use common::blob::BlobId;
use common::id::WorkerName;

#[derive(Debug, Default)]
pub(super) struct Unclaimed {
    brought: BTreeMap<BlobId, Brought>,
    bytes: BTreeMap<WorkerName, u64>,
}

#[derive(Debug)]
struct Brought {
    by: WorkerName,
    bytes: u64,
    /// The last inventory looked for its name, in vain.
    looked_for: bool,
}

impl Unclaimed {
    pub fn add(&mut self, by: &WorkerName, blob: BlobId, bytes: u64) {
        self.remove(blob);
        *self.bytes.entry(by.clone()).or_default() += bytes;
        self.brought.insert(blob, Brought { by: by.clone(), bytes, looked_for: false });
    }

    pub fn remove(&mut self, blob: BlobId) {
        let Some(Brought { by, bytes, .. }) = self.brought.remove(&blob) else { return };
        let Some(sum) = self.bytes.get_mut(&by) else { return };
        *sum -= bytes;
        if *sum == 0 {
            self.bytes.remove(&by);
        }
    }

    /// After an inventory: what is named, or gone, is left out from now on.
    pub fn looked_through(&mut self, is_settled: impl Fn(BlobId) -> bool) {
        let settled: Vec<BlobId> = self.brought.keys().copied().filter(|blob| is_settled(*blob)).collect();
        settled.into_iter().for_each(|blob| self.remove(blob));
        self.brought.values_mut().for_each(|brought| brought.looked_for = true);
    }

    pub fn count(&self) -> usize {
        self.brought.len()
    }

    pub fn bytes_of(&self, worker: &WorkerName) -> u64 {
        self.bytes.get(worker).copied().unwrap_or(0)
    }

    /// Whether an inventory would find no other figure for this worker: all of it was looked for.
    pub fn is_counted(&self, worker: &WorkerName) -> bool {
        self.brought.values().all(|brought| brought.by != *worker || brought.looked_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_follow_what_comes_goes_and_is_found() {
        let (a, b) = (WorkerName::new("a"), WorkerName::new("b"));
        let [one, two, three] = [b"1", b"2", b"3"].map(|text| BlobId::of(text));
        let mut unclaimed = Unclaimed::default();
        unclaimed.add(&a, one, 10);
        unclaimed.add(&a, two, 20);
        unclaimed.add(&b, three, 30);
        assert_eq!((unclaimed.bytes_of(&a), unclaimed.bytes_of(&b)), (30, 30));
        assert!(!unclaimed.is_counted(&a));
        unclaimed.looked_through(|blob| blob == one);
        assert!(unclaimed.is_counted(&a));
        assert_eq!((unclaimed.bytes_of(&a), unclaimed.count()), (20, 2));
        unclaimed.add(&b, two, 20);
        assert_eq!((unclaimed.bytes_of(&a), unclaimed.bytes_of(&b)), (0, 50), "who brought it last");
        assert!(unclaimed.is_counted(&a) && !unclaimed.is_counted(&b));
        [one, two, three].into_iter().for_each(|blob| unclaimed.remove(blob));
        assert_eq!((unclaimed.bytes_of(&b), unclaimed.count()), (0, 0));
    }
}
