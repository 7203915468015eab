//! Checks the laws after every step, with books of its own: nothing here asks the cores what they believe about energy,
//! deliveries or results; it counts what really happened.
//!
//! Besides the laws of `ARCHITECTURE.md` it names some that only a whole world can show:
//! - **B-1** work begins with the very blobs that its assignment names, **B-2** no event names a blob that is not stored;
//! - **D-1** a delivery's number means one report for ever, **D-2** "acknowledged" is said of what is durable alone, **D-3** each
//!   delivery is taken in once and in order, **D-4** what is written on a machine's disk can be read by the next process;
//! - **L-3** no effect overtakes its event, **L-4** what is recorded reads back, **L-5** history does not run backwards, **L-6**
//!   nothing is leased after the end;
//! - **Q-4** once the world is calm, leases and work at hand agree;
//! - **S-1** nothing known is proposed;
//! - **W-4** an executor is asked about its own task, **W-5** nobody leaves without a reason, **W-6** a task begins once in a process.

use std::collections::BTreeMap;

use common::energy::Measurement;
use common::event::Record;
use common::id::{SessionId, TaskId, WorkerName};
use common::time::{Millis, Timestamp};
use common::wire::{FromWorker, Report, ToWorker, decode, encode};
use coordinator::core::{Core, State};
use coordinator::laws;

use super::history::History;
use super::process::{Machine, Process};
use super::store::Store;

/// Steps between the comparisons that read everything.
const STEPS_PER_COMPARISON: u64 = 16;
/// How long, in calm weather, the two sides may disagree about who holds what: a lost session, its hello and its farewell.
const AGREE_WITHIN: Millis = Millis(45_000);

#[derive(Debug)]
pub struct Auditor {
    pub violations: Vec<String>,
    /// The fold of everything recorded, one event after another as JSON reads them back: each prefix folds (L-2).
    shadow: State,
    history: History,
    /// Deliveries whose acknowledgement is durable.
    durable: BTreeMap<(WorkerName, SessionId), u64>,
    sessions: BTreeMap<(WorkerName, SessionId), Session>,
    steps: u64,
    disagreeing: BTreeMap<(WorkerName, TaskId), Timestamp>,
}

/// What one process really did.
#[derive(Debug, Default)]
struct Session {
    /// Handed to the core by the meters.
    emitted: f64,
    /// `[n]`: joules in the deliveries up to `n`.
    delivered: Vec<f64>,
    /// `[n]`: the delivery as it was first sent.
    frames: Vec<Vec<u8>>,
    /// What this process knows to be taken in.
    acknowledged: u64,
    /// Joules that died with it, unacknowledged as far as it knew.
    died_with: Option<f64>,
}

/// A frame family of the wire, either way.
pub trait Framed {
    fn frame(&self) -> Vec<u8>;
    fn again(frame: &[u8]) -> Option<Vec<u8>>;
}

impl Auditor {
    pub fn new() -> Self {
        Self {
            violations: Vec::new(),
            shadow: State::default(),
            history: History::default(),
            durable: BTreeMap::new(),
            sessions: BTreeMap::new(),
            steps: 0,
            disagreeing: BTreeMap::new(),
        }
    }

    pub fn violation(&mut self, law: &str, what: String) {
        self.violations.push(format!("{law}: {what}"));
    }

    /// W-1 on every frame there is.
    pub fn encode(&mut self, message: &impl Framed) -> Vec<u8> {
        let frame = message.frame();
        if Self::differs(message, &frame) {
            self.violation("W-1", "a frame does not decode to what was encoded".into());
        }
        frame
    }

    fn differs<M: Framed>(_: &M, frame: &[u8]) -> bool {
        M::again(frame).as_deref() != Some(frame)
    }

    /// What the ledger would give back. An event that can't be read back would make the ledger unreadable.
    pub fn through_json(&mut self, record: Record) -> Option<Record> {
        let read = serde_json::to_string(&record).and_then(|text| serde_json::from_str::<Record>(&text));
        match read {
            Ok(read) if read == record => Some(read),
            _ => {
                self.violation(
                    "L-4",
                    format!("a {} would not read back from the ledger", record.event.kind()),
                );
                None
            }
        }
    }

    pub fn recorded(&mut self, record: &Record, store: &Store) {
        let found = self.history.take(record, Some(store));
        self.violations.extend(found);
        self.shadow.apply(record.at, &record.event);
    }

    pub fn durable(&mut self, records: &[Record]) {
        self.durable.extend(records.iter().filter_map(History::acknowledged));
    }

    /// What was not durable never happened.
    pub fn coordinator_died(&mut self, ledger: &[Record]) {
        self.shadow = State::fold(ledger);
        self.history = self.history.forgotten();
        for record in ledger {
            let found = self.history.take(record, None);
            self.violations.extend(found);
        }
    }

    pub fn check_core(&mut self, core: &Core, at: Timestamp) {
        self.steps += 1;
        let mut broken = laws::check(core);
        if self.steps.is_multiple_of(STEPS_PER_COMPARISON) {
            broken.extend(laws::check_kept(core));
        }
        self.violations
            .extend(broken.into_iter().map(|violation| format!("{}: {}", violation.law, violation.what)));
        if at < self.shadow.last_at {
            self.violation("L-5", format!("time ran back from {} to {at}", self.shadow.last_at));
        }
        if self.steps.is_multiple_of(STEPS_PER_COMPARISON) {
            if self.shadow != *core.state() {
                self.violation("L-1", "the fold of the ledger is not the live state".into());
            }
            self.check_books();
        }
    }

    pub fn emitted_j(&self) -> f64 {
        self.sessions.values().map(|books| books.emitted).sum()
    }

    /// What was emitted and is not booked.
    pub fn lost_j(&self) -> f64 {
        let booked: f64 = self.sessions.keys().map(|key| self.history.booked(key)).sum();
        self.emitted_j() - booked
    }

    pub fn process_began(&mut self, worker: &WorkerName, session: SessionId) {
        let books = Session { delivered: vec![0.0], frames: vec![Vec::new()], ..Session::default() };
        self.sessions.insert((worker.clone(), session), books);
    }

    /// A process whose coordinator's ledger is older than its session goes on as another.
    pub fn session_began_anew(&mut self, worker: &WorkerName, session: SessionId) {
        self.process_began(worker, session);
        self.history.begins_late((worker.clone(), session));
    }

    pub fn process_ended(&mut self, worker: &WorkerName, session: SessionId, core: &worker::Core) {
        if let Some(books) = self.sessions.get_mut(&(worker.clone(), session)) {
            books.died_with = Some(core.unacknowledged_joules().0);
        }
    }

    pub fn emitted(&mut self, worker: &WorkerName, session: SessionId, measurement: &Measurement) {
        if let Some(books) = self.sessions.get_mut(&(worker.clone(), session)) {
            books.emitted += measurement.joules.0;
        }
    }

    /// A number means the same report for ever.
    pub fn delivery_left(&mut self, worker: &WorkerName, session: SessionId, number: u64, report: &Report) {
        let message = FromWorker::Delivery { session, number, report: report.clone() };
        let Some(books) = self.sessions.get_mut(&(worker.clone(), session)) else {
            return self.violation("D-1", format!("{worker} speaks for session {session}"));
        };
        let (frame, next) = (encode(&message), books.frames.len() as u64);
        if number == next {
            let joules = if let Report::Energy(measurement) = report { measurement.joules.0 } else { 0.0 };
            let before = books.delivered.last().copied().unwrap_or_default();
            books.delivered.push(before + joules);
            books.frames.push(frame);
        } else if number > next || number == 0 {
            self.violation("D-1", format!("{worker} sends delivery {number} before {next}"));
        } else if books.frames[number as usize] != frame {
            self.violation("D-1", format!("{worker} changed delivery {number} after it was sent"));
        }
    }

    /// "Acknowledged" is only said of what is durable.
    pub fn acknowledgement_arrived(
        &mut self,
        worker: &WorkerName,
        ours: SessionId,
        of: SessionId,
        number: u64,
    ) {
        let durable = self.durable.get(&(worker.clone(), of)).copied().unwrap_or_default();
        if number > durable {
            let what = format!("{worker} hears that {number} of session {of} are safe, and {durable} are");
            self.violation("D-2", what);
        }
        if ours == of
            && let Some(books) = self.sessions.get_mut(&(worker.clone(), of))
        {
            books.acknowledged = books.acknowledged.max(number);
        }
    }

    /// E-2 from the worker's side, and whose energy is whose.
    pub fn check_process(&mut self, worker: &WorkerName, process: &Process) {
        let mut found = Vec::new();
        if let Some(books) = self.sessions.get(&(worker.clone(), process.core.session())) {
            let kept = process.core.unacknowledged_joules().0;
            let acknowledged = books.joules_up_to(books.acknowledged);
            if !close(acknowledged + kept, books.emitted) {
                let emitted = books.emitted;
                found.push(format!(
                    "E-2: {worker} emitted {emitted} J, {acknowledged} taken in and {kept} kept"
                ));
            }
        }
        for bench in process.benches.iter().filter(|_| process.metering) {
            let running = bench.run.as_ref().map(|run| run.assignment.task);
            if bench.meter.task != running {
                let (slot, task) = (bench.slot, bench.meter.task);
                found.push(format!(
                    "E-1: slot {slot} of {worker} runs {running:?} on the account of {task:?}"
                ));
            }
        }
        self.violations.extend(found);
    }

    /// E-2: what is booked of each session is what its deliveries that were taken in hold, to the joule.
    fn check_books(&mut self) {
        let mut found = Vec::new();
        for ((worker, session), books) in &self.sessions {
            let key = (worker.clone(), *session);
            let (booked, taken) = (self.history.booked(&key), self.history.taken(&key));
            let delivered = books.joules_up_to(taken);
            let gaps = self.history.gaps(&key).iter();
            let lost: f64 = gaps.map(|(from, to)| books.joules_up_to(*to) - books.joules_up_to(*from)).sum();
            if !close(booked + lost, delivered) {
                let what =
                    format!("{booked} J booked of {worker} in session {session}, {delivered} J delivered");
                found.push(format!("E-2: {what} up to {taken}"));
            }
            if let Some(kept) = books.died_with {
                let in_flight = kept - (delivered - books.joules_up_to(books.acknowledged));
                if !close(booked + lost + in_flight, books.emitted) {
                    let what = format!(
                        "{booked} J booked and {in_flight} J lost with {worker} of {}",
                        books.emitted
                    );
                    found.push(format!("E-2: {what}"));
                }
            }
        }
        self.violations.extend(found);
    }

    /// In calm weather leases and work at hand agree before long.
    pub fn compare_sides(&mut self, state: &State, machines: &[Machine], now: Timestamp, calm: bool) {
        if !calm || state.finished.is_some() {
            self.disagreeing.clear();
            return;
        }
        let held = |worker: &WorkerName, task: TaskId| {
            let mut processes =
                machines.iter().filter(|m| m.plan.name == *worker).filter_map(|m| m.process.as_ref());
            processes.any(|process| process.core.held().contains(&task))
        };
        let mut odd = Vec::new();
        for (_, lease) in state.leases().filter(|(_, lease)| !held(&lease.worker, lease.task)) {
            odd.push((lease.worker.clone(), lease.task));
        }
        for machine in machines {
            let working = machine.process.iter().flat_map(|process| process.core.working());
            for (_, task) in working.filter(|(_, task)| state.lease(*task).is_none()) {
                odd.push((machine.plan.name.clone(), task));
            }
        }
        self.disagreeing.retain(|key, _| odd.contains(key));
        for key in odd {
            let since = *self.disagreeing.entry(key.clone()).or_insert(now);
            if now.since(since) > AGREE_WITHIN {
                let (worker, task) = key;
                self.violation(
                    "Q-4",
                    format!("{worker} and the coordinator disagree about task {task} since {since}"),
                );
            }
        }
    }

    /// The end: everything once more, from the durable ledger alone.
    pub fn close(&mut self, ledger: &[Record], store: &Store, crash_limit: u32) {
        self.coordinator_died(ledger);
        self.check_books();
        let found = laws::check_state(&self.shadow);
        self.violations
            .extend(found.into_iter().map(|violation| format!("{}: {}", violation.law, violation.what)));
        let found = self.history.close(ledger, &self.shadow, store, crash_limit);
        self.violations.extend(found);
    }
}

impl Session {
    fn joules_up_to(&self, number: u64) -> f64 {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        self.delivered.get(number).or(self.delivered.last()).copied().unwrap_or_default()
    }
}

impl Framed for FromWorker {
    fn frame(&self) -> Vec<u8> {
        encode(self)
    }
    fn again(frame: &[u8]) -> Option<Vec<u8>> {
        decode::<Self>(frame).ok().map(|message| encode(&message))
    }
}

impl Framed for ToWorker {
    fn frame(&self) -> Vec<u8> {
        encode(self)
    }
    fn again(frame: &[u8]) -> Option<Vec<u8>> {
        decode::<Self>(frame).ok().map(|message| encode(&message))
    }
}

/// Equal but for the rounding of long sums.
pub fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}
