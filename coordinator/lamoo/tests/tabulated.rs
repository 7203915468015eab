//! Does it find more than chance does? Whole searches over tables, a few seeds, 80 evaluations each.

mod support;

use lamoo::{Options, SamplerKind};
use support::Table;

const SEEDS: u64 = 3;
const EVALUATIONS: usize = 80;

/// The mean share of the maximum hypervolume that is still missing at the end.
fn missing(search: impl Fn(u64) -> Vec<f64>) -> f64 {
    let ends = (0..SEEDS).map(|seed| 1.0 - search(seed)[EVALUATIONS - 1]);
    ends.sum::<f64>() / SEEDS as f64
}

/// Asserts that LaMOO leaves at most `share` of what uniform sampling leaves.
fn check(name: &str, table: &Table, share: f64) {
    let random = missing(|seed| table.search_at_random(seed, EVALUATIONS));
    for sampler in SamplerKind::ALL {
        let options = Options { sampler, ..Options::default() };
        let lamoo = missing(|seed| table.search(seed, EVALUATIONS, 5, &options));
        println!(
            "{name}: {sampler:?} lacks {:.3} %, uniform sampling {:.3} %",
            100.0 * lamoo,
            100.0 * random
        );
        assert!(lamoo <= share * random, "{name}: {sampler:?} lacks {lamoo}, uniform sampling {random}");
    }
}

#[test]
fn finds_more_than_chance_on_the_analytic_table() {
    check("analytic", &support::analytic(), 0.8);
}

#[test]
fn finds_more_than_chance_on_a_real_table() {
    let Some(energy) = support::real("edgegpu_energy_mj", [100.0, 50.0]) else { return };
    check("energy", &energy, 0.5);
    let latency = support::real("edgegpu_latency_ms", [100.0, 11.98502]).expect("the same file");
    check("latency", &latency, 0.5);
}
