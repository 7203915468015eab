//! How long the core takes for its steps: nothing else is heard meanwhile. For the log alone; nothing is decided by it.
//!
//! In processor time: on a crowded machine a step also waits for its turn, which says nothing about the step.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

#[derive(Debug, Default)]
pub(super) struct Steps {
    count: u64,
    total: Duration,
    longest: Duration,
    /// What the longest was about.
    of: &'static str,
    /// Its number.
    nth: u64,
}

impl Steps {
    pub(super) fn time<T>(&mut self, about: &'static str, step: impl FnOnce() -> T) -> T {
        let began = processor_time();
        let done = step();
        let took = processor_time().saturating_sub(began);
        (self.count, self.total) = (self.count + 1, self.total + took);
        if took > self.longest {
            (self.longest, self.of, self.nth) = (took, about, self.count);
        }
        done
    }

    pub(super) fn tell(&self) {
        let mean_us = self.total.as_secs_f64() * 1e6 / self.count.max(1) as f64;
        let longest_ms = self.longest.as_secs_f64() * 1e3;
        tracing::info!(
            steps = self.count,
            mean_us,
            longest_ms,
            of = self.of,
            nth = self.nth,
            "steps of the core"
        );
    }
}

/// Of this thread; zero on a system that does not say.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}
