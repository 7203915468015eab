//! The candidates gathered in one region, and the rules that each must meet.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::space::SearchSpace;

use super::Pool;
use crate::region::{Region, RegionId};
use crate::tree::{Sample, SearchTree};

/// Up to `wanted` new architectures of one region.
#[derive(Debug)]
pub struct Batch<'a> {
    pool: &'a Pool<'a>,
    tree: &'a SearchTree,
    region: RegionId,
    /// Own forms evaluated, pending, or already in a batch.
    taken: &'a BTreeSet<Architecture>,
    wanted: usize,
    attempts_left: usize,
    chosen: Vec<Chosen>,
}

/// One that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// In its own form.
    pub architecture: Architecture,
    /// The hypervolume that a full training is expected to add at the price of what it takes, or hoped to, where that is why it
    /// was chosen; none where the sampler has no model.
    pub promise: Option<f64>,
}

impl<'a> Batch<'a> {
    /// An empty batch. `taken` holds own forms; `attempts` bounds the offers in a space too large to enumerate.
    pub fn new(
        pool: &'a Pool<'a>,
        tree: &'a SearchTree,
        region: RegionId,
        taken: &'a BTreeSet<Architecture>,
        wanted: usize,
        attempts: usize,
    ) -> Self {
        Self { pool, tree, region, taken, wanted, attempts_left: attempts, chosen: Vec::new() }
    }

    /// Takes the architecture's own form where it is new, admitted and in the region. Costs an attempt.
    pub fn offer(&mut self, architecture: &Architecture) -> bool {
        if self.is_done() {
            return false;
        }
        self.attempts_left -= 1;
        self.take(architecture, None)
    }

    /// Offers what a model expects so much of. Costs no attempt: what was weighed was counted.
    pub fn offer_promising(&mut self, architecture: &Architecture, promise: f64) -> bool {
        !self.is_full() && self.take(architecture, Some(promise))
    }

    /// Offers every architecture of an enumerable space, in the order given by its places in [`Pool::all`]. Costs no
    /// attempts: the space itself is the bound.
    pub fn offer_all(&mut self, places: impl Iterator<Item = usize>) {
        let Some(all) = self.pool.all() else { return };
        for place in places {
            if self.is_full() {
                return;
            }
            // What is listed stands in its own form, and is admitted.
            let own = &all[place];
            if self.is_new(own) && self.is_inside(own) {
                self.chosen.push(Chosen { architecture: own.clone(), promise: None });
            }
        }
    }

    /// Counts `attempts` that were spent on weighing.
    pub fn spend(&mut self, attempts: usize) {
        self.attempts_left = self.attempts_left.saturating_sub(attempts);
    }

    /// Nothing more can be taken.
    pub fn is_done(&self) -> bool {
        self.is_full() || self.attempts_left == 0
    }

    pub fn is_full(&self) -> bool {
        self.chosen.len() == self.wanted
    }

    /// How many more are wanted.
    pub fn missing(&self) -> usize {
        self.wanted - self.chosen.len()
    }

    pub fn attempts_left(&self) -> usize {
        self.attempts_left
    }

    pub fn space(&self) -> &'a dyn SearchSpace {
        self.pool.space()
    }

    /// What there is, where it can be listed.
    pub fn pool(&self) -> &'a Pool<'a> {
        self.pool
    }

    pub fn tree(&self) -> &'a SearchTree {
        self.tree
    }

    pub fn region(&self) -> &'a Region {
        self.tree.region(self.region)
    }

    /// The region's samples.
    pub fn samples(&self) -> impl Iterator<Item = &'a Sample> + use<'a> {
        let tree = self.tree;
        self.region().samples.iter().map(move |&index| &tree.samples()[index])
    }

    pub fn chosen(&self) -> &[Chosen] {
        &self.chosen
    }

    pub fn into_chosen(self) -> Vec<Chosen> {
        self.chosen
    }

    /// Whether an own form would be taken: new, admitted and in the region, the cheapest rule first.
    pub fn is_open(&self, own: &Architecture) -> bool {
        self.is_new(own) && self.pool.scope().admits(own) && self.is_inside(own)
    }

    /// Neither evaluated nor pending nor chosen.
    pub fn is_new(&self, own: &Architecture) -> bool {
        !self.taken.contains(own) && !self.chosen.iter().any(|chosen| chosen.architecture == *own)
    }

    pub fn is_inside(&self, own: &Architecture) -> bool {
        self.region().depth == 0 || self.tree.contains(self.region, &self.space().features(own))
    }

    fn take(&mut self, architecture: &Architecture, promise: Option<f64>) -> bool {
        let own = self.pool.scope().own(architecture);
        let fits = self.is_open(&own);
        if fits {
            self.chosen.push(Chosen { architecture: own, promise });
        }
        fits
    }
}
