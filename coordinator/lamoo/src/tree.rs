//! The search tree, built anew from all samples: cheaper than it sounds, and then it depends on nothing but them.

use std::collections::BTreeMap;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use serde::{Deserialize, Serialize};

use crate::partition::divide;
use crate::region::{Cut, Region, RegionId, RegionSummary, TreeSummary};
use crate::{Error, Options, Scope};

/// An evaluated architecture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    pub architecture: Architecture,
    /// How thoroughly.
    pub fidelity: Fidelity,
    /// `[m]`, minimised.
    pub objectives: Vec<f64>,
    /// What it took, in any unit that all of its fidelity share; none where that is not known.
    pub effort: Option<f64>,
}

/// An observation as the tree sees it: in its own form, one for each architecture.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub architecture: Architecture,
    /// `[m]`, minimised.
    pub objectives: Vec<f64>,
    /// `[d]`, by the space.
    pub features: Vec<f64>,
}

/// Regions of the space, each divided where its better and worse samples part.
#[derive(Debug, Clone)]
pub struct SearchTree {
    samples: Vec<Sample>,
    regions: Vec<Region>,
}

impl SearchTree {
    /// Learns a tree from the observations at `fidelity`: results of different fidelities are not compared. `reference` is
    /// `[m]`. The order of the observations does not matter, but of several with one own form the last counts.
    pub fn build(
        scope: &Scope<'_>,
        observations: &[Observation],
        fidelity: Fidelity,
        reference: &[f64],
        options: &Options,
    ) -> Result<Self, Error> {
        options.check()?;
        let samples = samples(scope, observations, fidelity)?;
        let everything: Vec<usize> = (0..samples.len()).collect();
        let mut tree = Self { samples, regions: Vec::new() };
        tree.add(None, everything, reference)?;

        let mut next = 0;
        while next < tree.regions.len() {
            let region = &tree.regions[next];
            let may_divide = region.samples.len() >= options.min_samples && region.depth < options.max_depth;
            if may_divide && let Some(partition) = divide(&tree.samples, &region.samples, &options.svm)? {
                let id = region.id;
                let good = tree.add(Some((id, true)), partition.good, reference)?;
                let bad = tree.add(Some((id, false)), partition.bad, reference)?;
                tree.regions[next].border = Some(partition.border);
                tree.regions[next].children = Some([good, bad]);
            }
            next += 1;
        }
        Ok(tree)
    }

    /// The same tree with `pending`, own forms under evaluation, counted as visits of their regions.
    pub fn with_pending<'a>(
        mut self,
        scope: &Scope<'_>,
        pending: impl Iterator<Item = &'a Architecture>,
    ) -> Self {
        for architecture in pending {
            let mut region = self.leaf_of(&scope.space.features(architecture));
            self.regions[region.0].pending += 1;
            while let Some(parent) = self.region(region).parent {
                self.regions[parent.0].pending += 1;
                region = parent;
            }
        }
        self
    }

    /// One for each own form observed, in the order of the architectures.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// All regions by id, parents before children.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    pub fn region(&self, id: RegionId) -> &Region {
        &self.regions[id.0]
    }

    /// The whole space.
    pub fn root(&self) -> &Region {
        &self.regions[0]
    }

    pub fn leaves(&self) -> impl Iterator<Item = &Region> {
        self.regions.iter().filter(|region| region.is_leaf())
    }

    /// Whether an architecture with these features, `[d]`, lies in the region: on its side of each border above it.
    pub fn contains(&self, id: RegionId, features: &[f64]) -> bool {
        self.region(id).path.iter().all(|&(above, side)| {
            let border = self.region(above).border.as_ref().expect("a region with children has a border");
            border.is_positive(features) == side
        })
    }

    /// The leaf that an architecture with these features, `[d]`, falls into.
    pub fn leaf_of(&self, features: &[f64]) -> RegionId {
        let mut region = self.root();
        while let (Some([good, bad]), Some(border)) = (region.children, &region.border) {
            region = self.region(if border.is_positive(features) { good } else { bad });
        }
        region.id
    }

    /// What there is to tell, given the region where candidates are sought and `Cp`'s fraction.
    pub fn summary(&self, chosen: RegionId, exploration: f64) -> TreeSummary {
        let line = |region: &Region| RegionSummary {
            id: region.id,
            parent: region.parent,
            depth: region.depth,
            samples: region.samples.len(),
            pending: region.pending,
            hypervolume: region.hypervolume,
            ucb: self.ucb(region.id, exploration),
            leaf: region.is_leaf(),
            chosen: region.id == chosen,
            cut: region.children.and_then(|children| self.cut(children)),
        };
        TreeSummary { regions: self.regions.iter().map(line).collect() }
    }

    fn cut(&self, [good, bad]: [RegionId; 2]) -> Option<Cut> {
        let of = |id: RegionId| -> Vec<&Architecture> {
            self.region(id).samples.iter().map(|&index| &self.samples[index].architecture).collect()
        };
        Cut::between(&of(good), &of(bad))
    }

    fn add(
        &mut self,
        above: Option<(RegionId, bool)>,
        samples: Vec<usize>,
        reference: &[f64],
    ) -> Result<RegionId, Error> {
        let id = RegionId(self.regions.len());
        let mut path = above.map_or_else(Vec::new, |(parent, _)| self.region(parent).path.clone());
        path.extend(above);
        let objectives: Vec<&[f64]> = samples.iter().map(|&index| &*self.samples[index].objectives).collect();
        let hypervolume = moo::hypervolume(&objectives, reference)?;
        let parent = above.map(|(parent, _)| parent);
        let depth = path.len();
        self.regions.push(Region {
            id,
            parent,
            children: None,
            depth,
            samples,
            pending: 0,
            hypervolume,
            border: None,
            path,
        });
        Ok(id)
    }
}

fn samples(
    scope: &Scope<'_>,
    observations: &[Observation],
    fidelity: Fidelity,
) -> Result<Vec<Sample>, Error> {
    let mut latest = BTreeMap::new();
    for (index, observation) in observations.iter().enumerate() {
        let refuse = |source| Error::Observed { index, space: scope.space.name(), source };
        scope.space.check(&observation.architecture).map_err(refuse)?;
        if observation.fidelity == fidelity {
            latest.insert(scope.own(&observation.architecture), &observation.objectives);
        }
    }
    let sample = |(architecture, objectives): (Architecture, &Vec<f64>)| {
        let features = scope.space.features(&architecture);
        Sample { architecture, objectives: objectives.clone(), features }
    };
    Ok(latest.into_iter().map(sample).collect())
}
