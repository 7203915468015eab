//! The hindsight oracle for choice: the cheapest set of full trainings that reaches a hypervolume. It knows every result beforehand; what
//! it needs, no search can undercut.
//!
//! Sorted by energy per inference with rising accuracy, a set is a path, its hypervolume Σ aᵢ (eᵢ₊₁ − eᵢ) a sum over the path's steps and
//! its cost a sum over its cells. The cheapest path is found by labels (hypervolume, cost) from cell to cell. A label is dropped when
//! another at the same cell is no worse in both, or when even the best completion costs as much as a set known already: for any price p of
//! hypervolume, completing costs at least p · (what is missing) − max over completions of (p · its hypervolume − its cost), and that
//! maximum is a longest path, known for each cell and several prices. No label is dropped otherwise: the result is the optimum.

use crate::table::{CellId, Level, Table};

/// Prices tried, from the cheapest hypervolume to the dearest: more of them drop more labels.
const PRICES: usize = 48;

#[derive(Debug, Clone, Copy)]
struct Cell {
    id: CellId,
    accuracy: f64,
    energy_mj: f64,
    /// Seconds of an epoch: what training costs, up to a factor.
    cost: f64,
}

#[derive(Debug, Clone, Copy)]
struct Label {
    /// Up to the energy of its cell.
    hypervolume: f64,
    cost: f64,
    /// Cell and place among its labels.
    from: Option<(usize, usize)>,
}

/// The cells whose full trainings reach `hypervolume` with the least training time, in the order of their energy; none where all cells
/// together don't.
pub fn cheapest_set(table: &dyn Table, hypervolume: f64) -> Option<Vec<CellId>> {
    cheapest(&useful(table), table.reference_mj(), hypervolume)
}

/// Of cells in the order of their energy.
fn cheapest(cells: &[Cell], end_mj: f64, hypervolume: f64) -> Option<Vec<CellId>> {
    let prices = prices(cells, end_mj);
    let completions: Vec<Completion> =
        prices.iter().map(|&price| Completion::of(cells, end_mj, price)).collect();
    let known = completions.iter().filter(|one| one.hypervolume >= hypervolume);
    let all: f64 = cells.iter().map(|cell| cell.cost).sum();
    let mut least = known.map(|one| one.cost).fold(all, f64::min) * (1.0 + 1e-12);
    let bound = |at: usize, label: &Label| {
        let missing = hypervolume - label.hypervolume;
        let at_price = |one: &Completion| one.price * missing - one.best[at];
        completions.iter().map(at_price).fold(0.0, f64::max) + label.cost
    };
    let mut labels: Vec<Vec<Label>> = vec![Vec::new(); cells.len()];
    let mut best = None;
    for at in 0..cells.len() {
        let cell = cells[at];
        let mut arriving = vec![Label { hypervolume: 0.0, cost: cell.cost, from: None }];
        for (before, known) in labels.iter().enumerate().take(at) {
            if cells[before].accuracy < cell.accuracy {
                let step = cells[before].accuracy * (cell.energy_mj - cells[before].energy_mj);
                let onward = |(place, label): (usize, &Label)| Label {
                    hypervolume: label.hypervolume + step,
                    cost: label.cost + cell.cost,
                    from: Some((before, place)),
                };
                arriving.extend(known.iter().enumerate().map(onward));
            }
        }
        arriving.retain(|label| bound(at, label) <= least);
        labels[at] = undominated(arriving);
        for (place, label) in labels[at].iter().enumerate() {
            let reached = label.hypervolume + cell.accuracy * (end_mj - cell.energy_mj);
            if reached >= hypervolume && label.cost <= least {
                (least, best) = (label.cost, Some((at, place)));
            }
        }
    }
    let mut set = Vec::new();
    let mut next = Some(best?);
    while let Some((at, place)) = next {
        set.push(cells[at].id);
        next = labels[at][place].from;
    }
    set.reverse();
    Some(set)
}

/// Cells that no other one is at least as good as in accuracy, energy and cost, by energy.
fn useful(table: &dyn Table) -> Vec<Cell> {
    let cell = |id: CellId| {
        let row = table.row(id);
        let accuracy = row.accuracy_percent(Level::Full);
        Cell { id, accuracy, energy_mj: row.energy_mj, cost: row.epoch_s }
    };
    let all: Vec<Cell> =
        table.cells().map(cell).filter(|cell| cell.energy_mj < table.reference_mj()).collect();
    let points: Vec<[f64; 3]> = all.iter().map(|cell| [-cell.accuracy, cell.energy_mj, cell.cost]).collect();
    let places = moo::non_dominated(&points).expect("tables hold numbers only");
    let mut cells: Vec<Cell> = places.into_iter().map(|place| all[place]).collect();
    cells.sort_by(|a, b| a.energy_mj.total_cmp(&b.energy_mj).then(a.accuracy.total_cmp(&b.accuracy)));
    cells
}

/// Labels that no other has both more hypervolume and less cost than.
fn undominated(mut labels: Vec<Label>) -> Vec<Label> {
    labels.sort_by(|a, b| a.cost.total_cmp(&b.cost).then(b.hypervolume.total_cmp(&a.hypervolume)));
    let mut most = f64::NEG_INFINITY;
    labels.retain(|label| {
        let is_better = label.hypervolume > most;
        most = most.max(label.hypervolume);
        is_better
    });
    labels
}

/// What a unit of hypervolume may cost, geometrically spaced: from what one cell alone gets it for to a millionth of all.
fn prices(cells: &[Cell], end_mj: f64) -> Vec<f64> {
    let price = |cell: &Cell| cell.cost / (cell.accuracy * (end_mj - cell.energy_mj)).max(f64::MIN_POSITIVE);
    let least = cells.iter().map(price).fold(f64::INFINITY, f64::min);
    let rise = 1e6_f64.powf(1.0 / PRICES as f64);
    (0..PRICES).map(|step| least * rise.powi(step as i32)).collect()
}

/// The best completions from each cell at one price of hypervolume.
#[derive(Debug)]
struct Completion {
    price: f64,
    /// By cell: the most of price · hypervolume − cost over all completions, its own cost not counted.
    best: Vec<f64>,
    /// Of the best set at this price.
    hypervolume: f64,
    cost: f64,
}

impl Completion {
    fn of(cells: &[Cell], end_mj: f64, price: f64) -> Self {
        let mut best: Vec<f64> = Vec::new();
        // Hypervolume and cost of the best completion, from the last cell back to the first.
        let mut totals: Vec<(f64, f64)> = Vec::new();
        best.resize(cells.len(), 0.0);
        totals.resize(cells.len(), (0.0, 0.0));
        for at in (0..cells.len()).rev() {
            let cell = cells[at];
            let ending = cell.accuracy * (end_mj - cell.energy_mj);
            (best[at], totals[at]) = (price * ending, (ending, 0.0));
            for after in at + 1..cells.len() {
                let next = cells[after];
                let step = cell.accuracy * (next.energy_mj - cell.energy_mj);
                let worth = price * step - next.cost + best[after];
                if next.accuracy > cell.accuracy && worth > best[at] {
                    best[at] = worth;
                    totals[at] = (totals[after].0 + step, totals[after].1 + next.cost);
                }
            }
        }
        let worth = |at: &usize| best[*at] - cells[*at].cost;
        let first = (0..cells.len()).max_by(|a, b| worth(a).total_cmp(&worth(b)));
        let (hypervolume, cost) =
            first.map_or((0.0, 0.0), |at| (totals[at].0, totals[at].1 + cells[at].cost));
        Self { price, best, hypervolume, cost }
    }
}

#[cfg(test)]
mod tests {
    use common::seed::Seed;
    use rand::RngExt;

    use super::*;

    const END_MJ: f64 = 50.0;

    fn hypervolume(cells: &[Cell]) -> f64 {
        let points: Vec<[f64; 2]> = cells.iter().map(|cell| [-cell.accuracy, cell.energy_mj]).collect();
        moo::hypervolume(&points, &[0.0, END_MJ]).unwrap()
    }

    fn cost(cells: &[Cell]) -> f64 {
        cells.iter().map(|cell| cell.cost).sum()
    }

    #[test]
    fn no_subset_is_cheaper() {
        const COUNT: usize = 10;
        for seed in 0..40 {
            let mut rng = Seed(seed).stream("choice", 0);
            let mut cell = |id: usize| Cell {
                id: CellId(id as u32),
                accuracy: rng.random_range(10.0..95.0),
                energy_mj: rng.random_range(2.0..45.0),
                cost: rng.random_range(5.0..25.0),
            };
            let mut cells: Vec<Cell> = (0..COUNT).map(&mut cell).collect();
            cells.sort_by(|a, b| a.energy_mj.total_cmp(&b.energy_mj));
            let wanted = (0.9 + 0.0025 * seed as f64) * hypervolume(&cells);
            let subset = |bits: usize| -> Vec<Cell> {
                (0..COUNT).filter(|place| bits >> place & 1 == 1).map(|place| cells[place]).collect()
            };
            let reaching = (0..1_usize << COUNT).map(subset).filter(|set| hypervolume(set) >= wanted);
            let least = reaching.map(|set| cost(&set)).fold(f64::INFINITY, f64::min);
            let chosen = cheapest(&cells, END_MJ, wanted).expect("all together reach it");
            let chosen: Vec<Cell> = cells.iter().filter(|cell| chosen.contains(&cell.id)).copied().collect();
            assert!(hypervolume(&chosen) >= wanted * (1.0 - 1e-12), "seed {seed}");
            assert!((cost(&chosen) - least).abs() < 1e-9, "seed {seed}: {} against {least}", cost(&chosen));
        }
    }
}
