//! The evaluator that trains real networks on real images with libtorch.
//!
//! It owns its tensors and stays on one thread at a time. libtorch reports its own errors by panicking through `tch`, so
//! each job runs under `catch_unwind` and such a panic becomes `Failure::Crashed`.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path as FilePath, PathBuf};

use common::architecture::Architecture;
use common::blob::BlobId;
use common::fidelity::Fidelity;
use common::recipe::Fault;
use common::seed::Seed;
use common::study::{Numerics, Precision, Recipe, StudySpec};
use common::trial::{ArtifactKind, CurvePoint, Evaluation, Failure, Region, Subject};
use common::unit::Seconds;
use tch::{Cuda, Device, Kind};

use crate::data::{self, Loaded, Wanted};
use crate::evaluator::{Control, Evaluator, Finding, Job, Outcome, Step, Wish};
use crate::network::{Family, Form, Network};
use crate::options::{DeviceChoice, Options};
use crate::supernet::Supernet;
use crate::training::{Course, Paths, Stop, Training, recalibrate, score};
use crate::{Error, cost, export, supernet};

#[derive(Debug)]
pub struct TorchEvaluator {
    spec: StudySpec,
    family: Family,
    data: Loaded,
    form: Form,
    device_name: String,
    threads: usize,
    /// The supernet scored last, and the bytes it was read from: reading one costs as much as scoring.
    supernet: Option<(Vec<u8>, Supernet)>,
}

impl TorchEvaluator {
    /// Reads and validates the study's images.
    pub fn new(spec: StudySpec, options: &Options) -> Result<Self, Error> {
        refuse_fault("supernet", spec.supernet.supernet_fault(&spec.space))?;
        refuse_fault("training", spec.training.fault(&spec.space))?;
        let family = Family::of(&spec.space).zip(Wanted::by(&spec.space));
        let (family, wanted) = family.ok_or(Error::Space(spec.space.title()))?;
        let device = device(options.device)?;
        let form = Form::new(device, kind(spec.numerics, device, options));
        choose_kernels(form, spec.numerics);
        let path = options.data.clone().unwrap_or_else(|| PathBuf::from(&spec.data.path));
        let dataset = data::load(&path, &spec.data, wanted, spec.seed, options.threads)?;
        let data = Loaded::new(&dataset, device);
        let mut device_name =
            options.device_name.clone().unwrap_or_else(|| describe(device, options.threads));
        if form.kind != Kind::Float {
            // Latencies of two precisions are not to be compared.
            device_name += ", bf16";
        }
        let threads = options.threads.max(1);
        Ok(Self { spec, family, data, form, device_name, threads, supernet: None })
    }

    fn work(&mut self, job: &Job, control: &mut dyn Control) -> Result<Finding, Stop> {
        match job.subject {
            Subject::Supernet => {
                self.train_supernet(Paths::Fair { family: &self.family, part: None }, job, control)
            }
            Subject::SubSupernet(part) => {
                self.train_supernet(Paths::Fair { family: &self.family, part: Some(*part) }, job, control)
            }
            Subject::RegionSupernet(region) => {
                self.train_supernet(Paths::Among(&region.members), job, control)
            }
            Subject::Network { architecture, fidelity } => {
                self.family
                    .space()
                    .check(architecture)
                    .map_err(|error| Failure::Refused(error.to_string()))?;
                match *fidelity {
                    Fidelity::OneShot => self.score_one_shot(architecture, job, control),
                    Fidelity::Rung(0) => Err(Failure::Refused("a rung has at least one epoch".into()).into()),
                    Fidelity::Rung(epochs) => self.train(architecture, epochs, false, job, control),
                    Fidelity::Full => self.train(architecture, self.spec.training.epochs, true, job, control),
                }
            }
        }
    }

    fn train(
        &self,
        architecture: &Architecture,
        epochs: u32,
        full: bool,
        job: &Job,
        control: &mut dyn Control,
    ) -> Result<Finding, Stop> {
        let recipe = Recipe { epochs, ..self.spec.training };
        let network = match recipe.auxiliary_weight > 0.0 {
            true => self.family.with_auxiliary_head(architecture, job.trial_seed, self.form),
            false => self.family.alone(architecture, job.trial_seed, self.form),
        };
        let identity = self.identity(job, &recipe);
        let mut training = Training::new(
            self.course(&network, recipe, Paths::Alone(architecture), job, &identity),
            job.resume,
        )?;
        training.run(control)?;

        let validation_error = training.curve().last().and_then(|point| point.validation_error);
        let attend = |control: &mut dyn Control| training.attend(control);
        let network = training.trained();
        let (test_error, artifacts) = if full {
            let test = &self.data.test;
            // What is exported is 32-bit and without a second head, and so is its error.
            let mut exported = self.family.alone(architecture, Seed(0), self.form.device);
            exported.weights.copy(&network.weights);
            let error = score(&exported, architecture, &self.data, test, test.len(), || attend(control))?;
            (Some(error), export::artifacts(&exported, architecture, &self.family, &self.data)?)
        } else {
            (None, Vec::new())
        };
        let facts = Facts {
            validation_error: validation_error.expect("the last epoch is scored"),
            test_error,
            curve: training.curve().to_vec(),
        };
        let measured =
            cost::measure(&self.spec.objectives, network, architecture, &self.data, control, attend)?;
        let seconds = training.seconds(control);
        Ok(Finding { evaluation: self.evaluation(architecture, facts, measured, seconds), artifacts })
    }

    fn score_one_shot(
        &mut self,
        architecture: &Architecture,
        job: &Job,
        control: &mut dyn Control,
    ) -> Result<Finding, Stop> {
        self.inherit(job.supernet)?;
        let (_, Supernet { network, part }) = self.supernet.as_ref().expect("just inherited");
        if let Some(part) = part.filter(|part| !part.holds(architecture)) {
            return Err(Failure::Refused(format!("the supernet knows only {part}")).into());
        }
        let (recalibration, scoring) = self.one_shot_images();
        let attend = |control: &mut dyn Control| match control.wish() {
            // Less than a second's work: not worth a checkpoint.
            Wish::GoOn | Wish::Checkpoint => Ok(()),
            Wish::Suspend => Err(Stop::Suspended(None)),
            Wish::Cancel => Err(Stop::Cancelled),
        };
        recalibrate(network, architecture, &self.data, recalibration, || attend(control))?;
        let error =
            score(network, architecture, &self.data, &self.data.validation, scoring, || attend(control))?;
        control.progress(Step { done: 1.0, epoch: 0, training_loss: None, validation_error: Some(error) });
        let facts = Facts { validation_error: error, test_error: None, curve: Vec::new() };
        let measured =
            cost::measure(&self.spec.objectives, network, architecture, &self.data, control, attend)?;
        let evaluation = self.evaluation(architecture, facts, measured, control.elapsed());
        Ok(Finding { evaluation, artifacts: Vec::new() })
    }

    /// Of the whole space from scratch, of a part or a region from the weights of the one before it. Error: the mean over the paths of one
    /// step, recalibrated and scored as one-shot trials are. FLOPs: of its dearest path.
    fn train_supernet(
        &self,
        paths: Paths<'_>,
        job: &Job,
        control: &mut dyn Control,
    ) -> Result<Finding, Stop> {
        let (network, part) = match job.subject {
            Subject::SubSupernet(part) => {
                let decisions = self.family.space().decisions();
                let decision = decisions.get(part.decision as usize);
                let is_sound = decision.is_some_and(|decision| part.option < decision.options);
                (self.whole(part, is_sound, job.supernet)?, Some(*part))
            }
            Subject::RegionSupernet(region) => (self.of_region(region, job.supernet)?, None),
            Subject::Supernet | Subject::Network { .. } => {
                (self.family.shared(job.trial_seed, self.form), None)
            }
        };
        let recipe = self.spec.shared_recipe(job.subject).expect("a supernet has one");
        let identity = self.identity(job, &recipe);
        let mut training = Training::new(self.course(&network, recipe, paths, job, &identity), job.resume)?;
        training.run(control)?;
        // What training left there are mixtures over all paths, of use to none.
        network.weights.forget_statistics();
        let bytes = supernet::to_bytes(&network, part, &self.family);

        let (recalibration, scoring) = self.one_shot_images();
        let paths = paths.of_step(self.spec.seed, 0);
        let mut errors = 0.0;
        for path in &paths {
            recalibrate(&network, path, &self.data, recalibration, || training.attend(control))?;
            let part = &self.data.validation;
            errors += score(&network, path, &self.data, part, scoring, || training.attend(control))?;
        }
        let dearest = self.family.space().largest().expect("every family has a largest");
        let evaluation = Evaluation {
            validation_error: errors / paths.len() as f64,
            test_error: None,
            parameters: Some(network.weights.count()),
            flops: self.family.space().cost(&dearest).map(|cost| cost.flops),
            latency_ms: None,
            joules_per_inference: None,
            device: self.device_name.clone(),
            seconds: training.seconds(control),
            curve: training.curve().to_vec(),
            artifacts: Vec::new(),
        };
        Ok(Finding { evaluation, artifacts: vec![(ArtifactKind::Supernet, bytes)] })
    }

    fn course<'a>(
        &'a self,
        network: &'a Network,
        recipe: Recipe,
        paths: Paths<'a>,
        job: &Job,
        identity: &'a str,
    ) -> Course<'a> {
        let augmentation = self.spec.data.augmentation;
        Course { network, data: &self.data, recipe, augmentation, paths, seed: job.trial_seed, identity }
    }

    /// Holds the supernet of `bytes` afterwards.
    fn inherit(&mut self, bytes: Option<&[u8]>) -> Result<(), Failure> {
        let Some(bytes) = bytes else {
            return Err(Failure::Refused(
                "one-shot scoring needs a supernet, and the job brings none".into(),
            ));
        };
        // Compared, not hashed: a checksum takes a GPU's time for a score.
        if self.supernet.as_ref().is_none_or(|(held, _)| held != bytes) {
            let supernet = supernet::from_bytes(bytes, &self.family, self.form)?;
            supernet.network.weights.freeze();
            self.supernet = Some((bytes.to_vec(), supernet));
        }
        Ok(())
    }

    fn of_region(&self, region: &Region, bytes: Option<&[u8]>) -> Result<Network, Failure> {
        let is_known = |member: &Architecture| self.family.space().check(member).is_ok();
        let is_sound = !region.members.is_empty() && region.members.iter().all(is_known);
        self.whole(region, is_sound, bytes)
    }

    /// The supernet of the whole space, which that of `part` begins as.
    fn whole(
        &self,
        part: &dyn fmt::Display,
        is_sound: bool,
        bytes: Option<&[u8]>,
    ) -> Result<Network, Failure> {
        let refused = |why: String| Failure::Refused(format!("{part} can't be trained apart: {why}"));
        if !is_sound {
            return Err(refused("the space does not know it".into()));
        }
        let bytes =
            bytes.ok_or_else(|| refused("it begins with a supernet, and the job brings none".into()))?;
        let Supernet { network, part: None } = supernet::from_bytes(bytes, &self.family, self.form)? else {
            return Err(refused("the job brings a supernet of a part".into()));
        };
        Ok(network)
    }

    fn one_shot_images(&self) -> (usize, usize) {
        let spec = self.spec.one_shot;
        let recalibration = (spec.recalibration_images as usize).clamp(1, self.data.training.len());
        (recalibration, (spec.scoring_images as usize).clamp(1, self.data.validation.len()))
    }

    /// What a checkpoint must agree on to be resumed from; not where a machine keeps the images.
    fn identity(&self, job: &Job, recipe: &Recipe) -> String {
        let data = &self.spec.data;
        let split =
            (self.spec.seed, data.format, data.validation_images, data.training_images, data.augmentation);
        let all = (job.subject, &self.spec.space, split, recipe, job.trial_seed);
        BlobId::of(&serde_json::to_vec(&all).expect("plain data")).to_string()
    }

    fn evaluation(
        &self,
        architecture: &Architecture,
        facts: Facts,
        measured: cost::Measured,
        seconds: Seconds,
    ) -> Evaluation {
        let cost = self.family.space().cost(architecture);
        Evaluation {
            validation_error: facts.validation_error,
            test_error: facts.test_error,
            parameters: cost.map(|cost| cost.parameters),
            flops: cost.map(|cost| cost.flops),
            latency_ms: measured.latency_ms,
            joules_per_inference: measured.joules_per_inference,
            device: self.device_name.clone(),
            seconds,
            curve: facts.curve,
            artifacts: Vec::new(),
        }
    }
}

/// What training or scoring found out.
struct Facts {
    validation_error: f64,
    test_error: Option<f64>,
    curve: Vec<CurvePoint>,
}

impl Evaluator for TorchEvaluator {
    fn name(&self) -> &str {
        "torch"
    }

    fn evaluate(&mut self, job: &Job, control: &mut dyn Control) -> Result<Outcome, Failure> {
        // Counted for each thread that calls libtorch, and an executor may call from another one each time.
        tch::set_num_threads(self.threads as i32);
        match catch_unwind(AssertUnwindSafe(|| self.work(job, control))) {
            Ok(Ok(finding)) => Ok(Outcome::Finished(finding)),
            Ok(Err(Stop::Suspended(kept))) => Ok(Outcome::Suspended(kept)),
            Ok(Err(Stop::Cancelled)) => Ok(Outcome::Cancelled),
            Ok(Err(Stop::Failed(failure))) => Err(failure),
            Err(panic) => {
                // Its statistics may be half-written.
                self.supernet = None;
                Err(Failure::Crashed(words(&*panic)))
            }
        }
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    // libtorch appends its own stack trace, line by line.
    text.unwrap_or("a panic without words").lines().take(3).collect::<Vec<_>>().join("; ")
}

fn refuse_fault(recipe: &'static str, fault: Option<Fault>) -> Result<(), Error> {
    match fault {
        Some(Fault { key, value, cure }) => Err(Error::Recipe { recipe, key, value, cure }),
        None => Ok(()),
    }
}

fn device(choice: DeviceChoice) -> Result<Device, Error> {
    match choice {
        DeviceChoice::Auto => Ok(Device::cuda_if_available()),
        DeviceChoice::Cpu => Ok(Device::Cpu),
        DeviceChoice::Cuda(number) if (number as i64) < Cuda::device_count() => Ok(Device::Cuda(number)),
        DeviceChoice::Cuda(number) => Err(Error::NoDevice(format!("cuda:{number}"))),
    }
}

fn kind(numerics: Numerics, device: Device, options: &Options) -> Kind {
    match numerics.precision {
        Precision::Auto if device.is_cuda() && options.has_bf16 && !numerics.deterministic => Kind::BFloat16,
        Precision::Bf16 => Kind::BFloat16,
        Precision::Auto | Precision::F32 => Kind::Float,
    }
}

/// cuDNN tries its kernels out for each shape and keeps the quickest; some of them add in no fixed order. libtorch's own
/// convolutions and batch norms don't. A setting of the whole process: its slots work for one study.
fn choose_kernels(form: Form, numerics: Numerics) {
    if form.device.is_cuda() {
        Cuda::set_user_enabled_cudnn(!numerics.deterministic);
        Cuda::cudnn_set_benchmark(!numerics.deterministic);
    }
}

/// The processor's model as Linux tells it, with the threads that compute.
fn describe(device: Device, threads: usize) -> String {
    let Device::Cuda(number) = device else {
        let info = std::fs::read_to_string(FilePath::new("/proc/cpuinfo")).unwrap_or_default();
        let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let model = model.map_or("CPU", |(_, model)| model.trim());
        return format!("{model}, {threads} thread{}", if threads == 1 { "" } else { "s" });
    };
    format!("CUDA device {number}")
}
