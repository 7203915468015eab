//! Who is the best of those that reached a step.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use common::architecture::Architecture;
use lamoo::Promotion;

/// An architecture that was evaluated on a step of the ladder.
#[derive(Debug, Clone)]
pub(super) struct Contender {
    pub(super) architecture: Architecture,
    /// Minimised.
    pub(super) objectives: Vec<f64>,
    /// What it took to come here, by the mean of all that came here; the next step takes it as much more or less.
    pub(super) effort: f64,
    /// Whether a trial of a later step exists.
    pub(super) taken: bool,
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

    /// Of the untaken contenders that `fits` lets pass, the one that promises most, with its promise; of equals, the
    /// one that is ranked first.
    pub(super) fn best<'c>(
        &self,
        contenders: &'c [Contender],
        fits: &dyn Fn(&Contender) -> bool,
    ) -> Option<(&'c Contender, f64)> {
        let open = contenders.iter().filter(|contender| !contender.taken && fits(contender));
        let promised = open.filter_map(|contender| Some((contender, *self.0.get(&contender.architecture)?)));
        promised.max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| compare(b.0, a.0)))
    }
}

/// The untaken contender of the lowest non-dominated layer (below `layers`), the least crowded of it first.
pub(super) fn best_by_rank<'c>(
    contenders: &'c [Contender],
    layers: usize,
    fits: &dyn Fn(&Contender) -> bool,
) -> Option<&'c Contender> {
    let points: Vec<&[f64]> = contenders.iter().map(|contender| contender.objectives.as_slice()).collect();
    // Refused only for NaN, which no accepted evaluation holds.
    let ranks = moo::ranks(&points).ok()?;
    let is_open = |contender: &Contender| !contender.taken && fits(contender);
    let open = contenders.iter().zip(&ranks).filter(|(contender, _)| is_open(contender));
    let lowest = open.map(|(_, rank)| *rank).min().filter(|lowest| *lowest < layers)?;
    let of_layer = contenders.iter().zip(&ranks).filter(|(_, rank)| **rank == lowest);
    let layer: Vec<&Contender> = of_layer.map(|(contender, _)| contender).collect();
    let points: Vec<&[f64]> = layer.iter().map(|contender| contender.objectives.as_slice()).collect();
    let crowding = moo::crowding_distances(&points).ok()?;
    let open = layer.into_iter().zip(crowding).filter(|(contender, _)| is_open(contender));
    // Both ends of a layer are infinitely uncrowded.
    let first = open.min_by(|a, b| b.1.total_cmp(&a.1).then_with(|| compare(a.0, b.0)));
    first.map(|(contender, _)| contender)
}

/// Ties go to the smaller error, the first objective.
fn compare(a: &Contender, b: &Contender) -> Ordering {
    let pairs = a.objectives.iter().zip(&b.objectives);
    pairs.map(|(x, y)| x.total_cmp(y)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
