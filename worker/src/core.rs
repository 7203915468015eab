//! Every fact a worker knows, and what follows from the next one. Pure: no I/O, no clock, no dice; the skin in `actor/`,
//! simulations and tests drive it alike.
//!
//! How it answers each input stands in `reactor/`. What it does not do: evaluate, measure, write to a disk, or send
//! heartbeats by itself. `heartbeat` says what one is to contain; whoever sends it should do so from a thread of its
//! own.

use std::collections::BTreeSet;

use common::id::{SessionId, SlotId, TaskId, Zone};
use common::study::StudySpec;
use common::time::Millis;
use common::unit::Joules;
use common::wire::{FromWorker, Hello, SlotInfo};

use crate::effect::{Effect, Exit};
use crate::input::Input;
use crate::kept::Former;
use crate::limits::{ASLEEP, HELLO_FIRST, HELLO_MOST};
use crate::pause::Pause;
use crate::reports::Reports;
use crate::slots::Slots;
use crate::transfer::Downloads;

/// What a worker is and how it was asked to behave.
#[derive(Debug, Clone)]
pub struct Options {
    /// The first one; where a ledger turns out to be older than the process, others follow.
    pub session: SessionId,
    pub zone: Zone,
    pub slots: Vec<SlotInfo>,
    pub version: String,
    pub host: String,
    /// Between safety checkpoints of a training.
    pub checkpoint: Millis,
    /// Time without a coordinator after which the worker gives up; none waits for ever.
    pub give_up: Option<Millis>,
}

#[derive(Debug)]
pub struct Core {
    pub(crate) options: Options,
    pub(crate) standing: Standing,
    pub(crate) course: Course,
    /// Of the study, once admitted.
    pub(crate) spec: Option<Box<StudySpec>>,
    pub(crate) heartbeat: Millis,
    pub(crate) slots: Slots,
    pub(crate) reports: Reports,
    /// Of earlier processes on this machine, and of earlier sessions of this one.
    pub(crate) former: Vec<Reports>,
    pub(crate) downloads: Downloads,
    /// When the last input came.
    pub(crate) last: Millis,
    /// Tasks ever assigned in this session, so that a repeated `Assign` starts nothing.
    pub(crate) seen: BTreeSet<TaskId>,
    /// When this session began: with the process, or after one whose ledger was older.
    pub(crate) began: Millis,
}

/// How the worker stands with its coordinator.
#[derive(Debug)]
pub(crate) struct Standing {
    /// As far as the transport says.
    pub(crate) connected: bool,
    pub(crate) disconnected_since: Millis,
    pub(crate) admitted: bool,
    /// Not admitted since; counts towards giving up.
    pub(crate) seeking_since: Millis,
    /// The last word from the coordinator.
    pub(crate) heard: Millis,
    pub(crate) hello: Pause,
    /// This session was spoken of: what former ones held is lost with its first word.
    pub(crate) greeted: bool,
    /// The last word about reports of former sessions.
    pub(crate) former_heard: Millis,
}

/// Where the worker is in its life.
#[derive(Debug)]
pub(crate) enum Course {
    Working,
    Departing(Departure),
    Gone,
}

#[derive(Debug)]
pub(crate) struct Departure {
    pub(crate) exit: Exit,
    pub(crate) reason: String,
    pub(crate) begun: Millis,
    pub(crate) meters: Meters,
    /// `Leaving` is in the outbox; nothing may follow it.
    pub(crate) said: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meters {
    Running,
    Stopping,
    Stopped,
}

impl Core {
    pub fn new(options: Options, former: Vec<Former>) -> Self {
        Self {
            standing: Standing {
                connected: true,
                disconnected_since: Millis(0),
                admitted: false,
                seeking_since: Millis(0),
                heard: Millis(0),
                hello: Pause::new(HELLO_FIRST, HELLO_MOST),
                greeted: false,
                former_heard: Millis(0),
            },
            course: Course::Working,
            spec: None,
            heartbeat: Millis(0),
            slots: Slots::new(options.slots.clone()),
            reports: Reports::new(options.session),
            former: former.into_iter().map(Reports::restored).collect(),
            downloads: Downloads::default(),
            last: Millis(0),
            seen: BTreeSet::new(),
            began: Millis(0),
            options,
        }
    }

    /// Takes one input in. `now` is the session's monotonic clock and never runs backwards.
    pub fn step(&mut self, input: Input, now: Millis) -> Vec<Effect> {
        let mut effects = Vec::new();
        if matches!(self.course, Course::Gone) {
            return effects;
        }
        let gap = Millis(now.0 - std::mem::replace(&mut self.last, now).0);
        if gap > ASLEEP {
            self.slept(gap);
        }
        match input {
            Input::Received(message) => self.on_received(message, now, &mut effects),
            Input::Connected => self.on_connected(now),
            Input::Disconnected => self.on_disconnected(now),
            Input::Foreign { reason } => self.exit(Exit::Refused { reason }, &mut effects),
            Input::Secured { session } => self.on_secured(session),
            Input::BlobFound { blob, bytes } => self.on_blob_found(blob, bytes),
            Input::CannotPrepare { reason } => self.on_cannot_prepare(reason, now, &mut effects),
            Input::Progressed { task, step } => self.on_progressed(task, step, now, &mut effects),
            Input::Kept { task, kept } => self.on_kept(task, kept, now, &mut effects),
            Input::Ended { task, ending } => self.on_ended(task, ending, &mut effects),
            Input::Measured(measurement) => self.on_measured(measurement),
            Input::MetersStopped => self.on_meters_stopped(),
            Input::Stop => self.on_stop(now, &mut effects),
            Input::Tick => self.on_tick(now, &mut effects),
        }
        self.settle(now, &mut effects);
        effects
    }

    /// The machine was suspended: no coordinator could be found meanwhile, and nothing delivered. Neither counts.
    fn slept(&mut self, gap: Millis) {
        let later = |moment: &mut Millis| moment.0 += gap.0;
        later(&mut self.standing.seeking_since);
        later(&mut self.standing.disconnected_since);
        if let Course::Departing(departure) = &mut self.course {
            later(&mut departure.begun);
        }
    }

    pub fn session(&self) -> SessionId {
        self.options.session
    }

    /// Tasks in hand: assigned, worked on, or ended with their last report not yet acknowledged. Sorted.
    pub fn held(&self) -> Vec<TaskId> {
        let held: BTreeSet<TaskId> = self
            .slots
            .tasks()
            .chain(self.reports.pending.tasks())
            .chain(self.reports.outbox.ended_tasks())
            .collect();
        held.into_iter().collect()
    }

    /// Tasks at work, with their slots, as the executors have them.
    pub fn working(&self) -> Vec<(SlotId, TaskId)> {
        self.slots.iter().filter_map(|slot| Some((slot.id(), slot.task()?))).collect()
    }

    pub fn is_admitted(&self) -> bool {
        self.standing.admitted
    }

    pub fn is_gone(&self) -> bool {
        matches!(self.course, Course::Gone)
    }

    /// How often the coordinator wants a heartbeat; none before the first admission.
    pub fn heartbeat_interval(&self) -> Option<Millis> {
        self.spec.is_some().then_some(self.heartbeat)
    }

    /// The heartbeat due now; none before the first admission and after the end.
    pub fn heartbeat(&self, now: Millis) -> Option<FromWorker> {
        let alive = self.spec.is_some() && !self.is_gone();
        alive.then(|| FromWorker::Heartbeat { session: self.options.session, clock: now, held: self.held() })
    }

    /// Joules measured in this session that the coordinator has not acknowledged.
    pub fn unacknowledged_joules(&self) -> Joules {
        self.reports.outbox.joules()
    }

    /// Reports of earlier sessions that nobody acknowledged yet.
    pub fn former_reports(&self) -> usize {
        self.former.iter().map(Reports::len).sum()
    }

    /// Reports that the coordinator has not acknowledged, those that wait for their blobs included.
    pub fn unacknowledged_reports(&self) -> usize {
        self.reports.len()
    }

    pub(crate) fn hello(&self, now: Millis) -> FromWorker {
        FromWorker::Hello(Hello {
            session: self.options.session,
            clock: now,
            zone: self.options.zone.clone(),
            slots: self.options.slots.clone(),
            version: self.options.version.clone(),
            host: self.options.host.clone(),
            held: self.held(),
        })
    }
}

#[cfg(test)]
#[path = "core_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "core_line_tests.rs"]
mod line_tests;
