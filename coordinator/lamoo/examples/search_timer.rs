//! Times the package for `scripts/bench-search`: `search_timer SEARCHER SAMPLES REPEATS REFERENCE TABLE.csv`. The table has no
//! header and a NAS-Bench-201 cell in each row, its six genes and then its objectives, minimised; the first rows are the
//! samples. The answer is one line of JSON with the nanoseconds of processor time of each
//! iteration.
//!
//! Each iteration has one sample more than the one before, as in a study; the first, at which a model learns everything,
//! is not counted.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::space::NasBench201;
use common::space::nas_bench_201::{Nodes, Skeleton};
use lamoo::{Memory, Observation, Scope};

#[allow(dead_code, reason = "the benches use the rest")]
#[path = "../benches/study/mod.rs"]
mod study;

use study::Study;

const GENES: usize = 6;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [searcher, samples, repeats, reference, table] = &arguments[..] else {
        panic!("usage: search_timer SEARCHER SAMPLES REPEATS REFERENCE TABLE.csv")
    };
    let [samples, repeats] = [samples, repeats].map(|text| text.parse::<usize>().expect("a whole number"));
    let space = NasBench201::new(Skeleton {
        channels: 16,
        cells_per_stage: 5,
        input: [3, 32, 32],
        classes: 10,
        nodes: Nodes::Four,
    });
    let observations = read(table);
    assert!(observations.len() >= samples + repeats, "the table has too few rows");
    let listed: BTreeSet<Architecture> = observations.iter().map(|row| row.architecture.clone()).collect();
    let study = Study {
        scope: Scope::rows(&space, &listed),
        observations,
        reference: reference.split(',').map(number).collect(),
        options: study::named(searcher),
    };
    println!("{}", serde_json::json!({ "nanoseconds": time(&study, samples, repeats) }));
}

fn time(study: &Study<'_>, samples: usize, repeats: usize) -> Vec<u64> {
    let mut memory = Memory::default();
    study.ask(samples, &mut memory);
    let iteration = |repeat| study::timed(|| study.ask(samples + repeat, &mut memory)).as_nanos() as u64;
    (1..=repeats).map(iteration).collect()
}

fn read(path: &str) -> Vec<Observation> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).expect("a table");
    let observation = |row: csv::StringRecord| {
        let numbers: Vec<f64> = row.iter().map(number).collect();
        let (genes, objectives) = numbers.split_at(GENES);
        let architecture = Architecture::new(genes.iter().map(|&gene| gene as u32).collect());
        Observation { architecture, fidelity: Fidelity::Full, objectives: objectives.to_vec(), effort: None }
    };
    reader.records().map(|row| observation(row.expect("a row of numbers"))).collect()
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text:?}"))
}
