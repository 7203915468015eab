//! Descent against a second way of computing it, and runs that are interrupted against runs that are not.

use std::hash::{BuildHasher, RandomState};

use common::architecture::Architecture;
use common::recipe::{Optimiser, Recipe, Schedule};
use common::space::nas_bench_201::{NasBench201, Nodes, Skeleton};
use common::space::{Darts, Mobile, darts, mobile};
use common::study::Augmentation;
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
    ..Recipe::PLAIN
};

/// Noise whose brightness tells the class.
fn data() -> Loaded {
    let part = |name: &str, count: usize| {
        let mut rng = Seed(1).stream(name, 0);
        let labels: Vec<u16> = (0..count).map(|image| (image % 3) as u16).collect();
        let pixels = labels
            .iter()
            .flat_map(|&label| (0..64).map(move |_| label))
            .map(|label| rng.random_range(0..100) + 70 * label as u8)
            .collect::<Vec<u8>>();
        (pixels, labels)
    };
    let normalisation = Normalisation { mean: vec![0.4], deviation: vec![0.25] };
    let (training, validation, test) = (part("training", 52), part("validation", 30), part("test", 30));
    let images = |parts: &[&(Vec<u8>, Vec<u16>)]| Images {
        shape: [1, 8, 8],
        pixels: parts.iter().flat_map(|(pixels, _)| pixels.clone()).collect::<Vec<u8>>().into(),
        labels: parts.iter().flat_map(|(_, labels)| labels.clone()).collect(),
    };
    let dataset = Dataset {
        files: images(&[&training, &validation]),
        training: (0..52).collect(),
        validation: (52..82).collect(),
        test: images(&[&test]),
        normalisation,
        classes: 3,
    };
    Loaded::new(&dataset, Device::Cpu)
}

/// One convolution of each size, one pooling, one skip.
fn cell() -> Architecture {
    Architecture::new(vec![3, 4, 2, 0, 0, 1])
}

fn family() -> Family {
    Family::NasBench201(NasBench201::new(SKELETON))
}

/// What is trained, and how.
#[derive(Debug, Clone)]
struct Case {
    family: Family,
    /// None trains the supernet.
    architecture: Option<Architecture>,
    form: Form,
    recipe: Recipe,
    augmentation: Augmentation,
}

impl Case {
    fn plain() -> Self {
        Self {
            family: family(),
            architecture: Some(cell()),
            form: Device::Cpu.into(),
            recipe: RECIPE,
            augmentation: Augmentation::None,
        }
    }

    fn network(&self) -> Network {
        match &self.architecture {
            Some(architecture) if self.recipe.auxiliary_weight > 0.0 => {
                self.family.with_auxiliary_head(architecture, Seed(2), self.form)
            }
            Some(architecture) => self.family.alone(architecture, Seed(2), self.form),
            None => self.family.shared(Seed(2), self.form),
        }
    }

    fn course<'a>(&'a self, network: &'a Network, data: &'a Loaded) -> Course<'a> {
        let Self { recipe, augmentation, .. } = *self;
        let paths =
            self.architecture.as_ref().map_or(Paths::Fair { family: &self.family, part: None }, Paths::Alone);
        Course { network, data, recipe, augmentation, paths, seed: Seed(2), identity: "test" }
    }
}

/// Weights and statistics of what was trained, after a run that is suspended before each of `suspensions` (questions of each
/// attempt in turn).
fn run(case: &Case, suspensions: &[usize], data: &Loaded) -> (Vec<f32>, Vec<f32>, Vec<CurvePoint>) {
    let mut resume: Option<Vec<u8>> = None;
    let mut suspensions = suspensions.iter();
    loop {
        let network = case.network();
        let mut training = Training::new(case.course(&network, data), resume.as_deref()).unwrap();
        let mut script = match suspensions.next() {
            Some(&turn) => Script::wishing(Wish::Suspend, turn),
            None => Script::undisturbed(),
        };
        match training.run(&mut script) {
            Err(Stop::Suspended(Some(kept))) => resume = Some(kept.bytes),
            Ok(()) => {
                let flat = |tensor: &Tensor| Vec::<f32>::try_from(tensor).unwrap();
                let weights = &training.trained().weights;
                return (flat(weights.flat()), flat(weights.flat_statistics()), training.curve().to_vec());
            }
            other => panic!("unexpected {other:?}"),
        }
    }
}

/// Suspended at `rounds` times three random questions; a failure prints them.
fn resumes(case: &Case, rounds: u64, data: &Loaded) {
    let reference = run(case, &[], data);
    assert_eq!(reference.2.len(), case.recipe.epochs as usize);
    for round in 0..rounds {
        let mut rng = Seed(9).stream("suspensions", round);
        let suspensions: Vec<usize> = (0..3).map(|_| rng.random_range(0..6)).collect();
        let interrupted = run(case, &suspensions, data);
        assert!(interrupted == reference, "{case:?}, suspended at {suspensions:?}");
    }
}

/// Bit for bit: one thread, the same instructions in the same order.
#[test]
fn a_suspended_training_ends_as_an_undisturbed_one() {
    tch::set_num_threads(1);
    let data = data();
    let half = Form { channels_last: true, ..Form::new(Device::Cpu, Kind::BFloat16) };
    let moved = Case { augmentation: Augmentation::FlipCrop, ..Case::plain() };
    let supernet = Case { architecture: None, augmentation: Augmentation::Flip, ..Case::plain() };
    for case in [&moved, &supernet, &Case { form: half, ..moved.clone() }] {
        resumes(case, 4, &data);
    }
}

/// Every optimiser with every schedule, with and without everything else that a recipe offers, suspended before a random batch.
#[test]
fn every_recipe_is_resumed_to_the_bit() {
    tch::set_num_threads(1);
    let data = data();
    let seed = Seed(RandomState::new().hash_one("batch") % 1_000_000);
    println!("batches are drawn from {seed:?}");
    let mut rng = seed.stream("batch", 0);
    let everything = Recipe {
        warm_up: 0.2,
        clip_norm: 1.0,
        average_decay: 0.9,
        label_smoothing: 0.1,
        mixup: 0.4,
        cutout_pixels: 3,
        ..RECIPE
    };
    let mut ends = Vec::new();
    for optimiser in [Optimiser::Nesterov, Optimiser::Momentum, Optimiser::Adamw] {
        for schedule in [Schedule::Cosine, Schedule::Linear, Schedule::Step] {
            for (recipe, augmentation) in
                [(RECIPE, Augmentation::FlipCrop), (everything, Augmentation::FlipResizedCrop)]
            {
                let learning_rate = if optimiser == Optimiser::Adamw { 0.01 } else { 0.05 };
                let recipe = Recipe { optimiser, schedule, learning_rate, ..recipe };
                let case = Case { recipe, augmentation, ..Case::plain() };
                let whole = run(&case, &[], &data);
                // Six steps and a look at the validation images in each of three epochs.
                let turn = rng.random_range(0..21);
                assert!(run(&case, &[turn], &data) == whole, "{case:?}, {seed:?}, suspended at {turn}");
                ends.push(whole.0);
            }
        }
    }
    assert!((1..ends.len()).all(|index| !ends[..index].contains(&ends[index])), "no two recipes are one");
}

/// Drop-path, auxiliary head, average and all: DARTS' own recipe; and MobileNet's.
#[test]
fn networks_of_other_spaces_are_resumed_to_the_bit() {
    tch::set_num_threads(1);
    let data = data();
    let stem = darts::Stem::Cifar;
    let cells = Darts::new(darts::Skeleton { channels: 2, layers: 3, input: [1, 8, 8], classes: 3, stem });
    let blocks = Mobile::new(mobile::Design {
        widths: vec![0.1, 0.2],
        depths: vec![1, 2],
        kernels: vec![3, 5],
        expansions: vec![2, 3],
        squeeze_excite: mobile::SqueezeExcite::Free,
        resolutions: vec![8, 12],
        planes: 1,
        classes: 3,
    });
    let recipe = Recipe { drop_path: 0.5, cutout_pixels: 2, average_decay: 0.9, ..RECIPE };
    let darts_recipe = Recipe { auxiliary_weight: 0.4, ..recipe };
    for (family, recipe) in [(Family::Darts(cells), darts_recipe), (Family::Mobile(blocks), recipe)] {
        let architecture = Some(family.space().random(&mut Seed(3).stream("others", 0)));
        let case = Case { family, architecture, recipe, ..Case::plain() };
        resumes(&case, 1, &data);
        let without = Case { recipe: Recipe { drop_path: 0.0, ..recipe }, ..case.clone() };
        assert!(run(&without, &[], &data).0 != run(&case, &[], &data).0, "paths are dropped");
    }
}

/// With room for so many images at once.
fn with_room(images: usize, work: impl FnOnce()) {
    memory::ROOM.set(images);
    work();
    memory::ROOM.set(usize::MAX);
}

#[test]
fn a_batch_that_does_not_fit_is_taken_in_parts_and_resumed_so() {
    tch::set_num_threads(1);
    let data = data();
    let whole = run(&Case::plain(), &[], &data);
    let supernet = Case { architecture: None, ..Case::plain() };
    with_room(5, || {
        let parted = run(&Case::plain(), &[], &data);
        assert!(parted.0 != whole.0, "batch norms see half a batch");
        assert!(parted.2[2].training_loss < parted.2[0].training_loss, "{:?}", parted.2);
        resumes(&Case::plain(), 2, &data);
        assert!(run(&supernet, &[], &data).2[2].training_loss.is_finite());
    });
    // On a machine with more memory it goes on as it was begun.
    let network = Case::plain().network();
    let case = Case::plain();
    let mut kept = None;
    with_room(5, || {
        let mut training = Training::new(case.course(&network, &data), None).unwrap();
        let stopped = training.run(&mut Script::wishing(Wish::Suspend, 4));
        let Err(Stop::Suspended(Some(checkpoint))) = stopped else { panic!("{stopped:?}") };
        kept = Some(checkpoint.bytes);
    });
    let training = Training::new(case.course(&network, &data), kept.as_deref()).unwrap();
    assert_eq!(training.parts(), 2);
}

#[test]
#[should_panic(expected = "too little memory for 2 images")]
fn a_device_without_room_for_two_images_trains_nothing() {
    let (data, case) = (data(), Case::plain());
    let network = case.network();
    memory::ROOM.set(1);
    let _ = Training::new(case.course(&network, &data), None).unwrap().run(&mut Script::undisturbed());
}

#[test]
fn training_learns() {
    tch::set_num_threads(1);
    let data = data();
    for kind in [Kind::Float, Kind::BFloat16] {
        let form = Form::new(Device::Cpu, kind);
        let (_, _, curve) = run(&Case { form, ..Case::plain() }, &[], &data);
        assert!(curve[2].training_loss < curve[0].training_loss, "{kind:?}: {curve:?}");
        assert!(curve[2].validation_error.unwrap() < 0.4, "{kind:?}, chance is 0.67: {curve:?}");
    }
}

/// Each optimiser beside its formula in 64 bits, gradients longer than a unit shortened.
#[test]
fn descent_follows_its_formula() {
    for optimiser in [Optimiser::Nesterov, Optimiser::Momentum, Optimiser::Adamw] {
        for clip_norm in [0.0, 1.0] {
            follows(&Recipe { optimiser, clip_norm, ..RECIPE });
        }
    }
}

fn follows(recipe: &Recipe) {
    let network = Case::plain().network();
    let mut descent = Descent::new(&network.weights, recipe.optimiser);
    let values = |tensor: &Tensor| {
        Vec::<f32>::try_from(tensor).unwrap().into_iter().map(f64::from).collect::<Vec<_>>()
    };
    let mut weights = values(network.weights.flat());
    let (mut velocity, mut squares) = (vec![0.0; weights.len()], vec![0.0; weights.len()]);
    let (rate, decay, momentum) = (0.1, recipe.weight_decay, recipe.momentum);
    for step in 0..3 {
        let gradient: Vec<f64> = (0..weights.len()).map(|index| ((index + step) as f64).sin()).collect();
        let single: Vec<f32> = gradient.iter().map(|&value| value as f32).collect();
        descent.descend(&network.weights, Tensor::from_slice(&single), recipe, rate, step as u64);
        let norm = gradient.iter().map(|value| value * value).sum::<f64>().sqrt();
        let shortening = if recipe.clip_norm > 0.0 { (recipe.clip_norm / norm).min(1.0) } else { 1.0 };
        for (index, gradient) in gradient.into_iter().enumerate() {
            let (weight, velocity, square) = (&mut weights[index], &mut velocity[index], &mut squares[index]);
            let gradient = gradient * shortening;
            let decayed = gradient + decay * *weight;
            if recipe.optimiser == Optimiser::Adamw {
                *velocity = momentum * *velocity + (1.0 - momentum) * gradient;
                *square = 0.999 * *square + 0.001 * gradient * gradient;
                let done = step as i32 + 1;
                let (mean, spread) =
                    (*velocity / (1.0 - momentum.powi(done)), *square / (1.0 - 0.999_f64.powi(done)));
                *weight -= rate * decay * *weight + rate * mean / (spread.sqrt() + 1e-8);
                continue;
            }
            *velocity = momentum * *velocity + decayed;
            let nesterov = recipe.optimiser == Optimiser::Nesterov;
            *weight -= rate * if nesterov { decayed + momentum * *velocity } else { *velocity };
        }
    }
    let found = values(network.weights.flat());
    let off = found.iter().zip(&weights).map(|(found, expected)| (found - expected).abs());
    let most = off.fold(0.0, f64::max);
    assert!(most < 2e-5, "{recipe:?}: off by {most}");
}

/// The average of weights that stand still is where they stand, and of weights that move lies behind.
#[test]
fn the_average_is_what_is_scored() {
    tch::set_num_threads(1);
    let data = data();
    let case = Case { recipe: Recipe { average_decay: 0.5, ..RECIPE }, ..Case::plain() };
    let network = case.network();
    let mut training = Training::new(case.course(&network, &data), None).unwrap();
    training.run(&mut Script::undisturbed()).unwrap();
    let (now, average) = (network.weights.flat(), training.trained().weights.flat());
    assert!(!now.equal(average) && now.allclose(average, 0.05, 0.05, false));
    let error = score::<()>(training.trained(), &cell(), &data, &data.validation, 30, || Ok(())).unwrap();
    assert_eq!(training.curve()[2].validation_error, Some(error));
}

#[test]
fn a_loss_that_is_no_number_ends_the_training() {
    let data = data();
    let case = Case { recipe: Recipe { learning_rate: 1e30, ..RECIPE }, ..Case::plain() };
    let network = case.network();
    let outcome = Training::new(case.course(&network, &data), None).unwrap().run(&mut Script::undisturbed());
    assert!(matches!(outcome, Err(Stop::Failed(Failure::Diverged))), "{outcome:?}");
}

/// Statistics measured afresh are the plain means over batches: independent of what they were, and of order of paths.
#[test]
fn recalibration_forgets_what_was_before() {
    tch::set_num_threads(1);
    let data = data();
    let network = family().shared(Seed(2), Device::Cpu);
    let error = || {
        recalibrate::<()>(&network, &cell(), &data, 52, || Ok(())).unwrap();
        score::<()>(&network, &cell(), &data, &data.validation, 30, || Ok(())).unwrap()
    };
    let before = error();
    let statistics = Vec::<f32>::try_from(network.weights.flat_statistics()).unwrap();
    let others = Paths::Fair { family: &family(), part: None }.of_step(Seed(1), 0);
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
    let network = family().shared(Seed(2), Device::Cpu);
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

/// A device that holds fewer images than are taken at once: the same score, by smaller passes.
#[test]
fn scores_ask_for_less_where_memory_is_short() {
    tch::set_num_threads(1);
    let data = data();
    let network = family().shared(Seed(2), Device::Cpu);
    let found = || {
        network.weights.forget_statistics();
        recalibrate_by::<()>(&network, &cell(), &data, [5, 4, 10], || Ok(())).unwrap();
        let error = score::<()>(&network, &cell(), &data, &data.validation, 30, || Ok(())).unwrap();
        (network.weights.flat_statistics().copy(), error)
    };
    let (statistics, error) = found();
    memory::ROOM.set(10);
    let (short_of_memory, again) = found();
    memory::ROOM.set(usize::MAX);
    assert!(short_of_memory.allclose(&statistics, 1e-4, 1e-6, false));
    assert_eq!(again, error);
}

#[test]
fn a_checkpoint_of_another_release_is_refused_by_its_number() {
    let data = data();
    let case = Case::plain();
    let network = case.network();
    let course = Course { identity: "a", ..case.course(&network, &data) };
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

/// One learning rate suits all: what several paths use takes the mean of their gradients, what one uses the whole of its.
#[test]
fn weights_take_the_mean_over_the_paths_that_use_them() {
    tch::set_num_threads(1);
    let (data, family) = (data(), family());
    let network = family.shared(Seed(2), Device::Cpu);
    let names: Vec<String> = network.weights.named().into_iter().map(|(name, _, _)| name).collect();
    // Every path has a convolution on the last edge, so that no path is dead; another decides the edge before it.
    let operation = |option| common::trial::Part { decision: 5, option };
    for part in [operation(3), operation(2)] {
        let paths = Paths::Fair { family: &family, part: Some(part) };
        let case = Case::plain();
        let course = Course { paths, ..case.course(&network, &data) };
        let mut training = Training::new(course, None).unwrap();
        training.chance();
        let paths = paths.of_step(Seed(7), 0);
        let Said { uses, .. } = training.gradient(&paths);
        let used = |wanted: &str| {
            let of_name = names.iter().zip(&uses).filter(|(name, _)| name.contains(wanted));
            of_name.map(|(_, uses)| *uses).collect::<Vec<_>>()
        };
        let (chosen, other) = if part.option == 3 {
            ("nor_conv_3x3", "nor_conv_1x1")
        } else {
            ("nor_conv_1x1", "nor_conv_3x3")
        };
        assert!(used("classifier").iter().all(|uses| *uses == 5), "{:?}", used("classifier"));
        let [chosen, other] = [chosen, other].map(|name| used(&format!(".edges.5.{name}")));
        assert!(!chosen.is_empty() && chosen.iter().all(|uses| *uses > 1), "{chosen:?}");
        assert!(!other.is_empty() && other.iter().all(|uses| *uses == 0), "{other:?}");
        assert!(
            used(".edges.0.").iter().all(|uses| *uses <= 1),
            "each operation of another edge is one path's"
        );
        let shares = Vec::<f32>::try_from(training.shares(uses.clone())).unwrap();
        assert_eq!(shares.len() as u64, network.weights.count());
        assert_eq!(shares.last(), Some(&0.2), "the classifier's last");
    }
}
