//! The core and a coordinator of a few lines, with a network between them that loses, repeats and reorders, and a
//! coordinator that forgets what was not durable. Every report must arrive once and in order, every joule once.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use common::blob::BlobId;
use common::energy::{Measurement, Method};
use common::id::{Attempt, TrialId};
use common::seed::Seed;
use common::trial::{ArtifactKind, Subject};
use common::wire::{Assignment, CHUNK_BYTES, Chunk, Report, ToWorker};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::tests::evaluation;
use super::*;
use crate::effect::Ask;
use crate::input::{Ending, Kept};

const TASKS: u64 = 12;
/// A frame is overtaken by so many at most.
const REORDERED: usize = 4;

struct World {
    dice: ChaCha8Rng,
    core: Core,
    now: i64,
    up: Vec<FromWorker>,
    down: Vec<ToWorker>,
    executor: BTreeMap<SlotId, TaskId>,
    asked: BTreeMap<TaskId, Ask>,
    measured: f64,
    exit: Option<Exit>,
    // The coordinator's disk, and what it only has in memory.
    acknowledged: u64,
    reports: Vec<Report>,
    stored: BTreeSet<BlobId>,
    uploads: BTreeMap<BlobId, Vec<u8>>,
    knows: bool,
    over: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let info = |slot| SlotInfo { slot: SlotId(slot), device: "".into(), memory_mb: 0, meter: "".into() };
        let options = Options {
            session: SessionId(seed),
            zone: "DE".into(),
            slots: (0..2).map(info).collect(),
            version: "test".into(),
            host: "here".into(),
            checkpoint: Millis(3_000),
            give_up: None,
        };
        Self {
            dice: Seed(seed).stream("line", 0),
            core: Core::new(options, Vec::new()),
            now: 0,
            up: Vec::new(),
            down: Vec::new(),
            executor: BTreeMap::new(),
            asked: BTreeMap::new(),
            measured: 0.0,
            exit: None,
            acknowledged: 0,
            reports: Vec::new(),
            stored: BTreeSet::new(),
            uploads: BTreeMap::new(),
            knows: false,
            over: false,
        }
    }

    fn input(&mut self, input: Input) {
        let mut written = Vec::new();
        for effect in self.core.step(input, Millis(self.now)) {
            match effect {
                Effect::Send(message) => {
                    let copies = self.copies();
                    self.up.extend(std::iter::repeat_n(message, copies));
                }
                Effect::Start { slot, assignment, .. } => {
                    let before = self.executor.insert(slot, assignment.task);
                    assert_eq!(before, None, "a slot holds one task");
                }
                Effect::Ask { task, ask, .. } => drop(self.asked.insert(task, ask)),
                Effect::StopMeters => {}
                Effect::Exit(exit) => self.exit = Some(exit),
                Effect::FindBlob { .. } => panic!("nothing here needs a blob"),
                Effect::Secure { session, .. } => written.push(session),
                Effect::KeepBlob { .. }
                | Effect::Prepare(_)
                | Effect::Attribute { .. }
                | Effect::Note(_)
                | Effect::Discard { .. } => {}
            }
        }
        if self.over && self.executor.is_empty() {
            // The meters of this machine stop at once.
            for effect in self.core.step(Input::MetersStopped, Millis(self.now)) {
                match effect {
                    Effect::Send(message) => self.up.push(message),
                    Effect::Secure { session, .. } => written.push(session),
                    _ => {}
                }
            }
        }
        for session in written {
            self.input(Input::Secured { session });
        }
    }

    /// Mostly one, sometimes none or two.
    fn copies(&mut self) -> usize {
        [0, 1, 1, 1, 1, 1, 1, 2][self.dice.random_range(0..8)]
    }

    fn say(&mut self, message: ToWorker) {
        let copies = self.copies();
        self.down.extend(std::iter::repeat_n(message, copies));
    }

    fn turn(&mut self) {
        self.now += 50;
        self.input(Input::Tick);
        for _ in 0..6 {
            if !self.up.is_empty() {
                let index = self.dice.random_range(0..self.up.len().min(REORDERED));
                let message = self.up.remove(index);
                self.coordinate(message);
            }
            if !self.down.is_empty() {
                let index = self.dice.random_range(0..self.down.len().min(REORDERED));
                let message = self.down.remove(index);
                self.input(Input::Received(message));
            }
        }
        if self.dice.random_bool(0.05) && !self.over {
            self.measured += 1.5;
            self.input(Input::Measured(measurement()));
        }
        self.work();
        if self.dice.random_bool(0.002) {
            (self.knows, self.uploads) = (false, BTreeMap::new());
        }
        if let Some(beat) = self.core.heartbeat(Millis(self.now)).filter(|_| self.now % 2_000 == 0) {
            self.up.push(beat);
        }
    }

    /// Executors do as they were asked, or finish by themselves.
    fn work(&mut self) {
        for (slot, task) in self.executor.clone() {
            let bytes = Bytes::from(vec![task.trial.0 as u8; CHUNK_BYTES * 2 + task.trial.0 as usize]);
            let ending = match self.asked.remove(&task) {
                Some(Ask::Checkpoint) => {
                    let kept = Kept { bytes: bytes.slice(1..), progress: 0.5 };
                    self.input(Input::Kept { task, kept });
                    continue;
                }
                Some(Ask::Suspend) => Ending::Suspended(None),
                Some(Ask::Cancel) => Ending::Cancelled,
                None if self.dice.random_bool(0.02) => {
                    let artifacts = vec![(ArtifactKind::Weights, bytes)];
                    Ending::Finished { evaluation: evaluation(), artifacts }
                }
                None => continue,
            };
            self.executor.remove(&slot);
            self.input(Input::Ended { task, ending });
        }
    }

    fn coordinate(&mut self, message: FromWorker) {
        let session = self.core.session();
        match message {
            FromWorker::Hello(_) => {
                self.knows = true;
                let acknowledged = self.acknowledged;
                let spec = common::config::load(None, [], &[]).unwrap().study_spec().unwrap();
                self.say(ToWorker::Welcome {
                    session,
                    spec: spec.into(),
                    heartbeat: Millis(2_000),
                    acknowledged,
                });
            }
            _ if !self.knows => self.say(ToWorker::WhoAreYou { session }),
            FromWorker::Heartbeat { held, .. } => self.on_heartbeat(&held),
            FromWorker::Delivery { number, report, .. } => {
                if number == self.acknowledged + 1 {
                    self.acknowledged = number;
                    if let Report::Finished { evaluation, .. } = &report {
                        assert!(
                            self.stored.contains(&evaluation.artifacts[0].blob),
                            "stored before it is named"
                        );
                    }
                    self.reports.push(report);
                }
                self.say(ToWorker::Acknowledge { session, number: self.acknowledged });
            }
            FromWorker::Upload(chunk) => self.on_upload(&chunk),
            FromWorker::Remembers { .. }
            | FromWorker::Progress { .. }
            | FromWorker::Vitals { .. }
            | FromWorker::Download { .. }
            | FromWorker::Enrol { .. } => {}
        }
    }

    fn on_heartbeat(&mut self, held: &[TaskId]) {
        let done = self.finished();
        let open = (0..TASKS).map(task).filter(|task| !done.contains(task));
        if done.len() as u64 == TASKS {
            self.over = true;
            return self.say(ToWorker::StudyOver { reason: "enough".into() });
        }
        for task in open.filter(|task| !held.contains(task)).take(2).collect::<Vec<_>>() {
            // Possibly to a slot that is taken, and possibly long assigned.
            let slot = SlotId((task.trial.0 % 2) as u16);
            if self.executor.contains_key(&slot) {
                continue;
            }
            let assignment =
                Assignment { task, slot, subject: Subject::Supernet, supernet: None, resume: None };
            self.say(ToWorker::Assign(Box::new(assignment)));
        }
    }

    fn on_upload(&mut self, chunk: &Chunk) {
        let part = self.uploads.entry(chunk.blob).or_default();
        if chunk.offset == part.len() as u64 {
            part.extend(&chunk.bytes);
        }
        if part.len() as u64 == chunk.total {
            assert_eq!(BlobId::of(part), chunk.blob);
            self.stored.insert(chunk.blob);
        }
        let received = if self.stored.contains(&chunk.blob) { chunk.total } else { part.len() as u64 };
        self.say(ToWorker::UploadedTo { blob: chunk.blob, received });
    }

    fn finished(&self) -> Vec<TaskId> {
        let task = |report: &Report| match report {
            Report::Finished { task, .. } | Report::Suspended { task, .. } => Some(*task),
            _ => None,
        };
        self.reports.iter().filter_map(task).collect()
    }
}

fn task(trial: u64) -> TaskId {
    TaskId { trial: TrialId(trial), attempt: Attempt(0) }
}

fn measurement() -> Measurement {
    Measurement {
        slot: SlotId(0),
        task: None,
        start: Millis(0),
        end: Millis(1),
        joules: Joules(1.5),
        method: Method::Tabulated,
        meter: String::new(),
    }
}

#[test]
fn everything_arrives_once_over_any_line() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        while world.exit.is_none() && !world.core.is_gone() {
            world.turn();
            let known: f64 = world
                .reports
                .iter()
                .map(
                    |report| {
                        if let Report::Energy(measurement) = report { measurement.joules.0 } else { 0.0 }
                    },
                )
                .sum();
            let kept = world.core.unacknowledged_joules().0;
            assert!(known + kept >= world.measured, "seed {seed}: a joule is lost");
            assert!(known <= world.measured, "seed {seed}: a joule is booked twice");
            assert!(world.now < 3_600_000, "seed {seed}: no end; {:?}", world.core);
        }
        let mut finished = world.finished();
        assert_eq!(finished.len() as u64, TASKS, "seed {seed}: {finished:?}");
        finished.sort_unstable();
        finished.dedup();
        assert_eq!(finished.len() as u64, TASKS, "seed {seed}: each once");
        assert!(matches!(world.reports.last(), Some(Report::Leaving { .. })), "seed {seed}");
    }
}
