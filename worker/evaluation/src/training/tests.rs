//! Descent against a second way of computing it, and runs that are interrupted against runs that are not.

use common::architecture::Architecture;
use common::space::nas_bench_201::{NasBench201, Nodes, Skeleton};
use common::study::{Augmentation, Recipe};
use rand::RngExt;
use tch::{Device, Kind};

use super::scoring::recalibrate_by;
use super::*;
use crate::conformance::Script;
use crate::data::{Dataset, Images, Normalisation};
use crate::network::{Family, Form};

const SKELETON: Skeleton =
    Skeleton { channels: 4, cells_per_stage: 1, input: [1, 8, 8], classes: 3, nodes: Nodes::Four };
const RECIPE: Recipe = Recipe {
    epochs: 3,
    batch_size: 8,
    learning_rate: 0.05,
    final_learning_rate: 0.001,
    momentum: 0.9,
    weight_decay: 1e-3,
};

/// Noise whose brightness tells the class.
fn data() -> Loaded {
    let part = |name: &str, count: usize| {
        let mut rng = Seed(1).stream(name, 0);
        let labels: Vec<u8> = (0..count).map(|image| (image % 3) as u8).collect();
        let pixels = labels
            .iter()
            .flat_map(|&label| (0..64).map(move |_| label))
            .map(|label| rng.random_range(0..100) + 70 * label);
        Images { shape: [1, 8, 8], pixels: pixels.collect(), labels }
    };
    let normalisation = Normalisation { mean: vec![0.4], deviation: vec![0.25] };
    let (training, validation, test) = (part("training", 52), part("validation", 30), part("test", 30));
    Loaded::new(&Dataset { training, validation, test, normalisation, classes: 3 }, Device::Cpu)
}

/// One convolution of each size, one pooling, one skip.
fn cell() -> Architecture {
    Architecture::new(vec![3, 4, 2, 0, 0, 1])
}

fn family() -> Family {
    Family::NasBench201(NasBench201::new(SKELETON))
}

fn network(paths: Paths) -> Network {
    network_in(Device::Cpu.into(), paths)
}

fn network_in(form: Form, paths: Paths) -> Network {
    match paths {
        Paths::Alone(architecture) => family().alone(architecture, Seed(2), form),
        Paths::Fair(family) => family.shared(Seed(2), form),
    }
}

/// Weights and statistics after a run that is suspended before each of `suspensions` (questions of each attempt in turn).
fn run(
    form: Form,
    paths: Paths,
    augmentation: Augmentation,
    suspensions: &[usize],
    data: &Loaded,
) -> (Vec<f32>, Vec<f32>, Vec<CurvePoint>) {
    let mut resume: Option<Vec<u8>> = None;
    let mut suspensions = suspensions.iter();
    loop {
        let network = network_in(form, paths);
        let course = Course {
            network: &network,
            data,
            recipe: RECIPE,
            augmentation,
            paths,
            seed: Seed(2),
            identity: "test",
        };
        let mut training = Training::new(course, resume.as_deref()).unwrap();
        let mut script = match suspensions.next() {
            Some(&turn) => Script::wishing(Wish::Suspend, turn),
            None => Script::undisturbed(),
        };
        match training.run(&mut script) {
            Err(Stop::Suspended(Some(kept))) => resume = Some(kept.bytes),
            Ok(()) => {
                let flat = |tensor: &Tensor| Vec::<f32>::try_from(tensor).unwrap();
                let weights = &network.weights;
                return (flat(weights.flat()), flat(weights.flat_statistics()), training.curve().to_vec());
            }
            other => panic!("unexpected {other:?}"),
        }
    }
}

/// Bit for bit: one thread, the same instructions in the same order.
#[test]
fn a_suspended_training_ends_as_an_undisturbed_one() {
    tch::set_num_threads(1);
    let data = data();
    let plain = Form::from(Device::Cpu);
    let half = Form { channels_last: true, ..Form::new(Device::Cpu, Kind::BFloat16) };
    for (form, paths, augmentation) in [
        (plain, Paths::Alone(&cell()), Augmentation::FlipCrop),
        (plain, Paths::Fair(&family()), Augmentation::Flip),
        (half, Paths::Alone(&cell()), Augmentation::FlipCrop),
    ] {
        let reference = run(form, paths, augmentation, &[], &data);
        assert_eq!(reference.2.len(), 3);
        for round in 0..4 {
            let mut rng = Seed(9).stream("suspensions", round);
            let suspensions: Vec<usize> = (0..3).map(|_| rng.random_range(0..6)).collect();
            let interrupted = run(form, paths, augmentation, &suspensions, &data);
            assert!(interrupted == reference, "{form:?}, {paths:?}, suspended at {suspensions:?}");
        }
    }
}

#[test]
fn training_learns() {
    tch::set_num_threads(1);
    let data = data();
    for kind in [Kind::Float, Kind::BFloat16] {
        let form = Form::new(Device::Cpu, kind);
        let (_, _, curve) = run(form, Paths::Alone(&cell()), Augmentation::None, &[], &data);
        assert!(curve[2].training_loss < curve[0].training_loss, "{kind:?}: {curve:?}");
        assert!(curve[2].validation_error.unwrap() < 0.4, "{kind:?}, chance is 0.67: {curve:?}");
    }
}

#[test]
fn descent_follows_its_formula() {
    let network = network(Paths::Alone(&cell()));
    let mut sgd = Sgd::new(&network.weights);
    let values = |tensor: &Tensor| {
        Vec::<f32>::try_from(tensor).unwrap().into_iter().map(f64::from).collect::<Vec<_>>()
    };
    let mut weights = values(network.weights.flat());
    let mut velocity = vec![0.0; weights.len()];
    for step in 0..3 {
        let gradient: Vec<f64> = (0..weights.len()).map(|index| ((index + step) as f64).sin()).collect();
        let single: Vec<f32> = gradient.iter().map(|&value| value as f32).collect();
        sgd.descend(&network.weights, Tensor::from_slice(&single), &RECIPE, 0.1);
        for ((weight, velocity), gradient) in weights.iter_mut().zip(&mut velocity).zip(gradient) {
            let decayed = gradient + RECIPE.weight_decay * *weight;
            *velocity = RECIPE.momentum * *velocity + decayed;
            *weight -= 0.1 * (decayed + RECIPE.momentum * *velocity);
        }
    }
    let found = values(network.weights.flat());
    assert!(found.iter().zip(&weights).all(|(found, expected)| (found - expected).abs() < 1e-5));
}

#[test]
fn a_loss_that_is_no_number_ends_the_training() {
    let data = data();
    let paths = Paths::Alone(&cell());
    let network = network(paths);
    let recipe = Recipe { learning_rate: 1e30, ..RECIPE };
    let augmentation = Augmentation::None;
    let course =
        Course { network: &network, data: &data, recipe, augmentation, paths, seed: Seed(2), identity: "" };
    let outcome = Training::new(course, None).unwrap().run(&mut Script::undisturbed());
    assert!(matches!(outcome, Err(Stop::Failed(Failure::Diverged))), "{outcome:?}");
}

/// Statistics measured afresh are the plain means over batches: independent of what they were, and of order of paths.
#[test]
fn recalibration_forgets_what_was_before() {
    tch::set_num_threads(1);
    let data = data();
    let network = network(Paths::Fair(&family()));
    let error = || {
        recalibrate::<()>(&network, &cell(), &data, 52, || Ok(())).unwrap();
        score::<()>(&network, &cell(), &data, &data.validation, 30, || Ok(())).unwrap()
    };
    let before = error();
    let statistics = Vec::<f32>::try_from(network.weights.flat_statistics()).unwrap();
    let others = Paths::Fair(&family()).of_step(Seed(1), 0);
    recalibrate::<()>(&network, &others[0], &data, 20, || Ok(())).unwrap();
    let _ = network.weights.flat_statistics().shallow_clone().fill_(3.0);
    assert_eq!(error(), before);
    let again = Vec::<f32>::try_from(network.weights.flat_statistics()).unwrap();
    assert!(again.iter().zip(&statistics).all(|(again, first)| again == first || *again == 3.0));
}

/// Batches side by side, as a GPU takes them, leave what batches one after the other leave.
#[test]
fn recalibration_in_groups_is_the_same() {
    tch::set_num_threads(1);
    let data = data();
    let network = network(Paths::Fair(&family()));
    let statistics = |batches_of_pass: usize| {
        network.weights.forget_statistics();
        recalibrate_by::<()>(&network, &cell(), &data, [5, batches_of_pass, 10], || Ok(())).unwrap();
        network.weights.flat_statistics().copy()
    };
    let one_by_one = statistics(1);
    for batches_of_pass in [2, 3, 5] {
        let grouped = statistics(batches_of_pass);
        assert!(grouped.allclose(&one_by_one, 1e-4, 1e-6, false), "{batches_of_pass} at once");
    }
}

#[test]
fn a_checkpoint_of_another_release_is_refused_by_its_number() {
    let data = data();
    let paths = Paths::Alone(&cell());
    let network = network(paths);
    let augmentation = Augmentation::None;
    let course = Course {
        network: &network,
        data: &data,
        recipe: RECIPE,
        augmentation,
        paths,
        seed: Seed(2),
        identity: "a",
    };
    let mut training = Training::new(course, None).unwrap();
    let Err(Stop::Suspended(Some(kept))) = training.run(&mut Script::wishing(Wish::Suspend, 2)) else {
        panic!("suspended");
    };
    let text = String::from_utf8_lossy(&kept.bytes).into_owned();
    assert!(text.contains(r#"{\"version\":1,"#));
    let mut newer = kept.bytes.clone();
    let place = kept.bytes.windows(12).position(|window| window == br#"version\":1,"#).unwrap();
    newer[place + 10] = b'7';
    let refusal = Training::new(course, Some(&newer)).unwrap_err().to_string();
    assert!(refusal.contains("version 7"), "{refusal}");
    let other = Course { identity: "b", ..course };
    assert!(matches!(Training::new(other, Some(&kept.bytes)), Err(Failure::Refused(_))));
}
