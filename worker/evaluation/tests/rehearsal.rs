//! The rehearsal through the door that the worker uses. No torch, no sleeping: the scripted executor's clock is its own.

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::objective::{Objective, ObjectiveKind};
use common::seed::Seed;
use common::space::darts::{self, Stem};
use common::space::free_form::Description;
use common::space::mobile::{self, SqueezeExcite};
use common::space::nas_bench_201::{Nodes, Skeleton};
use common::space::{NasBench201, SearchSpace, SpaceSpec};
use common::study::{
    Augmentation, DataFormat, DataSpec, EvaluatorSpec, Numerics, OneShotSpec, Recipe, StudySpec,
};
use common::trial::{Evaluation, Subject};
use evaluation::conformance::{Script, check_evaluator};
use evaluation::{Evaluator, Job, Options, Outcome, build};

const SKELETON: Skeleton =
    Skeleton { channels: 16, cells_per_stage: 5, input: [3, 32, 32], classes: 10, nodes: Nodes::Four };

fn spec() -> StudySpec {
    let recipe = Recipe {
        epochs: 20,
        batch_size: 64,
        learning_rate: 0.1,
        final_learning_rate: 0.0,
        momentum: 0.9,
        weight_decay: 5e-4,
        ..Recipe::PLAIN
    };
    StudySpec {
        name: "rehearsed".into(),
        seed: Seed(1),
        space: SpaceSpec::NasBench201(SKELETON),
        data: DataSpec {
            format: DataFormat::Cifar10,
            path: "nowhere: a rehearsal reads no images".into(),
            validation_images: 100,
            training_images: None,
            augmentation: Augmentation::None,
        },
        objectives: vec![
            Objective { kind: ObjectiveKind::Error, reference: 1.0 },
            Objective { kind: ObjectiveKind::LatencyMs, reference: 100.0 },
        ],
        evaluator: EvaluatorSpec::Rehearsal { seconds_per_epoch: 0.3 },
        supernet: recipe,
        one_shot: OneShotSpec { recalibration_images: 64, scoring_images: 64 },
        few_shot: None,
        region: None,
        training: recipe,
        numerics: Numerics::default(),
    }
}

fn rehearsal() -> Box<dyn Evaluator> {
    build(&spec(), &Options::default()).unwrap()
}

fn evaluate(genes: &[u32], fidelity: Fidelity) -> (Evaluation, Script) {
    let mut evaluator = rehearsal();
    let mut script = Script::undisturbed();
    let supernet = supernet();
    let subject = Subject::Network { architecture: Architecture::new(genes.to_vec()), fidelity };
    let job = Job { subject: &subject, supernet: Some(&supernet), resume: None, trial_seed: Seed(4) };
    match evaluator.evaluate(&job, &mut script) {
        Ok(Outcome::Finished(finding)) => (finding.evaluation, script),
        other => panic!("{other:?}"),
    }
}

fn supernet() -> Vec<u8> {
    let job = Job { subject: &Subject::Supernet, supernet: None, resume: None, trial_seed: Seed(4) };
    match rehearsal().evaluate(&job, &mut Script::undisturbed()) {
        Ok(Outcome::Finished(finding)) => finding.artifacts[0].1.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rehearsal_conforms() {
    check_evaluator(rehearsal, &Architecture::new(vec![3, 1, 2, 1, 4, 3]), 4);
}

#[test]
fn more_epochs_come_nearer_the_truth_and_counts_are_real() {
    let genes = [3, 2, 3, 1, 3, 3];
    let errors: Vec<f64> = [Fidelity::Rung(1), Fidelity::Rung(5), Fidelity::Full]
        .map(|fidelity| evaluate(&genes, fidelity).0.validation_error)
        .to_vec();
    assert!(errors[0] > errors[1] && errors[1] > errors[2], "{errors:?}");
    let (full, _) = evaluate(&genes, Fidelity::Full);
    let cost = NasBench201::new(SKELETON).network_cost(&Architecture::new(genes.to_vec()));
    assert_eq!((full.parameters, full.flops), (Some(cost.parameters), Some(cost.flops)));
    assert!(full.latency_ms.is_some() && full.joules_per_inference.is_none(), "only what the study wants");
    assert!(full.device.contains("rehearsal"));
    let (dead, _) = evaluate(&[3, 3, 3, 0, 0, 0], Fidelity::Full);
    assert!(dead.validation_error > 0.85, "a cell without a path guesses");
}

#[test]
fn a_job_takes_the_time_that_the_study_says() {
    let (full, script) = evaluate(&[3; 6], Fidelity::Full);
    assert!((full.seconds.0 - 20.0 * 0.3).abs() < 0.5, "{}", full.seconds);
    assert!(script.asked as f64 >= full.seconds.0 / 0.05, "asked for wishes at least every 50 ms");
}

#[test]
fn scores_order_networks_better_than_chance_but_not_perfectly() {
    let space = NasBench201::new(SKELETON);
    let cells: Vec<_> = (0..30).map(|index| space.random(&mut Seed(3).stream("cells", index))).collect();
    let errors: Vec<(f64, f64)> = cells
        .iter()
        .map(|cell| {
            let error = |fidelity| evaluate(cell.genes(), fidelity).0.validation_error;
            (error(Fidelity::OneShot), error(Fidelity::Full))
        })
        .collect();
    let pairs = errors.iter().enumerate().flat_map(|(index, a)| errors[..index].iter().map(move |b| (a, b)));
    let signs: Vec<f64> = pairs.map(|(a, b)| ((a.0 - b.0) * (a.1 - b.1)).signum()).collect();
    let tau = signs.iter().sum::<f64>() / signs.len() as f64;
    assert!((0.1..0.9).contains(&tau), "Kendall tau {tau}");
}

/// Every space, as the worker meets it.
fn spaces() -> Vec<SpaceSpec> {
    let stem = Stem::Cifar;
    let darts = darts::Skeleton { channels: 16, layers: 8, input: [3, 32, 32], classes: 10, stem };
    let mobile = mobile::Design {
        widths: vec![0.5, 1.0],
        depths: vec![2, 3],
        kernels: vec![3, 5],
        expansions: vec![3, 6],
        squeeze_excite: SqueezeExcite::Free,
        resolutions: vec![64, 96],
        planes: 3,
        classes: 10,
    };
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/free-form.toml");
    let description = Description::from_toml(&std::fs::read_to_string(file).unwrap()).unwrap();
    vec![SpaceSpec::Darts(darts), SpaceSpec::Mobile(mobile), SpaceSpec::FreeForm(description)]
}

#[test]
fn every_space_can_be_rehearsed() {
    for space in spaces() {
        let make = || build(&StudySpec { space: space.clone(), ..spec() }, &Options::default()).unwrap();
        let built = space.build();
        let some = |index| built.random(&mut Seed(8).stream("spaces", index));
        check_evaluator(make, &some(0), 4);
        let mut errors = Vec::new();
        for index in 0..20 {
            let architecture = some(index);
            let subject = Subject::Network { architecture: architecture.clone(), fidelity: Fidelity::Full };
            let job = Job { subject: &subject, supernet: None, resume: None, trial_seed: Seed(4) };
            let Ok(Outcome::Finished(finding)) = make().evaluate(&job, &mut Script::undisturbed()) else {
                panic!("{}", built.encode(&architecture));
            };
            let (found, cost) = (finding.evaluation, built.cost(&architecture));
            assert_eq!((found.parameters, found.flops), (cost.map(|c| c.parameters), cost.map(|c| c.flops)));
            assert!(found.latency_ms.is_some_and(|ms| ms > 0.0), "what the study wants, it gets");
            errors.push((found.validation_error, found.latency_ms));
        }
        errors.dedup();
        assert_eq!(errors.len(), 20, "there is something to search for in {}", built.name());
    }
}

#[cfg(feature = "torch")]
#[test]
fn libtorch_refuses_what_it_can_not_build() {
    let free_form = spaces().into_iter().find(|space| matches!(space, SpaceSpec::FreeForm(_))).unwrap();
    let spec = StudySpec { evaluator: EvaluatorSpec::Torch, space: free_form.clone(), ..spec() };
    let message = build(&spec, &Options::default()).err().unwrap().to_string();
    assert!(message.contains("builds no networks of") && message.contains(free_form.title()), "{message}");
}

#[cfg(not(feature = "torch"))]
#[test]
fn without_libtorch_real_training_is_refused_with_the_cure() {
    let spec = StudySpec { evaluator: EvaluatorSpec::Torch, ..spec() };
    let message = build(&spec, &Options::default()).err().unwrap().to_string();
    assert!(message.contains("--features torch"), "{message}");
}
