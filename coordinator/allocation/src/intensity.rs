//! Rules that look at the present intensity against the last 168 hours: linear in it, and suspend-resume at a percentile.
//!
//! Both compare with the past, and so starve when a grid gets dirtier over days; they are here to be compared with.

use std::collections::BTreeMap;

use common::allocation::Allocation;
use common::id::Zone;

use crate::policy::check;
use crate::{Error, Policy, Situation, ZoneSituation, split};

/// Trains the share `(max − now) / (max − min)` of a zone's slots, over the last 168 hours and the present one; the others sample while
/// that is of use. A grid that did not change trains half.
#[derive(Debug, Clone, Copy)]
pub struct LinearInIntensity;

impl LinearInIntensity {
    fn share(zone: &ZoneSituation) -> f64 {
        let Some(now) = zone.present() else { return 0.5 };
        let past = zone.past();
        let low = past.iter().copied().fold(now, f64::min);
        let high = past.iter().copied().fold(now, f64::max);
        if high > low { (high - now) / (high - low) } else { 0.5 }
    }
}

impl Policy for LinearInIntensity {
    fn name(&self) -> &str {
        "linear"
    }

    fn decide(&mut self, situation: &Situation) -> Allocation {
        let train = per_zone(situation, |zone| split::of(zone.slots, Self::share(zone)));
        let zones = split::fill(situation, &train, |_| true);
        let said = situation.zones.iter().map(|(name, zone)| {
            format!("{name} {:.0} % clean within its last week", 100.0 * Self::share(zone))
        });
        split::allocation(zones, self.name(), sentence("training in proportion: ", said))
    }

    fn copy(&self) -> Box<dyn Policy> {
        Box::new(*self)
    }
}

/// Suspend-resume: all slots of a zone train while its intensity is at or below a percentile of its last 168 hours, and rest otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Threshold {
    percentile: f64,
}

impl Threshold {
    /// `percentile` in [0, 100].
    pub fn new(percentile: f64) -> Result<Self, Error> {
        check("threshold_percentile", percentile, 100.0, "a percentile lies between 0 and 100")?;
        Ok(Self { percentile })
    }

    /// The border, gCO2eq/kWh; None without a past.
    fn border(&self, zone: &ZoneSituation) -> Option<f64> {
        quantile(zone.past(), self.percentile / 100.0)
    }

    /// What is not known can't be waited for.
    fn is_clean(&self, zone: &ZoneSituation) -> bool {
        match (zone.present(), self.border(zone)) {
            (Some(now), Some(border)) => now <= border,
            _ => true,
        }
    }
}

impl Policy for Threshold {
    fn name(&self) -> &str {
        "threshold"
    }

    fn decide(&mut self, situation: &Situation) -> Allocation {
        let train = per_zone(situation, |zone| if self.is_clean(zone) { zone.slots } else { 0 });
        let zones = split::fill(situation, &train, |name| self.is_clean(&situation.zones[name]));
        let said = situation.zones.iter().map(|(name, zone)| match (zone.present(), self.border(zone)) {
            (Some(now), Some(border)) => {
                let verdict = if now <= border { "trains" } else { "rests" };
                format!("{name} {verdict} at {now:.0} g/kWh against a border of {border:.0}")
            }
            _ => format!("{name} trains, for its past is not known"),
        });
        split::allocation(zones, self.name(), sentence("", said))
    }

    fn copy(&self) -> Box<dyn Policy> {
        Box::new(*self)
    }
}

fn per_zone(situation: &Situation, slots: impl Fn(&ZoneSituation) -> u32) -> BTreeMap<Zone, u32> {
    situation.zones.iter().map(|(name, zone)| (name.clone(), slots(zone))).collect()
}

/// Parts joined for one line of the screen; more than three zones are counted, not listed.
pub(crate) fn sentence(head: &str, parts: impl ExactSizeIterator<Item = String>) -> String {
    const LISTED: usize = 3;
    let more = parts.len().saturating_sub(LISTED);
    let listed: Vec<String> = parts.take(LISTED).collect();
    if listed.is_empty() {
        return "there are no slots".into();
    }
    let tail = if more > 0 { format!("; and {more} more zones") } else { String::new() };
    format!("{head}{}{tail}", listed.join("; "))
}

/// The `level` quantile by linear interpolation between order statistics; None of nothing. `values` hold no NaN.
pub(crate) fn quantile(mut values: Vec<f64>, level: f64) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let place = level * values.len().checked_sub(1)? as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(values.len() - 1);
    Some(values[below] + (values[above] - values[below]) * (place - below as f64))
}
