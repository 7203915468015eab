//! Numbers, windows, repetition.

use common::energy::Method;
use common::id::{Attempt, SlotId, TrialId};
use common::trial::Failure;

use super::*;

fn energy(slot: u16, start: i64, joules: f64) -> Report {
    Report::Energy(Measurement {
        slot: SlotId(slot),
        task: None,
        start: Millis(start),
        end: Millis(start + 1),
        joules: Joules(joules),
        method: Method::Tabulated,
        meter: "scripted".into(),
    })
}

fn filled(count: i64) -> Outbox {
    let mut outbox = Outbox::default();
    for at in 0..count {
        outbox.push(energy(0, at, 1.0));
    }
    outbox
}

fn numbers(outbox: &mut Outbox, now: i64) -> Vec<u64> {
    outbox.due(Millis(now), None).into_iter().map(|(number, _)| number).collect()
}

#[test]
fn numbers_count_from_one_and_are_sent_once() {
    let mut outbox = filled(3);
    assert_eq!(numbers(&mut outbox, 0), [1, 2, 3]);
    assert!(numbers(&mut outbox, 1).is_empty());
    outbox.push(energy(0, 9, 1.0));
    assert_eq!(numbers(&mut outbox, 2), [4]);
}

#[test]
fn silence_sends_everything_again_at_growing_intervals() {
    let mut outbox = filled(2);
    assert_eq!(numbers(&mut outbox, 0), [1, 2]);
    assert!(numbers(&mut outbox, 999).is_empty());
    assert_eq!(numbers(&mut outbox, 1_000), [1, 2]);
    assert!(numbers(&mut outbox, 2_999).is_empty());
    assert_eq!(numbers(&mut outbox, 3_000), [1, 2]);
    assert_eq!(outbox.stalled_since(), Some(Millis(0)));
}

#[test]
fn the_window_moves_with_acknowledgements() {
    let mut outbox = filled(100);
    assert_eq!(numbers(&mut outbox, 0), (1..=32).collect::<Vec<_>>());
    outbox.acknowledge(10, Millis(1));
    assert_eq!(numbers(&mut outbox, 1), (33..=42).collect::<Vec<_>>());
    assert_eq!(
        numbers(&mut outbox, 1_001),
        (11..=26).collect::<Vec<_>>(),
        "back to the oldest, half as many"
    );
    outbox.acknowledge(42, Millis(1_002));
    assert_eq!(numbers(&mut outbox, 1_003), (43..=59).collect::<Vec<_>>(), "and one more");
    assert_eq!(outbox.joules(), Joules(58.0));
}

#[test]
fn repeated_late_and_impossible_acknowledgements_change_nothing() {
    let mut outbox = filled(3);
    numbers(&mut outbox, 0);
    outbox.acknowledge(2, Millis(1));
    for number in [0, 1, 2, 4, u64::MAX] {
        outbox.acknowledge(number, Millis(1));
    }
    assert_eq!(outbox.len(), 1);
    outbox.acknowledge(3, Millis(2));
    assert!(outbox.is_empty() && outbox.stalled_since().is_none());
    outbox.push(energy(0, 9, 1.0));
    assert_eq!(numbers(&mut outbox, 3), [4], "numbers go on");
}

#[test]
fn a_repeated_acknowledgement_tells_of_a_gap() {
    let mut outbox = filled(4);
    numbers(&mut outbox, 0);
    outbox.acknowledge(1, Millis(10));
    outbox.acknowledge(1, Millis(20));
    assert!(numbers(&mut outbox, 109).is_empty());
    assert_eq!(numbers(&mut outbox, 110), [2, 3, 4]);
}

#[test]
fn an_acknowledgement_of_what_was_rewound_is_believed() {
    let mut outbox = filled(3);
    numbers(&mut outbox, 0);
    outbox.rewind();
    outbox.acknowledge(2, Millis(1));
    assert_eq!(numbers(&mut outbox, 1), [3]);
}

#[test]
fn a_task_is_held_until_its_last_report_is_acknowledged() {
    let task = TaskId { trial: TrialId(7), attempt: Attempt(0) };
    let mut outbox = filled(1);
    outbox.push(Report::Failed { task, failure: Failure::Diverged });
    assert_eq!(outbox.ended_tasks().collect::<Vec<_>>(), [task]);
    outbox.acknowledge(1, Millis(0));
    assert_eq!(outbox.ended_tasks().count(), 1);
    outbox.acknowledge(2, Millis(0));
    assert_eq!(outbox.ended_tasks().count(), 0);
}

#[test]
fn a_long_absence_merges_windows_but_loses_no_joule() {
    let mut outbox = Outbox::default();
    let count = MERGE_ABOVE as i64 + 1_000;
    for at in 0..count {
        outbox.push(energy(0, at, 1.0));
        outbox.push(energy(1, at, 2.0));
    }
    assert!(outbox.len() <= MERGE_ABOVE + 2, "{}", outbox.len());
    assert_eq!(outbox.joules(), Joules(3.0 * count as f64));
    numbers(&mut outbox, 0);
    let kept = outbox.len();
    outbox.push(energy(0, count + 5, 1.0));
    assert_eq!(outbox.len(), kept + 1, "a gap is not bridged");
}

#[test]
fn what_is_barred_waits_with_all_that_follows() {
    let mut outbox = filled(3);
    let sent = |outbox: &mut Outbox, barred| -> Vec<u64> {
        outbox.due(Millis(0), barred).into_iter().map(|(number, _)| number).collect()
    };
    assert!(sent(&mut outbox, Some(1)).is_empty());
    assert_eq!(sent(&mut outbox, Some(3)), [1, 2]);
    assert_eq!(sent(&mut outbox, None), [3]);
}

#[test]
fn what_changes_is_told_once() {
    let mut outbox = filled(3);
    assert_eq!(outbox.take_changed().len(), 3);
    assert!(outbox.take_changed().is_empty());
    outbox.push(energy(0, 9, 1.0));
    outbox.acknowledge(4, Millis(0));
    assert!(outbox.take_changed().is_empty(), "nobody writes down what is acknowledged");
}

#[test]
fn a_restored_one_goes_on_with_its_numbers() {
    let mut outbox = Outbox::restored(7, [energy(0, 0, 1.0), energy(0, 1, 1.0)]);
    assert!(outbox.take_changed().is_empty());
    assert_eq!(numbers(&mut outbox, 0), [7, 8]);
    outbox.acknowledge(8, Millis(1));
    outbox.push(energy(0, 2, 1.0));
    assert_eq!(numbers(&mut outbox, 2), [9]);
}
