//! The policy table of the package, line by line: NaN, infinities, signed zeros, copies, empty sets, one objective, points
//! outside the reference, numbers too large and too close.

mod oracle;

use moo::{Cuboid, Error, Front, Insertion, contributions, crowding_distances, dominance_numbers, dominates};
use moo::{hypervolume, non_dominated, non_dominated_boxes, ranks};

use oracle::{assert_close, sphere, volume_by_slices};

#[test]
fn nan_is_refused_with_its_place() {
    let points = [[0.0, 1.0], [f64::NAN, 0.0]];
    let refused = Error::NotANumber { point: 1, objective: 0 };
    assert_eq!(dominance_numbers(&points), Err(refused.clone()));
    assert_eq!(non_dominated(&points), Err(refused.clone()));
    assert_eq!(ranks(&points), Err(refused.clone()));
    assert_eq!(crowding_distances(&points), Err(refused.clone()));
    assert_eq!(hypervolume(&points, &[1.0, 1.0]), Err(refused.clone()));
    assert_eq!(contributions(&points, &[1.0, 1.0]), Err(refused));
    assert!(!dominates(&[f64::NAN, 0.0], &[1.0, 1.0]) && !dominates(&[0.0, 0.0], &[f64::NAN, 1.0]));

    let mut front = Front::new(&[1.0, 1.0]).unwrap();
    assert!(front.insert(&[0.5, f64::NAN], ()).is_err() && front.gain(&[0.5, f64::NAN]).is_err());
    assert!(front.is_empty());
}

#[test]
fn infinities_have_a_place_in_dominance_and_none_in_volume() {
    let (best, worst) = (f64::NEG_INFINITY, f64::INFINITY);
    assert_eq!(dominance_numbers(&[[best, 0.0], [0.0, 0.0], [worst, 0.0]]), Ok(vec![0, 1, 2]));
    assert_eq!(hypervolume(&[[0.0, worst]], &[1.0, 1.0]), Ok(0.0));
    assert_eq!(hypervolume(&[[0.0, best]], &[1.0, 1.0]), Err(Error::Unbounded { point: 0, objective: 1 }));
    let mut front = Front::new(&[1.0, 1.0, 1.0]).unwrap();
    assert_eq!(front.insert(&[0.0, 0.0, worst], 'a'), Ok(Insertion::Added { gain: 0.0, removed: vec![] }));
    assert!(front.insert(&[0.0, 0.0, best], 'b').is_err());
    assert_eq!((front.len(), front.hypervolume()), (1, 0.0));
}

#[test]
fn empty_sets_and_bad_references() {
    let none: [[f64; 2]; 0] = [];
    assert_eq!(dominance_numbers(&none), Ok(vec![]));
    assert_eq!(non_dominated(&none), Ok(vec![]));
    assert_eq!(ranks(&none), Ok(vec![]));
    assert_eq!(crowding_distances(&none), Ok(vec![]));
    assert_eq!(hypervolume(&none, &[1.0, 1.0]), Ok(0.0));
    assert_eq!(contributions(&none, &[1.0, 1.0]), Ok(vec![]));
    assert_eq!(hypervolume(&none, &[]), Err(Error::NoObjectives));
    assert_eq!(
        hypervolume(&none, &[1.0, f64::INFINITY]),
        Err(Error::Reference { objective: 1, value: f64::INFINITY })
    );
    assert!(Front::<()>::new(&[f64::NAN]).is_err());
    assert_eq!(hypervolume(&[[0.0]], &[1.0, 1.0]), Err(Error::Dimension { point: 0, expected: 2, found: 1 }));
    assert_eq!(
        ranks(&[vec![0.0], vec![0.0, 1.0]]),
        Err(Error::Dimension { point: 1, expected: 1, found: 2 })
    );
}

#[test]
fn a_zero_has_no_sign() {
    for m in 1..=8 {
        let (mut negative, mut positive) = (vec![0.5; m], vec![0.5; m]);
        (negative[m - 1], positive[m - 1]) = (-0.0, 0.0);
        let points = [negative, positive];
        assert_eq!(dominance_numbers(&points), Ok(vec![0, 0]));
        assert_eq!(ranks(&points), Ok(vec![0, 0]));
        assert_eq!(non_dominated(&points), Ok(vec![0, 1]));
        let reference = vec![1.0; m];
        assert_eq!(contributions(&points, &reference), Ok(vec![0.0, 0.0]));
        assert_eq!(hypervolume(&points, &reference), hypervolume(&points[..1], &reference));
        let mut front = Front::new(&reference).unwrap();
        front.insert(&points[0], ()).unwrap();
        assert_eq!(front.insert(&points[1], ()), Ok(Insertion::Tied));
        assert_eq!(front.gain(&points[1]), Ok(0.0));
    }
}

#[test]
fn a_volume_of_nothing_is_a_plain_zero() {
    for m in 1..=8 {
        let (none, outside): (&[Vec<f64>], _) = (&[], [vec![1.0; m], vec![2.0; m]]);
        let reference = vec![1.0; m];
        for points in [none, &outside] {
            let volume = hypervolume(points, &reference).unwrap();
            assert!(volume == 0.0 && volume.is_sign_positive(), "{volume} in {m} objectives");
            assert_eq!(contributions(points, &reference), Ok(vec![0.0; points.len()]));
        }
        let front = Front::<()>::new(&reference).unwrap();
        let gains = front.gains(&outside).unwrap();
        assert!(gains.iter().all(|gain| *gain == 0.0 && gain.is_sign_positive()), "{gains:?}");
        let whole = Cuboid { lower: vec![f64::NEG_INFINITY; m], upper: reference.clone() };
        assert_eq!(non_dominated_boxes(&outside, &reference), Ok(vec![whole.clone()]));
        assert_eq!(front.boxes(), [whole]);
    }
}

#[test]
fn one_objective_is_a_line() {
    let points = [[3.0], [1.0], [1.0], [2.0], [9.0]];
    assert_eq!(dominance_numbers(&points), Ok(vec![3, 0, 0, 2, 4]));
    assert_eq!(ranks(&points), Ok(vec![2, 0, 0, 1, 3]));
    assert_eq!(non_dominated(&points), Ok(vec![1, 2]));
    assert_eq!(hypervolume(&points, &[5.0]), Ok(4.0));
    assert_eq!(contributions(&points, &[5.0]), Ok(vec![0.0; 5]));
    assert_eq!(contributions(&points[1..4], &[5.0]), Ok(vec![0.0; 3]));
    assert_eq!(contributions(&points[2..], &[5.0]), Ok(vec![1.0, 0.0, 0.0]));
    let mut front = Front::new(&[5.0]).unwrap();
    front.insert(&[3.0], 'a').unwrap();
    assert_eq!(front.gains(&[[2.0], [3.0], [4.0]]), Ok(vec![1.0, 0.0, 0.0]));
    assert!(matches!(front.insert(&[1.0], 'b'), Ok(Insertion::Added { gain: 2.0, .. })));
    let expected = Cuboid { lower: vec![f64::NEG_INFINITY], upper: vec![1.0] };
    assert_eq!(front.boxes(), [expected]);
}

#[test]
fn without_objectives_all_points_are_equal() {
    let points: [[f64; 0]; 3] = [[], [], []];
    assert_eq!(dominance_numbers(&points), Ok(vec![0; 3]));
    assert_eq!(ranks(&points), Ok(vec![0; 3]));
    assert_eq!(non_dominated(&points), Ok(vec![0, 1, 2]));
    assert_eq!(hypervolume(&points, &[]), Err(Error::NoObjectives));
}

#[test]
fn infinities_in_every_dimension() {
    let (best, worst) = (f64::NEG_INFINITY, f64::INFINITY);
    for m in 2..=6 {
        let mut points = vec![vec![0.0; m]; 3];
        (points[0][m - 1], points[2][m - 1]) = (best, worst);
        assert_eq!(dominance_numbers(&points), Ok(vec![0, 1, 2]));
        assert_eq!(ranks(&points), Ok(vec![0, 1, 2]));
        assert_eq!(non_dominated(&points), Ok(vec![0]));
        let reference = vec![1.0; m];
        let refused = Error::Unbounded { point: 0, objective: m - 1 };
        assert_eq!(hypervolume(&points, &reference), Err(refused.clone()));
        assert_eq!(contributions(&points, &reference), Err(refused.clone()));
        assert_eq!(non_dominated_boxes(&points, &reference), Err(refused.clone()));
        assert_eq!(Front::<()>::new(&reference).unwrap().gains(&points), Err(refused));
        assert_eq!(hypervolume(&points[1..], &reference), Ok(1.0));
    }
}

#[test]
fn volumes_beyond_all_numbers_are_refused() {
    let refused = Error::Overflow { point: 1 };
    // The third side would bring the product back, but not before it has overflown.
    let points = [[0.0, 0.0, 0.0], [-1e200, -1e200, 1.0 - 1e-16]];
    let reference = [1.0; 3];
    assert_eq!(hypervolume(&points, &reference), Err(refused.clone()));
    assert_eq!(contributions(&points, &reference), Err(refused.clone()));
    assert_eq!(Front::<()>::new(&reference).unwrap().gains(&points), Err(refused));
    // Outside the reference it spans nothing, and two halves of what fits are still numbers.
    assert_eq!(hypervolume(&[[-1e200, -1e200, 1.0]], &reference), Ok(0.0));
    let halves = [[-1e154, -1e153], [-1e153, -1e154]];
    assert!(hypervolume(&halves, &[0.0; 2]).unwrap().is_finite());
}

#[test]
fn points_closer_than_single_precision_are_told_apart() {
    for m in 3..=5 {
        // All coordinates round to the same single-precision number.
        let unscaled = sphere(20, m);
        let points: Vec<Vec<f64>> = unscaled
            .iter()
            .map(|point| point.iter().map(|x| 1.0 + x * 2.0_f64.powi(-30)).collect())
            .collect();
        let reference = vec![1.0 + 1.25 * 2.0_f64.powi(-30); m];
        let back = 2.0_f64.powi(30 * m as i32);
        let found = hypervolume(&points, &reference).unwrap() * back;
        assert_close(found, volume_by_slices(&points, &reference) * back, 1e-12);
        let mut front = Front::new(&reference).unwrap();
        for point in &points {
            front.insert(point, ()).unwrap();
        }
        assert_close(front.hypervolume() * back, found, 1e-12);
    }
}

#[test]
fn numbers_beyond_single_precision_are_told_apart() {
    for m in 3..=4 {
        let points: Vec<Vec<f64>> =
            sphere(20, m).iter().map(|point| point.iter().map(|x| (x - 2.0) * 1e60).collect()).collect();
        let reference = vec![-0.5e60; m];
        let scale = 1e-60_f64.powi(m as i32);
        let found = hypervolume(&points, &reference).unwrap() * scale;
        assert_close(found, volume_by_slices(&points, &reference) * scale, 1e-12);
    }
}
