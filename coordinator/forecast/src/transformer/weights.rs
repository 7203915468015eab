//! All learnt numbers of a network in one flat tensor, with a view for every layer.
//!
//! Flat, because a step of Adam or of a running mean is then a handful of kernels instead of a handful per layer, and a file holds
//! one tensor. Initial values come from a named stream of a seed, never from libtorch's global generator, which other threads share.

use std::ops::Range;

use common::seed::Seed;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

/// How a tensor begins.
#[derive(Debug, Clone, Copy)]
pub enum Init {
    Constant(f32),
    Normal { deviation: f64 },
}

#[derive(Debug, Clone)]
struct Entry {
    shape: Vec<i64>,
    init: Init,
    range: Range<i64>,
}

/// What a network will hold, collected while its layers are described.
#[derive(Debug, Default, Clone)]
pub struct Layout(Vec<Entry>);

/// Finds a tensor of the layout in its [`Weights`].
#[derive(Debug, Clone, Copy)]
pub struct Slot(usize);

#[derive(Debug)]
pub struct Weights {
    layout: Layout,
    /// `[parameters]`; the leaves are views of it.
    flat: Tensor,
    leaves: Vec<Tensor>,
}

impl Layout {
    pub fn push(&mut self, shape: &[i64], init: Init) -> Slot {
        let start = self.parameters();
        let range = start..start + shape.iter().product::<i64>();
        self.0.push(Entry { shape: shape.to_vec(), init, range });
        Slot(self.0.len() - 1)
    }

    pub fn parameters(&self) -> i64 {
        self.0.last().map_or(0, |entry| entry.range.end)
    }
}

impl Weights {
    pub fn new(layout: Layout, seed: Seed) -> Self {
        let mut rng = seed.stream("weights", 0);
        let mut values = Vec::with_capacity(layout.parameters() as usize);
        for entry in &layout.0 {
            let draw = |_| match entry.init {
                Init::Constant(value) => value,
                Init::Normal { deviation } => (normal(&mut rng) * deviation) as f32,
            };
            values.extend(entry.range.clone().map(draw));
        }
        Self::around(layout, Tensor::from_slice(&values))
    }

    /// `values [parameters]`, as [`Weights::values`] gave them. None when there are more or fewer, or when one is not finite.
    pub fn from_values(layout: Layout, values: &[f32]) -> Option<Self> {
        let fits = values.len() as i64 == layout.parameters() && values.iter().all(|value| value.is_finite());
        fits.then(|| Self::around(layout, Tensor::from_slice(values)))
    }

    pub fn get(&self, slot: Slot) -> &Tensor {
        &self.leaves[slot.0]
    }

    pub fn values(&self) -> Vec<f32> {
        Vec::try_from(&self.flat).expect("a flat tensor of floats")
    }

    /// `[parameters]`, sharing storage with every layer's view.
    pub fn flat(&self) -> &Tensor {
        &self.flat
    }

    /// Another set of equal values that learns nothing.
    pub fn copy(&self) -> Self {
        Self::around(self.layout.clone(), self.flat.copy())
    }

    /// The gradient of the scalar `loss`, `[parameters]`; zero where it does not depend on a parameter.
    pub fn gradient(&self, loss: &Tensor) -> Tensor {
        let gradients = Tensor::run_backward(&[loss], &self.leaves, false, false);
        let flat = |(gradient, leaf): (Tensor, &Tensor)| match gradient.defined() {
            true => gradient.reshape([-1]),
            false => leaf.detach().zeros_like().view([-1]),
        };
        let pieces: Vec<Tensor> = gradients.into_iter().zip(&self.leaves).map(flat).collect();
        Tensor::cat(&pieces, 0)
    }

    fn around(layout: Layout, flat: Tensor) -> Self {
        let view = |entry: &Entry| {
            let part = flat.narrow(0, entry.range.start, entry.range.end - entry.range.start);
            part.view(entry.shape.as_slice()).detach().set_requires_grad(true)
        };
        let leaves = layout.0.iter().map(view).collect();
        Self { layout, flat, leaves }
    }
}

/// A standard normal number (Box and Muller 1958).
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    // In (0, 1], so that the logarithm is finite.
    let radius: f64 = 1.0 - rng.random::<f64>();
    let angle: f64 = rng.random::<f64>() * std::f64::consts::TAU;
    (-2.0 * radius.ln()).sqrt() * angle.cos()
}
