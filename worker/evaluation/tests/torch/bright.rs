//! A data set that a small network learns in seconds: noise whose brightness tells the class. Written as IDX files.

use std::fs;
use std::path::Path;

use common::objective::{Objective, ObjectiveKind};
use common::seed::Seed;
use common::space::SpaceSpec;
use common::space::nas_bench_201::{Nodes, Skeleton};
use common::study::{
    Augmentation, DataFormat, DataSpec, EvaluatorSpec, Numerics, OneShotSpec, Recipe, StudySpec,
};
use rand::RngExt;
use tempfile::TempDir;

pub const SKELETON: Skeleton =
    Skeleton { channels: 4, cells_per_stage: 1, input: [1, 8, 8], classes: 3, nodes: Nodes::Four };
const TEST_IMAGES: usize = 30;

pub struct Bright {
    folder: TempDir,
}

impl Bright {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (prefix, count) in [("train", 100), ("t10k", TEST_IMAGES)] {
            let (pixels, labels) = images(prefix, count);
            let write = |name: &str, magic: u32, sizes: &[usize], content: &[u8]| {
                let words = std::iter::once(magic).chain(sizes.iter().map(|&size| size as u32));
                let bytes: Vec<u8> =
                    words.flat_map(u32::to_be_bytes).chain(content.iter().copied()).collect();
                fs::write(folder.path().join(format!("{prefix}-{name}-ubyte")), bytes).unwrap();
            };
            write("images-idx3", 0x803, &[count, 8, 8], &pixels);
            write("labels-idx1", 0x801, &[count], &labels);
        }
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Test images scaled to [0, 1], `[n, 1, 8, 8]`, and their labels `[n]`.
    #[allow(dead_code)] // Not every test that shares this file asks for them.
    pub fn test(&self) -> (Vec<f32>, Vec<i64>) {
        let (pixels, labels) = images("t10k", TEST_IMAGES);
        let scaled = pixels.into_iter().map(|pixel| f32::from(pixel) / 255.0).collect();
        (scaled, labels.into_iter().map(i64::from).collect())
    }

    /// Of a study in NAS-Bench-201's space.
    pub fn spec(&self) -> StudySpec {
        let recipe = Recipe {
            epochs: 3,
            batch_size: 8,
            learning_rate: 0.05,
            final_learning_rate: 0.0,
            momentum: 0.9,
            weight_decay: 5e-4,
            ..Recipe::PLAIN
        };
        StudySpec {
            name: "bright".into(),
            seed: Seed(1),
            space: SpaceSpec::NasBench201(SKELETON),
            data: DataSpec {
                format: DataFormat::Idx,
                path: "overridden by the machine's own".into(),
                validation_images: 30,
                training_images: Some(64),
                augmentation: Augmentation::Flip,
            },
            objectives: vec![Objective { kind: ObjectiveKind::Error, reference: 1.0 }],
            evaluator: EvaluatorSpec::Torch,
            supernet: recipe,
            one_shot: OneShotSpec { recalibration_images: 64, scoring_images: 30 },
            few_shot: None,
            region: None,
            training: recipe,
            numerics: Numerics::default(),
        }
    }
}

fn images(name: &str, count: usize) -> (Vec<u8>, Vec<u8>) {
    let mut rng = Seed(1).stream(name, 0);
    let labels: Vec<u8> = (0..count).map(|image| (image % 3) as u8).collect();
    let mut pixel = |label: u8| rng.random_range(0..100) + 70 * label;
    (labels.iter().flat_map(|&label| [label; 64]).map(&mut pixel).collect(), labels)
}
