//! What another zone tells of a zone's coming hours: the wind that blows there now blows here tomorrow, and cold comes to both.
//!
//! Which zone is near enough follows from the figures: the one whose departures from its mean day go along with the zone's own the most.
//! A second one was found to add nothing.

use common::id::Zone;

use super::state::{Departures, FIRST_ISSUE, mean, running_sums};
use crate::Series;
use crate::linear::Mix;

/// Hours over which each figure is averaged, up to the issue.
const WIND: [usize; 3] = [3, 12, 36];
const DEMAND: usize = 24;
const DEPARTURES: [usize; 2] = [3, 24];
pub const COLUMNS: usize = WIND.len() + 1 + DEPARTURES.len();
/// Departures that go along with each other less than this may do so by chance.
const LEAST_KINSHIP: f64 = 0.2;
/// Hours that both must be known in, for that to be seen.
const LEAST_OVERLAP: usize = 90 * 24;
/// Services tell some zones later than others. What is so many hours old helps still; without more, the zone is done without.
const LATE: usize = 6;

/// Another zone in the hours of a history: running sums, as if all had been usual where nothing is known.
#[derive(Debug)]
pub struct Neighbour {
    zone: Zone,
    /// Hours of the history that it is known in.
    known: std::ops::Range<usize>,
    wind: Vec<f64>,
    demand: Vec<f64>,
    departures: Vec<f64>,
}

impl Neighbour {
    /// The one that `history` comes with whose days depart from the usual as the zone's own do: `departures` are the zone's running sums,
    /// `issues` where they are looked at.
    pub fn nearest(history: &Series, departures: &[f64], issues: &[usize]) -> Option<Self> {
        let all = history.neighbours().iter().map(|other| Self::of(other, history));
        let kinship = |other: Self| Some((other.kinship(departures, issues)?, other));
        let near = all.filter_map(kinship).filter(|(kinship, _)| *kinship >= LEAST_KINSHIP);
        near.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, other)| other)
    }

    /// `zone`, where it is known up to the last hours of `history`.
    pub fn named(history: &Series, zone: &Zone) -> Option<Self> {
        let other = history.neighbours().iter().find(|other| other.zone() == zone)?;
        let other = Self::of(other, history);
        let is_heard = other.known.len() >= FIRST_ISSUE && other.known.end + LATE >= history.len();
        is_heard.then_some(other)
    }

    fn of(other: &Series, history: &Series) -> Self {
        let hours = history.len();
        let start =
            usize::try_from(other.first_hour().0 - history.first_hour().0).unwrap_or(hours).min(hours);
        let known = start..(start + other.len()).min(hours);
        let aligned = |values: Vec<f64>| {
            let mut placed = vec![0.0; hours];
            placed[known.clone()].iter_mut().zip(values).for_each(|(place, value)| *place = value);
            running_sums(&placed)
        };
        let (wind, demand) = Mix::of(other).map_or((None, None), |mix| (mix.wind, Some(mix.demand)));
        Self {
            zone: other.zone().clone(),
            wind: aligned(wind.unwrap_or_default()),
            demand: aligned(demand.unwrap_or_default()),
            departures: aligned(Departures::of(other).values),
            known,
        }
    }

    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// What is told of it after the first `known` hours.
    pub fn columns(&self, known: usize) -> [f64; COLUMNS] {
        let [wind_now, wind_lately, wind] = WIND.map(|hours| mean(&self.wind, known, hours));
        let [now, lately] = DEPARTURES.map(|hours| mean(&self.departures, known, hours));
        [wind_now, wind_lately, wind, mean(&self.demand, known, DEMAND), now, lately]
    }

    /// How much its days depart from the usual as those of another do, in 0–1; None where too little is known of both.
    fn kinship(&self, departures: &[f64], issues: &[usize]) -> Option<f64> {
        let settled = self.known.start + FIRST_ISSUE..self.known.end;
        if settled.len() < LEAST_OVERLAP {
            return None;
        }
        let both = issues.iter().filter(|known| settled.contains(known));
        let day = |sums: &[f64], known: usize| mean(sums, known, 24);
        let days = both.map(|&known| (day(departures, known), day(&self.departures, known)));
        Some(correlation(&days.collect::<Vec<_>>()).abs())
    }
}

/// 0 where either never changes.
fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let count = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
    let (one_mean, other_mean) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let (mut both, mut ones, mut others) = (0.0, 0.0, 0.0);
    for (one, other) in pairs {
        let (one, other) = (one - one_mean, other - other_mean);
        (both, ones, others) = (both + one * other, ones + one * one, others + other * other);
    }
    let spread = (ones * others).sqrt();
    if spread > 0.0 { both / spread } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations_by_hand() {
        assert_eq!(correlation(&[(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]), 1.0);
        assert_eq!(correlation(&[(1.0, 1.0), (2.0, 0.0), (3.0, 1.0)]), 0.0);
        assert_eq!((correlation(&[(1.0, 1.0), (1.0, 2.0)]), correlation(&[])), (0.0, 0.0));
    }
}
