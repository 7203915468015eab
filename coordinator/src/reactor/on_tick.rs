//! What only time causes: silence, repeats, the next hour, the end.

use common::event::Event;
use common::id::{TaskId, WorkerName};
use common::time::Millis;
use common::wire::ToWorker;

use crate::agenda::Agenda;
use crate::core::{Core, Effect};
use crate::fleet::Round;
use crate::reactor::on_worker::words_to_the_drained;

/// A `Suspend` that bore no fruit for so long is sent again.
const REPEAT_SUSPEND: Millis = Millis(3_000);
/// A worker that is still there so long after it was told of the end is told again: the word may have been lost.
const REPEAT_STUDY_OVER: Millis = Millis(3_000);
/// An optimiser that has not answered for so long is asked again.
const REPEAT_PROPOSE: Millis = Millis(60_000);

/// Slots. Of fewer, a look at all of them takes no millisecond.
const LARGE: usize = 2_000;

impl Core {
    pub(crate) fn on_tick(&mut self) {
        let Round { silent, draining, aside } = self.look_around();
        for worker in silent {
            let Some(session) = self.state.workers.get(&worker).map(|record| record.session) else {
                continue;
            };
            let silent_s = self.options.lost_after.seconds();
            self.lose(&worker, session, &format!("no heartbeat for {silent_s} s"));
        }
        if self.is_over() {
            return self.bid_farewell();
        }
        self.release_whose_time_is_over(aside);
        self.repeat_suspends();
        self.let_the_drained_go(draining);
        if self.proposing.is_some_and(|since| self.now().since(since) > REPEAT_PROPOSE) {
            self.proposing = None;
        }
        if self.is_large() {
            return self.go_on_later();
        }
        self.advance_hour();
    }

    /// Others were heard meanwhile.
    pub(crate) fn on_go_on(&mut self) {
        self.goes_on = false;
        if self.is_over() {
            return self.tell_the_unaware();
        }
        if self.is_large() {
            self.advance_hour();
        }
    }

    /// So large that to look at everybody, to decide on all and to hand work out are steps of their own.
    pub(crate) fn is_large(&self) -> bool {
        self.slots.roles().len() >= LARGE
    }

    fn repeat_suspends(&mut self) {
        let now = self.now();
        let due: Vec<(TaskId, WorkerName)> = self
            .suspending
            .iter()
            .filter(|(_, told)| now.since(**told) > REPEAT_SUSPEND)
            .filter_map(|(task, _)| self.state.lease(*task).map(|lease| (*task, lease.worker.clone())))
            .collect();
        for (task, worker) in due {
            self.suspending.insert(task, now);
            self.send(&worker, ToWorker::Suspend { task });
        }
    }

    /// Workers that somebody wants gone and that hold nothing any more.
    fn let_the_drained_go(&mut self, mut drained: Vec<WorkerName>) {
        let now = self.now();
        drained.retain(|worker| {
            let record = self.state.workers.get(worker).filter(|record| record.alive);
            record.is_some_and(|record| self.tasks_of(worker, record.session).is_empty())
        });
        self.told_to_go.retain(|name, _| drained.contains(name));
        for worker in drained {
            if self.told_to_go.get(&worker).is_none_or(|told| now.since(*told) > REPEAT_STUDY_OVER) {
                self.told_to_go.insert(worker.clone(), now);
                // For it, the study is over.
                let reason = words_to_the_drained(&worker);
                self.send(&worker, ToWorker::StudyOver { reason });
            }
        }
    }

    /// Ends the study when a budget is used up or nothing more can be done.
    pub(crate) fn finish_when_done(&mut self) {
        if self.is_over() || self.state.study.is_none() {
            return;
        }
        let listed = |agenda: &Agenda| agenda.done(&self.state, self.listed);
        if let Some(reason) = self.options.agenda.as_ref().map_or_else(|| self.exhausted(), listed) {
            self.finish(reason);
        }
    }

    pub(crate) fn finish(&mut self, reason: String) {
        self.record(Event::StudyFinished { reason });
        self.tell_study_over();
    }

    fn tell_study_over(&mut self) {
        self.told_study_over = self.now();
        let alive = self.state.workers.iter().filter(|(_, record)| record.alive);
        self.unaware = alive.map(|(name, _)| name.clone()).collect();
        self.tell_the_unaware();
    }

    /// As many at once as work is handed out to: others are heard in between, also at the end of a study of thousands.
    fn tell_the_unaware(&mut self) {
        let Some((_, reason)) = self.state.finished.clone() else { return };
        let later = self.unaware.len().saturating_sub(self.options.handouts);
        for worker in self.unaware.split_off(later) {
            self.send(&worker, ToWorker::StudyOver { reason: reason.clone() });
        }
        if !self.unaware.is_empty() {
            self.go_on_later();
        }
    }

    /// Waits, with a bound, for the last joules and checkpoints; then lets go.
    fn bid_farewell(&mut self) {
        let Some((since, reason)) = self.state.finished.clone() else { return };
        let is_anybody_there = self.state.workers.values().any(|record| record.alive);
        // A coordinator that comes back to a finished study waits as long as one that finished it.
        let waited = self.now().since(since.max(self.started)) > self.options.farewell;
        if self.exited {
            return;
        }
        if is_anybody_there && !waited {
            if self.now().since(self.told_study_over) > REPEAT_STUDY_OVER {
                self.tell_study_over();
            }
            return;
        }
        self.exited = true;
        self.effect(Effect::Exit { reason });
    }
}
