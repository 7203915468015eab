//! Which zone-hours train, and with how many slots: those whose work costs the least carbon, until enough is bought.
//!
//! Parallel trainings know less of each other: `n` slots do the work of `n^PARALLEL` that run one after the other. So the next slot
//! of an hour buys less than the one before it, an hour's price rises with its slots, and the cheapest way to a given amount of work is
//! to take slots of hours in the order of their price until it is reached. Clean hours get many slots, middling ones few, dirty
//! ones none; nothing but the amount has to be chosen. Slots that take more energy for the same work are as those of a dirtier grid.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};

use common::energy::Purpose;
use common::id::Zone;
use common::time::GridHour;
use common::unit::JOULES_PER_KWH;

use super::outlook::{Outlook, window_hours};
use crate::intensity::quantile;
use crate::{Pace, Situation};

/// What is worth how much: an asynchronous search of eight needs 1.7 times the energy of one of two to the same front.
const PARALLEL: f64 = 0.6;
/// A coming hour must be cleaner by so much than the present one to be waited for: forecasts err, and waiting costs time.
const WAITING: f64 = 1.02;
/// Rungs, supernets and failed attempts on top of the full trainings that are still to be done.
const OVERHEAD: f64 = 1.3;
/// Hours.
const DAY: f64 = 24.0;
/// Full trainings that a plan holds at least where a share of the fleet's time is to be used: with fewer a search does not get on,
/// however long each takes.
const AHEAD: f64 = 10.0;

/// Part of the time to the deadline, or of a day without one, that is waited at most for the first training to start; never more than
/// a day.
const FIRST: f64 = 0.25;

/// Hours that may be waited for a first training.
pub fn patience(situation: &Situation) -> i64 {
    (FIRST * window_hours(situation) as f64).min(DAY) as i64
}

/// What trains in the present hour, and the price at which that was decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Slots that train now, per zone.
    pub train: BTreeMap<Zone, u32>,
    /// The highest price of work that is still paid: the intensity, gCO2eq/kWh, of hours in which slots of the mean pace would train; minus
    /// infinity when none does.
    pub border: f64,
    pub limited_by_budget: bool,
}

/// `first_by`: the hour in which the first training starts at the latest where only it can tell what a budget buys.
pub fn select(
    situation: &Situation,
    outlooks: &BTreeMap<Zone, Outlook>,
    train_share: f64,
    first_by: GridHour,
) -> Selection {
    let hours = hours(situation, outlooks);
    let mut purse = Purse::of(situation, hours.len());
    if purse.is_limited() && purse.joules.is_none() {
        return ask_the_price(&hours, situation.hour >= first_by);
    }
    let mut wanted = Wanted::of(situation, &hours, train_share);
    let mut offers: BinaryHeap<Reverse<Offer>> = hours
        .iter()
        .enumerate()
        .filter_map(|(offset, hour)| Offer::of(hour, offset, 0))
        .map(Reverse)
        .collect();
    let mut selection =
        Selection { train: BTreeMap::new(), border: f64::NEG_INFINITY, limited_by_budget: false };
    while !wanted.is_met()
        && let Some(Reverse(offer)) = offers.pop()
    {
        let hour = &hours[offer.offset];
        let next = hour.next(offer.before).expect("an offer is of slots there are");
        let Slots { zone, intensity, pace, .. } = *next.of;
        let paid = purse.pay(offer.count, hour.length * pace.power(), intensity);
        wanted.bought(hour.length, next.speed_before, f64::from(paid) * pace.speed());
        if paid > 0 {
            selection.border = selection.border.max(next.of.price());
            if offer.offset == 0 {
                let train = selection.train.entry(zone.clone()).or_insert(0);
                *train = train.saturating_add(paid);
            }
        }
        if paid < offer.count {
            selection.limited_by_budget = true;
            break;
        }
        let before = offer.before.checked_add(offer.count);
        offers.extend(before.and_then(|before| Offer::of(hour, offer.offset, before)).map(Reverse));
    }
    selection
}

/// What a training takes is not known before one was tried, and without it no plan holds a budget: one slot trains as soon as the grid
/// is no dirtier than in the middling hour of the coming half of the time, of a day at most, and at once where there `is_time`.
/// Waiting for the cleanest hour might never end: it moves away as forecasts are renewed.
fn ask_the_price(hours: &[Hour<'_>], is_time: bool) -> Selection {
    let soon = (hours.len() as f64 / 2.0).min(DAY).ceil() as usize;
    let cleanest = |hour: &Hour<'_>| hour.zones.first().map(Slots::price);
    let middling = quantile(hours.iter().take(soon).filter_map(cleanest).collect(), 0.5);
    let middling = middling.unwrap_or(f64::NEG_INFINITY);
    let now = hours.first().and_then(|hour| hour.zones.first());
    let now = now.filter(|slots| is_time || slots.price() <= middling);
    Selection {
        train: now.map(|slots| (slots.zone.clone(), 1)).into_iter().collect(),
        border: now.map_or(middling, Slots::price),
        limited_by_budget: true,
    }
}

/// Work of slots in an hour that are together as fast as so many of the mean pace, in hours of a lone one.
fn work(speed: f64) -> f64 {
    speed.powf(PARALLEL)
}

/// Of so many more beside those `before`.
fn more_work(before: f64, more: f64) -> f64 {
    work(before + more) - work(before)
}

/// The slots of a zone in an hour.
struct Slots<'a> {
    zone: &'a Zone,
    /// gCO2eq/kWh.
    intensity: f64,
    count: u32,
    pace: Pace,
}

impl Slots<'_> {
    /// Of work: the intensity at which slots of the mean pace would do it for as much carbon.
    fn price(&self) -> f64 {
        self.intensity * self.pace.joules
    }
}

/// One hour of all zones; the first is the present one.
struct Hour<'a> {
    /// Cheapest first.
    zones: Vec<Slots<'a>>,
    /// The part of it that can be used.
    length: f64,
}

/// The next slot of an hour.
struct Next<'h, 'a> {
    of: &'h Slots<'a>,
    /// Slots of the same zone that are left, this one among them.
    open: u32,
    /// How fast all before it are together.
    speed_before: f64,
}

impl<'a> Hour<'a> {
    /// The slot that comes after `taken` others.
    fn next(&self, taken: u32) -> Option<Next<'_, 'a>> {
        let (mut before, mut speed) = (taken, 0.0);
        for slots in &self.zones {
            match before.checked_sub(slots.count) {
                Some(rest) => {
                    before = rest;
                    speed += f64::from(slots.count) * slots.pace.speed();
                }
                None => {
                    let speed_before = speed + f64::from(before) * slots.pace.speed();
                    return Some(Next { of: slots, open: slots.count - before, speed_before });
                }
            }
        }
        None
    }

    /// Of all its slots.
    fn speed(&self) -> f64 {
        self.zones.iter().map(|slots| f64::from(slots.count) * slots.pace.speed()).sum()
    }
}

/// The next slots of an hour: one by one at first, then in steps that are small beside what is taken, so that a fleet of any size
/// is planned in no time.
#[derive(Debug, PartialEq)]
struct Offer {
    /// Per unit of work.
    price: f64,
    offset: usize,
    /// Slots of the hour that are taken before.
    before: u32,
    count: u32,
}

/// A step is this part of what is taken.
const STEP: u32 = 16;

impl Offer {
    fn of(hour: &Hour<'_>, offset: usize, before: u32) -> Option<Self> {
        let next = hour.next(before)?;
        let count = (before / STEP).max(1).min(next.open);
        let waiting = if offset == 0 { 1.0 } else { WAITING };
        let speed = f64::from(count) * next.of.pace.speed();
        let price = waiting * next.of.price() * speed / more_work(next.speed_before, speed);
        Some(Self { price, offset, before, count })
    }
}

impl Eq for Offer {}

impl Ord for Offer {
    fn cmp(&self, other: &Self) -> Ordering {
        // Of equals the earliest: what is done is done.
        self.price.total_cmp(&other.price).then(self.offset.cmp(&other.offset))
    }
}

impl PartialOrd for Offer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn hours<'a>(situation: &Situation, outlooks: &'a BTreeMap<Zone, Outlook>) -> Vec<Hour<'a>> {
    let deadline = situation.budget.hours.filter(|left| left.is_finite()).unwrap_or(f64::INFINITY);
    let first = if situation.hour_left > 0.0 { situation.hour_left.min(1.0) } else { 1.0 };
    let longest = outlooks.values().map(|outlook| outlook.coming.len()).max().unwrap_or(0);
    let hour = |offset: usize| {
        let begins = if offset == 0 { 0.0 } else { first + (offset - 1) as f64 };
        let length = (deadline - begins).clamp(0.0, if offset == 0 { first } else { 1.0 });
        let expected = |outlook: &Outlook| match offset {
            0 => Some(outlook.now),
            _ => outlook.coming.get(offset - 1).copied(),
        };
        let slots = |(zone, outlook): (&'a Zone, &Outlook)| {
            let of = &situation.zones[zone];
            let slots = Slots { zone, intensity: expected(outlook)?, count: of.slots, pace: of.pace.sane() };
            Some(slots).filter(|slots| slots.count > 0)
        };
        let mut zones: Vec<Slots<'_>> = outlooks.iter().filter_map(slots).collect();
        zones.sort_by(|a, b| a.price().total_cmp(&b.price()).then(a.zone.cmp(b.zone)));
        Hour { zones, length }
    };
    (0..=longest).map(hour).take_while(|hour| hour.length > 0.0).collect()
}

/// How much is to be bought: work where time is the only limit, hours of slots of the mean pace where so many trainings are to be done,
/// else all that the budgets pay for.
struct Wanted {
    work: f64,
    slot_hours: f64,
}

/// Below a thousandth of a slot-hour it is rounding, not work.
const ROUNDING: f64 = 1e-3;

impl Wanted {
    fn of(situation: &Situation, hours: &[Hour<'_>], train_share: f64) -> Self {
        let capped = situation.budget.carbon.is_some() || situation.budget.energy.is_some();
        let all: f64 = hours.iter().map(|hour| hour.length * work(hour.speed())).sum();
        // However far one looks, a day's work is wanted: how much a search still needs is not known, and does not shrink while it
        // goes on. Of a longer window the cleanest hours are chosen; as the deadline comes nearer, what is left of them.
        let day = all * (DAY / hours.len() as f64).min(1.0);
        // Where less of the future is known than there is of it, the rest can be planned later.
        let known = hours.len() as f64 / (window_hours(situation) as f64).min(DAY);
        let enough = known.min(1.0) * AHEAD * OVERHEAD * hours_of_training(situation).unwrap_or(0.0);
        Self {
            work: if capped { f64::INFINITY } else { all.min((day * train_share).max(enough)) },
            slot_hours: trainings_left(situation, hours.len()).unwrap_or(0.0),
        }
    }

    /// Speeds as in [`work`].
    fn bought(&mut self, length: f64, before: f64, more: f64) {
        self.work -= length * more_work(before, more);
        self.slot_hours -= length * more;
    }

    fn is_met(&self) -> bool {
        self.work < ROUNDING && self.slot_hours < ROUNDING
    }
}

/// Slot-hours of the trainings still to be done that fall into the window; none without a number of them or a deadline.
fn trainings_left(situation: &Situation, window: usize) -> Option<f64> {
    let (trainings, hours) = (situation.budget.trainings? as f64, situation.budget.hours?);
    let slot_hours = OVERHEAD * trainings * hours_of_training(situation)? * share_of_window(window, hours);
    slot_hours.is_finite().then_some(slot_hours)
}

/// Grid hours that one slot takes for a full training; None before one is done.
fn hours_of_training(situation: &Situation) -> Option<f64> {
    let hours = situation.costs.get(&Purpose::Full)?.seconds.0 / situation.hour_s;
    Some(hours).filter(|hours| hours.is_finite() && *hours >= 0.0)
}

/// The window's part of the time to the deadline.
fn share_of_window(window: usize, hours_left: f64) -> f64 {
    (window as f64 / hours_left.max(1e-6)).min(1.0)
}

/// What the window may spend of each budget, and what a slot-hour costs.
struct Purse {
    /// Joules of one training slot in one grid hour; none while no training has told.
    joules: Option<f64>,
    grams_left: f64,
    joules_left: f64,
    has_bought: bool,
}

impl Purse {
    fn of(situation: &Situation, window: usize) -> Self {
        let joules = situation.training_power().map(|power| power.0 * situation.hour_s);
        let part = situation.budget.hours.map_or(1.0, |left| share_of_window(window, left));
        let allowance = |left: Option<f64>| left.filter(|left| left.is_finite()).map(|left| left * part);
        Self {
            joules: joules.filter(|joules| joules.is_finite() && *joules > 0.0),
            grams_left: allowance(situation.budget.carbon.map(|left| left.0)).unwrap_or(f64::INFINITY),
            joules_left: allowance(situation.budget.energy.map(|left| left.0)).unwrap_or(f64::INFINITY),
            has_bought: false,
        }
    }

    fn is_limited(&self) -> bool {
        self.grams_left.is_finite() || self.joules_left.is_finite()
    }

    /// Takes as many of `count` slots for `hours` (of one that draws as the mean does) at `intensity` as both budgets pay for. A trickle that never buys a slot-hour would
    /// never be spent: the first slot is always paid for, and the guard of the budgets cuts it where it must.
    fn pay(&mut self, count: u32, hours: f64, intensity: f64) -> u32 {
        let Some(joules) = self.joules.map(|joules| joules * hours) else { return count };
        let first = u32::from(!std::mem::replace(&mut self.has_bought, true));
        let grams = joules / JOULES_PER_KWH * intensity;
        let affordable =
            |left: f64, price: f64| if price > 0.0 { (left / price).max(0.0) } else { f64::INFINITY };
        let slots = affordable(self.grams_left, grams).min(affordable(self.joules_left, joules));
        let paid = count.min(slots as u32).max(first);
        self.grams_left -= grams * f64::from(paid);
        self.joules_left -= joules * f64::from(paid);
        paid
    }
}
