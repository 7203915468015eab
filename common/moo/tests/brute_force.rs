//! Every algorithm against the definition, on small integer grids so that ties, copies and points on the reference
//! are common rather than never met.

use moo::{Error, Front, Insertion, contributions, crowding_distances, dominance_numbers, dominates};
use moo::{hypervolume, non_dominated, ranks};
use proptest::prelude::*;

/// Points with whole coordinates 0..=side in `m` objectives.
fn grids(m: usize, side: u32, most: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    let coordinate = (0..=side).prop_map(f64::from);
    prop::collection::vec(prop::collection::vec(coordinate, m), 0..=most)
}

/// Two to five objectives.
fn sets() -> impl Strategy<Value = Vec<Vec<f64>>> {
    prop_oneof![grids(1, 6, 8), grids(2, 8, 40), grids(3, 6, 30), grids(4, 4, 16), grids(5, 3, 9)]
}

/// Counts unit cells of `[0, side]^m` whose lower corner some point weakly dominates: exact for whole coordinates.
fn volume_by_counting(points: &[Vec<f64>], side: u32, m: usize) -> f64 {
    let cells = u64::from(side).pow(m as u32);
    let covered = (0..cells).filter(|&cell| {
        let mut rest = cell;
        let corner: Vec<f64> = (0..m)
            .map(|_| {
                let digit = rest % u64::from(side);
                rest /= u64::from(side);
                digit as f64
            })
            .collect();
        points.iter().any(|point| point.iter().zip(&corner).all(|(p, c)| p <= c))
    });
    covered.count() as f64
}

/// Inclusion and exclusion over all subsets: exponential, and sharing no idea with the sweeps.
fn volume_by_inclusion(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    let mut total = 0.0;
    for subset in 1_u32..1 << points.len() {
        let meet = |objective: usize| {
            let chosen = points.iter().enumerate().filter(|(index, _)| subset >> index & 1 == 1);
            chosen.map(|(_, point)| point[objective]).fold(f64::NEG_INFINITY, f64::max)
        };
        let common: f64 = reference
            .iter()
            .enumerate()
            .map(|(objective, bound)| (bound - meet(objective)).max(0.0))
            .product();
        total += if subset.count_ones() % 2 == 1 { common } else { -common };
    }
    total
}

fn naive_non_dominated(points: &[Vec<f64>]) -> Vec<usize> {
    (0..points.len()).filter(|&i| !points.iter().any(|other| dominates(other, &points[i]))).collect()
}

fn naive_ranks(points: &[Vec<f64>]) -> Vec<usize> {
    let mut ranks = vec![usize::MAX; points.len()];
    for rank in 0..points.len() {
        let left: Vec<usize> = (0..points.len()).filter(|&i| ranks[i] == usize::MAX).collect();
        let layer: Vec<usize> = left
            .iter()
            .copied()
            .filter(|&i| !left.iter().any(|&j| dominates(&points[j], &points[i])))
            .collect();
        for index in layer {
            ranks[index] = rank;
        }
    }
    ranks
}

proptest! {
    #[test]
    fn dominance_numbers_count_dominators(points in sets()) {
        let counted: Vec<usize> =
            points.iter().map(|p| points.iter().filter(|q| dominates(q, p)).count()).collect();
        prop_assert_eq!(dominance_numbers(&points).unwrap(), counted);
    }

    #[test]
    fn the_filter_and_the_layers_follow_the_definition(points in sets()) {
        prop_assert_eq!(non_dominated(&points).unwrap(), naive_non_dominated(&points));
        prop_assert_eq!(ranks(&points).unwrap(), naive_ranks(&points));
    }

    #[test]
    fn hypervolume_counts_cells(points in prop_oneof![grids(1, 6, 8), grids(2, 6, 30), grids(3, 6, 30), grids(4, 6, 16), grids(5, 6, 9)]) {
        let Some(m) = points.first().map(Vec::len) else { return Ok(()) };
        let reference = vec![5.0; m];
        prop_assert_eq!(hypervolume(&points, &reference).unwrap(), volume_by_counting(&points, 5, m));
    }

    #[test]
    fn hypervolume_agrees_with_inclusion_and_exclusion(
        m in 1_usize..=6,
        values in prop::collection::vec(0.0..1.2_f64, 6 * 9),
    ) {
        let points: Vec<Vec<f64>> = values.chunks(6).map(|row| row[..m].to_vec()).collect();
        let reference = vec![1.0; m];
        let exact = volume_by_inclusion(&points, &reference);
        prop_assert!((hypervolume(&points, &reference).unwrap() - exact).abs() < 1e-12);
    }

    #[test]
    fn a_contribution_is_what_the_volume_loses(points in sets()) {
        let Some(m) = points.first().map(Vec::len) else { return Ok(()) };
        let reference = vec![3.0; m];
        let whole = hypervolume(&points, &reference).unwrap();
        for (index, contribution) in contributions(&points, &reference).unwrap().into_iter().enumerate() {
            let mut without = points.clone();
            without.remove(index);
            prop_assert_eq!(contribution, whole - hypervolume(&without, &reference).unwrap());
        }
    }

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
}

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

#[test]
fn crowding_by_hand() {
    let points = [[0.0, 4.0], [1.0, 2.0], [2.0, 1.0], [4.0, 0.0]];
    let distances = crowding_distances(&points).unwrap();
    assert_eq!(distances, [f64::INFINITY, 2.0 / 4.0 + 3.0 / 4.0, 3.0 / 4.0 + 2.0 / 4.0, f64::INFINITY]);
    assert_eq!(crowding_distances(&[[1.0, 1.0]; 3]).unwrap(), [f64::INFINITY, 0.0, f64::INFINITY]);
}
