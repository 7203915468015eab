//! Networks of the NAS-Bench-201 space (Dong and Yang, ICLR 2020), alone or sharing weights.
//!
//! One type serves both: a network builds the operations that its architecture chose, a supernet all of them, and every
//! forward pass names the operation of each edge.

use common::architecture::Architecture;
use common::space::NasBench201;
use common::space::nas_bench_201::{EDGES, NODES, Operation, Skeleton};
use tch::Tensor;

use super::layer::{Conv, ConvNorm, Linear, Norm, conv_norm};
use super::pass::{Pass, pool};
use super::weights::Layout;

const STAGES: u32 = 3;

/// Stem, three stages of cells with a residual reduction between them, pooling, classifier.
#[derive(Debug)]
pub struct Cells {
    stem: ConvNorm,
    stages: Vec<Stage>,
    last: Norm,
    classifier: Linear,
}

/// A residual reduction (none before the first stage), then cells.
#[derive(Debug)]
struct Stage {
    reduction: Option<Reduction>,
    cells: Vec<Cell>,
}

#[derive(Debug)]
struct Reduction {
    first: ConvNorm,
    second: ConvNorm,
    shortcut: Conv,
}

/// For each edge its convolutions; an operation without weights needs no entry.
#[derive(Debug)]
struct Cell {
    edges: [Edge; 6],
}

#[derive(Debug, Default)]
struct Edge {
    conv1x1: Option<ConvNorm>,
    conv3x3: Option<ConvNorm>,
}

impl Cells {
    /// The operations on each of `EDGES` that `has` wants, in every cell.
    pub fn new(layout: &mut Layout, skeleton: &Skeleton, has: impl Fn(usize, Operation) -> bool) -> Self {
        let base = i64::from(skeleton.channels);
        let stem = conv_norm(layout, "stem", [i64::from(skeleton.input[0]), base], 3, 1);
        let stages = (0..STAGES)
            .map(|stage| {
                let channels = base << stage;
                let name = format!("stages.{stage}");
                Stage {
                    reduction: (stage > 0).then(|| Reduction::new(layout, &name, channels)),
                    cells: (0..skeleton.cells_per_stage)
                        .map(|cell| Cell::new(layout, &format!("{name}.cells.{cell}"), channels, &has))
                        .collect(),
                }
            })
            .collect();
        let features = base << (STAGES - 1);
        let last = Norm::new(layout, "last.norm", features);
        let classifier = Linear::new(layout, "classifier", features, i64::from(skeleton.classes));
        Self { stem, stages, last, classifier }
    }

    /// Logits `[b, classes]`, 32-bit, of normalised `images` `[b, c, h, w]`.
    pub fn forward(&self, pass: &Pass, images: &Tensor, architecture: &Architecture) -> Tensor {
        let path = NasBench201::operations(architecture);
        let live = live_edges(&path);
        let (stem, norm) = &self.stem;
        let mut x = pass.norm(norm, &pass.open(stem, images));
        for stage in &self.stages {
            if let Some(reduction) = &stage.reduction {
                x = reduction.forward(pass, &x);
            }
            for cell in &stage.cells {
                x = cell.forward(pass, &x, &path, &live);
            }
        }
        pass.classify(&self.classifier, &pool(&pass.norm(&self.last, &x).relu_()))
    }
}

impl Reduction {
    /// Halves height and width while it doubles to `channels` (the benchmark's `ResNetBasicblock`).
    fn new(layout: &mut Layout, name: &str, channels: i64) -> Self {
        let name = format!("{name}.reduction");
        Self {
            first: conv_norm(layout, &format!("{name}.first"), [channels / 2, channels], 3, 2),
            second: conv_norm(layout, &format!("{name}.second"), [channels, channels], 3, 1),
            shortcut: Conv::new(layout, &format!("{name}.shortcut"), [channels / 2, channels], 1, 1),
        }
    }

    /// `[b, channels / 2, h, w]` to `[b, channels, h / 2, w / 2]`.
    fn forward(&self, pass: &Pass, x: &Tensor) -> Tensor {
        let inner = pass.conv_norm(&self.first, &x.relu());
        let inner = pass.conv_norm(&self.second, &inner.relu());
        let halved = x.avg_pool2d([2_i64, 2], [2_i64, 2], [0_i64, 0], false, true, None);
        inner + pass.conv(&self.shortcut, &halved)
    }
}

impl Cell {
    fn new(layout: &mut Layout, name: &str, channels: i64, has: impl Fn(usize, Operation) -> bool) -> Self {
        let edges = std::array::from_fn(|edge| {
            let mut conv = |operation: Operation, side: i64| {
                has(edge, operation).then(|| {
                    let name = format!("{name}.edges.{edge}.{}", operation.name());
                    conv_norm(layout, &name, [channels; 2], side, 1)
                })
            };
            Edge { conv1x1: conv(Operation::Conv1x1, 1), conv3x3: conv(Operation::Conv3x3, 3) }
        });
        Self { edges }
    }

    /// `x` and the result `[b, channels, h, w]`. Each node is the sum of its live edges; nothing in, nothing out: an
    /// operation on an empty sum is empty, and a cell whose output is empty yields zeros.
    fn forward(&self, pass: &Pass, x: &Tensor, path: &[Operation; 6], live: &[bool; 6]) -> Tensor {
        let mut nodes: [Option<Tensor>; NODES] = [Some(x.shallow_clone()), None, None, None];
        // Every convolution of a node begins with the same rectification.
        let mut rectified: [Option<Tensor>; NODES] = Default::default();
        for (index, &(from, to)) in EDGES.iter().enumerate().filter(|(index, _)| live[*index]) {
            let source = nodes[from].as_ref().expect("a live edge has an input").shallow_clone();
            let mut rectified = || rectified[from].get_or_insert_with(|| source.relu()).shallow_clone();
            let edge = &self.edges[index];
            let value = match path[index] {
                Operation::None => continue,
                Operation::Skip => source,
                Operation::AvgPool3x3 => {
                    source.avg_pool2d([3_i64, 3], [1_i64, 1], [1_i64, 1], false, false, None)
                }
                Operation::Conv1x1 => pass.conv_norm(edge.conv1x1.as_ref().expect("built"), &rectified()),
                Operation::Conv3x3 => pass.conv_norm(edge.conv3x3.as_ref().expect("built"), &rectified()),
            };
            nodes[to] = Some(match nodes[to].take() {
                Some(sum) => sum + value,
                None => value,
            });
        }
        let [.., output] = nodes;
        output.unwrap_or_else(|| x.zeros_like())
    }
}

/// Which edges carry something from the cell's input to its output; the others are never computed.
fn live_edges(path: &[Operation; 6]) -> [bool; 6] {
    let mut fed = [true, false, false, false];
    for (index, &(from, to)) in EDGES.iter().enumerate() {
        fed[to] |= fed[from] && path[index] != Operation::None;
    }
    let mut used = [false, false, false, true];
    // Backwards: an edge's target is decided before its source, as `EDGES` is sorted by target.
    for (index, &(from, to)) in EDGES.iter().enumerate().rev() {
        used[from] |= used[to] && path[index] != Operation::None;
    }
    std::array::from_fn(|index| {
        let (from, to) = EDGES[index];
        path[index] != Operation::None && fed[from] && used[to]
    })
}

#[cfg(test)]
#[path = "nas_bench_201_tests.rs"]
mod tests;
