//! The space against its promises, its authors' counts and, where it is there, the published table.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;

use super::*;
use crate::space::{SpaceSpec, check_space};

const BENCHMARK: Skeleton =
    Skeleton { channels: 16, cells_per_stage: 5, input: [3, 32, 32], classes: 10, nodes: Nodes::Four };
const SMALL: Skeleton = Skeleton { nodes: Nodes::Three, ..BENCHMARK };
/// Functions of cells with three nodes: nothing; 4 of one operation; 9 of two in a row; 10 sums of two operations (in any
/// order); 36 of an operation and two in a row.
const DISTINCT_OF_THREE: usize = 60;

fn space() -> NasBench201 {
    NasBench201::new(BENCHMARK)
}

#[test]
fn keeps_the_promises_of_a_space() {
    check_space(&space(), 500);
}

#[test]
fn speaks_the_benchmarks_notation() {
    let text =
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|";
    let architecture = space().decode(text).unwrap();
    assert_eq!(architecture.genes(), [4, 2, 1, 2, 1, 1]);
    assert_eq!(space().encode(&architecture), text);
}

#[test]
fn equal_functions_have_one_canonical_form() {
    let canonical = |genes: [u32; 6]| space().canonical(&Architecture::new(genes.to_vec()));
    // A convolution whose output goes nowhere costs nothing once it is recognised.
    assert_eq!(canonical([3, 0, 0, 1, 0, 0]), canonical([0, 0, 0, 1, 0, 0]));
    // The same convolution reached by 0→1→3 or by 0→3.
    assert_eq!(canonical([3, 0, 0, 0, 1, 0]), canonical([0, 0, 0, 3, 0, 0]));
    // All that carry nothing are one.
    assert_eq!(canonical([3, 3, 3, 0, 0, 0]), canonical([0; 6]));
    assert_ne!(canonical([3, 0, 0, 0, 1, 0]), canonical([2, 0, 0, 0, 1, 0]));
    // conv(x) + conv(x): two convolutions are not one used twice.
    assert_ne!(canonical([3, 0, 0, 3, 1, 0]), canonical([3, 0, 1, 0, 1, 1]));
}

#[test]
fn counts_of_distinct_cells() {
    let space = space();
    let forms: BTreeSet<_> = space.enumerate().map(|a| space.canonical(&a)).collect();
    let dead = space.enumerate().filter(|a| !space.trainable(a)).count();
    assert_eq!(space.enumerate().count(), 15_625);
    assert_eq!(dead, 341, "cells without an input-output path");
    assert_eq!(forms.len(), 5_260, "functions, as `function_of` tells them apart");
}

#[test]
fn parameters_and_flops_are_the_tables() {
    let Some(mut reader) = benchmark_table() else {
        println!("skipped: the NAS-Bench-201 table is not here (set CENAS_DATA)");
        return;
    };
    let mut rows = 0;
    for record in reader.records() {
        let record = record.unwrap();
        let architecture = space().decode(&record[1]).unwrap();
        let cost = space().network_cost(&architecture);
        assert_eq!(
            (cost.flops.to_string(), cost.parameters.to_string()),
            (record[8].into(), record[9].into())
        );
        rows += 1;
    }
    assert_eq!(rows, 15_625);
}

#[test]
fn a_cell_of_three_nodes_keeps_the_promises_too() {
    let space = NasBench201::new(SMALL);
    check_space(&space, 500);
    let forms: BTreeSet<_> = space.enumerate().map(|a| space.canonical(&a)).collect();
    let dead = space.enumerate().filter(|a| !space.trainable(a)).count();
    // Dead: nothing on 0→2, and nothing on 0→1 or on 1→2.
    assert_eq!((space.size(), dead, forms.len()), (Some(125), 9, DISTINCT_OF_THREE));
    let text = "|nor_conv_3x3~0|+|skip_connect~0|avg_pool_3x3~1|";
    let cell = space.decode(text).unwrap();
    assert_eq!((cell.genes(), space.encode(&cell).as_str()), ([3, 1, 4].as_slice(), text));
    assert!(space.decode("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|").is_err(), "a cell of four");
}

/// An independent way to the same cells: each is one of four nodes whose last is handed on.
#[test]
fn cells_of_three_nodes_are_cells_of_four() {
    let (small, large) =
        (NasBench201::new(SMALL), NasBench201::new(Skeleton { nodes: Nodes::Four, ..SMALL }));
    let embedded = |cell: &Architecture| {
        let genes = cell.genes();
        Architecture::new([genes, &[0, 0, 1]].concat())
    };
    let function = |cell: &Architecture| large.canonical(&embedded(cell));
    for cell in small.enumerate() {
        assert_eq!(NasBench201::operations(&cell), NasBench201::operations(&embedded(&cell)));
        assert_eq!(small.cost(&cell), large.cost(&embedded(&cell)));
        assert_eq!(small.trainable(&cell), large.trainable(&embedded(&cell)));
        assert_eq!(function(&cell), function(&small.canonical(&cell)), "{cell:?}");
        assert_eq!(large.executed(&embedded(&cell)).genes()[..3], *small.executed(&cell).genes());
    }
    let functions: BTreeSet<_> = small.enumerate().map(|cell| function(&cell)).collect();
    assert_eq!(functions.len(), DISTINCT_OF_THREE);
}

#[test]
fn where_no_nodes_are_written_there_are_four() {
    let written = serde_json::to_string(&SpaceSpec::NasBench201(BENCHMARK)).unwrap();
    assert!(!written.contains("nodes"), "as before there was a choice: {written}");
    assert_eq!(serde_json::from_str::<SpaceSpec>(&written).unwrap(), SpaceSpec::NasBench201(BENCHMARK));
    let small = serde_json::to_string(&SMALL).unwrap();
    assert_eq!(serde_json::from_str::<Skeleton>(&small).unwrap(), SMALL);
    let wrong = serde_json::from_str::<Skeleton>(&small.replace("\"nodes\":3", "\"nodes\":9")).unwrap_err();
    assert!(wrong.to_string().contains("3 or 4 nodes, not 9"), "{wrong}");
}

fn benchmark_table() -> Option<csv::Reader<Box<dyn Read>>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = std::env::var_os("CENAS_DATA").map_or(beside, PathBuf::from);
    let file = std::fs::File::open(data.join("nb201/nb201_cifar10.csv.gz")).ok()?;
    Some(csv::Reader::from_reader(Box::new(flate2::read::GzDecoder::new(file))))
}
