//! How weights are learnt: a recipe of gradient descent, and what makes no sense in one.

use serde::{Deserialize, Serialize};

use crate::space::SpaceSpec;

/// Gradient descent on batches of images. A short training runs the same recipe with fewer epochs: shares of the training keep
/// their meaning.
///
/// What was added later is written only where it was chosen: ledgers and frames from before mean the default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    pub epochs: u32,
    pub batch_size: u32,
    /// The highest.
    pub learning_rate: f64,
    /// Where the schedule ends.
    pub final_learning_rate: f64,
    /// Of gradients; AdamW's β₁.
    pub momentum: f64,
    pub weight_decay: f64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub optimiser: Optimiser,
    #[serde(default, skip_serializing_if = "is_default")]
    pub schedule: Schedule,
    /// Share of the training in which the learning rate grows from nothing, linearly (Goyal et al. 2017).
    #[serde(default, skip_serializing_if = "is_default")]
    pub warm_up: f64,
    /// Longest gradient, by its Euclidean norm; 0 clips none (Pascanu et al., ICML 2013).
    #[serde(default, skip_serializing_if = "is_default")]
    pub clip_norm: f64,
    /// Share that the moving average of the weights keeps at each step; 0 averages none (Polyak and Juditsky 1992).
    #[serde(default, skip_serializing_if = "is_default")]
    pub average_decay: f64,
    /// Share of a label that is spread over all classes (Szegedy et al., CVPR 2016).
    #[serde(default, skip_serializing_if = "is_default")]
    pub label_smoothing: f64,
    /// α of the Beta distribution by which two images are mixed; 0 mixes none (Zhang et al., ICLR 2018).
    #[serde(default, skip_serializing_if = "is_default")]
    pub mixup: f64,
    /// Side of the square that is blanked in each image; 0 blanks none (DeVries and Taylor 2017).
    #[serde(default, skip_serializing_if = "is_default")]
    pub cutout_pixels: u32,
    /// Chance that a branch is dropped in the last epoch, growing from 0 in the first (Zoph et al., CVPR 2018).
    #[serde(default, skip_serializing_if = "is_default")]
    pub drop_path: f64,
    /// Weight of the auxiliary head's loss; 0 builds none (Szegedy et al., CVPR 2015).
    #[serde(default, skip_serializing_if = "is_default")]
    pub auxiliary_weight: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimiser {
    /// Stochastic gradient descent with Nesterov's momentum (Sutskever et al., ICML 2013).
    #[default]
    Nesterov,
    /// The same with classical momentum.
    Momentum,
    /// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019).
    Adamw,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Half a cosine (Loshchilov and Hutter, ICLR 2017, without restarts).
    #[default]
    Cosine,
    Linear,
    /// A tenth after half of the training, a hundredth after three quarters (He et al., CVPR 2016).
    Step,
}

/// What is wrong with a recipe: its key, the value and the cure.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub key: &'static str,
    pub value: f64,
    pub cure: &'static str,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Recipe {
    /// One epoch with nothing beside the plain descent: what other recipes are written as differences from.
    pub const PLAIN: Self = Self {
        epochs: 1,
        batch_size: 32,
        learning_rate: 0.1,
        final_learning_rate: 0.0,
        momentum: 0.9,
        weight_decay: 0.0,
        optimiser: Optimiser::Nesterov,
        schedule: Schedule::Cosine,
        warm_up: 0.0,
        clip_norm: 0.0,
        average_decay: 0.0,
        label_smoothing: 0.0,
        mixup: 0.0,
        cutout_pixels: 0,
        drop_path: 0.0,
        auxiliary_weight: 0.0,
    };

    /// Of the recipe for one network of `space` at a time.
    pub fn fault(&self, space: &SpaceSpec) -> Option<Fault> {
        let fault = |key, value, cure| Some(Fault { key, value, cure });
        let share = |value: &f64| (0.0..1.0).contains(value);
        let nothing_or_more = |value: &f64| *value >= 0.0 && value.is_finite();
        let shares = [
            ("momentum", self.momentum),
            ("weight_decay", self.weight_decay),
            ("warm_up", self.warm_up),
            ("average_decay", self.average_decay),
            ("label_smoothing", self.label_smoothing),
            ("drop_path", self.drop_path),
        ];
        let sizes = [("clip_norm", self.clip_norm), ("auxiliary_weight", self.auxiliary_weight)];
        if self.epochs == 0 {
            return fault("epochs", 0.0, "at least 1 is needed");
        }
        if self.batch_size < 2 {
            return fault("batch_size", f64::from(self.batch_size), "batch norm needs at least 2");
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return fault("learning_rate", self.learning_rate, "it must be greater than zero");
        }
        if !(0.0..=self.learning_rate).contains(&self.final_learning_rate) {
            let cure = "it must lie between 0 and learning_rate";
            return fault("final_learning_rate", self.final_learning_rate, cure);
        }
        if let Some(&(key, value)) = shares.iter().find(|(_, value)| !share(value)) {
            return fault(key, value, "it must lie in [0, 1)");
        }
        if let Some(&(key, value)) = sizes.iter().find(|(_, value)| !nothing_or_more(value)) {
            return fault(key, value, "it must be 0 or greater");
        }
        if !(0.0..=1.0).contains(&self.mixup) {
            return fault("mixup", self.mixup, "it must lie between 0 and 1");
        }
        let has_branches = matches!(space, SpaceSpec::Darts(_) | SpaceSpec::Mobile(_));
        if self.drop_path > 0.0 && !has_branches {
            return fault("drop_path", self.drop_path, "only networks of darts and mobile drop paths");
        }
        if self.auxiliary_weight > 0.0 && !matches!(space, SpaceSpec::Darts(_)) {
            let cure = "only networks of darts have an auxiliary head";
            return fault("auxiliary_weight", self.auxiliary_weight, cure);
        }
        None
    }

    /// Of the recipe for the supernet of `space`, which knows no paths to drop, no second head and no average.
    pub fn supernet_fault(&self, space: &SpaceSpec) -> Option<Fault> {
        let alone = [
            ("drop_path", self.drop_path),
            ("auxiliary_weight", self.auxiliary_weight),
            ("average_decay", self.average_decay),
        ];
        let chosen = alone.into_iter().find(|(_, value)| *value != 0.0);
        let cure = "a supernet is trained without";
        chosen.map(|(key, value)| Fault { key, value, cure }).or_else(|| self.fault(space))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::darts::{Skeleton, Stem};
    use crate::space::nas_bench_201;

    fn spaces() -> [SpaceSpec; 2] {
        let nodes = nas_bench_201::Nodes::Four;
        let (input, classes) = ([3, 32, 32], 10);
        let cells = nas_bench_201::Skeleton { channels: 16, cells_per_stage: 5, input, classes, nodes };
        let darts = Skeleton { channels: 36, layers: 20, input, classes, stem: Stem::Cifar };
        [SpaceSpec::NasBench201(cells), SpaceSpec::Darts(darts)]
    }

    #[test]
    fn what_makes_no_sense_is_found() {
        let [cells, darts] = spaces();
        let fault = |recipe: Recipe| recipe.fault(&darts).map(|fault| fault.key);
        let plain = Recipe::PLAIN;
        assert_eq!(fault(plain), None);
        assert_eq!(fault(Recipe { epochs: 0, ..plain }), Some("epochs"));
        assert_eq!(fault(Recipe { batch_size: 1, ..plain }), Some("batch_size"));
        assert_eq!(fault(Recipe { learning_rate: f64::NAN, ..plain }), Some("learning_rate"));
        assert_eq!(fault(Recipe { final_learning_rate: 9.0, ..plain }), Some("final_learning_rate"));
        assert_eq!(fault(Recipe { warm_up: 1.0, ..plain }), Some("warm_up"));
        assert_eq!(fault(Recipe { average_decay: f64::NAN, ..plain }), Some("average_decay"));
        assert_eq!(fault(Recipe { clip_norm: -1.0, ..plain }), Some("clip_norm"));
        assert_eq!(fault(Recipe { mixup: 1.5, ..plain }), Some("mixup"));
        let darts_own = Recipe { drop_path: 0.2, auxiliary_weight: 0.4, ..plain };
        assert_eq!(fault(darts_own), None);
        assert_eq!(darts_own.fault(&cells).unwrap().key, "drop_path");
        assert_eq!(darts_own.supernet_fault(&darts).unwrap().key, "drop_path");
        assert_eq!(plain.supernet_fault(&cells), None);
    }

    #[test]
    fn only_what_was_chosen_is_written() {
        let text = serde_json::to_string(&Recipe::PLAIN).unwrap();
        assert!(text.ends_with(r#""momentum":0.9,"weight_decay":0.0}"#), "{text}");
        let chosen = Recipe { optimiser: Optimiser::Adamw, warm_up: 0.1, ..Recipe::PLAIN };
        let text = serde_json::to_string(&chosen).unwrap();
        assert!(text.ends_with(r#""optimiser":"adamw","warm_up":0.1}"#), "{text}");
        assert_eq!(serde_json::from_str::<Recipe>(&text).unwrap(), chosen);
    }
}
