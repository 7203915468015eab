//! Which zones a worked run has, how many slots each, and whether one fleet moves between them.

use anyhow::{Context, Result, bail, ensure};
use coordinator::command::Usage;
use serde_json::Value;
use simulation::baseline::Place;

use super::fields::{Fields, list, refuse, text, whole};

/// Words by which a file says that its fleet moves.
const MOVES: [&str; 9] =
    ["follow", "clean", "move", "moving", "migrat", "relocat", "greener", "lower", "lowest"];
/// Between several zones in one text.
const BETWEEN: [char; 5] = [',', '+', '/', '|', '&'];

#[derive(Debug)]
pub struct Zones {
    /// In the order in which the file names them, which numbers the slots and decides between equals.
    pub slots: Vec<(String, u32)>,
    /// One fleet, counted in the first zone; none where each slot stays.
    pub follows: Option<Place>,
}

/// `file` is the whole text: the zones stand in the order in which it first names them.
pub fn read(fields: &mut Fields, file: &str) -> Result<Zones> {
    let (mut names, mut slots) = named(fields)?;
    if names.is_empty() {
        // A file that only sums up by zone names them by its sums.
        let is_sum = |value: &Value| value.get("kwh").is_some() || value.get("g").is_some();
        names =
            fields.top().iter().filter(|(_, value)| is_sum(value)).map(|(zone, _)| zone.clone()).collect();
        names.sort_by_key(|zone| file.find(&format!("\"{zone}\"")));
    }
    ensure!(!names.is_empty(), "`zone` is missing: the grid's zone, such as CISO, or a list of them");
    let twice = names.iter().enumerate().find(|(place, zone)| names[..*place].contains(zone));
    ensure!(twice.is_none(), Usage("`zones` names one of them twice".into()));
    let asked = fields.any(&["gpus", "slots", "n_gpus", "num_gpus", "gpu_count", "fleet", "g"]);
    let total = match asked {
        Some((name, value)) if value.is_number() => Some(whole(&name, &value, 1)?),
        Some((name, value)) if value.is_array() || value.is_object() => {
            slots = Some(per_zone(&name, &value, &names)?);
            None
        }
        Some((name, value)) => return Err(refuse(&name, "a whole number, or one for each zone", &value)),
        None => None,
    };
    if let Some((name, value)) = fields.any(&["gpus_per_zone", "slots_per_zone", "gpus_by_zone", "split"]) {
        slots = Some(per_zone(&name, &value, &names)?);
    }
    let slots = slots.or_else(|| remarked(&fields.remarks(), &names));
    let follows = follows(fields, &names, slots.is_some())?;
    let total = total.or_else(|| slots.as_ref().map(|slots| slots.iter().sum()));
    let total = total.context("`gpus` is missing: how many slots the fleet has")?;
    let counts = match slots {
        _ if follows.is_some() => {
            let others = std::iter::repeat_n(0, names.len() - 1);
            std::iter::once(total).chain(others).collect()
        }
        Some(slots) => slots,
        None => {
            let zones = names.len() as u32;
            ensure!(
                total % zones == 0,
                Usage(format!("{total} slots can't be shared evenly by {zones} zones: give `gpus_per_zone`"))
            );
            vec![total / zones; names.len()]
        }
    };
    let sum: u32 = counts.iter().sum();
    ensure!(sum == total, Usage(format!("`gpus` is {total}, the zones have {sum} together")));
    Ok(Zones { slots: names.into_iter().zip(counts).collect(), follows })
}

/// Zones that the results hold sums of.
pub fn summed_up(fields: &Fields) -> Vec<String> {
    let is_sum = |value: &Value| value.get("kwh").is_some() || value.get("g").is_some();
    fields.top().iter().filter(|(_, value)| is_sum(value)).map(|(zone, _)| zone.clone()).collect()
}

/// The zones, and their slots where they are told in the same breath.
fn named(fields: &mut Fields) -> Result<(Vec<String>, Option<Vec<u32>>)> {
    // A name for each hour is a plan, read later.
    let Some((name, value)) = fields.any(&["zones", "zone", "regions", "grids"]) else {
        return Ok((Vec::new(), None));
    };
    match &value {
        Value::String(zone) => Ok((zone.split(BETWEEN).map(|zone| zone.trim().to_owned()).collect(), None)),
        Value::Array(zones) => {
            let zone = |zone: &Value| text(&name, zone).map(str::to_owned);
            Ok((zones.iter().map(zone).collect::<Result<_>>()?, None))
        }
        Value::Object(zones) if zones.values().all(Value::is_number) => {
            let slots = zones.iter().map(|(zone, slots)| whole(&format!("{name}.{zone}"), slots, 0));
            Ok((zones.keys().cloned().collect(), Some(slots.collect::<Result<_>>()?)))
        }
        _ => Err(refuse(&name, "a zone, a list of zones, or an object of slots by zone", &value)),
    }
}

fn per_zone(name: &str, value: &Value, zones: &[String]) -> Result<Vec<u32>> {
    if let Value::Object(slots) = value {
        if let Some(unknown) = slots.keys().find(|zone| !zones.contains(zone)) {
            bail!(Usage(format!("`{name}.{unknown}` is none of the zones {}", zones.join(", "))));
        }
        let of =
            |zone: &String| slots.get(zone).map_or(Ok(0), |slots| whole(&format!("{name}.{zone}"), slots, 0));
        return zones.iter().map(of).collect();
    }
    let slots = list(name, value)?.iter().map(|slots| whole(name, slots, 0)).collect::<Result<Vec<_>>>()?;
    ensure!(slots.len() == zones.len(), refuse(name, "a number for each zone", value));
    Ok(slots)
}

/// "GPUs 0-3 in CISO, 4-7 in DE": slots by zone, where the remarks say so of each.
fn remarked(remarks: &str, zones: &[String]) -> Option<Vec<u32>> {
    let count = |zone: &String| {
        let (before, _) = remarks.split_once(&format!(" in {zone}"))?;
        let (first, last) = before.rsplit(' ').next()?.split_once(['-', '–'])?;
        Some(last.parse::<u32>().ok()?.checked_sub(first.parse().ok()?)? + 1)
    };
    zones.iter().map(count).collect()
}

fn follows(fields: &mut Fields, zones: &[String], is_shared_out: bool) -> Result<Option<Place>> {
    let plan = fields.any_input(&["zone_by_hour", "zone_per_hour", "zones_per_hour", "hourly_zone", "where"]);
    let plan = plan.or_else(|| fields.like(&["zone", "site", "location"]));
    if let Some((name, value)) = plan {
        let place = |value: &Value| match value {
            Value::String(wanted) => zones
                .iter()
                .position(|zone| zone == wanted)
                .ok_or_else(|| refuse(&name, &format!("one of {} for each hour", zones.join(", ")), value)),
            index => {
                let index = whole(&name, index, 0)? as usize;
                ensure!(index < zones.len(), refuse(&name, "the number of a zone, from 0", value));
                Ok(index)
            }
        };
        return Ok(Some(Place::Planned(list(&name, &value)?.iter().map(place).collect::<Result<_>>()?)));
    }
    let flag = fields.like(&MOVES);
    let says_so = match &flag {
        Some((_, Value::Bool(flag))) => *flag,
        Some((_, Value::Number(number))) => number.as_f64() != Some(0.0),
        Some((name, value)) => {
            text(name, value)?;
            true
        }
        None => {
            let remarks = fields.remarks().to_lowercase();
            !is_shared_out && MOVES.iter().any(|word| remarks.contains(word))
        }
    };
    Ok((says_so && zones.len() > 1).then_some(Place::Cleanest))
}
