//! Asks a service for a zone's hours and keeps what it told. Blocks for as long as the service takes; `source` bounds that.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use common::carbon::{CarbonSample, Issued, Provenance};
use common::id::Zone;
use common::time::{GridHour, Millis, Timestamp};

use super::back_off::BackOff;
use super::client::Client;
use super::hours::{Label, hours};
use super::known::Known;
use super::memory::Slot;
use super::service::{Origin, Service};
use super::{Clock, Trouble};

/// Figures are revised for a day: hours younger than this are asked for again with the present one.
const REVISED_HOURS: i64 = 24;
/// An hour that is not final is asked about once in so long.
const ASK_AGAIN: Millis = Millis(15 * 60_000);
/// Services renew their forecasts by the hour at best; one of this age still serves when the service fails.
const FORECAST_EVERY: Millis = Millis(6 * 3_600_000);
/// Forecasts or earlier hours that a plan does not hold are asked for once a day.
const BARRED: Millis = Millis(24 * 3_600_000);
/// Longer than a service is left in peace after a refusal, and the hour until it is asked next: by then another zone was asked first,
/// whose answer tells whether it was the key.
const STANDS_BACK: Millis = Millis(90 * 60_000);

pub type Hours = BTreeMap<GridHour, CarbonSample>;

#[derive(Debug)]
pub struct Asker {
    pub zone: Zone,
    pub service: Box<dyn Service>,
    client: Arc<Mutex<Client>>,
    known: Mutex<Known>,
    /// How the zone waits after answers of no use.
    law: BackOff,
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
        let identity = identity(&zone, service.as_ref());
        let kept = slot.load(&identity);
        let known =
            kept.map(|kept| Known::recalled(kept, &zone, service.kind(), clock.now())).unwrap_or_default();
        let law = held(&client).back_off(&identity);
        Self { zone, service, client, known: Mutex::new(known), law, clock, slot: Mutex::new(slot) }
    }

    /// Never held while the service is asked.
    pub fn known(&self) -> MutexGuard<'_, Known> {
        held(&self.known)
    }

    /// Until when nothing is asked about the zone, after a failure of it or of the service.
    pub fn waits(&self) -> Option<Millis> {
        let now = self.clock.now();
        let own = {
            let known = self.known();
            [known.failures.until(now), known.stands_back.until(now)]
        };
        let longest = own.into_iter().chain([held(&self.client).waits_until()]).flatten().max();
        longest.map(|until| until.since(now))
    }

    /// Hours of `[from, to)`, as far as the service knows them; one question. `optional` where a plan may not reach so far.
    fn ask_past(&self, from: GridHour, to: GridHour, optional: bool) -> Result<Hours, Trouble> {
        let now = self.clock.now();
        let mut hours = self.ask(|service| service.past(from, to, now), false, optional)?;
        // A service may answer about more than was asked, and of what lies at the edges with a part of the hour. And whatever it
        // claims, nobody has observed an hour that has not begun.
        hours.retain(|hour, _| (from..to).contains(hour) && *hour <= now.hour());
        Ok(hours)
    }

    /// The service's own forecast, from `from` on.
    pub fn ask_coming(&self, from: GridHour) -> Result<Hours, Trouble> {
        let now = self.clock.now().hour();
        let mut samples = self.ask(|service| service.coming(from), true, true)?;
        samples.retain(|hour, _| *hour >= from);
        for sample in samples.values_mut() {
            let said = match &sample.provenance {
                Provenance::Forecast(issue) => issue.at,
                _ => None,
            };
            // Whoever tells no hour of issue has it now; one ahead of the clock is none.
            let at = said.unwrap_or(now).min(now);
            sample.provenance = Provenance::Forecast(Issued { by: self.service.name().into(), at: Some(at) });
        }
        Ok(samples)
    }

    fn ask(
        &self,
        question: impl Fn(&dyn Service) -> String,
        coming: bool,
        optional: bool,
    ) -> Result<Hours, Trouble> {
        let now = self.clock.now();
        {
            let known = self.known();
            known.failures.ready(now)?;
            known.stands_back.ready(now)?;
        }
        let (service, mut client) = (self.service.as_ref(), held(&self.client));
        if let Some(place) = service.locate() {
            let body = client.get(&place, optional)?;
            service.on_located(&body).map_err(|trouble| trouble.with_words(|words| client.fit(words)))?;
        }
        let body = client.get(&question(service), optional)?;
        let answer = service.read(&body, coming);
        let mut readings = answer.map_err(|trouble| trouble.with_words(|words| client.fit(words)))?;
        for reading in &mut readings {
            if let Origin::Estimated(method) = &mut reading.origin {
                *method = client.fit(method);
            }
        }
        let label = Label { zone: &self.zone, kind: service.kind(), service: service.name() };
        Ok(hours(readings, &label))
    }

    /// The zone waits after what is its own trouble alone; what is the service's, its client remembers.
    fn on_trouble(&self, trouble: &Trouble) {
        let now = self.clock.now();
        if trouble.is_of_the_question() {
            self.learn(|known| known.failures.on_failure(trouble, &self.law, now));
        } else if matches!(trouble, Trouble::KeyRefused { .. }) {
            self.known().stands_back.wait_for(STANDS_BACK, trouble, now);
        }
    }

    /// Asks for `hour` and for the service's forecast, where that is due.
    pub fn look_up(&self, hour: GridHour) -> Result<(), Trouble> {
        let now = self.clock.now();
        let asked_for = {
            let known = self.known();
            let asked_already =
                known.asked.is_some_and(|(asked, at)| asked == hour && now.since(at) < ASK_AGAIN);
            known.is_final(hour, now.hour().plus(-REVISED_HOURS)) || asked_already
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
        let answered = self.ask_past(from, to, false).inspect_err(|trouble| self.on_trouble(trouble))?;
        self.learn(|known| {
            known.failures.on_answer();
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
            // Nobody was asked.
            Err(Trouble::Waiting { .. } | Trouble::BudgetSpent { .. }) => {}
            // The hours of this zone and of others go on; a failure each hour would cost the zone that is asked next its own.
            Err(trouble) => {
                let rest = if trouble.is_refusal() { BARRED } else { FORECAST_EVERY };
                self.learn(|known| known.forecast_due = Some(now + rest));
            }
        }
    }

    /// Asks for the hours `[from, before)` that were never asked for, the youngest first, in so many `questions` at most; or says what
    /// stopped it.
    pub fn look_back(&self, from: GridHour, before: GridHour, questions: usize) -> Result<(), Trouble> {
        let now = self.clock.now();
        let present = now.hour();
        let before = before.min(present.plus(1));
        for _ in 0..questions {
            let Some((start, end)) = self.never_asked_for(from, before, now)? else { return Ok(()) };
            let Err(trouble) = self.ask_back(start, end) else { continue };
            if trouble.is_refusal() {
                // A plan that reaches no further back may hold the last day all the same.
                let day = end.plus(-REVISED_HOURS);
                let may_hold_day = end > present && start < day && !self.known().has_all(day, end);
                if may_hold_day {
                    let _ = self.ask_back(day, end);
                }
                self.known().barred = Some((now + BARRED, trouble.clone()));
            } else {
                self.on_trouble(&trouble);
            }
            return Err(trouble);
        }
        Ok(())
    }

    fn ask_back(&self, start: GridHour, end: GridHour) -> Result<(), Trouble> {
        let answered = self.ask_past(start, end, true)?;
        self.learn(|known| {
            for (hour, sample) in answered {
                known.hours.entry(hour).or_insert(sample);
            }
            known.back_to = Some(start);
            known.up_to = known.up_to.max(Some(end));
        });
        Ok(())
    }

    /// The youngest part of `[from, before)` that one question may span; hours that are known are passed over.
    fn never_asked_for(
        &self,
        from: GridHour,
        before: GridHour,
        now: Timestamp,
    ) -> Result<Option<(GridHour, GridHour)>, Trouble> {
        let mut known = self.known();
        loop {
            let end = known.back_to.unwrap_or(before);
            if end <= from {
                return Ok(None);
            }
            if let Some((until, trouble)) = &known.barred
                && now < *until
            {
                return Err(trouble.clone());
            }
            let start = from.max(end.plus(-self.service.span_hours()));
            if !known.has_all(start, end) {
                return Ok(Some((start, end)));
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
