//! One iteration of a search (the tree anew, the leaf, five candidates) by the number of samples, in a space that is
//! listed and in one that can't be; in processor time. `scripts/bench-search` times the same beside other optimisers, on recorded results.

use std::time::Duration;

use common::space::{Darts, NasBench201, SearchSpace, darts, nas_bench_201};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use lamoo::{Memory, Scope};

mod study;

use study::{Study, timed};

/// Warm questions after one cold one: fewer than a tenth more samples, at which parameters are learnt anew.
const WARM: usize = 8;

fn spaces() -> [Box<dyn SearchSpace>; 2] {
    let cells = nas_bench_201::Skeleton {
        channels: 16,
        cells_per_stage: 5,
        input: [3, 32, 32],
        classes: 10,
        nodes: nas_bench_201::Nodes::Four,
    };
    let darts = darts::Skeleton {
        channels: 36,
        layers: 20,
        input: [3, 32, 32],
        classes: 10,
        stem: darts::Stem::Cifar,
    };
    [Box::new(NasBench201::new(cells)), Box::new(Darts::new(darts))]
}

/// A tree, and a sampler that needs no model.
fn trees(criterion: &mut Criterion) {
    for searcher in ["lamoo-random", "lamoo-evolution"] {
        let mut group = criterion.benchmark_group(searcher);
        group.sample_size(10);
        for space in spaces() {
            for count in [1_000, 5_000] {
                let study = Study::made_up(Scope::functions(&*space), searcher, count);
                let mut memory = Memory::default();
                study.ask(count, &mut memory);
                group.bench_function(BenchmarkId::new(space.name(), count), |bencher| {
                    bencher.iter_custom(|times| {
                        (0..times).map(|_| timed(|| study.ask(count, &mut memory))).sum()
                    });
                });
            }
        }
    }
}

/// A model: the first question, at which it learns everything, and those that follow one result each.
fn models(criterion: &mut Criterion) {
    for searcher in ["surrogate", "lamoo-surrogate"] {
        let mut group = criterion.benchmark_group(searcher);
        group.sample_size(10);
        for space in spaces() {
            for count in [100, 400, 1_000] {
                let study = Study::made_up(Scope::functions(&*space), searcher, count + WARM);
                let id = |kind: &str| BenchmarkId::new(format!("{}, {kind}", space.name()), count);
                group.bench_function(id("cold"), |bencher| {
                    bencher.iter_custom(|times| {
                        (0..times).map(|_| timed(|| study.ask(count, &mut Memory::default()))).sum()
                    });
                });
                group.bench_function(id("warm"), |bencher| {
                    bencher.iter_custom(|times| warm(&study, count, times));
                });
            }
        }
    }
}

/// How long `times` questions take, each with one more sample than the one before; memories are warmed uncounted.
fn warm(study: &Study<'_>, count: usize, times: u64) -> Duration {
    let mut memory = Memory::default();
    let mut spent = Duration::ZERO;
    for asked in 0..times as usize {
        if asked.is_multiple_of(WARM) {
            memory = Memory::default();
            study.ask(count, &mut memory);
        }
        spent += timed(|| study.ask(count + 1 + asked % WARM, &mut memory));
    }
    spent
}

criterion_group!(benches, trees, models);
criterion_main!(benches);
