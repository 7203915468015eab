//! Networks of every space that libtorch trains, beside NAS-Bench-201 (`torch.rs`): the same promises.
#![cfg(feature = "torch")]

#[path = "torch/bright.rs"]
mod bright;
#[path = "torch/jobs.rs"]
#[allow(dead_code)] // Its cell is of another space.
mod jobs;
#[path = "torch/opened.rs"]
mod opened;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::objective::{Objective, ObjectiveKind};
use common::seed::Seed;
use common::space::SpaceSpec;
use common::space::darts::{Skeleton, Stem};
use common::space::mobile::{Design, SqueezeExcite};
use common::study::{Numerics, Precision, StudySpec};
use common::trial::Subject;
use evaluation::conformance::{check_evaluator, check_parts};
use evaluation::{DeviceChoice, Evaluator, Options, build};

use bright::Bright;
use jobs::{finish, job};

fn darts(stem: Stem) -> SpaceSpec {
    SpaceSpec::Darts(Skeleton { channels: 4, layers: 3, input: [1, 8, 8], classes: 3, stem })
}

fn mobile() -> SpaceSpec {
    SpaceSpec::Mobile(Design {
        widths: vec![0.1, 0.2],
        depths: vec![1, 2],
        kernels: vec![3, 5],
        expansions: vec![2, 3],
        squeeze_excite: SqueezeExcite::Free,
        resolutions: vec![12, 16],
        planes: 1,
        classes: 3,
    })
}

fn evaluator(images: &Bright, spec: &StudySpec) -> Box<dyn Evaluator> {
    let data = Some(images.path().to_owned());
    build(spec, &Options { data, device: DeviceChoice::Cpu, ..Options::default() }).unwrap()
}

fn some(space: &SpaceSpec, index: u64) -> Architecture {
    space.build().random(&mut Seed(3).stream("spaces", index))
}

/// Supernet, one-shot, rung and full training; suspended anywhere and resumed to the same bits; what is not its own refused.
fn conforms(space: SpaceSpec) {
    let images = Bright::new();
    let architecture = some(&space, 0);
    let mut spec = StudySpec { space, ..images.spec() };
    for recipe in [&mut spec.training, &mut spec.supernet] {
        (recipe.epochs, recipe.batch_size) = (2, 16);
    }
    check_evaluator(|| evaluator(&images, &spec), &architecture, 1);
    check_parts(|| evaluator(&images, &spec), &architecture);
}

#[test]
fn darts_cells_conform() {
    conforms(darts(Stem::Cifar));
}

#[test]
fn mobile_blocks_conform() {
    conforms(mobile());
}

/// In either precision: what was counted, what was measured, and a file that others open.
fn learns(space: SpaceSpec, precision: Precision) {
    let images = Bright::new();
    let wanted = [ObjectiveKind::Error, ObjectiveKind::LatencyMs, ObjectiveKind::JoulesPerInference];
    let objectives = wanted.map(|kind| Objective { kind, reference: 1.0 }).to_vec();
    let numerics = Numerics { precision, deterministic: false };
    let mut spec = StudySpec { space, objectives, numerics, ..images.spec() };
    spec.training.epochs = 8;
    let architecture = some(&spec.space, 1);
    let cost = spec.space.build().cost(&architecture).unwrap();
    let subject = Subject::Network { architecture, fidelity: Fidelity::Full };
    let finding = finish(&mut *evaluator(&images, &spec), &job(&subject));
    let evaluation = &finding.evaluation;
    assert_eq!((evaluation.parameters, evaluation.flops), (Some(cost.parameters), Some(cost.flops)));
    assert!(evaluation.validation_error < 0.4, "chance is 0.67: {evaluation:?}");
    assert!(evaluation.latency_ms.unwrap() > 0.0 && evaluation.joules_per_inference.unwrap() > 0.0);
    opened::check(&images, &finding);
}

#[test]
fn darts_cells_learn() {
    learns(darts(Stem::Cifar), Precision::F32);
    learns(darts(Stem::Cifar), Precision::Bf16);
}

#[test]
fn mobile_blocks_learn() {
    learns(mobile(), Precision::F32);
    learns(mobile(), Precision::Bf16);
}

#[test]
fn images_that_do_not_fit_are_refused_before_anything_is_trained() {
    let images = Bright::new();
    let refused = |space: SpaceSpec| {
        let spec = StudySpec { space, ..images.spec() };
        let options = Options { data: Some(images.path().to_owned()), ..Options::default() };
        build(&spec, &options).err().expect("refused").to_string()
    };
    let SpaceSpec::Darts(skeleton) = darts(Stem::Cifar) else { panic!("just made") };
    let large = Skeleton { input: [1, 16, 16], ..skeleton };
    assert!(refused(SpaceSpec::Darts(large)).contains("space.input"));
    let SpaceSpec::Mobile(design) = mobile() else { panic!("just made") };
    let coloured = refused(SpaceSpec::Mobile(Design { planes: 3, ..design }));
    assert!(coloured.contains("space.input"), "{coloured}");
}
