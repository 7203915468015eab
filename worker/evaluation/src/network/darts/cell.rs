//! A normal or reduction cell.

use common::space::darts::{self, NODES, Operation};
use tch::Tensor;

use super::super::layer::{ConvNorm, conv_norm};
use super::super::pass::Pass;
use super::super::weights::Layout;
use super::operation::{Layer, Reduction};

/// Pairs of a node and what it may read: two inputs and the nodes before it.
const EDGES: usize = NODES * (NODES + 3) / 2;

/// Two inputs brought to the cell's channels and to the younger one's size, then nodes, all of which are the output.
#[derive(Debug)]
pub struct Cell {
    inputs: [Input; 2],
    /// For each edge its operations, by their genes; those that no path takes are not built.
    edges: [[Option<Layer>; Operation::ALL.len()]; EDGES],
}

#[derive(Debug)]
enum Input {
    Same(ConvNorm),
    /// The elder input is twice as large.
    Halved(Reduction),
}

/// What stands around a cell.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Channels of the elder and the younger input.
    pub given: [i64; 2],
    /// Whether the elder input is twice as large as the younger.
    pub elder_is_larger: bool,
    /// Channels of its nodes.
    pub channels: i64,
    /// Whether it is a reduction: edges from its inputs then halve height and width.
    pub halves: bool,
}

impl Cell {
    /// With the operations of `cell`, or with all of them.
    pub fn new(layout: &mut Layout, name: &str, place: Place, cell: Option<&darts::Cell>) -> Self {
        let Place { given: [elder, younger], elder_is_larger, channels, halves } = place;
        let same = |layout: &mut Layout, index: usize, from: i64| {
            Input::Same(conv_norm(layout, &format!("{name}.inputs.{index}"), [from, channels], 1, 1))
        };
        let elder = match elder_is_larger {
            true => Input::Halved(Reduction::new(layout, &format!("{name}.inputs.0"), [elder, channels])),
            false => same(layout, 0, elder),
        };
        let inputs = [elder, same(layout, 1, younger)];
        let mut edges: [[Option<Layer>; _]; _] = Default::default();
        for (node, from) in (0..NODES).flat_map(|node| (0..node + 2).map(move |from| (node, from))) {
            let stride = if halves && from < 2 { 2 } else { 1 };
            for (gene, &operation) in Operation::ALL.iter().enumerate() {
                let edge = darts::Edge { operation, from };
                if cell.is_none_or(|cell| cell.0[node].0.contains(&edge)) {
                    let name = format!("{name}.edges.{node}.{from}.{}", operation.name());
                    let layer = Layer::new(layout, &name, operation, channels, stride);
                    edges[place_of(node, from)][gene] = Some(layer);
                }
            }
        }
        Self { inputs, edges }
    }

    /// `elder` `[b, given, h, w]` or twice as high and wide, `younger` `[b, given, h, w]`; the result has the nodes' channels
    /// side by side, `[b, 4·channels, h, w]` or, of a reduction, half as high and wide.
    pub fn forward(&self, pass: &Pass, cell: &darts::Cell, elder: &Tensor, younger: &Tensor) -> Tensor {
        let [first, second] = &self.inputs;
        let mut states = vec![first.forward(pass, elder), second.forward(pass, younger)];
        for (node, darts::Node(edges)) in cell.0.iter().enumerate() {
            let [low, high] = edges.map(|edge| {
                let layer = self.edges[place_of(node, edge.from)][edge.operation as usize].as_ref();
                layer.expect("the path's operations are built").forward(pass, &states[edge.from])
            });
            states.push(low + high);
        }
        Tensor::cat(&states[2..], 1)
    }
}

impl Input {
    /// `[b, given, h, w]` to `[b, channels, h, w]`, or half as high and wide.
    fn forward(&self, pass: &Pass, x: &Tensor) -> Tensor {
        match self {
            Self::Same(conv) => pass.conv_norm(conv, &x.relu()),
            Self::Halved(reduction) => reduction.forward(pass, x),
        }
    }
}

/// The place of an edge among `EDGES`; nodes counted without the inputs.
fn place_of(node: usize, from: usize) -> usize {
    node * (node + 3) / 2 + from
}
