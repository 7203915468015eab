//! What one zone's grid is expected to do until the window closes: by its forecast, else by its last hours, else unknown.

use std::collections::BTreeMap;

use common::id::Zone;

use crate::intensity::quantile;
use crate::situation::plausible;
use crate::{Situation, ZoneSituation};

/// Intensity repeats with the day, so a day ahead holds one of each kind of hour.
pub const WINDOW_HOURS: usize = 24;
/// The forecast quantile at which a budget must still be able to pay.
const SAFE_LEVEL: f64 = 0.9;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    Forecast,
    /// The last hours stand in for the coming ones.
    Recent,
    Unknown,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// The present intensity, gCO2eq/kWh, or the best guess at it.
    pub now: f64,
    /// The hours after the present one.
    pub coming: Vec<Expected>,
    pub basis: Basis,
}

/// One coming hour, gCO2eq/kWh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    pub median: f64,
    /// Exceeded in one case of ten.
    pub safe: f64,
}

/// Hours from the present one to the end of the window, at least 1.
fn window_hours(situation: &Situation) -> usize {
    match situation.budget.hours {
        Some(left) if left.is_finite() => (left.ceil().max(1.0) as usize).min(WINDOW_HOURS),
        _ => WINDOW_HOURS,
    }
}

impl Outlook {
    /// Of every zone. A zone of which nothing is known counts as dirty as the dirtiest known.
    pub fn of_all(situation: &Situation) -> BTreeMap<Zone, Self> {
        let coming = window_hours(situation) - 1;
        let mut outlooks: BTreeMap<Zone, Self> = situation
            .zones
            .iter()
            .map(|(name, zone)| (name.clone(), Self::of(situation, zone, coming)))
            .collect();
        let known = outlooks.values().filter(|outlook| outlook.basis != Basis::Unknown);
        let worst = known.map(|outlook| outlook.now).fold(0.0, f64::max);
        for outlook in outlooks.values_mut().filter(|outlook| outlook.basis == Basis::Unknown) {
            outlook.now = worst;
        }
        outlooks
    }

    fn of(situation: &Situation, zone: &ZoneSituation, hours: usize) -> Self {
        let past = zone.past();
        let forecast = |offset: i64, level: f64| {
            let expected = zone.forecast.as_ref()?.quantile(situation.hour.plus(offset), level)?;
            Some(expected.0).filter(|&value| plausible(value))
        };
        let now = zone.present().or_else(|| forecast(0, 0.5)).or_else(|| past.last().copied());
        let forecast_hours: Vec<Expected> = (1..=hours as i64)
            .map_while(|offset| {
                let median = forecast(offset, 0.5)?;
                Some(Expected { median, safe: forecast(offset, SAFE_LEVEL)?.max(median) })
            })
            .collect();
        if !forecast_hours.is_empty() || (hours == 0 && now.is_some()) {
            let now = now.unwrap_or_else(|| forecast_hours[0].median);
            return Self { now, coming: forecast_hours, basis: Basis::Forecast };
        }
        let recent = &past[past.len().saturating_sub(hours)..];
        let coming: Vec<Expected> =
            recent.iter().map(|&value| Expected { median: value, safe: value }).collect();
        match now {
            Some(now) if !coming.is_empty() => Self { now, coming, basis: Basis::Recent },
            _ => Self { now: now.unwrap_or(0.0), coming: Vec::new(), basis: Basis::Unknown },
        }
    }

    /// Medians of all hours, the present one first.
    fn medians(&self) -> impl Iterator<Item = f64> {
        std::iter::once(self.now).chain(self.coming.iter().map(|hour| hour.median))
    }

    /// Hours of the window that are no dirtier than `border`.
    pub fn hours_at_most(&self, border: f64) -> usize {
        self.medians().filter(|&median| median <= border).count()
    }

    /// Whether the present hour is dirtier than the `level` quantile of its window.
    pub fn is_dirtiest(&self, level: f64) -> bool {
        quantile(self.medians().collect(), level).is_some_and(|border| self.now > border)
    }

    /// "the next 24 h".
    pub fn span(&self) -> String {
        let hours = self.coming.len() + 1;
        match self.basis {
            Basis::Recent => format!("the last {hours} h"),
            Basis::Forecast | Basis::Unknown => format!("the next {hours} h"),
        }
    }
}
