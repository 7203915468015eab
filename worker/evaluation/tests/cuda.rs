//! The evaluator on a real GPU, through the door that the worker uses. Where there is none each test says that it was skipped.
#![cfg(feature = "torch")]

#[path = "torch/bright.rs"]
mod bright;
#[path = "torch/jobs.rs"]
mod jobs;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::study::{Numerics, Precision, StudySpec};
use common::trial::{ArtifactKind, Subject};
use evaluation::conformance::{Script, check_evaluator};
use evaluation::{DeviceChoice, Evaluator, Job, Options, Outcome, Wish, build};

use bright::Bright;
use jobs::{artifact, cell, finish, job, network};

/// The evaluator on the first GPU.
fn on_gpu(images: &Bright, numerics: Numerics) -> Option<Box<dyn Evaluator>> {
    if evaluation::cuda_devices() == 0 {
        println!("skipped: libtorch sees no CUDA device");
        return None;
    }
    Some(on(DeviceChoice::Cuda(0), images, numerics))
}

fn on(device: DeviceChoice, images: &Bright, numerics: Numerics) -> Box<dyn Evaluator> {
    let spec = StudySpec { numerics, ..images.spec() };
    build(&spec, &Options { data: Some(images.path().to_owned()), device, ..Options::default() }).unwrap()
}

const DETERMINISTIC: Numerics = Numerics { precision: Precision::Auto, deterministic: true };
const F32: Numerics = Numerics { precision: Precision::F32, deterministic: false };

#[test]
fn a_gpu_in_deterministic_mode_conforms() {
    let images = Bright::new();
    if on_gpu(&images, DETERMINISTIC).is_some() {
        check_evaluator(|| on_gpu(&images, DETERMINISTIC).unwrap(), &cell(), 2);
    }
}

/// Bit for bit, in every number of the trained network.
#[test]
fn a_training_suspended_on_a_gpu_ends_as_an_undisturbed_one() {
    let images = Bright::new();
    let Some(mut evaluator) = on_gpu(&images, DETERMINISTIC) else { return };
    let subject = network(Fidelity::Full);
    let whole = finish(&mut *evaluator, &job(&subject));
    for turn in [1, 7, 12] {
        let outcome = evaluator.evaluate(&job(&subject), &mut Script::wishing(Wish::Suspend, turn));
        let Ok(Outcome::Suspended(Some(kept))) = outcome else { panic!("{outcome:?}") };
        let resumed = finish(&mut *evaluator, &Job { resume: Some(&kept.bytes), ..job(&subject) });
        let [whole, resumed] =
            [&whole, &resumed].map(|finding| artifact(finding, ArtifactKind::Weights).to_vec());
        assert!(whole == resumed, "suspended at question {turn}");
    }
}

/// What a GPU began in half precision a processor goes on with.
#[test]
fn a_checkpoint_moves_from_a_gpu_to_a_processor() {
    let images = Bright::new();
    let Some(mut evaluator) = on_gpu(&images, Numerics::default()) else { return };
    let subject = network(Fidelity::Full);
    let outcome = evaluator.evaluate(&job(&subject), &mut Script::wishing(Wish::Suspend, 9));
    let Ok(Outcome::Suspended(Some(kept))) = outcome else { panic!("{outcome:?}") };
    let mut processor = on(DeviceChoice::Cpu, &images, Numerics::default());
    let finding = finish(&mut *processor, &Job { resume: Some(&kept.bytes), ..job(&subject) });
    assert!(finding.evaluation.validation_error < 0.4, "chance is 0.67: {:?}", finding.evaluation);
}

#[test]
fn a_gpu_trains_in_half_precision_and_says_so() {
    let images = Bright::new();
    let Some(mut evaluator) = on_gpu(&images, Numerics::default()) else { return };
    let evaluation = finish(&mut *evaluator, &job(&network(Fidelity::Full))).evaluation;
    assert!(evaluation.validation_error < 0.4 && evaluation.test_error.unwrap() < 0.4, "{evaluation:?}");
    assert!(evaluation.device.ends_with("bf16"), "{}", evaluation.device);
}

/// A supernet scored on a GPU, batches side by side and in either precision, against a processor that takes them one by one.
#[test]
fn scores_on_a_gpu_are_those_of_a_processor() {
    let images = Bright::new();
    let Some(mut half) = on_gpu(&images, Numerics::default()) else { return };
    let mut full = on_gpu(&images, F32).expect("there was one");
    let mut processor = on(DeviceChoice::Cpu, &images, Numerics::default());
    let supernet = finish(&mut *half, &job(&Subject::Supernet));
    let supernet = artifact(&supernet, ArtifactKind::Supernet);
    for genes in [[3, 4, 2, 1, 0, 1], [3, 3, 3, 3, 3, 3], [1, 2, 3, 4, 1, 2]] {
        let architecture = Architecture::new(genes.to_vec());
        let subject = Subject::Network { architecture, fidelity: Fidelity::OneShot };
        let job = Job { supernet: Some(supernet), ..job(&subject) };
        let score = |evaluator: &mut dyn Evaluator| finish(evaluator, &job).evaluation.validation_error;
        let expected = score(&mut *processor);
        // Of 30 images, one or two near the border.
        assert!((score(&mut *full) - expected).abs() < 0.04, "{genes:?}");
        assert!((score(&mut *half) - expected).abs() < 0.11, "{genes:?}");
    }
}
