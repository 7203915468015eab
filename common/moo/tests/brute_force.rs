//! Every algorithm against the definition.

mod oracle;

use moo::{
    contributions, crowding_distances, dominance_numbers, dominates, hypervolume, non_dominated, ranks,
};
use proptest::prelude::*;

use oracle::{assert_close, volume_by_counting, volume_by_inclusion, volume_by_slices};
use oracle::{clouds, contributions_by_removal, grids, naive_non_dominated, naive_ranks, sets};

fn count_dominators(points: &[Vec<f64>]) -> Vec<usize> {
    points.iter().map(|p| points.iter().filter(|q| dominates(q, p)).count()).collect()
}

proptest! {
    #[test]
    fn dominance_numbers_count_dominators(points in sets()) {
        prop_assert_eq!(dominance_numbers(&points).unwrap(), count_dominators(&points));
    }

    #[test]
    fn the_filter_and_the_layers_follow_the_definition(points in sets()) {
        prop_assert_eq!(non_dominated(&points).unwrap(), naive_non_dominated(&points));
        prop_assert_eq!(ranks(&points).unwrap(), naive_ranks(&points));
    }

    #[test]
    fn so_do_they_where_ties_are_rare(points in clouds(1_usize..=6, 60)) {
        prop_assert_eq!(dominance_numbers(&points).unwrap(), count_dominators(&points));
        prop_assert_eq!(non_dominated(&points).unwrap(), naive_non_dominated(&points));
        prop_assert_eq!(ranks(&points).unwrap(), naive_ranks(&points));
    }

    #[test]
    fn hypervolume_counts_cells(points in prop_oneof![
        grids(1, 6, 8), grids(2, 6, 30), grids(3, 6, 30), grids(4, 6, 16), grids(5, 6, 9),
    ]) {
        let Some(m) = points.first().map(Vec::len) else { return Ok(()) };
        let reference = vec![5.0; m];
        prop_assert_eq!(hypervolume(&points, &reference).unwrap(), volume_by_counting(&points, 5, m));
    }

    #[test]
    fn hypervolume_counts_cells_of_many_objectives(points in prop_oneof![
        grids(6, 3, 20), grids(7, 3, 16), grids(8, 3, 12), grids(9, 3, 8),
    ]) {
        let Some(m) = points.first().map(Vec::len) else { return Ok(()) };
        prop_assert_eq!(hypervolume(&points, &vec![2.0; m]).unwrap(), volume_by_counting(&points, 2, m));
    }

    #[test]
    fn hypervolume_agrees_with_inclusion_and_exclusion(points in clouds(1_usize..=9, 9)) {
        let reference = vec![1.0; points[0].len()];
        let exact = volume_by_inclusion(&points, &reference);
        prop_assert!((hypervolume(&points, &reference).unwrap() - exact).abs() < 1e-12);
    }

    #[test]
    fn hypervolume_agrees_with_slices(points in clouds(2_usize..=5, 24)) {
        let reference = vec![1.0; points[0].len()];
        assert_close(hypervolume(&points, &reference).unwrap(), volume_by_slices(&points, &reference), 1e-12);
    }

    #[test]
    fn a_contribution_is_what_the_volume_loses(points in sets()) {
        let Some(m) = points.first().map(Vec::len) else { return Ok(()) };
        for bound in [3.0, 2.0] {
            let reference = vec![bound; m];
            let volume = |points: &[Vec<f64>]| hypervolume(points, &reference).unwrap();
            let lost = contributions_by_removal(&points, volume);
            prop_assert_eq!(contributions(&points, &reference).unwrap(), lost);
        }
    }

    #[test]
    fn so_it_is_where_ties_are_rare(points in clouds(1_usize..=8, 40)) {
        let m = points[0].len();
        let points = if m > 5 { &points[..points.len().min(12)] } else { &points };
        let reference = vec![1.0; m];
        let lost = contributions_by_removal(points, |points| hypervolume(points, &reference).unwrap());
        for (found, lost) in contributions(points, &reference).unwrap().into_iter().zip(lost) {
            prop_assert!((found - lost).abs() < 1e-12, "{} instead of {}", found, lost);
        }
    }
}

#[test]
fn crowding_by_hand() {
    let points = [[0.0, 4.0], [1.0, 2.0], [2.0, 1.0], [4.0, 0.0]];
    let distances = crowding_distances(&points).unwrap();
    assert_eq!(distances, [f64::INFINITY, 2.0 / 4.0 + 3.0 / 4.0, 3.0 / 4.0 + 2.0 / 4.0, f64::INFINITY]);
    assert_eq!(crowding_distances(&[[1.0, 1.0]; 3]).unwrap(), [f64::INFINITY, 0.0, f64::INFINITY]);
}
