//! Answers that are well formed, and what becomes of them.

use common::carbon::{CarbonSample, Provenance};
use common::time::HOUR_MS;

use super::*;
use crate::carbon::CarbonSource;

/// What is known of the day around `now`, once the hour was observed.
fn known(dialect: &Dialect, body: String, now: &str) -> Vec<CarbonSample> {
    let (server, hands) = (says(dialect, body), Hands::at(now));
    let mut source = live(dialect, &server.base(), &hands);
    let _ = source.observe(hour(now));
    source.by_now(hour(now).plus(-48), hour(now).plus(48))
}

fn close(sample: &CarbonSample, intensity: f64) -> bool {
    (sample.intensity.0 - intensity).abs() < 1e-6
}

#[track_caller]
fn check(dialect: &Dialect, hours: &[Hour], expected: &[(GridHour, f64)]) {
    let known = known(dialect, (dialect.says)(hours, utc), NOW);
    let told: Vec<_> = known.iter().map(|sample| (sample.hour, sample.intensity.0)).collect();
    let same = known.len() == expected.len()
        && known
            .iter()
            .zip(expected)
            .all(|(sample, (hour, value))| sample.hour == *hour && close(sample, *value));
    assert!(same, "{}: {told:?}, expected {expected:?}", dialect.name);
    for sample in &known {
        assert_eq!(sample.kind, (dialect.service)().kind(), "{}", dialect.name);
        let provenance = sample.provenance.to_string();
        assert_eq!(provenance, dialect.provenance, "{}", dialect.name);
    }
}

#[test]
fn hours_come_in_order_and_once_however_they_are_sent() {
    let at = |back: i64| hour(NOW).plus(-back);
    let sent = [(at(1), Some(101.0)), (at(3), Some(103.0)), (at(0), Some(100.0)), (at(2), Some(102.0))];
    let twice = [&sent[..], &sent[1..3]].concat();
    for dialect in all() {
        check(&dialect, &twice, &[(at(3), 103.0), (at(2), 102.0), (at(1), 101.0), (at(0), 100.0)]);
    }
}

#[test]
fn a_half_hour_before_the_span_asked_for_replaces_no_whole_one() {
    for dialect in all().into_iter().filter(|dialect| dialect.leads) {
        let server = courteous(move |asked| {
            let span = times(asked);
            let end = span.get(1).copied().unwrap_or(span[0].plus(3));
            let hours: Vec<Hour> = (span[0].0..end.0).map(|at| (GridHour(at), Some(200.0))).collect();
            Reply::Json(led(&(dialect.says)(&hours, utc), span[0]))
        });
        let hands = Hands::at(NOW);
        let mut source = live(&dialect, &server.base(), &hands);
        assert_eq!(source.history(hour(NOW).plus(1), 400).len(), 400, "{}", dialect.name);
        for at in 0..3 {
            source.observe(hour(NOW).plus(at)).unwrap();
            hands.go_on(Millis(HOUR_MS));
        }
        let known = source.by_now(hour(NOW).plus(-500), hour(NOW).plus(3));
        assert_eq!(known.len(), 402, "{}", dialect.name);
        for sample in known {
            let whole = close(&sample, 200.0) && sample.provenance.to_string() == dialect.provenance;
            assert!(whole, "{}: {sample:?}", dialect.name);
        }
        let coming = source.ask_coming(hour(NOW).plus(3)).unwrap();
        assert_eq!(coming.keys().next(), Some(&hour(NOW).plus(3)), "{}", dialect.name);
    }
}

#[test]
fn nobody_has_observed_an_hour_that_has_not_begun() {
    let at = |ahead: i64| hour(NOW).plus(ahead);
    let sent: Vec<Hour> = (-1..30).map(|ahead| (at(ahead), Some(200.0))).collect();
    for dialect in all() {
        check(&dialect, &sent, &[(at(-1), 200.0), (at(0), 200.0)]);
        let (server, hands) = (says(&dialect, (dialect.says)(&sent, utc)), Hands::at(NOW));
        let mut source = live(&dialect, &server.base(), &hands);
        assert!(source.observe(at(1)).is_err(), "{}", dialect.name);
        let past = source.history(at(20), 40);
        assert!(past.iter().all(|sample| sample.hour <= at(0)), "{}: {past:?}", dialect.name);
    }
}

#[test]
fn a_forecast_is_never_told_as_anything_else() {
    let at = |ahead: i64| hour(NOW).plus(ahead);
    for dialect in all() {
        let sent: Vec<Hour> = (0..6).map(|ahead| (at(ahead), Some(200.0))).collect();
        let body = (dialect.says)(&sent, utc);
        let body = body.replace("\"history\"", "\"forecast\"");
        let empty = dialect.empty;
        let server = courteous(move |asked| {
            Reply::Json(if is_about_the_coming(asked) { body.clone() } else { empty.into() })
        });
        let mut source = live(&dialect, &server.base(), &Hands::at(NOW));
        let sample = source.observe(at(0)).unwrap();
        assert!(close(&sample, 200.0) && matches!(sample.provenance, Provenance::Forecast(_)), "{sample:?}");
        assert!(source.by_now(at(-9), at(9)).is_empty(), "{}: no forecast is history", dialect.name);
    }
}

#[test]
fn what_is_null_missing_or_impossible_is_left_out_and_never_0() {
    let at = |back: i64| hour(NOW).plus(-back);
    let sent = [
        (at(6), Some(106.0)),
        (at(5), None),
        (at(3), Some(-5.0)),
        (at(2), Some(99_999.0)),
        (at(1), Some(101.0)),
        (at(0), None),
    ];
    for dialect in all() {
        check(&dialect, &sent, &[(at(6), 106.0), (at(1), 101.0)]);
        let server = says(&dialect, (dialect.says)(&sent, utc));
        let unknown = live(&dialect, &server.base(), &Hands::at(NOW)).observe(at(0)).unwrap_err().to_string();
        assert!(unknown.contains("knows nothing of this hour"), "{}: {unknown}", dialect.name);
    }
}

#[test]
fn parts_of_an_hour_say_so_and_less_than_half_says_nothing() {
    let sent = [(hour(NOW), Some(120.0))];
    for dialect in all().into_iter().filter(|dialect| dialect.steps_per_hour > 1) {
        let half = known(&dialect, (dialect.says_part)(&sent, dialect.steps_per_hour / 2), NOW);
        assert!(half.len() == 1 && close(&half[0], 120.0), "{}: {half:?}", dialect.name);
        assert!(!matches!(half[0].provenance, Provenance::Measured(_)), "{}: {half:?}", dialect.name);
        let less = known(&dialect, (dialect.says_part)(&sent, dialect.steps_per_hour / 2 - 1), NOW);
        assert_eq!(less, [], "{}", dialect.name);
    }
}

/// Local time of central Europe, in its own hand.
fn local(time: Timestamp) -> String {
    let summer =
        (parse_time("2026-03-29T01:00Z").unwrap()..parse_time("2026-10-25T01:00Z").unwrap()).contains(&time);
    let offset_h = if summer { 2 } else { 1 };
    let text = (time + Millis(offset_h * HOUR_MS)).to_string();
    format!("{}+0{offset_h}:00", text.trim_end_matches('Z'))
}

#[test]
fn days_of_23_and_25_hours_lose_and_double_nothing() {
    for (day, end) in [("2026-03-28T23:00Z", "2026-03-29T22:00Z"), ("2026-10-24T22:00Z", "2026-10-25T23:00Z")]
    {
        let hours = hour(end).0 - hour(day).0;
        let sent: Vec<Hour> = (0..hours).map(|i| (hour(day).plus(i), Some(100.0 + i as f64))).collect();
        for dialect in all() {
            let server = says(&dialect, (dialect.says)(&sent, local));
            let (known, stopped) =
                live(&dialect, &server.base(), &Hands::at(end)).look_back(hour(day), hour(end));
            assert_eq!(stopped, None, "{}, {day}", dialect.name);
            assert_eq!(known.len() as i64, hours, "{}, {day}", dialect.name);
            for (i, sample) in known.iter().enumerate() {
                assert_eq!(sample.hour, hour(day).plus(i as i64), "{}", dialect.name);
                assert!(close(sample, 100.0 + i as f64), "{}: {sample:?}", dialect.name);
            }
        }
    }
}

#[test]
fn another_kind_unit_or_place_is_refused_whole() {
    for dialect in all() {
        for body in dialect.of_something_else {
            let server = says(&dialect, (*body).into());
            let mut source = live(&dialect, &server.base(), &Hands::at(NOW));
            let error = source.observe(hour(NOW)).unwrap_err().to_string();
            assert!(
                ["where", "a unit that is not known"].iter().any(|phrase| error.contains(phrase)),
                "{}: {error}",
                dialect.name
            );
            assert!(source.by_now(hour(NOW).plus(-48), hour(NOW).plus(48)).is_empty(), "{}", dialect.name);
        }
    }
}
