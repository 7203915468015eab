//! How long the core takes for its steps: nothing else is heard meanwhile. For the log alone; nothing is decided by it.
//!
//! The longest in processor time: on a crowded machine a step also waits for its turn, which says nothing about the step. A look at that
//! clock takes as long as a sign of life does, so that it is asked once in a while and for a step that could be the longest; the mean
//! is by the clock on the wall.

#![allow(clippy::disallowed_methods)] // A skin: it measures its machine.

use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

/// A step's processor time is known to within what this thread did in so long before it.
const FRESH: Duration = Duration::from_millis(1);

#[derive(Debug, Default)]
pub(super) struct Steps {
    count: u64,
    /// By the wall's clock.
    total: Duration,
    longest: Duration,
    /// What the longest was about.
    of: &'static str,
    /// Its number.
    nth: u64,
    asked: Option<Asked>,
}

/// How much processor time this thread had had, and when that was asked for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    at: Instant,
    had: Duration,
}

impl Steps {
    pub(super) fn time<T>(&mut self, about: &'static str, step: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let before = self.asked.filter(|asked| began.duration_since(asked.at) < FRESH);
        let before = before.unwrap_or_else(|| Asked { at: began, had: processor_time() });
        self.asked = Some(before);
        let done = step();
        let took = began.elapsed();
        (self.count, self.total) = (self.count + 1, self.total + took);
        if took > self.longest {
            let took = took.min(processor_time().saturating_sub(before.had));
            if took > self.longest {
                (self.longest, self.of, self.nth) = (took, about, self.count);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_waits_is_not_long_and_one_that_works_is() {
        let mut steps = Steps::default();
        steps.time("waits", || std::thread::sleep(Duration::from_millis(100)));
        assert!(steps.longest < Duration::from_millis(50), "{:?}", steps.longest);
        let until = processor_time() + Duration::from_millis(60);
        steps.time("works", || while processor_time() < until {});
        assert!(steps.longest >= Duration::from_millis(50), "{:?}", steps.longest);
        assert_eq!((steps.of, steps.nth, steps.count), ("works", 2, 2));
    }
}
