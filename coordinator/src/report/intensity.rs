//! Whether training followed the grid: its energy in hours above and below the median intensity.

use std::collections::BTreeMap;

use common::id::Zone;

use super::energy::{DAY_HOURS, median};
use super::model::{DayFacts, Divided, HourFacts, IntensityBucket, TrainingByIntensity};

pub(super) fn facts(hours: &[HourFacts]) -> TrainingByIntensity {
    let mut zones: BTreeMap<&Zone, Vec<&HourFacts>> = BTreeMap::new();
    let mut days: BTreeMap<(&Zone, i64), Vec<&HourFacts>> = BTreeMap::new();
    for hour in hours {
        zones.entry(&hour.zone).or_default().push(hour);
        days.entry((&hour.zone, hour.index.div_euclid(DAY_HOURS))).or_default().push(hour);
    }
    let of_study: BTreeMap<&Zone, f64> = zones
        .iter()
        .filter_map(|(zone, hours)| {
            let known = hours.iter().filter(|hour| hour.covered > 0.0).map(|hour| hour.intensity_g_per_kwh);
            Some((*zone, median(known.collect())?))
        })
        .collect();
    let study_median =
        |hour: &HourFacts| of_study.get(&hour.zone).copied().unwrap_or(hour.intensity_g_per_kwh);
    TrainingByIntensity {
        against_day_median: divide(hours, |hour| hour.day_median_g_per_kwh),
        against_study_median: divide(hours, study_median),
        days: days.values().filter_map(|hours| day(hours)).collect(),
    }
}

fn day(hours: &[&HourFacts]) -> Option<DayFacts> {
    let first = hours.iter().find(|hour| hour.covered > 0.0)?;
    Some(DayFacts {
        zone: first.zone.clone(),
        from: first.hour.clone(),
        hours: hours.iter().filter(|hour| hour.covered > 0.0).count() as u64,
        median_g_per_kwh: first.day_median_g_per_kwh,
        divided: divide(hours.iter().copied(), |hour| hour.day_median_g_per_kwh),
    })
}

fn divide<'a>(hours: impl IntoIterator<Item = &'a HourFacts>, median: impl Fn(&HourFacts) -> f64) -> Divided {
    let mut divided = Divided::default();
    for hour in hours {
        let bucket = match hour.intensity_g_per_kwh.total_cmp(&median(hour)) {
            std::cmp::Ordering::Greater => &mut divided.above,
            std::cmp::Ordering::Equal => &mut divided.at,
            std::cmp::Ordering::Less => &mut divided.below,
        };
        bucket.hours += hour.covered;
        bucket.training_kwh += hour.training_kwh;
        bucket.kwh += hour.kwh;
        bucket.gco2eq += hour.gco2eq;
    }
    for bucket in [&mut divided.above, &mut divided.at, &mut divided.below] {
        bucket.training_kwh_per_hour = per_hour(bucket);
    }
    divided.above_to_below = match (divided.above.training_kwh_per_hour, divided.below.training_kwh_per_hour)
    {
        (Some(above), Some(below)) if below > 0.0 => Some(above / below),
        _ => None,
    };
    divided
}

fn per_hour(bucket: &IntensityBucket) -> Option<f64> {
    (bucket.hours > 0.0).then(|| bucket.training_kwh / bucket.hours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(index: i64, intensity: f64, training_kwh: f64, covered: f64) -> HourFacts {
        HourFacts {
            zone: "Z".into(),
            hour: index.to_string(),
            index,
            covered,
            intensity_g_per_kwh: intensity,
            provenance: String::new(),
            forecast_g_per_kwh: None,
            day_median_g_per_kwh: 200.0,
            allocation: None,
            kwh_by_fidelity: BTreeMap::new(),
            training_kwh,
            kwh: training_kwh,
            gco2eq: training_kwh * intensity,
        }
    }

    #[test]
    fn hours_are_counted_by_the_part_that_was_used() {
        let hours = [
            hour(0, 100.0, 3.0, 1.0),
            hour(1, 300.0, 1.0, 1.0),
            hour(2, 300.0, 0.0, 1.0),
            hour(3, 100.0, 1.0, 0.5),
        ];
        let facts = facts(&hours).against_day_median;
        assert_eq!((facts.above.hours, facts.above.training_kwh), (2.0, 1.0));
        assert_eq!((facts.below.hours, facts.below.training_kwh), (1.5, 4.0));
        assert_eq!(facts.above_to_below, Some(0.5 / (4.0 / 1.5)));
        assert_eq!(facts.at, IntensityBucket::default());
    }

    #[test]
    fn a_median_of_two_lies_between() {
        assert_eq!(median(vec![3.0, 1.0]), Some(2.0));
        assert_eq!(median(vec![3.0, 1.0, 9.0]), Some(3.0));
        assert_eq!(median(Vec::new()), None);
    }
}
