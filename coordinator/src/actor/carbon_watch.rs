//! Owns the carbon sources of all zones, on a thread of its own. A live one may be slow: the hour is told from what is known when
//! patience ends, and told again once better is known. Hours at which nobody asked are told as soon as they are known.

use std::collections::{BTreeMap, BTreeSet};

use actix::prelude::*;
use common::carbon::{CarbonSample, Expected, Provenance, SignalKind, WORLD_MEAN};
use common::id::Zone;
use common::time::{GridHour, Millis};
use common::unit::Intensity;
use forecast::Channel;

use super::coordinator::{Coordinator, Take};
use crate::carbon::{CACHE_HOURS, CarbonSource};
use crate::core::Input;

/// All zones are asked at the same time and together take no longer; the core passes the question over after five seconds.
const PATIENCE: Millis = Millis(3_000);
/// Of a zone's past: models learn from what is there, and from the rest an hour later.
const PATIENCE_FOR_THE_PAST: Millis = Millis(1_500);
/// For so long an hour may still be told of that was missed, or better known: a coordinator was down over days, or a service was.
pub const REMEMBERED_HOURS: usize = 7 * 24;
/// A figure that differs by less is the same.
const SAME_G_PER_KWH: f64 = 0.05;

#[derive(Debug)]
pub struct CarbonWatch {
    sources: BTreeMap<Zone, Box<dyn CarbonSource>>,
    constants: BTreeMap<Zone, Intensity>,
    /// What the core was told of the youngest hours.
    told: BTreeMap<Zone, BTreeMap<GridHour, CarbonSample>>,
    /// Zones without a source that were complained about.
    complained: BTreeSet<Zone>,
}

#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Observe {
    pub hour: GridHour,
    pub zones: BTreeSet<Zone>,
    pub expected: BTreeMap<Zone, Expected>,
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
    /// `constants` are the yearly means of zones, also of those that no source serves.
    pub fn new(sources: BTreeMap<Zone, Box<dyn CarbonSource>>, constants: BTreeMap<Zone, Intensity>) -> Self {
        Self { sources, constants, told: BTreeMap::new(), complained: BTreeSet::new() }
    }

    /// What the core knows already.
    pub fn knowing(mut self, told: Vec<CarbonSample>) -> Self {
        self.note(&told);
        self
    }

    /// What the study itself expects of an hour, should nobody know it.
    fn expect(&mut self, hour: GridHour, expected: BTreeMap<Zone, Expected>) {
        for (zone, expected) in expected {
            if let Some(source) = self.sources.get_mut(&zone) {
                source.expect(hour, expected);
            }
        }
    }

    /// A sample of each zone, and of earlier hours what has become better known.
    fn observe(&mut self, zones: &BTreeSet<Zone>, hour: GridHour) -> Vec<CarbonSample> {
        let mut samples: Vec<CarbonSample> = std::thread::scope(|scope| {
            let wanted = self.sources.iter_mut().filter(|(zone, _)| zones.contains(*zone));
            let asked: Vec<_> = wanted
                .map(|(zone, source)| (zone, scope.spawn(move || source.observe_within(hour, PATIENCE))))
                .collect();
            asked.into_iter().filter_map(|(zone, answer)| known(zone, hour, answer.join().ok()?)).collect()
        });
        let served: BTreeSet<Zone> = samples.iter().map(|sample| sample.zone.clone()).collect();
        let constants: Vec<_> = zones.difference(&served).map(|zone| (zone.clone(), hour)).collect();
        samples.extend(constants.into_iter().map(|(zone, hour)| self.constant(zone, hour)));
        let corrected = self.corrected(zones, hour);
        samples.extend(corrected);
        self.note(&samples);
        samples
    }

    fn constant(&mut self, zone: Zone, hour: GridHour) -> CarbonSample {
        // All series of a study are of one kind; a zone that no source serves takes the kind of the others.
        let kind = self.sources.values().next().map_or(SignalKind::AverageLifecycle, |source| source.kind());
        let intensity = self.constants.get(&zone).copied().unwrap_or(WORLD_MEAN);
        if !self.sources.contains_key(&zone) && self.complained.insert(zone.clone()) {
            tracing::warn!(%zone, g_per_kwh = intensity.0, "no carbon source serves this zone: a yearly constant stands in; see carbon.source and carbon.constants");
        }
        CarbonSample { zone, hour, intensity, kind, provenance: Provenance::Constant }
    }

    /// Hours before `hour` that are known by now and that nobody was told of, or of which worse was told. What was before the first
    /// hour told is not the study's.
    fn corrected(&self, zones: &BTreeSet<Zone>, hour: GridHour) -> Vec<CarbonSample> {
        let oldest = hour.plus(-(REMEMBERED_HOURS as i64));
        let revised_from = hour.plus(-i64::from(CACHE_HOURS));
        let mut corrected = Vec::new();
        for (zone, source) in self.sources.iter().filter(|(zone, _)| zones.contains(*zone)) {
            let told = self.told.get(zone);
            let Some((told, first)) = told.and_then(|told| Some((told, *told.first_key_value()?.0))) else {
                continue;
            };
            // A clock that was set back: nothing that was told lies before the hour.
            if first >= hour {
                continue;
            }
            let is_news = |sample: &CarbonSample| match told.get(&sample.hour) {
                None => true,
                Some(told) => is_better(sample, told, sample.hour >= revised_from),
            };
            corrected.extend(source.by_now(oldest.max(first), hour).into_iter().filter(is_news));
        }
        corrected
    }

    fn note(&mut self, samples: &[CarbonSample]) {
        for sample in samples {
            let told = self.told.entry(sample.zone.clone()).or_default();
            told.insert(sample.hour, sample.clone());
            let oldest = sample.hour.plus(-(REMEMBERED_HOURS as i64));
            // One before the oldest stays: hours after it are missing, not before the study.
            while told.keys().nth(1).is_some_and(|second| *second <= oldest) {
                told.pop_first();
            }
        }
    }
}

fn known(
    zone: &Zone,
    hour: GridHour,
    answer: Result<CarbonSample, crate::carbon::Error>,
) -> Option<CarbonSample> {
    let complain = |error: &crate::carbon::Error| {
        tracing::warn!(%zone, %hour, %error, "the zone's intensity is unknown: a yearly constant stands in");
    };
    answer.inspect_err(complain).ok()
}

/// Nearer to a measurement, or, while services revise theirs, another figure of the same standing.
fn is_better(sample: &CarbonSample, told: &CarbonSample, is_revised: bool) -> bool {
    let standing = |provenance: &Provenance| match provenance {
        Provenance::Measured(_) => 0,
        Provenance::Estimated(_) => 1,
        Provenance::Forecast(_) => 2,
        Provenance::Modelled(_) => 3,
        Provenance::Cached { .. } => 4,
        Provenance::Earlier(_) => 5,
        Provenance::Synthetic | Provenance::Constant => 6,
    };
    let (now, then) = (standing(&sample.provenance), standing(&told.provenance));
    let differs = (sample.intensity.0 - told.intensity.0).abs() > SAME_G_PER_KWH;
    now < then || (is_revised && now == then && differs)
}

impl Actor for CarbonWatch {
    type Context = Context<Self>;
}

impl Handler<Observe> for CarbonWatch {
    type Result = ();

    fn handle(&mut self, question: Observe, _: &mut Self::Context) {
        self.expect(question.hour, question.expected);
        let samples = self.observe(&question.zones, question.hour);
        question.reply.do_send(Take(Input::Observed { hour: question.hour, samples }));
    }
}

impl Handler<History> for CarbonWatch {
    type Result = MessageResult<History>;

    fn handle(&mut self, question: History, _: &mut Self::Context) -> Self::Result {
        let Some(source) = self.sources.get(&question.zone) else {
            return MessageResult(Known::default());
        };
        let before = question.hour.plus(1);
        let samples = source.history_within(before, question.hours, PATIENCE_FOR_THE_PAST);
        let channels = match (samples.first(), samples.last()) {
            (Some(first), Some(last)) => {
                source.channels(first.hour, (last.hour.0 - first.hour.0 + 1) as usize)
            }
            _ => Vec::new(),
        };
        MessageResult(Known { samples, channels })
    }
}

#[cfg(test)]
mod tests;
