//! The commands on a live service, played by a server of the tests' own.

use common::id::Zone;
use common::time::{HOUR_MS, Millis};
use serde_json::Value;

use super::tests::{call, check_refused};
use super::*;
use crate::carbon::live::tests::server::{Asked, Reply, Server};
use crate::carbon::{CarbonSource, Trace};

const AT: &str = "2021-06-01T00:00Z";
/// Of one question to the UK's service.
const SPAN_HOURS: usize = 14 * 24;

/// The hours that the question is about.
fn asked_for(asked: &Asked) -> (GridHour, GridHour) {
    let times: Vec<GridHour> = asked.path.split('/').filter_map(|part| time(part).ok()).collect();
    (times[0], times[1])
}

/// As the UK's service answers: half hours, and the one before the time asked for as well.
fn answer(asked: &Asked, knows: impl Fn(GridHour) -> bool) -> Reply {
    let (from, to) = asked_for(asked);
    let halves = (2 * from.0 - 1..2 * to.0).filter(|half| knows(GridHour(half.div_euclid(2))));
    let row = |half: i64| {
        let start = GridHour(0).start() + Millis(half * HOUR_MS / 2);
        let end = start + Millis(HOUR_MS / 2);
        format!(r#"{{"from":"{start}","to":"{end}","intensity":{{"forecast":90,"actual":100}}}}"#)
    };
    Reply::Json(format!(r#"{{"data":[{}]}}"#, halves.map(row).collect::<Vec<_>>().join(",")))
}

fn with(server: &Server, words: &[&str]) -> Vec<String> {
    let settings = [
        "carbon.source=live".into(),
        r#"carbon.live=["GB=uk"]"#.into(),
        format!("carbon.uk.url={}", server.base()),
        "carbon.retry_s=0.1".into(),
    ];
    let settings = settings.into_iter().flat_map(|setting| ["--set".into(), setting]);
    words.iter().map(|word| (*word).to_owned()).chain(settings).collect()
}

fn ask(server: &Server, words: &[&str]) -> Result<String> {
    let words = with(server, words);
    call(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn history<'w>(hours: &'w str, more: &[&'w str]) -> Vec<&'w str> {
    [&["history", "--zone", "GB", "--at", AT, "--hours", hours][..], more].concat()
}

#[test]
fn history_asks_until_all_hours_are_there() {
    let server = Server::new(|asked, _| answer(asked, |_| true));
    let told = ask(&server, &history("1500", &["--json"])).unwrap();
    let hours: Value = serde_json::from_str(&told).unwrap();
    let hours = hours.as_array().unwrap();
    assert_eq!((hours.len(), &hours[1499]["hour"]), (1500, &AT.into()));
    assert!(hours.iter().all(|hour| hour["provenance"] == "measured (UK Carbon Intensity)"));
    assert_eq!(server.asked().len(), 1500_usize.div_ceil(SPAN_HOURS));
    let told = ask(&server, &history("24", &[])).unwrap();
    assert_eq!(told.lines().count(), 25, "a head and the hours: {told}");
}

#[test]
fn where_nothing_is_known_for_a_reason_the_reason_is_told_and_the_command_fails() {
    let refuses = Server::new(|_, _| Reply::Status(403, "", r#"{"error":"no such key"}"#.into()));
    let throttles = Server::new(|_, _| Reply::Status(429, "retry-after: 3600\r\n", String::new()));
    for (server, expected) in
        [(&refuses, "(status 403): no such key"), (&throttles, "too many requests (status 429)")]
    {
        for more in [&[][..], &["--json"]] {
            let error = ask(server, &history("24", more)).unwrap_err().to_string();
            let nothing = format!("nothing is known of GB in the 24 h up to {AT}: UK Carbon Intensity: ");
            assert!(error.starts_with(&nothing) && error.contains(expected), "{error}");
        }
        assert_eq!(server.asked().len(), 2, "once for each command");
    }
    let empty = Server::new(|asked, _| answer(asked, |_| false));
    let told = ask(&empty, &history("24", &[])).unwrap();
    assert_eq!(told, format!("nothing is known of GB in the 24 h up to {AT}\n"));
}

#[test]
fn fewer_hours_than_asked_for_come_with_the_reason() {
    let server = Server::new(|asked, before| match before {
        0 => answer(asked, |_| true),
        _ => Reply::Status(403, "", r#"{"error":"too long ago"}"#.into()),
    });
    let told = ask(&server, &history("700", &[])).unwrap();
    let last = told.lines().last().unwrap();
    assert!(last.starts_with("336 of 700 hours: UK Carbon Intensity: "), "{last}");
    assert!(last.ends_with("(status 403): too long ago"), "{last}");
    let begins = time(AT).unwrap().plus(-9);
    let young = Server::new(move |asked, _| answer(asked, |hour| hour >= begins));
    let told = ask(&young, &history("700", &[])).unwrap();
    assert_eq!(told.lines().last().unwrap(), "10 of 700 hours: no more are known");
}

#[test]
fn a_short_pause_that_a_service_asks_for_is_granted_once() {
    let server = Server::new(|asked, before| match before {
        1 => Reply::Status(429, "retry-after: 1\r\n", String::new()),
        _ => answer(asked, |_| true),
    });
    let told = ask(&server, &history("700", &[])).unwrap();
    assert_eq!(told.lines().count(), 701, "{told}");
    assert_eq!(server.asked().len(), 4);
}

#[test]
fn what_came_before_a_service_failed_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gb.csv");
    let file = path.display().to_string();
    let fetch = ["fetch", "--zone", "GB", "--from", "2021-03-01", "--to", "2021-06-01", "--out", &file];
    let server = Server::new(|asked, before| match before {
        0 | 1 => answer(asked, |_| true),
        _ => Reply::Status(500, "", "boom".into()),
    });
    let error = ask(&server, &fetch).unwrap_err().to_string();
    let stopped = time("2021-06-01").unwrap().plus(-2 * SPAN_HOURS as i64);
    assert!(error.starts_with(&format!("it stopped at {stopped}; ")), "{error}");
    assert!(error.contains("UK Carbon Intensity: it answers with status 500: boom"), "{error}");
    assert_eq!(server.asked().len(), 4, "it was tried once more");
    let trace = Trace::read(&path, Zone::new("GB"), "auto").unwrap();
    assert_eq!(trace.span().unwrap(), (stopped, time("2021-05-31T23:00Z").unwrap()));
}

#[test]
fn holes_that_no_study_bridges_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gb.csv").display().to_string();
    let fetch = ["fetch", "--zone", "GB", "--from", "2021-05-01", "--to", "2021-05-03", "--out", &file];
    let hole = |from: &str, hours: i64| {
        let from = time(from).unwrap();
        move |hour: GridHour| !(from..from.plus(hours)).contains(&hour)
    };
    let (short, long) = (hole("2021-05-01T05:00Z", 3), hole("2021-05-02T05:00Z", 4));
    let server = Server::new(move |asked, _| answer(asked, |hour| short(hour) && long(hour)));
    let told = ask(&server, &fetch).unwrap();
    assert!(told.starts_with("41 of 48 hours of GB in ") && told.contains("7 are not known"), "{told}");
    assert_eq!(told.matches(" h are missing").count(), 1, "{told}");
    assert!(told.contains("4 h are missing from 2021-05-02T05:00Z on"), "{told}");
}

#[test]
fn more_than_a_hundred_years_are_refused() {
    check_refused(
        &["history", "--zone", "LOCAL", "--hours", "10000000000"],
        "10000000000 hours are more than a hundred years",
    );
    check_refused(&["history", "--zone", "LOCAL", "--hours", "0"], "0 is not in 1..");
    let ages = ["--from", "0001-01-01", "--to", "9999-12-01", "--out", "x"];
    check_refused(&[&["synth"][..], &ages].concat(), "more than a hundred years");
    check_refused(&[&["fetch", "--zone", "LOCAL"][..], &ages].concat(), "more than a hundred years");
}
