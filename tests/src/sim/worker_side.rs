//! Drives the real worker cores and does what their effects say, as the worker's skin would.

use std::collections::BTreeMap;

use bytes::Bytes;
use common::event::Event;
use common::fidelity::Role;
use common::id::{SessionId, SlotId, TaskId, WorkerName};
use common::time::Millis;
use common::trial::Failure;
use common::wire::{Assignment, FromWorker, SlotInfo, ToWorker};
use worker::{Ask, Core, Effect, Ending, Exit, Former, Input, Item, Kept, KeptReports, Options, Step};

use super::network::Way;
use super::process::{Process, Run, SAMPLING, TRAINING};
use super::trace;
use super::truth::{self, Fate};
use super::world::{Happening, Timer, World};

/// A few a second, as the worker's ticker.
const TICK: Millis = Millis(250);
/// Between two windows of a meter.
const METER_EVERY: Millis = Millis(3_000);
/// What turned a process away is asked again after this.
const START_AGAIN: Millis = Millis(5_000);
const PROGRESS_EVERY: Millis = Millis(1_500);

impl World {
    pub(super) fn process(&mut self, machine: usize) -> Option<&mut Process> {
        self.machines[machine].process.as_mut()
    }

    /// A process begins on a machine that has none.
    pub(super) fn begin(&mut self, machine: usize) {
        if self.machines[machine].process.is_some() {
            return;
        }
        let session = self.next_session(machine);
        let plan = self.machines[machine].plan.clone();
        let describe = |slot| SlotInfo {
            slot: SlotId(slot),
            device: "simulated".into(),
            memory_mb: 1_000,
            meter: "simulated".into(),
        };
        let options = Options {
            session,
            zone: plan.zone.clone(),
            slots: (0..plan.slots).map(describe).collect(),
            version: "simulated".into(),
            host: plan.name.to_string(),
            checkpoint: plan.checkpoint,
            give_up: None,
        };
        let left = self.machines[machine].shelf.values().filter(|former| !former.kept.is_empty());
        let core = Core::new(options, left.cloned().collect());
        let process = Process::new(core, plan.slots, self.now);
        self.machines[machine].process = Some(process);
        self.auditor.process_began(&plan.name, session);
        self.note(&format!("{} begins session {session}", plan.name));
        self.set_timer(machine, Millis(0), Timer::Tick);
        self.set_timer(machine, METER_EVERY, Timer::Meter);
    }

    pub(super) fn worker_step(&mut self, machine: usize, input: Input) {
        let now = self.now;
        let name = self.name_of(machine);
        let Some(process) = self.machines[machine].process.as_mut() else { return };
        let clock = process.clock(now);
        process.read_meters(clock);
        match &input {
            Input::Connected => process.connected = true,
            Input::Disconnected => process.connected = false,
            Input::Measured(measurement) => self.auditor.emitted(&name, process.core.session(), measurement),
            Input::Received(ToWorker::Acknowledge { session, number })
            | Input::Received(ToWorker::Welcome { session, acknowledged: number, .. }) => {
                self.auditor.acknowledgement_arrived(&name, process.core.session(), *session, *number);
            }
            _ => {}
        }
        let session = process.core.session();
        let effects = process.core.step(input, clock);
        if process.core.session() != session {
            process.started.clear();
            self.auditor.session_began_anew(&name, process.core.session());
        }
        for effect in effects {
            self.do_for_worker(machine, &name, effect);
        }
        if let Some(process) = &self.machines[machine].process {
            self.auditor.check_process(&name, process);
        }
    }

    /// It may have been released since: a word is on its way for a while.
    fn was_drained(&self, name: &WorkerName) -> bool {
        let drains = |event: &Event| matches!(event, Event::WorkerDraining { worker, .. } if worker == name);
        self.site.ledger.iter().any(|record| drains(&record.event))
    }

    fn do_for_worker(&mut self, machine: usize, name: &WorkerName, effect: Effect) {
        let now = self.now;
        match effect {
            Effect::Send(message) => self.send_from_worker(machine, name, &message),
            Effect::FindBlob { blob } => {
                let bytes = self.machines[machine].cache.get(&blob).cloned();
                let after = self.dice.millis((0, 20));
                self.hear(machine, Input::BlobFound { blob, bytes }, now + after);
            }
            Effect::KeepBlob { blob, bytes } => {
                // A full disk keeps nothing, and nobody minds.
                if !self.dice.happens(0.2) {
                    self.machines[machine].cache.insert(blob, bytes);
                }
            }
            Effect::Secure { session, items } => {
                items.into_iter().for_each(|item| self.write_down(machine, session, item));
                self.hear(machine, Input::Secured { session }, now);
            }
            Effect::Discard { session } => drop(self.machines[machine].shelf.remove(&session)),
            Effect::Prepare(_) => {}
            Effect::Start { slot, assignment, supernet, resume } => {
                self.start_run(machine, slot, *assignment, supernet.as_ref(), resume.as_ref());
            }
            Effect::Ask { slot, task, ask } => {
                let Some(run) = self.process(machine).and_then(|p| p.bench(slot)?.run.as_ref()) else {
                    return;
                };
                let (number, asked) = (run.number, run.assignment.task);
                let after = if self.dice.happens(0.1) { (1_000, 6_000) } else { (20, 500) };
                let after = self.dice.millis(after);
                if asked == task {
                    self.set_timer(machine, after, Timer::Answer { slot, run: number, ask });
                } else {
                    self.auditor
                        .violation("W-4", format!("{name} asks task {asked} what it means for {task}"));
                }
            }
            Effect::Attribute { slot, task } => {
                self.close_window(machine, slot);
                if let Some(bench) = self.process(machine).and_then(|process| process.bench(slot)) {
                    bench.meter.task = task;
                }
            }
            Effect::StopMeters => {
                let Some(process) = self.process(machine) else { return };
                let slots: Vec<SlotId> = process.benches.iter().map(|bench| bench.slot).collect();
                slots.into_iter().for_each(|slot| self.close_window(machine, slot));
                if let Some(process) = self.process(machine) {
                    process.metering = false;
                }
                self.hear(machine, Input::MetersStopped, now);
            }
            Effect::Note(note) => self.note(&format!("{name} . {note}")),
            Effect::Exit(exit) => {
                self.note(&format!("{name} exits: {exit}"));
                if matches!(exit, Exit::Refused { .. }) && self.was_drained(name) {
                    // Whatever starts workers by itself does not ask why one left.
                    self.schedule.push(now + START_AGAIN, Happening::Begin { machine });
                } else if !matches!(exit, Exit::Done { .. } | Exit::Stopped) {
                    self.auditor.violation("W-5", format!("{name} left for no good reason: {exit}"));
                }
                self.kill(machine);
            }
        }
    }

    fn write_down(&mut self, machine: usize, session: SessionId, item: Item) {
        let shelf = &mut self.machines[machine].shelf;
        match (item, shelf.get_mut(&session)) {
            (Item::Record(first), None) => match KeptReports::begun_by(&first) {
                Some(kept) => drop(shelf.insert(session, Former { kept, blobs: BTreeMap::new() })),
                None => {
                    self.auditor.violation("D-4", format!("session {session} writes before it has begun"));
                }
            },
            (Item::Record(record), Some(former)) => former.kept.apply(record),
            (Item::Blob { blob, bytes }, Some(former)) => drop(former.blobs.insert(blob, bytes)),
            (Item::Forget { blob }, Some(former)) => drop(former.blobs.remove(&blob)),
            (Item::Blob { .. } | Item::Forget { .. }, None) => {}
        }
    }

    fn send_from_worker(&mut self, machine: usize, name: &WorkerName, message: &FromWorker) {
        if let FromWorker::Delivery { session, number, report } = message {
            self.auditor.delivery_left(name, *session, *number, report);
        }
        if !self.process(machine).is_some_and(|process| process.connected) {
            return;
        }
        let (kind, text) = trace::from_worker(message);
        let frame = self.auditor.encode(message);
        let copies = self.network.carry(Way::ToCoordinator, name, kind, self.now);
        if copies.is_empty() {
            self.note(&format!("{name} x> {text}"));
        }
        for copy in copies {
            let length = if copy.truncated { self.network.truncate(frame.len()) } else { frame.len() };
            let bytes = frame[..length].to_vec();
            self.schedule.push(self.now + copy.after, Happening::AtCoordinator { machine, bytes });
        }
    }

    fn start_run(
        &mut self,
        machine: usize,
        slot: SlotId,
        assignment: Assignment,
        supernet: Option<&Bytes>,
        resume: Option<&Bytes>,
    ) {
        let (now, seed, mishaps) = (self.now, self.plan.seed, self.plan.mishaps);
        let (task, subject) = (assignment.task, &assignment.subject);
        let from = match (assignment.resume, resume) {
            (None, None) => 0.0,
            (Some(checkpoint), Some(bytes)) => {
                let found = truth::read_checkpoint(bytes);
                if found != Some((task.trial, checkpoint.progress)) {
                    self.auditor.violation("B-1", format!("task {task} resumes from {found:?}"));
                }
                checkpoint.progress
            }
            _ => return self.auditor.violation("B-1", format!("task {task} begins without its checkpoint")),
        };
        let scores = subject.role() == Role::Sample;
        if !truth::may_inherit(seed, subject, supernet) {
            return self
                .auditor
                .violation("B-1", format!("task {task} begins with the wrong supernet, or without"));
        }
        let fate = truth::fate_of(seed, &mishaps, subject, task);
        let seconds = truth::seconds_of(seed, subject) / self.machines[machine].plan.speed;
        let watts = if scores { SAMPLING } else { TRAINING };
        let Some(process) = self.process(machine) else { return };
        process.runs += 1;
        let new = process.started.insert(task);
        let number = process.runs;
        let Some(bench) = process.bench(slot) else { return };
        if bench.run.is_some() {
            return self
                .auditor
                .violation("Q-3", format!("task {task} begins on slot {slot} that is at work"));
        }
        let run = Run { number, assignment, begun: now, from, seconds, fate, watts };
        let end = match fate {
            Fate::Finishes | Fate::Unusable => 1.0,
            Fate::Diverges(at) | Fate::Crashes(at) => at,
        };
        let span = run.reaches(end).since(now);
        if !new {
            return self.auditor.violation("W-6", format!("task {task} begins a second time in one process"));
        }
        bench.run = Some(run);
        self.set_timer(machine, span, Timer::End { slot, run: number });
        self.set_timer(machine, PROGRESS_EVERY, Timer::Progress { slot, run: number });
    }

    pub(super) fn on_timer(&mut self, machine: usize, timer: Timer) {
        let now = self.now;
        match timer {
            Timer::Tick => {
                self.beat(machine);
                self.worker_step(machine, Input::Tick);
                self.set_timer(machine, TICK, Timer::Tick);
            }
            Timer::Meter => {
                let Some(process) = self.process(machine) else { return };
                let clock = process.clock(now);
                process.read_meters(clock);
                let slots: Vec<SlotId> = process.benches.iter().map(|bench| bench.slot).collect();
                slots.into_iter().for_each(|slot| self.close_window(machine, slot));
                self.set_timer(machine, METER_EVERY, Timer::Meter);
            }
            Timer::Progress { slot, run } => {
                let Some(at_work) = self.run(machine, slot, run) else { return };
                let (task, done) = (at_work.assignment.task, at_work.progress(now));
                let step = Step { done, epoch: 1, training_loss: Some(1.0 - done), validation_error: None };
                self.worker_step(machine, Input::Progressed { task, step });
                self.set_timer(machine, PROGRESS_EVERY, Timer::Progress { slot, run });
            }
            Timer::End { slot, run } => self.end_by_itself(machine, slot, run),
            Timer::Answer { slot, run, ask } => self.answer_ask(machine, slot, run, ask),
        }
    }

    fn end_by_itself(&mut self, machine: usize, slot: SlotId, run: u64) {
        let Some(at_work) = self.run(machine, slot, run) else { return };
        let (task, subject, fate) =
            (at_work.assignment.task, at_work.assignment.subject.clone(), at_work.fate);
        let seconds = at_work.seconds;
        let seed = self.plan.seed;
        let ending = match fate {
            Fate::Diverges(_) => Ending::Failed(Failure::Diverged),
            Fate::Crashes(_) => Ending::Failed(Failure::Crashed("device fault".into())),
            Fate::Finishes | Fate::Unusable => {
                let device = self.device(machine);
                let evaluation = truth::evaluation_of(self.space.as_ref(), &subject, fate, seconds, device);
                let artifacts = truth::artifacts_of(seed, &subject, task.trial);
                Ending::Finished { evaluation: Box::new(evaluation), artifacts }
            }
        };
        self.end_run(machine, slot, task, ending);
    }

    fn answer_ask(&mut self, machine: usize, slot: SlotId, run: u64, ask: Ask) {
        let now = self.now;
        let large = self.dice.happens(0.125);
        let Some(at_work) = self.run(machine, slot, run) else { return };
        let (task, progress) = (at_work.assignment.task, at_work.progress(now));
        let trains = at_work.assignment.subject.role() == Role::Train;
        let kept = Kept { bytes: truth::checkpoint_bytes(task.trial, progress, large), progress };
        match ask {
            Ask::Checkpoint => self.worker_step(machine, Input::Kept { task, kept }),
            Ask::Suspend => self.end_run(machine, slot, task, Ending::Suspended(trains.then_some(kept))),
            Ask::Cancel => self.end_run(machine, slot, task, Ending::Cancelled),
        }
    }

    fn end_run(&mut self, machine: usize, slot: SlotId, task: TaskId, ending: Ending) {
        let now = self.now;
        let Some(process) = self.process(machine) else { return };
        let clock = process.clock(now);
        process.read_meters(clock);
        if let Some(bench) = process.bench(slot) {
            bench.run = None;
        }
        self.worker_step(machine, Input::Ended { task, ending });
    }

    fn beat(&mut self, machine: usize) {
        let (now, name) = (self.now, self.name_of(machine));
        let Some(process) = self.process(machine) else { return };
        let clock = process.clock(now);
        let Some(every) = process.core.heartbeat_interval().filter(|_| clock >= process.beat_due) else {
            return;
        };
        process.beat_due = Millis(clock.0 + every.0);
        if let Some(message) = process.core.heartbeat(clock) {
            self.send_from_worker(machine, &name, &message);
        }
    }

    /// The meters have been read by whoever calls this.
    fn close_window(&mut self, machine: usize, slot: SlotId) {
        let now = self.now;
        let Some(process) = self.process(machine).filter(|process| process.metering) else { return };
        let Some(bench) = process.bench(slot) else { return };
        let measurement = bench.meter.close(slot);
        self.hear(machine, Input::Measured(measurement), now);
    }

    fn run(&mut self, machine: usize, slot: SlotId, number: u64) -> Option<&Run> {
        self.process(machine)?.bench(slot)?.run.as_ref().filter(|run| run.number == number)
    }

    fn set_timer(&mut self, machine: usize, after: Millis, timer: Timer) {
        let life = self.machines[machine].lives;
        self.schedule.push(self.now + after, Happening::Timer { machine, life, timer });
    }

    /// What evaluations name as their device: the very process.
    fn device(&self, machine: usize) -> String {
        let session = self.machines[machine].process.as_ref().map(|process| process.core.session());
        truth::device(&self.name_of(machine), session.unwrap_or_default())
    }
}
