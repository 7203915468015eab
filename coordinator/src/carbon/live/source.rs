//! A zone served by a live service: hours once known are kept, the present one is asked for, the service's own forecast stands by.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use common::carbon::{CarbonSample, Provenance, SignalKind};
use common::id::Zone;
use common::time::{GridHour, Millis, Timestamp};

use super::client::Client;
use super::hours::{Label, hours};
use super::service::Service;
use super::{Clock, Trouble};
use crate::carbon::{CarbonSource, Error};

/// Figures are revised for a day: hours younger than this are asked for again with the present one.
const REVISED_HOURS: i64 = 24;
/// An hour that is not final is asked about once in so long.
const ASK_AGAIN: Millis = Millis(15 * 60_000);
/// Services renew their forecasts by the hour at best; one of this age still serves when the service fails.
const FORECAST_EVERY: Millis = Millis(6 * 3_600_000);
/// A plan without forecasts is asked for one once a day.
const FORECAST_BARRED: Millis = Millis(24 * 3_600_000);
/// Requests that one look into the past may cost; the rest of it is asked for at the next look.
const REQUESTS_PER_LOOK: usize = 3;

#[derive(Debug)]
pub struct Live {
    zone: Zone,
    service: Box<dyn Service>,
    client: Arc<Mutex<Client>>,
    known: Mutex<Known>,
    clock: Clock,
}

#[derive(Debug, Default)]
struct Known {
    hours: BTreeMap<GridHour, CarbonSample>,
    forecast: BTreeMap<GridHour, CarbonSample>,
    forecast_due: Option<Timestamp>,
    /// When the youngest hours were last asked for.
    asked: Option<(GridHour, Timestamp)>,
    /// The past is known, or known to be unknown, from here on.
    back_to: Option<GridHour>,
}

impl Live {
    /// `client` is shared by the zones of one service: its budget and its waiting are the service's.
    pub fn new(zone: Zone, service: Box<dyn Service>, client: Arc<Mutex<Client>>, clock: Clock) -> Self {
        Self { zone, service, client, known: Mutex::default(), clock }
    }

    /// Hours of `[from, to)`, as far as the service knows them; one question.
    pub fn ask_past(
        &self,
        from: GridHour,
        to: GridHour,
    ) -> Result<BTreeMap<GridHour, CarbonSample>, Trouble> {
        self.ask(&self.service.past(from, to, self.clock.now()), false, false)
    }

    /// The same of days gone by, to which a plan may not reach.
    fn ask_long_past(
        &self,
        from: GridHour,
        to: GridHour,
    ) -> Result<BTreeMap<GridHour, CarbonSample>, Trouble> {
        self.ask(&self.service.past(from, to, self.clock.now()), false, true)
    }

    /// The same of any span, in as many questions as it takes, oldest first.
    pub fn ask_span(&self, from: GridHour, to: GridHour) -> Result<Vec<CarbonSample>, Error> {
        let mut known = BTreeMap::new();
        let mut start = from;
        while start < to {
            let end = start.plus(self.service.span_hours()).min(to);
            let answered = self.ask_past(start, end);
            known.extend(answered.map_err(|trouble| Error::Live { service: self.service.name(), trouble })?);
            start = end;
        }
        Ok(known.range(from..to).map(|(_, sample)| sample.clone()).collect())
    }

    /// The service's own forecast, from `from` on.
    pub fn ask_coming(&self, from: GridHour) -> Result<BTreeMap<GridHour, CarbonSample>, Trouble> {
        let mut samples = self.ask(&self.service.coming(from), true, true)?;
        for sample in samples.values_mut() {
            sample.provenance = Provenance::Forecast(self.service.name().into());
        }
        Ok(samples)
    }

    fn ask(
        &self,
        path: &str,
        coming: bool,
        optional: bool,
    ) -> Result<BTreeMap<GridHour, CarbonSample>, Trouble> {
        let mut client = held(&self.client);
        let body = client.get(path, optional)?;
        match self.service.read(&body, coming) {
            Ok(readings) => Ok(hours(readings, &self.label())),
            Err(trouble) => {
                client.on_useless_answer(&trouble);
                Err(trouble)
            }
        }
    }

    fn label(&self) -> Label<'_> {
        Label { zone: &self.zone, kind: self.service.kind(), service: self.service.name() }
    }

    /// Asks for `hour` and what is near it: the day before, which is revised, or, in a replay of the past, what comes next.
    fn refresh(&self, known: &mut Known, hour: GridHour, now: Timestamp) -> Result<(), Trouble> {
        let present = now.hour();
        let (from, to) = if present.0 - hour.0 >= REVISED_HOURS {
            (hour, hour.plus(self.service.span_hours()).min(present.plus(1)))
        } else {
            (hour.plus(1 - REVISED_HOURS), hour.plus(1))
        };
        let answered = self.ask_past(from, to)?;
        known.asked = Some((hour, now));
        known.hours.extend(answered);
        Ok(())
    }

    fn refresh_forecast(&self, known: &mut Known, hour: GridHour, now: Timestamp) {
        if known.forecast_due.is_some_and(|due| now < due) {
            return;
        }
        let wait = match self.ask_coming(hour) {
            Ok(forecast) => {
                known.forecast = forecast;
                FORECAST_EVERY
            }
            Err(Trouble::Refused { .. }) => FORECAST_BARRED,
            // Whatever else ails it is the service's ailment, which its pace remembers.
            Err(_) => return,
        };
        known.forecast_due = Some(now + wait);
    }
}

impl CarbonSource for Live {
    fn zone(&self) -> &Zone {
        &self.zone
    }

    fn kind(&self) -> SignalKind {
        self.service.kind()
    }

    fn observe(&mut self, hour: GridHour) -> Result<CarbonSample, Error> {
        let now = self.clock.now();
        let mut known = held(&self.known);
        let mut trouble = Trouble::Silent;
        let final_already =
            known.hours.get(&hour).is_some_and(|sample| matches!(sample.provenance, Provenance::Measured(_)));
        let asked_already = known.asked.is_some_and(|(asked, at)| asked == hour && now.since(at) < ASK_AGAIN);
        if hour <= now.hour()
            && !final_already
            && !asked_already
            && let Err(error) = self.refresh(&mut known, hour, now)
        {
            trouble = error;
        }
        // A replay has no use for what the service expects of days to come.
        if now.hour().0 - hour.0 < REVISED_HOURS {
            self.refresh_forecast(&mut known, hour, now);
        }
        let sample = known.hours.get(&hour).or_else(|| known.forecast.get(&hour)).cloned();
        sample.ok_or_else(|| Error::Live { service: self.service.name(), trouble })
    }

    fn history(&self, before: GridHour, hours: usize) -> Vec<CarbonSample> {
        let from = before.plus(-i64::try_from(hours).unwrap_or(i64::MAX).min(before.0));
        let mut known = held(&self.known);
        for _ in 0..REQUESTS_PER_LOOK {
            let back_to = known.back_to.unwrap_or(before);
            if back_to <= from {
                break;
            }
            let start = from.max(back_to.plus(-self.service.span_hours()));
            match self.ask_long_past(start, back_to) {
                Ok(answered) => {
                    for (hour, sample) in answered {
                        known.hours.entry(hour).or_insert(sample);
                    }
                    known.back_to = Some(start);
                }
                // The plan does not reach so far back.
                Err(Trouble::Refused { .. }) => known.back_to = Some(from),
                Err(_) => break,
            }
        }
        known.hours.range(from..before).map(|(_, sample)| sample.clone()).collect()
    }

    fn span(&self) -> Option<(GridHour, GridHour)> {
        None
    }

    fn describe(&self) -> String {
        self.service.name().into()
    }
}

/// What it guards is replaced whole or not at all: a panic elsewhere leaves nothing half done.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
