//! What one zone tells of another: used where it says something, done without where it is silent.

use forecast::made_up::{self, winds, windy};
use forecast::{Plan, PointModel, ProfileMap, Series, backtest, build};

const HOURS: usize = 160 * 24;

fn west_and_east() -> (Series, Series) {
    made_up::west_and_east(HOURS)
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
    let stranger = windy("ELSEWHERE", &winds(7, HOURS));
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
