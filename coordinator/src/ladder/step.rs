//! Those that reached one step of the ladder, kept in the order of their layers.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use common::architecture::Architecture;

use super::contender::Contender;

/// Where somebody stands among those of a step: in a study by the number of the trial.
pub(super) type Place = u64;

#[derive(Debug, Clone, Default)]
pub(super) struct Step {
    contenders: BTreeMap<Place, Contender>,
    places: BTreeMap<Architecture, Place>,
    /// Of whom no trial of a later step exists.
    open: BTreeSet<Place>,
    effort: Efforts,
    /// The non-dominated layers, the lowest first; found when asked for, and lost when somebody comes.
    layers: OnceLock<Vec<Vec<Place>>>,
}

/// Of those that came here by work; what was given took none.
#[derive(Debug, Clone, Copy, Default)]
struct Efforts {
    sum: f64,
    count: usize,
}

impl Step {
    pub fn come(&mut self, place: Place, contender: Contender, taken: bool) {
        self.layers.take();
        self.count(0.0, contender.effort);
        self.places.insert(contender.architecture.clone(), place);
        if !taken {
            self.open.insert(place);
        }
        self.contenders.insert(place, contender);
    }

    /// A later step of `architecture` has begun.
    pub fn take(&mut self, architecture: &Architecture) {
        if let Some(place) = self.places.get(architecture) {
            self.open.remove(place);
        }
    }

    /// What it took to come here is known better now.
    pub fn took(&mut self, place: Place, effort: f64) {
        let Some(contender) = self.contenders.get_mut(&place) else { return };
        let before = std::mem::replace(&mut contender.effort, effort);
        self.count(before, effort);
    }

    fn count(&mut self, before: f64, effort: f64) {
        self.effort.sum += effort - before;
        self.effort.count += usize::from(effort > 0.0);
        self.effort.count -= usize::from(before > 0.0);
    }

    pub fn len(&self) -> usize {
        self.contenders.len()
    }

    pub fn open_len(&self) -> usize {
        self.open.len()
    }

    pub fn open(&self) -> impl Iterator<Item = &Contender> {
        self.open.iter().filter_map(|place| self.contenders.get(place))
    }

    /// What it took to come here, by the mean of all that came here; the next step takes it as much more or less.
    pub fn effort(&self, contender: &Contender) -> f64 {
        let effort = contender.effort * self.effort.count as f64 / self.effort.sum;
        if effort.is_finite() && effort > 0.0 { effort } else { 1.0 }
    }

    /// The open contender of the lowest non-dominated layer (below `layers`), the least crowded of it first. `fits` is told the
    /// effort.
    pub fn best_by_rank(&self, layers: usize, fits: &dyn Fn(f64) -> bool) -> Option<&Contender> {
        if self.open.is_empty() {
            return None;
        }
        let usable = |place: &&Place| {
            self.open.contains(place)
                && self.contenders.get(place).is_some_and(|contender| fits(self.effort(contender)))
        };
        let lowest =
            self.layers().iter().take(layers).find(|layer| layer.iter().any(|place| usable(&place)))?;
        let layer: Vec<&Contender> = lowest.iter().filter_map(|place| self.contenders.get(place)).collect();
        let points: Vec<&[f64]> = layer.iter().map(|contender| contender.objectives.as_slice()).collect();
        let crowding = moo::crowding_distances(&points).ok()?;
        let of_layer = lowest.iter().zip(layer).zip(crowding);
        let open = of_layer.filter(|((place, _), _)| usable(place));
        // Both ends of a layer are infinitely uncrowded.
        let first = open.min_by(|(a, b), (c, d)| d.total_cmp(b).then_with(|| compare(a.1, c.1)));
        first.map(|((_, contender), _)| contender)
    }

    fn layers(&self) -> &[Vec<Place>] {
        self.layers.get_or_init(|| {
            let points: Vec<&[f64]> = self.contenders.values().map(|c| c.objectives.as_slice()).collect();
            // Refused only for NaN, which no accepted evaluation holds.
            let ranks = moo::ranks(&points).unwrap_or_default();
            let mut layers = vec![Vec::new(); ranks.iter().max().map_or(0, |highest| highest + 1)];
            for (&place, rank) in self.contenders.keys().zip(ranks) {
                layers[rank].push(place);
            }
            layers
        })
    }
}

/// Ties go to the smaller error, the first objective.
pub(super) fn compare(a: &Contender, b: &Contender) -> Ordering {
    let pairs = a.objectives.iter().zip(&b.objectives);
    pairs.map(|(x, y)| x.total_cmp(y)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
