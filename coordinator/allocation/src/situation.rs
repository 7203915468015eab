//! What a policy may know when it decides: the state of CE-NAS's agent. Everything here was known at `hour`; nothing of
//! the future but forecasts.

use std::collections::BTreeMap;

use common::carbon::Forecast;
use common::energy::Purpose;
use common::id::Zone;
use common::time::GridHour;
use common::unit::{Grams, Intensity, Joules, Seconds};

#[derive(Debug, Clone, Default)]
pub struct Situation {
    pub hour: GridHour,
    /// Share of `hour` still to come, in (0, 1].
    pub hour_left: f64,
    /// Wall seconds that a grid hour lasts.
    pub hour_s: f64,
    /// Every zone that has a live slot.
    pub zones: BTreeMap<Zone, ZoneSituation>,
    pub budget: BudgetLeft,
    pub work: Work,
    /// Mean cost of what has finished, by purpose; absent before the first.
    pub costs: BTreeMap<Purpose, Cost>,
    pub hypervolume: f64,
    /// Hypervolume gained over the last few finished full trainings.
    pub recent_gain: f64,
    /// Evaluations finished, by purpose.
    pub finished: BTreeMap<Purpose, u32>,
}

#[derive(Debug, Clone, Default)]
pub struct ZoneSituation {
    /// Slots of live workers.
    pub slots: u32,
    /// Of them, those that train or sample at this moment.
    pub training: u32,
    pub sampling: u32,
    /// The present hour's intensity; none where nothing is known of it.
    pub intensity: Option<Intensity>,
    pub forecast: Option<Forecast>,
    /// Known intensities of the last hours, oldest first, at most 168, the present hour last.
    pub recent: Vec<Intensity>,
}

/// What is left of each limit; none where there is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct BudgetLeft {
    pub carbon: Option<Grams>,
    pub energy: Option<Joules>,
    /// Grid hours to the deadline.
    pub hours: Option<f64>,
    pub trainings: Option<u64>,
}

/// Work at hand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Work {
    /// Trainings (supernet, rungs, full) that run, and that wait suspended or to be tried again.
    pub trainings_running: u32,
    pub trainings_waiting: u32,
    /// Whether a new training could begin at once.
    pub training_wanted: bool,
    /// Candidates scored and not yet trained, and how many more scores would be of use; 0 before there is a supernet.
    pub scored: u32,
    pub scores_wanted: u32,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Slot time.
    pub seconds: Seconds,
    pub joules: Joules,
}
