//! The worker: takes assignments from a coordinator, evaluates them, and reports results and energy.
//!
//! The heart (`core` and what it holds) is pure; `actor` and the files named after machines (`run`, `lock`, `clock`,
//! `hardware`, `join`, `recent`, `blob_cache`, `shelf`) are the skin that reads clocks, files and sockets. The coordinator's library has files of
//! the same names for the same roles.

mod core;
mod effect;
mod input;
mod journal;
mod kept;
pub mod limits;
mod outbox;
mod pause;
mod pending;
mod reactor;
mod reports;
mod slots;
mod transfer;

mod actor;
mod addresses;
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
mod shelf;

pub use crate::core::{Core, Options};
pub use crate::effect::{Ask, Effect, Exit, Note};
pub use crate::input::{Ending, Input, Kept, Step};
pub use crate::journal::{Item, Record};
pub use crate::kept::{Former, Kept as KeptReports};
pub use crate::pending::{Entry, Waiting};

pub use crate::actor::{Ended, Setup, serve};
pub use crate::cli::Cli;
pub use crate::clock::Clock;
pub use crate::lock::{DirectoryLock, LOCK_FILE};
pub use crate::pack::pack;
pub use crate::probe::probe;
pub use crate::recent::Recent;
pub use crate::run::{RunError, run};
