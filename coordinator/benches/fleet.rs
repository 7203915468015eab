//! How long the core's steps take with 10,000 workers at work, each with one slot: nobody else is heard meanwhile. Target: no step takes
//! longer than 5 ms. What sockets and the ledger cost is measured by `scripts/bench-cluster`.

use std::collections::{BTreeMap, VecDeque};
use std::hint::black_box;
use std::time::Duration;

use common::allocation::{Allocation, Shares};
use common::architecture::Architecture;
use common::config;
use common::id::{SessionId, SlotId, TaskId, WorkerName, Zone};
use common::time::{GridClock, GridHour, HOUR_MS, Millis, Timestamp};
use common::trial::Evaluation;
use common::unit::Seconds;
use common::wire::{FromWorker, Hello, Report, SlotInfo, ToWorker};
use coordinator::agenda::Agenda;
use coordinator::core::{Core, Decision, Effect, Input, NewStudy, Options, State};
use criterion::{Criterion, criterion_group, criterion_main};

const WORKERS: u32 = 10_000;
/// More than the benchmark finishes.
const LISTED: u32 = 1_000_000;
const SESSION: SessionId = SessionId(1);

/// A core whose questions are answered at once: everybody trains.
struct Fleet {
    core: Core,
    now: Timestamp,
    /// Tasks as they were handed out, the oldest first.
    handed_out: VecDeque<(WorkerName, TaskId)>,
    numbers: BTreeMap<WorkerName, u64>,
    hour: GridHour,
}

impl Fleet {
    fn at_work() -> Self {
        let config =
            config::load(None, [], &["coordinator.lost_after_s=3600".into()]).expect("the defaults hold");
        let networks: Vec<_> = (0..LISTED).map(|number| Architecture::new(vec![number])).collect();
        let agenda = Some(Agenda::new(&networks, Vec::new(), 0));
        let options = Options { agenda, ..Options::new(&config) };
        let now = Timestamp(1_000 * HOUR_MS);
        let mut fleet = Self {
            core: Core::new(options, State::default()),
            now,
            handed_out: Default::default(),
            numbers: BTreeMap::new(),
            hour: now.hour(),
        };
        let clock = GridClock { wall_origin: now, grid_origin: now, hour_s: 3600.0 };
        let spec = config.study_spec().expect("the defaults hold");
        let study = Box::new(NewStudy { spec, clock, config: String::new() });
        fleet.step(Input::Started { study, given: Vec::new(), version: "bench".into(), host: "here".into() });
        for number in 0..WORKERS {
            fleet.says(&WorkerName::new(format!("worker-{number}")), FromWorker::Hello(hello()));
        }
        // Roles that were asked for while they came.
        for _ in 0..100 {
            fleet.passes(Millis(200));
        }
        assert_eq!(fleet.handed_out.len(), WORKERS as usize, "everybody is at work");
        fleet
    }

    fn passes(&mut self, span: Millis) {
        self.now = self.now + span;
        self.step(Input::Tick);
    }

    fn says(&mut self, worker: &WorkerName, message: FromWorker) {
        self.step(Input::Message { worker: worker.clone(), message });
    }

    fn step(&mut self, input: Input) {
        let Decision { effects, .. } = self.core.step(input, self.now);
        for effect in effects {
            match effect {
                Effect::Send { to, message: ToWorker::Assign(given) } => {
                    self.handed_out.push_back((to, given.task));
                }
                Effect::Observe { hour, .. } => self.step(Input::Observed { hour, samples: Vec::new() }),
                Effect::Forecast { hour, .. } => self.step(Input::Forecasted { hour, forecasts: Vec::new() }),
                Effect::Decide { hour, .. } => {
                    self.hour = hour;
                    self.step(Input::Decided { hour, allocation: everybody_trains() });
                }
                Effect::GoOn => self.step(Input::GoOn),
                _ => {}
            }
        }
    }

    fn next_result(&mut self) {
        let (worker, task) = self.handed_out.pop_front().expect("somebody is at work");
        let number = self.numbers.entry(worker.clone()).or_default();
        *number += 1;
        let report = Report::Finished { task, evaluation: Box::new(evaluation()) };
        let delivery = FromWorker::Delivery { session: SESSION, number: *number, report };
        self.says(&worker, delivery);
    }
}

fn hello() -> Hello {
    Hello {
        session: SESSION,
        clock: Millis(0),
        zone: Zone::new("LOCAL"),
        slots: vec![SlotInfo {
            slot: SlotId(0),
            device: "NVIDIA H100 80GB HBM3".into(),
            memory_mb: 80_000,
            meter: "NVML".into(),
        }],
        version: "bench".into(),
        host: "here".into(),
        held: Vec::new(),
    }
}

fn evaluation() -> Evaluation {
    Evaluation {
        validation_error: 0.1,
        test_error: None,
        parameters: Some(1_000_000),
        flops: Some(1),
        latency_ms: None,
        joules_per_inference: None,
        device: "NVIDIA H100 80GB HBM3".into(),
        seconds: Seconds(10.0),
        curve: Vec::new(),
        artifacts: Vec::new(),
    }
}

fn everybody_trains() -> Allocation {
    let shares = Shares { train: WORKERS, sample: 0, rest: 0 };
    Allocation { zones: BTreeMap::from([(Zone::new("LOCAL"), shares)]), ..Allocation::default() }
}

fn steps(criterion: &mut Criterion) {
    let mut fleet = Fleet::at_work();
    let mut group = criterion.benchmark_group("10,000 workers");
    group.sample_size(50).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    group.bench_function("an hour's round", |bencher| bencher.iter(|| fleet.passes(Millis(HOUR_MS))));
    let worker = WorkerName::new("worker-5000");
    group.bench_function("a beat", |bencher| {
        let beat = || FromWorker::Heartbeat { session: SESSION, clock: Millis(0), held: Vec::new() };
        bencher
            .iter(|| fleet.core.step(Input::Message { worker: worker.clone(), message: beat() }, fleet.now));
    });
    group.bench_function("a result and the next task", |bencher| bencher.iter(|| fleet.next_result()));
    // What these ask to go on with, nobody answers.
    group.bench_function("a look at everybody", |bencher| {
        bencher.iter(|| fleet.core.step(black_box(Input::Tick), fleet.now));
    });
    group.bench_function("a role for everybody", |bencher| {
        let decided = || Input::Decided { hour: fleet.hour, allocation: everybody_trains() };
        bencher.iter(|| fleet.core.step(black_box(decided()), fleet.now));
    });
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
