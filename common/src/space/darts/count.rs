//! Parameters and multiply-accumulates, as the published networks have them: weights of convolutions, batch norms (scale and
//! shift) and the classifier; products of convolutions and the classifier. Pooling, sums and activations count nothing.

use super::super::Cost;
use super::cell::{Cell, Edge, Operation};
use super::skeleton::{Skeleton, Stem};

struct Tally(Cost);

impl Tally {
    /// Convolutions of `weights` weights without bias, applied at each of `pixels` places, before a batch norm.
    fn conv(&mut self, weights: u64, pixels: u64, normalised: u64) {
        self.0.parameters += weights + 2 * normalised;
        self.0.flops += weights * pixels;
    }

    /// An edge between nodes of `channels`, its output on `pixels` places.
    fn edge(&mut self, operation: Operation, halves: bool, channels: u64, pixels: u64) {
        // A depthwise convolution and the 1×1 behind it.
        let separable = |kernel: u64| kernel * kernel * channels + channels * channels;
        match operation {
            Operation::MaxPool3x3 | Operation::AvgPool3x3 => {}
            // Two 1×1 convolutions to half of the channels each, one of them a pixel further.
            Operation::Skip if halves => self.conv(channels * channels, pixels, channels),
            Operation::Skip => {}
            Operation::SepConv3x3 => (0..2).for_each(|_| self.conv(separable(3), pixels, channels)),
            Operation::SepConv5x5 => (0..2).for_each(|_| self.conv(separable(5), pixels, channels)),
            Operation::DilConv3x3 => self.conv(separable(3), pixels, channels),
            Operation::DilConv5x5 => self.conv(separable(5), pixels, channels),
        }
    }
}

pub(super) fn cost(skeleton: &Skeleton, [normal, reduction]: &[Cell; 2]) -> Cost {
    let mut tally = Tally(Cost { parameters: 0, flops: 0 });
    let [planes, mut height, mut width] = skeleton.input.map(u64::from);
    let mut channels = u64::from(skeleton.channels);

    // Channels of the two outputs before the cell, the elder first; it may be twice as large as the younger.
    let [mut elder, mut younger] = match skeleton.stem {
        Stem::Cifar => {
            tally.conv(planes * 3 * channels * 9, height * width, 3 * channels);
            [3 * channels; 2]
        }
        Stem::Imagenet => {
            for (from, to) in [(planes, channels / 2), (channels / 2, channels), (channels, channels)] {
                (height, width) = (height / 2, width / 2);
                tally.conv(from * to * 9, height * width, to);
            }
            [channels; 2]
        }
    };
    for layer in 0..skeleton.layers {
        let halves = skeleton.reductions().contains(&layer);
        let cell = if halves { reduction } else { normal };
        channels *= if halves { 2 } else { 1 };
        // Both inputs are brought to the cell's channels, and the elder to the younger's size, at the same cost.
        for from in [elder, younger] {
            tally.conv(from * channels, height * width, channels);
        }
        if halves {
            (height, width) = (height / 2, width / 2);
        }
        for Edge { operation, from } in cell.edges() {
            tally.edge(operation, halves && from < 2, channels, height * width);
        }
        (elder, younger) = (younger, channels * cell.0.len() as u64);
    }
    let classes = u64::from(skeleton.classes);
    tally.0.parameters += younger * classes + classes;
    tally.0.flops += younger * classes;
    tally.0
}
