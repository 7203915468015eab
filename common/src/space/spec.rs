//! Which space a study searches, as it stands in the ledger and travels to the workers.

use serde::{Deserialize, Serialize};

use super::{Darts, FreeForm, Mobile, NasBench201, SearchSpace};
use super::{darts, free_form, mobile, nas_bench_201};

/// A space with what its networks need to be built. A new space is one more line in each `match` here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpaceSpec {
    NasBench201(nas_bench_201::Skeleton),
    Darts(darts::Skeleton),
    Mobile(mobile::Design),
    FreeForm(free_form::Description),
}

impl SpaceSpec {
    pub fn build(&self) -> Box<dyn SearchSpace> {
        match self {
            Self::NasBench201(skeleton) => Box::new(NasBench201::new(*skeleton)),
            Self::Darts(skeleton) => Box::new(Darts::new(*skeleton)),
            Self::Mobile(design) => Box::new(Mobile::new(design.clone())),
            Self::FreeForm(description) => Box::new(FreeForm::new(description.clone())),
        }
    }

    /// What a person calls it.
    pub fn title(&self) -> &'static str {
        match self {
            Self::NasBench201(_) => "NAS-Bench-201 cells",
            Self::Darts(_) => "DARTS cells",
            Self::Mobile(_) => "MobileNetV3 blocks",
            Self::FreeForm(_) => "a free-form space",
        }
    }

    /// Classes that its networks tell apart; none where the space does not say.
    pub fn classes(&self) -> Option<u32> {
        match self {
            Self::NasBench201(skeleton) => Some(skeleton.classes),
            Self::Darts(skeleton) => Some(skeleton.classes),
            Self::Mobile(design) => Some(design.classes),
            Self::FreeForm(_) => None,
        }
    }

    /// The skeleton of NAS-Bench-201 cells; none for any other space.
    pub fn nas_bench_201(&self) -> Option<nas_bench_201::Skeleton> {
        match self {
            Self::NasBench201(skeleton) => Some(*skeleton),
            Self::Darts(_) | Self::Mobile(_) | Self::FreeForm(_) => None,
        }
    }
}
