//! The trait behind which every source of intensities stands.

use std::fmt;

use common::carbon::{CarbonSample, Expected, SignalKind};
use common::id::Zone;
use common::time::{GridHour, Millis};
use forecast::Channel;

use super::Error;

/// Hourly intensities of one zone and one kind.
pub trait CarbonSource: Send + fmt::Debug {
    fn zone(&self) -> &Zone;
    fn kind(&self) -> SignalKind;

    /// What the study's own forecast says of `hour`: for one that stands in where nobody knows the hour.
    fn expect(&mut self, _hour: GridHour, _expected: Expected) {}

    /// The sample of `hour`, or why there is none.
    fn observe(&mut self, hour: GridHour) -> Result<CarbonSample, Error>;

    /// The same from what is known within `patience`. A question that takes longer goes on by itself, and its answer serves the
    /// next time.
    fn observe_within(&mut self, hour: GridHour, _patience: Millis) -> Result<CarbonSample, Error> {
        self.observe(hour)
    }

    /// What it forecast of `hour` while it answered, without asking anybody.
    fn foreseen(&self, _hour: GridHour) -> Option<CarbonSample> {
        None
    }

    /// Up to `hours` samples of hours before `before`, oldest first; what is not known is left out.
    fn history(&self, before: GridHour, hours: usize) -> Vec<CarbonSample>;

    /// The same from what is known within `patience`.
    fn history_within(&self, before: GridHour, hours: usize, _patience: Millis) -> Vec<CarbonSample> {
        self.history(before, hours)
    }

    /// Hours of `[from, before)` as they are known by now, without asking anybody: later answers correct earlier ones, and tell of
    /// hours at which nobody asked. Empty where nothing is known but the hour asked for.
    fn by_now(&self, _from: GridHour, _before: GridHour) -> Vec<CarbonSample> {
        Vec::new()
    }

    /// Further figures of exactly the `hours` hours from `first` on; none where it carries none, or not all of them.
    fn channels(&self, _first: GridHour, _hours: usize) -> Vec<Channel> {
        Vec::new()
    }

    /// The first and last hour this source can know; None when it knows any.
    fn span(&self) -> Option<(GridHour, GridHour)>;

    /// What it is, in a few words.
    fn describe(&self) -> String;
}
