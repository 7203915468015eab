//! The inverted residual block of MobileNetV3 (Howard et al., ICCV 2019): 1×1 expansion, depthwise convolution,
//! squeeze-and-excitation (Hu et al., CVPR 2018), 1×1 projection.

use common::space::mobile::{self, inner, squeezed};
use tch::Tensor;

use super::super::layer::{Conv, ConvNorm, Linear, Norm, conv_norm};
use super::super::pass::{Pass, pool};
use super::super::weights::Layout;

/// The largest block that any path asks for; a path computes with part of it.
#[derive(Debug)]
pub struct Block {
    /// None where nothing is ever widened.
    expand: Option<ConvNorm>,
    depthwise: Conv,
    norm: Norm,
    excite: Option<[Linear; 2]>,
    project: ConvNorm,
    stride: i64,
    activation: Activation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    Relu,
    HardSwish,
}

/// What stands around a block.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub given: i64,
    pub channels: i64,
    pub stride: i64,
    pub activation: Activation,
}

impl Block {
    pub fn new(layout: &mut Layout, name: &str, place: Place, block: mobile::Block) -> Self {
        let Place { given, channels, stride, activation } = place;
        let inner = inner(given as u64, block.expansion) as i64;
        let expand =
            (inner != given).then(|| conv_norm(layout, &format!("{name}.expand"), [given, inner], 1, 1));
        let side = i64::from(block.kernel);
        let depthwise = Conv::depthwise(layout, &format!("{name}.depthwise"), inner, side, [stride, 1]);
        let norm = Norm::new(layout, &format!("{name}.depthwise.norm"), inner);
        let excite = block.squeeze_excite.then(|| {
            let few = squeezed(inner as u64) as i64;
            [
                Linear::new(layout, &format!("{name}.squeeze"), inner, few),
                Linear::new(layout, &format!("{name}.excite"), few, inner),
            ]
        });
        let project = conv_norm(layout, &format!("{name}.project"), [inner, channels], 1, 1);
        Self { expand, depthwise, norm, excite, project, stride, activation }
    }

    /// `[b, given, h, w]` to `[b, channels, h / stride, w / stride]` as `block` says. What keeps its shape is added to what it
    /// was, and may be dropped.
    pub fn forward(&self, pass: &Pass, block: mobile::Block, channels: i64, x: &Tensor) -> Tensor {
        let given = x.size()[1];
        let inner = inner(given as u64, block.expansion) as i64;
        let wide = if inner == given {
            x.shallow_clone()
        } else {
            let (conv, norm) = self.expand.as_ref().expect("built for the widest path");
            self.activation.of(&pass.norm(norm, &pass.conv_to(conv, inner, x)))
        };
        let mixed = pass.depthwise(&self.depthwise, i64::from(block.kernel), &wide);
        let mut mixed = self.activation.of(&pass.norm(&self.norm, &mixed));
        if block.squeeze_excite {
            mixed = self.excite(pass, &mixed);
        }
        let (conv, norm) = &self.project;
        let value = pass.norm(norm, &pass.conv_to(conv, channels, &mixed));
        match self.stride == 1 && given == channels {
            true => pass.drop_path(value) + x,
            false => value,
        }
    }

    /// Weighs each channel of `[b, inner, h, w]` by what all of them show of the whole image.
    fn excite(&self, pass: &Pass, x: &Tensor) -> Tensor {
        let [squeeze, excite] = self.excite.as_ref().expect("built for every path");
        let inner = x.size()[1];
        let few = squeezed(inner as u64) as i64;
        let gates = pass.linear_to(excite, inner, &pass.linear_to(squeeze, few, &pool(x)).relu_());
        x * gates.hardsigmoid().view([-1, inner, 1, 1])
    }
}

impl Activation {
    /// To the same shape.
    pub fn of(self, x: &Tensor) -> Tensor {
        match self {
            Self::Relu => x.relu(),
            Self::HardSwish => x.hardswish(),
        }
    }
}
