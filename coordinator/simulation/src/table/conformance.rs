//! What every table owes its users: run it over each new one.

use std::collections::BTreeSet;

use super::{Level, Table};

/// Panics with the offending cell where `table` breaks a promise of the trait.
pub fn check_table(table: &dyn Table) {
    let space = table.space();
    assert!(!table.rows().is_empty(), "a table without rows is no world");
    assert_eq!(
        space.name(),
        table.space_spec().build().name(),
        "both ways to the space lead to the same one"
    );
    let (short, full) = table.epochs();
    assert!(0 < short && short < full, "a short training of {short} epochs beside a full one of {full}");
    let reference = table.reference_mj();
    assert!(reference.is_finite() && reference > 0.0, "the reference point is finite: {reference} mJ");

    let mut seen = BTreeSet::new();
    for cell in table.cells() {
        let row = table.row(cell);
        space.check(&row.architecture).unwrap_or_else(|error| panic!("cell {cell}: {error}"));
        assert!(seen.insert(&row.architecture), "cell {cell} repeats an architecture");
        assert_eq!(table.find(&row.architecture), Some(cell), "an architecture is found where it stands");
        for level in Level::ALL {
            let accuracy = row.accuracy_percent(level);
            assert!((0.0..=100.0).contains(&accuracy), "cell {cell} has {accuracy} % at {level:?}");
            let [error, energy] = row.objectives(level);
            assert!((error + accuracy - 100.0).abs() < 1e-9 && energy == row.energy_mj, "cell {cell}");
        }
        assert!(row.epoch_s.is_finite() && row.epoch_s > 0.0, "cell {cell}: {} s an epoch", row.epoch_s);
        let inside = row.energy_mj > 0.0 && row.energy_mj <= reference;
        assert!(inside, "cell {cell}: {} mJ, beyond the reference {reference}", row.energy_mj);
        assert_eq!(row.is_dead, !space.trainable(&row.architecture), "cell {cell} is dead or it is not");
    }
    check_dead(table);
    check_front(table);
}

/// Cells without a path share one accuracy, that of a guess, and nothing trained to the end is useless by name alone.
fn check_dead(table: &dyn Table) {
    let mut dead = table.rows().iter().filter(|row| row.is_dead).map(|row| row.accuracy_percent(Level::Full));
    if let Some(first) = dead.next() {
        assert!(dead.all(|accuracy| accuracy == first), "dead cells guess, all alike");
        let best = table.rows().iter().map(|row| row.accuracy_percent(Level::Full)).fold(0.0, f64::max);
        assert!(best > first, "the best cell ({best} %) is better than a guess ({first} %)");
    }
}

/// The archive agrees with the textbook sum over the staircase, and no cell lies beyond it.
fn check_front(table: &dyn Table) {
    let front = table.whole_front();
    let mut steps: Vec<[f64; 2]> =
        front.members().iter().map(|member| [member.objectives[1], 100.0 - member.objectives[0]]).collect();
    steps.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let ends = steps.iter().skip(1).map(|step| step[0]).chain([table.reference_mj()]);
    let area: f64 = steps.iter().zip(ends).map(|([energy, accuracy], end)| accuracy * (end - energy)).sum();
    let found = front.hypervolume();
    assert!((found - area).abs() <= 1e-9 * area, "the archive says {found}, the staircase {area}");
    assert!(found > 0.0 && found <= 100.0 * table.reference_mj(), "{found} is no share of the box");
    for cell in table.cells() {
        let beyond = front.gain(&table.row(cell).objectives(Level::Full)).expect("numbers");
        assert!(beyond <= 0.0, "cell {cell} would add {beyond} to the front of all");
    }
}
