//! Tables keep their promises; broken files are refused with what is wrong and where.

mod support;

use std::fmt::Write;

use common::architecture::Architecture;
use common::seed::Seed;
use simulation::sheet::Sheet;
use simulation::table::conformance::check_table;
use simulation::table::{Error, FormulaTable, Level, NasBench201Table, RecordedTable, Table, builtin};

const HEADER: &str =
    "idx,arch,test_acc_12,test_acc_200,train_s_per_epoch,oneshot_acc,fewshot_acc,edgegpu_energy_mj";
const FIRST: &str =
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|";
const SECOND: &str = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";

fn read(text: &str) -> Result<NasBench201Table, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, text).unwrap();
    NasBench201Table::read(&path)
}

/// Asserts that the message of the refusal holds all of `words`.
fn refused(text: &str, words: &[&str]) {
    let message = read(text).expect_err("the file is broken").to_string();
    assert!(words.iter().all(|word| message.contains(word)), "{message} lacks one of {words:?}");
}

fn file(rows: &[&str]) -> String {
    rows.iter().fold(HEADER.to_string(), |mut text, row| {
        write!(text, "\n{row}").unwrap();
        text
    })
}

#[test]
fn the_formula_keeps_the_promises() {
    let table = FormulaTable::new(Seed(1));
    check_table(&table);
    assert_eq!(table.rows().len(), 15_625);
    assert_eq!(table.rows(), FormulaTable::new(Seed(1)).rows(), "one seed, one table");
    assert_ne!(table.rows(), FormulaTable::new(Seed(2)).rows());
    assert_eq!(table.find(&Architecture::new(vec![5; 6])), None, "no such encoding");
    assert_eq!(table.find(&Architecture::new(vec![0; 5])), None);
}

#[test]
fn the_recorded_benchmark_keeps_the_promises() {
    let Some(table) = support::nas_bench_201() else { return };
    check_table(&table);
    let full = |row: &simulation::table::Row| row.accuracy_percent(Level::Full);
    let best = table.rows().iter().map(full).fold(0.0, f64::max);
    assert!((best - 94.3733).abs() < 1e-4, "{best}");
    let skip = table.find(&Architecture::new(vec![1; 6])).expect("all skip");
    assert_eq!(format!("{:.2}", full(table.row(skip))), "54.30");
    let none = table.find(&Architecture::new(vec![0; 6])).expect("all none");
    assert_eq!(full(table.row(none)), 10.0);
    let dead: Vec<_> = table.rows().iter().filter(|row| row.is_dead).collect();
    assert_eq!(dead.len(), 341);
    assert!(dead.iter().all(|row| full(row) == 10.0));
}

#[test]
fn a_missing_column_is_named_beside_those_there_are() {
    refused(&HEADER.replace("fewshot_acc", "few"), &["no column `fewshot_acc`", "idx, arch"]);
    refused("", &["no column `idx`"]);
}

#[test]
fn text_in_numbers_is_shown_with_its_place() {
    let good = format!("0,{FIRST},69.5,85.8,14.4,16.2,21.9,24.2");
    let bad = format!("1,{SECOND},10,much,14.4,10,10,2.5");
    refused(&file(&[&good, &bad]), &["line 3", "`much`", "`test_acc_200`"]);
    refused(
        &file(&[&format!("0,{FIRST},NaN,85.8,14.4,16.2,21.9,24.2")]),
        &["line 2", "`NaN`", "test_acc_12"],
    );
    refused(&file(&[&format!("0,{FIRST},,85.8,14.4,16.2,21.9,24.2")]), &["line 2", "test_acc_12"]);
}

#[test]
fn implausible_figures_are_refused() {
    refused(&file(&[&format!("0,{FIRST},69.5,858,14.4,16.2,21.9,24.2")]), &["858", "0 to 100 %"]);
    refused(&file(&[&format!("0,{FIRST},69.5,85,-1,16.2,21.9,24.2")]), &["-1", "train_s_per_epoch"]);
    refused(&file(&[&format!("0,{FIRST},69.5,85,14,16.2,21.9,inf")]), &["inf", "edgegpu_energy_mj"]);
}

#[test]
fn too_few_rows_repeated_and_misplaced_ones_are_refused() {
    let (first, figures) = (format!("0,{FIRST},69.5,85.8,14.4,16.2,21.9,24.2"), "10,10,14.4,10,10,2.5");
    refused(&file(&[&first]), &["1 rows instead of 15625"]);
    refused(&file(&[&first, &format!("1,{FIRST},{figures}")]), &["line 3", "repetition of cell 0"]);
    refused(&file(&[&first, &format!("7,{SECOND},{figures}")]), &["line 3", "idx is 7 where 1"]);
    refused(&file(&[&format!("0,|foo~0|,{figures}")]), &["line 2", "`|foo~0|`"]);
    refused(&file(&[&format!("0,{FIRST},1,2")]), &["can't be read"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = NasBench201Table::read("/nowhere/table.csv".as_ref()).unwrap_err();
    assert!(error.to_string().contains("/nowhere/table.csv can't be read"), "{error}");
}

#[test]
fn the_table_that_comes_with_the_program_keeps_the_promises() {
    let table = builtin();
    check_table(&table);
    assert_eq!((table.rows().len(), table.epochs(), table.space().size()), (125, (3, 10), Some(125)));
    let mean_full_s = table.mean_epoch_s() * 10.0;
    assert!((mean_full_s - 3600.0).abs() < 36.0, "a mean full training lasts an hour: {mean_full_s} s");
    // It is worth searching: cells differ by much more than the noise of a seed, and rungs tell of them.
    let living: Vec<_> = table.rows().iter().filter(|row| !row.is_dead).collect();
    let full = living.iter().map(|row| row.accuracy_percent(Level::Full));
    let spread = full.clone().fold(0.0, f64::max) - full.fold(100.0, f64::min);
    assert!(spread > 5.0, "{spread} points between the best and the worst");
    assert!(table.whole_front().len() > 3);
    for row in table.rows() {
        let own = table.find(&table.space().canonical(&row.architecture)).expect("every encoding has a row");
        assert_eq!(table.row(own).accuracy_percent, row.accuracy_percent, "one network, one result");
    }
}

#[test]
fn a_sheet_that_says_too_little_for_a_study_is_told_what_it_lacks() {
    const CSV: &str = "cell,acc,short,score,s,mj\n|none~0|+|none~0|none~1|,10,10,10,1,1\n|none~0|+|skip_connect~0|none~1|,80,60,50,2,1.5\n";
    const SPACE: &str =
        "[space]\nkind = \"nas_bench_201\"\ncolumn = \"cell\"\nsettings = [\"space.nodes=3\"]\n";
    const ACCURACY: &str = "[objectives.accuracy]\ncolumn = \"acc\"\ndirection = \"max\"\n";
    const LENGTHS: &str =
        "[[fidelities]]\nepochs = 2\ncolumns = { accuracy = \"short\" }\n[[fidelities]]\nepochs = 9\n";
    const WORLD: &str = "[simulation]\ntime_scale = 10.0\nreference_mj = 2.0\nepoch_seconds = \"s\"\nenergy = \"mj\"\none_shot = \"score\"\n";
    let read = |parts: &[&str]| {
        Sheet::parse("t.csv", CSV, &parts.concat()).and_then(|sheet| RecordedTable::of(&sheet))
    };
    let table = read(&[SPACE, ACCURACY, LENGTHS, WORLD]).unwrap();
    check_table(&table);
    assert_eq!((table.rows()[1].epoch_s, table.rows()[1].accuracy_percent), (20.0, [50.0, 50.0, 60.0, 80.0]));
    let refused = |parts: &[&str], phrase: &str| {
        let error = format!("{:#}", read(parts).unwrap_err());
        assert!(error.contains(phrase), "{error} lacks {phrase}");
    };
    refused(&[SPACE, ACCURACY, LENGTHS], "without [simulation]");
    refused(&[SPACE, ACCURACY, WORLD], "needs two");
    refused(&[SPACE, LENGTHS.replace("columns = { accuracy = \"short\" }", "").as_str(), WORLD], "accuracy");
    let tight = WORLD.replace("2.0", "1.2");
    refused(&[SPACE, ACCURACY, LENGTHS, &tight], "line 3, column mj");
    refused(&[SPACE, ACCURACY, LENGTHS, &WORLD.replace("10.0", "0")], "time_scale");
}
