//! What is really the case in the simulated world: what networks score, how long work takes, and what checkpoints hold.
//! Formulas of the seed, so that every result that reaches the ledger can be held against them.

use bytes::Bytes;
use common::architecture::Architecture;
use common::energy::Purpose;
use common::fidelity::Fidelity;
use common::id::{SessionId, TaskId, TrialId, WorkerName};
use common::seed::Seed;
use common::space::SearchSpace;
use common::trial::{ArtifactKind, CurvePoint, Evaluation, Part, Subject};
use common::unit::Seconds;

use super::plan::Mishaps;
use super::random::Dice;

/// How an attempt will end if nobody interferes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fate {
    Finishes,
    /// Finishes with a figure that is not a number.
    Unusable,
    /// At this share of the whole work.
    Diverges(f64),
    Crashes(f64),
}

/// Bytes of a supernet: three chunks, so that its transfer can be cut in the middle.
const SUPERNET_BYTES: usize = 600_000;
/// Bytes of the few checkpoints that need two chunks.
const LARGE_CHECKPOINT_BYTES: usize = 300_000;

/// Validation error of a network: smooth in its genes, with a little of its own.
pub fn error_of(architecture: &Architecture) -> f64 {
    let genes = architecture.genes();
    let quality: f64 =
        genes.iter().enumerate().map(|(i, gene)| f64::from(*gene) * (1.0 + i as f64 * 0.1)).sum();
    let own = genes.iter().fold(7_u64, |sum, gene| sum.wrapping_mul(31).wrapping_add(u64::from(*gene))) % 97;
    0.9 - 0.02 * quality + own as f64 * 1e-4
}

/// Seconds of work on a device of speed 1.
pub fn seconds_of(seed: Seed, subject: &Subject) -> f64 {
    let base = match subject.purpose() {
        Purpose::Idle => 0.0,
        Purpose::Supernet => 15.0,
        Purpose::OneShot => 1.0,
        Purpose::Rung => 6.0,
        Purpose::Full => 20.0,
    };
    let name = format!("seconds of {:?}", subject.architecture());
    base * (0.6 + 0.8 * Dice::new(seed.stream(&name, 0)).share())
}

pub fn fate_of(seed: Seed, mishaps: &Mishaps, subject: &Subject, task: TaskId) -> Fate {
    if subject.purpose() == Purpose::Supernet && mishaps.supernet_diverges {
        return Fate::Diverges(0.3);
    }
    if mishaps.always_crashing == Some(task.trial) {
        return Fate::Crashes(0.6);
    }
    let mut of_trial = Dice::new(seed.stream("fate of trial", task.trial.0));
    let mut of_attempt =
        Dice::new(seed.stream("fate of attempt", task.trial.0 * 1000 + u64::from(task.attempt.0)));
    let at = of_attempt.share();
    if of_trial.happens(mishaps.diverges) {
        Fate::Diverges(at)
    } else if of_trial.happens(mishaps.unusable) {
        Fate::Unusable
    } else if of_attempt.happens(mishaps.crashes) {
        Fate::Crashes(at)
    } else {
        Fate::Finishes
    }
}

/// `device` says which process worked it out, so that a result can be held against its lease.
pub fn evaluation_of(
    space: &dyn SearchSpace,
    subject: &Subject,
    fate: Fate,
    seconds: f64,
    device: String,
) -> Evaluation {
    let (validation_error, cost) = match subject.architecture() {
        Some(architecture) => (error_of(architecture), space.cost(architecture)),
        None => (0.5, None),
    };
    let loss = if fate == Fate::Unusable { f64::NAN } else { 0.1 };
    Evaluation {
        validation_error,
        test_error: (subject.purpose() == Purpose::Full).then_some(validation_error + 0.01),
        parameters: cost.map(|cost| cost.parameters),
        flops: cost.map(|cost| cost.flops),
        latency_ms: None,
        joules_per_inference: None,
        device,
        seconds: Seconds(seconds),
        curve: vec![CurvePoint { epoch: 1, training_loss: loss, validation_error: Some(validation_error) }],
        artifacts: Vec::new(),
    }
}

pub fn artifacts_of(seed: Seed, subject: &Subject, trial: TrialId) -> Vec<(ArtifactKind, Bytes)> {
    match subject.purpose() {
        Purpose::Supernet => vec![(ArtifactKind::Supernet, supernet(seed, subject))],
        Purpose::Full => {
            let bytes = |kind: &str| Bytes::from(format!("{kind} of trial {trial} of seed {}", seed.0));
            vec![(ArtifactKind::Weights, bytes("weights")), (ArtifactKind::TorchScript, bytes("script"))]
        }
        _ => Vec::new(),
    }
}

pub fn supernet(seed: Seed, subject: &Subject) -> Bytes {
    let mut bytes = format!("{} of seed {} ", subject.title(), seed.0).into_bytes();
    bytes.resize(SUPERNET_BYTES, 7);
    bytes.into()
}

/// Whether work on `subject` may begin with these shared weights: a part with those of the whole, a score with those of its part
/// or, where that failed, of the whole; nothing else with any.
pub fn may_inherit(seed: Seed, subject: &Subject, found: Option<&Bytes>) -> bool {
    let is = |wanted: Subject| found == Some(&supernet(seed, &wanted));
    match subject {
        Subject::SubSupernet(_) => is(Subject::Supernet),
        Subject::RegionSupernet(_) => is(Subject::Supernet) || of_region(found),
        Subject::Network { architecture, fidelity: Fidelity::OneShot } => {
            let part = Part { decision: 0, option: architecture.genes()[0] };
            is(Subject::SubSupernet(part)) || of_region(found) || is(Subject::Supernet)
        }
        Subject::Supernet | Subject::Network { .. } => found.is_none(),
    }
}

/// Which one of the regions' is as good as another: numbers are told apart in tests of the core.
fn of_region(found: Option<&Bytes>) -> bool {
    found.is_some_and(|bytes| bytes.starts_with(b"sub-supernet for region"))
}

/// A checkpoint says whose it is and how far it goes; one in eight is large.
pub fn checkpoint_bytes(trial: TrialId, progress: f64, large: bool) -> Bytes {
    let mut bytes = format!("{} {} ", trial.0, progress.to_bits()).into_bytes();
    bytes.resize(if large { LARGE_CHECKPOINT_BYTES } else { 100 }, b'.');
    bytes.into()
}

pub fn read_checkpoint(bytes: &[u8]) -> Option<(TrialId, f64)> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]).into_owned();
    let mut words = head.split(' ');
    let trial = words.next()?.parse().ok()?;
    let progress = f64::from_bits(words.next()?.parse().ok()?);
    Some((TrialId(trial), progress))
}

/// The name of a process in the results it works out.
pub fn device(worker: &WorkerName, session: SessionId) -> String {
    format!("{worker} in session {session}")
}
