//! Waiting that doubles after failures, with jitter: a service and each of its zones by one law. Pure; time and dice come in.

use common::seed::Seed;
use common::time::{Millis, Timestamp};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::trouble::Trouble;

/// After the first failure; a hiccup is over by then.
const FIRST_WAIT: Millis = Millis(30_000);
/// The longest wait that doubling reaches: within an hour of its return a service is in use again.
const LONGEST_WAIT: Millis = Millis(3_600_000);
/// A service may ask for more patience than that, but not for ever.
const LONGEST_ASKED: Millis = Millis(24 * 3_600_000);

/// The law.
#[derive(Debug, Clone, Copy)]
pub struct BackOff {
    first_wait: Millis,
    seed: Seed,
}

/// Where it stands; a restart must not forget it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Failures {
    failures: u32,
    wait: Option<(Timestamp, String)>,
}

impl BackOff {
    pub fn new(seed: Seed) -> Self {
        Self { first_wait: FIRST_WAIT, seed }
    }

    /// Another wait than half a minute after the first failure.
    pub fn waiting_first(self, first_wait: Millis) -> Self {
        Self { first_wait, ..self }
    }

    /// The same law with dice of its own.
    pub fn of(self, name: &str) -> Self {
        Self { seed: self.seed.derive(name, 0), ..self }
    }

    /// After `trouble`, when there were so many `failures` before.
    fn wait(&self, trouble: &Trouble, failures: u32) -> Millis {
        let cause = match trouble {
            Trouble::LogIn(cause) => cause.as_ref(),
            other => other,
        };
        let doubled = match cause {
            // A key does not mend itself.
            Trouble::Refused { .. } | Trouble::KeyRefused { .. } | Trouble::NoKey(_) => LONGEST_WAIT,
            _ => Millis(self.first_wait.0.saturating_mul(1 << failures.min(12)).min(LONGEST_WAIT.0)),
        };
        // Between half and all of it, so that the coordinators of one institute do not return together.
        let dice = self.seed.stream("back-off", u64::from(failures)).next_u64();
        let share = 0.5 + 0.5 * (dice >> 11) as f64 / (1_u64 << 53) as f64;
        let own = Millis((doubled.0 as f64 * share) as i64);
        let asked = match cause {
            Trouble::Throttled { retry_after, .. } | Trouble::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        asked.map_or(own, |asked| own.max(asked.min(LONGEST_ASKED)))
    }
}

impl Failures {
    /// Until when nothing is asked.
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        self.wait.as_ref().map(|(until, _)| *until).filter(|until| now < *until)
    }

    /// Whether something may be asked, or until when not and why.
    pub fn ready(&self, now: Timestamp) -> Result<(), Trouble> {
        match &self.wait {
            Some((until, why)) if now < *until => Err(Trouble::Waiting { until: *until, why: why.clone() }),
            _ => Ok(()),
        }
    }

    pub fn on_answer(&mut self) {
        *self = Self::default();
    }

    pub fn on_failure(&mut self, trouble: &Trouble, law: &BackOff, now: Timestamp) {
        self.wait_for(law.wait(trouble, self.failures), trouble, now);
        self.failures = self.failures.saturating_add(1);
    }

    /// Asks nothing for `span`.
    pub fn wait_for(&mut self, span: Millis, trouble: &Trouble, now: Timestamp) {
        self.wait = Some((now + span, trouble.to_string()));
    }

    /// As an earlier process left it. A wait of more than the longest, for the clock was put back, is cut.
    pub fn recalled(self, now: Timestamp) -> Self {
        Self { wait: self.wait.map(|(until, why)| (until.min(now + LONGEST_ASKED), why)), ..self }
    }
}
