//! Networks of MobileNetV3's blocks (Howard et al., ICCV 2019), alone or sharing weights as Once-for-All's do (Cai et al.,
//! ICLR 2020): a smaller network is the first channels, the middle of the kernels and the first blocks of the largest one.

mod block;

use common::architecture::Architecture;
use common::space::mobile::{self, FIRST_CHANNELS, LAST_CHANNELS, STAGE_CHANNELS, STAGES, STRIDES, inner};
use common::space::{Mobile, SearchSpace};
use tch::Tensor;

use super::layer::{Conv, ConvNorm, Linear, conv_norm};
use super::pass::Pass;
use super::weights::Layout;
use block::{Activation, Block, Place};

/// The fixed block that stands before the stages.
const FIXED: mobile::Block = mobile::Block { kernel: 3, expansion: 1, squeeze_excite: false };
/// As published: rectification in the first two stages.
const ACTIVATIONS: [Activation; STAGES] =
    [Activation::Relu, Activation::Relu, Activation::HardSwish, Activation::HardSwish, Activation::HardSwish];

/// A convolution, a fixed block, five stages of blocks, a convolution, pooling, a layer without a norm, classifier.
#[derive(Debug)]
pub struct Blocks {
    space: Mobile,
    first: ConvNorm,
    fixed: Block,
    stages: Vec<Vec<Block>>,
    last: ConvNorm,
    features: Conv,
    classifier: Linear,
    numbers: u32,
}

impl Blocks {
    /// With the blocks of `architecture`, or with the largest of all.
    pub fn new(layout: &mut Layout, space: &Mobile, architecture: Option<&Architecture>) -> Self {
        let largest = space.largest().expect("blocks have a largest");
        let network = space.network(architecture.unwrap_or(&largest));
        let wide = |channels| network.wide(channels) as i64;
        let design = space.design();
        let mut given = wide(FIRST_CHANNELS);
        let first = conv_norm(layout, "first", [i64::from(design.planes), given], 3, 2);
        let relu = Activation::Relu;
        let place = Place { given, channels: given, stride: 1, activation: relu };
        let fixed = Block::new(layout, "fixed", place, FIXED);
        let widest = network.stages[0].iter().map(|block| inner(given as u64, block.expansion)).max();
        let mut stages = Vec::with_capacity(STAGES);
        for (stage, blocks) in network.stages.iter().enumerate() {
            let channels = wide(STAGE_CHANNELS[stage]);
            let build = |(index, &block): (usize, &mobile::Block)| {
                let stride = if index == 0 { i64::from(STRIDES[stage]) } else { 1 };
                let place = Place { given, channels, stride, activation: ACTIVATIONS[stage] };
                given = channels;
                Block::new(layout, &format!("stages.{stage}.{index}"), place, block)
            };
            stages.push(blocks.iter().enumerate().map(build).collect());
        }
        let [last_channels, features] = LAST_CHANNELS.map(wide);
        let last = conv_norm(layout, "last", [given, last_channels], 1, 1);
        let classes = i64::from(design.classes);
        Self {
            space: space.clone(),
            first,
            fixed,
            stages,
            last,
            features: Conv::new(layout, "features", [last_channels, features], 1, 1),
            classifier: Linear::new(layout, "classifier", features, classes),
            numbers: widest.unwrap_or_default() as u32 * network.resolution.div_ceil(2).pow(2),
        }
    }

    /// Numbers that one image is in the first stage.
    pub fn numbers(&self) -> u32 {
        self.numbers
    }

    /// Every block is one at most.
    pub fn branches(&self) -> usize {
        self.stages.iter().map(Vec::len).sum()
    }

    /// Logits `[b, classes]`, 32-bit, of normalised `images` `[b, c, h, w]` of any size: they are scaled to the resolution that
    /// `architecture` says.
    pub fn forward(&self, pass: &Pass, images: &Tensor, architecture: &Architecture) -> Tensor {
        let network = self.space.network(architecture);
        let wide = |channels| network.wide(channels) as i64;
        let (first, norm) = &self.first;
        let opened = pass.open_to(first, wide(FIRST_CHANNELS), &scaled(images, network.resolution));
        let mut x = pass.norm(norm, &opened).hardswish();
        x = self.fixed.forward(pass, FIXED, wide(FIRST_CHANNELS), &x);
        for ((stage, path), channels) in self.stages.iter().zip(&network.stages).zip(STAGE_CHANNELS) {
            for (block, &path) in stage.iter().zip(path) {
                x = block.forward(pass, path, wide(channels), &x);
            }
        }
        let [last_channels, features] = LAST_CHANNELS.map(wide);
        let (last, norm) = &self.last;
        x = pass.norm(norm, &pass.conv_to(last, last_channels, &x)).hardswish();
        let pooled = x.mean_dim([2_i64, 3].as_slice(), true, None);
        let features = pass.conv_to(&self.features, features, &pooled).hardswish();
        pass.classify(&self.classifier, &features.flatten(1, 3))
    }
}

/// Images `[b, c, h, w]` as `[b, c, side, side]`, bilinear; what becomes smaller is averaged over what it covers.
fn scaled(images: &Tensor, side: u32) -> Tensor {
    let side = i64::from(side);
    match images.size()[2..] == [side; 2] {
        true => images.shallow_clone(),
        false => images.internal_upsample_bilinear2d_aa([side; 2], false, None, None),
    }
}

#[cfg(test)]
mod tests;
