//! What the program is told of its task: one JSON file. `README.md` of `worker/python` is its description for users.

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::seed::Seed;
use common::space::{FreeForm, SpaceSpec};
use common::study::{DataSpec, Recipe, StudySpec};
use common::trial::Subject;
use serde::Serialize;
use serde_json::{Map, Value};

use super::room::Room;

/// A change of meaning takes the next number; what is added does not.
pub const VERSION: u32 = 1;

/// The whole file.
#[derive(Debug, Serialize)]
pub struct Order<'a> {
    version: u32,
    /// full, rung, one_shot or supernet.
    kind: &'static str,
    /// To train for; 0 for a one-shot score.
    epochs: u32,
    /// None for a supernet.
    architecture: Option<Told<'a>>,
    /// Decides initial weights, data order and augmentation; the same for every attempt at a trial. 32 bits, as most libraries take.
    seed: u32,
    space: &'a SpaceSpec,
    data: DataSpec,
    /// Of a full training, or of the supernet.
    recipe: Recipe,
    /// What the study minimises, by the names of its settings.
    objectives: Vec<&'static str>,
    /// auto, cpu or cuda.
    device: &'static str,
    /// CPU threads to compute with.
    threads: usize,
    /// Seconds from SIGTERM to SIGKILL.
    stop_s: f64,
    /// Whether the checkpoint folder holds what an earlier attempt left.
    resumed: bool,
    checkpoint: String,
    checkpoint_wanted: String,
    artifacts: String,
    /// Where a supernet is to be left, or lies for a one-shot score.
    supernet: String,
}

/// An architecture in three forms.
#[derive(Debug, Serialize)]
struct Told<'a> {
    /// In the space's notation.
    text: String,
    genes: &'a [u32],
    /// Names and values of the decisions that are asked for, in a free-form space.
    values: Map<String, Value>,
}

/// What the machine adds to the study's words.
#[derive(Debug, Clone, Copy)]
pub struct Machine<'a> {
    pub data: &'a str,
    pub device: &'static str,
    pub threads: usize,
    pub stop_s: f64,
}

impl<'a> Order<'a> {
    pub fn new(
        spec: &'a StudySpec,
        subject: &'a Subject,
        seed: Seed,
        machine: Machine,
        room: &Room,
        resumed: bool,
    ) -> Self {
        let recipe = spec.shared_recipe(subject).unwrap_or(spec.training);
        let path = |path: std::path::PathBuf| path.display().to_string();
        Self {
            version: VERSION,
            kind: kind(subject),
            epochs: epochs(spec, subject),
            architecture: subject.architecture().map(|architecture| told(&spec.space, architecture)),
            seed: fold(seed),
            space: &spec.space,
            data: DataSpec { path: machine.data.into(), ..spec.data.clone() },
            recipe,
            objectives: spec.objectives.iter().map(|objective| objective.kind.key()).collect(),
            device: machine.device,
            threads: machine.threads,
            stop_s: machine.stop_s,
            resumed,
            checkpoint: path(room.checkpoint()),
            checkpoint_wanted: path(room.wanted()),
            artifacts: path(room.artifacts()),
            supernet: path(room.supernet()),
        }
    }
}

/// That the job is to train for; 0 for a score.
pub fn epochs(spec: &StudySpec, subject: &Subject) -> u32 {
    match subject.fidelity() {
        None => spec.shared_recipe(subject).map_or(0, |recipe| recipe.epochs),
        Some(Fidelity::OneShot) => 0,
        Some(Fidelity::Rung(epochs)) => epochs,
        Some(Fidelity::Full) => spec.training.epochs,
    }
}

fn kind(subject: &Subject) -> &'static str {
    match subject.fidelity() {
        None => "supernet",
        Some(Fidelity::OneShot) => "one_shot",
        Some(Fidelity::Rung(_)) => "rung",
        Some(Fidelity::Full) => "full",
    }
}

fn told<'a>(space: &SpaceSpec, architecture: &'a Architecture) -> Told<'a> {
    let values = match space {
        SpaceSpec::FreeForm(description) => FreeForm::new(description.clone())
            .values(architecture)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), serde_json::json!(value)))
            .collect(),
        SpaceSpec::NasBench201(_) | SpaceSpec::Darts(_) | SpaceSpec::Mobile(_) => Map::new(),
    };
    Told { text: space.build().encode(architecture), genes: architecture.genes(), values }
}

fn fold(Seed(seed): Seed) -> u32 {
    (seed ^ (seed >> 32)) as u32
}
