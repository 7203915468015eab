//! Live services: the intensity of the present hour and of the past, asked for over the network and kept.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `service` | what each service owes: questions and the meaning of answers, purely |
//! | `electricity_maps`, `electricity_maps_mix`, `watttime`, `uk` | the services |
//! | `hours` | readings of any step become hours |
//! | `client`, `key`, `roots` | HTTP, time limits, secrets, whose certificates are trusted |
//! | `pace`, `back_off` | the budget of requests, and waiting after failures |
//! | `source` | the zone's source, for whoever can wait and for whoever can't |
//! | `asker`, `known` | what is asked for, what is kept |
//! | `memory` | what outlives a restart |
//! | `trouble` | what a service can do wrong |

mod asker;
mod back_off;
mod client;
mod electricity_maps;
mod electricity_maps_mix;
mod hours;
mod key;
mod known;
mod memory;
mod pace;
mod roots;
mod service;
mod source;
#[cfg(test)]
pub(crate) mod tests;
mod trouble;
mod uk;
mod watttime;

use std::fmt;
use std::sync::Arc;

use common::time::Timestamp;

pub(super) use client::is_loopback;
pub use client::{Client, Options};
pub use electricity_maps::ElectricityMaps;
pub use electricity_maps_mix::ElectricityMapsMix;
pub use key::{Key, find};
pub use memory::{Memory, Slot};
pub use pace::Pace;
pub use roots::roots;
pub(super) use service::GRAMS_PER_POUND;
pub use service::{Access, Service};
pub use source::Live;
pub use trouble::{Said, Trouble};
pub use uk::{REGIONS, UkCarbonIntensity};
pub use watttime::WattTime;

/// The wall clock, or a test's.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(crate::clock::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
