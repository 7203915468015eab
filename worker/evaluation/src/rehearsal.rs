//! An evaluator that trains nothing: figures by a formula after a pause, to rehearse a cluster or a configuration.
//! Everything it yields is labelled as rehearsed. Parameters and FLOPs are the real ones,
//! where the space counts them.
//!
//! The pause goes through `Control::pause`, in slices short enough that a wish is answered at once; its default sleeps, a
//! test's turns a clock of its own.

use common::architecture::Architecture;
use common::blob::BlobId;
use common::fidelity::Fidelity;
use common::objective::ObjectiveKind;
use common::seed::Seed;
use common::space::SearchSpace;
use common::study::StudySpec;
use common::trial::{ArtifactKind, CurvePoint, Evaluation, Failure, Subject};
use common::unit::Seconds;
use serde::{Deserialize, Serialize};

use crate::evaluator::{Control, Evaluator, Finding, Job, Kept, Outcome, Step, Wish};
use crate::invention::{self, draw};

const DEVICE: &str = "rehearsal: nothing was trained";
/// Short beside a second, the time within which a slot is to be given back.
const SLICE: Seconds = Seconds(0.05);
/// One-shot scoring takes this share of an epoch.
const ONE_SHOT_SHARE: f64 = 0.1;
const CHECKPOINT_VERSION: u32 = 1;
/// A multiply-accumulate on an imaginary edge device.
const NANOSECONDS_PER_FLOP: f64 = 0.1;
const NANOJOULES_PER_FLOP: f64 = 0.5;

#[derive(Debug)]
pub struct Rehearsal {
    spec: StudySpec,
    space: Box<dyn SearchSpace>,
    /// The error of a guess.
    chance: f64,
    seconds_per_epoch: f64,
}

/// Its whole checkpoint.
#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    version: u32,
    identity: String,
    epochs_done: u32,
    seconds: Seconds,
}

impl Rehearsal {
    pub fn new(spec: StudySpec, seconds_per_epoch: f64) -> Self {
        let error = spec.objectives.iter().find(|objective| objective.kind == ObjectiveKind::Error);
        // A space that does not know the classes leaves the worst error that still counts.
        let worst = error.map_or(1.0, |error| error.reference).clamp(0.0, 1.0);
        let chance = spec.space.classes().map_or(worst, |classes| 1.0 - 1.0 / f64::from(classes.max(2)));
        Self { space: spec.space.build(), spec, chance, seconds_per_epoch }
    }

    fn check(&self, job: &Job) -> Result<(), Failure> {
        if let Some(architecture) = job.subject.architecture() {
            self.space.check(architecture).map_err(|error| Failure::Refused(error.to_string()))?;
        }
        if let Subject::RegionSupernet(region) = job.subject {
            let unknown = region.members.iter().find_map(|member| self.space.check(member).err());
            if region.members.is_empty() || unknown.is_some() {
                return Err(Failure::Refused(format!("the space does not know {region}")));
            }
        }
        if job.subject.fidelity() == Some(Fidelity::Rung(0)) {
            return Err(Failure::Refused("a rung has at least one epoch".into()));
        }
        let inherits = matches!(job.subject, Subject::SubSupernet(_) | Subject::RegionSupernet(_))
            || job.subject.fidelity() == Some(Fidelity::OneShot);
        match job.supernet {
            _ if !inherits => Ok(()),
            Some(bytes) if bytes.starts_with(artifact("supernet").as_bytes()) => Ok(()),
            Some(_) => Err(Failure::Refused("the supernet is not a rehearsed one".into())),
            None => Err(Failure::Refused("it begins with a supernet, and the job brings none".into())),
        }
    }

    fn resume(&self, job: &Job) -> Result<Progress, Failure> {
        let identity = identity(job);
        let fresh =
            Progress { version: CHECKPOINT_VERSION, identity, epochs_done: 0, seconds: Seconds::ZERO };
        let Some(bytes) = job.resume else { return Ok(fresh) };
        match serde_json::from_slice::<Progress>(bytes) {
            Ok(kept) if (kept.version, &kept.identity) == (fresh.version, &fresh.identity) => Ok(kept),
            Ok(_) => Err(Failure::Refused("the checkpoint is of another job or release".into())),
            Err(error) => Err(Failure::Refused(format!("the checkpoint can't be resumed from: {error}"))),
        }
    }

    /// Lets an epoch's time pass; the outcome of a wish that ends the job.
    fn wait(
        &self,
        share: f64,
        progress: &Progress,
        epochs: u32,
        control: &mut dyn Control,
    ) -> Option<Outcome> {
        let kept = |control: &mut dyn Control| {
            let seconds = progress.seconds + control.elapsed();
            let now = Progress { seconds, identity: progress.identity.clone(), ..*progress };
            let bytes = serde_json::to_vec(&now).expect("plain data");
            Kept { bytes, progress: f64::from(progress.epochs_done) / f64::from(epochs) }
        };
        let mut left = Seconds(self.seconds_per_epoch * share);
        loop {
            match control.wish() {
                Wish::GoOn => {}
                Wish::Checkpoint if epochs == 0 => {}
                Wish::Checkpoint => {
                    let kept = kept(control);
                    control.keep(kept);
                }
                Wish::Suspend => return Some(Outcome::Suspended((epochs > 0).then(|| kept(control)))),
                Wish::Cancel => return Some(Outcome::Cancelled),
            }
            if left <= Seconds::ZERO {
                return None;
            }
            control.pause(left.min(SLICE));
            left = left - SLICE;
        }
    }

    /// Error after `epochs` of `of` epochs: from chance towards the architecture's own.
    fn error(&self, architecture: &Architecture, epochs: f64, of: f64) -> f64 {
        let own = invention::error(self.space.as_ref(), architecture, self.chance);
        own + (self.chance - own) * (-4.0 * epochs / of).exp()
    }

    fn network(
        &self,
        architecture: &Architecture,
        fidelity: Fidelity,
        seed: Seed,
        curve: Vec<CurvePoint>,
    ) -> Evaluation {
        let full = f64::from(self.spec.training.epochs.max(1));
        let noisy = |error: f64, spread: f64| (error + draw(seed, architecture, spread)).clamp(0.0, 1.0);
        let validation_error = match fidelity {
            Fidelity::OneShot => noisy(self.error(architecture, full, full) + 0.1, 0.1),
            Fidelity::Rung(epochs) => noisy(self.error(architecture, f64::from(epochs), full), 0.02),
            Fidelity::Full => noisy(self.error(architecture, full, full), 0.004),
        };
        let test_error = (fidelity == Fidelity::Full).then(|| (validation_error + 0.002).min(1.0));
        self.evaluation(validation_error, test_error, Some(architecture), curve)
    }

    fn evaluation(
        &self,
        validation_error: f64,
        test_error: Option<f64>,
        architecture: Option<&Architecture>,
        curve: Vec<CurvePoint>,
    ) -> Evaluation {
        let wants = |kind| self.spec.objectives.iter().any(|objective| objective.kind == kind);
        let cost = architecture.and_then(|architecture| self.space.cost(architecture));
        let work = architecture.map(|architecture| invention::work(self.space.as_ref(), architecture));
        Evaluation {
            validation_error,
            test_error,
            parameters: cost.map(|cost| cost.parameters),
            flops: cost.map(|cost| cost.flops),
            latency_ms: work
                .filter(|_| wants(ObjectiveKind::LatencyMs))
                .map(|work| work * NANOSECONDS_PER_FLOP / 1e6),
            joules_per_inference: work
                .filter(|_| wants(ObjectiveKind::JoulesPerInference))
                .map(|work| work * NANOJOULES_PER_FLOP / 1e9),
            device: DEVICE.into(),
            seconds: Seconds::ZERO,
            curve,
            artifacts: Vec::new(),
        }
    }

    /// The learning curve's point after `epoch` epochs. A short training goes the first part of the full one's way.
    fn point(&self, subject: &Subject, epoch: u32) -> CurvePoint {
        let of = f64::from(self.spec.shared_recipe(subject).unwrap_or(self.spec.training).epochs.max(1));
        let error = subject.architecture().map(|architecture| self.error(architecture, f64::from(epoch), of));
        let training_loss = 2.3 * (-2.0 * f64::from(epoch) / of).exp() + error.unwrap_or(0.3);
        CurvePoint { epoch, training_loss, validation_error: error }
    }
}

impl Evaluator for Rehearsal {
    fn name(&self) -> &str {
        "rehearsal"
    }

    fn evaluate(&mut self, job: &Job, control: &mut dyn Control) -> Result<Outcome, Failure> {
        self.check(job)?;
        let epochs = match job.subject.fidelity() {
            None => self.spec.shared_recipe(job.subject).map_or(1, |recipe| recipe.epochs.max(1)),
            Some(Fidelity::OneShot) => 0,
            Some(Fidelity::Rung(epochs)) => epochs,
            Some(Fidelity::Full) => self.spec.training.epochs.max(1),
        };
        let mut progress = self.resume(job)?;
        if epochs == 0
            && let Some(outcome) = self.wait(ONE_SHOT_SHARE, &progress, epochs, control)
        {
            return Ok(outcome);
        }
        while progress.epochs_done < epochs {
            if let Some(outcome) = self.wait(1.0, &progress, epochs, control) {
                return Ok(outcome);
            }
            progress.epochs_done += 1;
            let point = self.point(job.subject, progress.epochs_done);
            control.progress(Step {
                done: f64::from(progress.epochs_done) / f64::from(epochs),
                epoch: progress.epochs_done,
                training_loss: Some(point.training_loss),
                validation_error: point.validation_error,
            });
        }
        let curve = (1..=epochs).map(|epoch| self.point(job.subject, epoch)).collect();
        let (mut evaluation, kinds): (_, &[_]) = match job.subject {
            Subject::Supernet | Subject::SubSupernet(_) | Subject::RegionSupernet(_) => {
                (self.evaluation(0.5, None, None, curve), &[(ArtifactKind::Supernet, "supernet")])
            }
            Subject::Network { architecture, fidelity } => {
                let evaluation = self.network(architecture, *fidelity, job.trial_seed, curve);
                match fidelity {
                    Fidelity::Full => (
                        evaluation,
                        &[(ArtifactKind::Weights, "weights"), (ArtifactKind::TorchScript, "TorchScript")],
                    ),
                    Fidelity::OneShot | Fidelity::Rung(_) => (evaluation, &[]),
                }
            }
        };
        evaluation.seconds = progress.seconds + control.elapsed();
        let artifacts = kinds.iter().map(|&(kind, word)| {
            let text = format!("{} {}\n", artifact(word), identity(job));
            (kind, text.into_bytes())
        });
        Ok(Outcome::Finished(Finding { evaluation, artifacts: artifacts.collect() }))
    }
}

/// How every rehearsed artifact begins.
fn artifact(word: &str) -> String {
    format!("CE-NAS rehearsal, nothing was trained: no {word} here;")
}

fn identity(job: &Job) -> String {
    BlobId::of(&serde_json::to_vec(&(job.subject, job.trial_seed)).expect("plain data")).to_string()
}
