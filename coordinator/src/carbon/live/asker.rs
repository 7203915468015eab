//! Asks a service for a zone's hours and keeps what it told. Blocks for as long as the service takes; `source` bounds that.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use common::carbon::{CarbonSample, Provenance};
use common::id::Zone;
use common::time::{GridHour, Millis, Timestamp};

use super::client::Client;
use super::hours::{Label, hours};
use super::known::Known;
use super::memory::Slot;
use super::service::Service;
use super::{Clock, Trouble};

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

pub type Hours = BTreeMap<GridHour, CarbonSample>;

#[derive(Debug)]
pub struct Asker {
    pub zone: Zone,
    pub service: Box<dyn Service>,
    client: Arc<Mutex<Client>>,
    known: Mutex<Known>,
    clock: Clock,
    slot: Mutex<Slot>,
}

impl Asker {
    pub fn new(
        zone: Zone,
        service: Box<dyn Service>,
        client: Arc<Mutex<Client>>,
        clock: Clock,
        slot: Slot,
    ) -> Self {
        let kept = slot.load(&identity(&zone, service.as_ref()));
        let known =
            kept.map(|kept| Known::recalled(kept, &zone, service.kind(), clock.now())).unwrap_or_default();
        Self { zone, service, client, known: Mutex::new(known), clock, slot: Mutex::new(slot) }
    }

    /// Never held while the service is asked.
    pub fn known(&self) -> MutexGuard<'_, Known> {
        held(&self.known)
    }

    /// Hours of `[from, to)`, as far as the service knows them; one question.
    pub fn ask_past(&self, from: GridHour, to: GridHour) -> Result<Hours, Trouble> {
        self.ask_about_past(from, to, false)
    }

    /// `optional` where a plan may not reach so far.
    fn ask_about_past(&self, from: GridHour, to: GridHour, optional: bool) -> Result<Hours, Trouble> {
        let now = self.clock.now();
        let mut hours = self.ask(|service| service.past(from, to, now), false, optional)?;
        // Whatever a service claims, nobody has observed an hour that has not begun.
        hours.retain(|hour, _| *hour <= now.hour());
        Ok(hours)
    }

    /// The service's own forecast, from `from` on.
    pub fn ask_coming(&self, from: GridHour) -> Result<Hours, Trouble> {
        let mut samples = self.ask(|service| service.coming(from), true, true)?;
        for sample in samples.values_mut() {
            sample.provenance = Provenance::Forecast(self.service.name().into());
        }
        Ok(samples)
    }

    fn ask(
        &self,
        question: impl Fn(&dyn Service) -> String,
        coming: bool,
        optional: bool,
    ) -> Result<Hours, Trouble> {
        let (service, mut client) = (self.service.as_ref(), held(&self.client));
        let read = |client: &mut Client, answer: Result<Hours, Trouble>| {
            answer.inspect_err(|trouble| client.on_useless_answer(trouble))
        };
        if let Some(place) = service.locate() {
            let body = client.get(&place, false)?;
            let located = service.on_located(&body).map(|()| Hours::new());
            read(&mut client, located)?;
        }
        let body = client.get(&question(service), optional)?;
        let label = Label { zone: &self.zone, kind: service.kind(), service: service.name() };
        let answer = service.read(&body, coming).map(|readings| hours(readings, &label));
        read(&mut client, answer)
    }

    /// Asks for `hour` and for the service's forecast, where that is due.
    pub fn look_up(&self, hour: GridHour) -> Result<(), Trouble> {
        let now = self.clock.now();
        let asked_for = {
            let known = self.known();
            let asked_already =
                known.asked.is_some_and(|(asked, at)| asked == hour && now.since(at) < ASK_AGAIN);
            known.is_final(hour) || asked_already
        };
        let answer = if hour > now.hour() || asked_for { Ok(()) } else { self.refresh(hour, now) };
        // A replay has no use for what the service expects of days to come.
        if now.hour().0 - hour.0 < REVISED_HOURS {
            self.refresh_forecast(hour, now);
        }
        answer
    }

    /// Asks for `hour` and what is near it: the day before, which is revised, or, in a replay of the past, what comes next.
    fn refresh(&self, hour: GridHour, now: Timestamp) -> Result<(), Trouble> {
        let present = now.hour();
        let (from, to) = if present.0 - hour.0 >= REVISED_HOURS {
            (hour, hour.plus(self.service.span_hours()).min(present.plus(1)))
        } else {
            (hour.plus(1 - REVISED_HOURS), hour.plus(1))
        };
        let answered = self.ask_past(from, to)?;
        self.learn(|known| {
            known.asked = Some((hour, now));
            known.on_asked(from, to);
            known.hours.extend(answered);
        });
        Ok(())
    }

    fn refresh_forecast(&self, hour: GridHour, now: Timestamp) {
        if self.known().forecast_due.is_some_and(|due| now < due) {
            return;
        }
        match self.ask_coming(hour) {
            Ok(forecast) => self.learn(|known| {
                known.forecast = forecast;
                known.forecast_due = Some(now + FORECAST_EVERY);
            }),
            Err(Trouble::Refused { .. }) => {
                self.learn(|known| known.forecast_due = Some(now + FORECAST_BARRED));
            }
            // Whatever else ails it is the service's ailment, which its pace remembers.
            Err(_) => {}
        }
    }

    /// Asks for the hours `[from, before)` that were never asked for, the youngest first, some of them at a time.
    pub fn look_back(&self, from: GridHour, before: GridHour) {
        for _ in 0..REQUESTS_PER_LOOK {
            let Some((start, end)) = self.never_asked_for(from, before) else { return };
            match self.ask_about_past(start, end, true) {
                Ok(answered) => self.learn(|known| {
                    for (hour, sample) in answered {
                        known.hours.entry(hour).or_insert(sample);
                    }
                    known.back_to = Some(start);
                    known.up_to = known.up_to.max(Some(end));
                }),
                // The plan does not reach so far back.
                Err(Trouble::Refused { .. }) => self.known().barred = true,
                Err(_) => return,
            }
        }
    }

    /// The youngest part of `[from, before)` that one question may span; hours that are known are passed over.
    fn never_asked_for(&self, from: GridHour, before: GridHour) -> Option<(GridHour, GridHour)> {
        let mut known = self.known();
        loop {
            let end = known.back_to.unwrap_or(before);
            if known.barred || end <= from {
                return None;
            }
            let start = from.max(end.plus(-self.service.span_hours()));
            if !known.has_all(start, end) {
                return Some((start, end));
            }
            known.back_to = Some(start);
        }
    }

    fn learn(&self, change: impl FnOnce(&mut Known)) {
        let kept = {
            let mut known = self.known();
            change(&mut known);
            known.kept()
        };
        held(&self.slot).store(&identity(&self.zone, self.service.as_ref()), &kept);
    }
}

/// Whose hours a file holds: the same service may be asked for another place or kind another time.
fn identity(zone: &Zone, service: &dyn Service) -> String {
    format!("{zone} by {}, {}, {:?}", service.name(), service.place(), service.kind())
}

/// What it guards is replaced whole or not at all: a panic elsewhere leaves nothing half done.
pub(super) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
