//! Trains and scores networks of one study on this machine and prints how fast and how well: to choose a recipe.
//!
//! `cargo run --release -p evaluation --features torch --example measure -- [key=value …]`
//!
//! Keys: data, format (idx, cifar10), channels, cells, training, validation, augmentation (none, flip, flip_crop), batch,
//! epochs, rung, lr, wd, threads, seed, supernet (0 leaves it out), supernet_epochs, supernet_batch, supernet_lr,
//! supernet_wd, split (a decision at which the supernet is split, for few-shot scores), few_shot_epochs, few_shot_lr, recalibration, scoring, nodes (3 or 4), random (how many random cells to take; 0 takes one good cell), fidelities (any of
//! one-shot, rung, full), out (a folder for the files of the last full training), truth (a table of `ce-nas tabulate`: its cells are
//! scored, and held against its full trainings; nothing else is trained).

#[path = "shared/keys.rs"]
mod keys;

use std::path::Path;
use std::time::Instant;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::objective::{Objective, ObjectiveKind};
use common::seed::Seed;
use common::space::nas_bench_201::{Nodes, Operation, Skeleton};
use common::space::{NasBench201, SearchSpace, SpaceSpec};
use common::study::{
    Augmentation, DataFormat, DataSpec, EvaluatorSpec, FewShotSpec, Numerics, OneShotSpec, Recipe, StudySpec,
};
use common::trial::{ArtifactKind, Subject};
use common::unit::{Joules, Seconds};
use evaluation::{Control, Evaluator, Finding, Job, Kept, Options, Outcome, Step, Wish};

use keys::Keys;

/// The cell that comes first in NAS-Bench-201 on CIFAR-10 among those with a skip.
const GOOD_CELL: &str =
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let keys = Keys::read();
    let spec = spec(&keys);
    let skeleton = spec.space.nas_bench_201().expect("this program names no other space");
    let space = NasBench201::new(skeleton);
    let options = Options { threads: keys.number("threads", 1), ..Options::default() };
    let mut evaluator = evaluation::build(&spec, &options)?;
    println!("{spec:#?}");

    let rung = keys.number("rung", 1);
    let random = keys.number("random", 0_u64);
    let mut supernets: Vec<(Subject, Vec<u8>)> = Vec::new();
    if keys.number("supernet", 1) > 0 {
        for subject in spec.supernets() {
            let whole = supernets.first().map(|(_, bytes)| bytes.as_slice());
            let finding = run(&mut *evaluator, &subject, whole, &spec)?;
            let evaluation = &finding.evaluation;
            let losses: Vec<String> =
                evaluation.curve.iter().map(|point| format!("{:.3}", point.training_loss)).collect();
            println!(
                "{}: {:.1} s, mean path accuracy {:.2} %, losses {}",
                subject.title(),
                evaluation.seconds.0,
                100.0 - 100.0 * evaluation.validation_error,
                losses.join(" ")
            );
            let bytes = finding.artifacts.into_iter().find(|(kind, _)| *kind == ArtifactKind::Supernet);
            supernets.push((subject, bytes.expect("a trained supernet is an artifact").1));
        }
    }
    // The part's, where the supernet is split.
    let inherited = |cell: &Architecture| {
        let part = spec.few_shot.and_then(|few_shot| few_shot.part_of(cell)).map(Subject::SubSupernet);
        let of_part = supernets.iter().find(|(subject, _)| Some(subject) == part.as_ref());
        of_part.or(supernets.first()).map(|(_, bytes)| bytes.as_slice())
    };
    if let Some(path) = Some(keys.text("truth", "")).filter(|path| !path.is_empty()) {
        let mut pairs = Vec::new();
        for (cell, accuracy) in truth(path, &space)? {
            let subject = Subject::Network { architecture: cell.clone(), fidelity: Fidelity::OneShot };
            let finding = run(&mut *evaluator, &subject, inherited(&cell), &spec)?;
            let error = print(&space, &cell, Fidelity::OneShot, &finding, 0);
            pairs.push((-error, accuracy));
        }
        println!(
            "Kendall tau of scores with full trainings over {} cells: {:.3}",
            pairs.len(),
            kendall(&pairs)
        );
        return Ok(());
    }
    let cells: Vec<Architecture> = match random {
        0 => vec![space.decode(GOOD_CELL)?],
        _ => (0..)
            .map(|index| space.random(&mut spec.seed.stream("measure", index)))
            .map(|cell| space.canonical(&cell))
            .filter(|cell| space.trainable(cell))
            .take(random as usize)
            .collect(),
    };
    let mut rows = Vec::new();
    for cell in &cells {
        let mut row = [f64::NAN; 3];
        for (column, fidelity) in
            [Fidelity::OneShot, Fidelity::Rung(rung), Fidelity::Full].into_iter().enumerate()
        {
            let wanted = keys
                .text("fidelities", "one-shot rung full")
                .contains(fidelity.to_string().split('(').next().unwrap_or_default());
            if !wanted || (fidelity == Fidelity::OneShot && supernets.is_empty()) {
                continue;
            }
            let subject = Subject::Network { architecture: cell.clone(), fidelity };
            let bytes = inherited(cell).filter(|_| fidelity == Fidelity::OneShot);
            let finding = run(&mut *evaluator, &subject, bytes, &spec)?;
            for (kind, bytes) in &finding.artifacts {
                let name = if *kind == ArtifactKind::Weights { "network.safetensors" } else { "network.pt" };
                if let Some(folder) = Some(keys.text("out", "")).filter(|folder| !folder.is_empty()) {
                    std::fs::write(Path::new(folder).join(name), bytes)?;
                }
            }
            row[column] = print(&space, cell, fidelity, &finding, spec.training.epochs);
        }
        rows.push(row);
    }
    for (name, column) in [("one-shot", 0), ("rung", 1)] {
        let pairs: Vec<(f64, f64)> = rows.iter().map(|row| (row[column], row[2])).collect();
        println!("Kendall tau of {name} with full over {} cells: {:.3}", pairs.len(), kendall(&pairs));
    }
    Ok(())
}

fn print(
    space: &NasBench201,
    cell: &Architecture,
    fidelity: Fidelity,
    finding: &Finding,
    epochs: u32,
) -> f64 {
    let evaluation = &finding.evaluation;
    let accuracy = |error: f64| 100.0 - 100.0 * error;
    let test =
        evaluation.test_error.map_or(String::new(), |error| format!(", test {:.2} %", accuracy(error)));
    println!(
        "{} {fidelity}: {:.2} s, {} parameters, {:.2} MFLOP, validation {:.2} %{test} (of {epochs} epochs: {})",
        space.encode(cell),
        evaluation.seconds.0,
        evaluation.parameters.unwrap_or_default(),
        evaluation.flops.unwrap_or_default() as f64 / 1e6,
        accuracy(evaluation.validation_error),
        evaluation.curve.iter().map(|p| format!("{:.3}", p.training_loss)).collect::<Vec<_>>().join(" "),
    );
    evaluation.test_error.unwrap_or(evaluation.validation_error)
}

fn run(
    evaluator: &mut dyn Evaluator,
    subject: &Subject,
    supernet: Option<&[u8]>,
    spec: &StudySpec,
) -> Result<Finding, Box<dyn std::error::Error>> {
    let job = Job { subject, supernet, resume: None, trial_seed: spec.seed };
    let mut watch = Watch::new();
    let outcome = evaluator.evaluate(&job, &mut watch).map_err(|failure| failure.to_string())?;
    print!("[{:.2} processor seconds] ", processor_seconds() - watch.1);
    match outcome {
        Outcome::Finished(finding) => Ok(finding),
        other => Err(format!("unexpected {other:?}").into()),
    }
}

/// The distinct cells of a table, and the accuracies of their full trainings in percent.
fn truth(path: &str, space: &NasBench201) -> Result<Vec<(Architecture, f64)>, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(path)?;
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap_or_default();
    let column =
        |name: &str| header.iter().position(|found| *found == name).ok_or(format!("no column {name}"));
    let [own, canonical, full] = [column("arch")?, column("canonical")?, column("full_accuracy")?];
    let distinct = lines.filter(|row| row[own] == row[canonical]);
    let cells = distinct.map(|row| Ok((space.decode(row[own])?, row[full].parse()?)));
    let cells: Result<Vec<(Architecture, f64)>, Box<dyn std::error::Error>> = cells.collect();
    Ok(cells?.into_iter().filter(|(cell, _)| space.trainable(cell)).collect())
}

/// τ-b without the correction for ties: concordant minus discordant pairs over all pairs.
fn kendall(pairs: &[(f64, f64)]) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (index, (a, b)) in pairs.iter().enumerate() {
        for (c, d) in &pairs[..index] {
            let product = (a - c) * (b - d);
            sum += if product == 0.0 { 0.0 } else { product.signum() };
            count += 1.0;
        }
    }
    sum / count
}

/// An executor that never interrupts and notes the processor's time too: on a busy machine only that compares.
struct Watch(Instant, f64);

/// Seconds that this thread computed, as Linux counts them.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ')
        .next()
        .and_then(|nanoseconds| nanoseconds.parse::<f64>().ok())
        .map_or(f64::NAN, |ns| ns / 1e9)
}

impl Watch {
    // A program that measures has to look at the clock.
    #[allow(clippy::disallowed_methods)]
    fn new() -> Self {
        Self(Instant::now(), processor_seconds())
    }
}

impl Control for Watch {
    fn wish(&mut self) -> Wish {
        Wish::GoOn
    }
    fn progress(&mut self, _: Step) {}
    fn keep(&mut self, _: Kept) {}
    fn elapsed(&mut self) -> Seconds {
        Seconds(self.0.elapsed().as_secs_f64())
    }
    fn energy(&mut self) -> Option<Joules> {
        None
    }
}

fn spec(keys: &Keys) -> StudySpec {
    let (format, input) = match keys.text("format", "idx") {
        "cifar10" => (DataFormat::Cifar10, [3, 32, 32]),
        _ => (DataFormat::Idx, [1, 28, 28]),
    };
    let recipe = |prefix: &str, epochs: u32, batch_size: u32, rate: f64| Recipe {
        epochs: keys.number(&format!("{prefix}epochs"), epochs),
        batch_size: keys.number(&format!("{prefix}batch"), batch_size),
        learning_rate: keys.number(&format!("{prefix}lr"), rate),
        final_learning_rate: 0.0,
        momentum: 0.9,
        weight_decay: keys.number(&format!("{prefix}wd"), 5e-4),
        ..Recipe::PLAIN
    };
    let split = keys.number("split", u32::MAX);
    let few_shot = (split != u32::MAX).then(|| FewShotSpec {
        decision: split,
        options: Operation::ALL.len() as u32,
        recipe: Recipe {
            epochs: keys.number("few_shot_epochs", 6),
            learning_rate: keys.number("few_shot_lr", 0.05),
            ..recipe("supernet_", 12, 8, 0.1)
        },
    });
    StudySpec {
        name: "measure".into(),
        seed: Seed(keys.number("seed", 1)),
        space: SpaceSpec::NasBench201(Skeleton {
            channels: keys.number("channels", 8),
            cells_per_stage: keys.number("cells", 1),
            input,
            classes: 10,
            nodes: if keys.number("nodes", 4) == 3 { Nodes::Three } else { Nodes::Four },
        }),
        data: DataSpec {
            format,
            path: keys.text("data", ".data/fashion-mnist").into(),
            validation_images: keys.number("validation", 2000),
            training_images: Some(keys.number("training", 6000)),
            augmentation: match keys.text("augmentation", "none") {
                "flip" => Augmentation::Flip,
                "flip_crop" => Augmentation::FlipCrop,
                _ => Augmentation::None,
            },
        },
        objectives: vec![Objective { kind: ObjectiveKind::Error, reference: 1.0 }],
        evaluator: EvaluatorSpec::Torch,
        supernet: recipe("supernet_", 12, 8, 0.1),
        one_shot: OneShotSpec {
            recalibration_images: keys.number("recalibration", 512),
            scoring_images: keys.number("scoring", 2000),
        },
        few_shot,
        region: None,
        training: recipe("", 6, 32, 0.1),
        numerics: Numerics::default(),
    }
}
