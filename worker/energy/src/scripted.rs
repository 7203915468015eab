//! A meter that follows a script: power by time, piecewise constant. For tests and rehearsals.

use common::energy::Method;
use common::time::Millis;
use common::unit::{Joules, Seconds, Watts};

use crate::error::Error;
use crate::meter::PowerMeter;

/// Draws `steps[i].1` watts from `steps[i].0` on; nothing before the first step.
#[derive(Debug, Clone)]
pub struct Scripted {
    steps: Vec<(Millis, Watts)>,
    failures: Vec<(Millis, Millis)>,
    /// Drawn before `opened`.
    before: Joules,
    opened: Millis,
    latest: Millis,
}

impl Scripted {
    /// `steps`: ascending in time.
    ///
    /// # Panics
    /// When the steps don't ascend or a power is negative: a script is written by a programmer.
    pub fn new(steps: Vec<(Millis, Watts)>, now: Millis) -> Self {
        assert!(steps.is_sorted_by(|a, b| a.0 < b.0), "the steps ascend");
        assert!(steps.iter().all(|step| step.1.is_finite() && step.1 >= Watts::ZERO), "no power is negative");
        Self { steps, failures: Vec::new(), before: Joules::ZERO, opened: now, latest: now }
    }

    pub fn constant(power: Watts, now: Millis) -> Self {
        Self::new(vec![(now, power)], now)
    }

    /// Makes every sample in `[from, to)` fail.
    pub fn failing(mut self, from: Millis, to: Millis) -> Self {
        self.failures.push((from, to));
        self
    }

    /// What the script draws in `[from, to)`.
    pub fn energy(&self, from: Millis, to: Millis) -> Joules {
        let ends = self.steps.iter().skip(1).map(|step| step.0).chain([Millis(i64::MAX)]);
        self.steps
            .iter()
            .zip(ends)
            .map(|(&(start, power), end)| {
                let overlap_ms = end.min(to).0.saturating_sub(start.max(from).0).max(0);
                power.over(Seconds(overlap_ms as f64 / 1000.0))
            })
            .sum()
    }
}

impl PowerMeter for Scripted {
    fn describe(&self) -> String {
        "script".into()
    }

    fn method(&self) -> Method {
        Method::Tabulated
    }

    fn sample(&mut self, now: Millis) -> Result<Joules, Error> {
        if self.failures.iter().any(|&(from, to)| (from..to).contains(&now)) {
            return Err(Error::Unread { meter: self.describe(), reason: "as the script says".into() });
        }
        self.latest = self.latest.max(now);
        Ok(self.before + self.energy(self.opened, self.latest))
    }

    fn wake(&mut self, now: Millis) -> Result<(), Error> {
        self.before += self.energy(self.opened, self.latest);
        self.latest = self.latest.max(now);
        self.opened = self.latest;
        Ok(())
    }
}
