//! Switches that see the future. No study can have them: they bound what a forecast could save.

use common::time::GridHour;
use common::unit::Intensity;

use super::switch::Planned;
use crate::world::{HourlyTrace, TraceError, Work};

const HOURS_OF_A_DAY: usize = 24;
const HOUR_S: f64 = 3600.0;

/// The `count` cleanest hours of each day since the start; of equals, the earlier.
pub fn cleanest_of_each_day(
    trace: &HourlyTrace,
    start: GridHour,
    horizon_hours: usize,
    count: usize,
) -> Result<Planned, TraceError> {
    let intensities = ahead(trace, start, horizon_hours)?;
    let mut on = vec![false; horizon_hours];
    for (day, intensities) in intensities.chunks(HOURS_OF_A_DAY).enumerate() {
        for hour in by_intensity(intensities).into_iter().take(count) {
            on[day * HOURS_OF_A_DAY + hour] = true;
        }
    }
    Ok(Planned(on))
}

/// The fewest, cleanest hours of the first `horizon_hours` that hold `work_hours` of the fleet's work and what it takes to resume after
/// each pause; all of them where they don't.
pub fn fewest_cleanest(
    trace: &HourlyTrace,
    start: GridHour,
    horizon_hours: usize,
    work_hours: f64,
    work: &Work,
) -> Result<Planned, TraceError> {
    let intensities = ahead(trace, start, horizon_hours)?;
    let mut on = vec![false; horizon_hours];
    for hour in by_intensity(&intensities) {
        if held_hours(&on, work) >= work_hours {
            break;
        }
        on[hour] = true;
    }
    Ok(Planned(on))
}

/// Hours of work in a plan: the first stretch begins afresh, each later one resumes.
fn held_hours(on: &[bool], work: &Work) -> f64 {
    let hours = on.iter().filter(|on| **on).count() as f64;
    let stretches = on.chunk_by(|a, b| a == b).filter(|stretch| stretch[0]).count();
    hours - stretches.saturating_sub(1) as f64 * work.resume_s / HOUR_S
}

fn ahead(trace: &HourlyTrace, start: GridHour, hours: usize) -> Result<Vec<f64>, TraceError> {
    trace.check_covers(start, hours)?;
    let at = |hour: usize| trace.at(start.plus(hour as i64)).map_or(f64::INFINITY, |Intensity(value)| value);
    Ok((0..hours).map(at).collect())
}

fn by_intensity(intensities: &[f64]) -> Vec<usize> {
    let mut hours: Vec<usize> = (0..intensities.len()).collect();
    hours.sort_by(|&a, &b| intensities[a].total_cmp(&intensities[b]));
    hours
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(values: &[f64]) -> HourlyTrace {
        HourlyTrace::new("DE".into(), GridHour(0), values.iter().copied()).unwrap()
    }

    fn shown(Planned(on): Planned) -> String {
        on.into_iter().map(|on| if on { 'X' } else { '.' }).collect()
    }

    #[test]
    fn each_day_has_its_own_cleanest_hours() {
        let values: Vec<f64> = (0..30).map(|hour| f64::from((hour * 7) % 24)).collect();
        let plan = shown(cleanest_of_each_day(&trace(&values), GridHour(0), 30, 3).unwrap());
        // The first day has 0, 1 and 2 at hours 0, 7 and 14; the second, cut short, 0, 4 and 7 at its hours 0, 4 and 1.
        assert_eq!(plan, "X......X......X.........XX..X.");
    }

    #[test]
    fn the_fewest_hours_hold_the_work_and_its_resumption() {
        let (trace, work) = (trace(&[3.0, 1.0, 9.0, 2.0, 8.0]), Work::default());
        let plan = |hours| shown(fewest_cleanest(&trace, GridHour(0), 5, hours, &work).unwrap());
        assert_eq!(plan(0.5), ".X...");
        assert_eq!(plan(1.9), ".X.X.");
        // Half a minute goes into resuming.
        assert_eq!(plan(2.0), "XX.X.");
        assert_eq!(plan(7.0), "XXXXX");
    }
}
