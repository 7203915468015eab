//! Numbered deliveries, kept until acknowledged and sent in order: go-back-N with a bounded window.
//!
//! It knows nothing of connections: its owner asks it what is due only while there is somebody to send to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use common::energy::Measurement;
use common::id::TaskId;
use common::time::Millis;
use common::unit::Joules;
use common::wire::Report;

use crate::limits::{DELIVERIES_IN_FLIGHT, MERGE_ABOVE, RESEND_FIRST, RESEND_GAP, RESEND_MOST};
use crate::pause::Pause;

#[derive(Debug)]
pub struct Outbox {
    /// Number of the oldest report kept; all before it are acknowledged.
    first: u64,
    reports: VecDeque<Report>,
    /// Numbers up to here are on their way.
    sent: u64,
    /// The highest number ever sent: what it names must never change again.
    frozen: u64,
    /// How many may be on their way.
    window: usize,
    resend: Pause,
    /// Since when something is on its way without any acknowledgement.
    stalled: Option<Millis>,
    /// Tasks whose last report is in here, by its number.
    ended: BTreeMap<u64, TaskId>,
    /// Numbers that name something new since they were last taken to be written down.
    changed: BTreeSet<u64>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            first: 1,
            reports: VecDeque::new(),
            sent: 0,
            frozen: 0,
            window: DELIVERIES_IN_FLIGHT,
            resend: Pause::new(RESEND_FIRST, RESEND_MOST),
            stalled: None,
            ended: BTreeMap::new(),
            changed: BTreeSet::new(),
        }
    }
}

impl Outbox {
    /// As an earlier process left it: `reports` are numbered from `first` on, and any of them may have been sent.
    pub fn restored(first: u64, reports: impl IntoIterator<Item = Report>) -> Self {
        let mut outbox = Self { first, sent: first - 1, ..Self::default() };
        for report in reports {
            outbox.append(report);
        }
        outbox.frozen = outbox.next_number() - 1;
        outbox.changed.clear();
        outbox
    }

    /// Says under which number the report leaves.
    pub fn push(&mut self, report: Report) -> u64 {
        if let Report::Energy(measurement) = &report
            && self.reports.len() >= MERGE_ABOVE
            && let Some(number) = self.merge(measurement)
        {
            self.changed.insert(number);
            return number;
        }
        self.append(report)
    }

    fn append(&mut self, report: Report) -> u64 {
        let number = self.next_number();
        if let Report::Suspended { task, .. } | Report::Finished { task, .. } | Report::Failed { task, .. } =
            &report
        {
            self.ended.insert(number, *task);
        }
        self.reports.push_back(report);
        self.changed.insert(number);
        number
    }

    /// What is new, or says more than it did, since this was asked last.
    pub fn take_changed(&mut self) -> Vec<(u64, Report)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        changed.map(|number| (number, self.reports[(number - self.first) as usize].clone())).collect()
    }

    /// All before it are acknowledged.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The highest number given.
    pub fn last(&self) -> u64 {
        self.next_number() - 1
    }

    /// Everything up to `number` has been taken in. Numbers of the past change nothing, and neither do numbers that were
    /// never given; a repetition of the last only hastens what is repeated anyway.
    pub fn acknowledge(&mut self, number: u64, now: Millis) {
        if Some(self.first) == number.checked_add(1) {
            return self.resend.shorten(now, RESEND_GAP);
        }
        if number < self.first || number >= self.next_number() {
            return;
        }
        let count = (number + 1 - self.first) as usize;
        self.reports.drain(..count);
        self.first = number + 1;
        self.sent = self.sent.max(number);
        self.frozen = self.frozen.max(number);
        self.ended = self.ended.split_off(&self.first);
        self.changed = self.changed.split_off(&self.first);
        self.window = (self.window + 1).min(DELIVERIES_IN_FLIGHT);
        let in_flight = self.sent >= self.first;
        if in_flight {
            self.resend.restart(now);
        } else {
            self.resend.clear();
        }
        self.stalled = in_flight.then_some(now);
    }

    /// Sends everything again from the oldest: the connection is a new one.
    pub fn rewind(&mut self) {
        self.sent = self.first - 1;
        self.stalled = None;
        self.resend.clear();
    }

    /// What is to be sent now, in order. `barred` and what follows it may not leave yet.
    pub fn due(&mut self, now: Millis, barred: Option<u64>) -> Vec<(u64, Report)> {
        let in_flight = self.sent >= self.first;
        if in_flight && self.resend.has_lapsed(now) {
            self.sent = self.first - 1;
            self.window = (self.window / 2).max(1);
        }
        let from = self.sent + 1;
        let to = (self.first + self.window as u64).min(self.next_number()).min(barred.unwrap_or(u64::MAX));
        if from >= to {
            return Vec::new();
        }
        if self.sent < self.first {
            self.resend.prolong(now);
        }
        self.stalled.get_or_insert(now);
        self.sent = to - 1;
        self.frozen = self.frozen.max(self.sent);
        (from..to).map(|number| (number, self.reports[(number - self.first) as usize].clone())).collect()
    }

    /// Since when deliveries are on their way and none was acknowledged.
    pub fn stalled_since(&self) -> Option<Millis> {
        self.stalled
    }

    pub fn is_empty(&self) -> bool {
        self.reports.is_empty()
    }

    pub fn len(&self) -> usize {
        self.reports.len()
    }

    /// Tasks whose last report is not acknowledged.
    pub fn ended_tasks(&self) -> impl Iterator<Item = TaskId> + '_ {
        self.ended.values().copied()
    }

    /// Joules measured and not acknowledged.
    pub fn joules(&self) -> Joules {
        let energy = |report: &Report| match report {
            Report::Energy(measurement) => Some(measurement.joules),
            _ => None,
        };
        self.reports.iter().filter_map(energy).sum()
    }

    fn next_number(&self) -> u64 {
        self.first + self.reports.len() as u64
    }

    /// Joins `new` to the slot's last window, if that was never sent and they adjoin, and says which number has it.
    fn merge(&mut self, new: &Measurement) -> Option<u64> {
        let last = self.next_number() - 1;
        let numbers = (self.frozen.max(self.first - 1) + 1..=last).rev();
        let of_slot =
            |(_, report): &(u64, &mut Report)| matches!(report, Report::Energy(old) if old.slot == new.slot);
        let (number, report) = numbers.zip(self.reports.iter_mut().rev()).find(of_slot)?;
        let Report::Energy(old) = report else { return None };
        let adjoins = old.end == new.start && old.task == new.task;
        if !adjoins || old.method != new.method || old.meter != new.meter {
            return None;
        }
        old.end = new.end;
        old.joules += new.joules;
        Some(number)
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
