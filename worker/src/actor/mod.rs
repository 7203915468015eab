//! The skin: one actor a file, and no decisions. Each carries inputs to the core or does what an effect says.
//!
//! `worker` drives the core. `link`, `executor` and `meter` live on threads of their own, so that neither a training nor
//! a large blob ever delays a heartbeat or a power reading.

mod cache;
mod executor;
mod link;
mod meter;
mod ticker;
mod worker;

pub use worker::{Ended, Setup, serve};

use crate::input::Input;

/// Something for the core to learn.
#[derive(Debug, actix::Message)]
#[rtype(result = "()")]
pub(crate) struct Hear(pub(crate) Input);

/// How every part of the skin reaches the core. Never waits.
pub(crate) type Ears = actix::Recipient<Hear>;
