//! The boxes of the undominated space: disjoint, outside everything dominated, and together all that a new point can win.

mod oracle;

use moo::{Cuboid, Front, hypervolume, non_dominated_boxes};
use proptest::prelude::*;

use oracle::{assert_close, clouds, sets, sphere};

/// The volume of the box's part within `[point, ∞)`.
fn share(cuboid: &Cuboid, point: &[f64]) -> f64 {
    let sides = cuboid.lower.iter().zip(&cuboid.upper).zip(point);
    sides.map(|((lower, upper), value)| (upper - lower.max(*value)).max(0.0)).product()
}

fn assert_disjoint(boxes: &[Cuboid]) {
    for (index, a) in boxes.iter().enumerate() {
        assert!(a.lower.iter().zip(&a.upper).all(|(lower, upper)| lower < upper), "{a:?} has no width");
        for b in &boxes[..index] {
            let overlap = (0..a.lower.len()).all(|k| a.lower[k].max(b.lower[k]) < a.upper[k].min(b.upper[k]));
            assert!(!overlap, "{a:?} and {b:?} overlap");
        }
    }
}

/// With the volume between `lowest` and the reference, whatever is not dominated is in a box.
fn check(points: &[Vec<f64>], asked: &[Vec<f64>], reference: &[f64], lowest: f64) {
    let boxes = non_dominated_boxes(points, reference).unwrap();
    assert_disjoint(&boxes);
    let mut front = Front::new(reference).unwrap();
    for point in points {
        front.insert(point, ()).unwrap();
    }
    for point in asked {
        let won: f64 = boxes.iter().map(|cuboid| share(cuboid, point)).sum();
        assert_close(won, front.gain(point).unwrap(), 1e-9);
    }
    let floor = vec![lowest; reference.len()];
    let left: f64 = boxes.iter().map(|cuboid| share(cuboid, &floor)).sum();
    let whole: f64 = reference.iter().map(|bound| bound - lowest).product();
    assert_close(left, whole - hypervolume(points, reference).unwrap(), 1e-9);
}

proptest! {
    #[test]
    fn what_a_point_wins_is_its_share_of_the_boxes(points in clouds(1_usize..=8, 24), split in 0_usize..=24) {
        let reference = vec![1.0; points[0].len()];
        let (asked, known) = points.split_at(split.min(points.len()));
        let known = if reference.len() > 5 { &known[..known.len().min(8)] } else { known };
        check(known, asked, &reference, 0.0);
    }

    #[test]
    fn so_it_is_with_ties_and_copies(points in sets(), split in 0_usize..=8) {
        let Some(m) = points.first().map(Vec::len) else { return Ok(()) };
        let (asked, known) = points.split_at(split.min(points.len()));
        check(known, asked, &vec![3.0; m], 0.0);
    }
}

#[test]
fn as_many_boxes_as_the_literature_says() {
    for (m, n, most) in [(2, 300, 301), (3, 300, 601), (4, 60, 60 * 60), (5, 40, 40 * 40)] {
        let (points, asked) = (sphere(n, m), sphere(n + 20, m));
        let boxes = non_dominated_boxes(&points, &vec![1.1; m]).unwrap();
        assert!(boxes.len() <= most, "{} boxes of {n} points in {m} objectives", boxes.len());
        check(&points, &asked[n..], &vec![1.1; m], 0.0);
    }
    assert_eq!(non_dominated_boxes(&sphere(300, 2), &[1.1, 1.1]).unwrap().len(), 301);
}

#[test]
fn strips_by_hand() {
    let boxes = non_dominated_boxes(&[[2.0, 1.0], [1.0, 3.0], [3.0, 3.0]], &[4.0, 4.0]).unwrap();
    let strip =
        |left, right, ceiling| Cuboid { lower: vec![left, f64::NEG_INFINITY], upper: vec![right, ceiling] };
    let expected = [strip(f64::NEG_INFINITY, 1.0, 4.0), strip(1.0, 2.0, 3.0), strip(2.0, 4.0, 1.0)];
    assert_eq!(boxes, expected);
}
