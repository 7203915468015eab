//! Counting slots: a number of training slots per zone becomes shares, with what is left sampling as far as that is of use.

use std::collections::BTreeMap;

use common::allocation::{Allocation, Shares};
use common::energy::Purpose;
use common::id::Zone;

use crate::Situation;

/// `share` of `slots`, rounded to the nearest.
pub fn of(slots: u32, share: f64) -> u32 {
    ((f64::from(slots) * share).round() as u32).min(slots)
}

/// Slots that sampling can fill until the hour ends; one for each score that is wanted while their duration is unknown.
pub fn wanted_samplers(situation: &Situation) -> u32 {
    let wanted = situation.work.scores_wanted;
    let seconds = situation.hour_left * situation.hour_s;
    let scores_per_slot = situation.costs.get(&Purpose::OneShot).map(|cost| seconds / cost.seconds.0);
    match scores_per_slot {
        Some(scores) if scores.is_finite() && scores > 1.0 => (f64::from(wanted) / scores).ceil() as u32,
        _ => wanted,
    }
}

/// Zones from the cleanest present hour to the dirtiest, unknown ones last, ties by name.
pub fn cleanest_first(situation: &Situation) -> Vec<&Zone> {
    let mut zones: Vec<_> = situation.zones.iter().collect();
    let place = |intensity: Option<f64>| intensity.unwrap_or(f64::INFINITY);
    zones.sort_by(|a, b| place(a.1.present()).total_cmp(&place(b.1.present())).then(a.0.cmp(b.0)));
    zones.into_iter().map(|(name, _)| name).collect()
}

/// Lowers `train` to the work there is, dirtiest zones first, and lets slots that do not train sample as far as that is of use and
/// `may_sample` says so, cleanest zones first. The rest rests.
pub fn fill(
    situation: &Situation,
    train: &BTreeMap<Zone, u32>,
    may_sample: impl Fn(&Zone) -> bool,
) -> BTreeMap<Zone, Shares> {
    let mut work = situation.work.training_slots().unwrap_or(u32::MAX);
    let mut samples = wanted_samplers(situation);
    let mut zones = BTreeMap::new();
    for name in cleanest_first(situation) {
        let slots = situation.zones[name].slots;
        let train = train.get(name).copied().unwrap_or(0).min(slots).min(work);
        work -= train;
        let free = if may_sample(name) { slots - train } else { 0 };
        let sample = free.min(samples);
        samples -= sample;
        zones.insert(name.clone(), Shares { train, sample, rest: slots - train - sample });
    }
    zones
}

pub fn allocation(zones: BTreeMap<Zone, Shares>, policy: &str, reason: String) -> Allocation {
    Allocation { zones, policy: policy.into(), reason }
}
