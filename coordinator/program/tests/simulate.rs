//! `ce-nas simulate search` as a program: tables as people have them, flags as they should not be, and what it writes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::Value;
use tempfile::TempDir;

const DESCRIPTION: &str = r#"
[space.decisions.depth]
[space.decisions.width]
[objectives.accuracy]
column = "acc"
direction = "max"
[objectives.ms]
direction = "min"
known = true
[[fidelities]]
epochs = 10
columns = { accuracy = "acc_10" }
[[fidelities]]
epochs = 100
"#;
const OBJECTIVES: [&str; 4] = ["--objectives", "accuracy,ms:min", "--reference", "0,100"];

/// Thirty-six networks: deeper and wider ones are better and slower, each with a turn of its own.
fn table() -> String {
    let mut text = String::from("depth,width,acc_10,acc,ms\n");
    for depth in 1..=6 {
        for width in 1..=6 {
            let turn = f64::from(depth * 7 + width * 5).sin();
            let acc = 95.0 - 40.0 / f64::from(depth * width + 1) + turn;
            let ms = f64::from(depth * 4 + width * 9) + turn;
            text.push_str(&format!("{depth},{width},{:.2},{acc:.2},{ms:.2}\n", acc - 10.0 + 3.0 * turn));
        }
    }
    text
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("table.csv"), table()).unwrap();
    std::fs::write(folder.path().join("table.toml"), DESCRIPTION).unwrap();
    folder
}

fn ce_nas(folder: &Path, words: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ce-nas"));
    program.args(["simulate", "search"]).args(words).current_dir(folder).output().expect("it runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

/// Searches `table` and reads the JSON that was written.
fn searched(folder: &Path, table: &str, words: &[&str]) -> Value {
    let words = [&["--table", table, "--json", "out.json"], &OBJECTIVES[..], words].concat();
    let output = ce_nas(folder, &words);
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&std::fs::read(folder.join("out.json")).unwrap()).expect("JSON")
}

fn refused(words: &[&str], code: i32, phrases: &[&str]) {
    let folder = folder();
    let output = ce_nas(folder.path(), words);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {told}");
    assert!(phrases.iter().all(|phrase| told.contains(phrase)), "{told} lacks one of {phrases:?}");
    assert!(output.stdout.is_empty() && !folder.path().join("out.json").exists(), "{words:?}");
}

/// `--table table.csv` and good objectives, with `words` behind.
fn refused_with(words: &[&str], code: i32, phrases: &[&str]) {
    refused(&[&["--table", "table.csv"], &OBJECTIVES[..], words].concat(), code, phrases);
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|number| number.as_f64().expect("a number")).collect()
}

#[test]
fn a_whole_table_is_searched_and_told() {
    let folder = folder();
    let told =
        searched(folder.path(), "table.csv", &["--evaluations", "40", "--seeds", "3", "--first-seed", "7"]);
    assert_eq!((told["format"].as_u64(), told["searcher"].as_str()), (Some(1), Some("surrogate")));
    assert_eq!(told["objectives"][0]["direction"], "max");
    assert_eq!(
        (told["objectives"][0]["known"].as_bool(), told["objectives"][1]["known"].as_bool()),
        (Some(false), Some(true))
    );
    assert_eq!(numbers(&told["reference"]), [0.0, 100.0]);
    let runs = told["runs"].as_array().unwrap();
    assert_eq!(runs.iter().map(|run| run["seed"].as_u64().unwrap()).collect::<Vec<_>>(), [7, 8, 9]);
    for run in runs {
        let mut order = numbers(&run["order"]);
        order.sort_by(f64::total_cmp);
        assert_eq!(order, (0..36).map(f64::from).collect::<Vec<_>>(), "each row once");
        let hypervolume = numbers(&run["hypervolume"]);
        assert!(hypervolume.is_sorted(), "it never falls");
        let maximum = told["maximum"].as_f64().unwrap();
        assert!((hypervolume[35] - maximum).abs() < 1e-9 * maximum, "everything was found");
        assert_eq!(numbers(&run["cost"]), (1..=36).map(f64::from).collect::<Vec<_>>());
    }
}

#[test]
fn functions_that_several_rows_compute_are_trained_once() {
    let folder = folder();
    // The second and the third compute the same; so do the last two, neither of which is the form that stands for both.
    let table = "net,name,acc,ms\n\
        |nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|,dead,10,30\n\
        |none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|,own,90,20\n\
        |skip_connect~0|+|none~0|none~1|+|none~0|nor_conv_3x3~1|none~2|,twin,91,10\n\
        |nor_conv_1x1~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|,left,80,5\n\
        |none~0|+|skip_connect~0|none~1|+|none~0|none~1|nor_conv_1x1~2|,right,81,6\n";
    std::fs::write(folder.path().join("cells.csv"), table).unwrap();
    let description = "[rows]\nkey = \"name\"\n[space]\nkind = \"nas_bench_201\"\ncolumn = \"net\"\n\
        [objectives.accuracy]\ncolumn = \"acc\"\ndirection = \"max\"\n";
    std::fs::write(folder.path().join("cells.toml"), description).unwrap();
    let names = |words: &[&str]| {
        let told = searched(folder.path(), "cells.csv", &[&["--seeds", "1"], words].concat());
        let keys = told["runs"][0]["keys"].as_array().expect("keys").iter();
        let mut keys: Vec<String> = keys.map(|key| key.as_str().unwrap().to_owned()).collect();
        keys.sort();
        keys
    };
    assert_eq!(names(&[]), ["dead", "left", "own", "right", "twin"]);
    assert_eq!(names(&["--distinct", "functions"]), ["left", "own"]);
}

#[test]
fn one_seed_is_one_result_whatever_the_threads() {
    let folder = folder();
    for searcher in ["surrogate", "lamoo-surrogate", "lamoo-evolution", "lamoo-random", "evolution", "random"]
    {
        let words = ["--searcher", searcher, "--evaluations", "20", "--seeds", "3", "--threads"];
        let once = searched(folder.path(), "table.csv", &[&words[..], &["1"]].concat());
        let again = searched(folder.path(), "table.csv", &[&words[..], &["3"]].concat());
        assert_eq!(once, again, "{searcher}");
        assert_ne!(once["runs"][0]["order"], once["runs"][1]["order"], "{searcher}");
    }
}

#[test]
fn the_page_shows_means_and_medians() {
    let folder = folder();
    let words = [&["--table", "table.csv", "--evaluations", "30", "--seeds", "2"], &OBJECTIVES[..]].concat();
    let output = ce_nas(folder.path(), &words);
    let page = text(&output.stdout);
    for phrase in [
        "surrogate on table.csv",
        "2 searches of 30 trainings",
        "ms:min (known)",
        "reference 0, 100",
        "standard error",
        "to 99 % of the maximum: ",
    ] {
        assert!(page.contains(phrase), "{page} lacks {phrase}");
    }
    assert!(text(&output.stderr).contains("2 of 2: seed "), "progress is told apart");
}

#[test]
fn a_parquet_table_tells_the_same() {
    let folder = folder();
    let words = ["--evaluations", "15", "--seeds", "2"];
    let of_csv = searched(folder.path(), "table.csv", &words);
    write_parquet(&folder.path().join("table.parquet"));
    let of_parquet = searched(folder.path(), "table.parquet", &words);
    assert_eq!(of_csv["runs"], of_parquet["runs"]);
}

/// The same table with text and numbers in columns of their own types.
fn write_parquet(path: &Path) {
    let table = table();
    let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().unwrap();
    let rows: Vec<Vec<&str>> = lines.collect();
    let kinds = ["BYTE_ARRAY", "DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE"];
    let column = |(name, kind): (&&str, &str)| {
        format!("REQUIRED {kind} {name}{};", if kind == "BYTE_ARRAY" { " (UTF8)" } else { "" })
    };
    let columns: String = names.iter().zip(kinds).map(column).collect();
    let schema = Arc::new(parse_message_type(&format!("message table {{ {columns} }}")).unwrap());
    let file = std::fs::File::create(path).unwrap();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for (index, kind) in kinds.iter().enumerate() {
        let mut column = group.next_column().unwrap().unwrap();
        if *kind == "BYTE_ARRAY" {
            let cells: Vec<ByteArray> = rows.iter().map(|row| ByteArray::from(row[index])).collect();
            column.typed::<ByteArrayType>().write_batch(&cells, None, None).unwrap();
        } else {
            let cells: Vec<f64> = rows.iter().map(|row| row[index].parse().unwrap()).collect();
            column.typed::<DoubleType>().write_batch(&cells, None, None).unwrap();
        }
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

/// Each training of a run: row, whether it was short, cost so far, hypervolume so far.
fn trainings(run: &Value) -> Vec<(usize, bool, f64, f64)> {
    let shorts = run["rung_epochs"].as_array().expect("a rung").iter().map(|epochs| !epochs.is_null());
    let rows = numbers(&run["order"]).into_iter().map(|row| row as usize);
    let told = rows.zip(shorts).zip(numbers(&run["cost"])).zip(numbers(&run["hypervolume"]));
    told.map(|(((row, short), cost), hypervolume)| (row, short, cost, hypervolume)).collect()
}

#[test]
fn newcomers_climb_and_only_full_trainings_count() {
    for searcher in ["surrogate", "lamoo-random"] {
        let folder = folder();
        let words = ["--evaluations", "6", "--seeds", "2", "--searcher", searcher, "--rung"];
        let told = searched(folder.path(), "table.csv", &[&words[..], &["10"]].concat());
        let written =
            searched(folder.path(), "table.csv", &[&words[..], &["10/100:accuracy=acc_10"]].concat());
        assert_eq!(told, written, "the description and the flag say the same");
        assert_eq!(told["rung_epochs"], 10);
        for run in told["runs"].as_array().unwrap() {
            let (mut cost, mut hypervolume, mut begun) = (0.0, 0.0, std::collections::BTreeSet::new());
            let trainings = trainings(run);
            for &(row, is_short, cost_now, hypervolume_now) in &trainings {
                cost += if is_short { 0.1 } else { 1.0 };
                assert!((cost_now - cost).abs() < 1e-9, "{searcher}: a rung is charged its share");
                assert!(begun.insert((row, is_short)), "{searcher}: nothing is trained twice");
                assert!(is_short || begun.contains(&(row, true)), "{searcher}: row {row} was promoted");
                assert!(!is_short || hypervolume_now == hypervolume, "{searcher}: short ones count nothing");
                hypervolume = hypervolume_now;
            }
            assert!(cost <= 6.0 + 1e-9 && cost > 5.0, "{searcher}: {cost} full trainings' worth");
            assert!(trainings.iter().any(|training| !training.1) && hypervolume > 0.0, "{searcher}");
        }
    }
}

#[test]
fn with_enough_to_spend_the_ladder_finds_everything() {
    let folder = folder();
    let words = ["--evaluations", "50", "--seeds", "1", "--rung", "10", "--batch", "4"];
    let told = searched(folder.path(), "table.csv", &words);
    let trainings = trainings(&told["runs"][0]);
    assert_eq!(trainings.len(), 72, "each row at both lengths");
    let (maximum, found) = (told["maximum"].as_f64().unwrap(), trainings[71].3);
    assert!((found - maximum).abs() < 1e-9 * maximum, "{found} of {maximum}");
}

#[test]
fn a_problem_needs_no_table() {
    let folder = folder();
    let words = ["--problem", "branin-currin", "--evaluations", "25", "--seeds", "2", "--json", "out.json"];
    let output = ce_nas(folder.path(), &words);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("out.json")).unwrap()).unwrap();
    assert_eq!(numbers(&told["reference"]), [18.0, 6.0]);
    let point = numbers(&told["runs"][1]["order"][24]);
    assert!(point.len() == 2 && point.iter().all(|place| (0.0..=1.0).contains(place)), "{point:?}");
    for problem in ["zdt1", "zdt2", "dtlz2"] {
        let words = ["--problem", problem, "--evaluations", "4", "--seeds", "1", "--searcher", "random"];
        assert!(ce_nas(folder.path(), &words).status.success(), "{problem}");
    }
}

#[test]
fn bad_flags_are_bad_usage() {
    refused_with(
        &["--searcher", "surogate"],
        2,
        &["no searcher `surogate`; did you mean `surrogate`?", "lamoo-random"],
    );
    refused(&["--problem", "branin"], 2, &["no problem `branin`; did you mean `branin-currin`?"]);
    refused_with(&["--evaluations", "0"], 2, &["--evaluations"]);
    refused_with(&["--seeds", "0"], 2, &["--seeds"]);
    refused_with(&["--batch", "x"], 2, &["--batch"]);
    refused_with(&["--distinct", "cells"], 2, &["rows, functions"]);
    refused_with(&["--problem", "zdt1"], 2, &["cannot be used with"]);
    refused_with(&["--first-seed", "18446744073709551615"], 2, &["last seed"]);
    refused_with(&["--rung", "12"], 2, &["no short training of 12 epochs is described, but of 10"]);
    refused_with(&["--rung", "100/10:accuracy=acc_10"], 2, &["100 epochs are no shorter than 10"]);
    refused_with(&["--known", "m"], 2, &["m is not among the objectives; did you mean `ms`?"]);
    refused(&[], 2, &["--table"]);
    refused(&["--table", "table.csv"], 2, &["--objectives"]);
    let table = |words: &[&'static str]| {
        [&["--table", "table.csv", "--reference", "0,100", "--objectives"], words].concat()
    };
    refused(&table(&["accuracy:up,ms"]), 2, &["`up` is neither max nor min"]);
    refused(&table(&["acuracy,ms"]), 2, &["no column `acuracy`; did you mean `accuracy`?"]);
    refused(&table(&["acc,ms"]), 2, &["acc:max, or acc:min"]);
    refused(&table(&["accuracy,accuracy"]), 2, &["accuracy is given twice"]);
    refused(&table(&["accuracy"]), 2, &["the reference has 2 numbers, there are 1 objectives: accuracy"]);
}

#[test]
fn a_percentage_may_have_the_reference_of_its_error() {
    let folder = folder();
    let search = |reference: &str| {
        let words = ["--table", "table.csv", "--objectives", "accuracy:max,ms:min", "--reference", reference];
        let more = ["--evaluations", "3", "--seeds", "1", "--json", "out.json"];
        let output = ce_nas(folder.path(), &[&words[..], &more[..]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let told = std::fs::read_to_string(folder.path().join("out.json")).unwrap();
        serde_json::from_str::<Value>(&told).unwrap()
    };
    assert_eq!(search("100,100"), search("0,100"), "all errors below 100 % are accuracies above 0 %");
}

#[test]
fn bad_files_are_no_bad_usage() {
    let objectives = |words: &[&'static str]| [words, &OBJECTIVES[..]].concat();
    refused(&objectives(&["--table", "nowhere.csv"]), 1, &["nowhere.csv can't be read"]);
    refused(&objectives(&["--table", "table.csv", "--describe", "no.toml"]), 1, &["no.toml can't be read"]);
    refused_with(&["--json", "/nowhere/out.json"], 1, &["/nowhere/out.json can't be written"]);
    let folder = folder();
    let broken = table().replace("3,2,", "3,zwei,");
    std::fs::write(folder.path().join("table.csv"), broken.replacen("acc_10,acc,", "acc_10,accu,", 1))
        .unwrap();
    let output = ce_nas(folder.path(), &objectives(&["--table", "table.csv"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no column `acc`"), "{}", text(&output.stderr));
}

#[test]
fn what_stood_there_stays_until_the_new_is_whole() {
    let folder = folder();
    let path = folder.path().join("out.json");
    std::fs::write(&path, "earlier").unwrap();
    let words =
        [&["--table", "table.csv", "--json", "out.json", "--known", "nothing"], &OBJECTIVES[..]].concat();
    assert_eq!(ce_nas(folder.path(), &words).status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "earlier");
    let told = searched(folder.path(), "table.csv", &["--evaluations", "2", "--seeds", "1"]);
    assert_eq!(told["runs"].as_array().unwrap().len(), 1);
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "nothing else is left behind: {left:?}");
}

/// The recorded benchmark; none, with a line that says so, where it is not.
fn nas_bench_201() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("CENAS_DATA").map_or_else(beside, PathBuf::from);
    let path = folder.join("nb201/nb201_cifar10.csv.gz");
    if !path.exists() {
        println!(
            "skipped: nb201/nb201_cifar10.csv.gz is neither under $CENAS_DATA nor in ../shared/data beside the checkout"
        );
        return None;
    }
    Some(path)
}

#[test]
fn the_recorded_benchmark_is_searched_without_a_description() {
    let Some(path) = nas_bench_201() else { return };
    let folder = folder();
    let words = ["--table", path.to_str().unwrap(), "--objectives", "test_acc_200:max,edgegpu_energy_mj:min"];
    let rest = ["--reference", "0,50", "--evaluations", "25", "--seeds", "2", "--json", "out.json"];
    for distinct in ["rows", "functions"] {
        let output = ce_nas(folder.path(), &[&words[..], &rest, &["--distinct", distinct]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let told: Value =
            serde_json::from_slice(&std::fs::read(folder.path().join("out.json")).unwrap()).unwrap();
        let maximum = told["maximum"].as_f64().unwrap();
        assert!((maximum - 4155.42).abs() < 0.01, "{maximum}");
        for run in told["runs"].as_array().unwrap() {
            let reached = numbers(&run["hypervolume"])[24];
            assert!(reached > 0.95 * maximum, "{distinct}: {reached} of {maximum}");
        }
    }
}
