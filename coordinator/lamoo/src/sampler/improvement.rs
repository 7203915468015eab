//! Where a surrogate expects most: the region's architectures with the largest expected hypervolume improvement, one after
//! the other, each as if the one before had shown what is believed of it.
//!
//! A list is weighed as a whole. In a larger space candidates are gathered (uniform ones, children of the region's best) and
//! the best of them climb to their best neighbours, while attempts last.
//!
//! Where the model expects little, its own errors are what is left to find: now and then the neighbour of the front has its
//! turn of which most can be *hoped*. A model that is wrong about one option of one decision is set right there, whereas the
//! most uncertain of all architectures are mostly the strangest. Begun early, this keeps a study from training in vain for
//! hours what a wrong model promises.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use rand_chacha::ChaCha8Rng;

use super::evolution::Evolution;
use super::{Batch, Random, Sampler};
use crate::surrogate::Surrogate;

/// Shares of the attempts that go to uniform draws and to children; the rest climbs.
const DRAWN: f64 = 0.2;
const BORN: f64 = 0.3;
/// Climbers at most.
const CLIMBERS: usize = 4;
/// Share of the hypervolume reached below which an expected gain is little.
const LITTLE: f64 = 1e-2;
/// One in so many choices goes by hope, then.
const TURN: usize = 20;

#[derive(Debug)]
pub struct Improvement<'q> {
    surrogate: Surrogate<'q>,
}

impl<'q> Improvement<'q> {
    pub fn new(surrogate: Surrogate<'q>) -> Self {
        Self { surrogate }
    }

    /// The most promising open architecture of the list.
    fn best_listed(&self, batch: &Batch<'_>) -> Option<(Architecture, f64)> {
        let foremost = self.surrogate.foremost(|own| batch.is_new(own) && batch.is_inside(own));
        foremost.map(|(own, promise)| (own.clone(), promise))
    }

    /// Whether a choice that promises so much gives way to hope.
    fn is_turn_of_hope(&self, batch: &Batch<'_>, promise: f64) -> bool {
        let known = batch.tree().samples().len() + batch.chosen().len();
        known.is_multiple_of(TURN) && promise < LITTLE * self.surrogate.hypervolume()
    }

    /// The open neighbour of the region's front of which most can be hoped, among the first `most`, and how much that is: it
    /// stands for its promise, for by what is expected its turn would never come.
    fn best_hope(&mut self, batch: &Batch<'_>, most: usize) -> Option<(Architecture, f64)> {
        let scope = batch.pool().scope();
        let neighbours =
            super::evolution::front(batch).into_iter().flat_map(|own| scope.space.neighbours(own));
        let near: BTreeSet<Architecture> =
            neighbours.take(most).map(|neighbour| scope.own(&neighbour)).collect();
        let hoped = near.into_iter().filter(|own| batch.is_open(own)).map(|own| {
            let hope = self.surrogate.hope(&own, batch.pool().place(&own));
            (own, hope)
        });
        // The first of equals.
        hoped.filter(|(_, hope)| *hope > 0.0).reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// The most promising open architecture found with the batch's attempts, of which `share` may be spent.
    fn best_found(
        &mut self,
        batch: &mut Batch<'_>,
        share: usize,
        rng: &mut ChaCha8Rng,
    ) -> Option<(Architecture, f64)> {
        let mut weighed = Weighed::default();
        let space = batch.space();
        let parents = super::evolution::best(batch, Evolution::default().parents);
        let drawn = (share as f64 * DRAWN) as usize;
        let born = if parents.is_empty() { 0 } else { (share as f64 * BORN) as usize };
        for _ in 0..drawn {
            weighed.weigh(&mut self.surrogate, batch, &space.random(rng));
        }
        for _ in 0..born {
            let child = Evolution::default().child(space, &parents, rng);
            weighed.weigh(&mut self.surrogate, batch, &child);
        }
        weighed.open.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        weighed.open.truncate(CLIMBERS);
        let mut left = share.saturating_sub(drawn + born);
        let mut best = weighed.open.first().cloned();
        for mut climber in std::mem::take(&mut weighed.open) {
            while left > 0 {
                let neighbours = space.neighbours(&climber.0);
                let affordable = neighbours.len().min(left);
                left -= affordable;
                for neighbour in &neighbours[..affordable] {
                    weighed.weigh(&mut self.surrogate, batch, neighbour);
                }
                let highest = std::mem::take(&mut weighed.open)
                    .into_iter()
                    .max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(&a.0)));
                match highest {
                    Some(higher) if higher.1 > climber.1 => climber = higher,
                    _ => break,
                }
            }
            if best.as_ref().is_none_or(|(_, most)| climber.1 > *most) {
                best = Some(climber);
            }
        }
        batch.spend(share);
        best.filter(|(_, promise)| *promise > 0.0)
    }
}

/// Open architectures with what they promise, each weighed once.
#[derive(Debug, Default)]
struct Weighed {
    known: BTreeSet<Architecture>,
    open: Vec<(Architecture, f64)>,
}

impl Weighed {
    fn weigh(&mut self, surrogate: &mut Surrogate<'_>, batch: &Batch<'_>, architecture: &Architecture) {
        let own = batch.pool().scope().own(architecture);
        if self.known.insert(own.clone()) && batch.is_open(&own) {
            surrogate.see(&own);
            let promise = surrogate.promise(&own, None);
            self.open.push((own, promise));
        }
    }
}

impl Sampler for Improvement<'_> {
    fn name(&self) -> &'static str {
        "surrogate"
    }

    fn fill(&mut self, batch: &mut Batch<'_>, rng: &mut ChaCha8Rng) {
        let is_listed = batch.pool().all().is_some();
        let mut missing = batch.missing();
        while missing > 0 && !batch.is_done() {
            let share = batch.attempts_left().div_ceil(missing + 1);
            let found = if is_listed { self.best_listed(batch) } else { self.best_found(batch, share, rng) };
            let promise = found.as_ref().map_or(0.0, |(_, promise)| *promise);
            let hoped = match self.is_turn_of_hope(batch, promise) {
                true if is_listed => self.best_hope(batch, batch.attempts_left()),
                true => {
                    let most = share.min(batch.attempts_left());
                    batch.spend(most);
                    self.best_hope(batch, most)
                }
                false => None,
            };
            let Some((own, promise)) = hoped.or(found) else { break };
            if !batch.offer_promising(&own, promise) {
                break;
            }
            missing -= 1;
            if missing > 0 {
                self.surrogate.suppose(&own);
            }
        }
        // Nothing is expected to add anything: then anything new teaches something.
        Random.fill(batch, rng);
    }
}
