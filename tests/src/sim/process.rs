//! A worker's process around the real core: its clock, executors, meters and cache of blobs.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use common::blob::BlobId;
use common::energy::{Measurement, Method};
use common::id::{SessionId, SlotId, TaskId};
use common::time::{Millis, Timestamp};
use common::unit::{Joules, Watts};
use common::wire::Assignment;
use worker::{Core, Former};

use super::plan::MachinePlan;
use super::truth::Fate;

pub const IDLE: Watts = Watts(5.0);
pub const SAMPLING: Watts = Watts(25.0);
pub const TRAINING: Watts = Watts(60.0);

/// A computer: at most one worker process at a time, and a disk that outlives it.
#[derive(Debug)]
pub struct Machine {
    pub plan: MachinePlan,
    pub process: Option<Process>,
    /// Processes begun so far; tells inputs of a dead one from those of its successor.
    pub lives: u64,
    pub cache: BTreeMap<BlobId, Bytes>,
    /// Reports of its processes that nobody has acknowledged.
    pub shelf: BTreeMap<SessionId, Former>,
}

#[derive(Debug)]
pub struct Process {
    pub core: Core,
    pub begun: Timestamp,
    pub frozen_until: Timestamp,
    /// By how much the session clock is behind the world's since the session began.
    pub clock_lag: Millis,
    /// What the clock showed last: it stands still until a new lag is made up for, and never runs back.
    pub clock_last: Millis,
    pub connected: bool,
    pub beat_due: Millis,
    pub metering: bool,
    pub benches: Vec<Bench>,
    pub runs: u64,
    /// Tasks that were begun: an assignment said twice begins once.
    pub started: BTreeSet<TaskId>,
}

/// A slot with its executor and its meter.
#[derive(Debug)]
pub struct Bench {
    pub slot: SlotId,
    pub run: Option<Run>,
    pub meter: Meter,
}

#[derive(Debug)]
pub struct Run {
    /// Tells this evaluation's timers from those of earlier ones.
    pub number: u64,
    pub assignment: Assignment,
    pub begun: Timestamp,
    /// Share of the work that was done before.
    pub from: f64,
    /// Seconds of the whole work on this machine.
    pub seconds: f64,
    pub fate: Fate,
    pub watts: Watts,
}

#[derive(Debug, Default)]
pub struct Meter {
    /// Whose the present window is.
    pub task: Option<TaskId>,
    start: Millis,
    read: Millis,
    joules: f64,
}

impl Process {
    pub fn new(core: Core, slots: u16, begun: Timestamp) -> Self {
        let benches = (0..slots).map(|slot| Bench { slot: SlotId(slot), run: None, meter: Meter::default() });
        Self {
            core,
            begun,
            frozen_until: begun,
            clock_lag: Millis(0),
            clock_last: Millis(0),
            connected: true,
            beat_due: Millis(0),
            metering: true,
            benches: benches.collect(),
            runs: 0,
            started: BTreeSet::new(),
        }
    }

    /// The session's monotonic clock.
    pub fn clock(&mut self, now: Timestamp) -> Millis {
        let Millis(elapsed) = now.since(self.begun);
        self.clock_last = self.clock_last.max(Millis(elapsed - self.clock_lag.0));
        self.clock_last
    }

    pub fn bench(&mut self, slot: SlotId) -> Option<&mut Bench> {
        self.benches.iter_mut().find(|bench| bench.slot == slot)
    }

    /// Reads all meters up to `clock`: what has run since the last reading has drawn its power.
    pub fn read_meters(&mut self, clock: Millis) {
        for bench in &mut self.benches {
            let watts = bench.run.as_ref().map_or(IDLE, |run| run.watts);
            bench.meter.read(clock, watts);
        }
    }
}

impl Run {
    /// Share of the whole work that is done.
    pub fn progress(&self, now: Timestamp) -> f64 {
        (self.from + now.since(self.begun).seconds() / self.seconds).min(1.0)
    }

    /// When the share `done` will be reached.
    pub fn reaches(&self, done: f64) -> Timestamp {
        self.begun + Millis::from_seconds(((done - self.from) * self.seconds).max(0.0))
    }
}

impl Meter {
    fn read(&mut self, clock: Millis, watts: Watts) {
        self.joules += watts.0 * Millis(clock.0 - self.read.0).seconds();
        self.read = clock;
    }

    /// Ends the window, as it was read last, and begins the next.
    pub fn close(&mut self, slot: SlotId) -> Measurement {
        let measurement = Measurement {
            slot,
            task: self.task,
            start: self.start,
            end: self.read,
            joules: Joules(self.joules),
            method: Method::Counter,
            meter: format!("simulated, slot {slot}"),
        };
        self.start = self.read;
        self.joules = 0.0;
        measurement
    }
}
