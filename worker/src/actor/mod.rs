//! The skin: one actor a file, and no decisions. Each carries inputs to the core or does what an effect says.
//!
//! `worker` drives the core. `link`, `executor`, `meter` and `store` live on threads of their own, so that neither a training, a
//! slow disk nor a large blob ever delays a heartbeat or a power reading.

mod cache;
mod executor;
mod link;
mod meter;
mod store;
mod ticker;
mod worker;

pub use worker::{Ended, Setup, serve};

use std::fmt;
use std::sync::Arc;

use crate::input::Input;

/// How every part of the skin reaches the core. Never waits.
#[derive(Clone)]
pub(crate) struct Ears(Arc<dyn Fn(Input) + Send + Sync>);

impl Ears {
    fn new(listener: impl Fn(Input) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    fn hear(&self, input: Input) {
        (self.0)(input);
    }
}

impl fmt::Debug for Ears {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ears")
    }
}
