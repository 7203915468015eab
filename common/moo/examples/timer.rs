//! Times the package for `scripts/bench-moo`, a request a line on the standard input: `OPERATION REFERENCE REPEATS
//! FILE.csv…`. The answer is one line of JSON with the nanoseconds of each repeat and the values computed. Files are read
//! once and have no header.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use moo::Front;

type Points = Vec<Vec<f64>>;

fn main() {
    let mut known: BTreeMap<String, Points> = BTreeMap::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split(' ').collect();
        let [operation, reference, repeats, files @ ..] = &words[..] else {
            panic!("not a request: {line:?}")
        };
        for file in files {
            known.entry(file.to_string()).or_insert_with(|| read(file));
        }
        let sets: Vec<&Points> = files.iter().map(|file| &known[*file]).collect();
        let reference: Vec<f64> = reference.split(',').map(number).collect();
        let repeats = repeats.parse().expect("a number of repeats");
        let (nanoseconds, values) = measure(operation, &sets, &reference, repeats);
        let answer = serde_json::json!({ "nanoseconds": nanoseconds, "values": values });
        writeln!(out, "{answer}").and_then(|()| out.flush()).expect("someone reads the answers");
    }
}

fn measure(operation: &str, sets: &[&Points], reference: &[f64], repeats: usize) -> (Vec<u64>, Vec<f64>) {
    let points = sets[0];
    let whole = |numbers: Vec<usize>| numbers.into_iter().map(|number| number as f64).collect();
    if operation == "gains" {
        let front = archive(points, reference);
        return time(repeats, || front.gains(sets[1]).expect("the points are numbers"));
    }
    time(repeats, || {
        match operation {
            "hypervolume" => moo::hypervolume(points, reference).map(|volume| vec![volume]),
            "contributions" => moo::contributions(points, reference),
            "non_dominated" => moo::non_dominated(points).map(whole),
            "ranks" => moo::ranks(points).map(whole),
            "dominance_numbers" => moo::dominance_numbers(points).map(whole),
            "archive" => Ok(vec![archive(points, reference).hypervolume()]),
            _ => panic!("no operation {operation:?}"),
        }
        .expect("the points are numbers")
    })
}

/// An archive that took up all points one at a time.
fn archive(points: &Points, reference: &[f64]) -> Front<()> {
    let mut front = Front::new(reference).expect("a finite reference");
    for point in points {
        front.insert(point, ()).expect("the points are numbers");
    }
    front
}

#[allow(clippy::disallowed_methods, reason = "this program exists to read the clock")]
fn time<T>(repeats: usize, mut work: impl FnMut() -> T) -> (Vec<u64>, T) {
    let mut nanoseconds = Vec::with_capacity(repeats);
    let mut last = work();
    for _ in 0..repeats {
        let began = Instant::now();
        last = std::hint::black_box(work());
        nanoseconds.push(began.elapsed().as_nanos() as u64);
    }
    (nanoseconds, last)
}

fn read(path: &str) -> Points {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).expect("a file of points");
    reader
        .records()
        .map(|row| row.map(|row| row.iter().map(number).collect()).expect("a row of numbers"))
        .collect()
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text:?}"))
}
