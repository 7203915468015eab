//! Counts of a network, and figures of a cell's structure.
//!
//! Counts follow the benchmark's convention: multiply-accumulates of convolutions and linear layers, weights of convolutions,
//! batch norms and linear layers.

use super::{EDGES, NODES, Operation, Skeleton};
use crate::space::Cost;

/// The most operations that `counts` on one way from the input to the output; 0 where there is no way.
pub(super) fn longest_path(operations: &[Operation; 6], counts: impl Fn(Operation) -> bool) -> f64 {
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
pub(super) fn sums_and_idle(operations: &[Operation]) -> (f64, f64) {
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

pub(super) fn cost(skeleton: &Skeleton, operations: &[Operation; 6]) -> Cost {
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
