//! What a worker and its process for evaluations say to each other. Both are one program, so there are no versions to tell apart.

use common::seed::Seed;
use common::study::StudySpec;
use common::trial::{ArtifactKind, Evaluation, Failure, Subject};
use common::unit::Joules;
use serde::{Deserialize, Serialize};

use crate::evaluator::{Step, Wish};
use crate::options::Options;

/// From the worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Order {
    /// The first one: make the study's evaluator.
    Build {
        spec: Box<StudySpec>,
        options: Options,
    },
    /// One job. Blobs: the supernet if it is brought, then the checkpoint if it resumes from one.
    Evaluate {
        subject: Subject,
        trial_seed: Seed,
        /// Whether there is a supernet to score with, brought now or with an earlier job.
        inherits: bool,
        brings_supernet: bool,
        resumes: bool,
    },
    /// The answers to `Report::Wish` and `Report::Energy`.
    Wish(Wish),
    Energy(Option<Joules>),
}

/// From the process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Report {
    Built,
    /// Why not, for a person.
    Unbuildable(String),
    /// Asks for the executor's wish, and for the running total of the slot's meter.
    Wish,
    Energy,
    Progress(Step),
    /// Blob: the checkpoint.
    Kept {
        progress: f64,
    },
    /// Blobs: the artifacts.
    Finished {
        evaluation: Box<Evaluation>,
        artifacts: Vec<ArtifactKind>,
    },
    /// Blob: the checkpoint, where there is one, and with it how far it is.
    Suspended {
        progress: Option<f64>,
    },
    Cancelled,
    Failed(Failure),
}
