//! The coordinator's real core in virtual time over a table: the same decisions, ladder, search and policies as in a live study.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `study` | what is asked for, what came of it, what can be wrong |
//! | `forecasts` | what the product would have forecast, shared by the runs of a world |
//! | `answers` | the questions a core asks: intensities, forecasts, allocations, candidates |
//! | `worker` | one worker a zone, whose slots evaluate by looking up |
//!
//! Every frame passes through the real codec; the network is perfect and instant. Time is in milliseconds, as on the wire. Absent on
//! purpose: faults of any kind (the system tests have them), and real time.

mod answers;
mod forecasts;
mod study;
mod worker;

use std::collections::BTreeMap;

use common::event::Record;
use common::fidelity::Role;
use common::id::{SlotId, WorkerName};
use common::study::StudySpec;
use common::time::{GridClock, HOUR_MS, Millis, Timestamp};
use common::wire::{FromWorker, ToWorker, decode, encode};
use coordinator::core::{Control, Core, Decision, Effect, Input, NewStudy, Options, State};

pub use forecasts::Forecasts;
pub use study::{Error, Outcome, Study};

use crate::table::Table;
use crate::world::Schedule;
use answers::Answers;
use worker::Worker;

/// Between ticks of the core, and between energy reports and heartbeats of the workers. Divides an hour, so that none is missed.
const BEAT: Millis = Millis(600_000);
/// The same of a large fleet, whose words would be most of the work.
const BEAT_OF_MANY: Millis = Millis(HOUR_MS);
const MANY_SLOTS: usize = 128;
/// Nobody is ever lost on this network, however rarely it is heard.
const LOST_AFTER_BEATS: i64 = 4;
/// A study says farewell at once; more ticks than that mean that it does not end.
const FAREWELL_BEATS: i64 = 12;

/// Happenings of one moment, in the order in which they are taken: tasks end and frames arrive, workers report, the core's time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Frame,
    Beat,
    Tick,
}

enum Happening {
    Beat,
    Tick,
    Stop,
    ToCoordinator {
        worker: usize,
        frame: Vec<u8>,
    },
    ToWorker {
        worker: usize,
        frame: Vec<u8>,
    },
    Answer(Box<Input>),
    /// A slot's task comes to its end, if this dispatch still holds it.
    Ends {
        worker: usize,
        slot: SlotId,
        dispatch: u64,
    },
}

/// Runs `study` to its end. `look` sees the core after each of its steps.
pub fn run(study: &Study<'_>, look: &mut dyn FnMut(&Core)) -> Result<Outcome, Error> {
    let spec = study.check()?;
    let mut drive = Drive::new(study, &spec)?;
    drive.begin(spec, study.config_text()?, look);
    let end = drive.now + Millis(study.horizon_hours as i64 * HOUR_MS);
    drive.schedule.push((end, Rank::Tick), Happening::Stop);
    let last = end + Millis(FAREWELL_BEATS * drive.beat.0);
    while drive.exit.is_none()
        && let Some(((at, _), happening)) = drive.schedule.pop()
    {
        if at > last {
            return Err(Error::Endless);
        }
        drive.now = at;
        drive.happen(happening, look);
    }
    let reason = drive.exit.ok_or(Error::Endless)?;
    let Drive { core, records, frames, now, .. } = drive;
    Ok(Outcome { reason, end: now, state: core.state().clone(), records, frames })
}

struct Drive<'a> {
    table: &'a dyn Table,
    core: Core,
    answers: Answers<'a>,
    workers: Vec<Worker<'a>>,
    beat: Millis,
    /// The roles of each worker's slots, by the plan of that number.
    roles: (u64, Vec<Vec<Role>>),
    by_name: BTreeMap<WorkerName, usize>,
    schedule: Schedule<(Timestamp, Rank), Happening>,
    records: Vec<Record>,
    frames: u64,
    now: Timestamp,
    /// When the core is woken next, or was last, because a budget runs out.
    woken: Timestamp,
    exit: Option<String>,
}

impl<'a> Drive<'a> {
    fn new(study: &'a Study<'_>, spec: &StudySpec) -> Result<Self, Error> {
        let slots: usize = study.zones.iter().map(|(_, slots)| usize::from(*slots)).sum();
        let beat = if slots > MANY_SLOTS { BEAT_OF_MANY } else { BEAT };
        let options = Options {
            zones: study.zones.iter().map(|(trace, _)| trace.zone().clone()).collect(),
            heartbeat: beat,
            lost_after: Millis(LOST_AFTER_BEATS * beat.0),
            ..Options::new(&study.config)
        };
        let start = study.start.start();
        let workers: Vec<Worker<'_>> = study
            .zones
            .iter()
            .enumerate()
            .map(|(index, (trace, slots))| {
                Worker::new(study, index as u64, trace.zone().clone(), *slots, start)
            })
            .collect();
        Ok(Self {
            table: study.table,
            core: Core::new(options, State::default()),
            answers: Answers::new(study, spec)?,
            by_name: workers
                .iter()
                .enumerate()
                .map(|(index, worker)| (worker.name().clone(), index))
                .collect(),
            roles: (0, workers.iter().map(|worker| vec![Role::Rest; worker.slots().count()]).collect()),
            workers,
            beat,
            schedule: Schedule::new(),
            records: Vec::new(),
            frames: 0,
            now: start,
            woken: start,
            exit: None,
        })
    }

    fn begin(&mut self, spec: StudySpec, config: String, look: &mut dyn FnMut(&Core)) {
        let clock = GridClock { wall_origin: self.now, grid_origin: self.now, hour_s: 3600.0 };
        let study = Box::new(NewStudy { spec, clock, config });
        for worker in 0..self.workers.len() {
            let hello = self.workers[worker].hello(self.now);
            self.say(worker, vec![hello]);
        }
        let (version, host) = (env!("CARGO_PKG_VERSION").into(), self.table.name().into());
        self.step(Input::Started { study, given: Vec::new(), version, host }, look);
        self.schedule.push((self.now + self.beat, Rank::Beat), Happening::Beat);
    }

    fn happen(&mut self, happening: Happening, look: &mut dyn FnMut(&Core)) {
        match happening {
            Happening::Beat => {
                for worker in 0..self.workers.len() {
                    let messages = self.workers[worker].beat(self.now);
                    self.say(worker, messages);
                }
                self.schedule.push((self.now, Rank::Tick), Happening::Tick);
                self.schedule.push((self.now + self.beat, Rank::Beat), Happening::Beat);
            }
            Happening::Tick => self.step(Input::Tick, look),
            Happening::Stop => {
                let reason = "the horizon of the simulation is reached".into();
                self.step(Input::Control(Control::Stop { reason }), look);
            }
            Happening::Answer(input) => self.step(*input, look),
            Happening::ToCoordinator { worker, frame } => {
                let message: FromWorker = decode(&frame).expect("what was encoded is decoded");
                let worker = self.workers[worker].name().clone();
                self.step(Input::Message { worker, message }, look);
            }
            Happening::ToWorker { worker, frame } => {
                let message: ToWorker = decode(&frame).expect("what was encoded is decoded");
                if matches!(message, ToWorker::StudyOver { .. }) {
                    // The core lets go at its next tick; it need not wait for the next beat.
                    self.schedule.push((self.now, Rank::Tick), Happening::Tick);
                }
                let (messages, end) =
                    self.workers[worker].on_message(message, &self.roles.1[worker], self.now);
                self.say(worker, messages);
                if let Some(end) = end {
                    let (slot, dispatch) = (end.slot, end.dispatch);
                    self.schedule.push((end.at, Rank::Frame), Happening::Ends { worker, slot, dispatch });
                }
            }
            Happening::Ends { worker, slot, dispatch } => {
                let role = self.roles.1[worker][usize::from(slot.0)];
                let messages = self.workers[worker].on_end(slot, dispatch, role, self.now);
                self.say(worker, messages);
            }
        }
    }

    fn step(&mut self, input: Input, look: &mut dyn FnMut(&Core)) {
        let Decision { at, events, effects } = self.core.step(input, self.now);
        for event in events {
            let sequence = self.records.len() as u64 + 1;
            self.records.push(Record { sequence, at, event });
        }
        look(&self.core);
        for effect in effects {
            self.carry_out(effect);
        }
        self.power_slots();
        self.watch_budgets();
    }

    /// A live core ticks several times a second; here it is woken when a budget is about to run out.
    fn watch_budgets(&mut self) {
        if let Some(at) = self.core.runs_out_at()
            && at < self.now + self.beat
            && self.exit.is_none()
            && at > self.now
            && (self.woken <= self.now || at < self.woken)
        {
            self.woken = at;
            self.schedule.push((at, Rank::Tick), Happening::Tick);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Send { to, message } => {
                let Some(&worker) = self.by_name.get(&to) else { return };
                self.frames += 1;
                let frame = encode(&message);
                self.schedule.push((self.now, Rank::Frame), Happening::ToWorker { worker, frame });
            }
            Effect::GoOn => self.answer(|_| Input::GoOn),
            // Blobs are names here; there is nothing to forget.
            Effect::Warn { .. } | Effect::Forget(_) => {}
            Effect::Exit { reason } => self.exit = Some(reason),
            Effect::Observe { hour, zones, .. } => self.answer(|answers| answers.observe(hour, &zones)),
            Effect::Forecast { hour, zones } => self.answer(|answers| answers.forecast(hour, &zones)),
            Effect::Decide { hour, situation } => self.answer(|answers| answers.decide(hour, &situation)),
            Effect::Propose(wanted) => self.answer(|answers| answers.propose(&wanted)),
        }
    }

    fn answer(&mut self, answer: impl FnOnce(&mut Answers<'a>) -> Input) {
        let input = Box::new(answer(&mut self.answers));
        self.schedule.push((self.now, Rank::Frame), Happening::Answer(input));
    }

    /// A slot without a task idles or is switched off, as its role wants.
    fn power_slots(&mut self) {
        if self.roles.0 == self.core.plans() {
            return;
        }
        self.roles.0 = self.core.plans();
        for worker in 0..self.workers.len() {
            let role = |slot| role_of(&self.core, self.workers[worker].name(), slot);
            let roles: Vec<Role> = self.workers[worker].slots().map(role).collect();
            let messages = self.workers[worker].on_roles(&roles, self.now);
            self.roles.1[worker] = roles;
            self.say(worker, messages);
        }
    }

    fn say(&mut self, worker: usize, messages: Vec<FromWorker>) {
        for message in messages {
            self.frames += 1;
            let frame = encode(&message);
            self.schedule.push((self.now, Rank::Frame), Happening::ToCoordinator { worker, frame });
        }
    }
}

/// What a slot is to do; nothing before the first decision.
fn role_of(core: &Core, worker: &WorkerName, slot: SlotId) -> Role {
    core.roles().get(&(worker.clone(), slot)).copied().unwrap_or(Role::Rest)
}
