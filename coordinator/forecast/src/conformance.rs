//! What every forecaster owes its users, checked on made-up series: used by each model's own tests.

use common::carbon::{Forecast, SignalKind};
use common::id::Zone;
use common::time::GridHour;

use crate::{Channel, Error, Forecaster, LEVELS, Series};

/// Of another zone, for a model to find it near.
const KIN_HOURS: usize = 110 * 24;

/// Panics with the broken promise where the model made by `new` breaks one. `horizon` is the longest it was made for.
pub fn check_forecaster(new: impl Fn() -> Box<dyn Forecaster>, horizon: usize) {
    let hours = new().min_history_hours() + 24 * 20;
    let past = wavy(hours, 0);
    check_shape(&new, &past, horizon);
    check_future_is_unseen(&new, &wavy(hours + horizon, hours), hours, horizon);
    check_future_is_unseen(&new, &breezy(hours + horizon), hours, horizon);
    // Kinship takes a season to be seen; at the longest horizon that is long to fit, and nothing else.
    if horizon <= 48 {
        let hours = hours.max(KIN_HOURS);
        check_future_is_unseen(&new, &beside(&breezy(hours + horizon), "NEAR"), hours, horizon);
    }
    check_channels(&new, hours, horizon);
    check_short_history(&new, horizon);

    for level in [250.0, 0.0] {
        let constant = series(vec![level; hours]);
        let forecast =
            fitted(&new, &constant).forecast(&constant, horizon).expect("a constant series is forecast");
        let far = |value: &f64| (value - level).abs() > 1e-6 * level.max(1.0);
        assert!(
            !forecast.quantiles.iter().flatten().any(far),
            "a grid that never changed is expected to stay at {level}"
        );
    }
    let mut spiky = past.values().to_vec();
    spiky.iter_mut().step_by(3).for_each(|value| *value = 0.0);
    let spiky = series(spiky);
    check_rows(&fitted(&new, &spiky).forecast(&spiky, horizon).expect("zeros are forecast"));

    for wrong in [0, horizon + 1] {
        let refused = fitted(&new, &past).forecast(&past, wrong);
        let longer = wrong > 0 && refused.is_ok() && horizon < crate::MAX_HORIZON_HOURS;
        assert!(matches!(refused, Err(Error::Horizon { .. })) || longer, "a horizon of {wrong} h is refused");
    }
}

fn check_shape(new: &impl Fn() -> Box<dyn Forecaster>, past: &Series, horizon: usize) {
    for leads in [1, horizon / 2 + 1, horizon] {
        let forecast = fitted(new, past).forecast(past, leads).expect("a long history is forecast");
        assert_eq!(forecast.quantiles.len(), leads, "one row an hour");
        assert_eq!(forecast.issued_at, past.last_hour(), "issued at the last known hour");
        assert_eq!(&forecast.zone, past.zone());
        assert_eq!(forecast.model, new().name());
        assert_eq!(forecast.levels, LEVELS.to_vec());
        check_rows(&forecast);
        let again = fitted(new, past).forecast(past, leads).expect("as before");
        assert_eq!(forecast, again, "the same history gives the same forecast, bit for bit");
    }
}

/// Law F-1: two worlds that are alike until the issue and differ wildly afterwards get one forecast.
fn check_future_is_unseen(
    new: &impl Fn() -> Box<dyn Forecaster>,
    world: &Series,
    hours: usize,
    horizon: usize,
) {
    let (one, other) = (world.clone(), shifted(world, hours, 300.0));
    assert_ne!(one, other);
    let issue = one.first_hour().plus(hours as i64 - 1);
    let forecasts = [&one, &other].map(|world| {
        let known = world.until(issue).expect("hours before the issue");
        fitted(new, &known).forecast(&known, horizon).expect("a long history is forecast")
    });
    assert_eq!(forecasts[0], forecasts[1], "the future moved and the forecast moved with it");

    // A model that has learnt from later hours either refuses or, having no parameters, says what it would have said.
    let known = one.until(issue).expect("hours before the issue");
    match fitted(new, &other).forecast(&known, horizon) {
        Ok(forecast) => assert_eq!(forecast, forecasts[0], "the fit carried the future into the past"),
        Err(error) => assert!(matches!(error, Error::FromTheFuture { .. }), "{error}"),
    }
}

/// Generation by source may come and go with a trace: a model does with it, without it, or says that it can't.
fn check_channels(new: &impl Fn() -> Box<dyn Forecaster>, hours: usize, horizon: usize) {
    let rich = breezy(hours);
    let poor = series(rich.values().to_vec());
    let (near, far) = (beside(&rich, "NEAR"), beside(&rich, "FAR"));
    for (learnt, known) in [
        (&rich, &rich),
        (&poor, &rich),
        (&rich, &poor),
        (&near, &near),
        (&near, &rich),
        (&rich, &near),
        (&near, &far),
    ] {
        match fitted(new, learnt).forecast(known, horizon) {
            Ok(forecast) => check_rows(&forecast),
            Err(error) => assert!(matches!(error, Error::OtherSeries { .. }), "{error}"),
        }
    }
    for known in [&rich, &near] {
        let forecast = fitted(new, known).forecast(known, horizon);
        assert!(forecast.is_ok(), "a history with channels and neighbours is forecast");
    }
    let forecast = fitted(new, &near).forecast(&rich, horizon);
    assert!(forecast.is_ok(), "a neighbour of which nothing is heard any more is done without");
}

fn check_short_history(new: &impl Fn() -> Box<dyn Forecaster>, horizon: usize) {
    let needed = new().min_history_hours();
    let enough = wavy(needed, 0);
    check_rows(&fitted(new, &enough).forecast(&enough, horizon).expect("the stated minimum is enough"));
    if needed > 1 {
        let short = wavy(needed - 1, 0);
        let mut model = new();
        assert!(matches!(model.fit(&short), Err(Error::ShortHistory { .. })), "too short to fit");
        assert!(model.forecast(&short, horizon).is_err(), "too short to forecast");
    }
    // A study that was switched off for a while has less than it had when its model was fitted.
    let model = fitted(new, &enough);
    for hours in [1, 100, needed / 2, needed.saturating_sub(1)] {
        match model.forecast(&enough.tail(hours), horizon) {
            Ok(forecast) => check_rows(&forecast),
            Err(error) => assert!(matches!(error, Error::ShortHistory { .. }), "{error}"),
        }
    }
}

/// Rows non-decreasing, finite, not negative.
pub fn check_rows(forecast: &Forecast) {
    for (lead, row) in forecast.quantiles.iter().enumerate() {
        assert_eq!(row.len(), forecast.levels.len(), "one value a level");
        assert!(row.iter().all(|value| value.is_finite() && *value >= 0.0), "lead {lead}: {row:?}");
        assert!(row.windows(2).all(|pair| pair[0] <= pair[1]), "lead {lead} is not ordered: {row:?}");
    }
}

fn fitted(new: &impl Fn() -> Box<dyn Forecaster>, history: &Series) -> Box<dyn Forecaster> {
    let mut model = new();
    model.fit(history).expect("a long history is fitted");
    model
}

fn series(values: Vec<f64>) -> Series {
    Series::new(Zone::new("TEST"), SignalKind::AverageDirect, GridHour(438_288), values)
        .expect("made-up hours")
}

/// Days, weeks and something like weather.
fn wavy(hours: usize, phase: usize) -> Series {
    let value = |hour: usize| {
        let t = (hour + phase) as f64;
        300.0 + 90.0 * (t * 0.2618).sin() + 40.0 * (t * 0.0374).cos() + 35.0 * (t * t * 0.013).sin()
    };
    series((0..hours).map(value).collect())
}

/// A grid of coal, wind and sun, with the generation of each.
fn breezy(hours: usize) -> Series {
    let wind =
        |hour: usize| 60.0 + 50.0 * (hour as f64 * 0.031).sin() + 9.0 * ((hour * hour) as f64 * 0.007).cos();
    let sun = |hour: usize| (80.0 * (hour as f64 * 0.2618).sin()).max(0.0);
    let coal = |hour: usize| 150.0 + 20.0 * (hour as f64 * 0.0374).cos() - 0.5 * wind(hour);
    let intensity = |hour: usize| 760.0 * coal(hour) / (coal(hour) + wind(hour) + sun(hour));
    let channel =
        |name: &str, figure: &dyn Fn(usize) -> f64| Channel::new(name, (0..hours).map(figure).collect());
    series((0..hours).map(intensity).collect())
        .with_channels(vec![channel("wind", &wind), channel("solar", &sun), channel("coal", &coal)])
        .expect("as long as the series")
}

/// With a neighbour of the same weather some hours earlier.
fn beside(world: &Series, zone: &str) -> Series {
    let hours = world.len();
    let earlier = breezy(hours + 5).cut(5..hours + 5);
    let series = Series::new(Zone::new(zone), earlier.kind(), world.first_hour(), earlier.values().to_vec());
    let neighbour = series.and_then(|series| series.with_channels(earlier.channels().to_vec()));
    world.clone().with_neighbours([&neighbour.expect("made-up hours")])
}

/// The channels too: weather to come is as unknown as the intensity, here and elsewhere.
fn shifted(world: &Series, from: usize, by: f64) -> Series {
    let moved = |values: &[f64]| -> Vec<f64> {
        let shift = |(hour, value): (usize, &f64)| if hour < from { *value } else { value + by };
        values.iter().enumerate().map(shift).collect()
    };
    let channels = world.channels().iter().map(|c| Channel::new(c.name(), moved(c.values()))).collect();
    let moved = Series::new(world.zone().clone(), world.kind(), world.first_hour(), moved(world.values()))
        .and_then(|series| series.with_channels(channels));
    let neighbours: Vec<Series> = world.neighbours().iter().map(|other| shifted(other, from, by)).collect();
    moved.expect("as long as before").with_neighbours(&neighbours)
}
