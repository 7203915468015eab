//! The front's networks as files: weights and TorchScript copied out of the blob store, each checked against its name.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use common::blob::BlobId;
use common::id::TrialId;
use common::trial::{Artifact, ArtifactKind};
use sha2::{Digest, Sha256};

use super::front::{torchscript_file, weights_file};
use crate::core::State;

/// Bytes copied at a time.
const BUFFER_BYTES: usize = 1 << 20;

/// One file that was to be copied, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    pub trial: TrialId,
    pub kind: ArtifactKind,
    /// Relative to the report's directory.
    pub file: String,
    /// Why it is not there: the blob is missing or damaged. A disk that can't be written is an error of the whole.
    pub missing: Option<String>,
}

/// Copies each front member's networks to `out/front/`; `open` reads one of a trial's files.
pub fn export_artifacts(
    state: &State,
    open: impl Fn(TrialId, &Artifact) -> io::Result<Box<dyn Read>>,
    out: &Path,
) -> Result<Vec<Exported>> {
    let folder = out.join("front");
    let members = state.front.iter().flat_map(moo::Front::members).map(|member| member.payload);
    let mut exported = Vec::new();
    for trial in members {
        let Some(evaluation) = state.trial(trial).and_then(|trial| trial.evaluation.as_deref()) else {
            continue;
        };
        for (kind, file) in [
            (ArtifactKind::Weights, weights_file(trial)),
            (ArtifactKind::TorchScript, torchscript_file(trial)),
        ] {
            let Some(artifact) = evaluation.artifact(kind) else { continue };
            fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
            let target = out.join(&file);
            let missing = copy_checked(open(trial, artifact), artifact.blob, &target)
                .with_context(|| super::write::not_written(&target))?;
            exported.push(Exported { trial, kind, file, missing });
        }
    }
    Ok(exported)
}

/// Copies whole or not at all. Yields what is wrong with the source; fails when the target can't be written.
pub(crate) fn copy_checked(
    source: io::Result<impl Read>,
    blob: BlobId,
    target: &Path,
) -> io::Result<Option<String>> {
    let mut from = match source {
        Ok(file) => file,
        Err(error) => return Ok(Some(format!("its blob {blob} can't be read: {error}"))),
    };
    let temporary = target.with_extension(format!("partial-{}", std::process::id()));
    let mut to = File::create(&temporary)?;
    let copied = (|| {
        let mut hash = Sha256::new();
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            let bytes = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(bytes) => &buffer[..bytes],
                Err(error) => return Ok(Some(format!("its blob {blob} can't be read: {error}"))),
            };
            hash.update(bytes);
            to.write_all(bytes)?;
        }
        if BlobId::from_digest(hash.finalize().into()) != blob {
            return Ok(Some(format!("its blob {blob} is damaged")));
        }
        to.sync_all()?;
        fs::rename(&temporary, target)?;
        Ok(None)
    })();
    if !matches!(copied, Ok(None)) {
        // What stands at the target is untouched; the attempt's leftover would only confuse.
        let _ = fs::remove_file(&temporary);
    }
    copied
}
