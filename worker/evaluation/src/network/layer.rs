//! The layers, each as indices into `Weights`: convolution, batch norm, linear map.
//!
//! Batch norm as the benchmark sets it: scale and shift learnt, ε = 1e-5, running statistics kept (Ioffe and Szegedy 2015).

use super::weights::{Init, Layout};

pub const NORM_EPSILON: f64 = 1e-5;

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
    pub(super) weight: usize,
    pub(super) stride: i64,
    pub(super) padding: i64,
    pub(super) dilation: i64,
    /// Whether each channel is convolved by itself.
    pub(super) depthwise: bool,
}

#[derive(Debug)]
pub struct Norm {
    pub(super) scale: usize,
    pub(super) shift: usize,
    pub(super) mean: usize,
    pub(super) variance: usize,
}

#[derive(Debug)]
pub struct Linear {
    pub(super) weight: usize,
    pub(super) bias: usize,
}

impl Conv {
    /// `channels` in and out; a square kernel of `side`, padded to keep the image's size at stride 1.
    pub fn new(layout: &mut Layout, name: &str, channels: [i64; 2], side: i64, stride: i64) -> Self {
        let [from, to] = channels;
        let fan_out = (to * side * side) as f64;
        let init = Init::Normal { deviation: (2.0 / fan_out).sqrt() };
        let weight = layout.parameter(format!("{name}.weight"), vec![to, from, side, side], init);
        Self { weight, stride, padding: side / 2, dilation: 1, depthwise: false }
    }

    /// Each of `channels` by itself; a square kernel of `side`, its pixels `dilation` apart, padded as above.
    pub fn depthwise(
        layout: &mut Layout,
        name: &str,
        channels: i64,
        side: i64,
        [stride, dilation]: [i64; 2],
    ) -> Self {
        let init = Init::Normal { deviation: (2.0 / (side * side) as f64).sqrt() };
        let weight = layout.parameter(format!("{name}.weight"), vec![channels, 1, side, side], init);
        Self { weight, stride, padding: dilation * (side / 2), dilation, depthwise: true }
    }

    /// With no frame around the image.
    pub fn unpadded(self) -> Self {
        Self { padding: 0, ..self }
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

/// A convolution with the batch norm behind it.
pub type ConvNorm = (Conv, Norm);

/// See [`Conv::new`].
pub fn conv_norm(layout: &mut Layout, name: &str, channels: [i64; 2], side: i64, stride: i64) -> ConvNorm {
    let norm = |layout: &mut Layout| Norm::new(layout, &format!("{name}.norm"), channels[1]);
    (Conv::new(layout, name, channels, side, stride), norm(layout))
}
