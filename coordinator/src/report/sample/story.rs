//! What happened in the sample, in steps of half a second: a policy by thresholds, a ladder by rule of thumb, accuracies by
//! a formula. It need not be a good search, only one whose events could have been written.

use std::collections::{BTreeMap, BTreeSet};

use common::allocation::{Allocation, Shares};
use common::architecture::Architecture;
use common::blob::BlobId;
use common::carbon::{CarbonSample, Forecast, Provenance, SignalKind};
use common::energy::{Measurement, Method};
use common::event::Event;
use common::fidelity::Fidelity;
use common::id::{Attempt, SessionId, SlotId, TaskId, TrialId};
use common::seed::Seed;
use common::space::{Cost, NasBench201, SearchSpace};
use common::time::{GridHour, Millis, Timestamp};
use common::trial::{Artifact, ArtifactKind, Checkpoint, CurvePoint, Evaluation, Failure, Origin, Subject};
use common::unit::{Intensity, Joules, Seconds};
use common::wire::SlotInfo;
use rand::RngExt;

use super::{GRID, HOUR_S, WALL, Wishes, started, weights};

/// Simulated in steps of half a second.
const STEP_MS: i64 = 500;
const REPORT_STEPS: i64 = 10;
const NAMES: [&str; 2] = ["local-1", "local-2"];
/// The second worker is killed at this hour and comes back an hour later.
const KILLED: i64 = 27;
/// The full training of this number diverges.
const DIVERGING: usize = 5;
const METER: &str = "utilisation × TDP 65 W";

pub(super) struct Story {
    wishes: Wishes,
    pub(super) events: Vec<(Timestamp, Event)>,
    space: NasBench201,
    dice: Box<dyn FnMut() -> f64>,
    now: i64,
    workers: Vec<Bench>,
    subjects: Vec<Subject>,
    attempts: BTreeMap<u64, u32>,
    suspended: Vec<(u64, f64)>,
    scored: Vec<(Architecture, f64)>,
    short: Vec<(Architecture, f64)>,
    taken: BTreeSet<(Architecture, Fidelity)>,
    supernet: bool,
    fulls: usize,
}

/// One worker with its one slot.
struct Bench {
    session: u64,
    origin: i64,
    alive: bool,
    task: Option<Work>,
    window: (i64, f64),
}

#[derive(Clone, Copy)]
struct Work {
    trial: u64,
    attempt: u32,
    done: f64,
}

impl Story {
    pub(super) fn new(wishes: Wishes) -> Self {
        let mut rng = Seed(11).stream("sample", 0);
        let event = started(wishes);
        let Event::StudyStarted { spec, .. } = &event else { unreachable!() };
        let skeleton = spec.space.nas_bench_201().expect("the sample searches the default space");
        let mut story = Self {
            wishes,
            space: NasBench201::new(skeleton),
            events: Vec::new(),
            dice: Box::new(move || rng.random()),
            now: WALL,
            workers: Vec::new(),
            subjects: Vec::new(),
            attempts: BTreeMap::new(),
            suspended: Vec::new(),
            scored: Vec::new(),
            short: Vec::new(),
            taken: BTreeSet::new(),
            supernet: false,
            fulls: 0,
        };
        story.tell(event);
        story.tell(Event::CoordinatorStarted { version: "0.1.0".into(), host: "workstation".into() });
        // A week of history, so that forecasts stand from the first hour on.
        let samples: Vec<CarbonSample> = (-168..0).map(|hour| story.sample(hour)).collect();
        story.tell(Event::CarbonObserved { samples });
        (0..NAMES.len()).for_each(|worker| story.join(worker));
        story
    }

    fn tell(&mut self, event: Event) {
        self.events.push((Timestamp(self.now), event));
    }

    fn join(&mut self, worker: usize) {
        let session =
            100 * (worker as u64 + 1) + self.workers.get(worker).map_or(0, |bench| bench.session % 100 + 1);
        let bench = Bench { session, origin: self.now, alive: true, task: None, window: (self.now, 0.0) };
        if worker < self.workers.len() {
            self.workers[worker] = bench;
        } else {
            self.workers.push(bench);
        }
        let device = "CPU, Intel Xeon 2.10 GHz, 1 thread, libtorch 2.11.0".into();
        self.tell(Event::WorkerJoined {
            worker: NAMES[worker].into(),
            session: SessionId(session),
            origin: Timestamp(self.now),
            zone: "LOCAL".into(),
            slots: vec![SlotInfo { slot: SlotId(0), device, memory_mb: 7800, meter: METER.into() }],
            version: "0.1.0".into(),
            host: "workstation".into(),
        });
    }

    fn intensity(hour: i64) -> f64 {
        let of_day = (GRID / 3_600_000 + hour).rem_euclid(24) as f64;
        let evening = 90.0 * (-(of_day - 19.5).powi(2) / 14.0).exp();
        let solar = 170.0 * (-(of_day - 12.5).powi(2) / 16.0).exp();
        330.0 + evening - solar + 18.0 * (hour as f64 * 0.37).sin() + 7.0 * (hour as f64 * 2.1).cos()
    }

    fn sample(&self, hour: i64) -> CarbonSample {
        let source = "Electricity Maps".to_string();
        CarbonSample {
            zone: "LOCAL".into(),
            hour: GridHour(GRID / 3_600_000 + hour),
            intensity: Intensity(Self::intensity(hour)),
            kind: SignalKind::AverageLifecycle,
            provenance: if self.wishes.synthetic {
                Provenance::Synthetic
            } else {
                Provenance::Measured(source)
            },
        }
    }

    pub(super) fn hour(&mut self, hour: i64) {
        let sample = self.sample(hour);
        self.tell(Event::CarbonObserved { samples: vec![sample] });
        let quantiles = (1..=48)
            .map(|lead| {
                let middle = Self::intensity(hour + lead) + 60.0 * ((self.dice)() - 0.5);
                vec![middle - 40.0, middle, middle + 40.0]
            })
            .collect();
        let forecast = Forecast {
            zone: "LOCAL".into(),
            issued_at: GridHour(GRID / 3_600_000 + hour),
            model: "week_mean".into(),
            levels: vec![0.05, 0.5, 0.95],
            quantiles,
        };
        self.tell(Event::ForecastIssued { forecast: Box::new(forecast) });
        self.now += 150;
        let shares = match Self::intensity(hour) {
            clean if clean < 290.0 => Shares { train: 2, sample: 0, rest: 0 },
            middling if middling < 335.0 => Shares { train: 1, sample: 1, rest: 0 },
            dirty if dirty < 375.0 => Shares { train: 0, sample: 1, rest: 1 },
            _ => Shares { train: 0, sample: 0, rest: 2 },
        };
        let reason = format!("{:.0} g/kWh now", Self::intensity(hour));
        let allocation =
            Allocation { zones: [("LOCAL".into(), shares)].into(), policy: "planner".into(), reason };
        self.tell(Event::AllocationDecided { allocation });
        self.now -= 150;
        if hour == KILLED {
            self.kill(1);
        }
        if hour == KILLED + 1 {
            self.join(1);
        }
        for step in 0..(HOUR_S * 1000.0) as i64 / STEP_MS {
            self.now += STEP_MS;
            for worker in 0..NAMES.len() {
                if self.workers[worker].alive {
                    self.work(worker, shares);
                    if step % REPORT_STEPS == REPORT_STEPS - 1 {
                        self.report(worker);
                    }
                }
            }
        }
    }

    fn kill(&mut self, worker: usize) {
        self.report(worker);
        if let Some(work) = self.workers[worker].task.take() {
            let failure = Failure::Crashed("worker local-2 was lost: no heartbeat for 10 s".into());
            self.tell(Event::TaskFailed { task: task(work), failure, again_at: None, vanished: false });
            self.suspended.push((work.trial, work.done));
        }
        self.workers[worker].alive = false;
        let session = SessionId(self.workers[worker].session);
        self.tell(Event::WorkerLost {
            worker: NAMES[worker].into(),
            session,
            reason: "no heartbeat for 10 s".into(),
        });
    }

    fn work(&mut self, worker: usize, shares: Shares) {
        let wants_training = (worker as u32) < shares.train;
        let wants_scores = !wants_training && (worker as u32) < shares.train + shares.sample;
        if let Some(work) = self.workers[worker].task {
            let scores = self.is_score(work.trial);
            if !scores && !wants_training {
                self.suspend(worker, work);
            }
        }
        if self.workers[worker].task.is_none() && (wants_training || wants_scores) {
            self.report(worker);
            self.begin(worker, wants_training);
        }
        let power_w = match self.workers[worker].task {
            Some(work) if self.is_score(work.trial) => 34.0,
            Some(_) => 43.0,
            None => 8.0,
        };
        self.workers[worker].window.1 += power_w * STEP_MS as f64 / 1000.0 * (0.97 + 0.06 * (self.dice)());
        if let Some(work) = &mut self.workers[worker].task {
            work.done += STEP_MS as f64 / 1000.0;
            let work = *work;
            if work.done >= self.seconds(work.trial) {
                self.finish(worker, work);
            }
        }
    }

    fn is_score(&self, trial: u64) -> bool {
        matches!(self.subjects[trial as usize], Subject::Network { fidelity: Fidelity::OneShot, .. })
    }

    fn seconds(&self, trial: u64) -> f64 {
        match &self.subjects[trial as usize] {
            Subject::Supernet | Subject::SubSupernet(_) | Subject::RegionSupernet(_) => 18.0,
            Subject::Network { fidelity: Fidelity::OneShot, .. } => 1.0,
            Subject::Network { architecture, fidelity } => {
                let weight = 0.5 + self.space.network_cost(architecture).parameters as f64 / 60_000.0;
                weight * if *fidelity == Fidelity::Full { 13.0 } else { 4.0 }
            }
        }
    }

    fn report(&mut self, worker: usize) {
        let bench = &mut self.workers[worker];
        let (since, joules) = std::mem::replace(&mut bench.window, (self.now, 0.0));
        if self.now == since {
            return;
        }
        let measurement = Measurement {
            slot: SlotId(0),
            task: bench.task.map(task),
            start: Millis(since - bench.origin),
            end: Millis(self.now - bench.origin),
            joules: Joules(joules),
            method: Method::Estimated,
            meter: METER.into(),
        };
        let session = SessionId(bench.session);
        self.tell(Event::EnergySpent { worker: NAMES[worker].into(), session, measurement });
    }

    fn begin(&mut self, worker: usize, training: bool) {
        let resumed = if training { self.suspended.pop() } else { None };
        let (trial, done) = match resumed {
            Some(resumed) => resumed,
            None => match self.propose(training) {
                Some(trial) => (trial, 0.0),
                None => return,
            },
        };
        let attempt = self.attempts.entry(trial).or_insert(0);
        let work = Work { trial, attempt: *attempt, done };
        *attempt += 1;
        self.workers[worker].task = Some(work);
        let progress = done / self.seconds(trial);
        self.tell(Event::TaskLeased {
            task: task(work),
            worker: NAMES[worker].into(),
            session: SessionId(self.workers[worker].session),
            slot: SlotId(0),
            resume: (done > 0.0).then(|| Checkpoint { blob: BlobId::of(&trial.to_le_bytes()), progress }),
        });
    }

    fn propose(&mut self, training: bool) -> Option<u64> {
        let (subject, origin) = if !self.supernet {
            if !training || self.subjects.contains(&Subject::Supernet) {
                return None;
            }
            (Subject::Supernet, Origin::Study)
        } else if training {
            self.promotion()?
        } else {
            self.candidate()
        };
        let trial = self.subjects.len() as u64;
        self.subjects.push(subject.clone());
        self.tell(Event::TrialProposed { trial: TrialId(trial), subject, origin });
        Some(trial)
    }

    /// A full training after every second short one; now of the most accurate, now of a cheap one.
    fn promotion(&mut self) -> Option<(Subject, Origin)> {
        let open =
            |taken: &BTreeSet<_>, from: &[(Architecture, f64)], to: Fidelity| -> Vec<(Architecture, f64)> {
                from.iter()
                    .filter(|(architecture, _)| !taken.contains(&(architecture.clone(), to)))
                    .cloned()
                    .collect()
            };
        let fulls = open(&self.taken, &self.short, Fidelity::Full);
        let (pool, fidelity, from) = if fulls.len() > 1 {
            (fulls, Fidelity::Full, Fidelity::Rung(1))
        } else {
            (open(&self.taken, &self.scored, Fidelity::Rung(1)), Fidelity::Rung(1), Fidelity::OneShot)
        };
        let thrift = [0.0, 4e-6, 1.5e-5][self.subjects.len() % 3];
        let weigh = |entry: &(Architecture, f64)| {
            entry.1 + thrift * self.space.network_cost(&entry.0).parameters as f64
        };
        let (architecture, _) = pool.into_iter().min_by(|a, b| weigh(a).total_cmp(&weigh(b)))?;
        self.taken.insert((architecture.clone(), fidelity));
        Some((Subject::Network { architecture, fidelity }, Origin::Promotion { from }))
    }

    fn candidate(&mut self) -> (Subject, Origin) {
        loop {
            let genes = (0..6).map(|_| ((self.dice)() * 5.0) as u32).collect();
            let architecture = self.space.canonical(&Architecture::new(genes));
            if self.space.trainable(&architecture)
                && self.taken.insert((architecture.clone(), Fidelity::OneShot))
            {
                let region = ["++", "+-+", "+"][self.subjects.len() % 3].into();
                let searched = Origin::Search { region, widened: self.subjects.len().is_multiple_of(11) };
                let origin = if self.scored.len() < 12 { Origin::Initial } else { searched };
                return (Subject::Network { architecture, fidelity: Fidelity::OneShot }, origin);
            }
        }
    }

    fn suspend(&mut self, worker: usize, work: Work) {
        self.report(worker);
        self.workers[worker].task = None;
        self.suspended.push((work.trial, work.done));
        let progress = work.done / self.seconds(work.trial);
        let checkpoint = Some(Checkpoint { blob: BlobId::of(&work.trial.to_le_bytes()), progress });
        self.tell(Event::TaskSuspended { task: task(work), checkpoint });
    }

    fn finish(&mut self, worker: usize, work: Work) {
        self.report(worker);
        self.workers[worker].task = None;
        let subject = self.subjects[work.trial as usize].clone();
        let Subject::Network { architecture, fidelity } = subject else {
            self.supernet = true;
            let evaluation = self.evaluation(work.trial, 0.9, None, None);
            return self.tell(Event::TrialFinished { task: task(work), evaluation: Box::new(evaluation) });
        };
        let cost = self.space.network_cost(&architecture);
        let error = self.error(&architecture, fidelity);
        let test = match fidelity {
            Fidelity::Full => {
                self.fulls += 1;
                if self.fulls == DIVERGING {
                    self.tell(Event::TaskFailed {
                        task: task(work),
                        failure: Failure::Diverged,
                        again_at: None,
                        vanished: false,
                    });
                    let reason = Failure::Diverged.to_string();
                    return self.tell(Event::TrialFailed { trial: TrialId(work.trial), reason });
                }
                Some(error + 0.004 * ((self.dice)() + 0.2))
            }
            Fidelity::Rung(_) => {
                self.short.push((architecture, error));
                None
            }
            Fidelity::OneShot => {
                self.scored.push((architecture, error));
                None
            }
        };
        let evaluation = self.evaluation(work.trial, error, test, Some(cost));
        self.tell(Event::TrialFinished { task: task(work), evaluation: Box::new(evaluation) });
    }

    fn error(&mut self, architecture: &Architecture, fidelity: Fidelity) -> f64 {
        let strength = |operation: &common::space::nas_bench_201::Operation| match operation.name() {
            "nor_conv_3x3" => 1.0,
            "nor_conv_1x1" => 0.62,
            "skip_connect" => 0.3,
            "avg_pool_3x3" => 0.12,
            _ => 0.0,
        };
        let total: f64 = NasBench201::operations(architecture).iter().map(strength).sum();
        let full = 0.082 + 0.16 * (-0.55 * total).exp();
        let noise = (self.dice)() - 0.5;
        match fidelity {
            Fidelity::Full => full + 0.006 * noise,
            Fidelity::Rung(_) => full * 1.25 + 0.03 + 0.02 * noise,
            Fidelity::OneShot => 0.3 + full + 0.2 * noise,
        }
    }

    fn evaluation(&mut self, trial: u64, error: f64, test: Option<f64>, cost: Option<Cost>) -> Evaluation {
        let bytes = weights(trial);
        let artifact =
            |kind, bytes: &[u8]| Artifact { kind, blob: BlobId::of(bytes), bytes: bytes.len() as u64 };
        let script = [&bytes[..], b" as TorchScript"].concat();
        Evaluation {
            validation_error: error,
            test_error: test,
            parameters: cost.map(|cost| cost.parameters),
            flops: cost.map(|cost| cost.flops),
            latency_ms: Some(1.2 + cost.map_or(0.0, |cost| cost.flops as f64) / 2.5e6 + 0.2 * (self.dice)()),
            joules_per_inference: None,
            device: "CPU, 1 thread".into(),
            seconds: Seconds(self.seconds(trial)),
            curve: vec![CurvePoint { epoch: 1, training_loss: 0.8, validation_error: Some(error) }],
            artifacts: if test.is_some() {
                vec![artifact(ArtifactKind::Weights, &bytes), artifact(ArtifactKind::TorchScript, &script)]
            } else {
                Vec::new()
            },
        }
    }

    pub(super) fn end(&mut self) {
        if self.wishes.finished {
            self.tell(Event::StudyFinished { reason: "the time budget of 48 h is used".into() });
            // What the slots drew until their workers left, in an hour that the study did not reach.
            self.now += 3_000;
            for worker in 0..NAMES.len() {
                self.workers[worker].task = None;
                self.workers[worker].window.1 += 24.0;
                self.report(worker);
            }
        }
    }
}

fn task(work: Work) -> TaskId {
    TaskId { trial: TrialId(work.trial), attempt: Attempt(work.attempt) }
}
