//! A worker that fails at one trial after another, or vanishes time and again with work in hand, is put aside for a while, for longer
//! each time, and comes back by itself. One that somebody drained comes back when somebody says so.

use common::event::Event;
use common::id::WorkerName;
use common::time::Millis;

use crate::core::Core;

/// The longest pause: a machine that was mended without a word is found again within a day.
const LONGEST: Millis = Millis(24 * 3_600_000);
/// Beyond so many doublings every first pause is longer than the longest.
const MOST_DOUBLINGS: u32 = 30;

impl Core {
    /// `last` is what its latest attempt ended with. Whoever comes back from a quarantine is put aside again at its first failure.
    pub(crate) fn consider_quarantine(&mut self, worker: &WorkerName, last: &str) {
        let Some(record) = self.state.workers.get(worker).filter(|record| record.is_at_hand()) else {
            return;
        };
        let Some(limit) = self.options.quarantine_after else { return };
        let (failed, vanished) = (record.health.failed.len(), record.health.vanished.len());
        let earlier = record.health.quarantines;
        let limit = if earlier > 0 { 1 } else { limit as usize };
        // With nobody left the study would stand still, and the fault is more likely the study's than everybody's.
        if failed + vanished < limit || !self.others_at_hand(worker) {
            return;
        }
        let pause = self.options.quarantine.0.saturating_mul(1_i64 << earlier.min(MOST_DOUBLINGS));
        let again = if earlier > 0 { ", again" } else { "" };
        let what = match (failed, vanished) {
            (1, 0) => "failed at a trial".into(),
            (_, 0) => format!("failed at {failed} trials in a row"),
            (0, 1) => "vanished with work in hand".into(),
            (0, _) => format!("vanished with work in hand {vanished} times in a row"),
            _ => format!("failed at {failed} and vanished {vanished} times in a row"),
        };
        self.record(Event::WorkerQuarantined {
            worker: worker.clone(),
            until: self.now() + Millis(pause).min(LONGEST),
            reason: format!("{what}{again}; the last: {last}"),
        });
        self.drop_roles_of(worker);
        self.decide_again();
    }

    fn others_at_hand(&self, worker: &WorkerName) -> bool {
        self.state.workers.iter().any(|(name, record)| name != worker && record.is_at_hand())
    }

    /// Those whose time is over; and when nobody else is there, the one who has waited longest.
    pub(crate) fn release_whose_time_is_over(&mut self, aside: Vec<WorkerName>) {
        let now = self.now();
        let mut next: Option<(_, WorkerName)> = None;
        let mut due = Vec::new();
        for worker in aside {
            let Some(record) = self.state.workers.get(&worker) else { continue };
            match record.health.quarantine.as_ref().map(|quarantine| quarantine.until) {
                Some(until) if until <= now => due.push((worker, "its time is over")),
                Some(until) if record.alive && next.as_ref().is_none_or(|(first, _)| until < *first) => {
                    next = Some((until, worker));
                }
                _ => {}
            }
        }
        if let Some((_, worker)) = next
            && due.is_empty()
            && !self.others_at_hand(&worker)
        {
            due.push((worker, "nobody else is there"));
        }
        due.iter().for_each(|(worker, reason)| self.release(worker, reason, false));
    }

    /// Somebody says so.
    pub(crate) fn on_released(&mut self, worker: &WorkerName) {
        let Some(record) = self.state.workers.get(worker) else { return };
        let (aside, drained) = (record.health.quarantine.is_some(), record.draining || record.turned_away);
        if (!aside && !drained) || self.is_over() {
            return;
        }
        let reason = if drained { "somebody takes its drain back" } else { "somebody says that it is well" };
        self.release(worker, reason, drained);
    }

    fn release(&mut self, worker: &WorkerName, reason: &str, undrained: bool) {
        self.record(Event::WorkerReleased { worker: worker.clone(), reason: reason.into(), undrained });
        self.decide_again();
    }
}
