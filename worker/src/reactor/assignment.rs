//! Assignments: taken once, started when their blobs are here, suspended or cancelled at any point of the way.

use common::id::TaskId;
use common::time::Millis;
use common::trial::{Checkpoint, Failure};
use common::wire::{Assignment, Report};

use crate::core::{Core, Course};
use crate::effect::{Ask, Effect, Note};
use crate::limits::SEEN;
use crate::slots::{Needs, Phase, Slot, Work};

impl Core {
    pub(crate) fn on_assign(&mut self, assignment: Box<Assignment>, now: Millis, effects: &mut Vec<Effect>) {
        let task = assignment.task;
        // After a session's end one of this number may still be letting go; the coordinator repeats what is not held.
        let is_here = self.slots.tasks().any(|held| held == task);
        if !matches!(self.course, Course::Working) || is_here || !self.is_new(task) {
            return;
        }
        let Some(slot) = self.slots.get_mut(assignment.slot) else {
            let reason = format!("this worker has no slot {}", assignment.slot);
            self.reports.outbox.push(Report::Failed { task, failure: Failure::Crashed(reason) });
            return;
        };
        effects.push(Effect::Note(Note::Assigned { task, slot: assignment.slot }));
        if slot.work.is_none() {
            return Self::take_up(slot, assignment, now, effects);
        }
        // The coordinator decides who has the slot; what it displaces loses no work.
        let displaced = slot.next.replace(assignment);
        let present = slot.task();
        if let Some(displaced) = displaced {
            effects.push(Effect::Note(Note::Displaced { task: displaced.task, by: task }));
            self.report_suspended(displaced.task, displaced.resume, effects);
        }
        if let Some(present) = present {
            self.on_suspend(present, effects);
        }
    }

    /// Checkpoint, report, give the slot back. Harmless for tasks that are not here.
    pub(crate) fn on_suspend(&mut self, task: TaskId, effects: &mut Vec<Effect>) {
        if let Some(waiting) = self.take_waiting(task) {
            return self.report_suspended(task, waiting.resume, effects);
        }
        let Some(slot) = self.slots.working_on(task) else { return };
        let id = slot.id();
        let Some(work) = &mut slot.work else { return };
        match work.phase {
            Phase::Fetching(_) => {
                let checkpoint = work.checkpoint;
                slot.work = None;
                self.report_suspended(task, checkpoint, effects);
            }
            Phase::Running => {
                work.phase = Phase::Suspending;
                effects.push(Effect::Ask { slot: id, task, ask: Ask::Suspend });
            }
            Phase::Suspending | Phase::Cancelling => {}
        }
    }

    /// Stop and keep nothing, reports on their way included. Harmless for tasks that are not here.
    pub(crate) fn on_cancel(&mut self, task: TaskId, effects: &mut Vec<Effect>) {
        self.take_waiting(task);
        self.reports.pending.drop_task(task);
        let Some(slot) = self.slots.working_on(task) else { return };
        let id = slot.id();
        let Some(work) = &mut slot.work else { return };
        match work.phase {
            Phase::Fetching(_) => slot.work = None,
            Phase::Running | Phase::Suspending => {
                work.phase = Phase::Cancelling;
                effects.push(Effect::Ask { slot: id, task, ask: Ask::Cancel });
            }
            Phase::Cancelling => {}
        }
    }

    /// Starts works whose blobs are here, and takes up what waited for a slot that is free now.
    pub(crate) fn start_what_is_ready(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        let checkpoint_every = self.options.checkpoint;
        for slot in self.slots.iter_mut() {
            if slot.work.is_none()
                && let Some(next) = slot.next.take()
            {
                Self::take_up(slot, next, now, effects);
            }
            let id = slot.id();
            let Some(work) = &mut slot.work else { continue };
            if let Phase::Fetching(needs) = &mut work.phase
                && needs.are_met()
            {
                let Needs { supernet, resume } = std::mem::take(needs);
                work.phase = Phase::Running;
                work.checkpoint_due = Millis(now.0 + checkpoint_every.0);
                let task = work.assignment.task;
                effects.push(Effect::Attribute { slot: id, task: Some(task) });
                effects.push(Effect::Start {
                    slot: id,
                    assignment: work.assignment.clone(),
                    supernet: supernet.and_then(|need| need.bytes),
                    resume: resume.and_then(|need| need.bytes),
                });
            }
        }
    }

    pub(crate) fn report_suspended(
        &mut self,
        task: TaskId,
        checkpoint: Option<Checkpoint>,
        effects: &mut Vec<Effect>,
    ) {
        effects.push(Effect::Note(Note::Reported { task, what: "suspended" }));
        self.reports.pending.push(task, Report::Suspended { task, checkpoint }, [].into());
    }

    fn take_up(slot: &mut Slot, assignment: Box<Assignment>, now: Millis, effects: &mut Vec<Effect>) {
        let work = Work::new(assignment, now);
        if let Phase::Fetching(needs) = &work.phase {
            effects.extend(needs.iter().map(|need| Effect::FindBlob { blob: need.blob }));
        }
        slot.work = Some(work);
    }

    fn take_waiting(&mut self, task: TaskId) -> Option<Box<Assignment>> {
        let waits = |slot: &&mut Slot| slot.next.as_ref().is_some_and(|next| next.task == task);
        self.slots.iter_mut().find(waits)?.next.take()
    }

    /// Remembers `task`; says whether it was unknown.
    fn is_new(&mut self, task: TaskId) -> bool {
        let new = self.seen.insert(task);
        if self.seen.len() > SEEN {
            self.seen.pop_first();
        }
        new
    }
}
