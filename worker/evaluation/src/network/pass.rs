//! One forward pass, layer by layer.
//!
//! A layer whose weights are larger than what a path asks for computes with the first of its channels and the middle of its
//! kernel, as networks of one supernet share them (Cai et al., Once-for-All, ICLR 2020).

use std::cell::Cell;

use tch::{Kind, Tensor};

use super::layer::{Conv, ConvNorm, Linear, NORM_EPSILON, Norm, Statistics};
use super::weights::Weights;

/// Which weights, what batch norms do, and which branches are dropped.
pub struct Pass<'a> {
    weights: &'a Weights,
    statistics: Statistics,
    drops: Option<Drops>,
}

/// Branches that a training pass leaves out, image by image (Larsson et al., FractalNet, ICLR 2017; Huang et al., ECCV 2016).
#[derive(Debug)]
pub struct DropPath {
    /// `[b, branches]`, uniform in [0, 1): a branch stays where its number is below `keep`.
    pub numbers: Tensor,
    /// Chance to stay, in (0, 1].
    pub keep: f64,
}

struct Drops {
    of: DropPath,
    /// The next branch that asks.
    next: Cell<i64>,
}

impl<'a> Pass<'a> {
    pub fn new(weights: &'a Weights, statistics: Statistics, drops: Option<DropPath>) -> Self {
        Self { weights, statistics, drops: drops.map(|of| Drops { of, next: Cell::new(0) }) }
    }

    /// The opening convolution of normalised `images` `[b, c, h, w]`, in the form of the weights: `[b, to, h / stride, w / stride]`.
    /// Every layer behind keeps a pixel's channels side by side.
    pub fn open(&self, conv: &Conv, images: &Tensor) -> Tensor {
        self.open_to(conv, self.weights.parameter(conv.weight).size()[0], images)
    }

    /// As `open`, to the first `to` channels.
    pub fn open_to(&self, conv: &Conv, to: i64, images: &Tensor) -> Tensor {
        let form = self.weights.form();
        let images = in_kind(images.shallow_clone(), form.kind);
        // On a processor the first convolution, of few channels, is quicker plane by plane.
        match form.channels_last {
            true => self.conv_to(conv, to, &channels_last(&images)),
            false => channels_last(&self.conv_to(conv, to, &images)),
        }
    }

    /// Logits `[b, classes]`, 32-bit, of features `[b, from]`.
    pub fn classify(&self, classifier: &Linear, features: &Tensor) -> Tensor {
        let classes = self.weights.parameter(classifier.bias).size()[0];
        in_kind(self.linear_to(classifier, classes, features), Kind::Float)
    }

    /// `[b, from, h, w]` to `[b, to, h / stride, w / stride]`.
    pub fn conv(&self, conv: &Conv, x: &Tensor) -> Tensor {
        self.convolve(conv, self.weights.parameter(conv.weight), conv.padding, x)
    }

    /// As `conv`, from as many channels as `x` has to the first `to`.
    pub fn conv_to(&self, conv: &Conv, to: i64, x: &Tensor) -> Tensor {
        let weight = first(self.weights.parameter(conv.weight), 0, to);
        self.convolve(conv, &first(&weight, 1, x.size()[1]), conv.padding, x)
    }

    /// A depthwise convolution of as many channels as `x` has with the middle of the kernel, `side` pixels wide:
    /// `[b, c, h, w]` to `[b, c, h / stride, w / stride]`.
    pub fn depthwise(&self, conv: &Conv, side: i64, x: &Tensor) -> Tensor {
        let weight = first(self.weights.parameter(conv.weight), 0, x.size()[1]);
        let frame = (weight.size()[2] - side) / 2;
        let weight = match frame {
            0 => weight,
            _ => weight.narrow(2, frame, side).narrow(3, frame, side),
        };
        self.convolve(conv, &weight, conv.dilation * (side / 2), x)
    }

    fn convolve(&self, conv: &Conv, weight: &Tensor, padding: i64, x: &Tensor) -> Tensor {
        let groups = if conv.depthwise { x.size()[1] } else { 1 };
        let y = x.conv2d(weight, None::<&Tensor>, [conv.stride; 2], [padding; 2], [conv.dilation; 2], groups);
        #[cfg(test)]
        tally::add(weight, &y);
        y
    }

    /// `[b, c, h, w]` to the same shape, by the first `c` of the norm's channels.
    pub fn norm(&self, norm: &Norm, x: &Tensor) -> Tensor {
        let weights = self.weights;
        let channels = x.size()[1];
        let of = |tensor: &Tensor| first(tensor, 0, channels);
        let [scale, shift] = [norm.scale, norm.shift].map(|index| of(weights.parameter(index)));
        let [mean, variance] = [norm.mean, norm.variance].map(|index| of(weights.statistic(index)));
        let (training, share) = match self.statistics {
            Statistics::Batch { share } => (true, share),
            Statistics::Groups { images, share } => {
                return grouped_norm(x, [&scale, &shift], [&mean, &variance], images, share);
            }
            Statistics::Running => (false, 0.0),
        };
        x.batch_norm(
            Some(scale),
            Some(shift),
            Some(mean),
            Some(variance),
            training,
            share,
            NORM_EPSILON,
            true,
        )
    }

    pub fn conv_norm(&self, (conv, norm): &ConvNorm, x: &Tensor) -> Tensor {
        self.norm(norm, &self.conv(conv, x))
    }

    /// `[b, from]` to `[b, to]`: of the map's features and outputs the first.
    pub fn linear_to(&self, linear: &Linear, to: i64, x: &Tensor) -> Tensor {
        let weight = first(&first(self.weights.parameter(linear.weight), 0, to), 1, x.size()[1]);
        let y = x.linear(&weight, Some(&first(self.weights.parameter(linear.bias), 0, to)));
        #[cfg(test)]
        tally::add(&weight, &y);
        y
    }

    /// A branch `[b, c, h, w]` on its way to a sum: zero where it is dropped, divided by the chance to stay where not.
    pub fn drop_path(&self, x: Tensor) -> Tensor {
        let Some(Drops { of: DropPath { numbers, keep }, next }) = &self.drops else { return x };
        let branch = next.replace(next.get() + 1);
        let stays = numbers.select(1, branch).lt(*keep).to_kind(x.kind()).view([-1, 1, 1, 1]);
        x * (stays / *keep)
    }
}

/// `[b, c, h, w]` to `[b, c]`: each channel's mean over the image.
pub fn pool(x: &Tensor) -> Tensor {
    x.mean_dim([2_i64, 3].as_slice(), false, None)
}

/// `[g·images, c, h, w]` to the same shape, channels last. `scale`, `shift`, `mean` and `variance`: `[c]`.
fn grouped_norm(
    x: &Tensor,
    [scale, shift]: [&Tensor; 2],
    [running_mean, running_variance]: [&Tensor; 2],
    images: i64,
    share: f64,
) -> Tensor {
    let (all, channels, height, width) = x.size4().expect("images have four dimensions");
    let count = images * height * width;
    let pixels = x.permute([0, 2, 3, 1]).contiguous().view([all / images, count, channels]);
    // [g, 1, c], summed in 32 bits whatever the images' precision.
    let over = [1_i64];
    let mean = pixels.mean_dim(over.as_slice(), true, Kind::Float);
    let norms = pixels.norm_scalaropt_dim_dtype(2.0, over.as_slice(), true, Kind::Float);
    let variance = (norms.square() / count as f64 - mean.square()).clamp_min(0.0);
    let scale = (&variance + NORM_EPSILON).rsqrt() * scale;
    let shift = shift - &mean * &scale;
    let keep = |running: &Tensor, groups: &Tensor| {
        let _ = running.shallow_clone().lerp_(&groups.mean_dim([0_i64, 1].as_slice(), false, None), share);
    };
    keep(running_mean, &mean);
    // Running variances are unbiased, those that normalise are not: as batch norm has it.
    keep(running_variance, &(variance * (count as f64 / (count - 1) as f64)));
    let normalised = pixels.empty_like();
    let _ = shift.addcmul_out(&normalised, &pixels, &scale);
    normalised.view([all, height, width, channels]).permute([0, 3, 1, 2])
}

/// The first `count` along `dimension`; no step of its own where that is all.
fn first(tensor: &Tensor, dimension: i64, count: i64) -> Tensor {
    match tensor.size()[dimension as usize] == count {
        true => tensor.shallow_clone(),
        false => tensor.narrow(dimension, 0, count),
    }
}

/// The same values with a pixel's channels side by side: every layer behind keeps that order, in which oneDNN's small
/// convolutions and the batch norms run an eighth faster than plane by plane (measured, 8 channels of 28×28).
fn channels_last(x: &Tensor) -> Tensor {
    x.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
}

/// Without a trace in a traced module where nothing changes.
fn in_kind(x: Tensor, kind: Kind) -> Tensor {
    if x.kind() == kind { x } else { x.to_kind(kind) }
}

/// Multiply-accumulates counted from the shapes that pass by, for tests against the spaces' own counts.
#[cfg(test)]
pub mod tally {
    use std::cell::Cell;

    use tch::Tensor;

    thread_local! {
        static PRODUCTS: Cell<u64> = const { Cell::new(0) };
    }

    /// A product for each number of `y` and each weight that it is a sum over.
    pub fn add(weight: &Tensor, y: &Tensor) {
        let products = y.numel() / weight.size()[0] as usize * weight.numel();
        PRODUCTS.set(PRODUCTS.get() + products as u64);
    }

    /// Of everything that this thread computes in `work`.
    pub fn of(work: impl FnOnce()) -> u64 {
        PRODUCTS.set(0);
        work();
        PRODUCTS.get()
    }
}
