//! What one zone tells of another: used where it says something, done without where it is silent.

use common::carbon::SignalKind;
use common::id::Zone;
use common::time::GridHour;
use forecast::{Channel, Plan, PointModel, ProfileMap, Series, backtest, build};

const HOURS: usize = 160 * 24;
/// The weather takes so long from one zone to the other.
const WAY_HOURS: usize = 18;

/// A wind that lasts half a day, as it blows in the west; the east has it later.
fn winds(mut dice: u64) -> Vec<f64> {
    let mut wind = 0.0;
    let mut next = || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        wind = 0.93 * wind + ((dice >> 33) as f64 / f64::from(1_u32 << 31) - 0.5) * 60.0;
        wind
    };
    (0..HOURS + WAY_HOURS).map(|_| next()).collect()
}

fn zone(name: &str, winds: &[f64]) -> Series {
    let wind: Vec<f64> = winds.iter().map(|wind| (200.0 + wind).max(0.0)).collect();
    let coal: Vec<f64> = wind.iter().map(|wind| (500.0 - wind).max(50.0)).collect();
    let day = |hour: usize| 40.0 * (hour as f64 * std::f64::consts::TAU / 24.0).sin();
    let intensity = (0..wind.len()).map(|hour| 800.0 * coal[hour] / 500.0 + day(hour)).collect();
    let series = Series::new(Zone::new(name), SignalKind::AverageDirect, GridHour(447_072), intensity);
    let channels = vec![Channel::new("wind", wind), Channel::new("coal", coal)];
    series.and_then(|series| series.with_channels(channels)).unwrap()
}

fn west_and_east() -> (Series, Series) {
    let winds = winds(99);
    (zone("WEST", &winds[WAY_HOURS..]), zone("EAST", &winds[..HOURS]))
}

fn points(model: &ProfileMap, history: &Series) -> Vec<f64> {
    model.points(history, &[history.len()], 48).unwrap().remove(0)
}

fn fitted(history: &Series) -> ProfileMap {
    let mut model = ProfileMap::new(48).unwrap();
    model.fit(history).unwrap();
    model
}

#[test]
fn weather_that_comes_from_a_neighbour_is_seen_coming() {
    let (west, east) = west_and_east();
    let error = |series: &Series| {
        let plan = Plan { test_hours: 40 * 24, horizon: 24, stride: 24 };
        backtest(build("ensemble", 24).unwrap().as_mut(), series, plan).unwrap().all.mape()
    };
    let (alone, beside) = (error(&east), error(&east.clone().with_neighbours([&west])));
    assert!(beside < 0.9 * alone, "{beside} % with what the west tells, {alone} % without");
}

#[test]
fn a_neighbour_that_is_silent_or_too_late_is_done_without() {
    let (west, east) = west_and_east();
    let alone = points(&fitted(&east), &east);
    let model = fitted(&east.clone().with_neighbours([&west]));
    let heard_until = |late: usize| {
        let known = west.until(west.last_hour().plus(-(late as i64))).unwrap();
        points(&model, &east.clone().with_neighbours([&known]))
    };
    assert_eq!(points(&model, &east), alone, "nothing is told of the west");
    assert_eq!(heard_until(7), alone, "nothing new is told of the west");
    assert_ne!(heard_until(6), alone);
    assert_ne!(heard_until(0), heard_until(6));
}

#[test]
fn neither_strangers_nor_newcomers_are_neighbours() {
    let (west, east) = west_and_east();
    let alone = points(&fitted(&east), &east);
    // Its weather has nothing to do with that of the east.
    let stranger = zone("ELSEWHERE", &winds(7)[..HOURS]);
    let newcomer = west.tail(60 * 24);
    for other in [&stranger, &newcomer] {
        let history = east.clone().with_neighbours([other]);
        assert_eq!(points(&fitted(&history), &history), alone, "{}", other.zone());
    }
}

#[test]
fn a_series_holds_what_is_known_elsewhere_of_its_own_hours() {
    let (west, east) = west_and_east();
    let late = west.tail(100);
    let series = east.first(HOURS - 40).with_neighbours([&late, &east, &late]);
    let [neighbour] = series.neighbours() else { panic!("one zone, once, and not itself") };
    assert_eq!((neighbour.len(), neighbour.last_hour()), (60, series.last_hour()));
    assert_eq!(neighbour.channel("wind").unwrap(), &late.channel("wind").unwrap()[..60]);
    let earlier = series.until(series.last_hour().plus(-59)).unwrap();
    assert_eq!(earlier.neighbours()[0].len(), 1, "F-1: nothing later is known of it either");
    assert!(series.first(HOURS - 100).neighbours().is_empty());
}
