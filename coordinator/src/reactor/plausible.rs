//! What a worker may say of itself and of its energy. Its key proves who it is, not that it tells the truth: what it says is held against
//! bounds that no honest worker comes near, so that none can take the coordinator down (law W-3). Pure.

use std::collections::BTreeSet;

use common::energy::Measurement;
use common::time::{HOUR_MS, Millis};
use common::wire::{Hello, SlotInfo};

/// Ten years: no process and no machine lasts as long.
const OLDEST_SESSION: Millis = Millis(10 * 365 * 24 * HOUR_MS);
/// Of one machine; the largest have a few hundred processors.
const MOST_SLOTS: usize = 1_024;
/// Bytes of a device or a meter in words; the longest of ours has a hundred.
const LONGEST_WORDS: usize = 1_024;
/// Bytes of a version or a machine's name; DNS allows 253.
const LONGEST_NAME: usize = 256;
/// Bytes of a zone's name: the electricity maps' have a dozen.
const LONGEST_ZONE: usize = 64;

/// By so much a worker's time may be ahead of the coordinator's: a week, for clocks leap, and the time of a coordinator whose clock was
/// set back stands still while it is away.
const SLACK: Millis = Millis(7 * 24 * HOUR_MS);
/// Grid hours of one window: more than a year of real time. The books have a line for each hour, and windows are joined only after days
/// without a coordinator.
const MOST_HOURS: f64 = 10_000.0;
/// Joules of one window: a megawatt for eleven days. Sums of such stay numbers.
const MOST_JOULES: f64 = 1e12;

/// Why nobody can be admitted who says this of itself, where it can't be true or makes no sense.
pub(crate) fn fault_of_hello(hello: &Hello) -> Option<String> {
    let Hello { clock, zone, slots, version, host, .. } = hello;
    if slots.is_empty() {
        return Some("a worker needs at least one slot".into());
    }
    if slots.len() > MOST_SLOTS {
        return Some(format!(
            "{} slots are more than the {MOST_SLOTS} that one worker may have",
            slots.len()
        ));
    }
    let names: BTreeSet<_> = slots.iter().map(|info| info.slot).collect();
    if names.len() < slots.len() {
        return Some("two slots have the same number".into());
    }
    if !(0..=OLDEST_SESSION.0).contains(&clock.0) {
        return Some(format!("its session's clock stands at {} ms, which no clock does", clock.0));
    }
    let zone = zone.as_str();
    if zone.is_empty() || zone.len() > LONGEST_ZONE || zone.chars().any(char::is_control) {
        return Some(format!("its zone is no name of 1 to {LONGEST_ZONE} bytes: set worker.zone"));
    }
    let is_wordy = |info: &SlotInfo| info.device.len().max(info.meter.len()) > LONGEST_WORDS;
    if version.len().max(host.len()) > LONGEST_NAME || slots.iter().any(is_wordy) {
        return Some(
            "its version, its machine's name, or a device or meter is described at too great length".into(),
        );
    }
    None
}

/// Why a window of a session that began `age` ago can't be booked, if it can't.
pub(crate) fn fault_of_window(window: &Measurement, age: Millis, hour_s: f64) -> Option<String> {
    let Measurement { start, end, joules, meter, .. } = window;
    if start.0 < 0 || end < start {
        return Some(format!("its window from {} to {} ms of the session is none", start.0, end.0));
    }
    if end.0 > age.0.saturating_add(SLACK.0) {
        return Some(format!("its window ends {} ms into a session that is {} ms old", end.0, age.0));
    }
    let hours = (end.0 - start.0) as f64 / (hour_s * 1000.0);
    if hours > MOST_HOURS {
        return Some(format!("its window of {hours:.0} grid hours is longer than {MOST_HOURS}"));
    }
    if !(0.0..=MOST_JOULES).contains(&joules.0) {
        return Some(format!("no slot draws {} J in a window", joules.0));
    }
    (meter.len() > LONGEST_WORDS).then(|| "its meter is described at too great length".into())
}
