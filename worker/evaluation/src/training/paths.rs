//! Which operations a step trains.

use common::architecture::Architecture;
use common::seed::Seed;
use common::space::NasBench201;
use common::space::nas_bench_201::{Nodes, Operation};
use rand::seq::SliceRandom;

use crate::network::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paths {
    /// One network, every step.
    Alone(Path),
    /// Five paths a step that together use each operation of each edge once, in cells of so many nodes.
    Fair(Nodes),
}

impl Paths {
    pub fn per_step(self) -> u64 {
        match self {
            Self::Alone(_) => 1,
            Self::Fair(_) => Operation::ALL.len() as u64,
        }
    }

    pub fn of_step(self, seed: Seed, step: u64) -> Vec<Path> {
        match self {
            Self::Alone(path) => vec![path],
            Self::Fair(nodes) => fair(nodes, seed, step),
        }
    }
}

/// A random permutation of the operations on each edge, read across the edges.
fn fair(nodes: Nodes, seed: Seed, step: u64) -> Vec<Path> {
    let mut rng = seed.stream("paths", step);
    let permutation = |_| {
        let mut genes: Vec<u32> = (0..).take(Operation::ALL.len()).collect();
        genes.shuffle(&mut rng);
        genes
    };
    let permutations: Vec<Vec<u32>> = (0..nodes.edges()).map(permutation).collect();
    let path = |turn: usize| Architecture::new(permutations.iter().map(|genes| genes[turn]).collect());
    (0..Operation::ALL.len()).map(|turn| NasBench201::operations(&path(turn))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_uses_every_operation_of_every_edge_once() {
        for (step, nodes) in (0..20).zip([Nodes::Four, Nodes::Three].into_iter().cycle()) {
            let paths = Paths::Fair(nodes).of_step(Seed(3), step);
            for edge in 0..nodes.edges() {
                let mut used: Vec<Operation> = paths.iter().map(|path| path[edge]).collect();
                used.sort_unstable();
                assert_eq!(used, Operation::ALL);
            }
        }
        let fair = Paths::Fair(Nodes::Four);
        assert_ne!(fair.of_step(Seed(3), 0), fair.of_step(Seed(3), 1));
        assert_eq!(fair.of_step(Seed(3), 7), fair.of_step(Seed(3), 7));
    }
}
