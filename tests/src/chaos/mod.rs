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

/// A study of made-up trainings of about ten seconds on grid hours of ten seconds, over after so many seconds.
pub fn rehearsal(seconds: f64) -> String {
    format!(
        r#"
[study]
name = "chaos"
[space]
channels = 8
cells_per_stage = 1
input = [1, 28, 28]
[evaluation]
evaluator = "rehearsal"
rehearsal_epoch_s = 0.5
[supernet]
epochs = 5
[training]
epochs = 20
[ladder]
one_shot = true
rung_epochs = 2
[search]
initial_samples = 8
[carbon]
start = "2026-05-04T09:00Z"
hour_seconds = 10.0
[allocation]
policy = "greedy"
[budget]
hours = {}
[coordinator]
listen = "tcp://127.0.0.1:0"
heartbeat_s = 1.0
[worker]
device = "cpu"
meter = "estimate"
report_s = 1.0
checkpoint_s = 3.0
"#,
        (seconds / 10.0).ceil()
    )
}
