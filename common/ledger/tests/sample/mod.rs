//! Events to test with: every kind, with awkward values, from a seed.
#![allow(dead_code)] // each test file takes what it needs

use common::allocation::{Allocation, Shares};
use common::architecture::Architecture;
use common::blob::BlobId;
use common::carbon::{CarbonSample, Forecast, Provenance, SignalKind};
use common::config::{Budget, OrWord};
use common::energy::{Measurement, Method};
use common::event::Event;
use common::fidelity::Fidelity;
use common::id::{Attempt, SessionId, SlotId, TaskId, TrialId, WorkerName, Zone};
use common::objective::{Objective, ObjectiveKind};
use common::seed::Seed;
use common::space::SpaceSpec;
use common::space::nas_bench_201::{Nodes, Skeleton};
use common::study::{
    Augmentation, DataFormat, DataSpec, EvaluatorSpec, Numerics, OneShotSpec, Recipe, StudySpec,
};
use common::time::{GridClock, GridHour, Millis, Timestamp};
use common::trial::{
    Artifact, ArtifactKind, Checkpoint, CurvePoint, Evaluation, Failure, Origin, Source, Subject,
};
use common::unit::{Intensity, Joules, Seconds};
use common::wire::SlotInfo;
use rand::RngExt;

/// Larger than SQLite's signed integers.
pub const SESSION: SessionId = SessionId(u64::MAX - 7);

pub fn task(trial: u64, attempt: u32) -> TaskId {
    TaskId { trial: TrialId(trial), attempt: Attempt(attempt) }
}

pub fn ended(reason: impl Into<String>) -> Event {
    Event::StudyFinished { reason: reason.into() }
}

pub fn started() -> Event {
    let recipe = Recipe {
        epochs: 12,
        batch_size: 256,
        learning_rate: 0.1,
        final_learning_rate: 0.0,
        momentum: 0.9,
        weight_decay: 5e-4,
        ..Recipe::PLAIN
    };
    let spec = StudySpec {
        name: "prüfung \"1\"".into(),
        seed: Seed(u64::MAX),
        space: SpaceSpec::NasBench201(Skeleton {
            channels: 4,
            cells_per_stage: 1,
            input: [1, 28, 28],
            classes: 10,
            nodes: Nodes::Four,
        }),
        data: DataSpec {
            format: DataFormat::Idx,
            path: "data".into(),
            validation_images: 5000,
            training_images: None,
            augmentation: Augmentation::FlipCrop,
        },
        objectives: vec![Objective { kind: ObjectiveKind::Error, reference: 0.9 }],
        evaluator: EvaluatorSpec::Rehearsal { seconds_per_epoch: 0.1 },
        supernet: recipe,
        one_shot: OneShotSpec { recalibration_images: 512, scoring_images: 1000 },
        few_shot: None,
        region: None,
        training: recipe,
        numerics: Numerics::default(),
    };
    let clock = GridClock {
        wall_origin: Timestamp(1_000_000),
        grid_origin: Timestamp(1_625_205_600_000),
        hour_s: 10.0,
    };
    Event::StudyStarted { spec: Box::new(spec), clock, version: "0.1.0".into(), config: "a = 1\n".into() }
}

pub fn joined(worker: &str, session: SessionId, origin_ms: i64) -> Event {
    Event::WorkerJoined {
        worker: worker.into(),
        session,
        origin: Timestamp(origin_ms),
        zone: "DE".into(),
        slots: vec![SlotInfo {
            slot: SlotId(0),
            device: "CPU, 1 thread".into(),
            memory_mb: 8000,
            meter: "utilisation × TDP".into(),
        }],
        version: "0.1.0".into(),
        host: "node-1".into(),
    }
}

pub fn proposed(trial: u64, subject: Subject) -> Event {
    Event::TrialProposed { trial: TrialId(trial), subject, origin: Origin::Initial }
}

pub fn network(fidelity: Fidelity) -> Subject {
    Subject::Network { architecture: Architecture::new(vec![3, 0, 1, 4, 2, 3]), fidelity }
}

pub fn leased(trial: u64, attempt: u32, worker: &str, session: SessionId) -> Event {
    Event::TaskLeased {
        task: task(trial, attempt),
        worker: worker.into(),
        session,
        slot: SlotId(0),
        resume: None,
    }
}

pub fn spent(worker: &str, session: SessionId, task: Option<TaskId>, span: (i64, i64), joules: f64) -> Event {
    let measurement = Measurement {
        slot: SlotId(0),
        task,
        start: Millis(span.0),
        end: Millis(span.1),
        joules: Joules(joules),
        method: Method::Estimated,
        meter: "utilisation × TDP 65 W".into(),
    };
    Event::EnergySpent { worker: worker.into(), session, measurement }
}

pub fn evaluation(validation_error: f64) -> Evaluation {
    Evaluation {
        validation_error,
        test_error: Some(validation_error + 0.01),
        parameters: Some(73_306),
        flops: Some(7_783_314),
        latency_ms: None,
        joules_per_inference: Some(1e-3),
        device: "CPU".into(),
        seconds: Seconds(61.5),
        curve: vec![CurvePoint { epoch: 1, training_loss: 0.1 + 0.2, validation_error: None }],
        artifacts: vec![Artifact { kind: ArtifactKind::Weights, blob: BlobId::of(b"weights"), bytes: 7 }],
    }
}

pub fn given(trial: u64, error: f64) -> Event {
    Event::EvaluationGiven {
        trial: TrialId(trial),
        subject: network(Fidelity::Full),
        source: Source { file: "known.csv".into(), sha256: BlobId::of(b"known") },
        evaluation: Box::new(evaluation(error)),
    }
}

/// `count` events, any kind after any other: the ledger must not care what the coordinator's rules are.
pub fn history(seed: Seed, count: usize) -> Vec<Event> {
    let mut rng = seed.stream("ledger history", 0);
    (0..count)
        .map(|_| {
            let trial = rng.random_range(0..20_u64);
            let attempt = rng.random_range(0..4_u32);
            let session = if rng.random_bool(0.5) { SESSION } else { SessionId(rng.random_range(0..3)) };
            let worker = ["alpha", "βeta", "gamma'; DROP TABLE events; --"][rng.random_range(0..3)];
            let checkpoint = Checkpoint { blob: BlobId::of(&trial.to_le_bytes()), progress: rng.random() };
            match rng.random_range(0..24) {
                0 => started(),
                1 => Event::CoordinatorStarted { version: "0.1.0".into(), host: "head".into() },
                2 => ended("line\nbreak \0 and \u{1F331}"),
                3 => joined(worker, session, rng.random_range(0..1 << 41)),
                4 => Event::WorkerLost {
                    worker: WorkerName::new(worker),
                    session,
                    reason: "silent for 15 s".into(),
                },
                5 => Event::Acknowledged {
                    worker: WorkerName::new(worker),
                    session,
                    delivery: rng.random_range(0..1000),
                },
                6 => carbon(rng.random_range(-5..500_000), rng.random_range(-20.0..900.0)),
                7 => forecast(rng.random_range(0..500_000), &mut || rng.random_range(0.0..900.0)),
                8 => Event::AllocationDecided {
                    allocation: Allocation {
                        zones: [("DE".into(), shares(attempt, 2, 0)), ("FR".into(), shares(0, 0, attempt))]
                            .into(),
                        policy: "planner".into(),
                        reason: "the next hour is cleaner".into(),
                    },
                },
                9 => Event::TrialProposed {
                    trial: TrialId(trial),
                    subject: [Subject::Supernet, network(Fidelity::OneShot), network(Fidelity::Rung(3))]
                        [rng.random_range(0..3)]
                    .clone(),
                    origin: Origin::Search { region: "+-".into(), widened: rng.random_bool(0.5) },
                },
                10 => leased(trial, attempt, worker, session),
                11 => Event::TaskCheckpointed { task: task(trial, attempt), checkpoint },
                12 => Event::TaskSuspended {
                    task: task(trial, attempt),
                    checkpoint: rng.random_bool(0.5).then_some(checkpoint),
                },
                13 => Event::TaskFailed {
                    task: task(trial, attempt),
                    failure: Failure::Crashed("out of memory".into()),
                    again_at: rng.random_bool(0.5).then_some(Timestamp(1_000)),
                    vanished: rng.random_bool(0.5),
                },
                14 => Event::TrialFinished {
                    task: task(trial, attempt),
                    evaluation: Box::new(evaluation(rng.random())),
                },
                15 => Event::TrialFailed { trial: TrialId(trial), reason: "5 crashes".into() },
                16 => given(trial, rng.random()),
                18 => Event::TrialCancelled { trial: TrialId(trial) },
                19 => Event::TrialRetried { trial: TrialId(trial) },
                20 => Event::StudyPaused,
                21 => Event::StudyResumed,
                22 => Event::BudgetChanged { budget: budget(rng.random_range(0.1..900.0)) },
                23 => Event::WorkerDraining { worker: WorkerName::new(worker), session, holds: true },
                _ => {
                    let start = rng.random_range(0..1_000_000);
                    let task = rng.random_bool(0.7).then(|| task(trial, attempt));
                    spent(worker, session, task, (start, start + 5000), rng.random_range(0.0..500.0))
                }
            }
        })
        .collect()
}

/// Carbon and trainings are limited, the rest is not.
fn budget(carbon_g: f64) -> Budget {
    Budget {
        carbon_g: OrWord::number(carbon_g),
        energy_kwh: OrWord::word(),
        hours: OrWord::word(),
        trainings: OrWord::number(carbon_g as u64 + 1),
        hypervolume: OrWord::word(),
    }
}

pub fn carbon(hour: i64, intensity: f64) -> Event {
    Event::CarbonObserved {
        samples: vec![CarbonSample {
            zone: Zone::new("DE"),
            hour: GridHour(hour),
            intensity: Intensity(intensity),
            kind: SignalKind::AverageLifecycle,
            provenance: Provenance::Cached { age_hours: 2 },
        }],
    }
}

fn forecast(issued_at: i64, draw: &mut dyn FnMut() -> f64) -> Event {
    let row = |draw: &mut dyn FnMut() -> f64| {
        let mut row = vec![draw(), draw(), draw()];
        row.sort_by(f64::total_cmp);
        row
    };
    Event::ForecastIssued {
        forecast: Box::new(Forecast {
            zone: Zone::new("DE"),
            issued_at: GridHour(issued_at),
            model: "mean of 7 days".into(),
            levels: vec![0.1, 0.5, 0.9],
            quantiles: (0..4).map(|_| row(draw)).collect(),
        }),
    }
}

fn shares(train: u32, sample: u32, rest: u32) -> Shares {
    Shares { train, sample, rest }
}
