//! Which operations a step trains.

use common::seed::Seed;
use common::space::nas_bench_201::Operation;
use rand::seq::SliceRandom;

use crate::network::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paths {
    /// One network, every step.
    Alone(Path),
    /// Five paths a step that together use each operation of each edge once.
    Fair,
}

impl Paths {
    pub fn per_step(self) -> u64 {
        match self {
            Self::Alone(_) => 1,
            Self::Fair => Operation::ALL.len() as u64,
        }
    }

    pub fn of_step(self, seed: Seed, step: u64) -> Vec<Path> {
        match self {
            Self::Alone(path) => vec![path],
            Self::Fair => fair(seed, step),
        }
    }
}

/// A random permutation of the operations on each edge, read across the edges.
fn fair(seed: Seed, step: u64) -> Vec<Path> {
    let mut rng = seed.stream("paths", step);
    let permutations: [[Operation; 5]; 6] = std::array::from_fn(|_| {
        let mut operations = Operation::ALL;
        operations.shuffle(&mut rng);
        operations
    });
    (0..Operation::ALL.len()).map(|turn| permutations.map(|operations| operations[turn])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_uses_every_operation_of_every_edge_once() {
        for step in 0..20 {
            let paths = Paths::Fair.of_step(Seed(3), step);
            for edge in 0..6 {
                let mut used: Vec<Operation> = paths.iter().map(|path| path[edge]).collect();
                used.sort_unstable();
                assert_eq!(used, Operation::ALL);
            }
        }
        assert_ne!(Paths::Fair.of_step(Seed(3), 0), Paths::Fair.of_step(Seed(3), 1));
        assert_eq!(Paths::Fair.of_step(Seed(3), 7), Paths::Fair.of_step(Seed(3), 7));
    }
}
