//! Vanilla with each searcher: what it costs to get near the best, against figures of an independent implementation.

mod support;

use std::collections::BTreeSet;

use common::seed::Seed;
use common::time::GridHour;
use simulation::baseline::{Parts, Vanilla, build, cheapest_set};
use simulation::fleet::{End, Run, Setting, run};
use simulation::searcher::{Lamoo, Random, Searcher};
use simulation::table::{CellId, FormulaTable, Level, Table};
use simulation::world::{HourlyTrace, Limit, Work};

const START: GridHour = GridHour(451_446);
const SEEDS: u64 = 600;

fn vanilla(table: &dyn Table, searcher: impl Searcher, horizon_hours: usize, target: Option<f64>) -> Run {
    let trace = HourlyTrace::new("DE".into(), START, vec![300.0; horizon_hours]).unwrap();
    let zones = vec![(trace, 8)];
    let (work, limit) = (Work::default(), Limit::default());
    let setting =
        Setting { table, work, zones, start: START, horizon_hours, limit, target_hypervolume: target };
    run(&setting, &mut Vanilla::new(searcher)).unwrap()
}

fn cells(run: &Run) -> Vec<CellId> {
    run.finished.iter().flat_map(|finished| finished.task.cells().to_vec()).collect()
}

#[test]
fn random_search_needs_what_it_needed_elsewhere() {
    let Some(table) = support::nas_bench_201() else { return };
    let most = table.whole_front().hypervolume();
    // Eight slots always on; elsewhere a median of 65 kWh to 99 % and 214 kWh to 99.5 %. Runs scatter so widely (half of them lie
    // between 44 and 87, and between 159 and 300 kWh) that the median of 36 seeds is off by a tenth and more: hence so many.
    let ends = (0..SEEDS).map(|seed| vanilla(&table, Random::new(Seed(seed)), 1_000, Some(0.995 * most)));
    let ends: Vec<Run> = ends.collect();
    for (level, elsewhere_kwh) in [(0.99, 65.0), (0.995, 214.0)] {
        let kwh = |run: &Run| run.spent_to(level * most).map_or(f64::INFINITY, |spent| spent.joules.kwh());
        let mut needed: Vec<f64> = ends.iter().map(kwh).collect();
        needed.sort_by(f64::total_cmp);
        let median = (needed[needed.len() / 2 - 1] + needed[needed.len() / 2]) / 2.0;
        println!(
            "random to {level}: median {median:.1} kWh over {SEEDS} seeds, elsewhere {elsewhere_kwh} kWh"
        );
        assert!((median / elsewhere_kwh - 1.0).abs() < 0.2, "{median} kWh to {level}");
    }
    assert!(ends.iter().all(|run| run.end == End::Target), "all reach their target");
}

/// Runs the baseline `name` on eight slots that are always on.
fn baseline(table: &dyn Table, name: &str, searcher: impl Searcher + 'static, target: f64) -> Run {
    let horizon_hours = 400;
    let trace = HourlyTrace::new("DE".into(), START, vec![300.0; horizon_hours]).unwrap();
    let (work, limit, searcher) = (Work::default(), Limit::default(), Box::new(searcher));
    let parts = Parts { table, work, seed: Seed(1), searcher, future: None };
    let mut director = build(name, parts).unwrap();
    let zones = vec![(trace, 8)];
    let target_hypervolume = Some(target);
    let setting = Setting { table, work, zones, start: START, horizon_hours, limit, target_hypervolume };
    run(&setting, director.as_mut()).unwrap()
}

fn kwh_to(run: &Run, level: f64) -> f64 {
    run.spent_to(level).map_or(f64::INFINITY, |spent| spent.joules.kwh())
}

#[test]
fn one_shot_only_needs_what_it_needed_elsewhere() {
    let Some(table) = support::nas_bench_201() else { return };
    let most = table.whole_front().hypervolume();
    let run = baseline(&table, "one-shot-only", Random::new(Seed(1)), 0.995 * most);
    for (level, elsewhere_kwh) in [(0.99, 10.4), (0.995, 36.6)] {
        let kwh = kwh_to(&run, level * most);
        println!("one-shot only to {level}: {kwh:.2} kWh, elsewhere {elsewhere_kwh} kWh");
        assert!((kwh / elsewhere_kwh - 1.0).abs() < 0.1, "{kwh} kWh to {level}");
    }
}

#[test]
fn rungs_make_random_search_cheaper() {
    let Some(table) = support::nas_bench_201() else { return };
    let level = 0.99 * table.whole_front().hypervolume();
    let median = |name: &str| {
        let mut kwh: Vec<f64> = (0..20)
            .map(|seed| kwh_to(&baseline(&table, name, Random::new(Seed(seed)), level), level))
            .collect();
        kwh.sort_by(f64::total_cmp);
        (kwh[9] + kwh[10]) / 2.0
    };
    let (vanilla, rungs) = (median("vanilla"), median("rungs"));
    println!("random to 99 %: vanilla {vanilla:.1} kWh, rungs {rungs:.1} kWh, medians of 20 seeds");
    assert!(rungs < vanilla / 2.0, "{rungs} against {vanilla}");
}

#[test]
fn hindsight_chooses_the_cheapest_set() {
    let Some(table) = support::nas_bench_201() else { return };
    let most = table.whole_front().hypervolume();
    let watts = Work::default().training.0;
    // Elsewhere's sets reach their level and are not the cheapest below 99.9 %: 0.366, 0.534, 0.814 and 1.902 kWh are enough.
    for (percent, elsewhere_kwh) in [(98.0, 0.42), (99.0, 0.61), (99.5, 0.87), (99.9, 1.90)] {
        let wanted = percent / 100.0 * most;
        let set = cheapest_set(&table, wanted).expect("all cells together reach it");
        let mut front = table.front();
        let mut kwh = 0.0;
        for &cell in &set {
            front.insert(&table.row(cell).objectives(Level::Full), cell).unwrap();
            kwh += 200.0 * table.row(cell).epoch_s * watts / 3.6e6;
        }
        println!("hindsight to {percent} %: {} cells, {kwh:.4} kWh, elsewhere {elsewhere_kwh}", set.len());
        assert!(front.hypervolume() >= wanted);
        assert!(kwh < elsewhere_kwh + 0.006, "{kwh} kWh to {percent} %");
    }
    assert!(cheapest_set(&table, 1.001 * most).is_none());
}

#[test]
fn no_cell_is_trained_twice_and_one_seed_makes_one_run() {
    let table = FormulaTable::new(Seed(1));
    let lamoo = |seed| Lamoo::new(Seed(seed), 8, lamoo::Options::default());
    let pair = [vanilla(&table, lamoo(1), 12, None), vanilla(&table, lamoo(1), 12, None)];
    assert_eq!(pair[0].finished, pair[1].finished);
    let other = vanilla(&table, lamoo(2), 12, None);
    assert_ne!(cells(&other), cells(&pair[0]));
    let random = vanilla(&table, Random::new(Seed(1)), 12, None);
    for run in [&pair[0], &other, &random] {
        let cells = cells(run);
        assert!(cells.len() > 50);
        assert_eq!(cells.iter().collect::<BTreeSet<_>>().len(), cells.len());
    }
}

#[test]
fn random_search_comes_to_the_end_of_the_table() {
    let table = FormulaTable::new(Seed(1));
    let mut searcher = Random::new(Seed(5));
    let all: BTreeSet<CellId> = std::iter::from_fn(|| searcher.propose(&table)).collect();
    assert_eq!(all.len(), table.rows().len());
}
