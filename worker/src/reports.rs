//! A session's reports on their way: those that wait for their blobs, those that have their number, and what of them is on the disk.

use std::collections::{BTreeMap, BTreeSet};

use common::blob::BlobId;
use common::id::SessionId;
use common::time::Millis;
use common::wire::FromWorker;

use crate::effect::Effect;
use crate::journal::Journal;
use crate::kept::Former;
use crate::outbox::Outbox;
use crate::pending::{Entry, Pending};
use crate::transfer::Uploads;

#[derive(Debug, Default)]
pub(crate) struct Reports {
    pub(crate) session: SessionId,
    pub(crate) pending: Pending,
    pub(crate) outbox: Outbox,
    pub(crate) uploads: Uploads,
    journal: Journal,
    /// The ledger that acknowledged the first of them is gone; another, older one is to take the rest in.
    outlived_ledger: bool,
    /// Where reports waited that got a number since the journal was told last.
    numbers: BTreeMap<u64, Entry>,
}

impl Reports {
    pub(crate) fn new(session: SessionId) -> Self {
        Self { session, ..Self::default() }
    }

    /// As an earlier process left them.
    pub(crate) fn restored(former: Former) -> Self {
        let Former { kept, blobs } = former;
        let session = kept.session;
        let (first, numbered, mut waiting) = kept.into_parts();
        for waiting in waiting.values_mut() {
            waiting.missing.retain(|blob| blobs.contains_key(blob));
        }
        let entries: BTreeSet<Entry> = waiting.keys().copied().collect();
        let names: BTreeSet<BlobId> = blobs.keys().copied().collect();
        let mut uploads = Uploads::default();
        blobs.into_iter().for_each(|(blob, bytes)| uploads.add(blob, bytes));
        Self {
            session,
            pending: Pending::restored(waiting),
            outbox: Outbox::restored(first, numbered),
            uploads,
            journal: Journal::restored(entries, names),
            outlived_ledger: false,
            numbers: BTreeMap::new(),
        }
    }

    /// Up to here everything was acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.outbox.first() - 1
    }

    pub(crate) fn has_outlived_ledger(&self) -> bool {
        self.outlived_ledger
    }

    /// What waits for its blobs is given up, for the results of this session count no more. What has its number goes the way it was to go:
    /// joules are booked, and once. Says how many reports that leaves out.
    pub(crate) fn outlive_ledger(&mut self) -> usize {
        self.outlived_ledger = true;
        self.outbox.rewind();
        let given_up = self.pending.len();
        self.pending.clear();
        given_up
    }

    /// A coordinator knows the session: from now on somebody will want these reports, also after a crash.
    pub(crate) fn keep(&mut self, study: &str) {
        self.journal.begin(self.session, study);
    }

    /// Says whether that was progress.
    pub(crate) fn acknowledge(&mut self, number: u64, now: Millis) -> bool {
        let first = self.outbox.first();
        self.outbox.acknowledge(number, now);
        let is_news = self.outbox.first() > first;
        if is_news && self.journal.has_begun() {
            self.journal.acknowledged(number);
        }
        is_news
    }

    /// Says whether that was progress.
    pub(crate) fn on_uploaded_to(&mut self, blob: BlobId, received: u64, now: Millis) -> bool {
        let before = self.uploads.received(blob);
        let stored = self.uploads.on_uploaded_to(blob, received, now);
        if stored {
            self.pending.on_stored(blob);
        }
        stored || self.uploads.received(blob) > before
    }

    pub(crate) fn on_secured(&mut self) {
        self.journal.on_secured();
    }

    /// The connection is a new one.
    pub(crate) fn restart(&mut self) {
        self.outbox.rewind();
        self.uploads.restart();
    }

    /// Numbers what waits for nothing any more.
    pub(crate) fn release(&mut self) {
        for (entry, report) in self.pending.release() {
            self.numbers.insert(self.outbox.push(report), entry);
        }
        self.uploads.retain(|blob| self.pending.needs(blob));
    }

    /// Has what changed written down.
    pub(crate) fn secure(&mut self, effects: &mut Vec<Effect>) {
        self.tell_journal();
        if let Some(items) = self.journal.take() {
            effects.push(Effect::Secure { session: self.session, items });
        }
    }

    /// The process ends: what was not delivered is for the next one.
    pub(crate) fn close(&mut self, effects: &mut Vec<Effect>) {
        if self.is_empty() && self.journal.has_begun() {
            effects.push(Effect::Discard { session: self.session });
        } else {
            self.journal.on_secured();
            self.secure(effects);
        }
    }

    fn tell_journal(&mut self) {
        if !self.journal.has_begun() {
            return;
        }
        let Self { pending, outbox, uploads, journal, numbers, .. } = self;
        for (blob, bytes) in uploads.iter() {
            journal.blob(blob, bytes);
        }
        for (entry, waiting) in pending.iter() {
            journal.waits(*entry, waiting);
        }
        for (number, report) in outbox.take_changed() {
            journal.numbered(number, numbers.remove(&number), report);
        }
        numbers.clear();
        journal
            .retain(|entry| pending.iter().any(|(waiting, _)| *waiting == entry), |blob| pending.needs(blob));
    }

    pub(crate) fn send_what_is_due(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        let session = self.session;
        for (number, report) in self.outbox.due(now, self.journal.barred()) {
            effects.push(Effect::Send(FromWorker::Delivery { session, number, report }));
        }
        for chunk in self.uploads.due(now) {
            effects.push(Effect::Send(FromWorker::Upload(chunk)));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.outbox.is_empty() && self.pending.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.outbox.len() + self.pending.len()
    }
}
