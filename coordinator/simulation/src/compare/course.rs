//! What a run found and spent, step by step.

use std::collections::BTreeMap;

use common::energy::Purpose;
use common::unit::Joules;
use serde::{Deserialize, Serialize};

use crate::world::{Limit, Spent};

/// One run from its start to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Why it ended.
    pub reason: String,
    /// Hours from its start to its end.
    pub hours: f64,
    pub spent: Spent,
    pub by_purpose: BTreeMap<Purpose, Joules>,
    pub finished: Trainings,
    /// Full trainings that improved the front, in their order.
    pub steps: Vec<Step>,
    /// `[hours]`, those that began.
    pub by_hour: Vec<HourOf>,
}

/// Trials that came to their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Trainings {
    pub full: usize,
    pub short: usize,
    pub scored: usize,
}

/// The end of a full training that improved the front.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Since the start.
    pub hours: f64,
    /// By the whole fleet, until now.
    pub spent: Spent,
    /// Full trainings finished, this one among them.
    pub trainings: usize,
    /// In percent × mJ.
    pub hypervolume: f64,
}

/// One hour of the whole fleet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HourOf {
    /// By zone, in the world's order: the intensity that was, in gCO2eq/kWh, and the median of the forecast issued a day before, or at
    /// the start where that is later.
    pub grids: Vec<(f64, Option<f64>)>,
    /// In this hour alone.
    pub spent: Spent,
    /// Slots that the policy gave to each role at its last decision within the hour.
    pub train: u32,
    pub sample: u32,
    pub rest: u32,
}

impl Course {
    pub fn hypervolume(&self) -> f64 {
        self.steps.last().map_or(0.0, |step| step.hypervolume)
    }

    /// The training that lifted the hypervolume to `level`; none when none did.
    pub fn step_to(&self, level: f64) -> Option<&Step> {
        self.steps.iter().find(|step| step.hypervolume >= level)
    }

    /// The hypervolume of the last improvement paid within `limit`.
    pub fn hypervolume_within(&self, limit: &Limit) -> f64 {
        let paid = |step: &&Step| limit.holds(step.spent);
        self.steps.iter().rfind(paid).map_or(0.0, |step| step.hypervolume)
    }

    /// The hypervolume of all full trainings that finished within `hours` of the start.
    pub fn hypervolume_at(&self, hours: f64) -> f64 {
        self.steps.iter().rfind(|step| step.hours <= hours).map_or(0.0, |step| step.hypervolume)
    }

    /// Keeps only what improved on all before.
    pub(super) fn improvements(steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
        let mut improvements: Vec<Step> = Vec::new();
        for step in steps {
            if step.hypervolume > improvements.last().map_or(0.0, |last| last.hypervolume) {
                improvements.push(step);
            }
        }
        improvements
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::unit::Grams;

    fn step(hours: f64, grams: f64, hypervolume: f64) -> Step {
        let spent = Spent { joules: Joules(10.0 * grams), grams: Grams(grams) };
        Step { hours, spent, trainings: hours as usize, hypervolume }
    }

    #[test]
    fn a_course_answers_what_it_took_and_what_it_gave() {
        let steps = [step(1.0, 2.0, 5.0), step(2.0, 3.0, 5.0), step(3.0, 6.0, 8.0)];
        let course = Course {
            reason: String::new(),
            hours: 4.0,
            spent: Spent::default(),
            by_purpose: BTreeMap::new(),
            finished: Trainings::default(),
            steps: Course::improvements(steps),
            by_hour: Vec::new(),
        };
        assert_eq!(course.steps.len(), 2, "what improves nothing is no step");
        assert_eq!(course.step_to(5.5).map(|step| step.trainings), Some(3));
        assert_eq!(course.step_to(9.0), None);
        assert_eq!(course.hypervolume_at(2.9), 5.0);
        let within =
            |grams| course.hypervolume_within(&Limit { grams: Some(Grams(grams)), ..Limit::default() });
        assert_eq!([within(1.0), within(5.9), within(6.0)], [0.0, 5.0, 8.0]);
        assert_eq!(course.hypervolume(), 8.0);
    }
}
