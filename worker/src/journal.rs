//! What is still to be written down of a session's reports, so that they outlive the process. Pure: it only says what, and learns when
//! it was done.
//!
//! One writing is under way at a time; what comes meanwhile goes with the next, so that a slow disk costs fewer turns, not more memory.

use std::collections::BTreeSet;

use bytes::Bytes;
use common::blob::BlobId;
use common::id::SessionId;
use common::wire::Report;
use serde::{Deserialize, Serialize};

use crate::pending::{Entry, Waiting};

/// One line of a session's journal; `Kept` is the fold over them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The first line.
    Began { session: SessionId, study: String },
    /// A report waits for its blobs.
    Waits { entry: Entry, waiting: Waiting },
    /// It is of no use any more.
    Dropped { entry: Entry },
    /// A report has its number for good. `entry` is where it waited; one number said twice says more the second time.
    Numbered { number: u64, entry: Option<Entry>, report: Report },
    /// The coordinator has everything up to here.
    Acknowledged { number: u64 },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Record(Record),
    /// To be kept before the records that follow: they name it.
    Blob {
        blob: BlobId,
        bytes: Bytes,
    },
    Forget {
        blob: BlobId,
    },
}

#[derive(Debug, Default)]
pub struct Journal {
    begun: bool,
    items: Vec<Item>,
    writing: bool,
    /// Numbers whose reports are in `items`, and those that are being written.
    queued: BTreeSet<u64>,
    under_way: BTreeSet<u64>,
    /// What was handed on to be kept and not taken back.
    entries: BTreeSet<Entry>,
    blobs: BTreeSet<BlobId>,
}

impl Journal {
    /// Of an earlier process, with what it holds.
    pub fn restored(entries: BTreeSet<Entry>, blobs: BTreeSet<BlobId>) -> Self {
        Self { begun: true, entries, blobs, ..Self::default() }
    }

    pub fn begin(&mut self, session: SessionId, study: &str) {
        if !self.begun {
            self.begun = true;
            self.items.push(Item::Record(Record::Began { session, study: study.into() }));
        }
    }

    pub fn has_begun(&self) -> bool {
        self.begun
    }

    pub fn waits(&mut self, entry: Entry, waiting: &Waiting) {
        if self.entries.insert(entry) {
            self.items.push(Item::Record(Record::Waits { entry, waiting: waiting.clone() }));
        }
    }

    pub fn blob(&mut self, blob: BlobId, bytes: &Bytes) {
        if self.blobs.insert(blob) {
            self.items.push(Item::Blob { blob, bytes: bytes.clone() });
        }
    }

    pub fn numbered(&mut self, number: u64, entry: Option<Entry>, report: Report) {
        let entry = entry.filter(|entry| self.entries.remove(entry));
        self.queued.insert(number);
        self.items.push(Item::Record(Record::Numbered { number, entry, report }));
    }

    pub fn acknowledged(&mut self, number: u64) {
        self.items.push(Item::Record(Record::Acknowledged { number }));
    }

    /// Takes back what is not wanted any more.
    pub fn retain(&mut self, waits: impl Fn(Entry) -> bool, needed: impl Fn(BlobId) -> bool) {
        let dropped = self.entries.extract_if(.., |entry| !waits(*entry));
        self.items.extend(dropped.map(|entry| Item::Record(Record::Dropped { entry })));
        let forgotten = self.blobs.extract_if(.., |blob| !needed(*blob));
        self.items.extend(forgotten.map(|blob| Item::Forget { blob }));
    }

    /// What is to be written now, if there is anything and nothing is being written.
    pub fn take(&mut self) -> Option<Vec<Item>> {
        if self.writing || self.items.is_empty() {
            return None;
        }
        self.writing = true;
        self.under_way = std::mem::take(&mut self.queued);
        Some(std::mem::take(&mut self.items))
    }

    /// What was taken last is as safe as this machine can make it.
    pub fn on_secured(&mut self) {
        self.writing = false;
        self.under_way.clear();
    }

    /// The first number whose report must not leave yet.
    pub fn barred(&self) -> Option<u64> {
        self.queued.first().into_iter().chain(self.under_way.first()).min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaving() -> Report {
        Report::Leaving { reason: "test".into() }
    }

    #[test]
    fn nothing_leaves_before_it_is_written() {
        let mut journal = Journal::default();
        journal.begin(SessionId(1), "a study");
        journal.numbered(1, None, leaving());
        assert_eq!(journal.barred(), Some(1));
        assert_eq!(journal.take().unwrap().len(), 2);
        journal.numbered(2, None, leaving());
        assert_eq!((journal.barred(), journal.take()), (Some(1), None), "one writing at a time");
        journal.on_secured();
        assert_eq!(journal.barred(), Some(2));
        assert!(journal.take().is_some());
        journal.on_secured();
        assert_eq!((journal.barred(), journal.take()), (None, None));
    }

    #[test]
    fn what_is_not_wanted_is_taken_back_once() {
        let blob = BlobId::of(b"blob");
        let mut journal = Journal::restored([3, 4].into(), [blob].into());
        journal.retain(|entry| entry == 4, |_| false);
        let wanted = [Item::Record(Record::Dropped { entry: 3 }), Item::Forget { blob }];
        assert_eq!(journal.take().unwrap(), wanted);
        journal.on_secured();
        journal.retain(|entry| entry == 4, |_| false);
        assert_eq!(journal.take(), None);
    }
}
