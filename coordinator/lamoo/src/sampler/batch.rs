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
    /// Canonical forms evaluated, pending, or already in a batch.
    taken: &'a BTreeSet<Architecture>,
    wanted: usize,
    attempts_left: usize,
    chosen: Vec<Architecture>,
}

impl<'a> Batch<'a> {
    /// An empty batch. `taken` holds canonical forms; `attempts` bounds the offers in a space too large to enumerate.
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

    /// Takes the architecture's canonical form where it is new, trainable and in the region. Costs an attempt.
    pub fn offer(&mut self, architecture: &Architecture) -> bool {
        if self.is_done() {
            return false;
        }
        self.attempts_left -= 1;
        self.take(architecture)
    }

    /// Offers every architecture of an enumerable space, in the order given by its places in [`Pool::all`]. Costs no
    /// attempts: the space itself is the bound.
    pub fn offer_all(&mut self, places: impl Iterator<Item = usize>) {
        let Some(all) = self.pool.all() else { return };
        for place in places {
            if self.is_full() {
                return;
            }
            self.take(&all[place]);
        }
    }

    /// Nothing more can be taken.
    pub fn is_done(&self) -> bool {
        self.is_full() || self.attempts_left == 0
    }

    pub fn is_full(&self) -> bool {
        self.chosen.len() == self.wanted
    }

    pub fn attempts_left(&self) -> usize {
        self.attempts_left
    }

    pub fn space(&self) -> &'a dyn SearchSpace {
        self.pool.space()
    }

    /// Every canonical form, where the space is small enough.
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

    pub fn chosen(&self) -> &[Architecture] {
        &self.chosen
    }

    pub fn into_chosen(self) -> Vec<Architecture> {
        self.chosen
    }

    /// The rules, cheapest first.
    fn take(&mut self, architecture: &Architecture) -> bool {
        let space = self.space();
        let canonical = space.canonical(architecture);
        let fits = !self.taken.contains(&canonical)
            && !self.chosen.contains(&canonical)
            && space.trainable(&canonical)
            && self.tree.contains(self.region, &space.features(&canonical));
        if fits {
            self.chosen.push(canonical);
        }
        fits
    }
}
