//! The core, driven by hand: tiny cases for what each input must cause. The network's whims are tested in `tests/`.

mod agenda;
mod control;
mod deliveries;
mod demand;
mod given;
mod hours;
mod ladder;
mod leases;
mod lost_blobs;
mod older_ledger;
mod paces;
mod plausible;
mod quarantine;
mod questions;
mod requirements;
mod retry;

use std::collections::{BTreeMap, BTreeSet};

use common::allocation::{Allocation, Shares};
use common::architecture::Architecture;
use common::blob::BlobId;
use common::carbon::{CarbonSample, Provenance, SignalKind};
use common::config::{Config, load};
use common::energy::{Measurement, Method, Purpose};
use common::event::{Event, Record};
use common::fidelity::Fidelity;
use common::id::{SessionId, SlotId, TaskId, TrialId, WorkerName, Zone};
use common::time::{GridClock, GridHour, HOUR_MS, Millis, Timestamp};
use common::trial::{Artifact, ArtifactKind, Checkpoint, Evaluation, Failure, Origin, Source, Subject};
use common::unit::{Intensity, Joules, Seconds};
use common::wire::{FromWorker, Hello, Report, SlotInfo, ToWorker};
use lamoo::Promotion;

use crate::core::{
    Control, Core, Decision, Effect, Given, Input, NewStudy, Options, State, TrialState, Wanted,
};
use crate::ladder::{Candidate, Worked};
use crate::laws;

/// A core with its ledger, a clock, and somebody who answers its questions.
struct Bench {
    core: Core,
    ledger: Vec<Record>,
    now: Timestamp,
    sent: Vec<(WorkerName, ToWorker)>,
    allocation: Shares,
    /// Of an hour, g/kWh; none: nobody knows it.
    grid: Option<fn(GridHour) -> f64>,
    numbers: BTreeMap<(WorkerName, SessionId), u64>,
    proposed: u32,
    /// What each newcomer promises; none: there is no model.
    promise: Option<f64>,
    /// What each of those known from below promises.
    promotions: Option<f64>,
    region: Option<Worked>,
    /// What each process is given to know.
    given: Vec<Given>,
    /// What the searcher was asked.
    asked: Vec<Wanted>,
    exit: Option<String>,
    forgotten: Vec<BlobId>,
    warnings: Vec<String>,
    /// Tasks that each step handed out, where it handed out any.
    handed_out: Vec<usize>,
    /// Workers that each step told of the study's end, where it told any.
    told_of_the_end: Vec<usize>,
}

fn config(settings: &[&str]) -> Config {
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    load(None, [], &settings).unwrap()
}

impl Bench {
    fn new(settings: &[&str]) -> Self {
        Self::knowing(settings, Vec::new())
    }

    fn knowing(settings: &[&str], given: Vec<Given>) -> Self {
        let mut bench = Self {
            core: Core::new(Options::new(&config(settings)), State::default()),
            ledger: Vec::new(),
            now: Timestamp(HOUR_MS * 1000),
            sent: Vec::new(),
            allocation: Shares { train: 2, sample: 0, rest: 0 },
            grid: None,
            numbers: BTreeMap::new(),
            proposed: 0,
            promise: None,
            promotions: None,
            region: None,
            given,
            asked: Vec::new(),
            exit: None,
            forgotten: Vec::new(),
            warnings: Vec::new(),
            handed_out: Vec::new(),
            told_of_the_end: Vec::new(),
        };
        bench.start(settings);
        bench
    }

    fn start(&mut self, settings: &[&str]) {
        let config = config(settings);
        let clock = GridClock { wall_origin: self.now, grid_origin: self.now, hour_s: 3600.0 };
        let study = NewStudy { spec: config.study_spec().unwrap(), clock, config: String::new() };
        let (study, given) = (Box::new(study), self.given.clone());
        self.step(Input::Started { study, given, version: "test".into(), host: "here".into() });
    }

    fn step(&mut self, input: Input) {
        let Decision { at, events, effects } = self.core.step(input, self.now);
        let leased = events.iter().filter(|event| matches!(event, Event::TaskLeased { .. })).count();
        self.handed_out.extend((leased > 0).then_some(leased));
        let is_the_end =
            |effect: &&Effect| matches!(effect, Effect::Send { message: ToWorker::StudyOver { .. }, .. });
        let told = effects.iter().filter(is_the_end).count();
        self.told_of_the_end.extend((told > 0).then_some(told));
        for event in events {
            let sequence = self.ledger.len() as u64 + 1;
            self.ledger.push(Record { sequence, at, event });
        }
        for effect in effects {
            self.answer(effect);
        }
        assert_eq!(laws::check(&self.core), [], "laws hold");
        assert_eq!(laws::check_kept(&self.core), [], "what is kept is what a restart would find");
    }

    fn answer(&mut self, effect: Effect) {
        match effect {
            Effect::Send { to, message } => self.sent.push((to, message)),
            Effect::Observe { hour, zones, .. } => {
                let known = self.grid.map(|grid| grid(hour)).into_iter();
                let samples = known.flat_map(|value| zones.iter().map(move |zone| sample(zone, hour, value)));
                self.step(Input::Observed { hour, samples: samples.collect() });
            }
            Effect::Forecast { hour, .. } => self.step(Input::Forecasted { hour, forecasts: Vec::new() }),
            Effect::Decide { hour, situation } => {
                let zones = situation.zones.keys().map(|zone| (zone.clone(), self.allocation)).collect();
                self.step(Input::Decided { hour, allocation: Allocation { zones, ..Allocation::default() } });
            }
            Effect::Propose(wanted) => {
                self.asked.push((*wanted).clone());
                let promise = self.promotions;
                let promised = wanted.promotable.iter().filter_map(|known| Some((known.clone(), promise?)));
                let promotions =
                    promised.map(|(architecture, promise)| Promotion { architecture, promise }).collect();
                let candidates = (0..wanted.count).map(|_| {
                    self.proposed += 1;
                    let genes = vec![3, self.proposed % 5, self.proposed / 5 % 5, 3, 1, self.proposed / 25];
                    Candidate {
                        architecture: Architecture::new(genes),
                        origin: Origin::Initial,
                        promise: self.promise,
                    }
                });
                let candidates = candidates.collect();
                self.step(Input::Proposed { candidates, promotions, region: self.region.clone() });
            }
            Effect::GoOn => self.step(Input::GoOn),
            Effect::Warn { what, .. } => self.warnings.push(what),
            Effect::Forget(blob) => self.forgotten.push(blob),
            Effect::Exit { reason } => self.exit = Some(reason),
        }
    }

    fn says(&mut self, worker: &str, message: FromWorker) {
        self.step(Input::Message { worker: worker.into(), message });
    }

    fn joins(&mut self, worker: &str, session: u64) {
        self.joins_with(worker, session, "test");
    }

    fn joins_with(&mut self, worker: &str, session: u64, device: &str) {
        self.joins_as(worker, session, device, 1);
    }

    fn joins_as(&mut self, worker: &str, session: u64, device: &str, slots: u16) {
        self.succeeds(worker, session, device, slots, Millis(0));
    }

    /// By a process that has lived for `clock` before its first word.
    fn succeeds(&mut self, worker: &str, session: u64, device: &str, slots: u16, clock: Millis) {
        let slot =
            |slot| SlotInfo { slot: SlotId(slot), device: device.into(), memory_mb: 1, meter: "test".into() };
        self.says(
            worker,
            FromWorker::Hello(Hello {
                session: SessionId(session),
                clock,
                zone: Zone::new("LOCAL"),
                slots: (0..slots).map(slot).collect(),
                version: "test".into(),
                host: "here".into(),
                held: Vec::new(),
            }),
        );
    }

    fn delivers(&mut self, worker: &str, session: u64, report: Report) {
        let number = self.numbers.entry((worker.into(), SessionId(session))).or_default();
        *number += 1;
        let number = *number;
        self.says(worker, FromWorker::Delivery { session: SessionId(session), number, report });
    }

    /// In the second after those of its earlier reports.
    fn spends(&mut self, worker: &str, session: u64, task: Option<TaskId>, joules: f64) {
        let told = self.numbers.get(&(worker.into(), SessionId(session))).copied().unwrap_or_default();
        let Report::Energy(first) = energy(task, joules) else { unreachable!("it is one of energy") };
        let [start, end] = [told, told + 1].map(|seconds| Millis(1_000 * seconds as i64));
        self.delivers(worker, session, Report::Energy(Measurement { start, end, ..first }));
    }

    fn beats(&mut self, worker: &str, session: u64, held: &[TaskId]) {
        let held = held.to_vec();
        self.says(worker, FromWorker::Heartbeat { session: SessionId(session), clock: Millis(0), held });
    }

    fn passes(&mut self, seconds: f64) {
        // In strides that a living process makes: a longer one would mean that it stood still.
        let strides = seconds.ceil();
        for _ in 0..strides as u32 {
            self.now = self.now + Millis::from_seconds(seconds / strides);
            self.step(Input::Tick);
        }
    }

    fn task_of(&self, worker: &str) -> Option<TaskId> {
        self.core
            .state()
            .leases()
            .find(|(_, lease)| lease.worker.as_str() == worker)
            .map(|(_, lease)| lease.task)
    }

    fn subject_of(&self, worker: &str) -> Subject {
        let task = self.task_of(worker).expect("the worker has a lease");
        self.core.state().trial(task.trial).unwrap().subject.clone()
    }

    fn finishes(&mut self, worker: &str, session: u64, evaluation: Evaluation) -> TaskId {
        let task = self.task_of(worker).expect("the worker has a lease");
        self.delivers(worker, session, Report::Finished { task, evaluation: Box::new(evaluation) });
        task
    }

    /// A coordinator that died and came back: only the ledger survives.
    fn restarts(&mut self, settings: &[&str]) {
        let state = State::fold(&self.ledger);
        assert_eq!(&state, self.core.state(), "L-1: the fold of the ledger is the live state");
        self.core = Core::new(Options::new(&config(settings)), state);
        self.sent.clear();
        self.start(settings);
    }
}

fn sample(zone: &Zone, hour: GridHour, value: f64) -> CarbonSample {
    CarbonSample {
        zone: zone.clone(),
        hour,
        intensity: Intensity(value),
        kind: SignalKind::AverageDirect,
        provenance: Provenance::Measured("test".into()),
    }
}

fn evaluation(error: f64, parameters: u64, artifacts: Vec<Artifact>) -> Evaluation {
    Evaluation {
        validation_error: error,
        test_error: None,
        parameters: Some(parameters),
        flops: Some(1),
        latency_ms: None,
        joules_per_inference: None,
        device: "test".into(),
        seconds: Seconds(10.0),
        curve: Vec::new(),
        artifacts,
    }
}

fn supernet() -> Evaluation {
    let artifact = Artifact { kind: ArtifactKind::Supernet, blob: BlobId::of(b"supernet"), bytes: 8 };
    evaluation(0.5, 1, vec![artifact])
}

fn checkpoint(of: &[u8], progress: f64) -> Checkpoint {
    Checkpoint { blob: BlobId::of(of), progress }
}

fn energy(task: Option<TaskId>, joules: f64) -> Report {
    Report::Energy(Measurement {
        slot: SlotId(0),
        task,
        start: Millis(0),
        end: Millis(1000),
        joules: Joules(joules),
        method: Method::Estimated,
        meter: "test".into(),
    })
}

const PLAIN: &[&str] = &["ladder.one_shot=false", "ladder.rung_epochs=0", "search.initial_samples=2"];
