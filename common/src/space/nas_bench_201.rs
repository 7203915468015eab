//! The NAS-Bench-201 cell space (Dong and Yang, ICLR 2020): four nodes, six edges, five operations, 15,625 encodings.
//!
//! Counts follow that benchmark's convention: multiply-accumulates of convolutions and linear layers, weights of
//! convolutions, batch norms and linear layers.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::{Cost, Decision, DecodeError, SearchSpace};
use crate::architecture::Architecture;

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

/// The cell's edges in the order of the genes, as `(from, to)`: 0→1, 0→2, 1→2, 0→3, 1→3, 2→3.
pub const EDGES: [(usize, usize); 6] = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)];
pub const NODES: usize = 4;
const DECISIONS: [Decision; 6] = [Decision::categorical(5); 6];
const ENCODINGS: usize = 15_625;

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

    /// The operation on each of `EDGES`.
    ///
    /// # Panics
    /// When `architecture` is not of this space; `check` tells before.
    pub fn operations(architecture: &Architecture) -> [Operation; 6] {
        let genes: [u32; 6] = architecture.genes().try_into().expect("six edges");
        genes.map(|gene| Operation::ALL[gene as usize])
    }
}

impl SearchSpace for NasBench201 {
    fn name(&self) -> &'static str {
        "nas_bench_201"
    }

    fn decisions(&self) -> &[Decision] {
        &DECISIONS
    }

    fn canonical(&self, architecture: &Architecture) -> Architecture {
        let table = canonical_table();
        decode_index(table[index(architecture)] as usize)
    }

    fn trainable(&self, architecture: &Architecture) -> bool {
        function_of(&Self::operations(architecture)) != NOTHING
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
        Architecture::new(EDGES.iter().zip(operations).map(gene).collect())
    }

    /// `[ln FLOPs, uses of skip, 1×1, 3×3 and pooling, longest path in operations and in convolutions, tensors added up,
    /// operations on nothing, dead]`.
    fn structure(&self, architecture: &Architecture) -> Vec<f64> {
        let operations = Self::operations(architecture);
        let flops = cost(&self.skeleton, &operations).flops as f64;
        let used = |wanted: &Operation| operations.iter().filter(|operation| *operation == wanted).count();
        let (sums, idle) = sums_and_idle(&operations);
        let dead = function_of(&operations) == NOTHING;
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
        Some(Architecture::new(vec![Operation::Conv3x3 as u32; EDGES.len()]))
    }

    fn encode(&self, architecture: &Architecture) -> String {
        let operations = Self::operations(architecture);
        let node = |to: usize| {
            let inputs = EDGES.iter().zip(operations).filter(|((_, target), _)| *target == to);
            inputs.map(|(&(from, _), operation)| format!("{}~{from}|", operation.name())).collect::<String>()
        };
        (1..NODES).map(|to| format!("|{}", node(to))).collect::<Vec<_>>().join("+")
    }

    fn decode(&self, text: &str) -> Result<Architecture, DecodeError> {
        let syntax = || DecodeError::Syntax(text.chars().take(200).collect());
        let mut genes = Vec::with_capacity(EDGES.len());
        let nodes: Vec<&str> = text.split('+').collect();
        if nodes.len() != NODES - 1 {
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

/// The function of a cell whose output carries nothing.
const NOTHING: &str = "";

/// A value inside the cell: the input, or an operation on a sum of values.
struct Term {
    /// The term written out; equal for equal terms, whichever edges hold their weights.
    label: String,
    /// The edge whose weights it uses; none where nothing is learnt.
    weights: Option<usize>,
    inputs: Vec<Rc<Term>>,
}

/// What the cell computes, in writing: two cells with equal texts compute the same functions as their weights vary.
///
/// `skip` is the identity, `none` contributes nothing, an operation on nothing is nothing, and sums are flattened and
/// sorted. One convolution used twice is not two convolutions, so the text also lists which uses share their weights.
/// (The benchmark's authors count 6,466 cells: they neither follow `none` through a sum nor flatten sums, and do not
/// tell shared weights from separate ones.)
fn function_of(operations: &[Operation; 6]) -> String {
    let mut nodes: [Vec<Rc<Term>>; NODES] = Default::default();
    nodes[0] = vec![Rc::new(Term { label: "x".into(), weights: None, inputs: Vec::new() })];
    for to in 1..NODES {
        let mut terms = Vec::new();
        for (edge, &(from, _)) in EDGES.iter().enumerate().filter(|(_, (_, target))| *target == to) {
            let inputs = nodes[from].clone();
            match operations[edge] {
                Operation::None => {}
                _ if inputs.is_empty() => {}
                Operation::Skip => terms.extend(inputs),
                operation => terms.push(Rc::new(Term {
                    label: format!("{}({})", operation.name(), sum(&inputs)),
                    weights: operation.kernel().map(|_| edge),
                    inputs,
                })),
            }
        }
        terms.sort_unstable_by(|a, b| a.label.cmp(&b.label));
        nodes[to] = terms;
    }
    let output = &nodes[NODES - 1];
    let mut uses: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    output.iter().for_each(|term| collect_uses(term, "", &mut uses));
    let mut shared: Vec<Vec<String>> = uses.into_values().filter(|places| places.len() > 1).collect();
    shared.iter_mut().for_each(|places| places.sort_unstable());
    shared.sort_unstable();
    shared.iter().fold(sum(output), |text, places| format!("{text} shared[{}]", places.join(" ")))
}

fn sum(terms: &[Rc<Term>]) -> String {
    terms.iter().map(|term| term.label.as_str()).collect::<Vec<_>>().join("+")
}

/// Notes for each weight-holding edge every place, written as the path from the output, where its value is used.
fn collect_uses(term: &Term, path: &str, uses: &mut BTreeMap<usize, Vec<String>>) {
    let place = format!("{path}/{}", term.label);
    term.inputs.iter().for_each(|input| collect_uses(input, &place, uses));
    if let Some(edge) = term.weights {
        uses.entry(edge).or_default().push(place);
    }
}

/// For each encoding the number of its class's cheapest member (least work, then lexicographically first).
fn canonical_table() -> &'static [u16] {
    static TABLE: OnceLock<Vec<u16>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut cheapest: BTreeMap<String, (u64, u16)> = BTreeMap::new();
        let functions: Vec<String> = (0..ENCODINGS)
            .map(|encoding| {
                let operations = NasBench201::operations(&decode_index(encoding));
                let function = function_of(&operations);
                let candidate = (work(&operations), encoding as u16);
                let best = cheapest.entry(function.clone()).or_insert(candidate);
                *best = candidate.min(*best);
                function
            })
            .collect();
        functions.iter().map(|function| cheapest[function].1).collect()
    })
}

/// Orders members of a class by cost: a 3×3 convolution outweighs nine 1×1, any convolution outweighs pooling, and so on.
fn work(operations: &[Operation; 6]) -> u64 {
    let weight = |operation: &Operation| match operation {
        Operation::None => 0,
        Operation::Skip => 1,
        Operation::AvgPool3x3 => 10,
        Operation::Conv1x1 => 100,
        Operation::Conv3x3 => 1000,
    };
    operations.iter().map(weight).sum()
}

fn index(architecture: &Architecture) -> usize {
    architecture.genes().iter().fold(0, |number, &gene| number * 5 + gene as usize)
}

fn decode_index(mut number: usize) -> Architecture {
    let mut genes = vec![0; EDGES.len()];
    for gene in genes.iter_mut().rev() {
        *gene = (number % 5) as u32;
        number /= 5;
    }
    Architecture::new(genes)
}

/// The most operations that `counts` on one way from the input to the output; 0 where there is no way.
fn longest_path(operations: &[Operation; 6], counts: impl Fn(Operation) -> bool) -> f64 {
    let mut longest = [Some(0_u32), None, None, None];
    for (&(from, to), &operation) in EDGES.iter().zip(operations) {
        if operation != Operation::None
            && let Some(before) = longest[from]
        {
            longest[to] = longest[to].max(Some(before + u32::from(counts(operation))));
        }
    }
    f64::from(longest[NODES - 1].unwrap_or(0))
}

/// How often one tensor is added to another, and how many operations work on nodes that nothing reaches.
fn sums_and_idle(operations: &[Operation; 6]) -> (f64, f64) {
    let (mut inputs, mut reached, mut idle) = ([0_u32; NODES], [true, false, false, false], 0);
    for (&(from, to), &operation) in EDGES.iter().zip(operations) {
        if operation != Operation::None {
            inputs[to] += 1;
            reached[to] |= reached[from];
            idle += u32::from(!reached[from]);
        }
    }
    let sums: u32 = inputs.iter().map(|count| count.saturating_sub(1)).sum();
    (f64::from(sums), f64::from(idle))
}

fn cost(skeleton: &Skeleton, operations: &[Operation; 6]) -> Cost {
    let mut total = Cost { parameters: 0, flops: 0 };
    let mut add = |parameters: u64, flops: u64| {
        total.parameters += parameters;
        total.flops += flops;
    };
    // A convolution without bias and the batch norm (scale and shift) behind it.
    let conv = |from: u64, to: u64, kernel: u64| from * to * kernel * kernel;
    let norm = |channels: u64| 2 * channels;

    let [planes, height, width] = skeleton.input.map(u64::from);
    let base = u64::from(skeleton.channels);
    let stem = conv(planes, base, 3);
    add(stem + norm(base), stem * height * width);

    for stage in 0..3_u32 {
        let channels = base << stage;
        let pixels = (height >> stage) * (width >> stage);
        if stage > 0 {
            let half = channels / 2;
            let (first, second, shortcut) =
                (conv(half, channels, 3), conv(channels, channels, 3), conv(half, channels, 1));
            add(first + second + shortcut + 2 * norm(channels), (first + second + shortcut) * pixels);
        }
        for kernel in operations.iter().filter_map(|operation| operation.kernel()) {
            let weights = conv(channels, channels, kernel);
            let cells = u64::from(skeleton.cells_per_stage);
            add(cells * (weights + norm(channels)), cells * weights * pixels);
        }
    }
    let features = base * 4;
    let classifier = features * u64::from(skeleton.classes) + u64::from(skeleton.classes);
    add(norm(features) + classifier, classifier);
    total
}

#[cfg(test)]
#[path = "nas_bench_201_tests.rs"]
mod tests;
