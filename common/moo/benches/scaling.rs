//! How the algorithms grow with the number of points and objectives, each on mutually non-dominated points: the hardest
//! input, and the one a search ends with. `scripts/bench-moo` compares with another implementation.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use moo::Front;

type Points = Vec<Vec<f64>>;

/// `n` points of the positive part of the unit sphere: multiples of irrational numbers, scaled.
fn sphere(n: usize, m: usize) -> Points {
    let primes = [2.0_f64, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0];
    (0..n)
        .map(|index| {
            let row: Vec<f64> =
                primes[..m].iter().map(|p| ((index as f64 + 0.123) * p.sqrt()).fract()).collect();
            let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
            row.into_iter().map(|x| x / norm).collect()
        })
        .collect()
}

/// Measures `work` on spheres of the sizes given as (objectives, points).
fn on_spheres(
    criterion: &mut Criterion,
    name: &str,
    sizes: &[(usize, usize)],
    work: impl Fn(&Points, &[f64]),
) {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20);
    for &(m, n) in sizes {
        let (points, reference) = (sphere(n, m), vec![1.1; m]);
        let id = BenchmarkId::new(format!("{m}-D"), n);
        group.bench_function(id, |bencher| bencher.iter(|| work(black_box(&points), &reference)));
    }
}

fn volumes(criterion: &mut Criterion) {
    let sizes = [(2, 1000), (2, 10_000), (3, 1000), (3, 10_000), (4, 1000), (5, 300), (6, 100), (7, 50)];
    on_spheres(criterion, "hypervolume", &sizes, |points, reference| {
        black_box(moo::hypervolume(points, reference).unwrap());
    });
    let sizes = [(2, 1000), (3, 1000), (4, 300), (5, 100), (6, 50)];
    on_spheres(criterion, "contributions", &sizes, |points, reference| {
        black_box(moo::contributions(points, reference).unwrap());
    });
    let sizes = [(2, 1000), (3, 1000), (4, 100), (5, 50)];
    on_spheres(criterion, "non_dominated_boxes", &sizes, |points, reference| {
        black_box(moo::non_dominated_boxes(points, reference).unwrap());
    });
}

fn dominance(criterion: &mut Criterion) {
    let sizes = [(2, 1000), (2, 10_000), (3, 1000), (3, 10_000), (4, 1000), (4, 10_000)];
    on_spheres(criterion, "dominance_numbers", &sizes, |points, _| {
        black_box(moo::dominance_numbers(points).unwrap());
    });
    on_spheres(criterion, "non_dominated", &sizes, |points, _| {
        black_box(moo::non_dominated(points).unwrap());
    });
    on_spheres(criterion, "ranks", &sizes, |points, _| {
        black_box(moo::ranks(points).unwrap());
    });
}

fn archive(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("front");
    group.sample_size(20);
    for m in 2..=5 {
        let (members, table, reference) = (sphere(100, m), sphere(15_625, m), vec![1.1; m]);
        let filled = || {
            let mut front = Front::new(&reference).unwrap();
            members.iter().for_each(|point| _ = front.insert(point, ()).unwrap());
            front
        };
        group.bench_function(BenchmarkId::new("fill", m), |bencher| {
            bencher.iter(filled);
        });
        let front = filled();
        group.bench_function(BenchmarkId::new("gains of 15,625", m), |bencher| {
            bencher.iter(|| front.gains(black_box(&table)).unwrap());
        });
    }
}

criterion_group!(benches, volumes, dominance, archive);
criterion_main!(benches);
