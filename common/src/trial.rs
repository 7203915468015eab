//! Trials, what they evaluate, and what an evaluation says.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::architecture::Architecture;
use crate::blob::BlobId;
use crate::energy::Purpose;
use crate::fidelity::{Fidelity, Role};
use crate::unit::Seconds;

/// What a trial works on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The shared weights that one-shot scoring inherits.
    Supernet,
    /// What becomes of them for a part of the space, when few-shot scoring splits them.
    SubSupernet(Part),
    /// What becomes of them where the search works, when they are trained on there.
    RegionSupernet(Region),
    Network {
        architecture: Architecture,
        fidelity: Fidelity,
    },
}

/// The architectures whose gene at `decision` is `option`, both counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Part {
    pub decision: u32,
    pub option: u32,
}

impl Part {
    pub fn holds(self, architecture: &Architecture) -> bool {
        architecture.genes().get(self.decision as usize) == Some(&self.option)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "option {} of decision {}", self.option, self.decision)
    }
}

/// Where a search tree works.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Region {
    /// Of this study's, from 1.
    pub number: u32,
    /// The way to it from the whole space: `+` for a better half, `-` for a worse one.
    pub path: String,
    /// Networks drawn from it, at least one: borders that only the tree knows need not travel.
    pub members: Vec<Architecture>,
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "region {}, number {}", self.path, self.number)
    }
}

impl Subject {
    pub fn role(&self) -> Role {
        match self {
            Self::Network { fidelity: Fidelity::OneShot, .. } => Role::Sample,
            Self::Supernet | Self::SubSupernet(_) | Self::RegionSupernet(_) | Self::Network { .. } => {
                Role::Train
            }
        }
    }

    pub fn purpose(&self) -> Purpose {
        match self {
            Self::Supernet | Self::SubSupernet(_) | Self::RegionSupernet(_) => Purpose::Supernet,
            Self::Network { fidelity: Fidelity::OneShot, .. } => Purpose::OneShot,
            Self::Network { fidelity: Fidelity::Rung(_), .. } => Purpose::Rung,
            Self::Network { fidelity: Fidelity::Full, .. } => Purpose::Full,
        }
    }

    /// In a word that all of its kind share.
    pub fn kind(&self) -> String {
        match self {
            Self::Supernet => "supernet".into(),
            Self::SubSupernet(_) | Self::RegionSupernet(_) => "sub-supernet".into(),
            Self::Network { fidelity, .. } => fidelity.to_string(),
        }
    }

    /// With what part of the space a supernet is for; no network is named.
    pub fn title(&self) -> String {
        match self {
            Self::SubSupernet(part) => format!("{} for {part}", self.kind()),
            Self::RegionSupernet(region) => format!("{} for {region}", self.kind()),
            Self::Supernet | Self::Network { .. } => self.kind(),
        }
    }

    /// What part of the space a supernet is for, in words; none for that of the whole.
    pub fn part(&self) -> Option<String> {
        match self {
            Self::SubSupernet(part) => Some(part.to_string()),
            Self::RegionSupernet(region) => Some(region.to_string()),
            Self::Supernet | Self::Network { .. } => None,
        }
    }

    pub fn architecture(&self) -> Option<&Architecture> {
        match self {
            Self::Supernet | Self::SubSupernet(_) | Self::RegionSupernet(_) => None,
            Self::Network { architecture, .. } => Some(architecture),
        }
    }

    pub fn fidelity(&self) -> Option<Fidelity> {
        match self {
            Self::Supernet | Self::SubSupernet(_) | Self::RegionSupernet(_) => None,
            Self::Network { fidelity, .. } => Some(*fidelity),
        }
    }
}

/// Why a trial was proposed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The study itself asks for it: supernets before it can score, or everything on a list that stands in for a search.
    Study,
    /// Drawn at random, before the tree has enough to learn from.
    Initial,
    /// Proposed by the search tree from the region at `region` (the path of halves from the root, `+` good, `-` bad);
    /// `widened` when the region had nothing new left and its parent was searched.
    Search { region: String, widened: bool },
    /// Moved up the ladder from an evaluation at the fidelity below.
    Promotion { from: Fidelity },
    /// Not proposed at all: its result was known, and is taken as given. Nobody worked for it here.
    Given(Source),
}

/// Where a given result was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its name, without the folders.
    pub file: String,
    /// Of the file as it lay there.
    pub sha256: BlobId,
}

/// The result of a trial: what was measured, where, and what it left behind.
///
/// Errors are fractions in [0, 1]; the raw facts stay here and `objective` turns them into the minimised vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Error on the validation split: what search decisions see.
    pub validation_error: f64,
    /// Error on the test split: for the report alone, known after full trainings.
    pub test_error: Option<f64>,
    /// Weights that are learnt; none where nobody counted them.
    pub parameters: Option<u64>,
    /// Multiply-accumulates of one inference; none where nobody counted them.
    pub flops: Option<u64>,
    pub latency_ms: Option<f64>,
    pub joules_per_inference: Option<f64>,
    /// The device that latency and joules were measured on; figures of different devices are never compared as one.
    pub device: String,
    /// Time at work, over all attempts that led here.
    pub seconds: Seconds,
    /// The learning curve, one point an epoch.
    pub curve: Vec<CurvePoint>,
    pub artifacts: Vec<Artifact>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Epochs done, from 1.
    pub epoch: u32,
    pub training_loss: f64,
    pub validation_error: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    pub kind: ArtifactKind,
    pub blob: BlobId,
    pub bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    /// Weights as safetensors.
    Weights,
    /// A traced module that `torch.jit.load` opens.
    TorchScript,
    /// A trained supernet, whole or of a part of the space.
    Supernet,
}

impl Evaluation {
    /// Whether every figure is a number; the ledger holds no others.
    pub fn is_finite(&self) -> bool {
        let optional = [self.test_error, self.latency_ms, self.joules_per_inference];
        let curve = |point: &CurvePoint| {
            point.training_loss.is_finite() && point.validation_error.is_none_or(f64::is_finite)
        };
        self.validation_error.is_finite()
            && self.seconds.is_finite()
            && optional.into_iter().flatten().all(f64::is_finite)
            && self.curve.iter().all(curve)
    }

    pub fn artifact(&self, kind: ArtifactKind) -> Option<&Artifact> {
        self.artifacts.iter().find(|artifact| artifact.kind == kind)
    }
}

/// Work done so far, kept as a blob; any capable worker can go on from it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub blob: BlobId,
    /// Share of the whole training that is done, in [0, 1].
    pub progress: f64,
}

impl Checkpoint {
    /// Whether the progress it tells is a share.
    pub fn is_plausible(&self) -> bool {
        (0.0..=1.0).contains(&self.progress)
    }
}

/// Why an attempt ended without a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The loss became NaN or infinite; trying again would only repeat it.
    Diverged,
    /// The input can't be worked on (bad data, unknown architecture); trying again would only repeat it.
    Refused(String),
    /// Something broke that may not break again (a device fault, a lost worker).
    Crashed(String),
}

impl Failure {
    /// The coordinator's store lacks what the attempt was to begin with: no fault of the worker or of the trial.
    pub fn for_want_of(blob: BlobId) -> Self {
        Self::Crashed(format!("the coordinator has no blob {blob}"))
    }

    pub fn can_retry(&self) -> bool {
        matches!(self, Self::Crashed(_))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Diverged => f.write_str("the training loss became NaN or infinite"),
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::Crashed(why) => write!(f, "crashed: {why}"),
        }
    }
}
