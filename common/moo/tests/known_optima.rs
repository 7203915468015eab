//! Hypervolumes that somebody else knows: closed forms of test problems and lattices, another implementation's figures,
//! and a real table's recorded history.

mod oracle;

use std::fs::File;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use moo::problem::{BraninCurrin, Dtlz2, Problem, Zdt1, Zdt2};
use moo::{Front, contributions, hypervolume, non_dominated, ranks};

use oracle::{assert_close, sphere};

/// A dense grid over the first `free` decisions; `others` is where the rest must stand to reach the front.
fn front_of(problem: &impl Problem, free: usize, others: f64, steps: usize) -> Vec<Vec<f64>> {
    let cells = (steps + 1).pow(free as u32);
    (0..cells)
        .map(|cell| {
            let mut decisions = vec![others; problem.decisions()];
            let mut rest = cell;
            for decision in decisions.iter_mut().take(free) {
                *decision = (rest % (steps + 1)) as f64 / steps as f64;
                rest /= steps + 1;
            }
            problem.evaluate(&decisions)
        })
        .collect()
}

/// A dense sample of the front must come close to the known maximum from below.
fn check(problem: &impl Problem, front: &[Vec<f64>], share: f64) {
    let reached = hypervolume(front, &problem.reference()).unwrap() / problem.maximum_hypervolume();
    assert!((share..=1.0 + 1e-9).contains(&reached), "{} reaches {reached}", problem.name());
}

#[test]
fn zdt_fronts() {
    for decisions in [1, 2, 30] {
        let (convex, concave) = (Zdt1 { decisions }, Zdt2 { decisions });
        check(&convex, &front_of(&convex, 1, 0.0, 4000), 0.999);
        check(&concave, &front_of(&concave, 1, 0.0, 4000), 0.999);
    }
    assert!(Zdt1 { decisions: 3 }.evaluate(&[0.25, 0.5, 0.0])[1] > 0.5);
}

#[test]
fn dtlz2_fronts_in_two_to_five_objectives() {
    for (objectives, steps, share) in [(2, 2000, 0.999), (3, 60, 0.98), (4, 8, 0.85), (5, 4, 0.6)] {
        let sphere = Dtlz2 { decisions: objectives + 4, objectives };
        let front = front_of(&sphere, objectives - 1, 0.5, steps);
        check(&sphere, &front, share);
        for point in &front {
            let norm: f64 = point.iter().map(|x| x * x).sum();
            assert!((norm - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn branin_currin_on_a_fine_grid() {
    let mut grid = front_of(&BraninCurrin, 2, 0.0, 1000);
    let front = non_dominated(&grid).unwrap();
    grid = front.into_iter().map(|index| grid[index].clone()).collect();
    check(&BraninCurrin, &grid, 0.995);
}

#[test]
fn three_objectives_by_hand() {
    // Three bars of two unit cells each, 2 × 1 × 1, that share the one cell at the reference's corner: 3 · 2 - 2.
    let points = [[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]];
    assert_eq!(hypervolume(&points, &[2.0, 2.0, 2.0]), Ok(4.0));
}

/// Of the lattice `{i / H : Σ i_k = H}` with the reference `(H + 1) / H`, a cell is covered unless its indices add up to
/// less than `H`: `((H + 1)^m - C(H + m - 1, m)) / H^m`. Almost every coordinate is tied.
#[test]
fn lattices_on_the_simplex() {
    for (m, divisions) in [(1, 9), (2, 60), (3, 20), (4, 9), (5, 6), (6, 5), (7, 4), (8, 3), (9, 2)] {
        let points: Vec<Vec<f64>> = lattice(m, divisions)
            .into_iter()
            .map(|row| row.into_iter().map(|index| f64::from(index) / f64::from(divisions)).collect())
            .collect();
        let side = f64::from(divisions);
        let uncovered: f64 = (0..m).map(|k| (side + k as f64) / (k + 1) as f64).product();
        let expected = ((side + 1.0).powi(m as i32) - uncovered) / side.powi(m as i32);
        let found = hypervolume(&points, &vec![(side + 1.0) / side; m]).unwrap();
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} instead of {expected} in {m} objectives");
        assert_eq!(non_dominated(&points).unwrap().len(), points.len());
    }
}

/// All rows of `m` whole numbers with this sum.
fn lattice(m: usize, sum: u32) -> Vec<Vec<u32>> {
    if m == 1 {
        return vec![vec![sum]];
    }
    let rest = |first: u32| lattice(m - 1, sum - first).into_iter().map(move |row| (first, row));
    (0..=sum).flat_map(rest).map(|(first, row)| std::iter::once(first).chain(row).collect()).collect()
}

/// What moocore 0.3.2 (https://multi-objective.github.io/moocore) finds in the points of `oracle::sphere`: their
/// hypervolume within 1.1, the largest and the sum of their contributions; and of the same points, each moved away from
/// the origin by 0.06 times its place modulo 5, the sum of the ranks and the hypervolume.
#[test]
fn figures_of_another_implementation() {
    let recorded = [
        (2, 500, 0.4227540639285415, 0.00022526490839208137, 0.001541210075383437, 1000, 0.4162025185770506),
        (3, 500, 0.7668620747279685, 0.0014859954417430403, 0.027480085635587653, 881, 0.6952687880998717),
        (4, 500, 1.0080524999141196, 0.0045646473832767764, 0.07561904582234491, 539, 0.8645195567899961),
        (5, 200, 1.020576676884377, 0.00862951766809883, 0.1427181452273414, 133, 0.7968748456061204),
        (6, 80, 0.9411351280884039, 0.014821757647195177, 0.20464329244766122, 28, 0.6167604187575465),
        (7, 40, 0.8407726813593173, 0.027141126977689334, 0.25530553835500114, 5, 0.4688328478438457),
        (8, 25, 0.7265258125203973, 0.0366014672018411, 0.252916108348335, 5, 0.40710842839644285),
    ];
    for (m, n, volume, largest, sum, rank_sum, moved_volume) in recorded {
        let (mut points, reference) = (sphere(n, m), vec![1.1; m]);
        assert_close(hypervolume(&points, &reference).unwrap(), volume, 1e-12);
        let parts = contributions(&points, &reference).unwrap();
        assert_close(parts.iter().copied().fold(0.0, f64::max), largest, 1e-12);
        assert_close(parts.iter().sum(), sum, 1e-12);
        for (index, point) in points.iter_mut().enumerate() {
            point.iter_mut().for_each(|value| *value += (index % 5) as f64 * 0.06);
        }
        assert_eq!(ranks(&points).unwrap().iter().sum::<usize>(), rank_sum, "{m} objectives");
        assert_close(hypervolume(&points, &reference).unwrap(), moved_volume, 1e-12);
    }
}

#[test]
fn the_recorded_history_of_a_real_table() {
    let Some(data) = data_folder() else { return };
    let table = error_and_energy(&data);
    let reference = [100.0, 50.0];
    let whole = hypervolume(&table, &reference).unwrap();
    assert!((whole - 4155.42).abs() < 0.005, "NAS-Bench-201's maximum is {whole}");

    let golden: serde_json::Value =
        serde_json::from_reader(File::open(data.join("golden/g0_hv.json")).expect("g0_hv.json")).unwrap();
    assert!((whole - golden["hvmax"].as_f64().unwrap()).abs() < 1e-6);

    let mut front = Front::new(&reference).unwrap();
    let cells = golden["cells"].as_array().unwrap().iter().map(|cell| cell.as_u64().unwrap() as usize);
    let after = golden["hv_after"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap());
    for (cell, expected) in cells.zip(after) {
        front.insert(&table[cell], cell).unwrap();
        assert!((front.hypervolume() - expected).abs() < 1e-6, "after cell {cell}");
    }

    let mut optimum: Vec<u64> = non_dominated(&table).unwrap().into_iter().map(|cell| cell as u64).collect();
    let mut recorded: Vec<u64> =
        golden["pareto_cells"].as_array().unwrap().iter().map(|cell| cell.as_u64().unwrap()).collect();
    optimum.sort_unstable();
    recorded.sort_unstable();
    assert_eq!(optimum, recorded);
}

/// `[15625, 2]`: test error in per cent, energy in millijoules.
fn error_and_energy(data: &std::path::Path) -> Vec<[f64; 2]> {
    let file = File::open(data.join("nb201/nb201_cifar10.csv.gz")).expect("nb201_cifar10.csv.gz");
    let mut reader = csv::Reader::from_reader(GzDecoder::new(file));
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|title| title == name).expect("a column of the table");
    let (accuracy, energy) = (column("test_acc_200"), column("edgegpu_energy_mj"));
    let number = |text: &str| text.parse::<f64>().expect("a number");
    reader
        .records()
        .map(|row| row.map(|row| [100.0 - number(&row[accuracy]), number(&row[energy])]).unwrap())
        .collect()
}

/// The folder of benchmark tables, which are not part of the project.
fn data_folder() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("CENAS_DATA").map(PathBuf::from).unwrap_or(beside);
    if folder.join("nb201").is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no benchmark tables in {} (set CENAS_DATA)", folder.display());
    None
}
