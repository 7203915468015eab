//! The session's monotonic clock: the one place of the worker where time is read.

use std::time::Instant;

use common::time::Millis;

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

    pub fn now(&self) -> Millis {
        Millis(self.zero.elapsed().as_millis() as i64)
    }
}
