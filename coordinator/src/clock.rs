//! The one place where the coordinator reads a clock.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::time::{Millis, Timestamp};
use nix::time::{ClockId, clock_gettime};

/// Two clocks are not looked at in one moment: what they differ by less is no sleep.
const BETWEEN_TWO_LOOKS: Millis = Millis(1_000);

/// By how much this process's time is ahead of the wall time that it began with.
static AHEAD_MS: AtomicI64 = AtomicI64::new(0);

/// Wall time, anchored once and carried on by the clock that runs since the machine was started: a wall clock that is set back or
/// forward while a study runs neither holds it up nor loses its workers, and the hours that a machine sleeps have passed.
#[allow(clippy::disallowed_methods)] // The skin hands the time to the core.
pub fn now() -> Timestamp {
    static ANCHOR: OnceLock<(Timestamp, Duration)> = OnceLock::new();
    let (wall, began) = ANCHOR.get_or_init(|| {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (Timestamp(millis(since_epoch).0), since_boot())
    });
    let elapsed = millis(since_boot().saturating_sub(*began));
    *wall + elapsed + Millis(AHEAD_MS.load(Ordering::Relaxed))
}

/// Time goes on from `last`, should it lie ahead: a study's history never runs backwards, and would else stand still until the wall clock
/// is there. Says by how much it was ahead.
pub fn go_on_from(last: Timestamp) -> Millis {
    let ahead = last.since(now()).max(Millis(0));
    AHEAD_MS.fetch_add(ahead.0, Ordering::Relaxed);
    ahead
}

/// How long this machine slept since this was last asked, where it did.
pub fn slept() -> Option<Millis> {
    static BEFORE: OnceLock<AtomicI64> = OnceLock::new();
    let asleep = millis(since_boot().saturating_sub(awake())).0;
    let before = BEFORE.get_or_init(|| AtomicI64::new(asleep)).swap(asleep, Ordering::Relaxed);
    Some(Millis(asleep - before)).filter(|span| *span > BETWEEN_TWO_LOOKS)
}

/// Since the machine was started, without the time that it slept.
fn awake() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every system has this clock").into()
}

fn since_boot() -> Duration {
    clock_gettime(ClockId::CLOCK_BOOTTIME).expect("Linux has this clock since 2.6.39").into()
}

fn millis(span: Duration) -> Millis {
    Millis(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_from_what_lies_ahead_and_is_never_set_back() {
        let before = now();
        assert_eq!(go_on_from(before), Millis(0));
        // Not by much: other tests of this process read the same clock.
        let ahead = before + Millis(2_000);
        let by = go_on_from(ahead);
        assert!(by > Millis(0) && by <= Millis(2_000), "{by:?}");
        let after = now();
        assert!(after >= ahead && after.since(ahead) < Millis(1_000), "{after} after {ahead}");
    }
}
