//! The layers, each as indices into `Weights`: convolution, batch norm, linear map.
//!
//! Batch norm as the benchmark sets it: scale and shift learnt, ε = 1e-5, running statistics kept (Ioffe and Szegedy 2015).

use tch::{Kind, Tensor};

use super::weights::{Init, Layout, Weights};

const NORM_EPSILON: f64 = 1e-5;

/// Where batch norms take mean and variance from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistics {
    /// From the batch; the running ones become `(1 - share) · running + share · batch`.
    Batch { share: f64 },
    /// From each group of so many images by itself, as if it were a batch, with the mean over the groups for the batch's. The
    /// same as one batch after the other, in fewer and larger kernels; nothing can be learnt through it.
    Groups { images: i64, share: f64 },
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
            scale: layout.exact_parameter(format!("{name}.scale"), vec![channels], Init::Constant(1.0)),
            shift: layout.exact_parameter(format!("{name}.shift"), vec![channels], Init::Constant(0.0)),
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
            Statistics::Groups { images, share } => return self.grouped_norm(norm, x, images, share),
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

    /// `[g·images, c, h, w]` to the same shape, channels last.
    fn grouped_norm(&self, norm: &Norm, x: &Tensor, images: i64, share: f64) -> Tensor {
        let weights = self.weights;
        let (all, channels, height, width) = x.size4().expect("images have four dimensions");
        let count = images * height * width;
        let pixels = x.permute([0, 2, 3, 1]).contiguous().view([all / images, count, channels]);
        // [g, 1, c], summed in 32 bits whatever the images' precision.
        let over = [1_i64];
        let mean = pixels.mean_dim(over.as_slice(), true, Kind::Float);
        let norms = pixels.norm_scalaropt_dim_dtype(2.0, over.as_slice(), true, Kind::Float);
        let variance = (norms.square() / count as f64 - mean.square()).clamp_min(0.0);
        let scale = (&variance + NORM_EPSILON).rsqrt() * weights.parameter(norm.scale);
        let shift = weights.parameter(norm.shift) - &mean * &scale;
        let keep = |running: &Tensor, groups: &Tensor| {
            let _ =
                running.shallow_clone().lerp_(&groups.mean_dim([0_i64, 1].as_slice(), false, None), share);
        };
        keep(weights.statistic(norm.mean), &mean);
        // Running variances are unbiased, those that normalise are not: as batch norm has it.
        keep(weights.statistic(norm.variance), &(variance * (count as f64 / (count - 1) as f64)));
        let normalised = pixels.empty_like();
        let _ = shift.addcmul_out(&normalised, &pixels, &scale);
        normalised.view([all, height, width, channels]).permute([0, 3, 1, 2])
    }

    pub fn conv_norm(&self, (conv, norm): &(Conv, Norm), x: &Tensor) -> Tensor {
        self.norm(norm, &self.conv(conv, x))
    }

    /// `[b, from]` to `[b, to]`.
    pub fn linear(&self, linear: &Linear, x: &Tensor) -> Tensor {
        x.linear(self.weights.parameter(linear.weight), Some(self.weights.parameter(linear.bias)))
    }
}
