//! Ridge regressions of all leads and all hours of issue, from each window's products once.
//!
//! What a clean noon says of tomorrow is not what a clean midnight says. So each hour of the day has a map of its own, learnt from all windows,
//! those issued at other hours weighing less: `exp(−d²/2·4²)` at d hours' distance, at least 0.2.

use super::state::{COLUMNS, FIRST_ISSUE, LEVEL, NEIGHBOUR, SEASON, State, TARGET, is_measured};
use crate::linear::{Scale, cholesky};

/// Of a standardised column's variance: the columns are few, what it keeps down is their kinship.
const RIDGE: f64 = 0.01;
const INTERCEPT_RIDGE: f64 = 1e-9;
const HOUR_SPREAD: f64 = 4.0;
const LEAST_WEIGHT: f64 = 0.2;
/// Windows beyond which every fifth is enough: neighbours say the same, and 5 is coprime to the day.
const MANY_WINDOWS: usize = 5_000;
const STRIDE: usize = 5;
/// Without half a year a wave of the year is a guess.
const SEASON_HOURS: usize = 183 * 24;
/// What lies farther out was hardly ever seen.
const FARTHEST: f64 = 5.0;

/// Scales, and weights of what is seen without a neighbour and with it.
#[derive(Debug, Clone)]
pub struct Learnt {
    scales: Vec<Scale>,
    leads: usize,
    alone: Weights,
    beside: Option<Weights>,
}

/// `[hour of the day][lead][column]`.
#[derive(Debug, Clone)]
struct Weights(Vec<[f64; COLUMNS]>);

/// Of the windows issued at one hour of the day. Of `gram [COLUMNS, COLUMNS]` the lower triangle.
struct Products {
    gram: Vec<f64>,
    targets: [f64; COLUMNS],
    windows: f64,
}

impl Products {
    fn none() -> Self {
        Self { gram: vec![0.0; COLUMNS * COLUMNS], targets: [0.0; COLUMNS], windows: 0.0 }
    }
}

impl Learnt {
    /// From all windows of `state`; None when the equations have no solution.
    pub fn from(state: &State, leads: usize) -> Option<Self> {
        let issues = issues(state, leads);
        if issues.is_empty() {
            return None;
        }
        let mut rows: Vec<[f64; COLUMNS]> = issues.iter().map(|&known| state.row(known)).collect();
        let scales = scales(state, &issues, &mut rows, leads);
        let seasons = state.hours() >= SEASON_HOURS;
        let none = || Weights(vec![[0.0; COLUMNS]; 24 * leads]);
        let (mut alone, mut beside) = (none(), state.neighbour().map(|_| none()));
        for lead in 0..leads {
            let by_hour = products(state, &issues, &mut rows, lead, &scales);
            for hour in 0..24 {
                let products = gathered(&by_hour, hour);
                alone.0[hour * leads + lead] = solve(&products, seasons, false)?;
                if let Some(beside) = &mut beside {
                    beside.0[hour * leads + lead] = solve(&products, seasons, true)?;
                }
            }
        }
        Some(Self { scales, leads, alone, beside })
    }

    /// `[horizon]`, `ln(1 + g/kWh)`, after the first `known` hours.
    pub fn points(&self, state: &State, known: usize, horizon: usize) -> Vec<f64> {
        let hour = state.issued_at(known).of_day();
        let mut row = state.row(known);
        // One that is not heard any more is done without: as if it were as usual, what it says now would be missed.
        let Weights(weights) = state.neighbour().and(self.beside.as_ref()).unwrap_or(&self.alone);
        let point = |lead: usize| {
            state.aim(&mut row, known, lead);
            let row = standardised(&row, &self.scales);
            let weights = &weights[hour * self.leads + lead];
            state.base(known, lead)
                + row.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f64>()
        };
        (0..horizon.min(self.leads)).map(point).collect()
    }
}

/// Known hours of the windows that are learnt from; none where the history is too short for one.
pub fn issues(state: &State, leads: usize) -> Vec<usize> {
    let Some(last) = state.hours().checked_sub(leads).filter(|last| *last >= FIRST_ISSUE) else {
        return Vec::new();
    };
    let stride = if last - FIRST_ISSUE > MANY_WINDOWS { STRIDE } else { 1 };
    (FIRST_ISSUE..=last).step_by(stride).collect()
}

/// Of each measured column over windows, aimed at a few leads.
fn scales(state: &State, issues: &[usize], rows: &mut [[f64; COLUMNS]], leads: usize) -> Vec<Scale> {
    let mut columns = vec![Vec::new(); COLUMNS];
    for (number, (row, &known)) in rows.iter_mut().zip(issues).enumerate() {
        // Each window another lead, so that all are met.
        state.aim(row, known, number % leads);
        for (values, value) in columns.iter_mut().zip(row.iter()) {
            values.push(*value);
        }
    }
    columns.iter().map(|values| Scale::of(values)).collect()
}

fn standardised(row: &[f64; COLUMNS], scales: &[Scale]) -> [f64; COLUMNS] {
    let mut standardised = *row;
    for (column, (value, scale)) in standardised.iter_mut().zip(scales).enumerate() {
        if is_measured(column) {
            *value = scale.shrink(*value).clamp(-FARTHEST, FARTHEST);
        }
    }
    standardised
}

fn products(
    state: &State,
    issues: &[usize],
    rows: &mut [[f64; COLUMNS]],
    lead: usize,
    scales: &[Scale],
) -> Vec<Products> {
    let mut by_hour: Vec<Products> = (0..24).map(|_| Products::none()).collect();
    for (row, &known) in rows.iter_mut().zip(issues) {
        state.aim(row, known, lead);
        let row = standardised(row, scales);
        let target = state.target(known, lead);
        let products = &mut by_hour[state.issued_at(known).of_day()];
        for (index, value) in row.iter().enumerate() {
            for (sum, other) in products.gram[index * COLUMNS..].iter_mut().zip(&row[..=index]) {
                *sum += value * other;
            }
            products.targets[index] += value * target;
        }
        products.windows += 1.0;
    }
    by_hour
}

/// Of one hour of the day, with windows of the hours around it.
fn gathered(by_hour: &[Products], hour: usize) -> Products {
    let mut all = Products::none();
    for (of, products) in by_hour.iter().enumerate() {
        let weight = weight(hour.abs_diff(of));
        let add = |(sum, value): (&mut f64, &f64)| *sum += weight * value;
        all.gram.iter_mut().zip(&products.gram).for_each(add);
        all.targets.iter_mut().zip(&products.targets).for_each(add);
        all.windows += weight * products.windows;
    }
    for column in 0..COLUMNS {
        let ridge = if column + 1 == COLUMNS { INTERCEPT_RIDGE } else { RIDGE };
        all.gram[column * COLUMNS + column] += ridge * all.windows;
    }
    all
}

/// The mean of four maps, which differ in whether they see the level itself and the season: each is right in some years and wrong in others.
/// All being linear in the same columns, their mean is one map. What it does not see weighs nothing.
fn solve(products: &Products, seasons: bool, neighbour: bool) -> Option<[f64; COLUMNS]> {
    let mut mean = [0.0; COLUMNS];
    let variants = [(false, false), (true, false), (false, true), (true, true)];
    let variants: Vec<_> = variants.into_iter().filter(|(_, season)| seasons || !season).collect();
    for &(level, season) in &variants {
        let is_seen = |column: &usize| match *column {
            NEIGHBOUR..LEVEL => neighbour,
            LEVEL..SEASON => level,
            SEASON..TARGET => season,
            _ => true,
        };
        let seen: Vec<usize> = (0..COLUMNS).filter(is_seen).collect();
        let mut gram = vec![0.0; seen.len() * seen.len()];
        for (row, column) in seen.iter().enumerate() {
            for (place, other) in seen[..=row].iter().enumerate() {
                gram[row * seen.len() + place] = products.gram[column * COLUMNS + other];
            }
        }
        let mut weights: Vec<f64> = seen.iter().map(|column| products.targets[*column]).collect();
        cholesky::solve(&mut gram, seen.len(), &mut weights, 1)?;
        for (column, weight) in seen.iter().zip(weights) {
            mean[*column] += weight / variants.len() as f64;
        }
    }
    Some(mean)
}

fn weight(apart: usize) -> f64 {
    let apart = apart.min(24 - apart) as f64;
    (-0.5 * (apart / HOUR_SPREAD).powi(2)).exp().max(LEAST_WEIGHT)
}
