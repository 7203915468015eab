//! Which cells compute the same functions, and the cheapest cell of each.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::OnceLock;

use super::{EDGES, NODES, NasBench201, Nodes, Operation};
use crate::architecture::Architecture;

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

/// The cheapest of all cells that compute what this one computes.
pub(super) fn canonical(nodes: Nodes, architecture: &Architecture) -> Architecture {
    decode_index(cheapest(nodes, architecture), nodes.edges())
}

/// Whether the cell's output carries nothing, as that of a cell without operations, the first and cheapest of all.
pub(super) fn is_nothing(nodes: Nodes, architecture: &Architecture) -> bool {
    cheapest(nodes, architecture) == 0
}

/// The number of the cheapest of all cells that compute what this one computes; found once for all cells.
fn cheapest(nodes: Nodes, architecture: &Architecture) -> usize {
    static FOUR: OnceLock<Vec<u16>> = OnceLock::new();
    static THREE: OnceLock<Vec<u16>> = OnceLock::new();
    let table = match nodes {
        Nodes::Four => &FOUR,
        Nodes::Three => &THREE,
    };
    let table = table.get_or_init(|| canonical_table(nodes.edges()));
    table[index(architecture)].into()
}

/// For each encoding of a cell with so many edges the number of its class's cheapest member (least work, then
/// lexicographically first).
fn canonical_table(edges: usize) -> Vec<u16> {
    let encodings = Operation::ALL.len().pow(edges as u32);
    let mut cheapest: BTreeMap<String, (u64, u16)> = BTreeMap::new();
    let functions: Vec<String> = (0..encodings)
        .map(|encoding| {
            let operations = NasBench201::operations(&decode_index(encoding, edges));
            let function = function_of(&operations);
            let candidate = (work(&operations), encoding as u16);
            let best = cheapest.entry(function.clone()).or_insert(candidate);
            *best = candidate.min(*best);
            function
        })
        .collect();
    functions.iter().map(|function| cheapest[function].1).collect()
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

fn decode_index(mut number: usize, edges: usize) -> Architecture {
    let mut genes = vec![0; edges];
    for gene in genes.iter_mut().rev() {
        *gene = (number % 5) as u32;
        number /= 5;
    }
    Architecture::new(genes)
}
