//! Stochastic gradient descent with Nesterov momentum and weight decay, on flat tensors. libtorch's own optimiser does not
//! let its momentum be saved, so it can't be suspended.

use common::study::Recipe;
use tch::{Device, Tensor};

use crate::network::Weights;

#[derive(Debug)]
pub struct Sgd {
    /// `[parameters]`, zero at the beginning.
    pub velocity: Tensor,
}

impl Sgd {
    pub fn new(weights: &Weights) -> Self {
        Self { velocity: weights.flat().zeros_like() }
    }

    pub fn device(&self) -> Device {
        self.velocity.device()
    }

    /// `g ← g + λw;  v ← μv + g;  w ← w − η(g + μv)` (Sutskever et al. 2013, as PyTorch writes it), on every learnt number.
    pub fn descend(&mut self, weights: &Weights, gradient: Tensor, recipe: &Recipe, rate: f64) {
        let _guard = tch::no_grad_guard();
        let mut flat = weights.flat().shallow_clone();
        let gradient = gradient + &flat * recipe.weight_decay;
        let _ = self.velocity.g_mul_scalar_(recipe.momentum).g_add_(&gradient);
        let _ = flat.g_sub_(&((gradient + &self.velocity * recipe.momentum) * rate));
        weights.refresh();
    }
}
