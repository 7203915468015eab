//! Tables with a description: what is understood, and what a broken file or description is told.

mod support;

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use simulation::sheet::{Direction, Sheet};
use tempfile::TempDir;

const FIRST: &str =
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|";
const SECOND: &str = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
const OWN: &str = "name,depth,block,acc_short,acc,mj,s_short,s\n\
                   a,2,plain,50,60,1.5,1,20\n\
                   b,3,plain,55,75,2.5,1,40\n\
                   \n\
                   c,3.0,wide,65,70,2.0,2,60\n";
const DESCRIPTION: &str = r#"
[rows]
key = "name"
[space.decisions.depth]
[space.decisions.kind]
column = "block"
[objectives.accuracy]
column = "acc"
direction = "max"
unit = "%"
[objectives.mj]
direction = "min"
scale = 0.001
known = true
[[fidelities]]
epochs = 200
cost = "s"
[[fidelities]]
epochs = 10
columns = { accuracy = "acc_short" }
cost = "s_short"
"#;

struct Files(TempDir);

impl Files {
    fn new(table: &[u8], description: Option<&str>) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        std::fs::write(files.table(), table).unwrap();
        if let Some(description) = description {
            std::fs::write(files.0.path().join("table.toml"), description).unwrap();
        }
        files
    }

    fn table(&self) -> PathBuf {
        self.0.path().join("table.csv")
    }

    fn read(&self) -> anyhow::Result<Sheet> {
        Sheet::read(&self.table(), None)
    }
}

fn sheet(table: &str, description: &str) -> Sheet {
    Files::new(table.as_bytes(), Some(description)).read().unwrap()
}

/// The message has all the phrases and stands on one line.
fn refused(table: &[u8], description: Option<&str>, phrases: &[&str]) {
    let told = format!("{:#}", Files::new(table, description).read().expect_err("it is broken"));
    assert!(phrases.iter().all(|phrase| told.contains(phrase)), "{told} lacks one of {phrases:?}");
    assert!(!told.contains('\n'), "{told}");
}

/// The table is sound, its description after the change is not.
fn misdescribed(from: &str, to: &str, phrases: &[&str]) {
    assert!(DESCRIPTION.contains(from), "{from}");
    refused(OWN.as_bytes(), Some(&DESCRIPTION.replace(from, to)), phrases);
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

#[test]
fn a_space_of_the_tables_own_decisions() {
    let sheet = sheet(OWN, DESCRIPTION);
    assert_eq!(sheet.space().size(), Some(4), "two depths, two kinds");
    let texts: Vec<String> = sheet.architectures().iter().map(|row| sheet.space().encode(row)).collect();
    assert_eq!(texts, ["depth=2,kind=plain", "depth=3,kind=plain", "depth=3,kind=wide"]);
    assert_eq!(sheet.find(&sheet.architectures()[2]), Some(2));
    assert_eq!(sheet.find(&sheet.space().decode("depth=2,kind=wide").unwrap()), None);
    assert_eq!(sheet.key(1).as_deref(), Some("b"));
    assert_eq!(sheet.listed().len(), 3);
}

#[test]
fn objectives_by_description_and_by_column() {
    let sheet = sheet(OWN, DESCRIPTION);
    let accuracy = sheet.measure("accuracy", None).unwrap();
    assert_eq!((accuracy.minimised.as_slice(), accuracy.known), (&[-60.0, -75.0, -70.0][..], false));
    assert_eq!(accuracy.unit.as_deref(), Some("%"));
    assert_eq!(sheet.stand_in(&accuracy, "acc_short").unwrap(), [-50.0, -55.0, -65.0]);
    let energy = sheet.measure("mj", Some(Direction::Minimise)).unwrap();
    assert_eq!((energy.minimised.as_slice(), energy.known), (&[0.0015, 0.0025, 0.002][..], true));
    let plain = sheet.measure("s", Some(Direction::Minimise)).unwrap();
    assert_eq!(plain.minimised, [20.0, 40.0, 60.0]);
    let wrong = |name, direction| format!("{:#}", sheet.measure(name, direction).unwrap_err());
    assert!(wrong("acuracy", None).contains("did you mean `accuracy`?"));
    assert!(wrong("s", None).contains("s:max, or s:min"));
    assert!(wrong("accuracy", Some(Direction::Minimise)).contains("described as max, not min"));
    assert!(wrong("block", Some(Direction::Minimise)).contains("line 2, column block: `plain` is no number"));
}

#[test]
fn costs_are_in_full_trainings() {
    let sheet = sheet(OWN, DESCRIPTION);
    let [short, full] = sheet.fidelities() else { panic!("two lengths") };
    assert_eq!((short.epochs, full.epochs), (10, 200));
    assert_eq!(sheet.cost(full).unwrap(), [0.5, 1.0, 1.5]);
    assert_eq!(sheet.cost(short).unwrap(), [0.025, 0.025, 0.05]);
    let shares = DESCRIPTION.replace("\"s_short\"", "0.25");
    let sheet = self::sheet(OWN, &shares);
    assert_eq!(sheet.cost(&sheet.fidelities()[0]).unwrap(), [0.125, 0.25, 0.375]);
    let plain = DESCRIPTION.replace("cost = \"s_short\"", "").replace("cost = \"s\"", "");
    let sheet = self::sheet(OWN, &plain);
    assert_eq!(sheet.cost(&sheet.fidelities()[0]).unwrap(), [0.05; 3]);
}

#[test]
fn nas_bench_201_is_recognised_by_its_notation_or_its_operations() {
    let table = format!("arch,acc\n{FIRST},90\n{SECOND},10\n");
    let by_notation = Files::new(table.as_bytes(), None).read().unwrap();
    let operations = "op_01,op_02,op_12,op_03,op_13,op_23,acc\n4,2,1,nor_conv_1x1,1,1,90\n0,0,0,0,0,0.0,10\n";
    let by_operations = Files::new(&gzipped(operations), None).read().unwrap();
    assert_eq!(by_notation.architectures(), by_operations.architectures());
    assert_eq!(by_notation.space().encode(&by_notation.architectures()[0]), FIRST);
    let named = format!("x,acc\n{FIRST},90\n");
    let described = "[space]\nkind = \"nas_bench_201\"\ncolumn = \"x\"\n";
    assert_eq!(sheet(&named, described).architectures(), &by_notation.architectures()[..1]);
}

#[test]
fn other_spaces_are_read_by_their_notation() {
    let mut rng = common::seed::Seed(1).stream("sheets", 0);
    for kind in ["darts", "mobile"] {
        let mut config = common::config::load(None, [], &[]).unwrap();
        config.space.kind = if kind == "darts" {
            common::config::SpaceKind::Darts
        } else {
            common::config::SpaceKind::Mobile
        };
        let space = config.space_spec().unwrap().build();
        let architecture = space.random(&mut rng);
        let table = format!("net,acc\n\"{}\",90\n", space.encode(&architecture).replace('"', "\"\""));
        let described = format!("[space]\nkind = \"{kind}\"\ncolumn = \"net\"\n");
        assert_eq!(sheet(&table, &described).architectures(), [architecture], "{kind}");
        let misset = format!("{described}settings = [\"space.widht=3\"]\n");
        refused(table.as_bytes(), Some(&misset), &["space.widht", "did you mean"]);
    }
}

#[test]
fn a_description_is_found_by_the_tables_name() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("own.csv.gz");
    std::fs::write(&table, gzipped(OWN)).unwrap();
    for name in ["own.csv.gz.toml", "own.csv.toml", "own.toml"] {
        let description = folder.path().join(name);
        std::fs::write(&description, DESCRIPTION).unwrap();
        assert_eq!(Sheet::read(&table, None).unwrap().key(0).as_deref(), Some("a"), "{name}");
        std::fs::remove_file(&description).unwrap();
    }
    let elsewhere = folder.path().join("elsewhere");
    std::fs::write(&elsewhere, DESCRIPTION).unwrap();
    assert_eq!(Sheet::read(&table, Some(&elsewhere)).unwrap().listed().len(), 3);
    let missing = Sheet::read(&table, Some(Path::new("/nowhere.toml"))).unwrap_err();
    assert!(format!("{missing:#}").contains("/nowhere.toml can't be read"));
}

#[test]
fn the_recorded_benchmark_works_through_it() {
    let Some(path) = support::data("nb201/nb201_cifar10.csv.gz") else { return };
    let sheet = Sheet::read(&path, None).unwrap();
    assert_eq!(sheet.listed().len(), 15_625);
    let accuracy = sheet.measure("test_acc_200", Some(Direction::Maximise)).unwrap();
    let energy = sheet.measure("edgegpu_energy_mj", Some(Direction::Minimise)).unwrap();
    let pairs = accuracy.minimised.iter().zip(&energy.minimised);
    let points: Vec<[f64; 2]> = pairs.map(|(a, e)| [*a, *e]).collect();
    let volume = moo::hypervolume(&points, &[0.0, 50.0]).unwrap();
    assert!((volume - 4155.42).abs() < 0.01, "{volume}");
}

#[test]
fn broken_cells_are_named_by_line_and_column() {
    let changed = |from: &str, to: &str| OWN.replace(from, to).into_bytes();
    let check = |from: &str, to: &str, phrases: &[&str]| {
        refused(&changed(from, to), Some(DESCRIPTION), phrases);
    };
    check("55,75", "55,many", &["table.csv, line 3, column acc: `many` is no number"]);
    check("65,70", "65,nan", &["line 5, column acc: NaN can't be compared"]);
    check("55,75", "55,inf", &["line 3, column acc: inf"]);
    check("65,70", ",70", &["line 5, column acc_short: nothing stands"]);
    check(",2.5,1,40", ",2.5,1,0", &["line 3, column s: a cost of 0"]);
    check("c,3.0,wide", "c,2,plain", &["line 5", "is that of line 2"]);
    check("c,3.0", "a,3.0", &["line 5, column name: `a` stands in line 2 too"]);
    check("b,3", "b,", &["line 3, column depth: nothing stands"]);
    check("b,3,", "b,3,4,", &["line 3", "9 cells", "has 8"]);
    check(",mj,", ",energy,", &["no column `mj`"]);
    check(",mj,", ",s,", &["column `s` twice"]);
}

#[test]
fn broken_files_are_said_to_be_so() {
    refused(b"", None, &["table.csv is empty"]);
    refused(b"arch,acc\n", None, &["table.csv has a header and no rows"]);
    refused(b"a,b\n1,2\n", None, &["neither a column `arch` nor op_01", "describe"]);
    refused(
        format!("arch,acc\n{FIRST},1\nfoo,2\n").as_bytes(),
        None,
        &["line 3, column arch: `foo`", "nas_bench_201"],
    );
    refused(
        b"op_01,op_02,op_12,op_03,op_13,op_23\n0,0,0,0,0,0\n0,5,0,0,0,0\n",
        None,
        &["line 3, column op_02: `5` is no option", "3 nor_conv_3x3"],
    );
    let packed = gzipped(&OWN.repeat(200));
    refused(&packed[..packed.len() / 2], Some(DESCRIPTION), &["table.csv can't be read"]);
    refused(&[0x1f, 0x8b, 1, 2, 3], Some(DESCRIPTION), &["table.csv can't be read"]);
    refused(b"\xff\xfe,x\n1,2\n", Some(DESCRIPTION), &["can't be read as CSV"]);
    let nowhere = Sheet::read(Path::new("/nowhere/table.csv"), None).unwrap_err();
    assert!(format!("{nowhere:#}").contains("/nowhere/table.csv can't be read"), "{nowhere:#}");
    let folder = tempfile::tempdir().unwrap();
    let told = format!("{:#}", Sheet::read(folder.path(), None).unwrap_err());
    assert!(told.contains("can't be read"), "{told}");
}

#[test]
fn mistakes_in_a_description_are_named_with_what_was_meant() {
    misdescribed(
        "direction = \"max\"",
        "directon = \"max\"",
        &["table.toml: [objectives.accuracy] there is no key `directon`; did you mean `direction`?"],
    );
    misdescribed("[rows]", "[row]", &["table.toml: there is no key `row`; did you mean `rows`?"]);
    misdescribed("direction = \"max\"", "direction = \"up\"", &["neither max nor min"]);
    misdescribed("direction = \"max\"", "", &["[objectives.accuracy] `direction` is missing"]);
    misdescribed("scale = 0.001", "scale = \"x\"", &["scale = \"x\" where a number is expected"]);
    misdescribed("scale = 0.001", "scale = -1", &["scale = -1 must be greater than zero"]);
    misdescribed("known = true", "known = 1", &["known = 1 where true or false"]);
    misdescribed("column = \"acc\"", "column = \"ac\"", &["no column `ac`; did you mean `acc`?"]);
    misdescribed("key = \"name\"", "key = \"nam\"", &["no column `nam`; did you mean `name`?"]);
    misdescribed(
        "accuracy = \"acc_short\"",
        "acuracy = \"acc_short\"",
        &["`acuracy`; did you mean `accuracy`?"],
    );
    misdescribed("epochs = 10", "epochs = 200", &["the one at 2", "200 epochs stand there twice"]);
    misdescribed("epochs = 10", "epochs = 0", &["`epochs` is missing or zero"]);
    misdescribed("cost = \"s_short\"", "cost = -1", &["cost must be greater than zero"]);
    misdescribed("cost = \"s\"", "", &["of 10 epochs has nothing to be measured by"]);
    misdescribed("cost = \"s\"", "cost = 0.5", &["the full training", "name a column or nothing"]);
    misdescribed("[rows]", "[rows", &["table.toml, line 2:"]);
    misdescribed(
        "[space.decisions.depth]",
        "[space]\nkind = \"nas_bench_201\"\n[space.decisions.depth]",
        &["[space] a space is"],
    );
}

#[test]
fn mistakes_about_the_space_are_named() {
    misdescribed(
        "column = \"block\"",
        "column = \"block\"\nvalues = [\"plain\"]",
        &["line 5, column block: `wide` is not among the values of decision kind: plain"],
    );
    misdescribed(
        "column = \"block\"",
        "column = \"block\"\nvalues = [\"plain\", \"wide\", \"plain\"]",
        &["`plain` is listed twice"],
    );
    misdescribed("column = \"block\"", "column = \"block\"\nvalues = []", &["a decision without values"]);
    misdescribed("column = \"block\"", "column = \"blok\"", &["did you mean `block`?"]);
    let own = OWN.as_bytes();
    refused(own, Some("[objectives.acc]\ndirection = \"max\"\n"), &["there is no [space]"]);
    refused(
        own,
        Some("[space]\nkind = \"nas_bench\"\ncolumn = \"name\"\n"),
        &["did you mean `nas_bench_201`?"],
    );
    refused(
        own,
        Some("[space]\nkind = \"nas_bench_201\"\ncolumns = [\"depth\"]\n"),
        &["6 decisions; 1 columns"],
    );
    refused(own, Some("space = 3\n"), &["[space] is 3, not a table"]);
}
