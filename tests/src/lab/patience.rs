//! Waiting with an end. The limits are for hangs: generous, so that a busy machine fails no test.
#![allow(clippy::disallowed_methods)] // real processes run in real time

use std::time::{Duration, Instant};

/// Far beyond what anything here takes, even on a machine that is busy with other work.
pub const HANG: Duration = Duration::from_secs(150);

/// No work of a test takes longer, however busy the machine.
const ENDLESS: Duration = Duration::from_secs(900);

const LOOK: Duration = Duration::from_millis(100);

/// Looks until there is something to see. Panics with `what` when there never is.
pub fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(HANG, look).unwrap_or_else(|| panic!("waited {} s for: {what}", HANG.as_secs()))
}

/// Looks until there is something to see, for so long.
pub fn within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        if let Some(seen) = look() {
            return Some(seen);
        }
        if began.elapsed() > limit {
            return None;
        }
        pause(LOOK);
    }
}

/// Looks until there is something to see, as long as what it sees instead goes on changing: much work is no hang.
pub fn while_it_goes_on<T, S: PartialEq>(mut look: impl FnMut() -> Result<T, S>) -> Option<T> {
    let began = Instant::now();
    let mut last = (None, began);
    loop {
        let state = match look() {
            Ok(seen) => return Some(seen),
            Err(state) => Some(state),
        };
        if state != last.0 {
            last = (state, Instant::now());
        }
        if last.1.elapsed() > HANG || began.elapsed() > ENDLESS {
            return None;
        }
        pause(LOOK);
    }
}

pub fn pause(span: Duration) {
    std::thread::sleep(span);
}
