//! The loss that is descended: cross-entropy of smoothed labels, of mixed images, of both heads.

use common::recipe::Recipe;
use tch::{Kind, Tensor};

use crate::network::Logits;

/// The labels of a batch.
pub struct Targets {
    /// `[b]`
    labels: Tensor,
    /// Those of the images mixed in, and the share of the batch's own.
    mixed: Option<(Tensor, f64)>,
}

/// Images `[b, c, h, w]` and their labels `[b]`, each mixed with its opposite of the batch where `share` (of its own) says so: the
/// order of a batch is random already.
pub fn mix(images: Tensor, labels: Tensor, share: Option<f64>) -> (Tensor, Targets) {
    match share {
        None => (images, Targets { labels, mixed: None }),
        Some(share) => {
            let first = [0_i64];
            let mixed = &images * share + images.flip(first) * (1.0 - share);
            let others = labels.flip(first);
            (mixed, Targets { labels, mixed: Some((others, share)) })
        }
    }
}

/// A scalar, 32-bit.
pub fn loss(logits: &Logits, targets: &Targets, recipe: &Recipe) -> Tensor {
    let main = of_head(&logits.main, targets, recipe.label_smoothing);
    match &logits.auxiliary {
        Some(auxiliary) => {
            main + of_head(auxiliary, targets, recipe.label_smoothing) * recipe.auxiliary_weight
        }
        None => main,
    }
}

fn of_head(logits: &Tensor, Targets { labels, mixed }: &Targets, smoothing: f64) -> Tensor {
    let logarithms = logits.log_softmax(-1, Kind::Float);
    let own = logarithms.nll_loss(labels);
    let sharp = match mixed {
        Some((others, share)) => own * *share + logarithms.nll_loss(others) * (1.0 - share),
        None => own,
    };
    match smoothing > 0.0 {
        true => sharp * (1.0 - smoothing) - logarithms.mean(Kind::Float) * smoothing,
        false => sharp,
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    fn logits() -> Tensor {
        tch::manual_seed(1);
        Tensor::randn([6, 4], (Kind::Float, Device::Cpu))
    }

    fn close(a: &Tensor, b: &Tensor) -> bool {
        (a - b).abs().double_value(&[]) < 1e-6
    }

    #[test]
    fn it_is_what_libtorch_computes() {
        let labels = Tensor::from_slice(&[0_i64, 3, 1, 2, 2, 0]);
        let images = Tensor::arange(6, (Kind::Float, Device::Cpu)).view([6, 1, 1, 1]);
        let recipe = |label_smoothing| Recipe { label_smoothing, auxiliary_weight: 0.5, ..Recipe::PLAIN };
        let heads = |auxiliary| Logits { main: logits(), auxiliary };
        let reference = |labels: &Tensor, smoothing| {
            logits().cross_entropy_loss(labels, None::<&Tensor>, tch::Reduction::Mean, -100, smoothing)
        };
        let (same, plain) = mix(images.shallow_clone(), labels.shallow_clone(), None);
        assert!(same.equal(&images));
        let exact = loss(&heads(None), &plain, &recipe(0.0));
        assert!(exact.equal(&logits().cross_entropy_for_logits(&labels)), "bit for bit");
        for smoothing in [0.0, 0.1] {
            let expected = reference(&labels, smoothing);
            assert!(close(&loss(&heads(None), &plain, &recipe(smoothing)), &expected));
            let both = loss(&heads(Some(logits())), &plain, &recipe(smoothing));
            assert!(close(&both, &(&expected * 1.5)));
            let (mixed, targets) = mix(images.shallow_clone(), labels.shallow_clone(), Some(0.7));
            assert!((mixed.double_value(&[0, 0, 0, 0]) - 0.3 * 5.0).abs() < 1e-6);
            let expected = expected * 0.7 + reference(&labels.flip([0_i64]), smoothing) * 0.3;
            assert!(close(&loss(&heads(None), &targets, &recipe(smoothing)), &expected));
        }
    }
}
