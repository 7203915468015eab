//! The chain that a zone is served by, so that a study never stops because a source did.
//!
//! Its links, in order: the zone's providers; what live ones forecast while they still answered; the study's own forecast, as far as it
//! reaches; the last known value for a day, ageing visibly; a recorded trace, by the same hour of an earlier year; a yearly constant. Each
//! sample says which link gave it.
//!
//! The past is the first provider's; what it lacks is filled by the others, and last by what was observed: a past that ended where the
//! first one fell silent would be forecast from for ever.

use std::collections::BTreeMap;

use common::carbon::{CarbonSample, Expected, Provenance, SignalKind, WORLD_MEAN};
use common::id::Zone;
use common::time::{GridHour, Millis};
use common::unit::Intensity;
use forecast::Channel;

use super::{CarbonSource, Error, Trace};

/// Hours that the last known value stands in for. Intensity repeats with the day; after one, an old value says no more than the mean.
pub const CACHE_HOURS: u32 = 24;
/// Observed hours that are kept for a past that no provider tells: what a model needs to read before it forecasts, and a week more.
const OBSERVED_HOURS: usize = 504;
const OWN_FORECAST: &str = "the study's own forecast";
const LAST_VALUE: &str = "the last known value";
const WEEK_HOURS: i64 = 168;
/// A year in whole weeks, so that Sundays stay Sundays.
const YEAR_WEEKS: i64 = 52;

/// Providers with what stands in for them. Observing never fails.
#[derive(Debug)]
pub struct Chain {
    first: Box<dyn CarbonSource>,
    others: Vec<Box<dyn CarbonSource>>,
    recorded: Option<Trace>,
    constant: Intensity,
    last: Option<(GridHour, Intensity)>,
    /// Of the hour that is asked for next.
    expected: Option<(GridHour, Expected)>,
    /// What providers said of the youngest hours when they were asked for; nothing that stood in.
    observed: BTreeMap<GridHour, CarbonSample>,
    trouble: Option<Error>,
    /// What the log was told last.
    told: Option<String>,
}

impl Chain {
    pub fn new(provider: Box<dyn CarbonSource>) -> Self {
        Self {
            first: provider,
            others: Vec::new(),
            recorded: None,
            constant: WORLD_MEAN,
            last: None,
            expected: None,
            observed: BTreeMap::new(),
            trouble: None,
            told: None,
        }
    }

    /// Asked where those before it have nothing. It must be of the same zone and kind.
    pub fn then(mut self, provider: Box<dyn CarbonSource>) -> Self {
        assert_eq!((provider.zone(), provider.kind()), (self.zone(), self.kind()), "one chain, one series");
        self.others.push(provider);
        self
    }

    /// Hours like this one, from the past.
    pub fn or_recorded(mut self, trace: Trace) -> Self {
        assert_eq!((trace.zone(), trace.kind()), (self.zone(), self.kind()), "one chain, one series");
        self.recorded = Some(trace);
        self
    }

    /// The zone's yearly mean; else the world's stands in.
    pub fn or_constant(mut self, constant: Intensity) -> Self {
        self.constant = constant;
        self
    }

    /// Why the latest observation was not the first provider's own; None when it was.
    pub fn trouble(&self) -> Option<&Error> {
        self.trouble.as_ref()
    }

    /// Its links in order, in words.
    pub fn links(&self) -> Vec<String> {
        let providers = std::iter::once(&self.first).chain(&self.others).map(|link| link.describe());
        let recorded = self.recorded.iter().map(|trace| format!("hours like it in {}", trace.name()));
        let constant = format!("a yearly constant of {} g/kWh", self.constant.0);
        providers.chain([OWN_FORECAST.into(), LAST_VALUE.into()]).chain(recorded).chain([constant]).collect()
    }

    /// Each provider has its share of the `patience`; None waits for as long as it takes.
    fn provided(&mut self, hour: GridHour, patience: Option<Millis>) -> Result<CarbonSample, Error> {
        let links = 1 + self.others.len() as i64;
        let ask = |link: &mut dyn CarbonSource| match patience {
            Some(Millis(all)) => link.observe_within(hour, Millis(all / links)),
            None => link.observe(hour),
        };
        let mut answer = ask(self.first.as_mut());
        self.trouble = None;
        for other in &mut self.others {
            if let Err(trouble) = answer {
                self.trouble.get_or_insert(trouble);
                answer = ask(other.as_mut());
            }
        }
        let error = match answer {
            Ok(sample) => return Ok(sample),
            Err(error) => error,
        };
        let links = std::iter::once(&self.first).chain(&self.others);
        let foreseen = links.map(|link| link.foreseen(hour)).find_map(|foreseen| foreseen);
        let Some(foreseen) = foreseen else { return Err(error) };
        self.trouble.get_or_insert(error);
        Ok(foreseen)
    }

    fn observed(&mut self, hour: GridHour, patience: Option<Millis>) -> CarbonSample {
        let sample = match self.provided(hour, patience) {
            Ok(sample) => {
                self.last = Some((sample.hour, sample.intensity));
                self.observed.insert(sample.hour, sample.clone());
                if self.observed.len() > OBSERVED_HOURS {
                    self.observed.pop_first();
                }
                sample
            }
            Err(error) => {
                let lately = self.known_lately(hour, patience);
                self.last = [self.last, lately].into_iter().flatten().max_by_key(|(hour, _)| *hour);
                self.trouble.get_or_insert(error);
                let (intensity, provenance) = self.stand_in(hour);
                CarbonSample { zone: self.zone().clone(), hour, intensity, kind: self.kind(), provenance }
            }
        };
        self.tell(&sample);
        sample
    }

    /// The youngest hour before this one that a provider knows by now. After a restart nothing was observed yet: then it is asked.
    fn known_lately(&self, hour: GridHour, patience: Option<Millis>) -> Option<(GridHour, Intensity)> {
        let day = i64::from(CACHE_HOURS);
        let mut recent = self.by_now(hour.plus(-day), hour);
        if recent.is_empty() && self.last.is_none() {
            recent = self.past(hour, CACHE_HOURS as usize, patience);
        }
        recent.last().map(|sample| (sample.hour, sample.intensity))
    }

    fn past(&self, before: GridHour, hours: usize, patience: Option<Millis>) -> Vec<CarbonSample> {
        let share = |Millis(all): Millis| Millis(all / (1 + self.others.len() as i64));
        let from = GridHour(before.0.saturating_sub(i64::try_from(hours).unwrap_or(i64::MAX)));
        let look = |link: &dyn CarbonSource, before: GridHour| {
            let hours = usize::try_from(before.0.saturating_sub(from.0)).unwrap_or(0);
            match patience {
                Some(patience) => link.history_within(before, hours, share(patience)),
                None => link.history(before, hours),
            }
        };
        let mut known: BTreeMap<GridHour, CarbonSample> = BTreeMap::new();
        for link in std::iter::once(&self.first).chain(&self.others) {
            // Each answer has its price: nobody is asked for the youngest hours where one before it knows them all.
            let missing = (from.0..before.0).rev().map(GridHour).find(|hour| !known.contains_key(hour));
            let Some(missing) = missing else { break };
            fill(&mut known, look(link.as_ref(), missing.plus(1)));
        }
        fill(&mut known, self.observed.range(from..before).map(|(_, sample)| sample.clone()));
        known.into_values().collect()
    }

    fn stand_in(&self, hour: GridHour) -> (Intensity, Provenance) {
        let expected = self.expected.iter().filter(|(of, _)| *of == hour);
        let expected =
            expected.map(|(_, own)| (own.intensity, Provenance::Modelled(own.issue.clone()))).next();
        let aged = || {
            let (known, intensity) = self.last?;
            let age_hours = u32::try_from(hour.0 - known.0).ok()?;
            (age_hours <= CACHE_HOURS).then_some((intensity, Provenance::Cached { age_hours }))
        };
        let recorded = || {
            let (intensity, name) = like(self.recorded.as_ref()?, hour)?;
            Some((intensity, Provenance::Earlier(name.into())))
        };
        expected.or_else(aged).or_else(recorded).unwrap_or((self.constant, Provenance::Constant))
    }

    /// One line when the link changes, not one an hour: a service may be down for days.
    fn tell(&mut self, sample: &CarbonSample) {
        let link = match &sample.provenance {
            Provenance::Cached { .. } => LAST_VALUE.to_owned(),
            Provenance::Modelled(_) => OWN_FORECAST.to_owned(),
            other => other.source(),
        };
        if self.told.as_ref() == Some(&link) {
            return;
        }
        let (zone, hour) = (&sample.zone, sample.hour);
        match &self.trouble {
            Some(trouble) => tracing::warn!(%zone, %hour, %trouble, "carbon intensity is now {link}"),
            None => tracing::info!(%zone, %hour, "carbon intensity is now {link}"),
        }
        self.told = Some(link);
    }
}

/// Whoever came first stands.
fn fill(known: &mut BTreeMap<GridHour, CarbonSample>, more: impl IntoIterator<Item = CarbonSample>) {
    for sample in more {
        known.entry(sample.hour).or_insert(sample);
    }
}

/// The trace's figure of the hour itself, or of the same hour of the week a year or some weeks before.
fn like(trace: &Trace, hour: GridHour) -> Option<(Intensity, &str)> {
    let (first, last) = trace.span()?;
    let weeks = (hour.0 - last.0 + WEEK_HOURS - 1).div_euclid(WEEK_HOURS).max(0);
    let years = (weeks + YEAR_WEEKS - 1).div_euclid(YEAR_WEEKS) * YEAR_WEEKS;
    let back = |weeks: i64| hour.plus(-weeks * WEEK_HOURS);
    let found = [years, weeks].map(back).into_iter().find(|hour| (first..=last).contains(hour))?;
    Some((trace.intensity(found)?, trace.name()))
}

impl CarbonSource for Chain {
    fn zone(&self) -> &Zone {
        self.first.zone()
    }

    fn kind(&self) -> SignalKind {
        self.first.kind()
    }

    fn expect(&mut self, hour: GridHour, expected: Expected) {
        self.expected = Some((hour, expected));
    }

    fn observe(&mut self, hour: GridHour) -> Result<CarbonSample, Error> {
        Ok(self.observed(hour, None))
    }

    fn observe_within(&mut self, hour: GridHour, patience: Millis) -> Result<CarbonSample, Error> {
        Ok(self.observed(hour, Some(patience)))
    }

    fn history(&self, before: GridHour, hours: usize) -> Vec<CarbonSample> {
        self.past(before, hours, None)
    }

    fn history_within(&self, before: GridHour, hours: usize, patience: Millis) -> Vec<CarbonSample> {
        self.past(before, hours, Some(patience))
    }

    fn by_now(&self, from: GridHour, before: GridHour) -> Vec<CarbonSample> {
        let links = std::iter::once(&self.first).chain(&self.others);
        let mut known = BTreeMap::new();
        fill(&mut known, links.flat_map(|link| link.by_now(from, before)));
        known.into_values().collect()
    }

    /// Of the first link that has any: whoever metered the wind, it blew.
    fn channels(&self, first: GridHour, hours: usize) -> Vec<Channel> {
        let links = std::iter::once(&self.first).chain(&self.others);
        links.map(|link| link.channels(first, hours)).find(|found| !found.is_empty()).unwrap_or_default()
    }

    fn describe(&self) -> String {
        self.links().join(", then ")
    }

    fn span(&self) -> Option<(GridHour, GridHour)> {
        if self.others.is_empty() { self.first.span() } else { None }
    }
}
