//! What one zone's grid is expected to do until the window closes: by its forecast, else by its last hours, else unknown.

use std::collections::BTreeMap;

use common::id::Zone;

use crate::intensity::quantile;
use crate::situation::plausible;
use crate::{Situation, ZoneSituation};

/// Intensity repeats with the day, so a day ahead holds one of each kind of hour: as far as one looks without a deadline, and as the
/// past can stand in for the future.
const DAY: usize = 24;
/// The longest forecast there is; what is due later is planned when it comes nearer.
const FARTHEST: usize = 168;

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
    /// Medians of the hours after the present one, gCO2eq/kWh.
    pub coming: Vec<f64>,
    pub basis: Basis,
}

/// Hours from the present one to the end of the window, at least 1.
pub fn window_hours(situation: &Situation) -> usize {
    match situation.budget.hours {
        Some(left) if left.is_finite() => (left.ceil().max(1.0) as usize).min(FARTHEST),
        _ => DAY,
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
        let forecast = |offset: i64| {
            let expected = zone.forecast.as_ref()?.quantile(situation.hour.plus(offset), 0.5)?;
            Some(expected.0).filter(|&value| plausible(value))
        };
        let now = zone.present().or_else(|| forecast(0)).or_else(|| past.last().copied());
        let ahead: Vec<f64> = (1..=hours as i64).map_while(forecast).collect();
        if !ahead.is_empty() || (hours == 0 && now.is_some()) {
            let now = now.unwrap_or_else(|| ahead[0]);
            return Self { now, coming: ahead, basis: Basis::Forecast };
        }
        let coming = past[past.len().saturating_sub(hours.min(DAY - 1))..].to_vec();
        match now {
            Some(now) if !coming.is_empty() => Self { now, coming, basis: Basis::Recent },
            _ => Self { now: now.unwrap_or(0.0), coming: Vec::new(), basis: Basis::Unknown },
        }
    }

    /// Medians of all hours, the present one first.
    fn medians(&self) -> impl Iterator<Item = f64> {
        std::iter::once(self.now).chain(self.coming.iter().copied())
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
