//! The session's monotonic clock: the one place of the worker where time is read.

use std::time::Instant;

use common::time::Millis;
use common::unit::Seconds;

/// Milliseconds since the session began. Copies are the same clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    zero: Instant,
}

impl Clock {
    /// The session begins now.
    pub fn start() -> Self {
        #[allow(clippy::disallowed_methods)] // the skin's own clock; the core takes `now` from it
        Self { zero: Instant::now() }
    }

    /// To the resolution of the machine's clock, for spans shorter than a millisecond.
    pub fn exact(&self) -> Seconds {
        Seconds(self.zero.elapsed().as_secs_f64())
    }

    pub fn now(&self) -> Millis {
        Millis(self.zero.elapsed().as_millis() as i64)
    }
}
