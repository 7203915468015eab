//! A node of the search tree: a part of the space, the samples in it, and what a reader is told about it.

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
}

/// What a reader may know of a tree: its regions in the order of their ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeSummary {
    pub regions: Vec<RegionSummary>,
}
