//! What may be asked of the fold. Nothing here changes it.

use common::architecture::Architecture;
use common::config::{Config, Requirements};
use common::energy::{Measurement, Purpose};
use common::fidelity::{Fidelity, Role};
use common::id::{SessionId, SlotId, TaskId, TrialId, WorkerName, Zone};
use common::objective::{Objectives, objectives};
use common::study::StudySpec;
use common::time::{GridClock, GridHour, Timestamp};
use common::trial::{Evaluation, Subject};
use common::unit::{Grams, Joules, Seconds};
use moo::Front;

use super::index::Both;
use super::state::{State, WorkerRecord};
use super::trial::{Lease, Trial};
use crate::fleet::SlotKey;

impl State {
    pub fn spec(&self) -> Option<&StudySpec> {
        self.study.as_ref().map(|study| &study.spec)
    }

    pub fn clock(&self) -> Option<GridClock> {
        self.study.as_ref().map(|study| study.clock)
    }

    pub fn trial(&self, id: TrialId) -> Option<&Trial> {
        self.trials.get(&id)
    }

    pub fn of_subject(&self, subject: &Subject) -> Option<&Trial> {
        self.index.of_subject(subject).and_then(|id| self.trials.get(&id))
    }

    /// The trials of one architecture, the lowest fidelity first.
    pub fn of_architecture(&self, architecture: &Architecture) -> impl Iterator<Item = &Trial> {
        let at = |fidelity| Subject::Network { architecture: architecture.clone(), fidelity };
        let family = self.index.between(at(Fidelity::OneShot)..=at(Fidelity::Full));
        family.filter_map(|id| self.trials.get(&id))
    }

    /// The live lease of this very attempt.
    pub fn lease(&self, task: TaskId) -> Option<&Lease> {
        self.trials.get(&task.trial).and_then(Trial::lease).filter(|lease| lease.task == task)
    }

    pub fn leases(&self) -> impl Iterator<Item = (&Trial, &Lease)> {
        self.index.leased().filter_map(|id| self.leased(id))
    }

    pub fn leases_of(&self, worker: &WorkerName) -> impl Iterator<Item = (&Trial, &Lease)> {
        self.index.held_by(worker).filter_map(|id| self.leased(id))
    }

    /// What holds a slot.
    pub fn holder(&self, key: &SlotKey) -> Option<(&Trial, &Lease)> {
        self.index.holder(key).and_then(|id| self.leased(id))
    }

    /// Slots that are held, in their order, and the role of what holds them: for whoever looks at the whole fleet.
    pub(crate) fn roles_held(&self) -> impl Iterator<Item = (&SlotKey, Role)> + Clone {
        self.index.roles_held()
    }

    fn leased(&self, id: TrialId) -> Option<(&Trial, &Lease)> {
        let trial = self.trials.get(&id)?;
        Some((trial, trial.lease()?))
    }

    /// What a slot must have, as the study began with; none where another release began it.
    pub fn requirements(&self) -> Option<Requirements> {
        let config = toml::from_str::<Config>(&self.study.as_ref()?.config).ok()?;
        Some(config.requirements)
    }

    /// Trials that wait for a slot, the oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &Trial> {
        self.index.waiting().filter_map(|id| self.trials.get(&id))
    }

    pub fn is_alive(&self, worker: &WorkerName) -> bool {
        self.workers.get(worker).is_some_and(|record| record.alive)
    }

    /// Trials that wait or run.
    pub fn open_trials(&self) -> usize {
        self.index.open()
    }

    /// Full trainings that have begun and not ended, whether they run or wait.
    pub fn open_fulls(&self) -> u64 {
        self.index.open_fulls()
    }

    /// Trainings, a supernet's among them, that have a result, given or their own.
    pub fn trained(&self) -> usize {
        self.index.trained()
    }

    /// The supernets that were trained on where the search worked, oldest first, finished or not.
    pub fn regions(&self) -> impl DoubleEndedIterator<Item = &Trial> + ExactSizeIterator {
        self.index.regions().iter().map(|id| &self.trials[id])
    }

    pub fn finished_at(
        &self,
        fidelity: Fidelity,
    ) -> impl Iterator<Item = (&Trial, &Architecture, &Evaluation)> {
        self.trials.values().filter_map(move |trial| match &trial.subject {
            Subject::Network { architecture, fidelity: found } if *found == fidelity => {
                trial.evaluation.as_deref().map(|evaluation| (trial, architecture, evaluation))
            }
            _ => None,
        })
    }

    /// The minimised vector of an evaluation that was accepted.
    pub fn objectives(&self, evaluation: &Evaluation) -> Option<Objectives> {
        objectives(&self.spec()?.objectives, evaluation).ok()
    }

    pub fn hypervolume(&self) -> f64 {
        self.front.as_ref().map_or(0.0, Front::hypervolume)
    }

    /// Whole grid hours from the start of the study to `now`, with the fraction under way.
    pub fn grid_hours_since_start(&self, now: Timestamp) -> f64 {
        self.study.as_ref().map_or(0.0, |study| {
            study.clock.grid(now).since(study.clock.grid_origin).0 as f64 / common::time::HOUR_MS as f64
        })
    }

    pub fn grid_hour(&self, now: Timestamp) -> GridHour {
        self.clock().map_or(now, |clock| clock.grid(now)).hour()
    }

    /// How many trials of each purpose have finished here; what was given is not among them.
    pub fn finished_here(&self) -> impl Iterator<Item = (Purpose, u32)> {
        self.index.costs().iter().map(|(purpose, costs)| (*purpose, costs.count))
    }

    /// Mean seconds and joules of what has finished here so far; none before the first.
    pub fn mean_cost(&self, purpose: Purpose) -> Option<(Seconds, Joules)> {
        self.index.costs().get(&purpose)?.mean()
    }

    /// A slot's device in words.
    pub(crate) fn device(&self, worker: &WorkerName, slot: SlotId) -> Option<&str> {
        let slots = &self.workers.get(worker)?.slots;
        slots.iter().find(|info| info.slot == slot).map(|info| info.device.as_str())
    }

    /// What a full training takes on the mean over all short ones, by those that had both here.
    pub fn full_cost_by_rungs(&self, epochs: u32) -> Option<(Seconds, Joules)> {
        let (mean_s, mean_j) = self.mean_cost(Purpose::Rung)?;
        let Both { full, short } = self.index.both(epochs);
        let (seconds, joules) =
            (mean_s * (full.seconds / short.seconds), mean_j * (full.joules / short.joules));
        (seconds.0.is_finite() && joules.0.is_finite() && joules.0 > 0.0).then_some((seconds, joules))
    }

    /// What joules drawn evenly from `start` to `end` emitted, by the intensities of the hours as they are known now.
    pub fn emissions(&self, zone: &Zone, start: Timestamp, end: Timestamp, joules: Joules) -> Grams {
        let slices = self.clock().map_or_else(Vec::new, |clock| clock.slices(start, end));
        let of_slice = |(hour, share)| (joules * share).emissions(self.account.intensity(zone, hour).0);
        slices.into_iter().map(of_slice).sum()
    }
}

impl WorkerRecord {
    /// A window of one of its sessions, in wall time.
    pub fn span(&self, session: SessionId, window: &Measurement) -> (Timestamp, Timestamp) {
        let origin = self.origins.get(&session).copied().unwrap_or(self.origin);
        (origin + window.start, origin + window.end)
    }
}
