//! Optimisers, on flat tensors. libtorch's own do not let their momentum be saved, so they can't be suspended.

use common::recipe::{Optimiser, Recipe};
use tch::{Device, Tensor};

use crate::network::Weights;

/// AdamW's second β, and what keeps it from dividing by zero.
const SQUARES_DECAY: f64 = 0.999;
const EPSILON: f64 = 1e-8;
/// As PyTorch clips: a norm of zero stays one.
const NORM_EPSILON: f64 = 1e-6;

#[derive(Debug)]
pub struct Descent {
    optimiser: Optimiser,
    /// `[parameters]`, zero at the beginning: the mean of past gradients, each optimiser's own.
    velocity: Tensor,
    /// `[parameters]`, zero at the beginning: the mean of their squares, where the optimiser wants it.
    squares: Option<Tensor>,
}

impl Descent {
    pub fn new(weights: &Weights, optimiser: Optimiser) -> Self {
        let zeros = || weights.flat().zeros_like();
        let squares = (optimiser == Optimiser::Adamw).then(zeros);
        Self { optimiser, velocity: zeros(), squares }
    }

    pub fn device(&self) -> Device {
        self.velocity.device()
    }

    /// All that it remembers, `[parameters]` each, by the names in a checkpoint.
    pub fn memory(&self) -> impl Iterator<Item = (&'static str, &Tensor)> {
        std::iter::once(("velocity", &self.velocity))
            .chain(self.squares.iter().map(|squares| ("squares", squares)))
    }

    /// Step number `step`, from 0, on every learnt number, along `gradient` `[parameters]` at the learning rate η = `rate`.
    pub fn descend(&mut self, weights: &Weights, gradient: Tensor, recipe: &Recipe, rate: f64, step: u64) {
        let _guard = tch::no_grad_guard();
        let mut flat = weights.flat().shallow_clone();
        let gradient = clip(gradient, recipe.clip_norm);
        match &mut self.squares {
            None => {
                // g ← g + λw;  v ← μv + g;  w ← w − η(g + μv), or w ← w − ηv (Sutskever et al. 2013, as PyTorch writes it).
                let gradient = gradient + &flat * recipe.weight_decay;
                let _ = self.velocity.g_mul_scalar_(recipe.momentum).g_add_(&gradient);
                let way = match self.optimiser {
                    Optimiser::Nesterov => gradient + &self.velocity * recipe.momentum,
                    Optimiser::Momentum | Optimiser::Adamw => self.velocity.shallow_clone(),
                };
                let _ = flat.g_sub_(&(way * rate));
            }
            Some(squares) => {
                // m ← β₁m + (1 − β₁)g;  s ← β₂s + (1 − β₂)g²;  w ← w − ηλw − η m̂ / (√ŝ + ε), both means without the bias of
                // their beginning (Loshchilov and Hutter 2019, as PyTorch writes it).
                let (mean_decay, done) = (recipe.momentum, step as f64 + 1.0);
                let _ = self.velocity.lerp_(&gradient, 1.0 - mean_decay);
                let _ = squares.lerp_(&gradient.square(), 1.0 - SQUARES_DECAY);
                let unbiased = |decay: f64| 1.0 - decay.powf(done);
                let spread = (&*squares / unbiased(SQUARES_DECAY)).sqrt() + EPSILON;
                let _ = flat.g_mul_scalar_(1.0 - rate * recipe.weight_decay);
                let _ = flat.g_sub_(&(&self.velocity / spread * (rate / unbiased(mean_decay))));
            }
        }
        weights.refresh();
    }
}

/// `gradient` `[parameters]`, no longer than `longest` unless that is 0. The length stays on the device.
fn clip(gradient: Tensor, longest: f64) -> Tensor {
    if longest == 0.0 {
        return gradient;
    }
    let shortening = (gradient.norm() + NORM_EPSILON).reciprocal() * longest;
    gradient * shortening.clamp_max(1.0)
}
