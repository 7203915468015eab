//! What a core asks of the world: the grid's intensity, its forecast, the policy's decision, the searcher's candidates.
//!
//! Each answer is the product's own: forecasts by the chosen model, decisions by the policy, candidates by the same function as live.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use allocation::{Policy, Situation};
use common::allocation::{Allocation, Shares};
use common::architecture::Architecture;
use common::id::Zone;
use common::study::StudySpec;
use common::time::GridHour;
use coordinator::core::{Input, Wanted};
use coordinator::launch::policy_options;
use coordinator::search::{Answer, Recorded, Searcher};
use lamoo::Knowledge;

use super::Forecasts;
use super::study::{Error, MJ_PER_J, Study};
use crate::table::{Level, Row, Table};
use crate::world::HourlyTrace;

#[derive(Debug)]
pub struct Answers<'a> {
    traces: BTreeMap<Zone, &'a HourlyTrace>,
    forecasts: Arc<Forecasts>,
    policy: Box<dyn Policy>,
    searcher: Searcher,
}

impl<'a> Answers<'a> {
    pub fn new(study: &'a Study<'_>, spec: &StudySpec) -> Result<Self, Error> {
        let config = &study.config;
        let forecasts = match &study.forecasts {
            Some(shared) => shared.clone(),
            None => Arc::new(Forecasts::new(config, &study.zones)?),
        };
        let traces: BTreeMap<_, _> =
            study.zones.iter().map(|(trace, _)| (trace.zone().clone(), trace)).collect();
        Ok(Self {
            forecasts,
            traces,
            policy: match &study.plan {
                Some(on) => Box::new(Planned { start: study.start, on: on.clone() }),
                None => allocation::build(&config.allocation.policy, &policy_options(config))?,
            },
            searcher: Searcher::of_recorded(config, spec, recorded(study.table))?,
        })
    }

    pub fn observe(&self, hour: GridHour, zones: &BTreeSet<Zone>) -> Input {
        let known = zones.iter().filter_map(|zone| self.traces.get(zone));
        Input::Observed { hour, samples: known.filter_map(|trace| trace.sample(hour)).collect() }
    }

    pub fn forecast(&self, hour: GridHour, zones: &BTreeSet<Zone>) -> Input {
        let forecasts = zones.iter().filter_map(|zone| self.forecasts.of(zone, hour)).collect();
        Input::Forecasted { hour, forecasts }
    }

    pub fn decide(&mut self, hour: GridHour, situation: &Situation) -> Input {
        Input::Decided { hour, allocation: self.policy.decide(situation) }
    }

    pub fn propose(&mut self, wanted: &Wanted) -> Input {
        let Answer { candidates, promotions, region } = self.searcher.answer(wanted);
        Input::Proposed { candidates, promotions, region }
    }
}

/// An oracle's hours.
#[derive(Debug, Clone)]
struct Planned {
    start: GridHour,
    on: Vec<bool>,
}

impl Policy for Planned {
    fn name(&self) -> &str {
        "oracle"
    }

    fn decide(&mut self, situation: &Situation) -> Allocation {
        let hour = usize::try_from(situation.hour.0 - self.start.0).ok();
        let is_on = hour.and_then(|hour| self.on.get(hour)).is_some_and(|on| *on);
        let shares = |slots: u32| match is_on {
            true => Shares { train: slots, sample: 0, rest: 0 },
            false => Shares { train: 0, sample: 0, rest: slots },
        };
        let zones = situation.zones.iter().map(|(name, zone)| (name.clone(), shares(zone.slots))).collect();
        let reason = "the hours were known beforehand".into();
        Allocation { zones, policy: self.name().into(), reason }
    }

    fn copy(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}

/// Every row has a result of its own. Its energy is a look-up, and a cell whose input never reaches its output is right by chance.
fn recorded(table: &dyn Table) -> Recorded {
    let fact = |row: &Row| {
        let [error_percent, energy_mj] = row.objectives(Level::Full);
        let known = [row.is_dead.then_some(error_percent / 100.0), Some(energy_mj / MJ_PER_J)];
        (row.architecture.clone(), known)
    };
    Recorded {
        listed: table.rows().iter().map(|row| row.architecture.clone()).collect(),
        knowledge: Box::new(Facts(table.rows().iter().map(fact).collect())),
    }
}

/// Error and joules of one inference, where they are known without training.
#[derive(Debug)]
struct Facts(BTreeMap<Architecture, [Option<f64>; 2]>);

impl Knowledge for Facts {
    fn known(&self, objective: usize, architecture: &Architecture) -> Option<f64> {
        self.0.get(architecture).and_then(|known| known[objective])
    }

    fn is_learnt(&self, objective: usize) -> bool {
        objective == 0
    }

    fn is_trained(&self, objective: usize) -> bool {
        self.is_learnt(objective)
    }
}
