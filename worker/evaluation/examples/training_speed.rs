//! Trains and scores on request and says how fast it went: our side of `scripts/bench-training`.
//!
//! It asks the evaluator that workers use for the jobs that workers get, and only looks at the clock as an executor does:
//! nothing here trains or scores by itself. A line of standard input is one request, a line of JSON the answer.
//!
//! - `train CELL`: a short training of two epochs; what is timed is the second, validation excluded.
//! - `score CELL …`: one-shot scores of these cells, one job each, with a supernet made at the first such request.
//! - `batches`: the batches of an epoch, moved and mirrored as for CIFAR-10, and nothing trained: what a training waits for its data.
//! - `cells N`: so many distinct cells that a search would train, drawn by the seed.
//!
//! Keys on the command line: data (a folder of CIFAR-10's layout), device (auto, cpu, cuda), threads, channels, cells, batch,
//! training (images of an epoch), images (that a score recalibrates on, as many as it scores), precision (auto, f32, bf16).

#[path = "shared/keys.rs"]
mod keys;

use std::collections::BTreeSet;
use std::error::Error;
use std::io::BufRead;
use std::path::Path;
use std::time::Instant;

use common::fidelity::Fidelity;
use common::objective::{Objective, ObjectiveKind};
use common::seed::Seed;
use common::space::nas_bench_201::{Nodes, Skeleton};
use common::space::{NasBench201, SearchSpace, SpaceSpec};
use common::study::{
    Augmentation, DataFormat, DataSpec, EvaluatorSpec, Numerics, OneShotSpec, Precision, Recipe, StudySpec,
};
use common::trial::{ArtifactKind, Evaluation, Subject};
use common::unit::{Joules, Seconds};
use evaluation::data::{self, Wanted};
use evaluation::{Control, DeviceChoice, Evaluator, Job, Kept, Options, Outcome, Step, Wish};
use serde_json::{Value, json};
use tch::Device;

use keys::Keys;

fn main() -> Result<(), Box<dyn Error>> {
    let mut bench = Bench::new(&Keys::read())?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split_whitespace();
        let answer = match words.next() {
            Some("train") => bench.train(words.next().ok_or("train needs a cell")?)?,
            Some("score") => bench.score(&words.collect::<Vec<_>>())?,
            Some("batches") => bench.batches()?,
            Some("cells") => bench.cells(words.next().ok_or("cells needs a number")?.parse()?),
            _ => return Err(format!("no such request: {line}").into()),
        };
        println!("{answer}");
    }
    Ok(())
}

struct Bench {
    spec: StudySpec,
    space: NasBench201,
    options: Options,
    evaluator: Box<dyn Evaluator>,
    supernet: Option<Vec<u8>>,
}

impl Bench {
    fn new(keys: &Keys) -> Result<Self, Box<dyn Error>> {
        let spec = spec(keys);
        let options = Options {
            threads: keys.number("threads", 2),
            device: match keys.text("device", "auto") {
                "cpu" => DeviceChoice::Cpu,
                "cuda" => DeviceChoice::Cuda(0),
                _ => DeviceChoice::Auto,
            },
            ..Options::default()
        };
        let evaluator = evaluation::build(&spec, &options)?;
        let space = NasBench201::new(spec.space.nas_bench_201().expect("no other space is named here"));
        Ok(Self { spec, space, options, evaluator, supernet: None })
    }

    fn train(&mut self, cell: &str) -> Result<Value, Box<dyn Error>> {
        let architecture = self.space.decode(cell)?;
        let subject = Subject::Network { architecture, fidelity: Fidelity::Rung(2) };
        let steps = u64::from(self.steps());
        let mut watch = Watch::new(steps);
        let (evaluation, _) = run(&mut *self.evaluator, &subject, None, &mut watch)?;
        let (begin, end) = watch.second_epoch.ok_or("the second epoch was not seen")?;
        let images = steps * u64::from(self.spec.training.batch_size);
        Ok(json!({
            "images": images, "seconds": end - begin, "ended_s_ago": watch.now() - end,
            "parameters": evaluation.parameters, "device": evaluation.device,
        }))
    }

    fn score(&mut self, cells: &[&str]) -> Result<Value, Box<dyn Error>> {
        if self.supernet.is_none() {
            let (_, artifacts) = run(&mut *self.evaluator, &Subject::Supernet, None, &mut Watch::new(0))?;
            self.supernet =
                artifacts.into_iter().find(|(kind, _)| *kind == ArtifactKind::Supernet).map(|made| made.1);
        }
        let watch = Watch::new(0);
        for cell in cells {
            let architecture = self.space.decode(cell)?;
            let subject = Subject::Network { architecture, fidelity: Fidelity::OneShot };
            run(&mut *self.evaluator, &subject, self.supernet.as_deref(), &mut Watch::new(0))?;
        }
        let one_shot = self.spec.one_shot;
        let images = cells.len() as u64 * u64::from(one_shot.recalibration_images + one_shot.scoring_images);
        Ok(json!({ "images": images, "seconds": watch.now(), "ended_s_ago": 0.0, "scores": cells.len() }))
    }

    /// As an epoch makes them, draws and all.
    fn batches(&self) -> Result<Value, Box<dyn Error>> {
        let data = &self.spec.data;
        let wanted = Wanted::by(&self.spec.space).expect("cells say what they want");
        let threads = self.options.threads;
        let images = data::load(Path::new(&data.path), data, wanted, self.spec.seed, threads)?;
        let device = match self.options.device {
            DeviceChoice::Cpu => Device::Cpu,
            DeviceChoice::Cuda(number) => Device::Cuda(number),
            DeviceChoice::Auto => Device::cuda_if_available(),
        };
        let loaded = data::Loaded::new(&images, device);
        let [_, height, width] = loaded.shape();
        let (batch, steps) = (self.spec.training.batch_size as usize, self.steps() as usize);
        let indices: Vec<i64> = (0..(batch * steps) as i64).collect();
        let watch = Watch::new(0);
        let sides = [height as usize, width as usize];
        let mut dice = self.spec.seed.stream("augmentation", 0);
        let moves = data::moves(Augmentation::FlipCrop, indices.len(), sides, &mut dice);
        let draws = loaded.draws(&indices, &moves, None);
        let mut last = 0.0;
        for step in 0..steps {
            let (images, _) = loaded.training_batch(&draws, step * batch, batch);
            // A look at one number: what a GPU was asked for has been done.
            last = images.double_value(&[0, 0, 0, 0]);
        }
        Ok(json!({ "images": batch * steps, "seconds": watch.now(), "pixel": last }))
    }

    fn steps(&self) -> u32 {
        self.spec.data.training_images.unwrap_or_default() / self.spec.training.batch_size
    }

    fn cells(&self, count: usize) -> Value {
        let mut found = BTreeSet::new();
        for index in 0.. {
            let cell = self.space.canonical(&self.space.random(&mut self.spec.seed.stream("cells", index)));
            if found.len() == count {
                break;
            }
            if self.space.trainable(&cell) {
                found.insert(self.space.encode(&cell));
            }
        }
        json!({ "cells": found })
    }
}

type Made = Vec<(ArtifactKind, Vec<u8>)>;

fn run(
    evaluator: &mut dyn Evaluator,
    subject: &Subject,
    supernet: Option<&[u8]>,
    watch: &mut Watch,
) -> Result<(Evaluation, Made), Box<dyn Error>> {
    let job = Job { subject, supernet, resume: None, trial_seed: Seed(1) };
    match evaluator.evaluate(&job, watch).map_err(|failure| failure.to_string())? {
        Outcome::Finished(finding) => Ok((finding.evaluation, finding.artifacts)),
        other => Err(format!("unexpected {other:?}").into()),
    }
}

/// An executor that never interrupts. The evaluator asks for its wish before each step and before each pass of a validation, and
/// reports after that; both ends of the second epoch's steps come right after a look at what a GPU has computed.
struct Watch {
    start: Instant,
    /// Of an epoch.
    steps: u64,
    /// When the first epoch was validated, and wishes asked for since.
    begun: Option<(f64, u64)>,
    /// When the second epoch's steps began and ended.
    second_epoch: Option<(f64, f64)>,
}

impl Watch {
    // A program that measures has to look at the clock.
    #[allow(clippy::disallowed_methods)]
    fn new(steps: u64) -> Self {
        Self { start: Instant::now(), steps, begun: None, second_epoch: None }
    }

    fn now(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
}

impl Control for Watch {
    fn wish(&mut self) -> Wish {
        let now = self.now();
        if let Some((begun, asked)) = &mut self.begun {
            if *asked == self.steps {
                self.second_epoch = Some((*begun, now));
            }
            *asked += 1;
        }
        Wish::GoOn
    }
    fn progress(&mut self, step: Step) {
        if step.validation_error.is_some() && self.begun.is_none() {
            self.begun = Some((self.now(), 0));
        }
    }
    fn keep(&mut self, _: Kept) {}
    fn elapsed(&mut self) -> Seconds {
        Seconds(self.now())
    }
    fn energy(&mut self) -> Option<Joules> {
        None
    }
}

fn spec(keys: &Keys) -> StudySpec {
    let (batch_size, images) = (keys.number("batch", 256), keys.number("images", 2048));
    let training_images = keys.number("training", 25_600);
    let recipe = Recipe {
        epochs: 1,
        batch_size,
        learning_rate: 0.1,
        final_learning_rate: 0.0,
        momentum: 0.9,
        weight_decay: 5e-4,
        ..Recipe::PLAIN
    };
    StudySpec {
        name: "training speed".into(),
        seed: Seed(1),
        space: SpaceSpec::NasBench201(Skeleton {
            channels: keys.number("channels", 16),
            cells_per_stage: keys.number("cells", 5),
            input: [3, 32, 32],
            classes: 10,
            nodes: Nodes::Four,
        }),
        data: DataSpec {
            format: DataFormat::Cifar10,
            path: keys.text("data", ".").into(),
            validation_images: images,
            training_images: Some(training_images),
            augmentation: Augmentation::None,
        },
        objectives: vec![Objective { kind: ObjectiveKind::Error, reference: 1.0 }],
        evaluator: EvaluatorSpec::Torch,
        // Its weights are of no account, only that there is one.
        supernet: Recipe { batch_size: batch_size.min(training_images / 5), learning_rate: 1e-3, ..recipe },
        one_shot: OneShotSpec { recalibration_images: images, scoring_images: images },
        few_shot: None,
        region: None,
        training: recipe,
        numerics: Numerics { precision: precision(keys), deterministic: false },
    }
}

fn precision(keys: &Keys) -> Precision {
    match keys.text("precision", "auto") {
        "f32" => Precision::F32,
        "bf16" => Precision::Bf16,
        _ => Precision::Auto,
    }
}
