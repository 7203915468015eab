//! The trait behind which every source stands, and the chain that a zone is served by, so that a study never stops because a source did.
//!
//! The chain: the zone's provider, else the last known value for a day, ageing visibly, else a yearly constant. A live provider takes
//! the first place later; the links behind it are the same.

use std::fmt;

use common::carbon::{CarbonSample, Provenance, SignalKind, WORLD_MEAN};
use common::id::Zone;
use common::time::GridHour;
use common::unit::Intensity;

use super::Error;

/// Hours that the last known value stands in for. Intensity repeats with the day; after one, an old value says no more than the mean.
pub const CACHE_HOURS: u32 = 24;

/// Hourly intensities of one zone and one kind.
pub trait CarbonSource: Send + fmt::Debug {
    fn zone(&self) -> &Zone;
    fn kind(&self) -> SignalKind;

    /// The sample of `hour`, or why there is none.
    fn observe(&mut self, hour: GridHour) -> Result<CarbonSample, Error>;

    /// Up to `hours` samples of hours before `before`, oldest first; what is not known is left out.
    fn history(&self, before: GridHour, hours: usize) -> Vec<CarbonSample>;

    /// The first and last hour this source can know; None when it knows any.
    fn span(&self) -> Option<(GridHour, GridHour)>;
}

/// A provider with what stands in for it. Observing never fails.
#[derive(Debug)]
pub struct Chain {
    provider: Box<dyn CarbonSource>,
    last: Option<(GridHour, Intensity)>,
    trouble: Option<Error>,
}

impl Chain {
    pub fn new(provider: Box<dyn CarbonSource>) -> Self {
        Self { provider, last: None, trouble: None }
    }

    /// Why the latest observation was not the provider's own; None when it was.
    pub fn trouble(&self) -> Option<&Error> {
        self.trouble.as_ref()
    }

    fn stand_in(&self, hour: GridHour) -> (Intensity, Provenance) {
        let aged = self.last.and_then(|(known, intensity)| {
            let age_hours = u32::try_from(hour.0 - known.0).ok()?;
            (age_hours <= CACHE_HOURS).then_some((intensity, Provenance::Cached { age_hours }))
        });
        aged.unwrap_or((WORLD_MEAN, Provenance::Constant))
    }
}

impl CarbonSource for Chain {
    fn zone(&self) -> &Zone {
        self.provider.zone()
    }

    fn kind(&self) -> SignalKind {
        self.provider.kind()
    }

    fn observe(&mut self, hour: GridHour) -> Result<CarbonSample, Error> {
        match self.provider.observe(hour) {
            Ok(sample) => {
                self.last = Some((sample.hour, sample.intensity));
                self.trouble = None;
                Ok(sample)
            }
            Err(error) => {
                // After a restart nothing was observed yet, but the provider may know an hour not long ago.
                let recent = || self.provider.history(hour, CACHE_HOURS as usize);
                self.last =
                    self.last.or_else(|| recent().last().map(|sample| (sample.hour, sample.intensity)));
                self.trouble = Some(error);
                let (intensity, provenance) = self.stand_in(hour);
                Ok(CarbonSample { zone: self.zone().clone(), hour, intensity, kind: self.kind(), provenance })
            }
        }
    }

    fn history(&self, before: GridHour, hours: usize) -> Vec<CarbonSample> {
        self.provider.history(before, hours)
    }

    fn span(&self) -> Option<(GridHour, GridHour)> {
        self.provider.span()
    }
}
