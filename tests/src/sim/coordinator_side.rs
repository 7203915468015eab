//! Drives the real coordinator core as its skin would: events are appended, and effects carried out once they are durable.
//! Between the three moments the process may die.

use std::collections::VecDeque;

use common::event::{Event, Record};
use common::id::WorkerName;
use common::time::{GridClock, Millis, Timestamp};
use common::wire::{FromWorker, ToWorker, decode};
use coordinator::core::{Core, Decision, Effect, Input, NewStudy, State};
use coordinator::snapshot::{self, Snapshot, encode};

use super::network::Way;
use super::plan::Moment;
use super::store::Store;
use super::trace;
use super::world::{Happening, World};

/// Four a second, as the coordinator's actor.
const TICK: Millis = Millis(250);
/// What a commit takes on an idle disk.
const APPEND_MS: (i64, i64) = (0, 6);

/// The coordinator's machine: a process that comes and goes, and a disk that stays.
#[derive(Debug, Default)]
pub struct Site {
    pub core: Option<Core>,
    /// Tells answers to a former process from those to the present one.
    pub life: u64,
    /// Processes begun so far.
    pub begun: u64,
    /// Durable.
    pub ledger: Vec<Record>,
    pub store: Store,
    /// Decided, in order, and not yet carried out.
    queue: VecDeque<Waiting>,
    last_append: Timestamp,
    last_effect: Timestamp,
    /// Why the coordinator ended the study and went.
    pub exit: Option<String>,
}

#[derive(Debug)]
struct Waiting {
    records: Vec<Record>,
    durable: bool,
    effects: Vec<Effect>,
}

impl World {
    /// A process begins, the first or the next: its state is the fold of what was durable.
    pub(super) fn begin_coordinator(&mut self) {
        self.site.life += 1;
        self.site.begun += 1;
        self.note(&format!("the coordinator's process {} begins", self.site.begun));
        let state = self.recovered();
        // As the skin's clock: time goes on from the last event, should the wall clock stand before it.
        let behind = state.last_at.since(self.wall()).max(Millis(0));
        self.wall_ahead = Millis(self.wall_ahead.0 + behind.0);
        self.site.core = Some(Core::new(self.options.clone(), state));
        let origin = self.wall();
        let clock = GridClock { wall_origin: origin, grid_origin: origin, hour_s: self.plan.hour_s };
        let study = Box::new(NewStudy { spec: self.spec.clone(), clock, config: String::new() });
        let life = self.site.life;
        self.schedule.push(self.now + TICK, Happening::CoordinatorTick { life });
        let told = self.site.begun >= self.plan.given_from;
        let given = if told { self.plan.given.clone() } else { Vec::new() };
        let (version, host) = ("simulated".into(), "here".into());
        self.coordinator_step(Input::Started { study, given, version, host });
    }

    /// The fold of what was durable, its first half by way of a snapshot.
    fn recovered(&mut self) -> State {
        let (early, late) = self.site.ledger.split_at(self.site.ledger.len() / 2);
        let whole = State::fold(&self.site.ledger);
        let Some(last) = early.last() else { return whole };
        let bytes = encode(&Snapshot { state: State::fold(early), sequence: last.sequence }, last);
        let Ok((Snapshot { mut state, .. }, _)) = snapshot::decode(&bytes) else {
            self.auditor.violation("L-1", "a snapshot does not read back".into());
            return whole;
        };
        late.iter().for_each(|record| state.apply(record.at, &record.event));
        if state != whole {
            self.auditor.violation("L-1", "by way of a snapshot the ledger folds to another state".into());
        }
        state
    }

    pub(super) fn crash_coordinator(&mut self, down: Millis, seen: bool) {
        if self.site.core.take().is_none() {
            return;
        }
        self.site.life += 1;
        self.site.queue.clear();
        self.site.store.crash();
        self.auditor.coordinator_died(&self.site.ledger);
        let back = self.now + down;
        self.schedule.push(back, Happening::CoordinatorBack);
        for machine in (0..self.machines.len()).filter(|_| seen) {
            self.hear(machine, worker::Input::Disconnected, self.now);
            self.hear(machine, worker::Input::Connected, back);
        }
    }

    pub(super) fn coordinator_step(&mut self, input: Input) {
        let wall = self.wall();
        let Some(core) = &mut self.site.core else { return };
        let Decision { at, events, effects } = core.step(input, wall);
        let first = self.next_sequence();
        let records: Vec<Record> = events
            .into_iter()
            .zip(first..)
            .filter_map(|(event, sequence)| self.auditor.through_json(Record { sequence, at, event }))
            .collect();
        for record in &records {
            self.note(&format!("+ {}", trace::event(&record.event)));
            self.auditor.recorded(record, &self.site.store);
        }
        if let Some(core) = &self.site.core {
            self.auditor.check_core(core, at);
        }
        let dies =
            self.plan.death.filter(|death| records.iter().any(|record| record.event.kind() == death.event));
        let empty = records.is_empty();
        self.site.queue.push_back(Waiting { records, durable: empty, effects });
        if let Some(death) = dies {
            self.plan.death = None;
            self.note(&format!("-- dies of {} {:?}", death.event, death.moment));
            if death.moment == Moment::BeforeEffects {
                self.make_durable();
            }
            return self.crash_coordinator(Millis(3_000), true);
        }
        self.schedule_the_rest(empty);
    }

    /// When the newest decision will be durable, and when it will be carried out; never before those before it.
    fn schedule_the_rest(&mut self, empty: bool) {
        let append = match self.slow_disk {
            (until, append) if self.now < until => append,
            _ => self.dice.millis(APPEND_MS),
        };
        let life = self.site.life;
        let mut ready = self.now;
        if !empty {
            self.site.last_append = self.site.last_append.max(self.now + append);
            ready = self.site.last_append;
            self.schedule.push(ready, Happening::Appended { life });
        }
        self.site.last_effect = self.site.last_effect.max(ready + self.dice.millis((0, 2)));
        self.schedule.push(self.site.last_effect, Happening::CarryOut { life });
    }

    /// The oldest decision that was not durable is.
    pub(super) fn appended(&mut self) {
        let oldest = self.site.queue.iter_mut().find(|waiting| !waiting.durable);
        if let Some(waiting) = oldest {
            waiting.durable = true;
            self.auditor.durable(&waiting.records);
            self.site.ledger.append(&mut waiting.records);
        }
    }

    fn make_durable(&mut self) {
        while self.site.queue.iter().any(|waiting| !waiting.durable) {
            self.appended();
        }
    }

    pub(super) fn carry_out(&mut self) {
        let Some(waiting) = self.site.queue.pop_front() else { return };
        if !waiting.durable {
            self.auditor.violation("L-3", "an effect overtook its event".into());
        }
        for effect in waiting.effects {
            match effect {
                Effect::Send { to, message } => self.send_from_coordinator(&to, &message),
                Effect::Warn { worker, what } => self.note(&format!("{worker}: {what}")),
                Effect::Forget(blob) => self.site.store.forget(blob),
                Effect::Exit { reason } => self.site.exit = Some(reason),
                question => self.ask(question),
            }
        }
    }

    pub(super) fn coordinator_tick(&mut self) {
        let life = self.site.life;
        self.site.store.give_up_untouched(self.wall());
        self.coordinator_step(Input::Tick);
        self.schedule.push(self.now + TICK, Happening::CoordinatorTick { life });
        if let Some(core) = &self.site.core {
            let calm = self.now.since(self.begun) > Millis(self.plan.faults_end.0 + 30_000);
            self.auditor.compare_sides(core.state(), &self.machines, self.now, calm);
        }
    }

    /// As the gateway: blobs go to the store, all else to the core.
    pub(super) fn at_coordinator(&mut self, machine: usize, bytes: &[u8]) {
        if self.site.core.is_none() {
            return;
        }
        let worker = self.name_of(machine);
        self.routes.insert(worker.clone(), machine);
        let Ok(message) = decode::<FromWorker>(bytes) else {
            return self.note(&format!("{worker} ?> {} bytes refused", bytes.len()));
        };
        self.note(&format!("{worker} > {}", trace::from_worker(&message).1));
        match message {
            FromWorker::Upload(chunk) => {
                let now = self.wall();
                if let Some(received) = self.site.store.receive(&worker, &chunk, now) {
                    self.send_from_coordinator(&worker, &ToWorker::UploadedTo { blob: chunk.blob, received });
                }
            }
            FromWorker::Download { blob, offset } => {
                let piece = self.site.store.piece(blob, offset);
                if piece.is_none() {
                    self.coordinator_step(Input::BlobMissing { worker: worker.clone(), blob });
                }
                let answer = piece.map_or(ToWorker::BlobMissing { blob }, ToWorker::Chunk);
                self.send_from_coordinator(&worker, &answer);
            }
            message => self.coordinator_step(Input::Message { worker, message }),
        }
    }

    fn send_from_coordinator(&mut self, to: &WorkerName, message: &ToWorker) {
        let (kind, text) = trace::to_worker(message);
        let frame = self.auditor.encode(message);
        let copies = self.network.carry(Way::ToWorker, to, kind, self.now);
        if copies.is_empty() {
            self.note(&format!("{to} <x {text}"));
        }
        for copy in copies {
            let length = if copy.truncated { self.network.truncate(frame.len()) } else { frame.len() };
            let (to, bytes) = (to.clone(), frame[..length].to_vec());
            self.schedule.push(self.now + copy.after, Happening::AtWorker { to, bytes });
        }
    }

    /// The coordinator's wall clock.
    pub(super) fn wall(&self) -> Timestamp {
        self.now + self.wall_ahead
    }

    fn next_sequence(&self) -> u64 {
        let undurable: usize = self.site.queue.iter().map(|waiting| waiting.records.len()).sum();
        (self.site.ledger.len() + undurable) as u64 + 1
    }

    /// What is durable.
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.site.ledger.iter().map(|record| &record.event)
    }
}
