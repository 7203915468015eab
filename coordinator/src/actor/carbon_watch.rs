//! Owns the carbon sources of all zones, on a thread of its own: a live one may be slow.

use std::collections::{BTreeMap, BTreeSet};

use actix::prelude::*;
use common::carbon::{CarbonSample, Provenance, SignalKind, WORLD_MEAN};
use common::id::Zone;
use common::time::GridHour;
use forecast::Channel;

use super::coordinator::{Coordinator, Take};
use crate::carbon::CarbonSource;
use crate::core::Input;

#[derive(Debug)]
pub struct CarbonWatch {
    sources: BTreeMap<Zone, Box<dyn CarbonSource>>,
    /// Zones without a source that were complained about.
    told: BTreeSet<Zone>,
}

#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Observe {
    pub hour: GridHour,
    pub zones: BTreeSet<Zone>,
    pub reply: Addr<Coordinator>,
}

/// The zone's known past up to and including `hour`.
#[derive(Debug, Message)]
#[rtype(result = "Known")]
pub(super) struct History {
    pub zone: Zone,
    pub hour: GridHour,
    pub hours: usize,
}

#[derive(Debug, Default)]
pub(super) struct Known {
    /// Oldest first.
    pub samples: Vec<CarbonSample>,
    /// Each of the hours from the first sample to the last.
    pub channels: Vec<Channel>,
}

impl CarbonWatch {
    pub fn new(sources: BTreeMap<Zone, Box<dyn CarbonSource>>) -> Self {
        Self { sources, told: BTreeSet::new() }
    }

    fn observe(&mut self, zone: &Zone, hour: GridHour) -> CarbonSample {
        // All series of a study are of one kind; a zone that no source serves takes the kind of the others.
        let kind = self.sources.values().next().map_or(SignalKind::AverageLifecycle, |source| source.kind());
        let constant = CarbonSample {
            zone: zone.clone(),
            hour,
            intensity: WORLD_MEAN,
            kind,
            provenance: Provenance::Constant,
        };
        let Some(source) = self.sources.get_mut(zone) else {
            if self.told.insert(zone.clone()) {
                tracing::warn!(%zone, "no carbon source serves this zone: a yearly constant stands in; see carbon.source");
            }
            return constant;
        };
        source.observe(hour).unwrap_or_else(|error| {
            tracing::warn!(%zone, %hour, %error, "the zone's intensity is unknown: a yearly constant stands in");
            constant
        })
    }
}

impl Actor for CarbonWatch {
    type Context = Context<Self>;
}

impl Handler<Observe> for CarbonWatch {
    type Result = ();

    fn handle(&mut self, question: Observe, _: &mut Self::Context) {
        let samples = question.zones.iter().map(|zone| self.observe(zone, question.hour)).collect();
        question.reply.do_send(Take(Input::Observed { hour: question.hour, samples }));
    }
}

impl Handler<History> for CarbonWatch {
    type Result = MessageResult<History>;

    fn handle(&mut self, question: History, _: &mut Self::Context) -> Self::Result {
        let Some(source) = self.sources.get(&question.zone) else {
            return MessageResult(Known::default());
        };
        let samples = source.history(question.hour.plus(1), question.hours);
        let channels = match (samples.first(), samples.last()) {
            (Some(first), Some(last)) => {
                source.channels(first.hour, (last.hour.0 - first.hour.0 + 1) as usize)
            }
            _ => Vec::new(),
        };
        MessageResult(Known { samples, channels })
    }
}
