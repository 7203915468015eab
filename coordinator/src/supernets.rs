//! The supernets of a study: the whole one, and those that few-shot scoring splits it into once it is trained. Pure.
//!
//! Each is a trial of its own, so that a fleet trains the parts side by side. A part that fails is scored with the whole one.

use common::blob::BlobId;
use common::fidelity::Fidelity;
use common::trial::{ArtifactKind, Subject};

use crate::core::{State, TrialState};
use crate::ladder::Supernet;

/// How far one of them has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Unbegun,
    Underway,
    Trained(BlobId),
    Failed,
}

/// Where they stand together.
pub fn standing(state: &State) -> Supernet {
    match progress(state, &Subject::Supernet) {
        Progress::Unbegun => Supernet::Wanted(None),
        Progress::Underway => Supernet::Underway,
        Progress::Failed => Supernet::Without,
        Progress::Trained(_) => split(state),
    }
}

fn split(state: &State) -> Supernet {
    let few_shot = state.spec().and_then(|spec| spec.few_shot);
    let mut all_done = true;
    for part in few_shot.into_iter().flat_map(|few_shot| few_shot.parts()) {
        match progress(state, &Subject::SubSupernet(part)) {
            Progress::Unbegun => return Supernet::Wanted(Some(part)),
            Progress::Underway => all_done = false,
            Progress::Trained(_) | Progress::Failed => {}
        }
    }
    if all_done { Supernet::Ready } else { Supernet::Underway }
}

/// The shared weights that work on `subject` begins with: a part with those of the whole, a score with those of its part.
pub fn inherited(state: &State, subject: &Subject) -> Option<BlobId> {
    let trained = |subject: &Subject| match progress(state, subject) {
        Progress::Trained(blob) => Some(blob),
        Progress::Unbegun | Progress::Underway | Progress::Failed => None,
    };
    let whole = || trained(&Subject::Supernet);
    match subject {
        Subject::Supernet => None,
        Subject::SubSupernet(_) => whole(),
        Subject::Network { fidelity, .. } if *fidelity != Fidelity::OneShot => None,
        Subject::Network { architecture, .. } => {
            let part = state.spec().and_then(|spec| spec.few_shot?.part_of(architecture));
            part.and_then(|part| trained(&Subject::SubSupernet(part))).or_else(whole)
        }
    }
}

fn progress(state: &State, subject: &Subject) -> Progress {
    let Some(trial) = state.of_subject(subject) else { return Progress::Unbegun };
    let weights = trial.evaluation.as_deref().and_then(|found| found.artifact(ArtifactKind::Supernet));
    match (weights, &trial.state) {
        (Some(artifact), _) => Progress::Trained(artifact.blob),
        (None, TrialState::Failed { .. } | TrialState::Finished) => Progress::Failed,
        (None, TrialState::Waiting | TrialState::Leased(_)) => Progress::Underway,
    }
}
