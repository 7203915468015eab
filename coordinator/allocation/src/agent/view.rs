//! One zone as the agent sees it, checked, and the ways in which figures are made relative.

use common::id::Zone;

use crate::situation::plausible;
use crate::{Situation, ZoneSituation};

/// Forecasts reach a week; the agent was trained within four days, and later hours look like those.
const FARTHEST: usize = 168;
/// Relative figures beyond e^±4 say no more than that.
pub const FAR: f64 = 4.0;

/// One zone, checked.
pub struct View<'a> {
    pub of: &'a ZoneSituation,
    pub now: f64,
    /// Medians and spreads of the coming hours, as far as the window and the forecast reach.
    pub coming: Vec<f64>,
    pub spread: f64,
    pub past: Vec<f64>,
}

impl<'a> View<'a> {
    pub fn of(situation: &Situation, name: &Zone, of: &'a ZoneSituation, hours: f64) -> Result<Self, String> {
        let now = of.present().ok_or_else(|| format!("the present intensity of {name} is not known"))?;
        let forecast = of.forecast.as_ref().ok_or_else(|| format!("there is no forecast of {name}"))?;
        let window = (hours.ceil().max(1.0) as usize).min(FARTHEST) - 1;
        let at = |ahead: usize, level: f64| {
            let said = forecast.quantile(situation.hour.plus(ahead as i64), level)?;
            Some(said.0).filter(|value| plausible(*value))
        };
        let coming: Vec<f64> = (1..=window).map_while(|ahead| at(ahead, 0.5)).collect();
        if coming.len() < window.min(12) {
            return Err(format!("the forecast of {name} ends too early"));
        }
        let width = |ahead: usize| Some((at(ahead, 0.9)? - at(ahead, 0.1)?) / coming[ahead - 1].max(1.0));
        let widths: Vec<f64> = (1..=coming.len().min(24)).filter_map(width).collect();
        Ok(Self { of, now, spread: mean_or(&widths, 0.0), coming, past: of.past() })
    }
}

/// The logarithm of a ratio, within what says anything.
pub fn relative(value: f64, to: f64) -> f64 {
    libm::log((value.max(1e-9) / to.max(1e-9)).max(1e-9)).clamp(-FAR, FAR)
}

/// Share of hours that are cleaner than `now`, about the middle.
pub fn cleaner(hours: &[f64], now: f64) -> f64 {
    let below = hours.iter().filter(|hour| **hour < now).count();
    2.0 * below as f64 / hours.len().max(1) as f64 - 1.0
}

pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

pub fn mean_or(values: &[f64], or: f64) -> f64 {
    if values.is_empty() { or } else { mean(values) }
}
