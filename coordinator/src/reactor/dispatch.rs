//! Work to slots. Runs after every input, so that work never waits while a fitting slot is idle (law Q-2).

use std::collections::BTreeSet;

use common::energy::Purpose;
use common::event::Event;
use common::fidelity::{Fidelity, Role};
use common::id::{TaskId, TrialId};
use common::time::Millis;
use common::trial::Origin;
use common::wire::{Assignment, ToWorker};

use crate::core::{Core, Effect, Trial, Wanted};
use crate::fleet::{Place, SlotKey};
use crate::ladder::{Choice, Standing};
use crate::mutation::{Mutation, planted};
use crate::reactor::slots::SlotKind;
use crate::supernets;

/// How long a free slot waits for a model's word on the latest results: this part of a short training, and never longer than that.
const PATIENT: f64 = 0.05;
const PATIENCE: Millis = Millis(60_000);
/// Batches that are asked for at once where no result outdates them: a question takes longer the more is known.
const BATCHES_UNLEARNT: usize = 20;

impl Core {
    pub(crate) fn dispatch(&mut self) {
        if self.is_over() || self.draining || self.state.study.is_none() {
            return;
        }
        if self.state.paused.is_some() {
            return self.suspend_all();
        }
        self.suspend_what_lost_its_slot();
        self.ask_for_candidates();
        // Who found nothing, found it for all of the same kind: what others take up since leaves no more.
        let mut in_vain: BTreeSet<SlotKind> = BTreeSet::new();
        let mut handed_out = 0;
        while let Some((key, kind)) = self.slots.free().first(&in_vain) {
            if handed_out == self.options.handouts {
                self.go_on_later();
                break;
            }
            let (key, kind) = (key.clone(), kind.clone());
            if let Some(trial) = self.next_for(kind.0, &kind.1) {
                self.lease(trial, &key);
                handed_out += 1;
            }
            if self.slots.free().contains(&key) {
                in_vain.insert(kind);
            }
        }
        // What was taken may have left too few for the next slots.
        self.ask_for_candidates();
    }

    /// Once others were heard.
    pub(crate) fn go_on_later(&mut self) {
        if !std::mem::replace(&mut self.goes_on, true) {
            self.effect(Effect::GoOn);
        }
    }

    /// A training whose slot shall do something else is suspended; a score is left to end by itself, in seconds.
    fn suspend_what_lost_its_slot(&mut self) {
        let turned = self.slots.take_turned();
        let unwanted = turned.iter().filter(|key| self.slots.role(key) != Role::Train);
        let held = unwanted.filter_map(|key| self.state.holder(key));
        let trainings = held.filter(|(trial, _)| trial.subject.role() == Role::Train);
        let mut unwanted: Vec<TaskId> = trainings.map(|(_, lease)| lease.task).collect();
        unwanted.sort_unstable();
        unwanted.into_iter().for_each(|task| self.suspend(task));
    }

    /// What a free slot of `role` takes up: what waits longest, else what the ladder says.
    pub(crate) fn next_for(&mut self, role: Role, place: &Place) -> Option<TrialId> {
        if let Some(waiting) = self.waiting(role, place).filter(|_| !planted(Mutation::ForgetsWhatWaits)) {
            return Some(waiting);
        }
        if let Some(agenda) = &self.options.agenda {
            let other = if role == Role::Train { Role::Sample } else { Role::Train };
            if let Some(waiting) = self.waiting(other, place) {
                return Some(waiting);
            }
            let choice = agenda.next(&self.state, &mut self.listed);
            return choice.map(|choice| self.propose(choice));
        }
        if role == Role::Train && self.awaits_better_advice() {
            return None;
        }
        if let Some(choice) = self.followed(role, place) {
            return Some(self.propose(choice));
        }
        let standing = &self.standing;
        let mut stock = std::mem::take(&mut self.stock);
        let fits =
            |purpose: Purpose, times: f64| self.may_begin(purpose) && self.fits(purpose, times, 0.0, place);
        let choice = match role {
            Role::Train => standing.next_training(&mut stock, &self.promotions, &fits),
            Role::Sample => standing.next_score(&mut stock, &fits),
            Role::Rest => None,
        };
        self.stock = stock;
        choice.map(|choice| self.propose(choice))
    }

    /// The supernet trained on where the search works, where that is due.
    fn followed(&self, role: Role, place: &Place) -> Option<Choice> {
        let worked = self.region.as_ref().filter(|_| role == Role::Train && self.standing.can_score())?;
        let purpose = Purpose::Supernet;
        let subject = supernets::followed(&self.state, worked)?;
        let fits = self.may_begin(purpose) && self.fits(purpose, 1.0, 0.0, place);
        fits.then_some(Choice { subject, origin: Origin::Study })
    }

    /// The first trial that waits for a slot of this role, and for nothing else, and can still be paid for.
    pub(crate) fn waiting(&self, role: Role, place: &Place) -> Option<TrialId> {
        let fits =
            |trial: &&Trial| self.fits(trial.subject.purpose(), self.times(trial), self.done(trial), place);
        let due = self.state.waiting().filter(|trial| trial.is_due(self.now()));
        let mut waiting = due.filter(|trial| trial.subject.role() == role);
        waiting.find(fits).map(|trial| trial.id)
    }

    fn propose(&mut self, choice: Choice) -> TrialId {
        let trial = TrialId(self.state.trials.len() as u64);
        let Choice { subject, origin } = choice;
        self.record(Event::TrialProposed { trial, subject, origin });
        trial
    }

    fn lease(&mut self, trial: TrialId, key: &SlotKey) {
        let (Some(trial), Some(record)) = (self.state.trial(trial), self.state.workers.get(&key.0)) else {
            return;
        };
        let task = trial.next_task();
        let event = Event::TaskLeased {
            task,
            worker: key.0.clone(),
            session: record.session,
            slot: key.1,
            resume: self.resumed(trial),
        };
        self.record(event);
        self.send_assignment(task);
    }

    pub(crate) fn send_assignment(&mut self, task: TaskId) {
        let (Some(lease), Some(trial)) = (self.state.lease(task).cloned(), self.state.trial(task.trial))
        else {
            return;
        };
        let assignment = Assignment {
            task,
            slot: lease.slot,
            subject: trial.subject.clone(),
            supernet: supernets::inherited(&self.state, &trial.subject, &self.gone),
            resume: self.resumed(trial),
        };
        let sent = self.sent(trial, self.now());
        self.assigned.insert(task, sent);
        self.send(&lease.worker, ToWorker::Assign(Box::new(assignment)));
    }

    /// Keeps candidates at hand, so that no slot waits for the optimiser, and asks one that learns afresh when a training has
    /// finished.
    fn ask_for_candidates(&mut self) {
        let told = self.state.trained();
        // Of what the next result outdates, half a batch is enough. A searcher that had no more to name has none until something is
        // learnt.
        let enough = if self.options.learns { self.options.batch.div_ceil(2) } else { self.options.batch };
        let has_enough = self.stock.len() >= enough || self.answered_all;
        let knows_all = has_enough && (self.asked_with == Some(told) || !self.options.learns);
        if self.proposing.is_some() || knows_all || self.options.agenda.is_some() {
            return;
        }
        let wanted = self.wanted();
        self.asked_with = Some(told);
        self.proposing = Some(self.now());
        self.effect(Effect::Propose(Box::new(wanted)));
    }

    /// Whether a model is about to say what the last results mean. To begin a training without that would cost more than the
    /// moment that a slot waits.
    fn awaits_better_advice(&self) -> bool {
        let first = Standing::learning_fidelity(&self.options.ladder);
        let purpose = if first == Fidelity::Full { Purpose::Full } else { Purpose::Rung };
        let patience = Millis::from_seconds(self.expected(purpose).0.0 * PATIENT).min(PATIENCE);
        let is_behind = self.answered_with.is_none_or(|known| known < self.state.trained());
        let asked = self.proposing.filter(|_| self.options.has_model && is_behind);
        asked.is_some_and(|since| self.now().since(since) < patience)
    }

    /// An answer that results do not outdate is asked for less often.
    pub(crate) fn asked_for(&self) -> usize {
        self.options.batch * if self.options.learns { 1 } else { BATCHES_UNLEARNT }
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            count: self.asked_for(),
            observations: self.known.observations.clone(),
            fidelity: Standing::learning_fidelity(&self.options.ladder),
            pending: self.known.pending(),
            exclude: self.known.architectures.clone(),
            // Nobody else promises anything.
            promotable: if self.options.has_model { self.standing.promotable() } else { Vec::new() },
            affordable: self.affordable(),
        }
    }
}
