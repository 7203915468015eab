//! What the study may still spend, and whether one more piece of work can be paid for (law A-3).

use common::energy::Purpose;
use common::fidelity::Fidelity;
use common::id::Zone;
use common::trial::Subject;
use common::unit::{Grams, Intensity, Joules, Seconds};

use crate::core::{Core, State, Trial, TrialState};

/// Probability that the intensity a task is paid at will not be exceeded.
const SAFE_LEVEL: f64 = 0.95;
/// Without a forecast, the present intensity is taken to rise by so much.
const UNFORESEEN_RISE: f64 = 1.25;

/// What is left of each limit; none where there is no limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Left {
    pub carbon: Option<Grams>,
    pub energy: Option<Joules>,
    /// Grid hours.
    pub hours: Option<f64>,
    pub trainings: Option<u64>,
}

impl Core {
    pub fn left(&self) -> Left {
        let budget = &self.options.budget;
        let account = &self.state.account;
        let fulls = self.state.trained_fully() as u64;
        Left {
            carbon: budget.carbon_g.get().map(|limit| Grams(limit) - account.emissions()),
            energy: budget.energy_kwh.get().map(|limit| Joules::from_kwh(limit) - account.total()),
            hours: budget.hours.get().map(|limit| limit - self.state.grid_hours_since_start(self.now())),
            trainings: budget.trainings.get().map(|limit| limit.saturating_sub(fulls)),
        }
    }

    /// Why the study has to end now, if it has to.
    pub(crate) fn exhausted(&self) -> Option<String> {
        let left = self.left();
        let budget = &self.options.budget;
        if left.hours.is_some_and(|hours| hours <= 0.0) {
            return Some(format!("the time budget of {} h is used", budget.hours));
        }
        if left.carbon.is_some_and(|grams| grams.0 <= 0.0) {
            return Some(format!("the carbon budget of {} g is used", budget.carbon_g));
        }
        if left.energy.is_some_and(|joules| joules.0 <= 0.0) {
            return Some(format!("the energy budget of {} kWh is used", budget.energy_kwh));
        }
        if left.trainings == Some(0) {
            return Some(format!("all {} full trainings are done", budget.trainings));
        }
        self.nothing_fits().then(|| "no further training fits into the time that is left".into())
    }

    /// Whether the budgets can pay for the rest of a task of `purpose`, of which `done` is done, in `zone`.
    pub(crate) fn fits(&self, purpose: Purpose, done: f64, zone: &Zone) -> bool {
        let left = self.left();
        let share = 1.0 - done;
        if let Some(hours) = left.hours {
            let wall = hours * self.state.clock().map_or(3600.0, |clock| clock.hour_s);
            if self.chain_seconds(purpose).0 - self.expected(purpose).0.0 * done > wall {
                return false;
            }
        }
        let joules = self.expected(purpose).1 * share;
        if left.energy.is_some_and(|left| joules + self.committed() > left) {
            return false;
        }
        let upper = self.upper_intensity(zone, self.expected(purpose).0);
        left.carbon.is_none_or(|left| (joules + self.committed()).emissions(upper) <= left)
    }

    /// Whether one more piece of work of `purpose` is wanted at all. What has begun counts as begun, also while it waits.
    pub(crate) fn may_begin(&self, purpose: Purpose) -> bool {
        purpose != Purpose::Full || self.left().trainings.is_none_or(|open| self.fulls_underway() < open)
    }

    /// Mean cost of what finished so far; before that, scaled by epochs from what is known; zero where nothing is.
    pub(crate) fn expected(&self, purpose: Purpose) -> (Seconds, Joules) {
        if let Some(cost) = self.state.mean_cost(purpose) {
            return cost;
        }
        let rung_epochs = f64::from(self.options.ladder.rung_epochs);
        let full_epochs = self.state.spec().map_or(1.0, |spec| f64::from(spec.training.epochs));
        let scaled = match purpose {
            Purpose::Full if rung_epochs > 0.0 => {
                self.state.mean_cost(Purpose::Rung).map(|cost| (cost, full_epochs / rung_epochs))
            }
            Purpose::Rung => {
                self.state.mean_cost(Purpose::Full).map(|cost| (cost, rung_epochs / full_epochs))
            }
            _ => None,
        };
        scaled.map_or((Seconds::ZERO, Joules::ZERO), |((seconds, joules), factor)| {
            (seconds * factor, joules * factor)
        })
    }

    /// The time until a piece of work has borne fruit: a short training is of use only if a full one can follow.
    fn chain_seconds(&self, purpose: Purpose) -> Seconds {
        let of = |purpose| self.expected(purpose).0;
        match purpose {
            Purpose::Idle | Purpose::Full => of(purpose),
            Purpose::Rung => of(Purpose::Rung) + of(Purpose::Full),
            Purpose::OneShot | Purpose::Supernet => of(purpose) + of(Purpose::Rung) + of(Purpose::Full),
        }
    }

    /// Joules that running tasks will still take.
    fn committed(&self) -> Joules {
        let rest = |trial: &Trial| {
            let done = trial.lease().and_then(|lease| self.progress.get(&lease.task)).map_or(0.0, |p| p.done);
            self.expected(trial.subject.purpose()).1 * (1.0 - done)
        };
        self.state.leases().map(|(trial, _)| rest(trial)).sum()
    }

    /// Full trainings that have begun and not ended, whether they run or wait.
    fn fulls_underway(&self) -> u64 {
        let open = |trial: &&Trial| matches!(trial.state, TrialState::Waiting | TrialState::Leased(_));
        let full = |trial: &&Trial| trial.subject.fidelity() == Some(Fidelity::Full);
        self.state.trials.values().filter(full).filter(open).count() as u64
    }

    /// What the intensity will hardly exceed while a task of `seconds` runs.
    fn upper_intensity(&self, zone: &Zone, seconds: Seconds) -> Intensity {
        let present = self.state.account.intensity(zone, self.this_hour()).0;
        let hour_s = self.state.clock().map_or(3600.0, |clock| clock.hour_s);
        let hours = (seconds.0 / hour_s).ceil() as i64;
        let forecast = self.state.forecasts.get(zone);
        let coming = (1..=hours).filter_map(|ahead| {
            forecast.and_then(|forecast| forecast.quantile(self.this_hour().plus(ahead), SAFE_LEVEL))
        });
        match forecast {
            Some(_) => coming.fold(present, Intensity::max),
            None => present * UNFORESEEN_RISE,
        }
    }

    /// Nothing runs, and neither a new training nor any that waits can be finished before the deadline.
    fn nothing_fits(&self) -> bool {
        let known = self.expected(Purpose::Full).0.0 > 0.0;
        let late = |purpose, done| self.left().hours.is_some() && !self.fits_in_time(purpose, done);
        known
            && self.state.leases().next().is_none()
            && late(Purpose::Full, 0.0)
            && self.state.trials.values().filter(|trial| trial.is_waiting()).all(|trial| {
                let done = trial.checkpoint.map_or(0.0, |checkpoint| checkpoint.progress);
                trial.subject == Subject::Supernet || late(trial.subject.purpose(), done)
            })
    }

    fn fits_in_time(&self, purpose: Purpose, done: f64) -> bool {
        let wall = self.left().hours.unwrap_or(f64::INFINITY)
            * self.state.clock().map_or(3600.0, |clock| clock.hour_s);
        self.expected(purpose).0.0 * (1.0 - done) <= wall
    }
}

impl State {
    /// Energy of gradient descent alone.
    pub fn training_joules(&self) -> Joules {
        let by_purpose = self.account.joules_by_purpose();
        by_purpose.into_iter().filter(|(purpose, _)| purpose.is_training()).map(|(_, joules)| joules).sum()
    }
}
