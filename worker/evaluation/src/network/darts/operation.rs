//! What stands on an edge of a cell, as DARTS writes it: rectification first, batch norm last.

use common::space::darts::Operation;
use tch::Tensor;

use super::super::layer::{Conv, ConvNorm, Norm, conv_norm};
use super::super::pass::Pass;
use super::super::weights::Layout;

/// One operation; pooling and a skip at stride 1 hold no weights.
#[derive(Debug)]
pub enum Layer {
    MaxPool {
        stride: i64,
    },
    AvgPool {
        stride: i64,
    },
    Identity,
    Reduction(Reduction),
    /// One separable convolution where it is dilated, else two.
    Separable(Vec<Separable>),
}

/// Depthwise, 1×1, norm.
#[derive(Debug)]
pub struct Separable {
    depthwise: Conv,
    /// Side of its kernel.
    side: i64,
    pointwise: ConvNorm,
}

/// DARTS' `FactorizedReduce`: halves height and width by two 1×1 convolutions at stride 2, one of them a pixel further.
#[derive(Debug)]
pub struct Reduction {
    halves: [Conv; 2],
    norm: Norm,
}

impl Layer {
    /// Between nodes of `channels`; `stride` 1 or 2.
    pub fn new(layout: &mut Layout, name: &str, operation: Operation, channels: i64, stride: i64) -> Self {
        let mut separable = |index: usize, side: i64, stride: i64, dilation: i64| {
            let name = format!("{name}.{index}");
            Separable::new(layout, &name, channels, side, [stride, dilation])
        };
        match operation {
            Operation::MaxPool3x3 => Self::MaxPool { stride },
            Operation::AvgPool3x3 => Self::AvgPool { stride },
            Operation::Skip if stride == 1 => Self::Identity,
            Operation::Skip => Self::Reduction(Reduction::new(layout, name, [channels; 2])),
            Operation::SepConv3x3 => Self::Separable(vec![separable(0, 3, stride, 1), separable(1, 3, 1, 1)]),
            Operation::SepConv5x5 => Self::Separable(vec![separable(0, 5, stride, 1), separable(1, 5, 1, 1)]),
            Operation::DilConv3x3 => Self::Separable(vec![separable(0, 3, stride, 2)]),
            Operation::DilConv5x5 => Self::Separable(vec![separable(0, 5, stride, 2)]),
        }
    }

    /// `[b, channels, h, w]` to `[b, channels, h / stride, w / stride]`. Dropping the path spares an identity, as DARTS does.
    pub fn forward(&self, pass: &Pass, x: &Tensor) -> Tensor {
        let value = match self {
            Self::Identity => return x.shallow_clone(),
            Self::MaxPool { stride } => x.max_pool2d([3_i64, 3], [*stride; 2], [1_i64, 1], [1_i64, 1], false),
            Self::AvgPool { stride } => {
                x.avg_pool2d([3_i64, 3], [*stride; 2], [1_i64, 1], false, false, None)
            }
            Self::Reduction(reduction) => reduction.forward(pass, x),
            Self::Separable(convs) => convs.iter().fold(x.shallow_clone(), |x, conv| conv.forward(pass, &x)),
        };
        pass.drop_path(value)
    }
}

impl Separable {
    fn new(layout: &mut Layout, name: &str, channels: i64, side: i64, steps: [i64; 2]) -> Self {
        let depthwise = Conv::depthwise(layout, &format!("{name}.depthwise"), channels, side, steps);
        let pointwise = conv_norm(layout, &format!("{name}.pointwise"), [channels; 2], 1, 1);
        Self { depthwise, side, pointwise }
    }

    /// `[b, channels, h, w]` to `[b, channels, h / stride, w / stride]`.
    fn forward(&self, pass: &Pass, x: &Tensor) -> Tensor {
        pass.conv_norm(&self.pointwise, &pass.depthwise(&self.depthwise, self.side, &x.relu()))
    }
}

impl Reduction {
    /// `channels` in and out; those out are even.
    pub fn new(layout: &mut Layout, name: &str, [from, to]: [i64; 2]) -> Self {
        let mut half =
            |index: usize| Conv::new(layout, &format!("{name}.halves.{index}"), [from, to / 2], 1, 2);
        let halves = [half(0), half(1)];
        Self { halves, norm: Norm::new(layout, &format!("{name}.norm"), to) }
    }

    /// `[b, from, h, w]`, height and width even, to `[b, to, h / 2, w / 2]`.
    pub fn forward(&self, pass: &Pass, x: &Tensor) -> Tensor {
        let x = x.relu();
        let (height, width) = (x.size()[2], x.size()[3]);
        let further = x.narrow(2, 1, height - 1).narrow(3, 1, width - 1);
        let [here, there] = &self.halves;
        pass.norm(&self.norm, &Tensor::cat(&[pass.conv(here, &x), pass.conv(there, &further)], 1))
    }
}
