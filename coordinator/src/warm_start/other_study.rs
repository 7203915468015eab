//! What another study's ledger holds: all its finished evaluations of networks, its own and those that it was given.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use common::blob::BlobId;
use common::objective::objectives;
use common::study::{EvaluatorSpec, StudySpec};
use common::trial::{Evaluation, Subject};
use sha2::{Digest, Sha256};

use super::Found;
use crate::directory::StudyDirectory;
use crate::snapshot;
use ledger::Ledger;

pub(super) fn ledger_in(directory: &Path) -> PathBuf {
    StudyDirectory::new(directory).ledger()
}

/// Of the file, and of what its writer has not moved into it yet, if there is any.
pub(super) fn sha256(path: &Path) -> Result<BlobId> {
    let mut hash = Sha256::new();
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let unread = |path: &Path| format!("{} can't be read", path.display());
    let mut file = std::fs::File::open(path).with_context(|| unread(path))?;
    std::io::copy(&mut file, &mut hash).with_context(|| unread(path))?;
    if let Ok(mut log) = std::fs::File::open(&log) {
        std::io::copy(&mut log, &mut hash).with_context(|| unread(path))?;
    }
    Ok(BlobId::from_digest(hash.finalize().into()))
}

/// `shown` is how the user named it.
pub(super) fn read(path: &Path, shown: &str, spec: &StudySpec) -> Result<Vec<Found>> {
    let state = snapshot::fold(&Ledger::read_only(path)?)?;
    let Some(other) = state.spec() else { return Ok(Vec::new()) };
    if other.space != spec.space {
        bail!("{shown} is of a study ({}) in another search space", other.name);
    }
    let is_rehearsal = |spec: &StudySpec| matches!(spec.evaluator, EvaluatorSpec::Rehearsal { .. });
    match (is_rehearsal(other), is_rehearsal(spec)) {
        (true, false) => bail!("{shown} is of a rehearsal ({}): nothing in it was trained", other.name),
        (false, true) => bail!("{shown} is of a real study ({}), and this one is a rehearsal", other.name),
        _ => {}
    }
    if other.training != spec.training || other.data != spec.data {
        tracing::warn!(file = shown, study = %other.name, "its networks were trained by another recipe or on other data");
    }
    let mut found = Vec::new();
    for trial in state.trials.values() {
        let (Subject::Network { .. }, Some(evaluation)) = (&trial.subject, trial.evaluation.as_deref())
        else {
            continue;
        };
        let place = format!("{shown}, trial {}", trial.id);
        if let Err(unusable) = objectives(&spec.objectives, evaluation) {
            bail!("{place}: {unusable}, and the study minimises it");
        }
        // Its files lie with the other study.
        let evaluation = Evaluation { artifacts: Vec::new(), ..evaluation.clone() };
        found.push(Found { place, subject: trial.subject.clone(), evaluation });
    }
    Ok(found)
}
