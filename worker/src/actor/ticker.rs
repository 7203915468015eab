//! Tells the core that time passes.

use std::time::Duration;

use actix::{Actor, AsyncContext, Context};

use super::Ears;
use crate::input::Input;

/// The core's shortest limit is half a second.
const TICK: Duration = Duration::from_millis(100);

pub(super) struct Ticker {
    pub(super) ears: Ears,
}

impl Actor for Ticker {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.run_interval(TICK, |ticker, _| ticker.ears.hear(Input::Tick));
    }
}
