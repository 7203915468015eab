//! A second classifier, two thirds of the way, that only training looks at (Szegedy et al., CVPR 2015, as NASNet and DARTS do).

use tch::Tensor;

use super::super::layer::{Conv, ConvNorm, Linear, Norm, conv_norm};
use super::super::pass::Pass;
use super::super::weights::Layout;

/// Channels of its two convolutions, as published.
const CHANNELS: [i64; 2] = [128, 768];

/// Rectification, pooling to 2×2 pixels, a 1×1 and a 2×2 convolution, classifier.
#[derive(Debug)]
pub struct Auxiliary {
    first: ConvNorm,
    second: ConvNorm,
    classifier: Linear,
}

impl Auxiliary {
    pub fn new(layout: &mut Layout, given: i64, classes: i64) -> Self {
        let [low, high] = CHANNELS;
        let first = conv_norm(layout, "auxiliary.first", [given, low], 1, 1);
        let second = Conv::new(layout, "auxiliary.second", [low, high], 2, 1).unpadded();
        let norm = Norm::new(layout, "auxiliary.second.norm", high);
        let classifier = Linear::new(layout, "auxiliary.classifier", high, classes);
        Self { first, second: (second, norm), classifier }
    }

    /// `[b, given, h, w]` to logits `[b, classes]`, 32-bit.
    pub fn forward(&self, pass: &Pass, x: &Tensor) -> Tensor {
        let sides = [x.size()[2], x.size()[3]];
        let x = x.relu();
        let pooled = if sides.iter().all(|&side| side > 1) {
            let [height, width] = sides.map(window);
            let apart = [sides[0] - height, sides[1] - width];
            x.avg_pool2d([height, width], apart, [0_i64, 0], false, false, None)
        } else {
            x.adaptive_avg_pool2d([2_i64, 2])
        };
        let x = pass.conv_norm(&self.first, &pooled).relu_();
        let x = pass.conv_norm(&self.second, &x).relu_();
        pass.classify(&self.classifier, &x.flatten(1, 3))
    }
}

/// Pixels of one of two windows over `side`, which then lie `side - window` apart: 5 of 8 as for CIFAR-10, 5 of 7 as for
/// ImageNet, and in proportion for other images.
fn window(side: i64) -> i64 {
    ((5 * side + 7) / 8).min(side - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_the_published_ones_and_cover_every_side() {
        assert_eq!([8, 7].map(window), [5, 5]);
        for side in 2..64 {
            let stride = side - window(side);
            assert!(stride >= 1 && window(side) >= stride, "{side}");
        }
    }
}
