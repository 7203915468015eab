//! What a disk holds of one session's reports: a fold over its journal.

use std::collections::BTreeMap;

use bytes::Bytes;
use common::blob::BlobId;
use common::id::SessionId;
use common::wire::Report;

use crate::journal::Record;
use crate::pending::{Entry, Waiting};

#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub session: SessionId,
    /// Its name, for people: only the coordinator can say whether the session is one of its own.
    pub study: String,
    waiting: BTreeMap<Entry, Waiting>,
    numbered: BTreeMap<u64, Report>,
    acknowledged: u64,
}

/// A session of an earlier process on this machine, with reports that nobody acknowledged.
#[derive(Debug, Clone, PartialEq)]
pub struct Former {
    pub kept: Kept,
    /// Those that reports wait for; one that is not here is with the coordinator.
    pub blobs: BTreeMap<BlobId, Bytes>,
}

impl Kept {
    /// Of a journal's first record; none if it is no beginning.
    pub fn begun_by(record: &Record) -> Option<Self> {
        let Record::Began { session, study } = record else { return None };
        let (waiting, numbered) = (BTreeMap::new(), BTreeMap::new());
        Some(Self { session: *session, study: study.clone(), waiting, numbered, acknowledged: 0 })
    }

    pub fn apply(&mut self, record: Record) {
        match record {
            Record::Began { .. } => {}
            Record::Waits { entry, waiting } => drop(self.waiting.insert(entry, waiting)),
            Record::Dropped { entry } => drop(self.waiting.remove(&entry)),
            Record::Numbered { number, entry, report } => {
                if let Some(entry) = entry {
                    self.waiting.remove(&entry);
                }
                if number > self.acknowledged {
                    self.numbered.insert(number, report);
                }
            }
            Record::Acknowledged { number } => {
                self.acknowledged = self.acknowledged.max(number);
                self.numbered = self.numbered.split_off(&(self.acknowledged + 1));
            }
        }
    }

    /// The shortest journal that folds to the same.
    pub fn records(&self) -> Vec<Record> {
        let began = Record::Began { session: self.session, study: self.study.clone() };
        let acknowledged = Record::Acknowledged { number: self.acknowledged };
        let numbered = self.numbered.iter().map(|(number, report)| Record::Numbered {
            number: *number,
            entry: None,
            report: report.clone(),
        });
        let waiting = self
            .waiting
            .iter()
            .map(|(entry, waiting)| Record::Waits { entry: *entry, waiting: waiting.clone() });
        [began, acknowledged].into_iter().chain(numbered).chain(waiting).collect()
    }

    /// Reports that nobody acknowledged.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.numbered.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Of all reports that wait, the blobs.
    pub fn missing(&self) -> impl Iterator<Item = BlobId> + '_ {
        self.waiting.values().flat_map(|waiting| waiting.missing.iter().copied())
    }

    /// Forgets the reports that wait for `blob`: it is lost. Says how many.
    pub fn forget_those_that_need(&mut self, blob: BlobId) -> usize {
        self.waiting.extract_if(.., |_, waiting| waiting.missing.contains(&blob)).count()
    }

    /// The number of the first report, the numbered ones without a gap, and those that wait.
    pub(crate) fn into_parts(self) -> (u64, Vec<Report>, BTreeMap<Entry, Waiting>) {
        let first = self.acknowledged + 1;
        let in_order = self.numbered.into_iter().zip(first..).take_while(|((number, _), due)| number == due);
        (first, in_order.map(|((_, report), _)| report).collect(), self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use common::id::{Attempt, TaskId, TrialId};
    use common::trial::Failure;

    use super::*;

    fn waiting(trial: u64, blob: BlobId) -> Waiting {
        let task = TaskId { trial: TrialId(trial), attempt: Attempt(0) };
        let report = Report::Failed { task, failure: Failure::Diverged };
        Waiting { task, report, missing: [blob].into() }
    }

    fn leaving(reason: &str) -> Report {
        Report::Leaving { reason: reason.into() }
    }

    fn kept(records: impl IntoIterator<Item = Record>) -> Kept {
        let mut kept = Kept::begun_by(&Record::Began { session: SessionId(7), study: "a".into() }).unwrap();
        records.into_iter().for_each(|record| kept.apply(record));
        kept
    }

    #[test]
    fn a_report_lies_here_from_its_first_word_to_its_acknowledgement() {
        let blob = BlobId::of(b"blob");
        let wait = |entry| Record::Waits { entry, waiting: waiting(entry, blob) };
        let number = |number, entry| Record::Numbered { number, entry, report: leaving("x") };
        let mut kept = kept([wait(0), wait(1), number(1, None), number(2, Some(0))]);
        assert_eq!((kept.len(), kept.missing().count()), (3, 1));
        kept.apply(Record::Acknowledged { number: 1 });
        kept.apply(Record::Dropped { entry: 1 });
        assert_eq!(kept.clone().into_parts(), (2, vec![leaving("x")], BTreeMap::new()));
        kept.apply(Record::Acknowledged { number: 2 });
        assert!(kept.is_empty());
        assert_eq!(kept.into_parts().0, 3, "numbers go on");
    }

    #[test]
    fn the_short_journal_folds_to_the_same() {
        let blob = BlobId::of(b"blob");
        let number = |number, word: &str| Record::Numbered { number, entry: None, report: leaving(word) };
        let kept = kept([
            number(1, "a"),
            number(2, "b"),
            number(2, "c"),
            Record::Acknowledged { number: 1 },
            Record::Waits { entry: 5, waiting: waiting(5, blob) },
        ]);
        let mut records = kept.records().into_iter();
        let mut again = Kept::begun_by(&records.next().unwrap()).unwrap();
        records.for_each(|record| again.apply(record));
        assert_eq!(again, kept);
        assert_eq!(kept.into_parts().1, [leaving("c")]);
    }

    #[test]
    fn what_follows_a_gap_can_not_be_delivered() {
        let number = |number| Record::Numbered { number, entry: None, report: leaving("x") };
        assert_eq!(kept([number(1), number(3)]).into_parts().1.len(), 1);
    }
}
