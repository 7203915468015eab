//! A deterministic world around the real cores: one seed makes a run.
//!
//! Time is a heap of happenings keyed (time, count); the network encodes and decodes every frame with the real codec and then
//! delays, loses, repeats, reorders and cuts; executors, meters and disks are fakes whose truth is known exactly. The auditor
//! checks the laws of `ARCHITECTURE.md` after every step. Nothing here reads a clock, a file or the environment.

mod answers;
mod auditor;
mod coordinator_side;
mod faults;
mod grid;
mod history;
mod network;
mod plan;
mod process;
mod random;
mod schedule;
mod store;
mod trace;
mod truth;
mod worker_side;
mod world;

pub use faults::Fault;
pub use network::{Lose, Way, Weather};
pub use plan::{Death, MachinePlan, Mishaps, Moment, Plan};
pub use store::Store;
pub use world::{Outcome, run};
