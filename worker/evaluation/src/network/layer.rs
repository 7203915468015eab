//! The layers, each as indices into `Weights`: convolution, batch norm, linear map.
//!
//! Batch norm as the benchmark sets it: scale and shift learnt, ε = 1e-5, running statistics kept (Ioffe and Szegedy 2015).

use tch::Tensor;

use super::weights::{Init, Layout, Weights};

const NORM_EPSILON: f64 = 1e-5;

/// Where batch norms take mean and variance from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistics {
    /// From the batch; the running ones become `(1 - share) · running + share · batch`.
    Batch { share: f64 },
    /// The running ones.
    Running,
}

impl Statistics {
    /// As the benchmark trains.
    pub const TRAINING: Self = Self::Batch { share: 0.1 };
}

/// Without bias: a batch norm follows, or a sum that one shifts.
#[derive(Debug)]
pub struct Conv {
    weight: usize,
    stride: i64,
    padding: i64,
}

#[derive(Debug)]
pub struct Norm {
    scale: usize,
    shift: usize,
    mean: usize,
    variance: usize,
}

#[derive(Debug)]
pub struct Linear {
    weight: usize,
    bias: usize,
}

impl Conv {
    /// `channels` in and out; a square kernel of `side`, padded to keep the image's size at stride 1.
    pub fn new(layout: &mut Layout, name: &str, channels: [i64; 2], side: i64, stride: i64) -> Self {
        let [from, to] = channels;
        let fan_out = (to * side * side) as f64;
        let init = Init::Normal { deviation: (2.0 / fan_out).sqrt() };
        let weight = layout.parameter(format!("{name}.weight"), vec![to, from, side, side], init);
        Self { weight, stride, padding: side / 2 }
    }
}

impl Norm {
    pub fn new(layout: &mut Layout, name: &str, channels: i64) -> Self {
        Self {
            scale: layout.parameter(format!("{name}.scale"), vec![channels], Init::Constant(1.0)),
            shift: layout.parameter(format!("{name}.shift"), vec![channels], Init::Constant(0.0)),
            mean: layout.statistic(format!("{name}.running_mean"), vec![channels], Init::Constant(0.0)),
            variance: layout.statistic(
                format!("{name}.running_variance"),
                vec![channels],
                Init::Constant(1.0),
            ),
        }
    }
}

impl Linear {
    pub fn new(layout: &mut Layout, name: &str, from: i64, to: i64) -> Self {
        let init = Init::Uniform { bound: 1.0 / (from as f64).sqrt() };
        Self {
            weight: layout.parameter(format!("{name}.weight"), vec![to, from], init),
            bias: layout.parameter(format!("{name}.bias"), vec![to], init),
        }
    }
}

/// One forward pass: which weights, and what batch norms do.
pub struct Pass<'a> {
    pub weights: &'a Weights,
    pub statistics: Statistics,
}

impl Pass<'_> {
    /// `[b, from, h, w]` to `[b, to, h / stride, w / stride]`.
    pub fn conv(&self, conv: &Conv, x: &Tensor) -> Tensor {
        let weight = self.weights.parameter(conv.weight);
        let (stride, padding) = ([conv.stride; 2], [conv.padding; 2]);
        x.conv2d(weight, None::<&Tensor>, stride, padding, [1_i64, 1], 1)
    }

    /// `[b, c, h, w]` to the same shape.
    pub fn norm(&self, norm: &Norm, x: &Tensor) -> Tensor {
        let weights = self.weights;
        let (training, share) = match self.statistics {
            Statistics::Batch { share } => (true, share),
            Statistics::Running => (false, 0.0),
        };
        x.batch_norm(
            Some(weights.parameter(norm.scale)),
            Some(weights.parameter(norm.shift)),
            Some(weights.statistic(norm.mean)),
            Some(weights.statistic(norm.variance)),
            training,
            share,
            NORM_EPSILON,
            true,
        )
    }

    pub fn conv_norm(&self, (conv, norm): &(Conv, Norm), x: &Tensor) -> Tensor {
        self.norm(norm, &self.conv(conv, x))
    }

    /// `[b, from]` to `[b, to]`.
    pub fn linear(&self, linear: &Linear, x: &Tensor) -> Tensor {
        x.linear(self.weights.parameter(linear.weight), Some(self.weights.parameter(linear.bias)))
    }
}
