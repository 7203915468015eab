//! A laboratory for the real programs: `ce-nas` and `ce-nas-worker` as processes, in directories of their own, with sockets, keys and
//! ledgers as a user has them.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `programs` | where the programs lie, and what surroundings they get |
//! | `process` | one process: what it says, how it ends, and that it never outlives its test |
//! | `study` | one study in a directory: its commands, its workers, its ledger while it grows |
//! | `books` | what must hold of a ledger and its report, counted here a second time from the bare events |
//! | `hostility` | what strangers and turncoats do to a port |
//! | `images` | tiny data sets, whole and damaged |
//! | `ports` | ports that nobody listens at |
//! | `relay` | a wire whose bytes are kept |
//! | `service` | a carbon service that fails as it is told |
//! | `slurm` | a Slurm of one's own, where Slurm is installed |
//! | `patience` | waiting with an end |
//!
//! Nothing here measures time to judge by it: every wait is for something to become true, and its limit only ends a hang.

pub mod books;
pub mod hostility;
pub mod images;
pub mod patience;
pub mod ports;
pub mod process;
pub mod programs;
pub mod relay;
pub mod service;
pub mod slurm;
pub mod study;

pub use ports::free_ports;
pub use process::{Ended, Process};
pub use study::Study;

/// Seconds-long grid hours and tenths of seconds of made-up training: a whole study in a quarter of a minute.
pub const REHEARSAL: &str = r#"
[study]
name = "lab"
[space]
channels = 8
cells_per_stage = 1
input = [1, 28, 28]
[evaluation]
evaluator = "rehearsal"
rehearsal_epoch_s = 0.1
[supernet]
epochs = 5
[training]
epochs = 6
[ladder]
one_shot = true
rung_epochs = 1
[search]
initial_samples = 8
[carbon]
start = "2026-05-04T09:00Z"
hour_seconds = 1.0
[budget]
hours = 18
[coordinator]
listen = "tcp://127.0.0.1:0"
heartbeat_s = 0.5
[worker]
device = "cpu"
meter = "estimate"
report_s = 0.5
checkpoint_s = 1.0
give_up_s = 120.0
[local]
workers = 2
"#;
