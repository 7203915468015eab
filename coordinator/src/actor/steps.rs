//! How long the core takes for its steps: nothing else is heard meanwhile. For the log alone; nothing is decided by it.

use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(super) struct Steps {
    count: u64,
    total: Duration,
    longest: Duration,
}

impl Steps {
    pub(super) fn time<T>(&mut self, step: impl FnOnce() -> T) -> T {
        #[allow(clippy::disallowed_methods)] // a duration for people, not a time for the core
        let began = Instant::now();
        let done = step();
        let took = began.elapsed();
        (self.count, self.total) = (self.count + 1, self.total + took);
        self.longest = self.longest.max(took);
        done
    }

    pub(super) fn tell(&self) {
        let mean_us = self.total.as_secs_f64() * 1e6 / self.count.max(1) as f64;
        let longest_ms = self.longest.as_secs_f64() * 1e3;
        tracing::info!(steps = self.count, mean_us, longest_ms, "steps of the core");
    }
}
