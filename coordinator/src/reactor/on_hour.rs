//! The hour's round: observe the grid, forecast it, decide. A step that gets no answer is gone on without: a study never
//! stops because a web service did. Hours between two decisions are observed as well: energy is used in each of them (law E-3).

use std::collections::BTreeSet;

use common::allocation::Allocation;
use common::carbon::{CarbonSample, Forecast};
use common::event::Event;
use common::id::Zone;
use common::time::{GridHour, Millis};

use lamoo::Promotion;

use crate::core::{Core, Effect, Phase};
use crate::ladder::{Candidate, Worked};

/// A question of the round that has no answer after so long is passed over.
const PATIENCE: Millis = Millis(5_000);
/// What is decided of so many slots holds for a millisecond at least: while thousands of workers come, deciding anew for each would
/// leave time for nothing else.
const SLOTS_PER_MS: usize = 80;

impl Core {
    pub(crate) fn advance_hour(&mut self) {
        if self.state.study.is_none() || self.is_over() {
            return;
        }
        let hour = self.this_hour();
        let due = self.hourly.hour.is_none_or(|done| hour.0 - done.0 >= self.options.interval_hours);
        if due {
            self.hourly.hour = Some(hour);
            return self.enter(Phase::Observing);
        }
        if self.hourly.observed < Some(hour) {
            self.observe(hour);
        }
        self.decide_what_is_stale();
        if self.hourly.phase != Phase::Done && self.now().since(self.hourly.asked) > PATIENCE {
            self.enter(match self.hourly.phase {
                Phase::Observing => Phase::Forecasting,
                Phase::Forecasting | Phase::Deciding | Phase::Done => Phase::Deciding,
            });
        }
    }

    fn enter(&mut self, phase: Phase) {
        let hour = self.hourly.hour.unwrap_or_else(|| self.this_hour());
        self.hourly.phase = phase;
        self.hourly.asked = self.now();
        match phase {
            Phase::Observing => self.observe(hour),
            Phase::Forecasting => self.effect(Effect::Forecast { hour, zones: self.zones() }),
            Phase::Deciding => {
                self.hourly.stale = false;
                let situation = Box::new(self.situation());
                self.effect(Effect::Decide { hour, situation });
            }
            Phase::Done => {}
        }
    }

    fn observe(&mut self, hour: GridHour) {
        self.hourly.observed = Some(hour);
        let zones = self.zones();
        let own = |zone: &Zone| Some((zone.clone(), self.state.forecasts.get(zone)?.expected(hour)?));
        let expected = zones.iter().filter_map(own).collect();
        self.effect(Effect::Observe { hour, zones, expected });
    }

    /// The fleet changed: what was decided for the old one may not suit the new. While a question is under way, however many
    /// workers come and go is one more question.
    pub(crate) fn decide_again(&mut self) {
        match self.hourly.phase {
            _ if self.is_over() => {}
            Phase::Done if self.may_decide() => self.enter(Phase::Deciding),
            Phase::Done | Phase::Deciding => self.hourly.stale = true,
            Phase::Observing | Phase::Forecasting => {}
        }
    }

    pub(crate) fn on_observed(&mut self, hour: GridHour, samples: Vec<CarbonSample>) {
        let usable = |sample: &CarbonSample| sample.intensity.is_finite() && sample.intensity.0 >= 0.0;
        let samples: Vec<_> = samples.into_iter().filter(usable).collect();
        if !samples.is_empty() {
            self.record(Event::CarbonObserved { samples });
        }
        if self.awaits(hour, Phase::Observing) {
            self.enter(Phase::Forecasting);
        }
    }

    pub(crate) fn on_forecasted(&mut self, hour: GridHour, forecasts: Vec<Forecast>) {
        for forecast in forecasts {
            // F-1: a forecast that claims to know the future is not one.
            if forecast.issued_at <= hour {
                self.record(Event::ForecastIssued { forecast: Box::new(forecast) });
            }
        }
        if self.awaits(hour, Phase::Forecasting) {
            self.enter(Phase::Deciding);
        }
    }

    pub(crate) fn on_decided(&mut self, hour: GridHour, allocation: Allocation) {
        if self.is_over() || self.hourly.hour != Some(hour) {
            return;
        }
        self.hourly.phase = Phase::Done;
        self.allot(&allocation);
        if self.is_large() {
            self.go_on_later();
        }
        self.record(Event::AllocationDecided { allocation });
        self.decide_what_is_stale();
    }

    fn decide_what_is_stale(&mut self) {
        if self.hourly.stale && self.hourly.phase == Phase::Done && self.may_decide() {
            self.enter(Phase::Deciding);
        }
    }

    fn may_decide(&self) -> bool {
        let pause = self.slots.roles().len() / SLOTS_PER_MS;
        self.now().since(self.hourly.asked) >= Millis(pause as i64)
    }

    /// The newest answer knows most: it replaces what was in stock.
    pub(crate) fn on_proposed(
        &mut self,
        candidates: Vec<Candidate>,
        promotions: Vec<Promotion>,
        region: Option<Worked>,
    ) {
        // What came to nothing is asked again, but not at once.
        self.proposing = candidates.is_empty().then(|| self.now());
        self.answered_all = candidates.len() < self.asked_for();
        let is_new = |candidate: &Candidate| !self.known.architectures.contains(&candidate.architecture);
        self.stock = candidates.into_iter().filter(is_new).collect();
        self.promotions = promotions;
        self.region = region;
        self.answered_with = self.asked_with;
    }

    fn awaits(&self, hour: GridHour, phase: Phase) -> bool {
        self.hourly.hour == Some(hour) && self.hourly.phase == phase
    }

    fn zones(&self) -> BTreeSet<Zone> {
        let of_workers =
            self.state.workers.values().filter(|record| record.alive).map(|record| record.zone.clone());
        self.options.zones.iter().cloned().chain(of_workers).collect()
    }
}
