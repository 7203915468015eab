//! Whether bands hold what they say, also after the grid has changed its manners.

use common::carbon::SignalKind;
use common::id::Zone;
use common::seed::Seed;
use common::time::GridHour;
use forecast::{Metrics, Plan, Series, backtest, build};
use rand::Rng;

const DAYS: usize = 330;
const TEST_DAYS: usize = 120;

/// A daily wave and noise that carries over from hour to hour, `louder` times as loud in the last `TEST_DAYS`.
fn grid(louder: f64, seed: u64) -> Series {
    let mut stream = Seed(seed).stream("grid", 0);
    let mut weather = 0.0;
    let value = |hour: usize| {
        let loudness = if hour >= (DAYS - TEST_DAYS) * 24 { louder } else { 1.0 };
        let noise = (0..12).map(|_| stream.next_u64() as f64 / u64::MAX as f64).sum::<f64>() - 6.0;
        weather = 0.9 * weather + 8.0 * loudness * noise;
        (400.0 + 80.0 * (hour as f64 * std::f64::consts::TAU / 24.0).sin() + weather).max(0.0)
    };
    let values = (0..DAYS * 24).map(value).collect();
    Series::new(Zone::new("T"), SignalKind::AverageDirect, GridHour(0), values).unwrap()
}

fn test(model: &str, world: &Series) -> Metrics {
    let plan = Plan { test_hours: TEST_DAYS * 24, horizon: 48, stride: 24 };
    backtest(build(model, 48).unwrap().as_mut(), world, plan).unwrap()
}

#[track_caller]
fn check(model: &str, louder: f64, seed: u64) {
    let coverage = test(model, &grid(louder, seed)).all.coverage_90();
    assert!((0.85..=0.95).contains(&coverage), "{model}, {louder} times as loud: {coverage} (seed {seed})");
}

#[test]
fn nine_hours_in_ten_lie_inside() {
    for model in ["linear", "ensemble"] {
        check(model, 1.0, 7);
    }
}

/// A band learnt once would hold two hours in three of a grid that became twice as loud; this one catches up within weeks.
#[test]
fn bands_follow_a_grid_that_becomes_louder_or_quieter() {
    check("linear", 2.0, 8);
    check("linear", 0.5, 9);
    let (loud, quiet) = (test("linear", &grid(2.0, 8)), test("linear", &grid(0.5, 8)));
    assert!(loud.all.width_90() > 2.0 * quiet.all.width_90());
}

#[test]
fn the_middle_is_not_moved_by_the_band() {
    let metrics = test("linear", &grid(1.0, 3));
    // Hour by hour the noise carries over by nine tenths: after two days its spread is 8 / √(1 − 0.81) ≈ 18 g.
    assert!((14.0..=22.0).contains(&metrics.by_day[1].rmse()), "{} (seed 3)", metrics.by_day[1].rmse());
}
