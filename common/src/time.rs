//! Time as an argument: stamps, grid hours, and the clock that maps the one onto the other.
//!
//! Nothing here reads a clock; the skins do and hand `now` in.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

pub const HOUR_MS: i64 = 3_600_000;

/// A moment of wall or grid time: milliseconds since 1970-01-01T00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// A span of time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

/// A whole hour of grid time, counted from 1970-01-01T00:00Z. Hour `h` is `[h, h + 1)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GridHour(pub i64);

impl Millis {
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * 1000.0).round() as i64)
    }
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl Timestamp {
    pub fn hour(self) -> GridHour {
        GridHour(self.0.div_euclid(HOUR_MS))
    }
    /// Time since `earlier`; negative when `earlier` is later.
    pub fn since(self, earlier: Self) -> Millis {
        Millis(self.0 - earlier.0)
    }
}

impl GridHour {
    pub fn start(self) -> Timestamp {
        Timestamp(self.0 * HOUR_MS)
    }
    pub fn plus(self, hours: i64) -> Self {
        Self(self.0 + hours)
    }
    /// Hour of the day, 0–23, UTC.
    pub fn of_day(self) -> usize {
        self.0.rem_euclid(24) as usize
    }
    /// Day of the week, 0 = Monday (1970-01-01 was a Thursday).
    pub fn of_week(self) -> usize {
        (self.0.div_euclid(24) + 3).rem_euclid(7) as usize
    }
}

impl Add<Millis> for Timestamp {
    type Output = Self;
    fn add(self, span: Millis) -> Self {
        Self(self.0 + span.0)
    }
}
impl Sub<Millis> for Timestamp {
    type Output = Self;
    fn sub(self, span: Millis) -> Self {
        Self(self.0 - span.0)
    }
}

/// `2021-07-02T06:00:00Z`, by the civil-from-days algorithm (Hinnant), so that this package needs no calendar.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_euclid(1000);
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let of_day = seconds.rem_euclid(86_400);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
            of_day / 3600,
            of_day % 3600 / 60,
            of_day % 60
        )
    }
}

impl fmt::Display for GridHour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.0.div_euclid(24));
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:00Z", self.of_day())
    }
}

fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Maps wall time onto grid time. In a live study both run alike; in a scaled one a recorded hour lasts `hour_s` wall seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GridClock {
    /// The wall time at which the study began …
    pub wall_origin: Timestamp,
    /// … and the grid time it began at.
    pub grid_origin: Timestamp,
    /// Wall seconds that one grid hour lasts; 3600 is real time.
    pub hour_s: f64,
}

impl GridClock {
    pub fn grid(&self, wall: Timestamp) -> Timestamp {
        let elapsed_ms = wall.since(self.wall_origin).0 as f64;
        Timestamp(self.grid_origin.0 + (elapsed_ms * 3600.0 / self.hour_s).round() as i64)
    }

    pub fn wall(&self, grid: Timestamp) -> Timestamp {
        let elapsed_ms = grid.since(self.grid_origin).0 as f64;
        Timestamp(self.wall_origin.0 + (elapsed_ms * self.hour_s / 3600.0).round() as i64)
    }

    /// Splits the wall window `[start, end)` at grid hours: each hour with its share of the window, the shares summing to 1.
    /// An instant lies wholly in its hour.
    pub fn slices(&self, start: Timestamp, end: Timestamp) -> Vec<(GridHour, f64)> {
        let (from, to) = (self.grid(start), self.grid(end));
        if to <= from {
            return vec![(from.hour(), 1.0)];
        }
        let span = (to.0 - from.0) as f64;
        let mut slices = Vec::new();
        let mut hour = from.hour();
        while hour.start() < to {
            let overlap = hour.plus(1).start().min(to).0 - hour.start().max(from).0;
            slices.push((hour, overlap as f64 / span));
            hour = hour.plus(1);
        }
        slices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_print_as_utc() {
        assert_eq!(Timestamp(1_625_205_600_000).to_string(), "2021-07-02T06:00:00Z");
        assert_eq!(Timestamp(-1000).to_string(), "1969-12-31T23:59:59Z");
        assert_eq!(Timestamp(951_782_400_000).hour().to_string(), "2000-02-29T00:00Z");
        assert_eq!(Timestamp(1_625_205_600_000).hour().of_week(), 4, "2021-07-02 was a Friday");
    }

    #[test]
    fn a_window_is_cut_at_grid_hours_and_loses_nothing() {
        let clock = GridClock { wall_origin: Timestamp(0), grid_origin: Timestamp(0), hour_s: 10.0 };
        let slices = clock.slices(Timestamp(5_000), Timestamp(25_000));
        assert_eq!(slices, vec![(GridHour(0), 0.25), (GridHour(1), 0.5), (GridHour(2), 0.25)]);
        assert_eq!(clock.slices(Timestamp(10_000), Timestamp(10_000)), vec![(GridHour(1), 1.0)]);
        assert_eq!(clock.slices(Timestamp(0), Timestamp(10_000)), vec![(GridHour(0), 1.0)]);
    }

    #[test]
    fn wall_undoes_grid() {
        let clock =
            GridClock { wall_origin: Timestamp(777), grid_origin: Timestamp(9 * HOUR_MS), hour_s: 3600.0 };
        assert_eq!(clock.wall(clock.grid(Timestamp(123_456))), Timestamp(123_456));
    }
}
