//! Which zone-hours of the window train: the cleanest, until the share is filled or the window's part of a budget is spent.

use std::collections::BTreeMap;

use common::energy::Purpose;
use common::id::Zone;
use common::unit::JOULES_PER_KWH;

use super::outlook::Outlook;
use crate::Situation;

/// Hours within this of the border are as clean as the last one taken: a forecast can't tell them apart, and waiting would not pay.
const TIE: f64 = 1.02;
/// Rungs, supernets and failed attempts on top of the full trainings that are still to be done.
const OVERHEAD: f64 = 1.3;

/// What trains in the present hour, and the border by which that was decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Slots that train now, per zone.
    pub train: BTreeMap<Zone, u32>,
    /// The dirtiest intensity that is still trained in, gCO2eq/kWh; minus infinity when none is.
    pub border: f64,
    pub limited_by_budget: bool,
}

/// An hour of a zone that could train.
struct ZoneHour<'a> {
    zone: &'a Zone,
    /// 0 is the present hour.
    offset: usize,
    median: f64,
    safe: f64,
    slot_hours: f64,
}

pub fn select(situation: &Situation, outlooks: &BTreeMap<Zone, Outlook>, train_share: f64) -> Selection {
    let mut hours = zone_hours(situation, outlooks);
    // Of equals the earliest: what is done is done.
    hours
        .sort_by(|a, b| a.median.total_cmp(&b.median).then(a.offset.cmp(&b.offset)).then(a.zone.cmp(b.zone)));
    let all: f64 = hours.iter().map(|hour| hour.slot_hours).sum();
    let mut wanted = all * share_wanted(situation, train_share);
    let mut purse = Purse::of(situation, &hours);

    let mut selection =
        Selection { train: BTreeMap::new(), border: f64::NEG_INFINITY, limited_by_budget: false };
    for hour in &hours {
        // Below a thousandth of a slot-hour it is rounding, not work.
        if wanted < 1e-3 {
            break;
        }
        let asked = hour.slot_hours.min(wanted);
        let paid = purse.pay(hour, asked);
        selection.limited_by_budget |= paid < asked;
        if paid > 0.0 {
            selection.border = hour.median;
        }
        if hour.offset == 0 && paid > 0.0 {
            let per_slot = hour.slot_hours / f64::from(situation.zones[hour.zone].slots);
            let slots = paid / per_slot;
            let whole = if paid < asked { (slots + 1e-9).floor() } else { slots.round() };
            selection.train.insert(hour.zone.clone(), whole as u32);
        }
        if paid < asked {
            break;
        }
        wanted -= paid;
    }
    if !selection.limited_by_budget && selection.border.is_finite() {
        selection.border *= TIE;
        for hour in hours.iter().filter(|hour| hour.offset == 0 && hour.median <= selection.border) {
            selection.train.insert(hour.zone.clone(), situation.zones[hour.zone].slots);
        }
    }
    selection
}

fn zone_hours<'a>(situation: &Situation, outlooks: &'a BTreeMap<Zone, Outlook>) -> Vec<ZoneHour<'a>> {
    let deadline = situation.budget.hours.filter(|left| left.is_finite()).unwrap_or(f64::INFINITY);
    let first = if situation.hour_left > 0.0 { situation.hour_left.min(1.0) } else { 1.0 };
    let mut hours = Vec::new();
    for (zone, outlook) in outlooks {
        let slots = f64::from(situation.zones[zone].slots);
        let mut push = |offset: usize, median: f64, safe: f64| {
            let length = if offset == 0 {
                first.min(deadline)
            } else {
                (deadline - first - (offset - 1) as f64).clamp(0.0, 1.0)
            };
            if slots * length > 0.0 {
                hours.push(ZoneHour { zone, offset, median, safe, slot_hours: slots * length });
            }
        };
        push(0, outlook.now, outlook.now);
        for (index, hour) in outlook.coming.iter().enumerate() {
            push(index + 1, hour.median, hour.safe);
        }
    }
    hours
}

/// The configured share, or more where the trainings still to be done would not fit into it before the deadline.
fn share_wanted(situation: &Situation, train_share: f64) -> f64 {
    let needed = || {
        let trainings = situation.budget.trainings? as f64;
        let hours = situation.budget.hours?;
        let hours_each = situation.costs.get(&Purpose::Full)?.seconds.0 / situation.hour_s;
        let share = OVERHEAD * trainings * hours_each / (f64::from(situation.slots()) * hours);
        share.is_finite().then_some(share)
    };
    train_share.max(needed().unwrap_or(0.0)).min(1.0)
}

/// What the window may spend of each budget, and what a slot-hour costs.
struct Purse {
    /// Joules of one training slot in one grid hour; None while no training has told.
    joules: Option<f64>,
    grams_left: f64,
    joules_left: f64,
}

impl Purse {
    fn of(situation: &Situation, cleanest_first: &[ZoneHour]) -> Self {
        let joules = situation.training_power().map(|power| power.0 * situation.hour_s);
        let joules = joules.filter(|joules| joules.is_finite() && *joules > 0.0);
        // The window's part of the time to the deadline; all without one, for then nothing is gained by keeping.
        let window = cleanest_first.iter().map(|hour| hour.offset + 1).max().unwrap_or(1) as f64;
        let part = situation.budget.hours.map_or(1.0, |left| (window / left.max(1e-6)).min(1.0));
        // A trickle that never buys one slot-hour would never be spent: the cleanest may be paid for as a whole.
        let allowance = |left: Option<f64>, price: f64| match left {
            Some(left) if left.is_finite() => (left * part).max(price.min(left)),
            _ => f64::INFINITY,
        };
        let price = joules.unwrap_or(0.0);
        let cleanest = cleanest_first.first().map_or(0.0, |hour| hour.safe);
        Self {
            joules,
            grams_left: allowance(situation.budget.carbon.map(|left| left.0), grams(price, cleanest)),
            joules_left: allowance(situation.budget.energy.map(|left| left.0), price),
        }
    }

    /// Takes as much of `asked` slot-hours as both budgets pay for.
    fn pay(&mut self, hour: &ZoneHour, asked: f64) -> f64 {
        let Some(joules) = self.joules else { return asked };
        let affordable = |left: f64, price: f64| if price > 0.0 { left / price } else { f64::INFINITY };
        let price = grams(joules, hour.safe);
        let paid = asked.min(affordable(self.grams_left, price)).min(affordable(self.joules_left, joules));
        self.grams_left -= paid * price;
        self.joules_left -= paid * joules;
        paid
    }
}

fn grams(joules: f64, intensity: f64) -> f64 {
    joules / JOULES_PER_KWH * intensity
}
