//! The commands that read a file of points, on files as people have them and on files as they should not be.

use std::io::Write;

use clap::Parser;
use flate2::{Compression, write::GzEncoder};

use super::*;
use crate::command::{front, hypervolume};

/// The command line as `ce-nas` assembles it.
#[derive(Debug, Parser)]
#[command(name = "ce-nas")]
enum Line {
    Front(front::Args),
    Hypervolume(hypervolume::Args),
}

/// The answer to `words`, in which `%` stands for a file of these bytes.
fn answer(file: &[u8], words: &str) -> Result<String> {
    let mut written = tempfile::Builder::new().suffix(".csv").tempfile()?;
    written.write_all(file)?;
    let path = written.path().display().to_string();
    let words = words.split(' ').map(|word| if word == "%" { path.as_str() } else { word });
    let mut out = Vec::new();
    match Line::try_parse_from(std::iter::once("ce-nas").chain(words))? {
        Line::Front(args) => front::run(&args, &mut out)?,
        Line::Hypervolume(args) => hypervolume::run(&args, &mut out)?,
    }
    Ok(String::from_utf8(out)?)
}

fn check(file: &str, words: &str, expected: &str) {
    assert_eq!(answer(file.as_bytes(), words).unwrap(), expected, "{words}");
}

/// The file is refused in one line that has all the phrases, as bad usage or not.
fn refused(file: &str, words: &str, is_usage: bool, phrases: &[&str]) {
    let error = answer(file.as_bytes(), words).unwrap_err();
    let told = format!("{error:#}");
    assert!(phrases.iter().all(|phrase| told.contains(phrase)) && !told.contains('\n'), "{told}");
    assert_eq!(error.is::<Usage>(), is_usage, "{told}");
}

const TABLE: &str = "\
name,accuracy,energy
a,90,20
b,94,40
c,90,30
d,94,40
e,80,60
";

#[test]
fn a_hypervolume_is_one_number() {
    check("0.25,0.5\n0.5,0.25\n", "hypervolume % --reference 1,1", "0.5\n");
    check("error,energy\n0.25,0.5\n0.5,0.25\n", "hypervolume --reference 1,1 %", "0.5\n");
    check("\u{feff}0.5 , 0.5\r\n\r\n2,0\r\n", "hypervolume % --reference 1,1", "0.25\n");
    check("-1,-1\n", "hypervolume % --reference -0.5,0", "0.5\n");
    check("3\n1\n2\n", "hypervolume % --reference 5", "4\n");
    check("0,0,0,0,0\n", "hypervolume % --reference 1,1,1,1,2", "2\n");
    check("error,energy\n", "hypervolume % --reference 1,1", "0\n");
    check("inf,0\n0.5,0.5\n", "hypervolume % --reference 1,1", "0.25\n");
}

#[test]
fn columns_are_chosen_and_turned_round() {
    let chosen = "hypervolume % --columns accuracy,energy --maximise accuracy --reference 80,50";
    check(TABLE, chosen, "340\n");
    check(TABLE, "hypervolume % --maximise accuracy --reference 80,50", "340\n");
    check(TABLE, "hypervolume % --columns energy --reference 50", "30\n");
    let reordered = "hypervolume % --columns energy,accuracy --maximise accuracy --reference 50,80";
    check(TABLE, reordered, "340\n");
    // Without a header, by position.
    check("x,1,9\ny,2,7\n", "hypervolume % --columns 3,2 --reference 10,3", "4\n");
    check("x,1,9\ny,2,7\n", "hypervolume % --columns 2 --maximise 2 --reference 0", "2\n");
}

#[test]
fn contributions_stand_beside_their_rows() {
    let words = "hypervolume % --maximise accuracy --reference 80,50 --contributions";
    let expected = "\
hypervolume 340

line  accuracy  energy  contribution
   2        90      20           100
   3        94      40             0
   4        90      30             0
   5        94      40             0
   6        80      60             0
";
    check(TABLE, words, expected);
    let told = answer(TABLE.as_bytes(), &format!("{words} --json")).unwrap();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["hypervolume"], 340.0);
    assert_eq!(told["columns"], serde_json::json!(["accuracy", "energy"]));
    assert_eq!(told["maximised"], serde_json::json!(["accuracy"]));
    assert_eq!(told["reference"], serde_json::json!([80.0, 50.0]));
    assert_eq!(told["rows"], 5);
    assert_eq!(told["contributions"][0], serde_json::json!({"line": 2, "contribution": 100.0}));
    let short = answer(TABLE.as_bytes(), "hypervolume % --reference 99,99 --json").unwrap();
    assert!(!short.contains("contributions"), "{short}");
}

#[test]
fn a_front_is_rows_as_they_stand() {
    let front = "name,accuracy,energy\na,90,20\nb,94,40\nd,94,40\n";
    check(TABLE, "front % --maximise accuracy", front);
    check("2,1,\"x, y\"\n1, 2,z\n2,2,w\n", "front %", "2,1,\"x, y\"\n1,2,z\n");
    check("error,energy\n", "front %", "error,energy\n");
    check("a,inf\nb,1\n", "front % --columns 2", "b,1\n");
    let told = answer(TABLE.as_bytes(), "front % --columns energy --json").unwrap();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let row = serde_json::json!({"name": "a", "accuracy": "90", "energy": 20.0});
    assert_eq!(told, serde_json::json!([{"line": 2, "row": row}]));
}

#[test]
fn what_a_front_prints_it_reads_again() {
    let once = answer(TABLE.as_bytes(), "front % --maximise accuracy").unwrap();
    check(&once, "front % --maximise accuracy", &once);
}

#[test]
fn gzipped_files_are_read_too() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(TABLE.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let words = "hypervolume % --maximise accuracy --reference 80,50";
    assert_eq!(answer(&packed, words).unwrap(), "340\n");
    let cut = answer(&packed[..packed.len() / 2], words).unwrap_err();
    assert!(format!("{cut:#}").contains("can't be read"), "{cut:#}");
}

#[test]
fn bad_cells_are_named_by_line_and_column() {
    let hypervolume = "hypervolume % --reference 1,1";
    refused("error,energy\n0.1,0.2\n0.1,high\n", hypervolume, false, &["line 3, column energy", "`high`"]);
    refused("0.1,0.2\n0.1,\n", hypervolume, false, &["line 2, column 2", "nothing"]);
    refused("0.1,0.2\nNaN,0\n", hypervolume, false, &["line 2, column 1", "NaN", "leave"]);
    refused("0.1,nan\n", "front %", false, &["line 1, column 2", "nan"]);
    refused("0.1,0.2\n0.1,-inf\n", hypervolume, false, &["line 2, column 2", "-inf", "no volume"]);
    let turned = "hypervolume % --maximise 2 --reference 1,1";
    refused("0.1,0.2\n0.1,inf\n", turned, false, &["line 2, column 2", "inf is better"]);
    refused("-1e200,-1e200\n", hypervolume, false, &["line 1", "too large"]);
}

#[test]
fn odd_shapes_are_named_by_line() {
    let hypervolume = "hypervolume % --reference 1,1";
    refused("0.1,0.2\n\n0.1,0.2,0.3\n", hypervolume, false, &["line 3", "3 cells", "has 2"]);
    refused("error,energy\n0.1\n", hypervolume, false, &["line 2", "one cell", "has 2"]);
    // Lines are counted as editors do: through blank ones and through cells of several lines.
    refused("a,b\n\n \n\n1,\"2\n\n\"\n1,x\n", hypervolume, false, &["line 8, column b", "`x`"]);
    refused("", hypervolume, false, &["empty"]);
    refused("\n\n", hypervolume, false, &["empty"]);
    refused("a,b\nc,d\n", hypervolume, false, &["no column of numbers"]);
    refused("a,a\n1,2\n", hypervolume, false, &["`a` twice"]);
}

#[test]
fn mistakes_in_the_words_are_bad_usage() {
    refused(TABLE, "hypervolume % --reference 1", true, &["one number", "2 columns", "accuracy, energy"]);
    refused("1\n2\n", "hypervolume % --reference 1,2", true, &["2 numbers", "one column"]);
    refused(TABLE, "hypervolume % --reference 1,inf", true, &["inf", "finite"]);
    refused(TABLE, "front % --columns acuracy", true, &["no column acuracy", "did you mean `accuracy`?"]);
    refused(TABLE, "front % --columns energy --maximise accuracy", true, &["accuracy", "not among"]);
    refused(TABLE, "front % --columns energy,energy", true, &["energy", "twice"]);
    let by_clap = [
        "hypervolume %",
        "hypervolume --reference 1,1",
        "hypervolume % --reference 1,x",
        "front % --dir runs/study",
        "front --columns energy",
    ];
    for words in by_clap {
        let error = answer(TABLE.as_bytes(), words).unwrap_err();
        assert!(error.is::<clap::Error>(), "{words}: {error:#}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    for words in ["hypervolume /nowhere/front.csv --reference 1,1", "front /nowhere/front.csv"] {
        refused("", words, false, &["/nowhere/front.csv", "can't be read", "No such file"]);
    }
}
