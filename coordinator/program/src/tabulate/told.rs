//! How far a tabulation is: a line on the screen that is drawn anew, or, in a pipe, a line for each result.

use std::cell::{Cell, RefCell};
use std::io::{IsTerminal, Write};

use common::energy::Purpose;
use common::event::Event;
use coordinator::core::State;
use coordinator::news::{Listener, each_event};
use coordinator::screen::Narrator;

/// What is to come in each seed's study.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub architectures: usize,
    /// Results in all.
    pub results: usize,
    /// What a short training is of a full one.
    pub rung_share: f64,
}

/// Of the study of one seed, the `turn`-th of `seeds`.
pub fn listener(plan: Plan, seed: u64, turn: usize, seeds: usize) -> Listener {
    let redraws = std::io::stderr().is_terminal();
    // Counted when the fleet changes: it may have ten thousand workers.
    let slots = Cell::new(None);
    let is_behind = Cell::new(false);
    let narrator = RefCell::new(Narrator::default());
    each_event(move |at, event, state| {
        if matches!(event, Event::WorkerJoined { .. } | Event::WorkerLost { .. }) {
            slots.set(None);
        }
        let mut is_told = false;
        for line in narrator.borrow_mut().tell(at, event, state) {
            tracing::info!("{line}");
            is_told = true;
        }
        // Made for results alone: a large table has many other events.
        let line = || {
            let live = slots.get().unwrap_or_else(|| live_slots(state));
            slots.set(Some(live));
            let left = plan.seconds(state).map(|seconds| seconds.map(|seconds| seconds / live)).map(
                |[spent, whole]| {
                    let others = (seeds - turn - 1) as f64 * whole;
                    format!(", about {} left", span((whole - spent).max(0.0) + others))
                },
            );
            let (left, results) = (left.unwrap_or_default(), plan.results);
            format!("seed {seed} ({} of {seeds}): {} of {results} results{left}", turn + 1, ended(state))
        };
        if matches!(event, Event::TrialFinished { .. }) {
            is_behind.set(!is_told);
        }
        let mut err = std::io::stderr();
        let told = match event {
            Event::TrialFailed { trial, reason } => writeln!(err, "trial {trial} failed: {reason}"),
            // As many as the log tells: thousands of workers finish more in a second than anybody reads.
            Event::TrialFinished { .. } if !is_told => Ok(()),
            Event::TrialFinished { .. } if redraws => write!(err, "\r{}   ", line()),
            Event::TrialFinished { .. } => writeln!(err, "{}", line()),
            Event::StudyFinished { .. } if redraws => writeln!(err, "\r{}   ", line()),
            Event::StudyFinished { .. } if is_behind.get() => writeln!(err, "{}", line()),
            _ => Ok(()),
        };
        // A closed pipe ends nobody's work.
        let _ = told.and_then(|()| err.flush());
    })
}

impl Plan {
    /// Seconds of one slot spent, and those that a whole seed takes; none before the first training.
    fn seconds(&self, state: &State) -> Option<[f64; 2]> {
        let mean = |purpose| state.mean_cost(purpose).map(|(mean, _)| mean.0);
        let full = mean(Purpose::Full).or_else(|| Some(mean(Purpose::Rung)? / self.rung_share))?;
        let of_all = |purpose| self.architectures as f64 * mean(purpose).unwrap_or(0.0);
        let whole = self.architectures as f64 * full
            + of_all(Purpose::Rung)
            + of_all(Purpose::OneShot)
            + mean(Purpose::Supernet).unwrap_or(0.0);
        let of_purpose = |(purpose, count)| f64::from(count) * mean(purpose).unwrap_or(0.0);
        let spent: f64 = state.finished_here().map(of_purpose).sum();
        Some([spent, whole])
    }
}

/// Trials that have a result, or never will.
fn ended(state: &State) -> usize {
    state.trials.len() - state.open_trials()
}

/// At least one.
fn live_slots(state: &State) -> f64 {
    let alive = state.workers.values().filter(|worker| worker.alive).map(|worker| worker.slots.len());
    alive.sum::<usize>().max(1) as f64
}

/// "3 h 20 min", "12 min", "40 s".
fn span(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() as u64;
    match minutes {
        0..=1 => format!("{seconds:.0} s"),
        2..=119 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_are_told_as_people_do() {
        assert_eq!([40.0, 720.0, 12_000.0].map(span), ["40 s", "12 min", "3 h 20 min"]);
    }
}
