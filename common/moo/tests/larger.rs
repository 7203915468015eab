//! Sizes at which blocks, words and levels of the data structures are full and more than one: against the definition
//! where that is quick, else against another of the package's algorithms; and what no order of the points may change.

mod oracle;

use moo::{contributions, dominance_numbers, dominates, hypervolume, non_dominated, ranks};
use proptest::prelude::*;

use oracle::{assert_close, clouds, naive_non_dominated, naive_ranks, sphere, volume_by_slices};

/// Deterministic points: some layers, some copies.
fn layers(n: usize, m: usize) -> Vec<Vec<f64>> {
    let mut points = sphere(n, m);
    for (index, point) in points.iter_mut().enumerate() {
        let layer = (index % 7) as f64 * 0.05;
        point.iter_mut().for_each(|value| *value += layer);
    }
    for index in (0..n).step_by(11) {
        points[index] = points[n - 1 - index].clone();
    }
    points
}

#[test]
fn dominance_in_sets_of_several_blocks() {
    for m in 1..=8 {
        let points = layers(1300, m);
        let counted: Vec<usize> =
            points.iter().map(|p| points.iter().filter(|q| dominates(q, p)).count()).collect();
        assert_eq!(dominance_numbers(&points).unwrap(), counted, "{m} objectives");
        assert_eq!(non_dominated(&points).unwrap(), naive_non_dominated(&points), "{m} objectives");
    }
    let points = layers(5000, 3);
    let counted: Vec<usize> =
        points.iter().map(|p| points.iter().filter(|q| dominates(q, p)).count()).collect();
    assert_eq!(dominance_numbers(&points).unwrap(), counted, "divide and conquer");
    for m in 1..=5 {
        let points = layers(700, m);
        assert_eq!(ranks(&points).unwrap(), naive_ranks(&points), "{m} objectives");
    }
}

#[test]
fn volumes_of_sets_of_several_blocks() {
    for (m, n) in [(2, 800), (3, 300), (4, 60), (5, 26)] {
        let points = layers(n, m);
        let reference = vec![1.25; m];
        assert_close(hypervolume(&points, &reference).unwrap(), volume_by_slices(&points, &reference), 1e-12);
    }
}

#[test]
fn contributions_of_sets_of_several_blocks() {
    for (m, n) in [(2, 500), (3, 500), (4, 150), (5, 60), (6, 40), (7, 25), (8, 12)] {
        let points = layers(n, m);
        let reference = vec![1.25; m];
        let whole = hypervolume(&points, &reference).unwrap();
        let found = contributions(&points, &reference).unwrap();
        for index in (0..n).step_by(7) {
            let mut without = points.clone();
            without.remove(index);
            assert_close(found[index], whole - hypervolume(&without, &reference).unwrap(), 1e-11);
        }
    }
}

#[test]
fn a_hundred_thousand_points() {
    let points = layers(100_000, 3);
    let plane: Vec<&[f64]> = points.iter().map(|point| &point[..2]).collect();
    for (volume, largest) in [(hypervolume(&plane, &[1.0; 2]), 1.0), (hypervolume(&points, &[1.0; 3]), 1.0)] {
        let volume = volume.unwrap();
        assert!(volume > 0.0 && volume < largest);
    }
    let numbers = dominance_numbers(&points).unwrap();
    let front = non_dominated(&points).unwrap();
    assert_eq!(front.len(), numbers.iter().filter(|&&number| number == 0).count());
    assert_eq!(front.len(), ranks(&points).unwrap().iter().filter(|&&rank| rank == 0).count());
    let parts = contributions(&points, &[1.0; 3]).unwrap();
    assert!(parts.iter().enumerate().all(|(index, part)| *part == 0.0 || numbers[index] == 0));
}

#[test]
fn staircases_of_any_length_cost_the_same() {
    // Rising in the third objective, each point joins a staircase of all before it and removes none.
    let n = 200_000;
    let points: Vec<[f64; 3]> = (0..n)
        .map(|index| {
            let x = (index as f64 * 2.0_f64.sqrt()).fract();
            [x, 1.0 - x, index as f64 / n as f64]
        })
        .collect();
    let volume = hypervolume(&points, &[1.0; 3]).unwrap();
    assert!(volume > 0.49 && volume < 0.5, "{volume}");
}

proptest! {
    #[test]
    fn the_order_of_the_points_changes_nothing(
        (points, shuffled) in clouds(1_usize..=7, 30)
            .prop_flat_map(|points| (Just(points.clone()), Just(points).prop_shuffle())),
    ) {
        let reference = vec![1.0; points[0].len()];
        let volume = hypervolume(&points, &reference).unwrap();
        assert_close(hypervolume(&shuffled, &reference).unwrap(), volume, 1e-13);
        prop_assert_eq!(hypervolume(&points, &reference).unwrap(), volume, "the same once more");
        let (parts, others) = (contributions(&points, &reference).unwrap(), contributions(&shuffled, &reference).unwrap());
        let (numbers, counts) = (dominance_numbers(&points).unwrap(), dominance_numbers(&shuffled).unwrap());
        let (layers, depths) = (ranks(&points).unwrap(), ranks(&shuffled).unwrap());
        for (index, point) in points.iter().enumerate() {
            let there = shuffled.iter().position(|other| other == point).unwrap();
            assert_close(parts[index], others[there], 1e-13);
            prop_assert_eq!((numbers[index], layers[index]), (counts[there], depths[there]));
        }
    }

    #[test]
    fn more_points_never_cover_less(points in clouds(1_usize..=7, 20)) {
        let reference = vec![1.0; points[0].len()];
        let mut before = 0.0;
        for known in 1..=points.len() {
            let volume = hypervolume(&points[..known], &reference).unwrap();
            prop_assert!(volume >= before - 1e-14, "{} after {}", volume, before);
            before = volume;
        }
        let farther = vec![1.1; reference.len()];
        prop_assert!(hypervolume(&points, &farther).unwrap() >= before);
    }
}
