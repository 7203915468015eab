//! Real networks on images made on the spot, through the door that the worker uses; and what they leave behind.
#![cfg(feature = "torch")]

#[path = "torch/bright.rs"]
mod bright;
#[path = "torch/jobs.rs"]
mod jobs;
#[path = "torch/opened.rs"]
mod opened;

use common::fidelity::Fidelity;
use common::objective::{Objective, ObjectiveKind};
use common::space::{NasBench201, SearchSpace};
use common::study::{EvaluatorSpec, Numerics, Precision, Recipe, StudySpec};
use common::trial::{ArtifactKind, Failure, Subject};
use common::unit::{Joules, Seconds};
use evaluation::conformance::{Script, check_evaluator, check_parts};
use evaluation::{Control, DeviceChoice, Evaluator, Job, Kept, Options, Outcome, Step, Wish, build};
use safetensors::SafeTensors;

use bright::{Bright, SKELETON};
use jobs::{artifact, cell, finish, job, network};

fn evaluator(images: &Bright, spec: &StudySpec) -> Box<dyn Evaluator> {
    let data = Some(images.path().to_owned());
    build(spec, &Options { data, device: DeviceChoice::Cpu, ..Options::default() }).unwrap()
}

#[test]
fn the_torch_evaluator_conforms() {
    let images = Bright::new();
    let spec = images.spec();
    check_evaluator(|| evaluator(&images, &spec), &cell(), 2);
    check_parts(|| evaluator(&images, &spec), &cell());
}

#[test]
fn a_full_training_learns_and_reports_what_the_study_wants() {
    let images = Bright::new();
    let wanted = [ObjectiveKind::Error, ObjectiveKind::LatencyMs, ObjectiveKind::JoulesPerInference];
    let objectives = wanted.map(|kind| Objective { kind, reference: 1.0 }).to_vec();
    let spec = StudySpec { objectives, ..images.spec() };
    let evaluation = finish(&mut *evaluator(&images, &spec), &job(&network(Fidelity::Full))).evaluation;
    assert!(evaluation.validation_error < 0.4, "chance is 0.67: {evaluation:?}");
    assert!(evaluation.test_error.unwrap() < 0.4);
    let cost = NasBench201::new(SKELETON).network_cost(&cell());
    assert_eq!((evaluation.parameters, evaluation.flops), (Some(cost.parameters), Some(cost.flops)));
    assert!(evaluation.latency_ms.unwrap() > 0.0 && evaluation.joules_per_inference.unwrap() > 0.0);
    assert_eq!(evaluation.curve.len(), spec.training.epochs as usize);
    assert!(evaluation.device.contains("1 thread"), "{}", evaluation.device);
}

#[test]
fn seconds_add_up_over_attempts() {
    let images = Bright::new();
    let mut evaluator = evaluator(&images, &images.spec());
    let subject = network(Fidelity::Full);
    let whole = finish(&mut *evaluator, &job(&subject)).evaluation.seconds;
    let Ok(Outcome::Suspended(Some(kept))) =
        evaluator.evaluate(&job(&subject), &mut Script::wishing(Wish::Suspend, 5))
    else {
        panic!("suspended");
    };
    let resumed =
        finish(&mut *evaluator, &Job { resume: Some(&kept.bytes), ..job(&subject) }).evaluation.seconds;
    assert!(
        resumed > Seconds::ZERO && resumed >= whole,
        "{resumed} of {whole}: both attempts looked at the clock"
    );
}

#[test]
fn a_diverging_training_fails_and_the_evaluator_goes_on() {
    let images = Bright::new();
    let spec = images.spec();
    let wild = StudySpec { training: Recipe { learning_rate: 1e30, ..spec.training }, ..spec };
    let mut evaluator = evaluator(&images, &wild);
    let outcome = evaluator.evaluate(&job(&network(Fidelity::Full)), &mut Script::undisturbed());
    assert_eq!(outcome, Err(Failure::Diverged));
    finish(&mut *evaluator, &job(&Subject::Supernet));
}

/// An executor whose line breaks, as libtorch's own errors do: by a panic.
struct Breaking;

impl Control for Breaking {
    fn wish(&mut self) -> Wish {
        panic!("the line broke")
    }
    fn progress(&mut self, _: Step) {}
    fn keep(&mut self, _: Kept) {}
    fn elapsed(&mut self) -> Seconds {
        Seconds::ZERO
    }
    fn energy(&mut self) -> Option<Joules> {
        None
    }
}

#[test]
fn a_panic_costs_one_attempt_and_may_be_retried() {
    let images = Bright::new();
    let mut evaluator = evaluator(&images, &images.spec());
    let failure = evaluator.evaluate(&job(&network(Fidelity::Full)), &mut Breaking).unwrap_err();
    assert_eq!(failure, Failure::Crashed("the line broke".into()));
    assert!(failure.can_retry());
    finish(&mut *evaluator, &job(&network(Fidelity::Full)));
}

#[test]
fn recipes_that_make_no_sense_are_refused_with_the_cure() {
    let images = Bright::new();
    let refused = |recipe: Recipe| {
        let spec = StudySpec { training: recipe, ..images.spec() };
        let options = Options { data: Some(images.path().to_owned()), ..Options::default() };
        build(&spec, &options).err().expect("refused").to_string()
    };
    let recipe = images.spec().training;
    assert!(refused(Recipe { epochs: 0, ..recipe }).contains("epochs = 0; at least 1"));
    assert!(refused(Recipe { batch_size: 1, ..recipe }).contains("batch_size"));
    assert!(refused(Recipe { learning_rate: f64::NAN, ..recipe }).contains("learning_rate"));
    assert!(refused(Recipe { final_learning_rate: 9.0, ..recipe }).contains("final_learning_rate"));
    assert!(refused(Recipe { momentum: 1.0, ..recipe }).contains("momentum"));
}

/// What the finding's files say, against the finding.
#[test]
fn artifacts_hold_the_network() {
    let images = Bright::new();
    let finding = finish(&mut *evaluator(&images, &images.spec()), &job(&network(Fidelity::Full)));
    let bytes = |wanted| artifact(&finding, wanted);

    let weights = bytes(ArtifactKind::Weights);
    let tensors = SafeTensors::deserialize(weights).unwrap();
    let (_, header) = SafeTensors::read_metadata(weights).unwrap();
    let about: serde_json::Value =
        serde_json::from_str(&header.metadata().as_ref().unwrap()["cenas_network"]).unwrap();
    assert_eq!(about["architecture"], NasBench201::new(SKELETON).encode(&cell()));
    assert_eq!(about["skeleton"]["channels"], SKELETON.channels);
    let learnt = tensors.names().into_iter().filter(|name| !name.contains("running_"));
    let count: usize =
        learnt.map(|name| tensors.tensor(name).unwrap().shape().iter().product::<usize>()).sum();
    assert_eq!(Some(count as u64), finding.evaluation.parameters);

    opened::check(&images, &finding);
}

/// Half precision trains; what is exported is 32-bit, and the test error is that of the exported network.
#[test]
fn half_precision_is_a_setting_of_the_study() {
    let images = Bright::new();
    let numerics = Numerics { precision: Precision::Bf16, deterministic: false };
    let finding = finish(
        &mut *evaluator(&images, &StudySpec { numerics, ..images.spec() }),
        &job(&network(Fidelity::Full)),
    );
    let evaluation = &finding.evaluation;
    assert!(evaluation.validation_error < 0.4, "chance is 0.67: {evaluation:?}");
    assert!(evaluation.device.ends_with("1 thread, bf16"), "{}", evaluation.device);
    let plain = finish(&mut *evaluator(&images, &images.spec()), &job(&network(Fidelity::Full)));
    assert_ne!(finding.artifacts, plain.artifacts, "it was trained in another precision");

    opened::check(&images, &finding);
}

#[test]
fn one_shot_inherits_from_this_skeleton_only() {
    let images = Bright::new();
    let spec = images.spec();
    assert_eq!(spec.evaluator, EvaluatorSpec::Torch);
    let supernet = finish(&mut *evaluator(&images, &spec), &job(&Subject::Supernet)).artifacts.remove(0).1;
    let mut wider = spec.clone();
    wider.space = common::space::SpaceSpec::NasBench201(common::space::nas_bench_201::Skeleton {
        channels: 6,
        ..SKELETON
    });
    let one_shot = network(Fidelity::OneShot);
    let job = Job { supernet: Some(&supernet), ..job(&one_shot) };
    let outcome = evaluator(&images, &wider).evaluate(&job, &mut Script::undisturbed());
    assert!(matches!(outcome, Err(Failure::Refused(_))), "{outcome:?}");
}
