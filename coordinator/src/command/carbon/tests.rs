//! The commands on traces and the made-up grid; `live_tests` has live services.

use clap::Parser;
use common::carbon::Provenance;
use common::id::Zone;
use common::seed::Seed;

use super::*;
use crate::carbon::{CarbonSource, Trace, TypicalWeek};

#[derive(Debug, Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

pub(super) fn call(words: &[&str]) -> Result<String> {
    let mut out = Vec::new();
    run(&Line::try_parse_from(std::iter::once("carbon").chain(words.iter().copied()))?.command, &mut out)?;
    Ok(String::from_utf8(out)?)
}

#[track_caller]
pub(super) fn check_refused(words: &[&str], expected: &str) {
    let error = call(words).unwrap_err();
    assert!(error.to_string().contains(expected) || format!("{error:#}").contains(expected), "{error:#}");
}

#[test]
fn a_made_up_trace_stays_synthetic_on_its_way_through_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made-up.csv");
    let file = path.display().to_string();
    let told = call(&["synth", "--from", "2026-01-01", "--to", "2026-01-03T06:00Z", "--out", &file]).unwrap();
    assert!(told.starts_with("54 synthetic hours of LOCAL in "), "{told}");
    let trace = Trace::read(&path, Zone::new("LOCAL"), "auto").unwrap();
    let grid = TypicalWeek::new(Zone::new("LOCAL"), Seed(1));
    let (first, last) = trace.span().unwrap();
    assert_eq!(first.to_string(), "2026-01-01T00:00Z");
    for (read, made) in trace.history(last.plus(1), 54).iter().zip(grid.history(last.plus(1), 54)) {
        assert!((read.intensity.0 - made.intensity.0).abs() < 0.001 && read.hour == made.hour);
        assert_eq!(read.provenance, Provenance::Synthetic);
    }

    // The trace as a source of its own: shown, and fetched into another.
    let traces = format!("carbon.traces=[\"DE={file}\"]");
    let trace = ["--set", "carbon.source=trace", "--set", traces.as_str()];
    let with = |words: &[&str]| call(&[words, &trace].concat());
    let zones = with(&["zones"]).unwrap();
    assert!(zones.contains("DE") && zones.contains("average_lifecycle"), "{zones}");
    assert!(
        zones.contains("made-up.csv, then the study's own forecast, then the last known value"),
        "{zones}"
    );
    let now = with(&["now", "--at", "2026-01-02T05:00Z"]).unwrap();
    assert!(now.contains("2026-01-02T05:00Z") && now.contains("synthetic"), "{now}");
    let late = with(&["now", "--at", "2026-02-02T05:00Z"]).unwrap();
    assert!(
        late.contains("475.0") && late.contains("yearly constant") && late.contains("DE: DE has no value"),
        "{late}"
    );
    let history =
        with(&["history", "--zone", "DE", "--hours", "3", "--at", "2026-01-02T05:00Z", "--json"]).unwrap();
    let hours: serde_json::Value = serde_json::from_str(&history).unwrap();
    assert_eq!((hours.as_array().unwrap().len(), &hours[2]["hour"]), (3, &"2026-01-02T05:00Z".into()));
    let copy = folder.path().join("copy.csv").display().to_string();
    let span = ["fetch", "--zone", "DE", "--from", "2025-12-31T22:00Z", "--to", "2026-01-01T04:00Z", "--out"];
    let told = with(&[&span[..], &[copy.as_str()]].concat()).unwrap();
    assert!(told.starts_with("4 of 6 hours of DE in ") && told.contains("2 are not known"), "{told}");
    let lines = std::fs::read_to_string(&copy).unwrap();
    assert!(lines.starts_with("utc,ci_lifecycle,data_estimated,provenance\n2026-01-01T00:00Z,"), "{lines}");
}

#[test]
fn what_can_not_be_is_refused() {
    check_refused(&["now", "--zone", "LOCL"], "no source serves the zone LOCL; did you mean `LOCAL`?");
    check_refused(&["now", "--at", "soon"], "`soon` is not a time");
    check_refused(
        &["synth", "--from", "2026-01-02", "--to", "2026-01-01", "--out", "x"],
        "is not after --from",
    );
    check_refused(&["zones", "--set", "carbon.sourc=live"], "did you mean `carbon.source`?");
    check_refused(&["zones", "--set", "carbon.source=live"], "carbon.live is empty");
}
