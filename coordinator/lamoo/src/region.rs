//! A node of the search tree: a part of the space, the samples in it, and what a reader is told about it.

use std::collections::BTreeMap;

use common::architecture::Architecture;
use serde::{Deserialize, Serialize};

use crate::svm::Classifier;

/// A region of one tree; another tree numbers anew. 0 is the whole space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegionId(pub usize);

#[derive(Debug, Clone)]
pub struct Region {
    pub id: RegionId,
    pub parent: Option<RegionId>,
    /// The good child, then the bad one; none for a leaf.
    pub children: Option<[RegionId; 2]>,
    /// Splits above it: 0 for the whole space.
    pub depth: usize,
    /// Indices into the tree's samples, rising.
    pub samples: Vec<usize>,
    /// Trials under way in it: visits that have not paid yet.
    pub pending: usize,
    /// What its samples cover below the reference point.
    pub hypervolume: f64,
    pub(crate) border: Option<Classifier>,
    /// The borders between the whole space and this region, and the side it lies on.
    pub(crate) path: Vec<(RegionId, bool)>,
}

impl Region {
    pub fn is_leaf(&self) -> bool {
        self.children.is_none()
    }
}

/// One line of a tree's description.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegionSummary {
    pub id: RegionId,
    pub parent: Option<RegionId>,
    pub depth: usize,
    pub samples: usize,
    pub pending: usize,
    pub hypervolume: f64,
    /// The upper confidence bound; none for the whole space, which competes with nobody.
    pub ucb: Option<f64>,
    pub leaf: bool,
    /// Whether the candidates were sought here first.
    pub chosen: bool,
    /// What tells its halves apart most; none for a leaf.
    #[serde(default)]
    pub cut: Option<Cut>,
}

/// The one option whose share differs most between the two halves of a region. The border itself is a classifier over all
/// decisions: this is its plainest trace, not its rule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cut {
    /// Index into the space's decisions.
    pub decision: usize,
    pub option: u32,
    /// Of the better half's samples, those that have it.
    pub better_share: f64,
    pub worse_share: f64,
}

impl Cut {
    /// Of `[n]` and `[m]` architectures of one space; none where a half is empty. The first of equals, so that one tree has one
    /// description.
    pub(crate) fn between(better: &[&Architecture], worse: &[&Architecture]) -> Option<Self> {
        let decisions = better.first()?.genes().len();
        let mut most: Option<(f64, Self)> = None;
        for decision in 0..decisions {
            let (of_better, of_worse) = (shares(better, decision), shares(worse, decision));
            for &option in of_better.keys().chain(of_worse.keys()) {
                let share = |of: &BTreeMap<u32, f64>| of.get(&option).copied().unwrap_or(0.0);
                let (better_share, worse_share) = (share(&of_better), share(&of_worse));
                let differs = (better_share - worse_share).abs();
                if !worse.is_empty() && most.as_ref().is_none_or(|(best, _)| differs > *best) {
                    most = Some((differs, Self { decision, option, better_share, worse_share }));
                }
            }
        }
        most.map(|(_, cut)| cut)
    }
}

/// How large a part of the architectures chose each option of a decision.
fn shares(architectures: &[&Architecture], decision: usize) -> BTreeMap<u32, f64> {
    let mut shares = BTreeMap::new();
    for architecture in architectures {
        *shares.entry(architecture.genes()[decision]).or_insert(0.0) += 1.0 / architectures.len() as f64;
    }
    shares
}

/// What a reader may know of a tree: its regions in the order of their ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeSummary {
    pub regions: Vec<RegionSummary>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_that_differs_most_is_named() {
        let of = |genes: &[[u32; 2]]| -> Vec<Architecture> {
            genes.iter().map(|genes| Architecture::new(genes.to_vec())).collect()
        };
        let (better, worse) = (of(&[[0, 1], [1, 1]]), of(&[[0, 2], [1, 1], [0, 2], [1, 2]]));
        let (better, worse): (Vec<_>, Vec<_>) = (better.iter().collect(), worse.iter().collect());
        let cut = Cut::between(&better, &worse).unwrap();
        assert_eq!((cut.decision, cut.option, cut.better_share, cut.worse_share), (1, 1, 1.0, 0.25));
        assert_eq!(Cut::between(&better, &[]), None);
        assert_eq!(Cut::between(&[], &worse), None);
    }
}
