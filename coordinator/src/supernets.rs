//! The supernets of a study: the whole one, those that few-shot scoring splits it into once it is trained, and what becomes of it where the
//! search works. Pure.
//!
//! Each is a trial of its own, so that a fleet trains the parts side by side. A part that fails is scored with the whole one; one that follows
//! the search, with that before it.

use std::collections::BTreeSet;

use common::blob::BlobId;
use common::energy::Purpose;
use common::fidelity::Fidelity;
use common::trial::{ArtifactKind, Region, Subject};

use crate::core::{State, Trial, TrialState};
use crate::ladder::{Supernet, Worked};

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

/// What is to be trained on next, `worked` being where the search works now: once so many scores were taken, one after the other.
pub fn followed(state: &State, worked: &Worked) -> Option<Subject> {
    let every = state.spec()?.region?.every_scores;
    let begun = state.regions().len() as u32;
    let scores: u32 = state
        .finished_here()
        .filter(|(purpose, _)| *purpose == Purpose::OneShot)
        .map(|(_, count)| count)
        .sum();
    let is_free = state.regions().next_back().is_none_or(|trial| of(trial) != Progress::Underway);
    let is_due = is_free && scores >= every.saturating_mul(begun + 1);
    is_due.then(|| {
        let Worked { path, members } = worked.clone();
        Subject::RegionSupernet(Region { number: begun + 1, path, members })
    })
}

/// Whether work on `subject` begins with shared weights.
pub fn inherits(subject: &Subject) -> bool {
    match subject {
        Subject::Supernet => false,
        Subject::SubSupernet(_) | Subject::RegionSupernet(_) => true,
        Subject::Network { fidelity, .. } => *fidelity == Fidelity::OneShot,
    }
}

/// The shared weights that work on `subject` begins with: a part with those of the whole, a score with those of its part, and what follows
/// the search with those before it. Those that are `gone` are passed over like those of a supernet that failed.
pub fn inherited(state: &State, subject: &Subject, gone: &BTreeSet<BlobId>) -> Option<BlobId> {
    let weights = |progress: Progress| match progress {
        Progress::Trained(blob) => Some(blob).filter(|blob| !gone.contains(blob)),
        Progress::Unbegun | Progress::Underway | Progress::Failed => None,
    };
    let trained = |subject: &Subject| weights(progress(state, subject));
    let whole = || trained(&Subject::Supernet);
    let newest = |before: u32| {
        state.regions().take(before as usize).filter_map(|trial| weights(of(trial))).next_back()
    };
    match subject {
        Subject::Supernet => None,
        Subject::SubSupernet(_) => whole(),
        Subject::RegionSupernet(region) => newest(region.number - 1).or_else(whole),
        Subject::Network { fidelity, .. } if *fidelity != Fidelity::OneShot => None,
        Subject::Network { architecture, .. } => {
            let part = state.spec().and_then(|spec| spec.few_shot?.part_of(architecture));
            let of_part = part.and_then(|part| trained(&Subject::SubSupernet(part)));
            of_part.or_else(|| newest(u32::MAX)).or_else(whole)
        }
    }
}

fn progress(state: &State, subject: &Subject) -> Progress {
    state.of_subject(subject).map_or(Progress::Unbegun, of)
}

fn of(trial: &Trial) -> Progress {
    let weights = trial.evaluation.as_deref().and_then(|found| found.artifact(ArtifactKind::Supernet));
    match (weights, &trial.state) {
        (Some(artifact), _) => Progress::Trained(artifact.blob),
        (None, TrialState::Failed { .. } | TrialState::Finished) => Progress::Failed,
        (None, TrialState::Waiting | TrialState::Leased(_)) => Progress::Underway,
    }
}
