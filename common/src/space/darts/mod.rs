//! The cell space of DARTS (Liu, Simonyan and Yang, ICLR 2019), after NASNet's: a normal and a reduction cell of four nodes,
//! each the sum of two operations on two different earlier nodes; 1.08 × 10^18 encodings.
//!
//! A cell is its two inputs (0 and 1, the outputs of the two cells before it) and nodes 2 to 5, all of which are its output.
//! A node's genes are the pair of its inputs, then the operation on each of the two; the first node's pair can only be
//! (0, 1) and has no gene. Eleven genes of the normal cell are followed by eleven of the reduction cell.
//!
//! Not told apart from others, though it could be: a cell that computes the same by other means than renumbered nodes.

mod cell;
mod count;
mod notation;
mod skeleton;

pub use cell::{Cell, Edge, NODES, Node, Operation};
pub use skeleton::{Skeleton, Stem};

use super::{Cost, Decision, DecodeError, SearchSpace};
use crate::architecture::Architecture;
use cell::GENES;

/// `GENES` of the normal cell, then as many of the reduction cell.
const DECISIONS: [Decision; 2 * GENES] = {
    let operation = Decision::categorical(Operation::ALL.len() as u32);
    let [a, b, c] = [Decision::categorical(3), Decision::categorical(6), Decision::categorical(10)];
    let mut decisions = [operation; 2 * GENES];
    let mut first = 0;
    while first < 2 * GENES {
        decisions[first + 2] = a;
        decisions[first + 5] = b;
        decisions[first + 8] = c;
        first += GENES;
    }
    decisions
};

#[derive(Debug, Clone, Copy)]
pub struct Darts {
    skeleton: Skeleton,
}

impl Darts {
    pub fn new(skeleton: Skeleton) -> Self {
        Self { skeleton }
    }

    pub fn skeleton(&self) -> Skeleton {
        self.skeleton
    }

    /// Normal and reduction cell.
    ///
    /// # Panics
    /// When `architecture` is not of this space; `check` tells before.
    pub fn cells(architecture: &Architecture) -> [Cell; 2] {
        let (normal, reduction) = architecture.genes().split_at(GENES);
        [normal, reduction].map(Cell::from_genes)
    }

    fn of([normal, reduction]: [Cell; 2]) -> Architecture {
        Architecture::new([normal.genes(), reduction.genes()].concat())
    }
}

impl SearchSpace for Darts {
    fn name(&self) -> &'static str {
        "darts"
    }

    fn decisions(&self) -> &[Decision] {
        &DECISIONS
    }

    /// Cells that differ in the order of their nodes are one: the order only shuffles the channels of the output. All members
    /// of a class cost the same; the lexicographically first stands for it.
    fn canonical(&self, architecture: &Architecture) -> Architecture {
        Self::of(Self::cells(architecture).map(|cell| cell.canonical()))
    }

    /// Always: all nodes reach the output, and both inputs of a cell pass convolutions before its first node.
    fn trainable(&self, _: &Architecture) -> bool {
        true
    }

    /// `[ln FLOPs, ln parameters]`, then for the normal and for the reduction cell `[uses of each of the seven operations,
    /// longest path in nodes, edges from the cell's inputs]`.
    fn structure(&self, architecture: &Architecture) -> Vec<f64> {
        let cells = Self::cells(architecture);
        let cost = count::cost(&self.skeleton, &cells);
        let mut structure = vec![libm::log(cost.flops as f64), libm::log(cost.parameters as f64)];
        for cell in &cells {
            let uses = |wanted: &Operation| cell.edges().filter(|edge| edge.operation == *wanted).count();
            structure.extend(Operation::ALL.iter().map(|operation| uses(operation) as f64));
            structure.push(f64::from(cell.depth()));
            structure.push(cell.edges().filter(|edge| edge.from < 2).count() as f64);
        }
        structure
    }

    fn cost(&self, architecture: &Architecture) -> Option<Cost> {
        Some(count::cost(&self.skeleton, &Self::cells(architecture)))
    }

    /// 5×5 separable convolutions everywhere: none costs more, at either stride.
    fn largest(&self) -> Option<Architecture> {
        let cell = Cell::uniform(Operation::SepConv5x5);
        Some(Self::of([cell, cell]))
    }

    /// `Genotype(normal=[('sep_conv_3x3', 0), …], normal_concat=range(2, 6), reduce=[…], reduce_concat=range(2, 6))`.
    fn encode(&self, architecture: &Architecture) -> String {
        notation::write(&Self::cells(architecture))
    }

    /// Also what others have published: a node's edges in either order, `[2, 3, 4, 5]` for the range, any white space.
    fn decode(&self, text: &str) -> Result<Architecture, DecodeError> {
        let cells = notation::read(text);
        cells.map(Self::of).ok_or_else(|| DecodeError::Syntax(text.chars().take(200).collect()))
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
