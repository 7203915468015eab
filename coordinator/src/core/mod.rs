//! The heart: every fact the coordinator knows, and `step(input, now) -> decision`. Pure: no I/O, no clock, no dice.
//!
//! Two sentences decide much. An event is durable before its effect leaves the process. State is a fold over the ledger.

mod ask;
mod effect;
mod given;
mod health;
mod index;
mod input;
mod known;
mod options;
mod pace;
mod retry;
mod ruling;
mod state;
mod trial;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use common::blob::BlobId;
use common::config::Budget;
use common::event::Event;
use common::fidelity::Role;
use common::id::{TaskId, WorkerName};
use common::time::{GridHour, Millis, Timestamp};
use common::wire::{Progress, ToWorker};

use lamoo::Promotion;

pub use effect::{Decision, Effect, Wanted};
pub use given::Given;
pub use health::{Health, Quarantine};
pub use input::{Control, Input, NewStudy};
pub use options::Options;
pub use pace::Paces;
pub use retry::Retry;
pub use ruling::{Refusal, Ruling};
pub use state::{CANCELLED, Milestone, State, Study, WorkerRecord};
pub use trial::{Lease, Trial, TrialState};

use crate::draw::Draws;
use crate::fleet::SlotKey;
use crate::ladder::{Candidate, Rules, Standing, Worked};
use crate::mutation::{Mutation, planted};
use crate::reactor::on_lost_blob::Sent;
use crate::reactor::slots::Slots;
use crate::watch::Watch;

pub(crate) use known::Known;

/// Ticks come a few times a second. A longer gap means that this process stood still or that its clock leapt: it could hear
/// nobody meanwhile, and nobody is lost for that.
const STOOD_STILL: Millis = Millis(2_000);

/// Doubts of one worker that are told one by one; after these, each doubling.
const DOUBTS_TOLD: u64 = 32;

/// The coordinator's mind. `state` is the fold of the ledger; everything else can be lost in a crash without harm.
#[derive(Debug)]
pub struct Core {
    pub(crate) options: Options,
    pub(crate) state: State,
    /// When each worker was last heard.
    pub(crate) heard: BTreeMap<WorkerName, Timestamp>,
    /// When each worker was admitted anew of late.
    pub(crate) admitted: BTreeMap<WorkerName, Vec<Timestamp>>,
    /// What each leased task's assignment said, and when it was last sent.
    pub(crate) assigned: BTreeMap<TaskId, Sent>,
    /// Blobs that work was to begin with and that the store lacks.
    pub(crate) gone: BTreeSet<BlobId>,
    /// Tasks told to suspend, and when they were last told.
    pub(crate) suspending: BTreeMap<TaskId, Timestamp>,
    /// Who may climb to where.
    pub(crate) standing: Standing,
    /// What the searcher is told.
    pub(crate) known: Known,
    /// What each live slot shall do until the next decision, and which are free for it.
    pub(crate) slots: Slots,
    /// So many of the agenda's first subjects have a trial.
    pub(crate) listed: usize,
    /// Candidates proposed and not yet taken up.
    pub(crate) stock: VecDeque<Candidate>,
    pub(crate) hourly: Hourly,
    /// Whether an answer to `Effect::Propose` is due, since when.
    pub(crate) proposing: Option<Timestamp>,
    /// Finished trainings that the last question told of: one more, and there is something new to ask.
    pub(crate) asked_with: Option<usize>,
    /// The same of the last question that was answered.
    pub(crate) answered_with: Option<usize>,
    /// Whether the last answer named fewer new candidates than asked for: the searcher knows of no more.
    pub(crate) answered_all: bool,
    /// What full trainings of those known from below are expected to add, by the last answer.
    pub(crate) promotions: Vec<Promotion>,
    pub(crate) region: Option<Worked>,
    pub(crate) progress: BTreeMap<TaskId, Progress>,
    /// How the workers are, for the screen.
    pub(crate) watch: Watch,
    /// What slots drew last, and up to when it is booked.
    pub(crate) draws: Draws,
    pub(crate) draining: bool,
    /// Whether an answer to `Effect::GoOn` is due.
    pub(crate) goes_on: bool,
    /// When draining workers that hold nothing were last told to go.
    pub(crate) told_to_go: BTreeMap<WorkerName, Timestamp>,
    /// When this process took the study up.
    pub(crate) started: Timestamp,
    /// When the workers were last told that the study is over.
    pub(crate) told_study_over: Timestamp,
    /// Who is still to be told so.
    pub(crate) unaware: Vec<WorkerName>,
    /// Whether `Effect::Exit` was given.
    pub(crate) exited: bool,
    /// How often each worker said what can't be.
    doubts: BTreeMap<WorkerName, u64>,
    decision: Decision,
    now: Timestamp,
}

/// How far this hour's round of observing, forecasting and deciding has come.
#[derive(Debug, Default)]
pub(crate) struct Hourly {
    /// The hour of the round under way or done.
    pub hour: Option<GridHour>,
    /// The latest hour that was asked about, with a round or without one.
    pub observed: Option<GridHour>,
    pub phase: Phase,
    /// When the present phase's question was asked.
    pub asked: Timestamp,
    /// Whether the fleet changed since the last decision was asked for, and that is still to be heeded.
    pub stale: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Observing,
    Forecasting,
    Deciding,
    Done,
}

impl Core {
    /// A coordinator that goes on from `state`, the fold of its ledger (empty for a new study).
    pub fn new(options: Options, state: State) -> Self {
        let now = state.last_at;
        let Options { ladder, initial_samples, has_model, .. } = options;
        let standing = Standing::of_study(&state, Rules { ladder, initial_samples, has_model });
        Self {
            standing,
            known: Known::of(&state),
            slots: Slots::of(&state, &options.requirements),
            options,
            state,
            heard: BTreeMap::new(),
            admitted: BTreeMap::new(),
            assigned: BTreeMap::new(),
            gone: BTreeSet::new(),
            suspending: BTreeMap::new(),
            listed: 0,
            stock: VecDeque::new(),
            hourly: Hourly::default(),
            proposing: None,
            asked_with: None,
            answered_with: None,
            answered_all: false,
            promotions: Vec::new(),
            region: None,
            progress: BTreeMap::new(),
            watch: Watch::default(),
            draws: Draws::default(),
            draining: false,
            goes_on: false,
            told_to_go: BTreeMap::new(),
            started: Timestamp::default(),
            told_study_over: Timestamp::default(),
            unaware: Vec::new(),
            exited: false,
            doubts: BTreeMap::new(),
            decision: Decision::default(),
            // The history never runs backwards, even if the clock was set back while nobody was here.
            now,
        }
    }

    /// Takes in one input and says what must be written and then done. `now` never runs backwards.
    pub fn step(&mut self, input: Input, now: Timestamp) -> Decision {
        let gap = now.since(self.now);
        if gap > STOOD_STILL {
            self.heard.values_mut().for_each(|heard| *heard = *heard + gap);
        }
        self.now = self.now.max(now);
        // A sign of life changes nothing that work could wait for, unless it brought an event.
        let is_sign_of_life = matches!(input, Input::Message { .. });
        // Where everybody was looked at, the step that is due hands out.
        let is_look_at_all = matches!(input, Input::Tick | Input::Decided { .. });
        match input {
            Input::Started { study, given, version, host } => self.on_started(*study, given, version, host),
            Input::Message { worker, message } => self.on_message(worker, message),
            Input::Tick => self.on_tick(),
            Input::Observed { hour, samples } => self.on_observed(hour, samples),
            Input::Forecasted { hour, forecasts } => self.on_forecasted(hour, forecasts),
            Input::Decided { hour, allocation } => self.on_decided(hour, allocation),
            Input::Proposed { candidates, promotions, region } => {
                self.on_proposed(candidates, promotions, region);
            }
            Input::GoOn => self.on_go_on(),
            Input::Slept { span } => self.draws.pass_over(span),
            Input::BlobMissing { worker, blob } => self.on_blob_missing(&worker, blob),
            Input::Revoked { worker } => self.on_revoked(&worker),
            Input::Released { worker } => self.on_released(&worker),
            Input::Control(control) => self.on_control(control),
        }
        if !is_sign_of_life || !self.decision.events.is_empty() || self.work_waits_for_a_slot() {
            self.finish_when_done();
            if !(is_look_at_all && self.goes_on) {
                self.dispatch();
            }
        }
        Decision { at: self.now, ..std::mem::take(&mut self.decision) }
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn roles(&self) -> &BTreeMap<SlotKey, Role> {
        self.slots.roles()
    }

    /// How often roles were dealt out or taken away.
    pub fn plans(&self) -> u64 {
        self.slots.plans()
    }

    /// The latest word from each running task.
    pub fn running(&self) -> &BTreeMap<TaskId, Progress> {
        &self.progress
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// What somebody set, else what the configuration says.
    pub(crate) fn budget(&self) -> Budget {
        self.state.budget.unwrap_or(self.options.budget)
    }

    pub(crate) fn this_hour(&self) -> GridHour {
        self.state.grid_hour(self.now)
    }

    /// The only way state changes: the event is applied and will be durable before any effect of this step.
    pub(crate) fn record(&mut self, event: Event) {
        let ended = self.held_by(&event);
        self.state.apply(self.now, &event);
        self.follow(&event, ended);
        self.standing.follow(&event, &self.state);
        self.known.follow(&event, &self.state);
        if !(planted(Mutation::SkipsTheLedger) && matches!(event, Event::TaskCheckpointed { .. })) {
            self.decision.events.push(event);
        }
    }

    /// The slot of the task that an event ends, or hands to another.
    fn held_by(&self, event: &Event) -> Option<SlotKey> {
        let trial = match event {
            Event::TaskSuspended { task, .. } | Event::TaskFailed { task, .. } => task.trial,
            Event::TrialFinished { task, .. } => task.trial,
            Event::TrialFailed { trial, .. }
            | Event::TrialCancelled { trial }
            | Event::EvaluationGiven { trial, .. } => *trial,
            _ => return None,
        };
        self.state.trial(trial)?.lease().map(|lease| (lease.worker.clone(), lease.slot))
    }

    pub(crate) fn effect(&mut self, effect: Effect) {
        self.decision.effects.push(effect);
    }

    pub(crate) fn warn(&mut self, worker: &WorkerName, what: String) {
        self.effect(Effect::Warn { worker: worker.clone(), what });
    }

    /// A word for the log about what is not believed of a worker: said again and again, it must not fill a disk.
    pub(crate) fn doubt(&mut self, worker: &WorkerName, what: String) {
        let count = self.doubts.entry(worker.clone()).or_default();
        *count += 1;
        if *count <= DOUBTS_TOLD || count.is_power_of_two() {
            self.warn(worker, what);
        }
    }

    pub(crate) fn send(&mut self, to: &WorkerName, message: ToWorker) {
        self.effect(Effect::Send { to: to.clone(), message });
    }

    pub(crate) fn is_over(&self) -> bool {
        self.state.finished.is_some()
    }
}
