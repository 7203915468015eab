//! Chaos with the real programs: a study runs for so long while its coordinator and its machines are killed, stopped, starved and cut
//! off from each other; then everything heals, the study must end by itself, and its books must be in order.
//!
//! | file | what it does |
//! | --- | --- |
//! | `plan` | draws, from a seed, what befalls whom when |
//! | `network` | a network of this test's own, in which a machine can be cut off, also in one direction |
//! | `machines` | the processes, and what is done to them |
//! | `watch` | sees the ledger grow, keeps what was seen, notices silence |
//! | `run` | all of it in time, and the verdict |
//!
//! The moments follow the seed; what happens between them is the machine's own.
#![allow(clippy::disallowed_methods)] // real processes run in real time

mod machines;
mod network;
pub mod plan;
mod run;
mod watch;

pub use network::Network;
pub use plan::{Kind, Misfortune, Plan, Victim};
pub use run::{HANG, Settings, Verdict, run};

/// Over the lab's `REHEARSAL`: made-up trainings of about ten seconds on grid hours of ten, the study over after so many seconds.
pub fn rehearsal(seconds: f64) -> Vec<String> {
    let hours = (seconds / 10.0).ceil();
    let fixed = [
        "carbon.hour_seconds=10",
        "evaluation.rehearsal_epoch_s=0.5",
        "training.epochs=20",
        "ladder.rung_epochs=2",
        "allocation.policy=greedy",
        "coordinator.heartbeat_s=1",
        "worker.report_s=1",
        "worker.checkpoint_s=3",
        // A worker waits through any misfortune, as it does by default.
        "worker.give_up_s=unlimited",
    ];
    fixed.into_iter().map(Into::into).chain([format!("budget.hours={hours}")]).collect()
}
