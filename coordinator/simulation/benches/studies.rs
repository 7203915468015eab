//! How long a simulated study takes: the product's own core, ladder and forecasts in virtual time, and a baseline's fleet, without a
//! model (the searcher draws at random) and, apart, with one. Targets: 8 slots and 80 hours well below a second without a model,
//! 1,000 slots and 1,000 hours within a minute.

use std::hint::black_box;
use std::sync::Arc;

use common::config;
use common::id::Zone;
use common::seed::Seed;
use common::time::GridHour;
use criterion::{Criterion, criterion_group, criterion_main};
use simulation::compare::{Contender, World};
use simulation::drive::Forecasts;
use simulation::table::{FormulaTable, Level};
use simulation::world::{HourlyTrace, Work};

const START: GridHour = GridHour(460_000);

/// Where trainings are `longer` times as long as in the reference study, so that the table outlasts a large fleet.
fn world(table: &FormulaTable, slots: u16, hours: usize, longer: f64) -> World<'_> {
    let zone = Zone::new("LOCAL");
    let trace =
        HourlyTrace::typical_week(zone, Seed(1), START.plus(-400), hours + 800).expect("a week repeats");
    let reference = Work::default();
    let (zones, config) = (vec![(trace, slots)], config::load(None, [], &[]).expect("the defaults hold"));
    World {
        table,
        // What was found is not asked for.
        maximum: 1.0,
        work: Work {
            full_epochs: longer * reference.full_epochs,
            short_epochs: longer * reference.short_epochs,
            ..reference
        },
        scores: Level::OneShot,
        start: START,
        horizon_hours: hours,
        until_percent: None,
        forecasts: Arc::new(Forecasts::new(&config, &zones).expect("a known model")),
        zones,
        config,
    }
}

fn contender(policy: &str, searcher: &str) -> Contender {
    Contender::new(policy, searcher).expect("a known policy and searcher")
}

fn small(criterion: &mut Criterion) {
    let table = FormulaTable::new(Seed(1));
    let world = world(&table, 8, 80, 1.0);
    let mut group = criterion.benchmark_group("8 slots, 80 h");
    group.sample_size(10);
    for (policy, searcher) in
        [("vanilla", "random"), ("planner", "random"), ("greedy", "random"), ("planner", "surrogate")]
    {
        let contender = contender(policy, searcher);
        group.bench_function(format!("{policy}, {searcher}"), |bencher| {
            bencher.iter(|| world.run(black_box(&contender), 1).expect("a run"));
        });
    }
}

fn large(criterion: &mut Criterion) {
    let table = FormulaTable::new(Seed(1));
    let world = world(&table, 1000, 1000, 60.0);
    let mut group = criterion.benchmark_group("1,000 slots, 1,000 h");
    group.sample_size(10);
    for policy in ["vanilla", "planner", "greedy"] {
        let contender = contender(policy, "random");
        group.bench_function(policy, |bencher| {
            bencher.iter(|| world.run(black_box(&contender), 1).expect("a run"));
        });
    }
}

criterion_group!(benches, small, large);
criterion_main!(benches);
