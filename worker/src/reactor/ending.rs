//! What executors say: progress, checkpoints, and how a task ended.

use std::collections::BTreeSet;

use bytes::Bytes;
use common::blob::BlobId;
use common::id::TaskId;
use common::time::Millis;
use common::trial::{Artifact, ArtifactKind, Checkpoint, Evaluation, Failure};
use common::wire::{FromWorker, MAX_BLOB_BYTES, Progress, Report};

use crate::core::Core;
use crate::effect::{Effect, Note};
use crate::input::{Ending, Kept, Step};
use crate::limits::PROGRESS_EVERY;
use crate::slots::{Phase, Work};

impl Core {
    pub(crate) fn on_progressed(&mut self, task: TaskId, step: Step, now: Millis, effects: &mut Vec<Effect>) {
        let admitted = self.standing.admitted;
        let Some(work) = self.work_on(task) else { return };
        if !admitted || now < work.progress_due {
            return;
        }
        work.progress_due = Millis(now.0 + PROGRESS_EVERY.0);
        let Step { done, epoch, training_loss, validation_error } = step;
        let progress = Progress { task, done, epoch, training_loss, validation_error };
        effects.push(Effect::Send(FromWorker::Progress { session: self.options.session, progress }));
    }

    pub(crate) fn on_kept(&mut self, task: TaskId, kept: Kept, now: Millis, effects: &mut Vec<Effect>) {
        let every = self.options.checkpoint;
        let Some(work) = self.work_on(task) else { return };
        work.checkpoint_due = Millis(now.0 + every.0);
        if matches!(work.phase, Phase::Cancelling) {
            return;
        }
        let Some(checkpoint) = self.put_in_safety(task, kept, effects) else { return };
        if let Some(work) = self.work_on(task) {
            work.checkpoint = Some(checkpoint);
        }
        // One that still waits is older and no longer worth its bytes.
        self.reports.pending.drop_checkpoints(task);
        self.reports.pending.push(task, Report::Checkpointed { task, checkpoint }, [checkpoint.blob].into());
    }

    /// The executor has let go; the slot is free whatever becomes of the reports.
    pub(crate) fn on_ended(&mut self, task: TaskId, ending: Ending, effects: &mut Vec<Effect>) {
        let Some(slot) = self.slots.working_on(task) else { return };
        let Some(work) = slot.work.take() else { return };
        effects.push(Effect::Attribute { slot: slot.id(), task: None });
        if matches!(work.phase, Phase::Cancelling) {
            return;
        }
        match ending {
            Ending::Finished { evaluation, artifacts } => {
                self.on_finished(task, evaluation, artifacts, effects);
            }
            Ending::Suspended(kept) => self.on_suspended(task, kept, work.checkpoint, effects),
            Ending::Failed(failure) => self.on_failed(task, failure, effects),
            Ending::Cancelled => {
                let failure = Failure::Crashed("the evaluation stopped without being asked to".into());
                self.on_failed(task, failure, effects);
            }
        }
    }

    fn on_finished(
        &mut self,
        task: TaskId,
        mut evaluation: Box<Evaluation>,
        artifacts: Vec<(ArtifactKind, Bytes)>,
        effects: &mut Vec<Effect>,
    ) {
        if let Some((kind, bytes)) = artifacts.iter().find(|(_, bytes)| bytes.len() as u64 > MAX_BLOB_BYTES) {
            let size = bytes.len();
            let reason =
                format!("{kind:?} of {size} bytes is over the limit of {MAX_BLOB_BYTES} for one blob");
            return self.on_failed(task, Failure::Refused(reason), effects);
        }
        let mut missing = BTreeSet::new();
        for (kind, bytes) in artifacts {
            let blob = BlobId::of(&bytes);
            evaluation.artifacts.push(Artifact { kind, blob, bytes: bytes.len() as u64 });
            self.reports.uploads.add(blob, bytes);
            missing.insert(blob);
        }
        effects.push(Effect::Note(Note::Reported { task, what: "finished" }));
        self.reports.pending.drop_checkpoints(task);
        self.reports.pending.push(task, Report::Finished { task, evaluation }, missing);
    }

    fn on_suspended(
        &mut self,
        task: TaskId,
        kept: Option<Kept>,
        earlier: Option<Checkpoint>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(new) = kept.and_then(|kept| self.put_in_safety(task, kept, effects)) else {
            return self.report_suspended(task, earlier, effects);
        };
        effects.push(Effect::Note(Note::Reported { task, what: "suspended" }));
        self.reports.pending.drop_checkpoints(task);
        let report = Report::Suspended { task, checkpoint: Some(new) };
        self.reports.pending.push(task, report, [new.blob].into());
    }

    /// A checkpoint on its way stays: the next attempt may go on from it.
    fn on_failed(&mut self, task: TaskId, failure: Failure, effects: &mut Vec<Effect>) {
        effects.push(Effect::Note(Note::Failed { task, reason: failure.to_string() }));
        self.reports.pending.push(task, Report::Failed { task, failure }, [].into());
    }

    /// Begins to upload a checkpoint and keeps it in the cache, where its own resumption may look for it.
    fn put_in_safety(&mut self, task: TaskId, kept: Kept, effects: &mut Vec<Effect>) -> Option<Checkpoint> {
        let Kept { bytes, progress } = kept;
        if bytes.len() as u64 > MAX_BLOB_BYTES {
            let reason =
                format!("a checkpoint of {} bytes is over the limit of {MAX_BLOB_BYTES}", bytes.len());
            effects.push(Effect::Note(Note::Failed { task, reason }));
            return None;
        }
        let blob = BlobId::of(&bytes);
        effects.push(Effect::KeepBlob { blob, bytes: bytes.clone() });
        self.reports.uploads.add(blob, bytes);
        Some(Checkpoint { blob, progress })
    }

    fn work_on(&mut self, task: TaskId) -> Option<&mut Work> {
        self.slots.working_on(task)?.work.as_mut()
    }
}
