//! Which networks a step trains.

use common::architecture::Architecture;
use common::seed::Seed;
use common::space::{Mobile, SearchSpace, darts, nas_bench_201};
use common::trial::Part;
use rand::RngExt;
use rand::seq::SliceRandom;

use crate::network::Family;

#[derive(Debug, Clone, Copy)]
pub enum Paths<'a> {
    /// One network, every step.
    Alone(&'a Architecture),
    /// Of all that share their weights, or of a part of them, some in every step, so chosen that none is trained at the expense of
    /// others.
    Fair { family: &'a Family, part: Option<Part> },
    /// Of these, at least one, some in every step: each as often as the others.
    Among(&'a [Architecture]),
}

/// Networks of a step among members of a region: as many as there are operations on an edge of the cells.
const AMONG: usize = 5;
/// Networks of a step of Mobile's supernet: the largest, the smallest and two at random (the sandwich rule of Yu and Huang,
/// ICCV 2019).
const SANDWICH: usize = 4;

impl Paths<'_> {
    pub fn per_step(self) -> u64 {
        let paths = match self {
            Self::Alone(_) => 1,
            Self::Fair { family: Family::NasBench201(_), .. } => nas_bench_201::Operation::ALL.len(),
            Self::Fair { family: Family::Darts(_), .. } => darts::Operation::ALL.len(),
            Self::Fair { family: Family::Mobile(_), .. } => SANDWICH,
            Self::Among(members) => members.len().min(AMONG),
        };
        paths as u64
    }

    pub fn of_step(self, seed: Seed, step: u64) -> Vec<Architecture> {
        let (mut paths, part) = match self {
            Self::Alone(architecture) => return vec![architecture.clone()],
            Self::Among(members) => return among(members, self.per_step(), seed, step),
            Self::Fair { family: Family::Mobile(space), part } => (sandwich(space, seed, step), part),
            Self::Fair { family, part } => (fair(family.space(), self.per_step() as u32, seed, step), part),
        };
        if let Some(part) = part {
            paths.iter_mut().for_each(|path| *path = brought_into(part, path));
        }
        paths
    }
}

/// The same but for what the part has decided.
fn brought_into(Part { decision, option }: Part, path: &Architecture) -> Architecture {
    let mut genes = path.genes().to_vec();
    genes[decision as usize] = option;
    Architecture::new(genes)
}

/// For each decision among as many options as there are paths, a random permutation of them, read across the decisions: together
/// the paths use every operation of every edge once (Chu et al., FairNAS, ICCV 2021). Other decisions (which nodes an edge of
/// DARTS joins) are drawn.
fn fair(space: &dyn SearchSpace, paths: u32, seed: Seed, step: u64) -> Vec<Architecture> {
    let mut rng = seed.stream("paths", step);
    let mut across = |options: u32| -> Vec<u32> {
        if options != paths {
            return (0..paths).map(|_| rng.random_range(0..options)).collect();
        }
        let mut genes: Vec<u32> = (0..options).collect();
        genes.shuffle(&mut rng);
        genes
    };
    let genes: Vec<Vec<u32>> = space.decisions().iter().map(|decision| across(decision.options)).collect();
    let path = |turn: usize| Architecture::new(genes.iter().map(|genes| genes[turn]).collect());
    (0..paths as usize).map(path).collect()
}

/// Rounds through all members, each round in an order of its own.
fn among(members: &[Architecture], per_step: u64, seed: Seed, step: u64) -> Vec<Architecture> {
    let count = members.len() as u64;
    let member = |turn: u64| {
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.shuffle(&mut seed.stream("members", turn / count));
        members[order[(turn % count) as usize]].clone()
    };
    (step * per_step..(step + 1) * per_step).map(member).collect()
}

fn sandwich(space: &Mobile, seed: Seed, step: u64) -> Vec<Architecture> {
    let mut rng = seed.stream("paths", step);
    let largest = space.largest().expect("blocks have a largest");
    let smallest = Architecture::new(vec![0; largest.genes().len()]);
    let mut paths = vec![largest, smallest];
    while paths.len() < SANDWICH {
        paths.push(space.random(&mut rng));
    }
    paths
}

#[cfg(test)]
mod tests {
    use common::space::darts::{Darts, Stem};
    use common::space::nas_bench_201::{NasBench201, Nodes, Skeleton};

    use super::*;

    fn cells(nodes: Nodes) -> Family {
        let skeleton = Skeleton { channels: 4, cells_per_stage: 1, input: [1, 8, 8], classes: 3, nodes };
        Family::NasBench201(NasBench201::new(skeleton))
    }

    #[test]
    fn a_step_uses_every_operation_of_every_edge_once() {
        let darts =
            darts::Skeleton { channels: 4, layers: 3, input: [1, 8, 8], classes: 3, stem: Stem::Cifar };
        let families = [cells(Nodes::Four), cells(Nodes::Three), Family::Darts(Darts::new(darts))];
        for (step, family) in (0..30).zip(families.iter().cycle()) {
            let fair = Paths::Fair { family, part: None };
            let paths = fair.of_step(Seed(3), step);
            assert_eq!(paths.len() as u64, fair.per_step());
            for (place, decision) in family.space().decisions().iter().enumerate() {
                let mut used: Vec<u32> = paths.iter().map(|path| path.genes()[place]).collect();
                used.sort_unstable();
                if decision.options as usize == paths.len() {
                    assert!(used.iter().copied().eq(0..decision.options));
                }
            }
            assert!(paths.iter().all(|path| family.space().check(path).is_ok()));
        }
        let family = cells(Nodes::Four);
        let fair = Paths::Fair { family: &family, part: None };
        assert_ne!(fair.of_step(Seed(3), 0), fair.of_step(Seed(3), 1));
        assert_eq!(fair.of_step(Seed(3), 7), fair.of_step(Seed(3), 7));
    }

    #[test]
    fn members_of_a_region_take_turns() {
        let members: Vec<Architecture> = (0..7).map(|gene| Architecture::new(vec![gene; 6])).collect();
        let among = Paths::Among(&members);
        assert_eq!(among.per_step(), 5);
        let drawn: Vec<Architecture> = (0..7).flat_map(|step| among.of_step(Seed(3), step)).collect();
        for member in &members {
            assert_eq!(drawn.iter().filter(|drawn| *drawn == member).count(), 5, "{member:?}");
        }
        assert_ne!(drawn[..7], drawn[7..14], "each round has an order of its own");
        assert_eq!(Paths::Among(&members[..2]).of_step(Seed(3), 4).len(), 2);
    }

    #[test]
    fn a_part_keeps_what_it_has_decided_and_is_fair_in_all_else() {
        let family = cells(Nodes::Four);
        for part in (0..5).map(|option| Part { decision: 2, option }) {
            let paths = Paths::Fair { family: &family, part: Some(part) }.of_step(Seed(3), 0);
            assert!(paths.iter().all(|path| part.holds(path)), "{paths:?}");
            for place in (0..6).filter(|place| *place != 2) {
                let mut used: Vec<u32> = paths.iter().map(|path| path.genes()[place]).collect();
                used.sort_unstable();
                assert_eq!(used, [0, 1, 2, 3, 4]);
            }
        }
    }
}
