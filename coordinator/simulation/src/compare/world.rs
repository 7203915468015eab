//! The world of a comparison, and one run in it.

use std::sync::Arc;

use common::config::Config;
use common::seed::Seed;
use common::time::GridHour;
use common::unit::{Grams, Joules};

use super::contender::What;
use super::{Contender, Course, of_drive, of_fleet};
use crate::baseline::{Baseline, Future, Parts, build, fewest_cleanest};
use crate::drive::{self, Forecasts, Study};
use crate::fleet::{self, Setting};
use crate::searcher;
use crate::table::{Level, Table};
use crate::world::{HourlyTrace, Limit, TraceError, Work};

/// How much longer an oracle's plan becomes, as a share of its work, while it falls short of its level: what is interrupted learns
/// in another order than what is not.
const LONGER: f64 = 1.1;
/// Areas that were summed in another order, or unit, are the same.
const ROUNDING: f64 = 1e-12;
/// What the hypervolume of a core is in a table's units.
const PER_CORE_UNIT: f64 = 100.0 * 1000.0;

/// Where and when a comparison takes place, and within what.
#[derive(Debug, Clone)]
pub struct World<'a> {
    pub table: &'a dyn Table,
    /// The hypervolume of the whole table, in percent × mJ; it takes a while to find.
    pub maximum: f64,
    pub work: Work,
    /// What one-shot scores of the product are read from.
    pub scores: Level,
    pub zones: Vec<(HourlyTrace, u16)>,
    pub start: GridHour,
    /// Whole hours: the deadline.
    pub horizon_hours: usize,
    /// The product's settings; budgets of carbon and energy hold for baselines too.
    pub config: Config,
    /// Percent of the table's hypervolume at which a run ends.
    pub until_percent: Option<f64>,
    /// Those of `zones` with `config`; every run shares them.
    pub forecasts: Arc<Forecasts>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Drive(#[from] drive::Error),
    #[error(transparent)]
    Baseline(#[from] crate::baseline::BuildError),
    #[error(transparent)]
    Trace(#[from] TraceError),
    #[error("there is no policy `{name}`{nearest} One of {known}")]
    UnknownPolicy { name: String, nearest: String, known: String },
    #[error("there is no searcher `{name}`{nearest}")]
    UnknownSearcher { name: String, nearest: String },
}

impl World<'_> {
    /// One run: the same world, contender and seed give the same course.
    pub fn run(&self, contender: &Contender, seed: u64) -> Result<Course, Error> {
        let until = self.until_percent.map(|percent| self.level(percent));
        match contender.what {
            What::Product => self.driven(contender, &contender.policy, seed, until, None),
            What::LadderOracle(percent) => self.ladder_oracle(contender, percent, seed, until),
            What::Baseline(baseline, percent) => self.baseline(contender, &baseline, percent, seed, until),
        }
    }

    /// A percentage of the table's hypervolume, in percent × mJ.
    pub fn level(&self, percent: f64) -> f64 {
        percent / 100.0 * self.maximum * (1.0 - ROUNDING)
    }

    fn driven(
        &self,
        contender: &Contender,
        policy: &str,
        seed: u64,
        until: Option<f64>,
        plan: Option<Vec<bool>>,
    ) -> Result<Course, Error> {
        let mut config = self.config.clone();
        config.study.seed = seed;
        config.allocation.policy = policy.to_owned();
        config.search.searcher = contender.searcher.clone().unwrap_or(config.search.searcher);
        config.budget.hours = common::config::OrWord::number(self.horizon_hours as f64);
        if let Some(until) = until {
            config.budget.hypervolume = common::config::OrWord::number(until / PER_CORE_UNIT);
        }
        let study = Study {
            table: self.table,
            work: self.work,
            zones: self.zones.clone(),
            start: self.start,
            horizon_hours: self.horizon_hours,
            config,
            scores: self.scores,
            plan,
            forecasts: Some(self.forecasts.clone()),
        };
        let outcome = drive::run(&study, &mut |_| {})?;
        Ok(of_drive::course(&study, &outcome))
    }

    /// As long as it takes from the first moment on every slot, laid into the cleanest hours.
    fn ladder_oracle(
        &self,
        contender: &Contender,
        percent: f64,
        seed: u64,
        until: Option<f64>,
    ) -> Result<Course, Error> {
        let level = self.level(percent);
        let at_once = self.driven(contender, "greedy", seed, Some(level), None)?;
        let all = self.horizon_hours as f64;
        let mut work_hours = at_once.step_to(level).map_or(all, |step| step.hours);
        loop {
            let plan = fewest_cleanest(self.first(), self.start, self.horizon_hours, work_hours, &self.work)?;
            let is_whole = plan.0.iter().all(|on| *on);
            let course = self.driven(contender, "greedy", seed, until, Some(plan.0))?;
            if is_whole || course.step_to(level).is_some() {
                return Ok(course);
            }
            work_hours *= LONGER;
        }
    }

    fn baseline(
        &self,
        contender: &Contender,
        baseline: &Baseline,
        parameter: f64,
        seed: u64,
        until: Option<f64>,
    ) -> Result<Course, Error> {
        let horizon_hours = self.horizon_hours;
        let mut work_hours = horizon_hours as f64;
        if baseline.name == "offline-oracle" {
            let vanilla = Contender::new("vanilla", contender.searcher.as_deref().unwrap_or("random"))?;
            let level = self.level(parameter);
            let needed = Self { until_percent: Some(parameter), ..self.clone() }.run(&vanilla, seed)?;
            work_hours = needed.step_to(level).map_or(work_hours, |step| step.hours);
        }
        let slots: u32 = self.zones.iter().map(|(_, slots)| u32::from(*slots)).sum();
        let name = contender.searcher.as_deref().unwrap_or("random");
        let searcher = searcher::named(name, Seed(seed), baseline.first, slots.max(1) as usize)
            .ok_or_else(|| Error::UnknownSearcher { name: name.into(), nearest: String::new() })?;
        let future = Some(Future { trace: self.first(), start: self.start, horizon_hours, work_hours });
        let parts = Parts { table: self.table, work: self.work, seed: Seed(seed), searcher, future };
        let mut director = build(&contender.policy, parts)?;
        let setting = Setting {
            table: self.table,
            work: self.work,
            zones: self.zones.iter().map(|(trace, slots)| (trace.clone(), u32::from(*slots))).collect(),
            start: self.start,
            horizon_hours,
            limit: self.limit(),
            target_hypervolume: until,
        };
        let run = fleet::run(&setting, director.as_mut())?;
        Ok(of_fleet::course(&setting, &run))
    }

    fn first(&self) -> &HourlyTrace {
        &self.zones[0].0
    }

    fn limit(&self) -> Limit {
        let budget = &self.config.budget;
        Limit {
            joules: budget.energy_kwh.get().map(Joules::from_kwh),
            grams: budget.carbon_g.get().map(Grams),
        }
    }
}
