//! The NAS-Bench-201 cell space (Dong and Yang, ICLR 2020): four nodes, six edges, five operations, 15,625 encodings; or its
//! cell with a node less, three edges and 125 encodings, a space small enough to train whole.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `function` | which cells compute the same, and the cheapest of them |
//! | `figures` | counts by the benchmark's convention, and figures of a cell's structure |

mod figures;
mod function;

use serde::{Deserialize, Serialize};

use super::{Cost, Decision, DecodeError, SearchSpace};
use crate::architecture::Architecture;
use figures::{cost, longest_path, sums_and_idle};
use function::{canonical, is_nothing};

/// An edge's operation; its number is its gene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    None,
    Skip,
    Conv1x1,
    Conv3x3,
    AvgPool3x3,
}

impl Operation {
    pub const ALL: [Self; 5] = [Self::None, Self::Skip, Self::Conv1x1, Self::Conv3x3, Self::AvgPool3x3];

    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Skip => "skip_connect",
            Self::Conv1x1 => "nor_conv_1x1",
            Self::Conv3x3 => "nor_conv_3x3",
            Self::AvgPool3x3 => "avg_pool_3x3",
        }
    }

    /// Side of its convolution kernel; none where nothing is learnt.
    fn kernel(self) -> Option<u64> {
        match self {
            Self::Conv1x1 => Some(1),
            Self::Conv3x3 => Some(3),
            Self::None | Self::Skip | Self::AvgPool3x3 => None,
        }
    }
}

/// The edges of the largest cell in the order of the genes, as `(from, to)`: 0→1, 0→2, 1→2, 0→3, 1→3, 2→3. A cell with fewer
/// nodes has the first of them.
pub const EDGES: [(usize, usize); 6] = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)];
pub const NODES: usize = 4;
const DECISIONS: [Decision; 6] = [Decision::categorical(5); 6];
/// What makes a cell of three nodes one of four: its last node is handed on by 2→3, and nothing else reaches the output.
const HANDED_ON: [Operation; 3] = [Operation::None, Operation::None, Operation::Skip];

/// How many nodes a cell has, its input and output among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub enum Nodes {
    Three,
    /// As in the benchmark.
    #[default]
    Four,
}

impl Nodes {
    pub fn count(self) -> usize {
        match self {
            Self::Three => 3,
            Self::Four => 4,
        }
    }

    /// How many of `EDGES` there are.
    pub fn edges(self) -> usize {
        self.count() * (self.count() - 1) / 2
    }

    // By reference, as serde asks.
    fn are_four(&self) -> bool {
        *self == Self::Four
    }
}

impl From<Nodes> for u32 {
    fn from(nodes: Nodes) -> Self {
        nodes.count() as Self
    }
}

impl TryFrom<u32> for Nodes {
    type Error = String;

    fn try_from(count: u32) -> Result<Self, String> {
        match count {
            3 => Ok(Self::Three),
            4 => Ok(Self::Four),
            other => Err(format!("a cell has 3 or 4 nodes, not {other}")),
        }
    }
}

/// The fixed network around the cell: stem, three stages of cells with a residual reduction between, pooling, classifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skeleton {
    /// Channels of the first stage; the second and third have twice and four times as many.
    pub channels: u32,
    /// Cells in each of the three stages.
    pub cells_per_stage: u32,
    /// Channels, height and width of an image; height and width divisible by four.
    pub input: [u32; 3],
    pub classes: u32,
    /// Nodes of a cell. Where nothing is said, four: as all cells had before there was a choice.
    #[serde(default, skip_serializing_if = "Nodes::are_four")]
    pub nodes: Nodes,
}

#[derive(Debug, Clone, Copy)]
pub struct NasBench201 {
    skeleton: Skeleton,
}

impl NasBench201 {
    pub fn new(skeleton: Skeleton) -> Self {
        Self { skeleton }
    }

    pub fn skeleton(&self) -> Skeleton {
        self.skeleton
    }

    /// Learnt weights and multiply-accumulates, by the benchmark's convention.
    pub fn network_cost(&self, architecture: &Architecture) -> Cost {
        cost(&self.skeleton, &Self::operations(architecture))
    }

    /// The operation on each of `EDGES`: a cell of three nodes as the cell of four that computes the same, edge by edge.
    ///
    /// # Panics
    /// When `architecture` is not of this space; `check` tells before.
    pub fn operations(architecture: &Architecture) -> [Operation; 6] {
        let own = architecture.genes().iter().map(|&gene| Operation::ALL[gene as usize]);
        let missing = EDGES.len().saturating_sub(architecture.genes().len());
        let handed_on = HANDED_ON.into_iter().take(missing);
        own.chain(handed_on).collect::<Vec<_>>().try_into().expect("three edges or six")
    }

    fn edges(&self) -> usize {
        self.skeleton.nodes.edges()
    }
}

impl SearchSpace for NasBench201 {
    fn name(&self) -> &'static str {
        "nas_bench_201"
    }

    fn decisions(&self) -> &[Decision] {
        &DECISIONS[..self.edges()]
    }

    fn canonical(&self, architecture: &Architecture) -> Architecture {
        canonical(self.skeleton.nodes, architecture)
    }

    fn trainable(&self, architecture: &Architecture) -> bool {
        !is_nothing(self.skeleton.nodes, architecture)
    }

    /// `none` on every edge from whose target nothing flows to the output.
    fn executed(&self, architecture: &Architecture) -> Architecture {
        let operations = Self::operations(architecture);
        let mut flows = [false, false, false, true];
        for (&(from, to), &operation) in EDGES.iter().zip(&operations).rev() {
            flows[from] |= flows[to] && operation != Operation::None;
        }
        let gene = |(&(_, to), operation): (&(usize, usize), Operation)| {
            if flows[to] { operation as u32 } else { Operation::None as u32 }
        };
        Architecture::new(EDGES.iter().zip(operations).map(gene).take(self.edges()).collect())
    }

    /// `[ln FLOPs, uses of skip, 1×1, 3×3 and pooling, longest path in operations and in convolutions, tensors added up,
    /// operations on nothing, dead]`.
    fn structure(&self, architecture: &Architecture) -> Vec<f64> {
        let operations = Self::operations(architecture);
        let flops = cost(&self.skeleton, &operations).flops as f64;
        let own = &operations[..self.edges()];
        let used = |wanted: &Operation| own.iter().filter(|operation| *operation == wanted).count();
        let (sums, idle) = sums_and_idle(own);
        let dead = is_nothing(self.skeleton.nodes, architecture);
        let mut structure = vec![libm::log(flops)];
        structure.extend(Operation::ALL[1..].iter().map(|operation| used(operation) as f64));
        structure.push(longest_path(&operations, |operation| operation != Operation::Skip));
        structure.push(longest_path(&operations, |operation| operation.kernel().is_some()));
        structure.extend([sums, idle, f64::from(u8::from(dead))]);
        structure
    }

    fn cost(&self, architecture: &Architecture) -> Option<Cost> {
        Some(self.network_cost(architecture))
    }

    fn largest(&self) -> Option<Architecture> {
        Some(Architecture::new(vec![Operation::Conv3x3 as u32; self.edges()]))
    }

    fn encode(&self, architecture: &Architecture) -> String {
        let operations = Self::operations(architecture);
        let node = |to: usize| {
            let inputs = EDGES.iter().zip(operations).filter(|((_, target), _)| *target == to);
            inputs.map(|(&(from, _), operation)| format!("{}~{from}|", operation.name())).collect::<String>()
        };
        (1..self.skeleton.nodes.count()).map(|to| format!("|{}", node(to))).collect::<Vec<_>>().join("+")
    }

    fn decode(&self, text: &str) -> Result<Architecture, DecodeError> {
        let syntax = || DecodeError::Syntax(text.chars().take(200).collect());
        let mut genes = Vec::with_capacity(self.edges());
        let nodes: Vec<&str> = text.split('+').collect();
        if nodes.len() != self.skeleton.nodes.count() - 1 {
            return Err(syntax());
        }
        for (node, to) in nodes.into_iter().zip(1..) {
            let inner = node.strip_prefix('|').and_then(|n| n.strip_suffix('|')).ok_or_else(syntax)?;
            let inputs: Vec<&str> = inner.split('|').collect();
            if inputs.len() != to {
                return Err(syntax());
            }
            for (input, from) in inputs.into_iter().zip(0..) {
                let (name, source) = input.split_once('~').ok_or_else(syntax)?;
                if source.parse() != Ok::<usize, _>(from) {
                    return Err(syntax());
                }
                let gene = Operation::ALL.iter().position(|op| op.name() == name).ok_or_else(syntax)?;
                genes.push(gene as u32);
            }
        }
        Ok(Architecture::new(genes))
    }
}

#[cfg(test)]
mod tests;
