//! What an evaluator is given, what it may ask for while it works, and what it hands back.
//! It decides nothing about retries or scheduling: that is its executor's affair.

use common::seed::Seed;
use common::trial::{ArtifactKind, Evaluation, Failure, Subject};
use common::unit::{Joules, Seconds};
use serde::{Deserialize, Serialize};

/// One job, with every blob it needs already in memory.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    pub subject: &'a Subject,
    /// The trained supernet that one-shot scoring inherits from.
    pub supernet: Option<&'a [u8]>,
    /// A checkpoint to go on from.
    pub resume: Option<&'a [u8]>,
    /// Decides initial weights, data order and augmentation; the same for every attempt at a trial.
    pub trial_seed: Seed,
}

/// Turns jobs into findings, one at a time, on the thread that calls it.
pub trait Evaluator: Send {
    fn name(&self) -> &str;

    /// Works until the job is done or `control` wishes otherwise. A job stopped and resumed from its checkpoint finds
    /// what an uninterrupted one finds.
    fn evaluate(&mut self, job: &Job, control: &mut dyn Control) -> Result<Outcome, Failure>;
}

/// The evaluator's line to its executor, used between batches: often, so each call must be cheap.
pub trait Control {
    /// What the executor wants now. A wish is answered once: `Checkpoint` by `keep`, `Suspend` and `Cancel` by returning.
    fn wish(&mut self) -> Wish;

    fn progress(&mut self, progress: Step);

    /// Takes a checkpoint made because `wish` said so.
    fn keep(&mut self, checkpoint: Kept);

    /// Monotonic time at work in this attempt.
    fn elapsed(&mut self) -> Seconds;

    /// Running total of the slot's power meter; none where there is no meter to read.
    fn energy(&mut self) -> Option<Joules>;

    /// Lets time pass; only a rehearsal asks for it. Tests turn a clock of their own instead.
    fn pause(&mut self, span: Seconds) {
        // The executor gave this thread to the evaluator: nothing else waits for it.
        #[allow(clippy::disallowed_methods)]
        std::thread::sleep(std::time::Duration::from_secs_f64(span.0.max(0.0)));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    GoOn,
    /// Hand over a checkpoint and go on.
    Checkpoint,
    /// Return `Outcome::Suspended` with a checkpoint.
    Suspend,
    /// Return `Outcome::Cancelled`; nothing is kept.
    Cancel,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Share of the job that is done, in [0, 1].
    pub done: f64,
    /// Epoch under way, from 1; 0 where there are none.
    pub epoch: u32,
    /// Mean over the epoch so far.
    pub training_loss: Option<f64>,
    /// At the end of the last epoch.
    pub validation_error: Option<f64>,
}

/// A checkpoint in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub bytes: Vec<u8>,
    /// Share of the job that is done, in [0, 1].
    pub progress: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Finished(Finding),
    /// Stopped by wish; without a checkpoint where there was nothing worth keeping.
    Suspended(Option<Kept>),
    Cancelled,
}

/// A result with its artifacts still in memory. The executor stores them and fills in `evaluation.artifacts`.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// `artifacts` is empty here.
    pub evaluation: Evaluation,
    pub artifacts: Vec<(ArtifactKind, Vec<u8>)>,
}
