//! Services that take longer than a decision waits: what is known serves, and the late answer the next time.

use std::time::Duration;

use common::carbon::Provenance;
use common::unit::Intensity;

use super::server::Reply;
use super::*;
use crate::carbon::{CarbonSource, Chain};

const NOW: &str = "2026-05-01T10:10Z";
const HOUR: Millis = Millis(3_600_000);

fn history(rows: &[(&str, f64)]) -> String {
    let row = |(time, value): &(&str, f64)| format!(r#"{{"carbonIntensity":{value},"datetime":"{time}"}}"#);
    format!(r#"{{"zone":"DE","history":[{}]}}"#, rows.iter().map(row).collect::<Vec<_>>().join(","))
}

/// Until a late answer has come in, which is only a matter of time.
fn until(what: &str, mut seen: impl FnMut() -> bool) {
    let (_open, never) = std::sync::mpsc::channel::<()>();
    for _ in 0..400 {
        if seen() {
            return;
        }
        let _ = never.recv_timeout(Duration::from_millis(25));
    }
    panic!("{what} does not come about");
}

#[test]
fn a_late_answer_serves_the_next_time_and_corrects_the_hour() {
    let server = Server::new(|asked, _| {
        if asked.path.contains("/forecast") {
            return Reply::Json(r#"{"zone":"DE","forecast":[]}"#.into());
        }
        Reply::Slow(Duration::from_millis(600), history(&[("2026-05-01T10:00Z", 100.0)]))
    });
    let hands = Hands::at(NOW);
    let mut chain = Chain::new(Box::new(germany(&server, &hands))).or_constant(Intensity(380.0));
    let at = hour(NOW);
    let first = chain.observe_within(at, Millis(100)).unwrap();
    assert_eq!((first.intensity.0, first.provenance), (380.0, Provenance::Constant));
    assert!(chain.trouble().unwrap().to_string().contains("no answer yet"), "{:?}", chain.trouble());
    until("the answer", || !chain.by_now(at, at.plus(1)).is_empty());
    let corrected = chain.by_now(at.plus(-24), at.plus(1));
    assert_eq!(corrected.iter().map(|sample| sample.intensity.0).collect::<Vec<_>>(), [100.0]);
    hands.go_on(HOUR);
    let second = chain.observe_within(at.plus(1), Millis(100)).unwrap();
    assert_eq!((second.intensity.0, second.provenance), (100.0, Provenance::Cached { age_hours: 1 }));
}

#[test]
fn whoever_hangs_is_waited_for_once_and_never_by_two() {
    let (server, hands) = (Server::new(|_, _| Reply::Hang), Hands::at(NOW));
    let mut source = germany(&server, &hands);
    for _ in 0..5 {
        let error = source.observe_within(hour(NOW), Millis(50)).unwrap_err().to_string();
        assert!(error.contains("no answer yet"), "{error}");
        assert!(source.history_within(hour(NOW), 48, Millis(50)).is_empty());
    }
    assert_eq!(server.asked().len(), 1, "one question at a time");
    until("the end of the question", || {
        let error = source.observe_within(hour(NOW), Millis(50)).unwrap_err().to_string();
        error.contains("not asked before")
    });
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn the_patience_of_a_chain_is_shared_by_its_links() {
    let (slow, quick) =
        (Server::new(|_, _| Reply::Hang), Server::json(history(&[("2026-05-01T10:00Z", 7.0)])));
    let hands = Hands::at(NOW);
    let mut chain = Chain::new(Box::new(germany(&slow, &hands))).then(Box::new(germany(&quick, &hands)));
    let sample = chain.observe_within(hour(NOW), Millis(1_000)).unwrap();
    assert_eq!(
        (sample.intensity.0, sample.provenance),
        (7.0, Provenance::Measured("Electricity Maps".into()))
    );
}

#[test]
fn nobody_is_asked_for_what_a_service_does_not_have() {
    let (server, hands) = (Server::new(|_, _| Reply::Hang), Hands::at(NOW));
    let chain = Chain::new(Box::new(germany(&server, &hands))).then(Box::new(germany(&server, &hands)));
    assert!(chain.channels(hour(NOW).plus(-48), 48).is_empty());
    assert!(server.asked().is_empty(), "{:?}", server.asked());
}
