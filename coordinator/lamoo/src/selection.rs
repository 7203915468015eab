//! Which region to sample next: the highest upper confidence bound on hypervolume (arXiv 2110.03173, section 3).
//!
//! `UCB(j) = HV(j) + 2 Cp sqrt(2 ln n_parent / n_j)`, with `Cp` a fraction of the hypervolume of all samples; `n` counts
//! samples and trials under way, so that a region is not crowded before its results are in.

use serde::{Deserialize, Serialize};

use crate::SearchTree;
use crate::region::{Region, RegionId};

/// How the tree is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// The best of all leaves.
    Leaf,
    /// From the top, the better child each time.
    Path,
}

impl SearchTree {
    /// The leaf to sample from; the lowest id wins a tie. `exploration` is `Cp` over the hypervolume reached.
    pub fn select(&self, selection: Selection, exploration: f64) -> RegionId {
        match selection {
            Selection::Leaf => self.best(self.leaves(), exploration),
            Selection::Path => {
                let mut region = self.root();
                while let Some(children) = region.children {
                    let children = children.iter().map(|&child| self.region(child));
                    region = self.region(self.best(children, exploration));
                }
                region.id
            }
        }
    }

    /// The upper confidence bound of a region; none for the whole space, which has no parent.
    pub fn ucb(&self, id: RegionId, exploration: f64) -> Option<f64> {
        let region = self.region(id);
        let parent = self.region(region.parent?);
        let visited = |region: &Region| (region.samples.len() + region.pending) as f64;
        let (visits, parent_visits) = (visited(region), visited(parent));
        let cp = exploration * self.root().hypervolume;
        Some(region.hypervolume + 2.0 * cp * (2.0 * libm::log(parent_visits) / visits).sqrt())
    }

    fn best<'a>(&self, regions: impl Iterator<Item = &'a Region>, exploration: f64) -> RegionId {
        let bound = |region: &Region| self.ucb(region.id, exploration).unwrap_or(f64::INFINITY);
        regions
            .reduce(|best, next| if bound(next) > bound(best) { next } else { best })
            .expect("a tree has at least one leaf")
            .id
    }
}
