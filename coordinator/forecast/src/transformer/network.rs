//! PatchTST's encoder (Nie et al., ICLR 2023): patches become tokens, self-attention lets each day look at the others, a flat head
//! answers for all coming hours at once.
//!
//! Around it, of our own: the four figures of an hour share a token, for the intensity is a ratio of the mix; intensities enter
//! relative to the mean of the last week; the linear skip's forecast enters as further tokens, and the head says how to correct it
//! and how far above and below the truth may lie. Shapes: b examples, t tokens, d numbers a token, h hours ahead, q levels.

use std::cell::RefCell;

use common::seed::Seed;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

use super::inputs::{FIGURES, SEASON, WAVES};
use super::options::{INPUT_HOURS, Options, PATCH_HOURS};
use super::weights::{Init, Layout, Slot, Weights};
use crate::LEVELS;

const PATCHES: usize = INPUT_HOURS / PATCH_HOURS;
/// Waves at the issue, level and spread of the last two weeks.
const CONTEXT: usize = WAVES + SEASON + 2;
/// Inner width of the head for the band.
const BAND_WIDTH: i64 = 32;
const MIDDLE: usize = LEVELS.len() / 2;

/// What the network is asked about.
#[derive(Debug)]
pub struct Examples {
    /// `[b, 336, 4]`, standardised.
    pub hours: Tensor,
    /// `[b, 16]` at the issue.
    pub calendar: Tensor,
    /// `[b]`, numbers of zones.
    pub zones: Tensor,
    /// `[b, h]`, what the linear skip says, standardised.
    pub skip: Tensor,
}

/// What it answers, in standardised units.
#[derive(Debug)]
pub struct Answer {
    /// `[b, h]`, to be added to the skip's forecast.
    pub correction: Tensor,
    /// `[b, h, q]`: distances of the levels from the corrected forecast, ascending, 0 at the median.
    pub offsets: Tensor,
}

#[derive(Debug, Clone, Copy)]
struct Linear {
    weight: Slot,
    bias: Slot,
}

#[derive(Debug, Clone, Copy)]
struct Norm {
    gain: Slot,
    bias: Slot,
    width: i64,
}

/// Pre-norm, as it learns without warm-up care (Xiong et al. 2020).
#[derive(Debug, Clone, Copy)]
struct Layer {
    before_attention: Norm,
    query_key_value: Linear,
    mix: Linear,
    before_feed: Norm,
    widen: Linear,
    narrow: Linear,
}

/// Where the numbers of each layer stand; the numbers are in [`Weights`].
#[derive(Debug, Clone)]
pub struct Network {
    options: Options,
    horizon: i64,
    patch: Linear,
    coming: Linear,
    place: Slot,
    zone: Slot,
    context: Linear,
    layers: Vec<Layer>,
    last: Norm,
    correction: Linear,
    band_inner: Linear,
    band: Linear,
    /// Steps between levels, below and above the median, `[2, 9]`, before softplus.
    steps: Slot,
}

/// Dice of dropout while learning; none while forecasting.
pub type Dice<'a> = Option<&'a RefCell<ChaCha8Rng>>;

impl Network {
    /// For `zones` zones and `horizon` hours ahead; the layout says how many numbers it wants.
    pub fn new(options: &Options, zones: usize, horizon: usize) -> (Self, Layout) {
        let mut layout = Layout::default();
        let d = options.width as i64;
        let coming = horizon.div_ceil(PATCH_HOURS);
        let tokens = (PATCHES + coming) as i64;
        let figures = (PATCH_HOURS * FIGURES) as i64;
        let small = Init::Normal { deviation: 0.02 };
        let linear = |layout: &mut Layout, from: i64, to: i64, scale: f64| {
            let deviation = scale / (3.0 * from as f64).sqrt();
            Linear {
                weight: layout.push(&[from, to], Init::Normal { deviation }),
                bias: layout.push(&[to], Init::Constant(0.0)),
            }
        };
        let norm = |layout: &mut Layout| Norm {
            gain: layout.push(&[d], Init::Constant(1.0)),
            bias: layout.push(&[d], Init::Constant(0.0)),
            width: d,
        };
        let network = Self {
            options: options.clone(),
            horizon: horizon as i64,
            patch: linear(&mut layout, figures, d, 1.0),
            coming: linear(&mut layout, PATCH_HOURS as i64, d, 1.0),
            place: layout.push(&[tokens, d], small),
            zone: layout.push(&[zones as i64, d], small),
            context: linear(&mut layout, CONTEXT as i64, d, 1.0),
            layers: (0..options.layers)
                .map(|_| Layer {
                    before_attention: norm(&mut layout),
                    query_key_value: linear(&mut layout, d, 3 * d, 1.0),
                    mix: linear(&mut layout, d, d, 1.0),
                    before_feed: norm(&mut layout),
                    widen: linear(&mut layout, d, 2 * d, 1.0),
                    narrow: linear(&mut layout, 2 * d, d, 1.0),
                })
                .collect(),
            last: norm(&mut layout),
            // Begins near the linear skip.
            correction: linear(&mut layout, tokens * d, horizon as i64, 0.1),
            band_inner: linear(&mut layout, d, BAND_WIDTH, 1.0),
            band: linear(&mut layout, BAND_WIDTH, 2 * horizon as i64, 1.0),
            steps: layout.push(&[2, MIDDLE as i64], Init::Constant(0.0)),
        };
        (network, layout)
    }

    pub fn forward(&self, weights: &Weights, examples: &Examples, dice: Dice) -> Answer {
        let batch = examples.hours.size()[0];
        let intensity = examples.hours.select(2, 0);
        let level =
            intensity.slice(1, INPUT_HOURS as i64 - 168, None, 1).mean_dim([1].as_slice(), true, Kind::Float);
        let relative = &intensity - &level;
        let spread = relative.square().mean_dim([1].as_slice(), true, Kind::Float).sqrt();

        let mix = examples.hours.slice(2, 1, None, 1);
        let past = Tensor::cat(&[relative.unsqueeze(2), mix], 2).reshape([batch, PATCHES as i64, -1]);
        let coming = (&examples.skip - &level).constant_pad_nd([0, self.padding()]);
        let coming = coming.view([batch, -1, PATCH_HOURS as i64]);
        let tokens = [self.patch.forward(weights, &past), self.coming.forward(weights, &coming)];
        let context = Tensor::cat(&[&examples.calendar, &level, &spread], 1);
        let context =
            self.context.forward(weights, &context) + weights.get(self.zone).index_select(0, &examples.zones);
        let tokens = Tensor::cat(&tokens, 1) + weights.get(self.place) + context.unsqueeze(1);
        let mut tokens = self.drop(tokens, dice);
        for layer in &self.layers {
            tokens = self.encode(layer, weights, tokens, dice);
        }
        self.head(weights, self.last.forward(weights, &tokens), dice)
    }

    /// `[b, t, d]` to `[b, t, d]`.
    fn encode(&self, layer: &Layer, weights: &Weights, tokens: Tensor, dice: Dice) -> Tensor {
        let normed = layer.before_attention.forward(weights, &tokens);
        let attended = layer.mix.forward(weights, &self.attend(layer, weights, &normed));
        let tokens = tokens + self.drop(attended, dice);
        let normed = layer.before_feed.forward(weights, &tokens);
        let inner = layer.widen.forward(weights, &normed).gelu("none");
        &tokens + self.drop(layer.narrow.forward(weights, &inner), dice)
    }

    /// softmax(Q Kᵀ / √(d/heads)) V, head by head (Vaswani et al. 2017).
    fn attend(&self, layer: &Layer, weights: &Weights, tokens: &Tensor) -> Tensor {
        let (batch, count, width) = tokens.size3().expect("[b, t, d]");
        let heads = self.options.heads as i64;
        // [3, b, heads, t, d/heads]
        let all = layer
            .query_key_value
            .forward(weights, tokens)
            .view([batch, count, 3, heads, width / heads])
            .permute([2, 0, 3, 1, 4]);
        let (query, key, value) = (all.select(0, 0), all.select(0, 1), all.select(0, 2));
        let scores = query.matmul(&key.transpose(-2, -1)) * (heads as f64 / width as f64).sqrt();
        let mixed = scores.softmax(-1, Kind::Float).matmul(&value);
        mixed.transpose(1, 2).reshape([batch, count, width])
    }

    fn head(&self, weights: &Weights, tokens: Tensor, dice: Dice) -> Answer {
        let batch = tokens.size()[0];
        let mean = tokens.mean_dim([1].as_slice(), false, Kind::Float);
        let flat = self.drop(tokens.reshape([batch, -1]), dice);
        let correction = self.correction.forward(weights, &flat);
        let inner = self.band_inner.forward(weights, &mean).gelu("none");
        // [b, 2, h, 1]; about 0.3 of a deviation to begin with.
        let widths = (self.band.forward(weights, &inner) - 1.0).softplus();
        let widths = widths.view([batch, 2, self.horizon]).unsqueeze(3);
        let steps = weights.get(self.steps).softplus().cumsum(1, Kind::Float) / MIDDLE as f64;
        let below = -widths.select(1, 0) * steps.select(0, 0).flip([0]);
        let above = widths.select(1, 1) * steps.select(0, 1);
        let middle = Tensor::zeros([batch, self.horizon, 1], (Kind::Float, below.device()));
        Answer { correction, offsets: Tensor::cat(&[below, middle, above], 2) }
    }

    fn padding(&self) -> i64 {
        (PATCH_HOURS as i64 - self.horizon % PATCH_HOURS as i64) % PATCH_HOURS as i64
    }

    /// Dropout (Srivastava et al. 2014) by dice of our own: libtorch's are shared with other threads.
    fn drop(&self, tensor: Tensor, dice: Dice) -> Tensor {
        let Some(dice) = dice.filter(|_| self.options.dropout > 0.0) else { return tensor };
        let mut bytes = vec![0_u8; tensor.numel()];
        dice.borrow_mut().fill_bytes(&mut bytes);
        let threshold = (self.options.dropout * 256.0).round();
        let kept = Tensor::from_slice(&bytes).view(tensor.size().as_slice()).ge(threshold);
        tensor * kept.to_kind(Kind::Float) * (256.0 / (256.0 - threshold))
    }
}

impl Linear {
    fn forward(&self, weights: &Weights, input: &Tensor) -> Tensor {
        input.matmul(weights.get(self.weight)) + weights.get(self.bias)
    }
}

impl Norm {
    fn forward(&self, weights: &Weights, input: &Tensor) -> Tensor {
        input.layer_norm(
            [self.width],
            Some(weights.get(self.gain)),
            Some(weights.get(self.bias)),
            1e-5,
            false,
        )
    }
}

/// The network with its numbers.
#[derive(Debug)]
pub struct Member {
    pub network: Network,
    pub weights: Weights,
}

impl Member {
    pub fn new(options: &Options, zones: usize, horizon: usize, seed: Seed) -> Self {
        let (network, layout) = Network::new(options, zones, horizon);
        Self { network, weights: Weights::new(layout, seed) }
    }

    /// None when `values` are not as many as the network wants, or not finite.
    pub fn from_values(options: &Options, zones: usize, horizon: usize, values: &[f32]) -> Option<Self> {
        let (network, layout) = Network::new(options, zones, horizon);
        Some(Self { network, weights: Weights::from_values(layout, values)? })
    }

    pub fn answer(&self, examples: &Examples) -> Answer {
        let _guard = tch::no_grad_guard();
        self.network.forward(&self.weights, examples, None)
    }
}
