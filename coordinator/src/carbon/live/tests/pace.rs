//! Waiting and budget, in a time of the tests' own.

use super::*;

const SECOND: i64 = 1_000;

fn waits(pace: &mut Pace, now: Timestamp) -> i64 {
    match pace.take(now) {
        Err(Trouble::Waiting { until, .. } | Trouble::BudgetSpent { until, .. }) => until.since(now).0,
        _ => 0,
    }
}

fn throttled(retry_after: Option<Millis>) -> Trouble {
    Trouble::Throttled { retry_after, said: Said::default() }
}

#[test]
fn waiting_doubles_with_jitter_up_to_an_hour() {
    let mut pace = Pace::new(1000, Seed(7));
    let mut now = Timestamp(0);
    let mut waited = Vec::new();
    for _ in 0..10 {
        pace.take(now).unwrap();
        pace.on_failure(&Trouble::TimedOut(Millis(4000)), now);
        let wait = waits(&mut pace, now);
        waited.push(wait);
        now = now + Millis(wait);
    }
    for (failures, wait) in waited.iter().enumerate() {
        let doubled = ((30 * SECOND) << failures).min(3600 * SECOND);
        assert!((doubled / 2..=doubled).contains(wait), "after {failures} failures {wait} ms: {waited:?}");
    }
    pace.on_answer();
    assert_eq!(waits(&mut pace, now), 0, "an answer ends the waiting");
}

#[test]
fn one_seed_makes_one_jitter() {
    let wait = |seed| {
        let mut pace = Pace::new(10, Seed(seed));
        pace.on_failure(&Trouble::TimedOut(Millis(1)), Timestamp(0));
        waits(&mut pace, Timestamp(0))
    };
    assert_eq!(wait(1), wait(1));
    assert_ne!(wait(1), wait(2), "two studies do not return together");
}

#[test]
fn a_service_may_ask_for_patience_within_a_day() {
    for (asked_s, at_least, at_most) in [(600, 600, 600), (5, 15, 30), (10_000_000, 86_400, 86_400)] {
        let mut pace = Pace::new(10, Seed(1));
        pace.on_failure(&throttled(Some(Millis(asked_s * SECOND))), Timestamp(0));
        let wait = waits(&mut pace, Timestamp(0)) / SECOND;
        assert!((at_least..=at_most).contains(&wait), "asked for {asked_s} s, waits {wait} s");
    }
}

#[test]
fn a_refused_key_waits_long_at_once() {
    let mut pace = Pace::new(10, Seed(1));
    pace.on_failure(&Trouble::Refused { status: 401, said: Said::default() }, Timestamp(0));
    assert!(waits(&mut pace, Timestamp(0)) >= 1800 * SECOND);
}

#[test]
fn the_budget_is_of_any_day_not_of_a_calendar_day() {
    let mut pace = Pace::new(2, Seed(1));
    let hours = |hours: i64| Timestamp(hours * 3600 * SECOND);
    pace.take(hours(0)).unwrap();
    pace.take(hours(10)).unwrap();
    let spent = pace.take(hours(20)).unwrap_err().to_string();
    assert!(spent.contains("its 2 requests of 24 hours are used up"), "{spent}");
    pace.take(hours(24)).unwrap();
    assert_eq!(waits(&mut pace, hours(25)), 9 * 3600 * SECOND);
}
