//! How long a trial waits after a crash before it is tried again: twice as long after each further one, up to a limit. What makes a trial
//! crash may pass (a full disk, a driver that is being mended, a neighbour that took the memory); what does not shall not burn a fleet's
//! time until the trial is given up. Planned stops are none of this.

use common::id::TrialId;
use common::seed::Seed;
use common::time::Millis;
use rand::RngExt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// After the first crash.
    pub first: Millis,
    pub longest: Millis,
}

impl Retry {
    /// After so many crashes of this trial, from 1. Up to half of it is left out by chance, so that trials that crashed together do not
    /// all come back together; by the study's seed, so that a study replayed is the same.
    pub fn pause(self, seed: Seed, trial: TrialId, crashes: u32) -> Millis {
        /// Beyond so many every first pause is longer than any limit.
        const MOST_DOUBLINGS: u32 = 30;
        let doublings = crashes.saturating_sub(1).min(MOST_DOUBLINGS);
        let whole = Millis(self.first.0.saturating_mul(1_i64 << doublings)).min(self.longest);
        let kept: f64 = seed.derive("retry", trial.0).stream("crash", crashes.into()).random_range(0.5..=1.0);
        Millis((whole.0 as f64 * kept).ceil() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry { first: Millis(5_000), longest: Millis(300_000) };

    #[test]
    fn pauses_double_up_to_a_limit() {
        for trial in 0..100 {
            let mut bound = 5_000;
            for crashes in 1..40 {
                let Millis(pause) = RETRY.pause(Seed(7), TrialId(trial), crashes);
                assert!(
                    (bound / 2..=bound).contains(&pause),
                    "{pause} ms after {crashes} crashes of trial {trial}"
                );
                bound = (bound * 2).min(300_000);
            }
        }
        assert_eq!(Retry { first: Millis(0), longest: Millis(0) }.pause(Seed(1), TrialId(1), 9), Millis(0));
    }

    #[test]
    fn trials_that_crashed_together_come_back_apart_and_replayed_the_same() {
        let pauses = |seed| -> Vec<Millis> {
            (0..50).map(|trial| RETRY.pause(Seed(seed), TrialId(trial), 3)).collect()
        };
        assert_eq!(pauses(1), pauses(1));
        assert_ne!(pauses(1), pauses(2));
        let mut apart = pauses(1);
        apart.sort();
        apart.dedup();
        assert!(apart.len() > 40, "{apart:?}");
    }
}
