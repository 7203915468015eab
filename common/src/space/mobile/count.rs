//! Parameters and multiply-accumulates, as Once-for-All's own program counts them: weights of convolutions, batch norms (scale
//! and shift) and the classifier, with the biases of squeeze-and-excitation and the classifier; products of all convolutions,
//! those of squeeze-and-excitation and of the layer behind the pooling among them, and of the classifier.

use super::super::Cost;
use super::design::{Design, FIRST_CHANNELS, LAST_CHANNELS, STAGE_CHANNELS, STRIDES};
use super::{Block, Network};

/// Channels are multiples of this, for the sake of the machines that run them.
const CHANNEL_STEP: f64 = 8.0;
/// A squeeze leaves a quarter of the channels.
const SQUEEZE: u64 = 4;

/// The multiple of eight nearest to `channels`, but never more than a tenth below it.
pub(super) fn divisible(channels: f64) -> u64 {
    let nearest = ((channels + CHANNEL_STEP / 2.0) / CHANNEL_STEP).floor() * CHANNEL_STEP;
    let nearest = nearest.max(CHANNEL_STEP);
    (if nearest < 0.9 * channels { nearest + CHANNEL_STEP } else { nearest }) as u64
}

/// Channels between a block's two 1×1 convolutions, of the channels that it is given.
pub fn inner(given: u64, expansion: u32) -> u64 {
    divisible((given * u64::from(expansion)) as f64)
}

/// What squeeze-and-excitation squeezes so many channels to.
pub fn squeezed(inner: u64) -> u64 {
    divisible((inner / SQUEEZE) as f64)
}

/// The network so far: what it costs and what its last layer hands on.
pub(super) struct Tally {
    pub cost: Cost,
    pub channels: u64,
    /// Height and width of the image there.
    pub side: u64,
}

impl Tally {
    /// The convolution that opens the network, at stride 2.
    pub fn open(planes: u32, resolution: u32, channels: u64) -> Self {
        let none = Cost { parameters: 0, flops: 0 };
        let mut tally = Self { cost: none, channels, side: u64::from(resolution).div_ceil(2) };
        tally.conv(u64::from(planes) * channels * 9, channels);
        tally
    }

    /// Weights without bias at every place, before a batch norm over `normalised` channels.
    fn conv(&mut self, weights: u64, normalised: u64) {
        self.cost.parameters += weights + 2 * normalised;
        self.cost.flops += weights * self.side * self.side;
    }

    /// A layer with a bias that is used once, whatever the image's size.
    fn once(&mut self, weights: u64, biases: u64) {
        self.cost.parameters += weights + biases;
        self.cost.flops += weights;
    }

    /// A block of `inner` channels between its two 1×1 convolutions; without the first where `inner` is what it is given.
    pub fn block(&mut self, kernel: u32, inner: u64, squeeze_excite: bool, stride: u32, outer: u64) {
        if inner != self.channels {
            self.conv(self.channels * inner, inner);
        }
        self.side = self.side.div_ceil(u64::from(stride));
        self.conv(inner * u64::from(kernel) * u64::from(kernel), inner);
        if squeeze_excite {
            let squeezed = squeezed(inner);
            self.once(inner * squeezed, squeezed);
            self.once(squeezed * inner, inner);
        }
        self.conv(inner * outer, outer);
        self.channels = outer;
    }

    /// The last convolution, pooling, one more layer without a norm, and the classifier.
    pub fn close(mut self, [last, features]: [u64; 2], classes: u32) -> Cost {
        let classes = u64::from(classes);
        self.conv(self.channels * last, last);
        self.once(last * features, 0);
        self.once(features * classes, classes);
        self.cost
    }
}

pub(super) fn cost(design: &Design, network: &Network) -> Cost {
    let wide = |channels| network.wide(channels);
    let first = wide(FIRST_CHANNELS);
    let mut tally = Tally::open(design.planes, network.resolution, first);
    tally.block(3, first, false, 1, first);
    for ((stage, channels), stride) in network.stages.iter().zip(STAGE_CHANNELS).zip(STRIDES) {
        for (index, &Block { kernel, expansion, squeeze_excite }) in stage.iter().enumerate() {
            let inner = inner(tally.channels, expansion);
            tally.block(kernel, inner, squeeze_excite, if index == 0 { stride } else { 1 }, wide(channels));
        }
    }
    tally.close(LAST_CHANNELS.map(wide), design.classes)
}
