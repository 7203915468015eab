//! What the study may still spend, and whether one more piece of work can be paid for (law A-3).

use std::collections::BTreeSet;

use allocation::Pace;
use common::config::Budget;
use common::energy::Purpose;
use common::fidelity::Fidelity;
use common::id::Zone;
use common::trial::Subject;
use common::unit::{Grams, Intensity, Joules, Seconds};

use crate::core::{Core, State, Trial};
use crate::fleet::Place;

/// Probability that the intensity a task is paid at will not be exceeded.
const SAFE_LEVEL: f64 = 0.95;
/// Without a forecast, the present intensity is taken to rise by so much.
const UNFORESEEN_RISE: f64 = 1.25;

/// How far ahead a cleaner hour is looked for, as far as forecasts reach.
const FORESEEN_HOURS: i64 = 168;
/// What is left of each limit; none where there is no limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Left {
    pub carbon: Option<Grams>,
    pub energy: Option<Joules>,
    /// Grid hours.
    pub hours: Option<f64>,
    pub trainings: Option<u64>,
}

/// "500 g of CO2eq, 48 grid hours": what is limited.
pub fn in_words(budget: &Budget) -> String {
    let limits = [
        budget.carbon_g.get().map(|limit| format!("{limit} g of CO2eq")),
        budget.energy_kwh.get().map(|limit| format!("{limit} kWh")),
        budget.hours.get().map(|limit| format!("{limit} grid hours")),
        budget.trainings.get().map(|limit| format!("{limit} full trainings")),
        budget.hypervolume.get().map(|limit| format!("a hypervolume of {limit}")),
    ];
    limits.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

impl Core {
    pub fn left(&self) -> Left {
        let budget = self.budget();
        let account = &self.state.account;
        let fulls = self.state.trained_fully() as u64;
        let unbooked = self.unbooked();
        let emitted = |limit| Grams(limit) - account.emissions() - unbooked.carbon;
        Left {
            carbon: budget.carbon_g.get().map(emitted),
            energy: budget
                .energy_kwh
                .get()
                .map(|limit| Joules::from_kwh(limit) - account.total() - unbooked.energy),
            hours: budget.hours.get().map(|limit| limit - self.state.grid_hours_since_start(self.now())),
            trainings: budget.trainings.get().map(|limit| limit.saturating_sub(fulls)),
        }
    }

    /// How many full trainings may still end: those that have begun, and those that the cleanest hour foreseen can pay for; none
    /// where nothing limits them, or it is not known what they take. Time is no such limit: what it pays for is a matter of how
    /// many slots there are.
    pub(crate) fn affordable(&self) -> Option<f64> {
        let (left, committed, each) = (self.left(), self.committed(), self.expected(Purpose::Full).1);
        let by_energy = left.energy.map(|energy| (energy - committed) / each);
        let by_carbon = left
            .carbon
            .zip(self.cleanest_foreseen())
            .map(|(carbon, intensity)| (carbon - committed.emissions(intensity)) / each.emissions(intensity));
        let begun = self.state.open_fulls() as f64;
        let by_count = left.trainings.map(|open| open as f64 - begun);
        let known = [by_energy, by_carbon, by_count].into_iter().flatten().filter(|count| count.is_finite());
        known.reduce(f64::min).map(|count| begun + count.max(0.0))
    }

    /// Why the study has to end now, if it has to.
    pub(crate) fn exhausted(&self) -> Option<String> {
        let left = self.left();
        let budget = self.budget();
        if left.hours.is_some_and(|hours| hours <= 0.0) {
            return Some(format!("the time budget of {} h is used", budget.hours));
        }
        // What stopping takes is kept back, so that no budget is overdrawn.
        let kept = self.stopping();
        if left.carbon.is_some_and(|grams| grams <= kept.carbon) {
            return Some(format!("the carbon budget of {} g is used", budget.carbon_g));
        }
        if left.energy.is_some_and(|joules| joules <= kept.energy) {
            return Some(format!("the energy budget of {} kWh is used", budget.energy_kwh));
        }
        if left.trainings == Some(0) {
            return Some(format!("all {} full trainings are done", budget.trainings));
        }
        if let Some(target) = budget.hypervolume.get()
            && self.state.hypervolume() >= target
        {
            return Some(format!("the hypervolume of {target} is reached"));
        }
        if self.nothing_is_left() {
            return Some("nothing is left to train: every architecture on offer has its result".into());
        }
        if self.nothing_fits() {
            return Some("no further training fits into the time that is left".into());
        }
        self.nothing_is_affordable()
    }

    /// Nothing runs or waits, nobody can climb, and the searcher has no more to name.
    fn nothing_is_left(&self) -> bool {
        let trained = self.state.trained();
        let is_fresh = self.answered_with == Some(trained) || !self.options.learns;
        let is_searched = self.answered_all && is_fresh;
        is_searched
            && trained > 0
            && self.stock.is_empty()
            && self.state.leases().next().is_none()
            && self.state.waiting().next().is_none()
            && !self.standing.has_promotable()
    }

    /// Nothing runs, and what is left of a budget pays for no full training, not even in the cleanest hour foreseen.
    fn nothing_is_affordable(&self) -> Option<String> {
        let left = self.left();
        let is_limited = left.carbon.is_some() || left.energy.is_some();
        if !is_limited || self.state.leases().next().is_some() {
            return None;
        }
        let joules = self.expected(Purpose::Full).1;
        if joules.0 <= 0.0 {
            return None;
        }
        let fulls = |trial: &&Trial| trial.subject.purpose() == Purpose::Full;
        // The least that another result takes: the rest of what was begun, or a whole training.
        let begun =
            self.state.waiting().filter(fulls).map(|trial| self.times(trial) * (1.0 - self.done(trial)));
        let least = joules * begun.fold(self.standing.least_effort(), f64::min);
        if let Some(energy) = left.energy.filter(|energy| *energy < least) {
            return Some(format!(
                "the {:.3} kWh left pay for no further training, which takes {:.3} kWh{}",
                energy.kwh().max(0.0),
                least.kwh(),
                self.bought_instead(energy)
            ));
        }
        let cleanest = self.cleanest_foreseen()?;
        let price = least.emissions(cleanest);
        let carbon = left.carbon.filter(|carbon| *carbon < price)?;
        let energy = least * (carbon.0.max(0.0) / price.0);
        Some(format!(
            "the {:.1} g left pay for no further training, which takes {:.1} g in the cleanest hour foreseen ({:.0} g/kWh){}",
            carbon.0.max(0.0),
            price.0,
            cleanest.0,
            self.bought_instead(energy)
        ))
    }

    /// What smaller works an unspendable rest would have paid for.
    fn bought_instead(&self, energy: Joules) -> String {
        let rung = self.expected(Purpose::Rung).1;
        let rungs = if rung.0 > 0.0 { (energy.0 / rung.0).floor() } else { 0.0 };
        if rungs >= 1.0 { format!("; it would have bought {rungs} short trainings") } else { String::new() }
    }

    /// Of all zones with workers, from now to the deadline as far as forecasts reach.
    fn cleanest_foreseen(&self) -> Option<Intensity> {
        let deadline = self.left().hours.unwrap_or(f64::INFINITY);
        let hour = self.this_hour();
        let zones: BTreeSet<&Zone> =
            self.state.workers.values().filter(|record| record.alive).map(|record| &record.zone).collect();
        let of_zone = |zone: &Zone| {
            let present = self.state.account.intensity(zone, hour).0;
            let forecast = self.state.forecasts.get(zone);
            let ahead = (1..=FORESEEN_HOURS).take_while(|ahead| (*ahead as f64) < deadline);
            ahead
                .filter_map(|ahead| forecast?.quantile(hour.plus(ahead), 0.5))
                .fold(present, |a, b| if b < a { b } else { a })
        };
        zones.into_iter().map(of_zone).reduce(|a, b| if b < a { b } else { a })
    }

    /// Whether the budgets can pay for the rest of a task of `purpose` that takes so many `times` the usual, of which `done` is done,
    /// at `place`. What must follow may do so anywhere, and is taken as usual.
    pub(crate) fn fits(&self, purpose: Purpose, times: f64, done: f64, place: &Place) -> bool {
        let (left, zone) = (self.left(), &place.zone);
        let Pace { seconds: slower, joules: hungrier } = self.state.paces.of(&place.device);
        let (own_s, own_j) = self.expected(purpose);
        if let Some(hours) = left.hours {
            let wall = hours * self.state.clock().map_or(3600.0, |clock| clock.hour_s);
            let beside_usual = own_s.0 * (slower * (1.0 - done) - 1.0);
            if times * (self.chain_seconds(purpose).0 + beside_usual) > wall {
                return false;
            }
        }
        let beside_usual = own_j * (hungrier * (1.0 - done) - 1.0);
        let joules = (self.chain_joules(purpose) + beside_usual) * times;
        if left.energy.is_some_and(|left| joules + self.committed() > left) {
            return false;
        }
        let upper = self.upper_intensity(zone, own_s * slower * times);
        left.carbon.is_none_or(|left| (joules + self.committed()).emissions(upper) <= left)
    }

    /// Whether one more piece of work of `purpose` is wanted at all. What has begun counts as begun, also while it waits.
    pub(crate) fn may_begin(&self, purpose: Purpose) -> bool {
        purpose != Purpose::Full || self.left().trainings.is_none_or(|open| self.state.open_fulls() < open)
    }

    /// How many times the usual a full training takes, by what its short one took.
    pub(crate) fn times(&self, trial: &Trial) -> f64 {
        let rung = Fidelity::Rung(self.options.ladder.rung_epochs);
        let short = || {
            let architecture = trial.subject.architecture()?.clone();
            self.state.of_subject(&Subject::Network { architecture, fidelity: rung })
        };
        let times = match trial.subject.fidelity() {
            Some(Fidelity::Full) => short().zip(self.state.mean_cost(Purpose::Rung)),
            _ => None,
        };
        let times = times.map(|(short, (_, mean))| short.joules.0 / mean.0);
        times.filter(|times| times.is_finite() && *times > 0.0).unwrap_or(1.0)
    }

    /// Mean cost of what finished so far; before that, scaled by epochs from what is known; zero where nothing is. Full trainings
    /// go to few, so that what they take is better known from the short ones of all.
    pub(crate) fn expected(&self, purpose: Purpose) -> (Seconds, Joules) {
        if purpose == Purpose::Full
            && let Some(cost) = self.state.full_cost_by_rungs(self.options.ladder.rung_epochs)
        {
            return cost;
        }
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

    /// The same in joules: a result that no full training can follow would be paid for in vain.
    fn chain_joules(&self, purpose: Purpose) -> Joules {
        let of = |purpose| self.expected(purpose).1;
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

    /// Nothing runs, and neither a new training nor any that waits can be finished before the deadline, not even by the quickest slot.
    fn nothing_fits(&self) -> bool {
        let known = self.expected(Purpose::Full).0.0 > 0.0;
        if !known || self.left().hours.is_none() || self.state.leases().next().is_some() {
            return false;
        }
        let slots = self.live_slots();
        let quickest = slots.iter().map(|slot| slot.pace.seconds).reduce(f64::min).unwrap_or(1.0);
        let late = |purpose, done| !self.fits_in_time(purpose, done, quickest);
        late(Purpose::Full, 0.0)
            && self.state.waiting().all(|trial| {
                trial.subject.purpose() == Purpose::Supernet
                    || late(trial.subject.purpose(), self.done(trial))
            })
    }

    /// On slots that take so many `times` as long as the mean.
    fn fits_in_time(&self, purpose: Purpose, done: f64, times: f64) -> bool {
        let wall = self.left().hours.unwrap_or(f64::INFINITY)
            * self.state.clock().map_or(3600.0, |clock| clock.hour_s);
        self.expected(purpose).0.0 * times * (1.0 - done) <= wall
    }
}

impl State {
    /// Energy of gradient descent alone.
    pub fn training_joules(&self) -> Joules {
        let by_purpose = self.account.joules_by_purpose();
        by_purpose.into_iter().filter(|(purpose, _)| purpose.is_training()).map(|(_, joules)| joules).sum()
    }
}
