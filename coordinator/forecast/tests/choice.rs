//! Which model is taken as a history grows, and what forecasts are worth.

use common::carbon::SignalKind;
use common::id::Zone;
use common::seed::Seed;
use common::time::GridHour;
use forecast::{Plan, Selector, Series, Verdict, backtest, build, choose};
use rand::Rng;

/// A daily wave, a weekend, and noise that carries over from hour to hour; `seed` is printed by every failing assertion.
fn grid(hours: usize, seed: u64) -> Series {
    let mut stream = Seed(seed).stream("grid", 0);
    let mut weather = 0.0;
    let values = (0..hours).map(|hour| {
        let noise = (0..12).map(|_| uniform(&mut stream)).sum::<f64>() - 6.0;
        weather = 0.97 * weather + 6.0 * noise;
        let weekend = if hour / 24 % 7 >= 5 { -40.0 } else { 0.0 };
        (300.0 + 100.0 * (hour as f64 * std::f64::consts::TAU / 24.0).sin() + weekend + weather).max(0.0)
    });
    Series::new(Zone::new("T"), SignalKind::AverageDirect, GridHour(0), values.collect()).unwrap()
}

fn uniform(stream: &mut impl Rng) -> f64 {
    stream.next_u64() as f64 / u64::MAX as f64
}

#[test]
fn a_young_history_climbs_the_ladder() {
    let world = grid(1_500, 1);
    let chosen = |hours: usize| {
        let choice = choose(&world.until(GridHour(hours as i64 - 1)).unwrap(), 96).unwrap();
        (choice.forecaster.name().to_string(), choice.candidates.len())
    };
    assert_eq!(chosen(1), ("persistence".into(), 1));
    assert_eq!(chosen(23), ("persistence".into(), 1));
    assert_eq!(chosen(24), ("yesterday".into(), 2));
    assert_ne!(chosen(30 * 24).0, "persistence", "a daily wave is not the last value");
    let (name, candidates) = chosen(1_440);
    assert_eq!(candidates, forecast::MODELS.len(), "two months are enough to fit and to judge the maps");
    assert!(["linear", "ensemble"].contains(&name.as_str()), "{name}");
}

#[test]
fn the_cold_band_is_wide_and_centred() {
    let choice = choose(&grid(3, 1), 24).unwrap();
    let forecast = choice.forecaster.forecast(&grid(3, 1), 24).unwrap();
    let last = grid(3, 1).values()[2];
    assert_eq!(forecast.median(GridHour(3)).unwrap().0, last);
    assert!(forecast.quantile(GridHour(3), 0.95).unwrap().0 > 1.8 * last);
    assert!(forecast.quantile(GridHour(3), 0.05).unwrap().0 < 0.6 * last);
}

#[test]
fn the_map_beats_the_rules_where_there_is_something_to_learn() {
    let world = grid(24 * 200, 5);
    let plan = Plan { test_hours: 24 * 40, horizon: 96, stride: 24 };
    let pinball = |name: &str| {
        let metrics = backtest(build(name, 96).unwrap().as_mut(), &world, plan).unwrap();
        assert_eq!(metrics.forecasts, 40);
        assert_eq!(metrics.by_day.len(), 4);
        let coverage = metrics.all.coverage_90();
        assert!((0.78..=0.98).contains(&coverage), "{name} covers {coverage} (seed 5)");
        metrics.all.pinball()
    };
    let (linear, week, yesterday) = (pinball("linear"), pinball("week_mean"), pinball("yesterday"));
    assert!(linear < week && linear < yesterday, "{linear} {week} {yesterday} (seed 5)");
}

#[test]
fn backtests_do_not_see_the_future() {
    let world = grid(24 * 80, 3);
    let plan = Plan { test_hours: 48, horizon: 24, stride: 24 };
    // Only the last day moves; the forecast issued before it must stay, so the first day's score must.
    let mut values = world.values().to_vec();
    values.iter_mut().rev().take(24).for_each(|value| *value += 500.0);
    let moved = Series::new(Zone::new("T"), SignalKind::AverageDirect, GridHour(0), values).unwrap();
    for name in forecast::MODELS {
        let first_day = |series: &Series| {
            let plan = Plan { test_hours: 48, stride: 48, ..plan };
            backtest(build(name, 24).unwrap().as_mut(), series, plan).unwrap().all
        };
        assert_eq!(first_day(&world), first_day(&moved), "{name}");
    }
}

#[test]
fn a_selector_goes_on_hour_after_hour() {
    let world = grid(24 * 70, 2);
    let mut selector = Selector::new("auto", 48).unwrap();
    let mut models = Vec::new();
    for hour in [0, 5, 23, 24, 47, 170, 191, 400, 1_439, 1_445, 1_679] {
        let forecast = selector.forecast(|hours| Ok(world.past(GridHour(hour), hours).unwrap())).unwrap();
        assert_eq!((forecast.issued_at, forecast.quantiles.len()), (GridHour(hour), 48));
        models.push(forecast.model);
    }
    assert_eq!(models[0], "persistence");
    assert!(["week_mean", "linear", "ensemble"].contains(&models[10].as_str()), "{models:?}");
    assert!(selector.choice().unwrap().metrics().unwrap().all.mape() < 20.0);
    // A coordinator that was set back in time must not use what it learnt later.
    let back = selector.forecast(|hours| Ok(world.past(GridHour(30), hours).unwrap())).unwrap();
    assert_eq!(back.issued_at, GridHour(30));
}

#[test]
fn a_named_model_is_stood_in_for_until_it_can() {
    let world = grid(24 * 60, 2);
    let mut selector = Selector::new("linear", 24).unwrap();
    let model = |selector: &mut Selector, hour| {
        selector.forecast(|hours| Ok(world.past(GridHour(hour), hours).unwrap())).unwrap().model
    };
    assert_eq!(model(&mut selector, 10), "persistence");
    assert_eq!(model(&mut selector, 100), "yesterday");
    assert_eq!(model(&mut selector, 500), "week_mean");
    assert_eq!(model(&mut selector, 1_400), "linear");
    assert!(Selector::new("lineer", 24).is_err());
    assert!(Selector::new("auto", 500).is_err());
}

/// An hour of the world goes by: a forecast, and a training as soon as one is due, done `late` hours after it was begun.
fn live(
    selector: &mut Selector,
    world: &Series,
    hours: std::ops::Range<i64>,
    late: i64,
) -> Vec<(i64, Verdict)> {
    let (mut under_way, mut verdicts) = (None, Vec::new());
    for hour in hours {
        let known = world.until(GridHour(hour)).unwrap();
        selector.issue(&known).unwrap();
        if under_way.is_none() {
            under_way = selector.begin_training(&known).map(|training| (hour + late, training));
        }
        if let Some((_, training)) = under_way.take_if(|(done, _)| *done <= hour) {
            verdicts.push((hour, selector.adopt(training.run().unwrap(), &known)));
        }
    }
    verdicts
}

#[test]
fn training_waits_for_nobody_and_is_taken_up_only_if_better() {
    let world = grid(24 * 75, 4);
    let mut selector = Selector::new("linear", 24).unwrap().retrained_every(72);
    let verdicts = live(&mut selector, &world, 1_078..1_400, 5);
    assert_eq!(verdicts[0], (1_084, Verdict::First), "begun with the 1,080th hour, done five later");
    assert!(verdicts.len() >= 3, "{verdicts:?}");
    for (hour, verdict) in &verdicts[1..] {
        match verdict {
            Verdict::First => panic!("hour {hour}: a trained model was in use"),
            Verdict::Better { was, is } => assert!(is < was, "hour {hour}: {was} {is}"),
            Verdict::Kept { was, would_be } => assert!(was <= would_be, "hour {hour}: {was} {would_be}"),
        }
    }
    assert_eq!(selector.choice().unwrap().forecaster.name(), "linear");
}

#[test]
fn what_learnt_another_world_is_not_taken_up() {
    let world = grid(24 * 75, 4);
    let mut selector = Selector::new("linear", 24).unwrap();
    live(&mut selector, &world, 1_320..1_480, 1);
    let before = selector.issue(&world.until(GridHour(1_480)).unwrap()).unwrap();
    // Trained on noise around another level, over the same hours.
    let noise = (0..1_481).map(|hour| if hour % 7 < 3 { 900.0 } else { 10.0 }).collect();
    let elsewhere = Series::new(Zone::new("T"), SignalKind::AverageDirect, GridHour(0), noise).unwrap();
    let mut foreign = Selector::new("linear", 24).unwrap();
    let trained = foreign.begin_training(&elsewhere).unwrap().run().unwrap();
    let verdict = selector.adopt(trained, &world.until(GridHour(1_480)).unwrap());
    assert!(matches!(verdict, Verdict::Kept { .. }), "{verdict:?}");
    assert_eq!(selector.issue(&world.until(GridHour(1_480)).unwrap()).unwrap(), before);
}

#[test]
fn rules_are_never_trained() {
    let world = grid(24 * 60, 2);
    let mut selector = Selector::new("week_mean", 24).unwrap();
    assert!(selector.begin_training(&world).is_none());
    assert_eq!(selector.issue(&world).unwrap().model, "week_mean");
}

/// After a week without a coordinator, or a service, the history begins anew; what was learnt before is still true.
#[test]
fn a_trained_model_outlasts_a_short_history() {
    let world = grid(24 * 75, 4);
    let mut selector = Selector::new("linear", 24).unwrap();
    live(&mut selector, &world, 1_320..1_480, 1);
    let mut model = |hour: i64, known: usize| {
        let history = world.until(GridHour(hour)).unwrap().tail(known);
        let forecast = selector.issue(&history).unwrap();
        (forecast.model, forecast.quantiles.len())
    };
    assert_eq!(model(1_480, 1_480), ("linear".into(), 24));
    assert_eq!(model(1_500, 10), ("persistence".into(), 24));
    assert_eq!(model(1_600, 110), ("yesterday".into(), 24));
    assert_eq!(model(1_740, 250), ("week_mean".into(), 24));
    assert_eq!(model(1_790, 340), ("linear".into(), 24), "a fortnight is enough to go on from");
    assert_eq!(selector.choice().unwrap().forecaster.name(), "linear");
    // Set back in time it must not use what it learnt later.
    let early = selector.issue(&world.until(GridHour(500)).unwrap()).unwrap();
    assert_eq!(early.model, "week_mean");
}

/// A service tells its past by and by: two months by the first training, two years some days later.
#[test]
fn a_history_that_grew_by_half_is_worth_a_training() {
    let world = grid(24 * 80, 4);
    let mut selector = Selector::new("linear", 24).unwrap().retrained_every(1_000);
    let known = |hour: i64, hours: usize| world.until(GridHour(hour)).unwrap().tail(hours);
    let first = known(1_800, 1_080);
    let trained = selector.begin_training(&first).unwrap().run().unwrap();
    assert_eq!(selector.adopt(trained, &first), Verdict::First);
    assert!(!selector.is_due(GridHour(1_810), 1_800), "not on the same day");
    assert!(!selector.is_due(GridHour(1_824), 1_619), "not for a little more");
    let second = known(1_824, 1_620);
    let trained = selector.begin_training(&second).unwrap().run().unwrap();
    selector.adopt(trained, &second);
    assert!(!selector.is_due(GridHour(1_900), 1_700), "whatever came of it");
}
