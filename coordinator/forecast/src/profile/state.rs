//! What a profile map sees: how the last two days stand against the mean day of the last two weeks, and what is usual at the hour aimed at.
//!
//! Everything is in `L = ln(1 + g/kWh)`. The mean day `m(i)` of hour i is the mean of L over the fourteen days up to i at i's hour of the day;
//! an hour's departure is `A(i) = L(i) − m(i − 24)`, so that no hour is measured by itself.

use common::time::GridHour;

use super::neighbour::{self, Neighbour};
use crate::Series;
use crate::linear::{Channels, Measure, calendar, figures};

/// Hours before an issue that are read: the mean day of four weeks, a day earlier at the most.
pub const READ_HOURS: usize = 29 * 24;
/// From here on the mean day of two weeks and two days of departures from it are whole; longer means take what there is.
pub const FIRST_ISSUE: usize = 17 * 24;

/// Hours over which departures of the intensity are averaged, up to the issue.
const DEPARTURES: [usize; 6] = [1, 3, 6, 12, 24, 48];
/// The same of wind, sun and demand.
const WEATHER: [usize; 3] = [1, 6, 24];
const FIGURES: usize = 3;
/// Hours over which the level itself is averaged.
const LEVELS: [usize; 2] = [24, 336];
/// Days of the mean days that are set against that of two weeks.
const OTHER_DAYS: [usize; 3] = [3, 7, 28];
const BASE_DAYS: usize = 14;
const WEEKS: usize = 4;
/// A mean solar year, in hours.
const YEAR_HOURS: f64 = 365.25 * 24.0;

/// Columns of a row, in order; the last is the constant 1.
pub const NEIGHBOUR: usize = DEPARTURES.len() + FIGURES * WEATHER.len();
pub const LEVEL: usize = NEIGHBOUR + neighbour::COLUMNS;
pub const SEASON: usize = LEVEL + LEVELS.len();
pub const TARGET: usize = SEASON + 2;
const WEEKDAY: usize = TARGET + OTHER_DAYS.len() + 4 + FIGURES;
const CALENDAR: usize = WEEKDAY + 6;
pub const COLUMNS: usize = CALENDAR + calendar::FEATURES;

/// How a zone's hours stand against its mean day.
pub struct Departures {
    logarithms: Vec<f64>,
    /// The mean day of two weeks.
    base: Vec<f64>,
    pub values: Vec<f64>,
}

impl Departures {
    pub fn of(history: &Series) -> Self {
        let logarithms: Vec<f64> = history.values().iter().map(|&v| Measure::Logarithm.of(v)).collect();
        let base = periodic_mean(&logarithms, 24, BASE_DAYS);
        let departure =
            |hour: usize| hour.checked_sub(24).map_or(0.0, |day_ago| logarithms[hour] - base[day_ago]);
        let values = (0..logarithms.len()).map(departure).collect();
        Self { logarithms, base, values }
    }
}

/// A history, made ready for many issues.
pub struct State {
    first: GridHour,
    /// Of the figures, those that the trace tells; the others are zeros.
    channels: usize,
    logarithms: Vec<f64>,
    base: Vec<f64>,
    /// Of each of [`OTHER_DAYS`].
    other_days: Vec<Vec<f64>>,
    /// At the same hour of the week, four weeks.
    weeks: Vec<f64>,
    departures: Vec<f64>,
    /// Of wind, sun and demand, as far as the trace tells of them.
    figures: Vec<Vec<f64>>,
    /// Running sums, `sum[i]` before hour i.
    departure_sums: Vec<f64>,
    figure_sums: Vec<Vec<f64>>,
    level_sums: Vec<f64>,
    neighbour: Option<Neighbour>,
}

impl State {
    pub fn of(history: &Series) -> Self {
        let Departures { logarithms, base, values: departures } = Departures::of(history);
        let mut figures = figures(history, Channels::WeatherAndDemand);
        let channels = figures.len();
        figures.resize(FIGURES, vec![0.0; logarithms.len()]);
        Self {
            first: history.first_hour(),
            channels,
            other_days: OTHER_DAYS.map(|days| periodic_mean(&logarithms, 24, days)).into(),
            weeks: periodic_mean(&logarithms, 168, WEEKS),
            departure_sums: running_sums(&departures),
            figure_sums: figures.iter().map(|figure| running_sums(figure)).collect(),
            level_sums: running_sums(&logarithms),
            base,
            logarithms,
            departures,
            figures,
            neighbour: None,
        }
    }

    /// With another zone at its side.
    pub fn beside(self, neighbour: Option<Neighbour>) -> Self {
        Self { neighbour, ..self }
    }

    /// Running sums of the departures.
    pub fn departure_sums(&self) -> &[f64] {
        &self.departure_sums
    }

    pub fn neighbour(&self) -> Option<&Neighbour> {
        self.neighbour.as_ref()
    }

    pub fn hours(&self) -> usize {
        self.logarithms.len()
    }

    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The last of `known` hours.
    pub fn issued_at(&self, known: usize) -> GridHour {
        self.first.plus(known as i64 - 1)
    }

    /// `ln(1 + g/kWh)` that the mean day has for the hour `lead` (from 0) after `known` hours.
    pub fn base(&self, known: usize, lead: usize) -> f64 {
        self.base[same_hour(known, lead, 24)]
    }

    /// What came, less the base.
    pub fn target(&self, known: usize, lead: usize) -> f64 {
        self.logarithms[known + lead] - self.base(known, lead)
    }

    /// `[COLUMNS]` with all that is the same for every lead.
    pub fn row(&self, known: usize) -> [f64; COLUMNS] {
        let lately = |sums: &[f64], hours: usize| mean(sums, known, hours);
        let mut row = [0.0; COLUMNS];
        let departures = DEPARTURES.into_iter().map(|hours| lately(&self.departure_sums, hours));
        let weather = self.figure_sums.iter().flat_map(|sums| WEATHER.map(|hours| lately(sums, hours)));
        let levels = LEVELS.into_iter().map(|hours| lately(&self.level_sums, hours));
        let issued_at = self.issued_at(known);
        let (sin, cos) = (std::f64::consts::TAU * issued_at.0 as f64 / YEAR_HOURS).sin_cos();
        for (place, value) in row.iter_mut().zip(departures.chain(weather)) {
            *place = value;
        }
        if let Some(neighbour) = &self.neighbour {
            row[NEIGHBOUR..LEVEL].copy_from_slice(&neighbour.columns(known));
        }
        for (place, value) in row[LEVEL..].iter_mut().zip(levels.chain([sin, cos])) {
            *place = value;
        }
        row[CALENDAR..].copy_from_slice(&calendar::features(issued_at));
        row
    }

    /// Fills in what depends on the hour aimed at.
    pub fn aim(&self, row: &mut [f64; COLUMNS], known: usize, lead: usize) {
        let (day_ago, week_ago) = (same_hour(known, lead, 24), same_hour(known, lead, 168));
        let base = self.base[day_ago];
        let days = self.other_days.iter().map(|mean| mean[day_ago] - base);
        let last = [
            self.weeks[week_ago] - base,
            self.logarithms[week_ago] - base,
            self.logarithms[day_ago] - base,
            self.departures[day_ago],
        ];
        let figures = self.figures.iter().map(|figure| figure[day_ago]);
        for (place, value) in row[TARGET..WEEKDAY].iter_mut().zip(days.chain(last).chain(figures)) {
            *place = value;
        }
        let weekday = self.first.plus((known + lead) as i64).of_week();
        for (day, place) in row[WEEKDAY..CALENDAR].iter_mut().enumerate() {
            *place = f64::from(u8::from(day == weekday));
        }
    }
}

/// Whether a column is a number of its own scale, rather than a wave, a mark or the constant.
pub fn is_measured(column: usize) -> bool {
    column < WEEKDAY
}

/// The last known hour that lies whole periods before the one aimed at.
fn same_hour(known: usize, lead: usize, period: usize) -> usize {
    known + lead - period * (lead / period + 1)
}

/// Of each hour and the `count − 1` before it that lie whole periods earlier, or as many of them as there are.
fn periodic_mean(values: &[f64], period: usize, count: usize) -> Vec<f64> {
    let mut sums = vec![0.0; values.len()];
    for hour in 0..values.len() {
        let before = hour.checked_sub(period).map_or(0.0, |earlier| sums[earlier]);
        let left = hour.checked_sub(period * count).map_or(0.0, |left| values[left]);
        sums[hour] = before + values[hour] - left;
    }
    let mean = |(hour, sum): (usize, f64)| sum / (hour / period + 1).min(count) as f64;
    sums.into_iter().enumerate().map(mean).collect()
}

/// Of the last `hours` of the first `known`, or of as many as there are.
pub fn mean(sums: &[f64], known: usize, hours: usize) -> f64 {
    let hours = hours.min(known);
    (sums[known] - sums[known - hours]) / hours as f64
}

pub fn running_sums(values: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let add = |value: &f64| {
        sum += value;
        sum
    };
    std::iter::once(0.0).chain(values.iter().map(add)).collect()
}

#[cfg(test)]
mod tests {
    use common::carbon::SignalKind;
    use common::id::Zone;

    use super::*;

    #[test]
    fn means_of_the_same_hour_by_hand() {
        let values: Vec<f64> = (0..10).map(f64::from).collect();
        let mean = periodic_mean(&values, 3, 2);
        assert_eq!(mean[1], 1.0, "nothing before it");
        assert_eq!(mean[4], 2.5);
        assert_eq!(mean[9], 7.5, "two of them, not three");
        assert_eq!((same_hour(100, 0, 24), same_hour(100, 23, 24), same_hour(100, 24, 24)), (76, 99, 76));
    }

    /// Law F-1 and honesty about what is read: neither later hours nor hours before `READ_HOURS` change a row.
    #[test]
    fn a_row_is_made_of_the_hours_read() {
        let value = |hour: usize| 200.0 + (hour * hour % 97) as f64;
        let series = |first, values| {
            Series::new(Zone::new("X"), SignalKind::AverageDirect, GridHour(first), values).unwrap()
        };
        let all = State::of(&series(0, (0..1_200).map(value).collect()));
        let known = 900;
        let changed =
            |hour: usize| if (known - READ_HOURS..known).contains(&hour) { value(hour) } else { 7.0 };
        let other = State::of(&series(0, (0..1_200).map(changed).collect()));
        let cut = (known - READ_HOURS..known).map(value).collect();
        let cut = State::of(&series((known - READ_HOURS) as i64, cut));
        for lead in [0, 23, 24, 95, 167] {
            let row = |state: &State, known: usize| {
                let mut row = state.row(known);
                state.aim(&mut row, known, lead);
                (row, state.base(known, lead))
            };
            let (expected, base) = row(&all, known);
            for (found, found_base) in [row(&other, known), row(&cut, READ_HOURS)] {
                assert!((base - found_base).abs() < 1e-9);
                let worst = expected.iter().zip(found).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                assert!(worst < 1e-9, "lead {lead}: {worst}");
            }
        }
    }
}
