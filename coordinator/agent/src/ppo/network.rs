//! The actor as tensors, twin of `allocation::agent::Network`, and the critic, which is told what no policy may know.

use allocation::agent::{INPUTS, LAYERS, Layer, Network, OUTPUTS};
use common::seed::Seed;
use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

use crate::nature::normal;

/// What the critic is told besides: how the study responds to work, how far it is, what hindsight's rough plan came to.
pub const SECRETS: usize = 7;
const WIDE: i64 = 64;
/// Small, so that the first policy is what is known without learning.
const LAST: f64 = 0.01;
/// The first deviation of each action's logarithm: a factor of 1.35 on the level, and sampling as like as not.
const FIRST_SPREAD: [f32; OUTPUTS] = [-1.2, -0.7];
/// How far padding lies below every code.
const FAR: f64 = 1e9;

/// `y = x Wᵀ + b`.
#[derive(Debug)]
pub struct Linear {
    /// `[outputs, inputs]`
    weight: Tensor,
    /// `[outputs]`
    bias: Tensor,
}

impl Linear {
    fn new(inputs: i64, outputs: i64, scale: f64, dice: &mut ChaCha8Rng) -> Self {
        let deviation = scale / (inputs as f64).sqrt();
        let values: Vec<f32> = (0..inputs * outputs).map(|_| (deviation * normal(dice)) as f32).collect();
        Self::of(&values, &vec![0.0; outputs as usize])
    }

    fn of(weight: &[f32], bias: &[f32]) -> Self {
        let (outputs, inputs) = (bias.len() as i64, (weight.len() / bias.len()) as i64);
        Self {
            weight: Tensor::from_slice(weight).view([outputs, inputs]).set_requires_grad(true),
            bias: Tensor::from_slice(bias).set_requires_grad(true),
        }
    }

    fn forward(&self, input: &Tensor) -> Tensor {
        input.linear(&self.weight, Some(&self.bias))
    }
}

/// Sets of zones, padded: `rows [batch, zones, INPUTS]`, `mask [batch, zones]` 1 where a zone is.
#[derive(Debug)]
pub struct Sets {
    pub rows: Tensor,
    pub mask: Tensor,
}

impl Sets {
    pub fn select(&self, places: &Tensor) -> Self {
        Self { rows: self.rows.index_select(0, places), mask: self.mask.index_select(0, places) }
    }
}

#[derive(Debug)]
pub struct Actor {
    layers: Vec<Linear>,
    /// `[OUTPUTS]`: logarithms of the action's deviations.
    pub spread: Tensor,
}

impl Actor {
    pub fn new(seed: Seed) -> Self {
        let mut dice = seed.stream("actor", 0);
        let last = LAYERS.len() - 1;
        let layer = |(place, (_, inputs, outputs)): (usize, (&str, usize, usize))| {
            Linear::new(inputs as i64, outputs as i64, if place == last { LAST } else { 1.0 }, &mut dice)
        };
        let layers = LAYERS.into_iter().enumerate().map(layer).collect();
        Self { layers, spread: Tensor::from_slice(&FIRST_SPREAD).set_requires_grad(true) }
    }

    /// With weights learnt before, and the spread that stood beside them.
    pub fn of(network: &Network, spread: &[f32]) -> Self {
        let layers = network.layers().iter().map(|layer| Linear::of(&layer.weight, &layer.bias)).collect();
        Self { layers, spread: Tensor::from_slice(spread).set_requires_grad(true) }
    }

    /// Means of the action, `[batch, zones, OUTPUTS]`.
    pub fn forward(&self, sets: &Sets) -> Tensor {
        let codes = self.layers[1].forward(&self.layers[0].forward(&sets.rows).tanh()).tanh();
        let mask = sets.mask.unsqueeze(-1);
        let count = mask.sum_dim_intlist([1i64].as_slice(), true, Kind::Float);
        let mean = (&codes * &mask).sum_dim_intlist([1i64].as_slice(), true, Kind::Float) / count;
        let most = (&codes + (&mask - 1.0) * FAR).amax([1i64].as_slice(), true);
        let shared = Tensor::cat(&[mean, most], -1).expand([-1, codes.size()[1], -1], false);
        let input = Tensor::cat(&[codes, shared], -1);
        self.layers[3].forward(&self.layers[2].forward(&input).tanh())
    }

    pub fn parameters(&self) -> Vec<&Tensor> {
        parameters(&self.layers).into_iter().chain([&self.spread]).collect()
    }

    pub fn network(&self) -> Network {
        let layer = |linear: &Linear| Layer { weight: flat(&linear.weight), bias: flat(&linear.bias) };
        Network::new(self.layers.iter().map(layer).collect()).expect("the layers are its own, and finite")
    }
}

#[derive(Debug)]
pub struct Critic {
    layers: Vec<Linear>,
}

impl Critic {
    pub fn new(seed: Seed) -> Self {
        let mut dice = seed.stream("critic", 0);
        let inputs = (INPUTS + SECRETS) as i64;
        let sizes = [(inputs, WIDE), (WIDE, WIDE), (WIDE, 1)];
        Self { layers: sizes.map(|(inputs, outputs)| Linear::new(inputs, outputs, 1.0, &mut dice)).into() }
    }

    /// What is still to come, `[batch]`. `secrets [batch, SECRETS]`.
    pub fn forward(&self, sets: &Sets, secrets: &Tensor) -> Tensor {
        let mask = sets.mask.unsqueeze(-1);
        let count = mask.sum_dim_intlist([1i64].as_slice(), false, Kind::Float);
        let mean = (&sets.rows * &mask).sum_dim_intlist([1i64].as_slice(), false, Kind::Float) / count;
        let hidden = self.layers[0].forward(&Tensor::cat(&[&mean, secrets], -1)).tanh();
        self.layers[2].forward(&self.layers[1].forward(&hidden).tanh()).squeeze_dim(-1)
    }

    pub fn parameters(&self) -> Vec<&Tensor> {
        parameters(&self.layers)
    }
}

fn parameters(layers: &[Linear]) -> Vec<&Tensor> {
    layers.iter().flat_map(|layer| [&layer.weight, &layer.bias]).collect()
}

pub fn flat(tensor: &Tensor) -> Vec<f32> {
    Vec::try_from(tensor.detach().reshape([-1])).expect("a flat tensor of floats")
}
