//! The one place where the coordinator reads a clock.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use common::time::{Millis, Timestamp};

/// Wall time, anchored once and carried on by the monotonic clock: a wall clock that is set back or forward while a study
/// runs neither holds it up nor loses its workers.
#[allow(clippy::disallowed_methods)] // The skin hands the time to the core.
pub fn now() -> Timestamp {
    static ANCHOR: OnceLock<(Timestamp, Instant)> = OnceLock::new();
    let millis = |span: std::time::Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    let (wall, began) = ANCHOR.get_or_init(|| {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (Timestamp(millis(since_epoch)), Instant::now())
    });
    *wall + Millis(millis(began.elapsed()))
}
