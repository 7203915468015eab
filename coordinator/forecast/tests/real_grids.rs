//! The linear map on recorded grids, where they are at hand: within reach of the published figures.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use common::carbon::SignalKind;
use common::id::Zone;
use common::time::GridHour;
use flate2::read::GzDecoder;
use forecast::{Metrics, Plan, Series, backtest, build};

/// 2019-01-01T00:00Z, with which these grids begin.
const FIRST_HOUR: GridHour = GridHour(429_528);

fn grid(zone: &str) -> Option<Series> {
    let given = std::env::var_os("CENAS_DATA").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = given.into_iter().chain([beside]).find(|path| path.is_dir());
    let Some(path) =
        root.map(|root| root.join(format!("carbon/{zone}.csv.gz"))).filter(|path| path.is_file())
    else {
        println!("skipped: no recorded grids; set CENAS_DATA to a folder that holds carbon/{zone}.csv.gz");
        return None;
    };
    let mut rows =
        BufReader::new(GzDecoder::new(std::fs::File::open(path).unwrap())).lines().map(Result::unwrap);
    let column = rows.next().unwrap().split(',').position(|name| name == "ci_direct").unwrap();
    let values = rows.map(|row| row.split(',').nth(column).unwrap().parse().unwrap()).collect();
    Some(Series::new(Zone::new(zone), SignalKind::AverageDirect, FIRST_HOUR, values).unwrap())
}

fn test(model: &str, series: &Series, test_hours: usize) -> Metrics {
    let plan = Plan { test_hours, horizon: 96, stride: 24 };
    let metrics = backtest(build(model, 96).unwrap().as_mut(), series, plan).unwrap();
    println!(
        "{} {model}: MAPE day 1 {:.2} %, four days {:.2} %, pinball {:.2}, 90 % band covers {:.3}, saving {:.3} {:.3}",
        series.zone(),
        metrics.by_day[0].mape(),
        metrics.all.mape(),
        metrics.all.pinball(),
        metrics.all.coverage_90(),
        metrics.saving_8_of_24.share(),
        metrics.saving_24_of_96.share()
    );
    metrics
}

#[test]
fn california_is_within_reach_of_the_published_figures() {
    let Some(series) = grid("CISO") else { return };
    let linear = test("linear", &series, 90 * 24);
    let week = test("week_mean", &series, 90 * 24);
    assert!(linear.all.mape() < 13.0, "published linear map over another window: 11.53 %");
    assert!(linear.all.pinball() < week.all.pinball());
    assert!((0.80..=0.97).contains(&linear.all.coverage_90()));
}

#[test]
fn two_months_are_enough_to_begin() {
    let Some(series) = grid("PJM") else { return };
    let young = series.tail(1_440 + 14 * 24);
    assert!(test("linear", &young, 14 * 24).all.mape() < 12.0);
}
