//! A small world for policies: zones with recorded or made-up hours, forecasts from yesterday, a fleet that obeys at once.
#![allow(dead_code)] // each test file uses its part

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use allocation::{BudgetLeft, Cost, Policy, Situation, Work, ZoneSituation};
use common::allocation::{Allocation, Shares};
use common::carbon::Forecast;
use common::energy::Purpose;
use common::id::Zone;
use common::seed::Seed;
use common::time::GridHour;
use common::unit::{Grams, Intensity, Joules, Seconds};
use flate2::read::GzDecoder;
use rand::Rng;

pub const HOUR_S: f64 = 3_600.0;
pub const SLOT_W: f64 = 250.0;

/// One zone: intensities of hours 0, 1, … and how many slots it has.
#[derive(Debug, Clone)]
pub struct Grid {
    pub name: &'static str,
    pub slots: u32,
    pub hours: Vec<f64>,
}

/// What happened in one hour of one zone.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    pub intensity: f64,
    pub shares: Shares,
}

/// Runs `policy` for `hours` hours from hour `start`, and gives what each zone did hour by hour. `budget` is what stands at the start.
pub fn run(
    policy: &mut dyn Policy,
    grids: &[Grid],
    start: usize,
    hours: usize,
    mut budget: BudgetLeft,
) -> (BTreeMap<&'static str, Vec<Spent>>, BudgetLeft) {
    let mut log: BTreeMap<&'static str, Vec<Spent>> = BTreeMap::new();
    for hour in start..start + hours {
        let allocation = policy.decide(&situation(grids, hour, budget));
        for grid in grids {
            let shares = allocation.shares(&Zone::new(grid.name));
            let joules = f64::from(shares.train) * SLOT_W * HOUR_S;
            let intensity = grid.hours[hour];
            budget.carbon = budget.carbon.map(|left| left - Joules(joules).emissions(Intensity(intensity)));
            budget.energy = budget.energy.map(|left| left - Joules(joules));
            log.entry(grid.name).or_default().push(Spent { intensity, shares });
        }
        budget.hours = budget.hours.map(|left| left - 1.0);
    }
    (log, budget)
}

pub fn situation(grids: &[Grid], hour: usize, budget: BudgetLeft) -> Situation {
    let training = Cost { seconds: Seconds(1_800.0), joules: Joules(1_800.0 * SLOT_W) };
    let scoring = Cost { seconds: Seconds(2.0), joules: Joules(400.0) };
    Situation {
        hour: GridHour(hour as i64),
        hour_left: 1.0,
        hour_s: HOUR_S,
        zones: grids.iter().map(|grid| (Zone::new(grid.name), zone(grid, hour))).collect(),
        budget,
        work: Work { training_wanted: true, scores_wanted: 10, ..Work::default() },
        costs: BTreeMap::from([(Purpose::Full, training), (Purpose::OneShot, scoring)]),
        ..Situation::default()
    }
}

/// The forecast is yesterday at the same time of day, with a band of a quarter on either side.
pub fn zone(grid: &Grid, hour: usize) -> ZoneSituation {
    let median = |lead: usize| grid.hours[hour + 1 + lead % 24 - 24];
    let forecast = (hour >= 24).then(|| Forecast {
        zone: Zone::new(grid.name),
        issued_at: GridHour(hour as i64),
        model: "yesterday".into(),
        levels: vec![0.1, 0.5, 0.9],
        quantiles: (0..48).map(|lead| [0.75, 1.0, 1.25].map(|width| width * median(lead)).to_vec()).collect(),
    });
    ZoneSituation {
        slots: grid.slots,
        intensity: Some(Intensity(grid.hours[hour])),
        forecast,
        recent: grid.hours[hour.saturating_sub(168)..=hour].iter().map(|&value| Intensity(value)).collect(),
        ..ZoneSituation::default()
    }
}

/// A grid with clean noons, weather that lasts for days, and `drift` g/kWh more every day.
pub fn synthetic(name: &'static str, slots: u32, days: usize, level: f64, drift: f64, seed: u64) -> Grid {
    let mut dice = Seed(seed).stream("weather", 0);
    let mut weather = 0.0;
    let hours = (0..days * 24).map(|hour| {
        let noise = dice.next_u64() as f64 / u64::MAX as f64 - 0.5;
        weather = 0.95 * weather + 12.0 * noise;
        let sun = (-((hour % 24) as f64 - 12.0).powi(2) / 18.0).exp();
        (level * (1.0 - 0.6 * sun) + weather + drift * hour as f64 / 24.0).max(1.0)
    });
    Grid { name, slots, hours: hours.collect() }
}

/// A recorded grid, direct intensities; None, with a line that says so, where none is at hand.
pub fn recorded(name: &'static str, slots: u32) -> Option<Grid> {
    let given = std::env::var_os("CENAS_DATA").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = given.into_iter().chain([beside]).find(|path| path.is_dir());
    let Some(path) =
        root.map(|root| root.join(format!("carbon/{name}.csv.gz"))).filter(|path| path.is_file())
    else {
        println!("skipped: no recorded grids; set CENAS_DATA to a folder that holds carbon/{name}.csv.gz");
        return None;
    };
    let rows = BufReader::new(GzDecoder::new(std::fs::File::open(path).unwrap())).lines().skip(1);
    let hours = rows.map(|row| row.unwrap().split(',').nth(1).unwrap().parse().unwrap()).collect();
    Some(Grid { name, slots, hours })
}

/// Slot-hours of training in hours above, and at or below, their own day's median intensity.
pub fn trained_above_and_below(log: &[Spent]) -> (f64, f64) {
    let (mut above, mut below) = (0.0, 0.0);
    for day in log.chunks_exact(24) {
        let mut sorted: Vec<f64> = day.iter().map(|hour| hour.intensity).collect();
        sorted.sort_by(f64::total_cmp);
        let median = (sorted[11] + sorted[12]) / 2.0;
        for hour in day {
            *(if hour.intensity > median { &mut above } else { &mut below }) += f64::from(hour.shares.train);
        }
    }
    (above, below)
}

pub fn trained(log: &[Spent]) -> f64 {
    log.iter().map(|hour| f64::from(hour.shares.train)).sum()
}

pub fn only(allocation: &Allocation) -> Shares {
    *allocation.zones.values().next().expect("one zone")
}

pub fn grams(log: &[Spent]) -> Grams {
    let hour = |spent: &Spent| {
        Joules(f64::from(spent.shares.train) * SLOT_W * HOUR_S).emissions(Intensity(spent.intensity))
    };
    log.iter().map(hour).sum()
}
