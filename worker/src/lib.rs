//! The worker: takes assignments from a coordinator, evaluates them, and reports results and energy.
//!
//! The heart (`core` and what it holds) is pure; `actor` and the files below it are the skin that reads clocks, files
//! and sockets. The coordinator's library has files of the same names for the same roles.

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

pub use crate::core::{Core, Options};
pub use crate::effect::{Ask, Effect, Exit, Note};
pub use crate::input::{Ending, Input, Kept, Step};
pub use crate::outbox::Outbox;
