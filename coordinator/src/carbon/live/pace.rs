//! When a service may be asked: a budget of requests, and waiting after failures. Pure; time and dice come in.

use std::collections::VecDeque;

use common::seed::Seed;
use common::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

use super::back_off::{BackOff, Failures};
use super::trouble::Trouble;

const DAY: Millis = Millis(24 * 3_600_000);

#[derive(Debug)]
pub struct Pace {
    per_day: u32,
    asked: VecDeque<Timestamp>,
    law: BackOff,
    failures: Failures,
}

/// What a restart must not forget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    asked: Vec<Timestamp>,
    #[serde(flatten)]
    failures: Failures,
}

impl Pace {
    pub fn new(per_day: u32, seed: Seed) -> Self {
        let law = BackOff::new(seed);
        Self { per_day, asked: VecDeque::new(), law, failures: Failures::default() }
    }

    /// Another wait than half a minute after the first failure.
    pub fn waiting_first(self, wait: Millis) -> Self {
        Self { law: self.law.waiting_first(wait), ..self }
    }

    /// How its zones wait.
    pub fn law(&self) -> BackOff {
        self.law
    }

    pub fn spent(&self) -> Spent {
        Spent { asked: self.asked.iter().copied().collect(), failures: self.failures.clone() }
    }

    /// Goes on where an earlier process stopped. What claims to lie ahead, for the clock was put back, counts as now.
    pub fn recall(&mut self, spent: Spent, now: Timestamp) {
        self.asked = spent.asked.into_iter().map(|asked| asked.min(now)).collect();
        self.failures = spent.failures.recalled(now);
    }

    /// Until when it is left in peace after a failure.
    pub fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.failures.until(now)
    }

    /// Counts a request, or says until when there is none.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Trouble> {
        self.failures.ready(now)?;
        while self.asked.front().is_some_and(|asked| now.since(*asked) >= DAY) {
            self.asked.pop_front();
        }
        if self.asked.len() >= self.per_day as usize {
            let until = self.asked.front().map_or(now, |oldest| *oldest + DAY);
            return Err(Trouble::BudgetSpent { until, limit: self.per_day });
        }
        self.asked.push_back(now);
        Ok(())
    }

    pub fn on_answer(&mut self) {
        self.failures.on_answer();
    }

    pub fn on_failure(&mut self, trouble: &Trouble, now: Timestamp) {
        self.failures.on_failure(trouble, &self.law, now);
    }
}
