//! What a worker must know of a study to evaluate for it: travels in `Welcome` and stands in the ledger.

use serde::{Deserialize, Serialize};

use crate::architecture::Architecture;
use crate::fidelity::Fidelity;
use crate::objective::Objective;
pub use crate::recipe::Recipe;
use crate::seed::Seed;
use crate::space::SpaceSpec;
use crate::trial::{Part, Subject};
use crate::unit::Seconds;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudySpec {
    pub name: String,
    pub seed: Seed,
    pub space: SpaceSpec,
    pub data: DataSpec,
    pub objectives: Vec<Objective>,
    pub evaluator: EvaluatorSpec,
    pub supernet: Recipe,
    pub one_shot: OneShotSpec,
    /// None where one supernet scores all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub few_shot: Option<FewShotSpec>,
    /// None where the supernet is not trained on as the search narrows down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionSpec>,
    /// Full trainings; a rung runs the same recipe with fewer epochs on a schedule of its own.
    pub training: Recipe,
    /// Written only where it was chosen: ledgers and frames from before there was a choice mean the default.
    #[serde(default, skip_serializing_if = "Numerics::is_default")]
    pub numerics: Numerics,
}

impl StudySpec {
    /// What trains the shared weights of `subject`; none for a network.
    pub fn shared_recipe(&self, subject: &Subject) -> Option<Recipe> {
        match subject {
            Subject::Supernet => Some(self.supernet),
            // One that the study does not split is trained as the whole was.
            Subject::SubSupernet(_) => Some(self.few_shot.map_or(self.supernet, |few_shot| few_shot.recipe)),
            Subject::RegionSupernet(_) => Some(self.region.map_or(self.supernet, |region| region.recipe)),
            Subject::Network { .. } => None,
        }
    }

    /// The supernets that scores need, in the order of their training: the whole one first.
    pub fn supernets(&self) -> impl Iterator<Item = Subject> + use<> {
        let parts = self.few_shot.into_iter().flat_map(|few_shot| few_shot.parts());
        std::iter::once(Subject::Supernet).chain(parts.map(Subject::SubSupernet))
    }
}

/// How evaluators compute what the study asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Numerics {
    pub precision: Precision,
    /// The same bits each time on one device, at the price of speed on a GPU. Processors compute so anyway.
    pub deterministic: bool,
}

impl Numerics {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What convolutions and linear maps compute in. Weights, their updates, batch-norm statistics and losses are 32-bit always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// `Bf16` on GPUs with units for it, unless the study is deterministic; else `F32`.
    #[default]
    Auto,
    F32,
    /// Half the memory traffic, eight bits of precision, the range of 32-bit floats: no loss scaling is needed.
    Bf16,
}

/// Who turns an assignment into an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvaluatorSpec {
    /// Real networks on real images, by libtorch.
    Torch,
    /// No training: figures by a formula after a pause, to rehearse a cluster or a configuration.
    /// Everything it yields is labelled as rehearsed.
    Rehearsal { seconds_per_epoch: f64 },
    /// A program of the user's own.
    Command(CommandSpec),
}

/// A program of the user's own, and what it is allowed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommandSpec {
    /// The program and its arguments; a worker may know words of its own.
    pub words: Vec<String>,
    /// What it can be asked for.
    pub abilities: Vec<Ability>,
    /// From the request to stop until it is killed.
    pub stop: Seconds,
    /// Without a word for so long it counts as hanging.
    pub silence: Seconds,
    /// Longest time of one task, all attempts apart; none sets no limit.
    pub limit: Option<Seconds>,
    /// Bytes that it may leave in the folders of one task.
    pub disk_bytes: u64,
}

/// What a user's program can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// Trainings to the end.
    Full,
    /// Trainings of fewer epochs.
    Rung,
    /// A supernet, and scores with the weights it has learnt.
    OneShot,
}

impl Ability {
    /// What working on `subject` takes.
    pub fn needed_for(subject: &Subject) -> Self {
        match subject.fidelity() {
            None | Some(Fidelity::OneShot) => Self::OneShot,
            Some(Fidelity::Rung(_)) => Self::Rung,
            Some(Fidelity::Full) => Self::Full,
        }
    }

    /// As it is written in a configuration file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Rung => "rung",
            Self::OneShot => "one_shot",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataFormat {
    /// Four IDX files, plain or gzipped, under the names of MNIST and Fashion-MNIST.
    Idx,
    /// CIFAR-10's binary batches.
    Cifar10,
    /// CIFAR-100's, told apart by its hundred classes.
    Cifar100,
    /// Folders of JPEG and PNG files: `train/CLASS/…`, `test/CLASS/…`.
    Folder,
    /// One file that `ce-nas data pack` made.
    Packed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Augmentation {
    None,
    /// Mirror half of the images.
    Flip,
    /// Mirror half of them and cut at random from a frame padded by four pixels.
    FlipCrop,
    /// Mirror half of them and cut a random part of 8 to 100 % of the area, scaled to the image's size (Szegedy et al., CVPR 2015).
    FlipResizedCrop,
}

/// Which images, and how they are divided. The split is fixed by the study's seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataSpec {
    pub format: DataFormat,
    /// Where the coordinator's machine keeps them; a worker may know a place of its own.
    pub path: String,
    /// Images taken from the training files for validation.
    pub validation_images: u32,
    /// Images of the training files to train on; none takes all that validation leaves.
    pub training_images: Option<u32>,
    pub augmentation: Augmentation,
}

/// How the supernet is split once it is trained (Zhao et al., Few-Shot NAS, ICML 2021).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FewShotSpec {
    /// Each of its options gets a supernet of its own, which begins with the weights of the whole.
    pub decision: u32,
    pub options: u32,
    /// Of each of them.
    pub recipe: Recipe,
}

impl FewShotSpec {
    /// In the order of their training.
    pub fn parts(self) -> impl Iterator<Item = Part> {
        (0..self.options).map(move |option| Part { decision: self.decision, option })
    }

    /// What `architecture` is scored with.
    pub fn part_of(&self, architecture: &Architecture) -> Option<Part> {
        let gene = architecture.genes().get(self.decision as usize);
        gene.map(|&option| Part { decision: self.decision, option })
    }
}

/// How the supernet follows the search tree into the region where it works.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RegionSpec {
    /// Each time so many scores were taken.
    pub every_scores: u32,
    /// Each time.
    pub recipe: Recipe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneShotSpec {
    /// Training images that a path's batch-norm statistics are measured on before it is scored.
    pub recalibration_images: u32,
    /// Validation images it is scored on.
    pub scoring_images: u32,
}
