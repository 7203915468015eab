//! Windows and the keeper: contiguous, complete, never negative, whatever happens.

use common::energy::{Measurement, Method};
use common::id::{Attempt, SlotId, TaskId, TrialId};
use common::time::Millis;
use common::unit::{Joules, Watts};
use energy::{Meterkeeper, Reading, Scripted, Windows};
use proptest::prelude::*;

const SLOT: SlotId = SlotId(3);

fn task(trial: u64) -> TaskId {
    TaskId { trial: TrialId(trial), attempt: Attempt(0) }
}

fn reading(total: f64) -> Reading {
    Reading { total: Joules(total), method: Method::Counter, meter: "test".into() }
}

/// Each window as "start-end holder joules", one after another.
fn prose(windows: &[Measurement]) -> String {
    let lines = windows.iter().map(|window| {
        let holder = window.task.map_or("idle".into(), |task| format!("task {task}"));
        format!("{}-{} {holder} {:.1}", window.start.0, window.end.0, window.joules.0)
    });
    lines.collect::<Vec<_>>().join("; ")
}

#[test]
fn a_keeper_reports_by_interval_and_by_holder() {
    let script = Scripted::new(vec![(Millis(0), Watts(10.0)), (Millis(7_000), Watts(100.0))], Millis(0));
    let mut keeper = Meterkeeper::open(SLOT, Box::new(script), Millis(5_000), Millis(0)).unwrap();
    let mut all = Vec::new();
    assert_eq!(keeper.due(), Millis(5_000));
    all.extend(keeper.sample(Millis(4_999)).closed);
    assert!(all.is_empty());
    all.extend(keeper.sample(Millis(5_000)).closed);
    all.extend(keeper.hand_over(Millis(7_000), Some(task(1))).closed);
    assert_eq!(keeper.holder(), Some(task(1)));
    all.extend(keeper.hand_over(Millis(7_000), Some(task(2))).closed); // task 1 never got going
    all.extend(keeper.sample(Millis(10_000)).closed);
    assert_eq!(keeper.total(), Joules(370.0));
    all.extend(keeper.sample(Millis(12_500)).closed);
    all.extend(keeper.hand_over(Millis(13_000), None).closed);
    all.extend(keeper.close(Millis(14_000)).closed);
    assert_eq!(
        prose(&all),
        "0-5000 idle 50.0; 5000-7000 idle 20.0; 7000-12500 task 2.0 550.0; 12500-13000 task 2.0 50.0; \
         13000-14000 idle 100.0"
    );
}

#[test]
fn a_failing_meter_closes_the_window_and_is_made_up_for() {
    let script = Scripted::constant(Watts(10.0), Millis(0)).failing(Millis(2_000), Millis(6_000));
    let mut keeper = Meterkeeper::open(SLOT, Box::new(script), Millis(5_000), Millis(0)).unwrap();
    let mut all = Vec::new();
    all.extend(keeper.hand_over(Millis(0), Some(task(1))).closed);
    all.extend(keeper.sample(Millis(1_000)).closed);
    let taken = keeper.sample(Millis(2_000));
    assert!(taken.trouble.is_some());
    all.extend(taken.closed);
    assert_eq!(prose(&all), "0-1000 task 1.0 10.0");
    let taken = keeper.hand_over(Millis(4_000), Some(task(2)));
    assert!(taken.trouble.is_some());
    all.extend(taken.closed);
    all.extend(keeper.sample(Millis(6_000)).closed);
    all.extend(keeper.close(Millis(7_000)).closed);
    assert_eq!(
        prose(&all),
        "0-1000 task 1.0 10.0; 1000-4000 task 1.0 30.0; 4000-6000 task 2.0 20.0; 6000-7000 task 2.0 10.0"
    );
}

#[test]
fn what_a_machine_draws_asleep_is_nobody_s() {
    const HOUR_MS: i64 = 3_600_000;
    let script = Scripted::constant(Watts(10.0), Millis(0)).failing(Millis(HOUR_MS), Millis(HOUR_MS + 500));
    let mut keeper = Meterkeeper::open(SLOT, Box::new(script), Millis(5_000), Millis(0)).unwrap();
    let mut all = Vec::new();
    all.extend(keeper.hand_over(Millis(0), Some(task(1))).closed);
    all.extend(keeper.sample(Millis(1_000)).closed);
    // Suspended a moment later; it wakes an hour after, and its instrument a second after that.
    let taken = keeper.wake(Millis(HOUR_MS));
    assert!(taken.trouble.is_some());
    all.extend(taken.closed);
    assert_eq!(keeper.holder(), Some(task(1)));
    all.extend(keeper.sample(Millis(HOUR_MS + 1_000)).closed);
    all.extend(keeper.sample(Millis(HOUR_MS + 3_000)).closed);
    // Once more, while nobody is on the slot.
    all.extend(keeper.hand_over(Millis(HOUR_MS + 4_000), None).closed);
    all.extend(keeper.wake(Millis(2 * HOUR_MS)).closed);
    all.extend(keeper.close(Millis(2 * HOUR_MS + 2_000)).closed);
    assert_eq!(
        prose(&all),
        "0-1000 task 1.0 10.0; 3600000-3601000 task 1.0 10.0; 3601000-3604000 task 1.0 30.0; 7200000-7202000 idle 20.0"
    );
}

#[test]
fn a_change_of_method_is_a_change_of_window() {
    let mut windows = Windows::open(SLOT, Millis(5_000), Millis(0), reading(0.0));
    assert!(windows.on_reading(Millis(1_000), Some(&reading(1.0))).is_empty());
    let integrated = Reading { method: Method::Integrated, ..reading(9.0) };
    let counted = windows.on_reading(Millis(2_000), Some(&integrated));
    assert_eq!((prose(&counted).as_str(), counted[0].method), ("0-1000 idle 1.0", Method::Counter));
    let closed = windows.close(Millis(2_000), Some(&integrated));
    assert_eq!((prose(&closed).as_str(), closed[0].method), ("1000-2000 idle 8.0", Method::Integrated));
}

#[derive(Debug, Clone)]
enum Act {
    Sample,
    Fail,
    Hold(Option<u64>),
    HoldUnread(Option<u64>),
}

fn acts() -> impl Strategy<Value = Vec<(i64, f64, Act)>> {
    let holder = || proptest::option::of(0..4_u64);
    let act = prop_oneof![
        4 => Just(Act::Sample),
        1 => Just(Act::Fail),
        2 => holder().prop_map(Act::Hold),
        1 => holder().prop_map(Act::HoldUnread),
    ];
    // Steps of no time, steps back, and a total that stands still all occur.
    proptest::collection::vec(
        (prop_oneof![1 => Just(0), 1 => -50..0_i64, 6 => 1..4_000_i64], 0.0..500.0, act),
        0..60,
    )
}

proptest! {
    // A failing run prints its input; nothing is written beside the sources.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn windows_touch_and_add_up(acts in acts(), opened in -1_000_000..1_000_000_i64, base in 0.0..1e6) {
        let mut windows = Windows::open(SLOT, Millis(5_000), Millis(opened), reading(base));
        let (mut clock, mut latest, mut total) = (opened, opened, base);
        let mut found = Vec::new();
        for (step, gained, act) in acts {
            clock += step;
            total += gained;
            latest = latest.max(clock);
            let now = Millis(clock);
            match act {
                Act::Sample => found.extend(windows.on_reading(now, Some(&reading(total)))),
                Act::Fail => found.extend(windows.on_reading(now, None)),
                Act::Hold(holder) | Act::HoldUnread(holder) => {
                    let read = reading(total);
                    let read = matches!(act, Act::Hold(_)).then_some(&read);
                    found.extend(windows.on_holder(now, holder.map(task), read));
                }
            }
            prop_assert!(windows.due().0 >= opened + 5_000);
        }
        latest += 10;
        total += 1.0;
        found.extend(windows.close(Millis(latest), Some(&reading(total))));

        prop_assert_eq!(found[0].start.0, opened);
        prop_assert!(found.windows(2).all(|pair| pair[0].end == pair[1].start), "{}", prose(&found));
        prop_assert_eq!(found.last().unwrap().end.0, latest);
        prop_assert!(found.iter().all(|window| window.joules >= Joules::ZERO && window.start < window.end));
        let sum: f64 = found.iter().map(|window| window.joules.0).sum();
        prop_assert!((sum - (total - base)).abs() <= 1e-6 * total.max(1.0), "{sum} of {}", total - base);
    }

    /// On a steady draw the joules of each window are its length times the power, and its holder is who held it.
    #[test]
    fn windows_belong_to_their_holders(acts in acts()) {
        const POWER_W: f64 = 40.0;
        let mut windows = Windows::open(SLOT, Millis(5_000), Millis(0), reading(0.0));
        let mut now = 0;
        let mut changes = vec![(0, None)];
        let mut found = Vec::new();
        let at = |now: i64| reading(now as f64 / 1000.0 * POWER_W);
        for (step, _, act) in acts {
            now += step.max(0);
            let read = at(now);
            match act {
                Act::Sample => found.extend(windows.on_reading(Millis(now), Some(&read))),
                Act::Fail => found.extend(windows.on_reading(Millis(now), None)),
                Act::Hold(holder) | Act::HoldUnread(holder) => {
                    let read = matches!(act, Act::Hold(_)).then_some(&read);
                    found.extend(windows.on_holder(Millis(now), holder.map(task), read));
                    changes.push((now, holder.map(task)));
                }
            }
        }
        found.extend(windows.close(Millis(now), Some(&at(now))));
        for window in &found {
            let expected_j = (window.end.0 - window.start.0) as f64 / 1000.0 * POWER_W;
            prop_assert!((window.joules.0 - expected_j).abs() < 1e-6, "{}", prose(&found));
            let held = changes.iter().rfind(|change| change.0 <= window.start.0).unwrap().1;
            prop_assert_eq!(window.task, held);
            let changed = changes.iter().any(|change| window.start.0 < change.0 && change.0 < window.end.0);
            prop_assert!(!changed, "no change of hands within a window");
        }
    }
}
