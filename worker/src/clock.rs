//! The session's monotonic clock: the one place of the worker where time is read.

use std::time::{Duration, Instant};

use common::time::Millis;
use common::unit::Seconds;
use nix::time::{ClockId, clock_gettime};

/// Milliseconds since the session began. Copies are the same clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    zero: Duration,
    awake: Instant,
}

impl Clock {
    /// The session begins now.
    pub fn start() -> Self {
        #[allow(clippy::disallowed_methods)] // the skin's own clock; the core takes `now` from it
        let awake = Instant::now();
        Self { zero: since_boot(), awake }
    }

    /// Time at work, to the resolution of the machine's clock: without the hours that the machine was suspended.
    pub fn exact(&self) -> Seconds {
        Seconds(self.awake.elapsed().as_secs_f64())
    }

    /// The hours that the machine was suspended have passed: what is used after them belongs to the hour in which it is used.
    pub fn now(&self) -> Millis {
        self.now_and_slept().0
    }

    /// The same, and for how long the machine was suspended until then. Two clocks are not looked at in one moment: a thread that is
    /// held up in between takes the sleep for shorter, which the next look corrects.
    pub fn now_and_slept(&self) -> (Millis, Millis) {
        let now = since_boot().saturating_sub(self.zero);
        let slept = now.saturating_sub(self.awake.elapsed());
        let [now, slept] = [now, slept].map(|span| Millis(span.as_millis() as i64));
        (now, slept)
    }
}

fn since_boot() -> Duration {
    clock_gettime(ClockId::CLOCK_BOOTTIME).expect("Linux has this clock since 2.6.39").into()
}
