//! Contiguous hourly intensities of one zone and one kind, the channels that go with them, and what is known of the same hours elsewhere.
//! Nothing else enters a model.

use std::collections::BTreeMap;

use common::carbon::{CarbonSample, SignalKind};
use common::id::Zone;
use common::time::GridHour;

use crate::{Channel, Error};

/// Intensity repeats with the day.
const DAY_HOURS: usize = 24;

/// What becomes of hours for which there is no sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gaps {
    /// Any missing hour is an error.
    Refuse,
    /// Gaps of at most so many hours are bridged by a straight line, longer ones are an error.
    Fill { up_to_hours: u32 },
    /// As `Fill`; gaps of at most so many days are bridged by the same hours of the days before and after them; a longer gap forgets what
    /// came before it: for a study that was switched off for a while.
    FillOrRestart { up_to_hours: u32, up_to_days: u32 },
}

impl Gaps {
    /// Those of a study's own observations: missing hours and days are bridged, for models to have something to read; what was before
    /// a longer gap is forgotten.
    pub const OBSERVED: Self = Self::FillOrRestart { up_to_hours: 6, up_to_days: 3 };
}

/// At least one hour of one zone, without gaps: `values[i]` gCO2eq/kWh is the mean of hour `first + i`.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    zone: Zone,
    kind: SignalKind,
    first: GridHour,
    values: Vec<f64>,
    /// By name, each as long as `values`.
    channels: Vec<Channel>,
    /// Other zones, by name, each as far as it is known in these hours.
    neighbours: Vec<Series>,
}

impl Series {
    pub fn new(zone: Zone, kind: SignalKind, first: GridHour, values: Vec<f64>) -> Result<Self, Error> {
        if values.is_empty() {
            return Err(Error::Empty);
        }
        for (offset, &value) in values.iter().enumerate() {
            check(&zone, first.plus(offset as i64), value)?;
        }
        Ok(Self { zone, kind, first, values, channels: Vec::new(), neighbours: Vec::new() })
    }

    /// In any order. Of two samples of one hour the later in the slice stands: it is a revision.
    pub fn from_samples(samples: &[CarbonSample], gaps: Gaps) -> Result<Self, Error> {
        let head = samples.first().ok_or(Error::Empty)?;
        let (zone, kind) = (head.zone.clone(), head.kind);
        for sample in samples {
            refuse_mixture(&zone, kind, sample)?;
            check(&zone, sample.hour, sample.intensity.0)?;
        }
        let mut ordered: Vec<&CarbonSample> = samples.iter().collect();
        ordered.sort_by_key(|sample| sample.hour);

        let (first, values) = (ordered[0].hour, Vec::with_capacity(ordered.len()));
        let mut series = Self { zone, kind, first, values, channels: Vec::new(), neighbours: Vec::new() };
        let known: BTreeMap<GridHour, f64> =
            ordered.iter().map(|sample| (sample.hour, sample.intensity.0)).collect();
        for sample in ordered {
            series.append(sample.hour, sample.intensity.0, gaps, &known)?;
        }
        Ok(series)
    }

    /// With `channels`, each of as many hours as the series, in place of those it had. Order does not matter.
    pub fn with_channels(mut self, mut channels: Vec<Channel>) -> Result<Self, Error> {
        channels.sort_by(|a, b| a.name().cmp(b.name()));
        for channel in &channels {
            channel.check(self.values.len())?;
        }
        if let Some(pair) = channels.windows(2).find(|pair| pair[0].name() == pair[1].name()) {
            return Err(Error::Channel { name: pair[0].name().into(), reason: "it is given twice".into() });
        }
        self.channels = channels;
        Ok(self)
    }

    /// With what `others` tell of its hours, in place of what it had. Their own neighbours are left
    /// out, and so are its own zone and zones told in another kind.
    pub fn with_neighbours<'s>(mut self, others: impl IntoIterator<Item = &'s Self>) -> Self {
        let (first, last) = (self.first, self.last_hour());
        let others = others.into_iter().filter(|other| other.zone != self.zone && other.kind == self.kind);
        self.neighbours = others.filter_map(|other| other.between(first, last)).collect();
        self.neighbours.iter_mut().for_each(|other| other.neighbours.clear());
        self.neighbours.sort_by(|one, other| one.zone.cmp(&other.zone));
        self.neighbours.dedup_by(|one, other| one.zone == other.zone);
        self
    }

    /// Appends a later hour, or revises one that is held; an hour before the first is left out. Channels that do not reach the
    /// last hour are dropped.
    pub fn push(&mut self, sample: &CarbonSample, gaps: Gaps) -> Result<(), Error> {
        refuse_mixture(&self.zone, self.kind, sample)?;
        check(&self.zone, sample.hour, sample.intensity.0)?;
        if sample.hour < self.last_hour() {
            if let Ok(index) = usize::try_from(sample.hour.0 - self.first.0) {
                self.values[index] = sample.intensity.0;
            }
            return Ok(());
        }
        let known = BTreeMap::from([(sample.hour, sample.intensity.0)]);
        self.append(sample.hour, sample.intensity.0, gaps, &known)
    }

    pub fn zone(&self) -> &Zone {
        &self.zone
    }
    pub fn kind(&self) -> SignalKind {
        self.kind
    }
    pub fn first_hour(&self) -> GridHour {
        self.first
    }
    pub fn last_hour(&self) -> GridHour {
        self.first.plus(self.values.len() as i64 - 1)
    }
    /// Hours held, at least 1.
    #[allow(clippy::len_without_is_empty)] // a series is never empty
    pub fn len(&self) -> usize {
        self.values.len()
    }
    /// gCO2eq/kWh, oldest first.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
    /// Sorted by name; empty where the source carries nothing beside the intensity.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }
    /// The channel called `name`, one value an hour.
    pub fn channel(&self, name: &str) -> Option<&[f64]> {
        self.channels.iter().find(|channel| channel.name() == name).map(Channel::values)
    }
    /// Other zones by name, each as far as it is known in these hours and with its own channels.
    pub fn neighbours(&self) -> &[Self] {
        &self.neighbours
    }
    pub fn get(&self, hour: GridHour) -> Option<f64> {
        self.values.get(usize::try_from(hour.0 - self.first.0).ok()?).copied()
    }

    /// What was known at the end of `hour`: the series without anything later. None when nothing was.
    pub fn until(&self, hour: GridHour) -> Option<Self> {
        self.past(hour, usize::MAX)
    }

    /// Of what was known at the end of `hour` the last `hours` hours (at least 1), or all when there are fewer. None when nothing was.
    pub fn past(&self, hour: GridHour, hours: usize) -> Option<Self> {
        let known = usize::try_from(hour.0 - self.first.0 + 1).ok().filter(|&known| known > 0)?;
        let end = known.min(self.values.len());
        Some(self.cut(end.saturating_sub(hours.max(1))..end))
    }

    /// The first `hours` hours (at least 1), or all when there are fewer.
    pub fn first(&self, hours: usize) -> Self {
        self.cut(0..hours.clamp(1, self.values.len()))
    }

    /// The last `hours` hours, or all when there are fewer.
    pub fn tail(&self, hours: usize) -> Self {
        self.cut(self.values.len().saturating_sub(hours.max(1))..self.values.len())
    }

    /// The hours of `range` alone, also of its neighbours.
    pub(crate) fn cut(&self, range: std::ops::Range<usize>) -> Self {
        let first = self.first.plus(range.start as i64);
        let last = self.first.plus(range.end as i64 - 1);
        Self {
            zone: self.zone.clone(),
            kind: self.kind,
            first,
            values: self.values[range.clone()].to_vec(),
            channels: self.channels.iter().map(|channel| channel.slice(range.clone())).collect(),
            neighbours: self.neighbours.iter().filter_map(|other| other.between(first, last)).collect(),
        }
    }

    /// Of the hours from `first` to `last`, those that it has.
    fn between(&self, first: GridHour, last: GridHour) -> Option<Self> {
        let range = self.places(first, last);
        (!range.is_empty()).then(|| self.cut(range))
    }

    /// Where the hours from `first` to `last` stand, as far as it has them.
    fn places(&self, first: GridHour, last: GridHour) -> std::ops::Range<usize> {
        let place = |hour: GridHour| (hour.0 - self.first.0).clamp(0, self.values.len() as i64) as usize;
        place(first)..place(last.plus(1))
    }

    /// All figures of the hours of `range`: the intensity, its channels, and those of its neighbours.
    pub(crate) fn told(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = f64> {
        let (first, last) = (self.first.plus(range.start as i64), self.first.plus(range.end as i64 - 1));
        let own = std::iter::once((self, range));
        let others = self.neighbours.iter().map(move |other| (other, other.places(first, last)));
        own.chain(others).flat_map(|(series, range)| {
            let channels = series.channels.iter().map(Channel::values);
            let rows = std::iter::once(series.values.as_slice()).chain(channels);
            rows.flat_map(move |values| values[range.clone()].iter().copied())
        })
    }

    /// `known` are the hours from `hour` on, as far as anything is known of them.
    fn append(
        &mut self,
        hour: GridHour,
        value: f64,
        gaps: Gaps,
        known: &BTreeMap<GridHour, f64>,
    ) -> Result<(), Error> {
        let Some(&last) = self.values.last() else {
            self.values.push(value);
            return Ok(());
        };
        if hour > self.last_hour() {
            self.channels.clear();
        }
        let ahead = hour.0 - self.last_hour().0;
        let missing = ahead - 1;
        let (allowed, by_days, restarts) = match gaps {
            Gaps::Refuse => (0, 0, false),
            Gaps::Fill { up_to_hours } => (up_to_hours, 0, false),
            Gaps::FillOrRestart { up_to_hours, up_to_days } => (up_to_hours, up_to_days * 24, true),
        };
        if ahead == 0 {
            *self.values.last_mut().expect("a value stands") = value;
        } else if missing <= i64::from(allowed) {
            let step = (value - last) / ahead as f64;
            self.values.extend((1..ahead).map(|i| last + step * i as f64));
            self.values.push(value);
        } else if missing <= i64::from(by_days) && self.values.len() >= DAY_HOURS {
            self.repeat_days(missing as usize, known);
            self.values.push(value);
        } else if restarts {
            self.first = hour;
            self.values.clear();
            self.values.push(value);
        } else {
            return Err(Error::Gap {
                zone: self.zone.clone(),
                from: self.last_hour().plus(1),
                hours: missing,
            });
        }
        Ok(())
    }

    /// `missing` hours, each between the same hour of the last day before the gap and that of the first day after it, by their distance;
    /// what is not known after it leaves the day before alone.
    fn repeat_days(&mut self, missing: usize, known: &BTreeMap<GridHour, f64>) {
        let (begin, first) = (self.values.len(), self.last_hour().plus(1));
        let bridge = |place: usize| {
            // Days back to what was known, and on to what is known again.
            let back = place / DAY_HOURS + 1;
            let on = (missing - place).div_ceil(DAY_HOURS);
            let before = self.values[begin + place - back * DAY_HOURS];
            match known.get(&first.plus((place + on * DAY_HOURS) as i64)) {
                Some(after) => (before * on as f64 + after * back as f64) / (back + on) as f64,
                None => before,
            }
        };
        let bridged: Vec<f64> = (0..missing).map(bridge).collect();
        self.values.extend(bridged);
    }
}

fn check(zone: &Zone, hour: GridHour, value: f64) -> Result<(), Error> {
    match value.is_finite() && value >= 0.0 {
        true => Ok(()),
        false => Err(Error::NotAnIntensity { zone: zone.clone(), hour, value }),
    }
}

fn refuse_mixture(zone: &Zone, kind: SignalKind, sample: &CarbonSample) -> Result<(), Error> {
    if sample.zone != *zone {
        return Err(Error::MixedZones { first: zone.clone(), other: sample.zone.clone() });
    }
    if sample.kind != kind {
        return Err(Error::MixedKinds { zone: zone.clone(), first: kind, other: sample.kind });
    }
    Ok(())
}
