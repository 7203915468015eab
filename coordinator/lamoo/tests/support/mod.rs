//! Tables to search: a real one where it is present, and an analytic one that every checkout has.

#![allow(dead_code, reason = "each test binary uses its part")]

pub mod product;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::seed::Seed;
use common::space::nas_bench_201::{Nodes, Skeleton};
use common::space::{NasBench201, SearchSpace};
use flate2::read::GzDecoder;
use lamoo::{Memory, Nothing, Observation, Options, ProposalRequest, Scope, propose};

/// Objectives of every canonical, trainable cell of a space.
pub struct Table {
    pub space: NasBench201,
    pub objectives: BTreeMap<Architecture, Vec<f64>>,
    pub reference: Vec<f64>,
}

impl Table {
    pub fn maximum(&self) -> f64 {
        let all: Vec<&Vec<f64>> = self.objectives.values().collect();
        moo::hypervolume(&all, &self.reference).expect("finite objectives")
    }

    /// Searches with LaMOO, `batch` at a time; the share of the maximum hypervolume after each evaluation.
    pub fn search(&self, seed: u64, evaluations: usize, batch: usize, options: &Options) -> Vec<f64> {
        let (mut observations, mut memory, nothing) = (Vec::new(), Memory::default(), BTreeSet::new());
        while observations.len() < evaluations {
            let request = ProposalRequest {
                scope: Scope::functions(&self.space),
                observations: &observations,
                fidelity: Fidelity::Full,
                pending: &nothing,
                exclude: &nothing,
                promotable: &[],
                knowledge: &Nothing,
                reference: &self.reference,
                affordable: None,
                count: batch.min(evaluations - observations.len()),
                seed: Seed(seed),
                options,
            };
            let candidates = propose(&request, &mut memory).expect("finite objectives").candidates;
            assert!(!candidates.is_empty(), "the table is larger than the search");
            for candidate in candidates {
                let objectives = self.objectives[&candidate.architecture].clone();
                let architecture = candidate.architecture;
                observations.push(Observation {
                    architecture,
                    fidelity: Fidelity::Full,
                    objectives,
                    effort: None,
                });
            }
        }
        self.history(observations.iter().map(|observation| &observation.objectives))
    }

    /// Draws distinct cells uniformly.
    pub fn search_at_random(&self, seed: u64, evaluations: usize) -> Vec<f64> {
        let mut rng = Seed(seed).stream("random search", 0);
        let mut drawn = BTreeSet::new();
        let mut order = Vec::new();
        while order.len() < evaluations {
            let cell = self.space.canonical(&self.space.random(&mut rng));
            if let (Some(objectives), true) = (self.objectives.get(&cell), drawn.insert(cell.clone())) {
                order.push(objectives);
            }
        }
        self.history(order.into_iter())
    }

    fn history<'a>(&self, objectives: impl Iterator<Item = &'a Vec<f64>>) -> Vec<f64> {
        let maximum = self.maximum();
        let mut front = moo::Front::new(&self.reference).expect("a finite reference");
        objectives
            .map(|point| {
                front.insert(point, ()).expect("finite objectives");
                front.hypervolume() / maximum
            })
            .collect()
    }
}

pub fn space() -> NasBench201 {
    NasBench201::new(Skeleton {
        channels: 16,
        cells_per_stage: 5,
        input: [3, 32, 32],
        classes: 10,
        nodes: Nodes::Four,
    })
}

/// A made-up table over the same cells: an error that likes convolutions on some edges more than on others and
/// dislikes crowds of pooling, with a fixed ripple, against an energy that grows with work.
pub fn analytic() -> Table {
    let objectives = |architecture: &Architecture| {
        let gain = [0.3, 3.0, 5.0, 9.0, 1.0];
        let work = [0.2, 0.6, 3.0, 7.0, 2.0];
        let weight = [1.0, 0.7, 1.2, 0.9, 0.6, 1.4];
        let genes = architecture.genes();
        let skill: f64 = genes.iter().zip(weight).map(|(&gene, weight)| weight * gain[gene as usize]).sum();
        let pooled = genes.iter().filter(|&&gene| gene == 4).count() as f64;
        let depth = f64::from(u8::from(genes[0] > 1 && genes[2] > 1 && genes[5] > 1));
        let code = genes.iter().fold(0_u32, |code, &gene| code * 5 + gene);
        let ripple = f64::from(code.wrapping_mul(2_654_435_761) >> 16) / 65_536.0;
        let error = 60.0 * (-skill / 14.0).exp() + 1.5 * pooled - 2.0 * depth + 2.0 * ripple + 5.0;
        let energy: f64 = genes.iter().map(|&gene| work[gene as usize]).sum();
        vec![error, energy + 1.0]
    };
    table(vec![100.0, 50.0], objectives)
}

/// NAS-Bench-201 on CIFAR-10, [test error %, `cost`]; none, with a word, where the tables are not at hand.
pub fn real(cost: &str, reference: [f64; 2]) -> Option<Table> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("CENAS_DATA").map(PathBuf::from).unwrap_or(beside);
    let Ok(file) = File::open(folder.join("nb201/nb201_cifar10.csv.gz")) else {
        eprintln!("skipped: no nb201/nb201_cifar10.csv.gz in {} (set CENAS_DATA)", folder.display());
        return None;
    };
    let mut reader = csv::Reader::from_reader(GzDecoder::new(file));
    let header = reader.headers().expect("a header").clone();
    let column = |name: &str| header.iter().position(|title| title == name).expect("a column of the table");
    let edges = ["op_01", "op_02", "op_12", "op_03", "op_13", "op_23"].map(column);
    let (accuracy, cost) = (column("test_acc_200"), column(cost));
    let mut rows = BTreeMap::new();
    for row in reader.records() {
        let row = row.expect("a row of the table");
        let genes = edges.map(|edge| row[edge].parse().expect("an operation")).to_vec();
        let number = |column: usize| row[column].parse::<f64>().expect("a number");
        rows.insert(Architecture::new(genes), vec![100.0 - number(accuracy), number(cost)]);
    }
    Some(table(reference.to_vec(), |architecture| rows[architecture].clone()))
}

fn table(reference: Vec<f64>, objectives: impl Fn(&Architecture) -> Vec<f64>) -> Table {
    let space = space();
    let own = |cell: &Architecture| space.canonical(cell) == *cell && space.trainable(cell);
    let rows = space.enumerate().filter(own).map(|cell| (cell.clone(), objectives(&cell))).collect();
    Table { space, objectives: rows, reference }
}
