//! The archive: after each insertion it is what the definition makes of all points so far, and it promises what it gives.

mod oracle;

use moo::{Front, Insertion, hypervolume};
use proptest::prelude::*;

use oracle::{assert_close, clouds, naive_non_dominated, sets, sphere};

proptest! {
    #[test]
    fn the_front_is_the_filter_one_point_at_a_time(points in sets()) {
        let Some(m) = points.first().map(Vec::len) else { return Ok(()) };
        let reference = vec![3.0; m];
        let mut front = Front::new(&reference).unwrap();
        for (index, point) in points.iter().enumerate() {
            let (before, promised) = (front.hypervolume(), front.gain(point).unwrap());
            let added = match front.insert(point, index).unwrap() {
                Insertion::Added { gain, .. } => gain,
                Insertion::Dominated | Insertion::Tied => 0.0,
            };
            prop_assert_eq!(added, promised);
            prop_assert!(front.hypervolume() >= before, "law M-1");
            prop_assert_eq!(front.hypervolume(), hypervolume(&points[..=index], &reference).unwrap());
            for a in front.members() {
                prop_assert!(!front.dominates(&a.objectives), "law M-2");
            }
        }
        // First come, first kept: of equal points the lowest index.
        let mut first: Vec<usize> = naive_non_dominated(&points);
        first.retain(|&i| !points[..i].contains(&points[i]));
        let mut kept: Vec<usize> = front.members().iter().map(|member| member.payload).collect();
        kept.sort_unstable();
        prop_assert_eq!(kept, first);
        let alone: f64 = front.contributions().iter().sum();
        prop_assert!(alone <= front.hypervolume());
    }

    #[test]
    fn gains_are_what_the_volume_would_grow_by(points in clouds(1_usize..=8, 30), asked in 1_usize..=10) {
        let reference = vec![1.0; points[0].len()];
        let (asked, known) = points.split_at(asked.min(points.len()));
        let front = filled(known, &reference);
        for (point, gain) in asked.iter().zip(front.gains(asked).unwrap()) {
            let mut grown = known.to_vec();
            grown.push(point.clone());
            assert_close(gain, hypervolume(&grown, &reference).unwrap() - front.hypervolume(), 1e-12);
            assert_close(front.gain(point).unwrap(), gain, 1e-14);
        }
    }

    #[test]
    fn gains_of_tied_points_are_exact(points in sets(), asked in sets()) {
        let Some(m) = points.first().map(Vec::len) else { return Ok(()) };
        let front = filled(&points, &vec![3.0; m]);
        let asked: Vec<&Vec<f64>> = asked.iter().filter(|point| point.len() == m).chain(&points).collect();
        let one_by_one: Vec<f64> = asked.iter().map(|point| front.gain(point).unwrap()).collect();
        prop_assert_eq!(front.gains(&asked).unwrap(), one_by_one);
    }
}

fn filled(points: &[Vec<f64>], reference: &[f64]) -> Front<usize> {
    let mut front = Front::new(reference).unwrap();
    for (index, point) in points.iter().enumerate() {
        front.insert(point, index).unwrap();
    }
    front
}

#[test]
fn a_whole_table_is_scored_as_point_by_point() {
    for m in 2..=6 {
        let (known, asked) = (sphere(60, m), sphere(400, m));
        let front = filled(&known, &vec![1.1; m]);
        // Members, new points, and points that would replace some members.
        let asked: Vec<Vec<f64>> = asked
            .into_iter()
            .enumerate()
            .map(|(index, point)| {
                point.into_iter().map(|x| if index % 3 == 0 { x * 0.9 } else { x }).collect()
            })
            .collect();
        for (point, gain) in asked.iter().zip(front.gains(&asked).unwrap()) {
            assert_close(gain, front.gain(point).unwrap(), 1e-14);
            assert_eq!(gain == 0.0, front.gain(point).unwrap() == 0.0);
        }
    }
}

#[test]
fn the_archive_and_the_sweeps_agree_on_large_fronts() {
    for (m, n) in [(2, 2000), (3, 1000), (4, 500), (5, 150), (6, 40), (7, 25), (8, 15)] {
        let points = sphere(n, m);
        let front = filled(&points, &vec![1.1; m]);
        assert_eq!(front.len(), n);
        assert_close(front.hypervolume(), hypervolume(&points, &vec![1.1; m]).unwrap(), 1e-12);
    }
}

#[test]
fn a_point_on_the_reference_covers_nothing_and_still_dominates() {
    let mut front = Front::new(&[1.0, 1.0]).unwrap();
    assert_eq!(front.insert(&[0.5, 1.0], 'a'), Ok(Insertion::Added { gain: 0.0, removed: vec![] }));
    assert_eq!(front.insert(&[0.5, 2.0], 'b'), Ok(Insertion::Dominated));
    let Ok(Insertion::Added { gain, removed }) = front.insert(&[0.5, 0.5], 'c') else {
        panic!("it dominates")
    };
    assert_eq!((gain, removed[0].payload), (0.25, 'a'));
    assert_eq!(front.insert(&[0.5, 0.5], 'd'), Ok(Insertion::Tied));
    assert_eq!(front.insert(&[-0.0, 3.0], 'e'), Ok(Insertion::Added { gain: 0.0, removed: vec![] }));
    assert_eq!(front.insert(&[0.0, 3.0], 'f'), Ok(Insertion::Tied));
}
