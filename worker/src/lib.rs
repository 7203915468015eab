//! The worker: takes assignments from a coordinator, evaluates them, and reports results and energy.
//!
//! The heart (`core` and what it holds) is pure; `actor` and the files named after machines (`run`, `lock`, `clock`,
//! `hardware`, `join`, `recent`, `blob_cache`) are the skin that reads clocks, files and sockets. The coordinator's library has files of
//! the same names for the same roles.

mod core;
mod effect;
mod input;
pub mod limits;
mod outbox;
mod pause;
mod pending;
mod reactor;
mod slots;
mod transfer;

mod actor;
mod blob_cache;
mod cli;
mod clock;
mod hardware;
mod join;
mod lock;
pub mod logging;
mod pack;
mod probe;
mod recent;
mod run;

pub use crate::core::{Core, Options};
pub use crate::effect::{Ask, Effect, Exit, Note};
pub use crate::input::{Ending, Input, Kept, Step};

pub use crate::actor::{Ended, Setup, serve};
pub use crate::cli::Cli;
pub use crate::clock::Clock;
pub use crate::lock::{DirectoryLock, LOCK_FILE};
pub use crate::pack::pack;
pub use crate::probe::probe;
pub use crate::recent::Recent;
pub use crate::run::{RunError, run};
