//! What the search has learnt of its space.

use lamoo::RegionSummary;

use super::Seen;
use crate::http::model::{Cut, Region, Tree};
use crate::search::region_path;

pub fn tree(seen: Seen<'_>) -> Tree {
    let Some(told) = &seen.pulse.search else {
        return Tree { known: false, learnt_at: None, fidelity: None, regions: Vec::new() };
    };
    let region = |region: &RegionSummary| Region {
        id: region.id.0 as u64,
        parent: region.parent.map(|parent| parent.0 as u64),
        depth: region.depth as u64,
        path: region_path(&told.tree, region.id),
        samples: region.samples as u64,
        pending: region.pending as u64,
        hypervolume: region.hypervolume,
        ucb: region.ucb.filter(|bound| bound.is_finite()),
        leaf: region.leaf,
        chosen: region.chosen,
        cut: region.cut.map(|cut| Cut {
            decision: cut.decision as u64,
            option: u64::from(cut.option),
            better_share: cut.better_share,
            worse_share: cut.worse_share,
        }),
    };
    Tree {
        known: true,
        learnt_at: Some(told.at.to_string()),
        fidelity: Some(told.fidelity.to_string()),
        regions: told.tree.regions.iter().map(region).collect(),
    }
}
