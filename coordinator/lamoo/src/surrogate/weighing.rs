//! Many at once: the most promising of a list, and what effort buys elsewhere.
//!
//! What is hoped bounds what is expected and costs less to ask: who hopes for less than the best so far is expected to add is passed
//! over.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::fidelity::Fidelity;

use super::Surrogate;
use super::belief::Belief;
use super::gain::ExpectedGain;
use super::price::Price;

/// Neighbours of the front that tell the price of effort where the space can't be listed.
const MOST_NEAR: usize = 256;

impl Surrogate<'_> {
    /// The most promising of the list, of those that are open.
    pub(crate) fn foremost(&self, is_open: impl Fn(&Architecture) -> bool) -> Option<(&Architecture, f64)> {
        let all = self.question.pool.all()?;
        let least = self.learnt.least_effort();
        let mut best: Option<(&Architecture, f64)> = None;
        for &(place, hope) in self.gains() {
            let falls_short = |promise: f64| best.is_some_and(|(_, most)| promise <= most);
            // What is expected is less than what is hoped, and no place takes less than the least.
            if falls_short(self.price.promise(hope, least)) {
                break;
            }
            let own = &all[place];
            if falls_short(self.priced(hope, own, Some(place))) {
                continue;
            }
            let promise = self.promise(own, Some(place));
            if !falls_short(promise) && is_open(own) {
                best = Some((own, promise));
            }
        }
        best
    }

    /// What each place of the list would add if all went as well as an optimist hopes, whatever it takes; places that even then
    /// add nothing are left out, the most first.
    fn gains(&self) -> &[(usize, f64)] {
        self.gains.get_or_init(|| self.weigh_all())
    }

    fn weigh_all(&self) -> Vec<(usize, f64)> {
        let all = self.question.pool.all().unwrap_or_default();
        let objectives = self.question.reference.len();
        let mut optimistic = Vec::with_capacity(all.len() * objectives);
        for (place, own) in all.iter().enumerate() {
            let of = |objective| self.belief(objective, own, Some(place)).optimistic();
            optimistic.extend((0..objectives).map(of));
        }
        let optimistic: Vec<&[f64]> = optimistic.chunks_exact(objectives).collect();
        let Ok(gains) = self.front.gains(&optimistic) else { return Vec::new() };
        let mut hopes: Vec<(usize, f64)> =
            gains.into_iter().enumerate().filter(|(_, gain)| *gain > 0.0).collect();
        hopes.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        hopes
    }

    /// By the training after the next, of all that can be listed or stands near the front.
    pub(super) fn ask_the_price(&mut self) -> Option<Price> {
        if !self.learnt.knows_efforts() {
            return None;
        }
        let near = if self.question.pool.all().is_some() { Vec::new() } else { self.near_front() };
        let weighed: Vec<(&Architecture, Option<usize>, f64)> = match self.question.pool.all() {
            Some(all) => self.gains().iter().map(|&(place, hope)| (&all[place], Some(place), hope)).collect(),
            None => near.iter().map(|own| (own, None, f64::INFINITY)).collect(),
        };
        // What is expected is less than what is hoped.
        type Expect<'e> = &'e dyn Fn(&Architecture, Option<usize>) -> f64;
        let foremost = |expect: Expect<'_>| {
            let mut best: Option<(&Architecture, Option<usize>, f64)> = None;
            for &(own, place, hope) in &weighed {
                if best.is_some_and(|(_, _, most)| hope <= most) {
                    break;
                }
                let expected = expect(own, place);
                if best.is_none_or(|(_, _, most)| expected > most) {
                    best = Some((own, place, expected));
                }
            }
            best
        };
        let (next, place, _) = foremost(&|own, place| self.expected(own, place))?;
        let mut front = self.front.clone();
        let values: Vec<f64> = self.beliefs(next, place).iter().map(Belief::median).collect();
        front.insert(&values, ()).ok()?;
        let after = ExpectedGain::beyond(&front);
        let (own, place, gain) = foremost(&|own, place| after.of(&self.beliefs(own, place)))?;
        let effort = self.learnt.effort(self.question.pool.scope(), own, place);
        let fulls = self.question.observations.iter().filter(|seen| seen.fidelity == Fidelity::Full);
        let trainings = self.question.affordable.map(|more| fulls.count() as f64 + more.max(0.0));
        // Before anything is reached, what the first is believed to reach stands for it.
        let reached = if self.front.is_empty() { front.hypervolume() } else { self.front.hypervolume() };
        Some(Price::of(reached, gain, effort, trainings))
    }

    /// Neighbours of what is on the front, by what was shown of it.
    fn near_front(&mut self) -> Vec<Architecture> {
        let scope = *self.question.pool.scope();
        let fulls = self.question.observations.iter().filter(|seen| seen.fidelity == Fidelity::Full);
        let on_front = fulls
            .filter(|seen| self.front.members().iter().any(|member| *member.objectives == *seen.objectives));
        let neighbours = on_front.flat_map(|seen| scope.space.neighbours(&seen.architecture)).take(MOST_NEAR);
        let near: BTreeSet<Architecture> = neighbours.map(|near| scope.own(&near)).collect();
        near.iter().for_each(|own| self.see(own));
        near.into_iter().collect()
    }
}
