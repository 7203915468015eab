//! How the core answers each input, one family a file. `settle` follows every input: it does whatever the new facts allow.

mod anew;
mod assignment;
mod blob;
mod connection;
mod departure;
mod ending;
mod former;

use common::energy::Measurement;
use common::fidelity::Role;
use common::time::Millis;
use common::wire::{FromWorker, Report, ToWorker};

use crate::core::Core;
use crate::effect::{Ask, Effect, Exit};
use crate::slots::Phase;

impl Core {
    pub(crate) fn on_received(&mut self, message: ToWorker, now: Millis, effects: &mut Vec<Effect>) {
        self.standing.heard = now;
        let ours = self.options.session;
        match message {
            ToWorker::Welcome { session, spec, heartbeat, acknowledged } if session == ours => {
                self.on_welcome(spec, heartbeat, acknowledged, now, effects);
            }
            ToWorker::WhoAreYou { session } if session == ours => self.on_who_are_you(now),
            ToWorker::WhoAreYou { session } => self.on_former_unknown(session, now, effects),
            ToWorker::BeginAnew { session } => self.on_begin_anew(session, now, effects),
            ToWorker::Acknowledge { session, number } => {
                self.compare_acknowledged(session, number, effects);
                if session == ours {
                    self.reports.acknowledge(number, now);
                } else {
                    self.on_former_acknowledged(session, number, now);
                }
            }
            // Said to an earlier process of the same name.
            ToWorker::Welcome { .. } => {}
            ToWorker::Refused { reason } => self.exit(Exit::Refused { reason }, effects),
            // Meant for the process before this one, whose reports the coordinator has just heard.
            ToWorker::Assign(_) if !self.standing.greeted => {}
            ToWorker::Assign(assignment) => self.on_assign(assignment, now, effects),
            ToWorker::Suspend { task } => self.on_suspend(task, effects),
            ToWorker::Cancel { task } => self.on_cancel(task, effects),
            ToWorker::UploadedTo { blob, received } => self.on_uploaded_to(blob, received, now),
            ToWorker::Chunk(chunk) => self.on_chunk(&chunk, effects),
            ToWorker::BlobMissing { blob } => self.on_blob_missing(blob, effects),
            // For whoever has only a join code; a member has no use for it.
            ToWorker::Enrolled { .. } => {}
            ToWorker::StudyOver { reason } => self.on_study_over(reason, now, effects),
        }
    }

    pub(crate) fn on_measured(&mut self, mut measurement: Measurement) {
        if measurement.start < self.began {
            // Drawn for work that was given up, whose number may mean other work by now.
            measurement.task = None;
        }
        if !self.has_said_goodbye() {
            self.reports.outbox.push(Report::Energy(measurement));
        }
    }

    pub(crate) fn on_tick(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        self.seek(now, effects);
        self.ask_for_checkpoints(now, effects);
    }

    /// Trainings put their work in safety from time to time; one checkpoint of a task is on its way at most.
    fn ask_for_checkpoints(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        for slot in self.slots.iter_mut() {
            let id = slot.id();
            let Some(work) = &mut slot.work else { continue };
            let task = work.assignment.task;
            let trains = work.assignment.subject.role() == Role::Train;
            let due = matches!(work.phase, Phase::Running) && now >= work.checkpoint_due;
            if trains && due && !self.reports.pending.has(task) {
                work.checkpoint_due = Millis(now.0 + self.options.checkpoint.0);
                effects.push(Effect::Ask { slot: id, task, ask: Ask::Checkpoint });
            }
        }
    }

    /// Does what has become possible: starts what is fetched, releases reports, departs, and sends what is due.
    pub(crate) fn settle(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        if self.is_gone() {
            return;
        }
        self.start_what_is_ready(now, effects);
        if !self.has_said_goodbye() {
            self.reports.release();
        }
        self.downloads.retain(|blob| self.slots.needs(blob));
        self.depart(now, effects);
        if self.is_gone() {
            return;
        }
        self.reports.secure(effects);
        self.deliver_former(now, effects);
        if self.standing.connected && self.standing.admitted {
            self.send_what_is_due(now, effects);
        }
    }

    fn send_what_is_due(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        self.reports.send_what_is_due(now, effects);
        for (blob, offset) in self.downloads.due(now) {
            effects.push(Effect::Send(FromWorker::Download { blob, offset }));
        }
    }
}
