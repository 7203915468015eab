//! Every run in full: as JSON for programs, and what tables and pictures are made from.

use std::collections::BTreeMap;

use common::energy::Purpose;
use common::unit::Grams;
use serde::Serialize;
use simulation::compare::{Course, HourOf, Step, Trainings, World};
use simulation::world::Limit;

use super::Task;
use super::given::Given;

/// Raised when a key changes its meaning.
const FORMAT: u32 = 1;
const G_PER_KG: f64 = 1000.0;

#[derive(Debug, Serialize)]
pub struct Told {
    format: u32,
    version: &'static str,
    pub table: String,
    pub rows: usize,
    /// The hypervolume of everything together, in percent × mJ.
    pub maximum: f64,
    pub deadline_hours: usize,
    /// Percentages of it that were waited for.
    pub levels: Vec<f64>,
    pub caps_kg: Vec<f64>,
    pub worlds: Vec<WorldTold>,
}

#[derive(Debug, Serialize)]
pub struct WorldTold {
    pub zones: Vec<ZoneTold>,
    pub start: String,
    pub contenders: Vec<ContenderTold>,
}

#[derive(Debug, Serialize)]
pub struct ZoneTold {
    pub zone: String,
    pub slots: u16,
}

#[derive(Debug, Serialize)]
pub struct ContenderTold {
    pub policy: String,
    pub searcher: Option<String>,
    /// Whether it knows what is still to come.
    pub is_oracle: bool,
    /// Whether it is the coordinator's core, with its ladder.
    pub is_product: bool,
    pub runs: Vec<RunTold>,
}

#[derive(Debug, Serialize)]
pub struct RunTold {
    pub seed: u64,
    pub reason: String,
    pub hours: f64,
    pub kwh: f64,
    pub kg: f64,
    pub kwh_by_purpose: BTreeMap<Purpose, f64>,
    pub finished: Trainings,
    /// Of the table's hypervolume, at the end.
    pub percent: f64,
    /// log10 of what is missing to the table's hypervolume; null when nothing is.
    pub log10_missing: Option<f64>,
    /// What it took to each of the levels; null where it was not reached.
    pub to: Vec<Option<StepTold>>,
    /// Percent that each of the caps paid for.
    pub within: Vec<f64>,
    pub steps: Vec<StepTold>,
    pub by_hour: Vec<HourTold>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub struct StepTold {
    pub hours: f64,
    pub kwh: f64,
    pub kg: f64,
    pub trainings: usize,
    pub percent: f64,
}

#[derive(Debug, Serialize)]
pub struct HourTold {
    pub kwh: f64,
    pub kg: f64,
    pub train: u32,
    pub sample: u32,
    pub rest: u32,
    pub grids: Vec<GridTold>,
}

#[derive(Debug, Serialize)]
pub struct GridTold {
    pub g_per_kwh: f64,
    /// The median of the forecast a day before.
    pub expected_g_per_kwh: Option<f64>,
}

impl Told {
    /// `courses` are those of `tasks`.
    pub fn of(given: &Given, worlds: &[World<'_>], tasks: &[Task], courses: &[Course]) -> Self {
        let maximum = given.maximum;
        let contender = |world: usize, contender: usize| {
            let of = &given.contenders[contender];
            let own = tasks
                .iter()
                .zip(courses)
                .filter(|(task, _)| task.world == world && task.contender == contender);
            ContenderTold {
                policy: of.policy.clone(),
                searcher: of.searcher.clone(),
                is_oracle: of.is_oracle(),
                is_product: of.is_product(),
                runs: own
                    .map(|(task, course)| RunTold::of(given, &worlds[world], maximum, task.seed, course))
                    .collect(),
            }
        };
        let world = |(place, world): (usize, &World<'_>)| WorldTold {
            zones: world
                .zones
                .iter()
                .map(|(trace, slots)| ZoneTold { zone: trace.zone().to_string(), slots: *slots })
                .collect(),
            start: world.start.to_string(),
            contenders: (0..given.contenders.len()).map(|of| contender(place, of)).collect(),
        };
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION"),
            table: given.table.name().to_owned(),
            rows: given.table.rows().len(),
            maximum,
            deadline_hours: given.hours,
            levels: given.levels.clone(),
            caps_kg: given.caps_kg.clone(),
            worlds: worlds.iter().enumerate().map(world).collect(),
        }
    }
}

impl RunTold {
    fn of(given: &Given, world: &World<'_>, maximum: f64, seed: u64, course: &Course) -> Self {
        let percent = |hypervolume: f64| 100.0 * hypervolume / maximum;
        let step = |step: &Step| StepTold {
            hours: step.hours,
            kwh: step.spent.joules.kwh(),
            kg: step.spent.grams.0 / G_PER_KG,
            trainings: step.trainings,
            percent: percent(step.hypervolume),
        };
        let within = |kg: f64| {
            let limit = Limit { grams: Some(Grams(kg * G_PER_KG)), ..Limit::default() };
            percent(course.hypervolume_within(&limit))
        };
        let missing = maximum - course.hypervolume();
        Self {
            seed,
            reason: course.reason.clone(),
            hours: course.hours,
            kwh: course.spent.joules.kwh(),
            kg: course.spent.grams.0 / G_PER_KG,
            kwh_by_purpose: course
                .by_purpose
                .iter()
                .map(|(purpose, joules)| (*purpose, joules.kwh()))
                .collect(),
            finished: course.finished,
            percent: percent(course.hypervolume()),
            log10_missing: (missing > maximum * 1e-12).then(|| missing.log10()),
            to: given.levels.iter().map(|level| course.step_to(world.level(*level)).map(step)).collect(),
            within: given.caps_kg.iter().map(|kg| within(*kg)).collect(),
            steps: course.steps.iter().map(step).collect(),
            by_hour: course.by_hour.iter().map(HourTold::of).collect(),
        }
    }
}

impl HourTold {
    fn of(hour: &HourOf) -> Self {
        let grid = |(g_per_kwh, expected_g_per_kwh): &(f64, Option<f64>)| GridTold {
            g_per_kwh: *g_per_kwh,
            expected_g_per_kwh: *expected_g_per_kwh,
        };
        Self {
            kwh: hour.spent.joules.kwh(),
            kg: hour.spent.grams.0 / G_PER_KG,
            train: hour.train,
            sample: hour.sample,
            rest: hour.rest,
            grids: hour.grids.iter().map(grid).collect(),
        }
    }
}

impl WorldTold {
    /// `CISO` or `CISO+DE`.
    pub fn zone_names(&self) -> String {
        self.zones.iter().map(|zone| zone.zone.as_str()).collect::<Vec<_>>().join("+")
    }

    pub fn slots(&self) -> u32 {
        self.zones.iter().map(|zone| u32::from(zone.slots)).sum()
    }
}

impl ContenderTold {
    pub fn name(&self) -> String {
        match &self.searcher {
            Some(searcher) => format!("{}/{searcher}", self.policy),
            None => self.policy.clone(),
        }
    }
}
