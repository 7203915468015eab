//! Networks of the NAS-Bench-201 space as tensors (Dong and Yang, ICLR 2020), alone or sharing weights.
//!
//! One type serves both: a network builds the operations that its architecture chose, a supernet all of them, and every
//! forward pass names the operation of each edge. How they are trained stands in `training`.

mod layer;
mod weights;

pub use layer::Statistics;
pub use weights::{Form, LoadError, Weights, bytes_of, floats};

use common::architecture::Architecture;
use common::seed::Seed;
use common::space::NasBench201;
use common::space::nas_bench_201::{EDGES, NODES, Operation, Skeleton};
use tch::{Kind, Tensor};

use layer::{Conv, Linear, Norm};
use weights::Layout;

/// The operation on each of `EDGES`.
pub type Path = [Operation; 6];

const STAGES: u32 = 3;

/// Stem, three stages of cells with a residual reduction between them, pooling, classifier.
#[derive(Debug)]
pub struct CellNetwork {
    pub weights: Weights,
    /// Of the first stage.
    channels: usize,
    stem: (Conv, Norm),
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
    first: (Conv, Norm),
    second: (Conv, Norm),
    shortcut: Conv,
}

/// For each edge its convolutions; an operation without weights needs no entry.
#[derive(Debug)]
struct Cell {
    edges: [Edge; 6],
}

#[derive(Debug, Default)]
struct Edge {
    conv1x1: Option<(Conv, Norm)>,
    conv3x3: Option<(Conv, Norm)>,
}

impl CellNetwork {
    /// The network that `architecture` encodes, initialised from `seed`.
    pub fn alone(
        skeleton: &Skeleton,
        architecture: &Architecture,
        seed: Seed,
        form: impl Into<Form>,
    ) -> Self {
        let chosen = NasBench201::operations(architecture);
        Self::build(skeleton, |edge, operation| chosen[edge] == operation, seed, form.into())
    }

    /// Every operation on every edge that the space decides about.
    pub fn shared(skeleton: &Skeleton, seed: Seed, form: impl Into<Form>) -> Self {
        let edges = skeleton.nodes.edges();
        Self::build(skeleton, |edge, _| edge < edges, seed, form.into())
    }

    fn build(skeleton: &Skeleton, has: impl Fn(usize, Operation) -> bool, seed: Seed, form: Form) -> Self {
        let mut layout = Layout::default();
        let base = i64::from(skeleton.channels);
        let stem = conv_norm(&mut layout, "stem", [i64::from(skeleton.input[0]), base], 3, 1);
        let stages = (0..STAGES)
            .map(|stage| {
                let channels = base << stage;
                let name = format!("stages.{stage}");
                Stage {
                    reduction: (stage > 0).then(|| Reduction::new(&mut layout, &name, channels)),
                    cells: (0..skeleton.cells_per_stage)
                        .map(|cell| Cell::new(&mut layout, &format!("{name}.cells.{cell}"), channels, &has))
                        .collect(),
                }
            })
            .collect();
        let features = base << (STAGES - 1);
        let last = Norm::new(&mut layout, "last.norm", features);
        let classifier = Linear::new(&mut layout, "classifier", features, i64::from(skeleton.classes));
        let weights = Weights::new(layout, seed, form);
        Self { weights, channels: skeleton.channels as usize, stem, stages, last, classifier }
    }

    /// Of the first stage.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Logits `[b, classes]`, 32-bit, of normalised `images` `[b, c, h, w]` along `path`.
    pub fn forward(&self, images: &Tensor, path: &Path, statistics: Statistics) -> Tensor {
        let pass = layer::Pass { weights: &self.weights, statistics };
        let live = live_edges(path);
        let (stem, norm) = &self.stem;
        let form = self.weights.form();
        let images = in_kind(images.shallow_clone(), form.kind);
        // On a processor the first convolution, of few channels, is quicker plane by plane.
        let stem = match form.channels_last {
            true => pass.conv(stem, &channels_last(&images)),
            false => channels_last(&pass.conv(stem, &images)),
        };
        let mut x = pass.norm(norm, &stem);
        for stage in &self.stages {
            if let Some(reduction) = &stage.reduction {
                x = reduction.forward(&pass, &x);
            }
            for cell in &stage.cells {
                x = cell.forward(&pass, &x, path, &live);
            }
        }
        let features = pass.norm(&self.last, &x).relu_().mean_dim([2_i64, 3].as_slice(), false, None);
        in_kind(pass.linear(&self.classifier, &features), Kind::Float)
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

    fn forward(&self, pass: &layer::Pass, x: &Tensor) -> Tensor {
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
    fn forward(&self, pass: &layer::Pass, x: &Tensor, path: &Path, live: &[bool; 6]) -> Tensor {
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
fn live_edges(path: &Path) -> [bool; 6] {
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

/// The same values with a pixel's channels side by side: every layer behind keeps that order, in which oneDNN's small
/// convolutions and the batch norms run an eighth faster than plane by plane (measured, 8 channels of 28×28).
fn channels_last(x: &Tensor) -> Tensor {
    x.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
}

/// Without a trace in a traced module where nothing changes.
fn in_kind(x: Tensor, kind: Kind) -> Tensor {
    if x.kind() == kind { x } else { x.to_kind(kind) }
}

fn conv_norm(layout: &mut Layout, name: &str, channels: [i64; 2], side: i64, stride: i64) -> (Conv, Norm) {
    (Conv::new(layout, name, channels, side, stride), Norm::new(layout, &format!("{name}.norm"), channels[1]))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
