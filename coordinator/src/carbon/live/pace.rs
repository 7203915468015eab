//! When a service may be asked: a budget of requests, and waiting that doubles after failures, with jitter. Pure; time and dice come in.

use std::collections::VecDeque;

use common::seed::Seed;
use common::time::{Millis, Timestamp};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::trouble::Trouble;

const DAY: Millis = Millis(24 * 3_600_000);
/// After the first failure; a hiccup is over by then.
const FIRST_WAIT: Millis = Millis(30_000);
/// The longest wait that doubling reaches: within an hour of its return a service is in use again.
const LONGEST_WAIT: Millis = Millis(3_600_000);
/// A service may ask for more patience than that, but not for ever.
const LONGEST_ASKED: Millis = DAY;

#[derive(Debug)]
pub struct Pace {
    per_day: u32,
    first_wait: Millis,
    asked: VecDeque<Timestamp>,
    failures: u32,
    wait: Option<(Timestamp, String)>,
    seed: Seed,
}

/// What a restart must not forget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    asked: Vec<Timestamp>,
    failures: u32,
    wait: Option<(Timestamp, String)>,
}

impl Pace {
    pub fn new(per_day: u32, seed: Seed) -> Self {
        Self { per_day, first_wait: FIRST_WAIT, asked: VecDeque::new(), failures: 0, wait: None, seed }
    }

    /// Another wait than half a minute after the first failure.
    pub fn waiting_first(mut self, wait: Millis) -> Self {
        self.first_wait = wait;
        self
    }

    pub fn spent(&self) -> Spent {
        Spent {
            asked: self.asked.iter().copied().collect(),
            failures: self.failures,
            wait: self.wait.clone(),
        }
    }

    /// Goes on where an earlier process stopped. What claims to lie ahead, for the clock was put back, counts as now.
    pub fn recall(&mut self, spent: Spent, now: Timestamp) {
        self.asked = spent.asked.into_iter().map(|asked| asked.min(now)).collect();
        self.failures = spent.failures;
        self.wait = spent.wait.map(|(until, why)| (until.min(now + LONGEST_ASKED), why));
    }

    /// Counts a request, or says until when there is none.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Trouble> {
        if let Some((until, why)) = self.wait.clone().filter(|(until, _)| now < *until) {
            return Err(Trouble::Waiting { until, why });
        }
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
        self.failures = 0;
        self.wait = None;
    }

    pub fn on_failure(&mut self, trouble: &Trouble, now: Timestamp) {
        let doubled = match trouble {
            // A key does not mend itself.
            Trouble::Refused { .. } | Trouble::NoKey(_) => LONGEST_WAIT,
            _ => Millis(self.first_wait.0.saturating_mul(1 << self.failures.min(12)).min(LONGEST_WAIT.0)),
        };
        // Between half and all of it, so that the coordinators of one institute do not return together.
        let dice = self.seed.stream("back-off", u64::from(self.failures)).next_u64();
        let share = 0.5 + 0.5 * (dice >> 11) as f64 / (1_u64 << 53) as f64;
        let own = Millis((doubled.0 as f64 * share) as i64);
        let asked = match trouble {
            Trouble::Throttled { retry_after, .. } | Trouble::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        let wait = asked.map_or(own, |asked| own.max(asked.min(LONGEST_ASKED)));
        self.failures = self.failures.saturating_add(1);
        self.wait = Some((now + wait, trouble.to_string()));
    }
}
