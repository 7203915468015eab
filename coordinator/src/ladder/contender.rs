//! Who is on a step, and what a model expects of them.

use std::collections::BTreeMap;

use common::architecture::Architecture;
use lamoo::Promotion;

use super::step::{Step, compare};

/// An architecture that was evaluated on a step of the ladder.
#[derive(Debug, Clone)]
pub(super) struct Contender {
    pub(super) architecture: Architecture,
    /// Minimised.
    pub(super) objectives: Vec<f64>,
    /// What it took to come here, in any unit that all of the step share.
    pub(super) effort: f64,
}

/// What a model expects of those known from below, by the last answer. Who has come up since is not among them.
#[derive(Debug)]
pub(super) struct Promises<'p>(BTreeMap<&'p Architecture, f64>);

impl<'p> Promises<'p> {
    pub(super) fn new(promotions: &'p [Promotion]) -> Self {
        let usable = promotions.iter().filter(|promotion| !promotion.promise.is_nan());
        Self(usable.map(|promotion| (&promotion.architecture, promotion.promise)).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Of the open contenders whose effort `fits` lets pass, the one that promises most, with its promise; of equals, the one that
    /// is ranked first.
    pub(super) fn best<'c>(
        &self,
        step: &'c Step,
        fits: &dyn Fn(f64) -> bool,
    ) -> Option<(&'c Contender, f64)> {
        if self.is_empty() {
            return None;
        }
        let open = step.open().filter(|contender| fits(step.effort(contender)));
        let promised = open.filter_map(|contender| Some((contender, *self.0.get(&contender.architecture)?)));
        promised.max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| compare(b.0, a.0)))
    }
}
