//! The trait behind which every source of intensities stands.

use std::fmt;

use common::carbon::{CarbonSample, SignalKind};
use common::id::Zone;
use common::time::GridHour;
use forecast::Channel;

use super::Error;

/// Hourly intensities of one zone and one kind.
pub trait CarbonSource: Send + fmt::Debug {
    fn zone(&self) -> &Zone;
    fn kind(&self) -> SignalKind;

    /// The sample of `hour`, or why there is none.
    fn observe(&mut self, hour: GridHour) -> Result<CarbonSample, Error>;

    /// Up to `hours` samples of hours before `before`, oldest first; what is not known is left out.
    fn history(&self, before: GridHour, hours: usize) -> Vec<CarbonSample>;

    /// Further figures of exactly the `hours` hours from `first` on; none where it carries none, or not all of them.
    fn channels(&self, _first: GridHour, _hours: usize) -> Vec<Channel> {
        Vec::new()
    }

    /// The first and last hour this source can know; None when it knows any.
    fn span(&self) -> Option<(GridHour, GridHour)>;

    /// What it is, in a few words.
    fn describe(&self) -> String;
}
