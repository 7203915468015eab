//! The transformer on made-up grids: what every model owes, one seed one model, zones in company, weights on a disk.
#![cfg(feature = "torch")]

use common::carbon::SignalKind;
use common::id::Zone;
use common::time::GridHour;
use forecast::conformance::check_forecaster;
use forecast::{
    Calibrated, Channel, Error, PointModel, Series, Transformer, TransformerOptions, WeightsError, build,
    choose_among,
};

const FIRST: GridHour = GridHour(429_528);

/// Small enough for a test, of the same make.
fn small() -> TransformerOptions {
    TransformerOptions {
        width: 16,
        layers: 1,
        heads: 2,
        batch: 32,
        steps_per_epoch: 4,
        epochs: 2,
        ..TransformerOptions::default()
    }
}

fn new(horizon: usize) -> Transformer {
    Transformer::with_options(horizon, small()).unwrap()
}

/// Days and weeks, and wind that comes and goes; the mix is what makes it.
fn grid(zone: &str, hours: usize, seed: u64) -> Series {
    let (mut wind, mut state) = (0.0_f64, seed);
    let mut dice = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    let (mut values, mut winds, mut gases) = (Vec::new(), Vec::new(), Vec::new());
    for hour in 0..hours {
        wind = 0.97 * wind + dice();
        let of_day = (hour % 24) as f64 / 24.0 * std::f64::consts::TAU;
        let workday = if (hour / 24 + 1) % 7 < 5 { 1.0 } else { 0.8 };
        let demand = 1_000.0 * workday * (1.0 + 0.25 * of_day.sin());
        let blown = (demand * (0.3 + 0.08 * wind)).clamp(0.0, demand * 0.9);
        values.push(370.0 * (demand - blown) / demand);
        winds.push(blown);
        gases.push(demand - blown);
    }
    let channels = vec![Channel::new("wind", winds), Channel::new("nat gas", gases)];
    let series = Series::new(Zone::new(zone), SignalKind::AverageDirect, FIRST, values).unwrap();
    series.with_channels(channels).unwrap()
}

fn plain(series: &Series) -> Series {
    series.clone().with_channels(Vec::new()).unwrap()
}

/// Mean absolute error of the last `days` days' forecasts of a day each.
fn error(model: &Transformer, series: &Series, days: usize) -> f64 {
    let known: Vec<usize> = (1..=days).map(|day| series.len() - 24 * day).collect();
    let points = model.points(series, &known, 24).unwrap();
    let off = |(points, known): (&Vec<f64>, &usize)| -> f64 {
        points.iter().zip(&series.values()[*known..]).map(|(said, truth)| (said - truth).abs()).sum()
    };
    points.iter().zip(&known).map(off).sum::<f64>() / (24 * days) as f64
}

/// What the same hour of the day before would have said.
fn error_of_yesterday(series: &Series, days: usize) -> f64 {
    let values = &series.values()[series.len() - 24 * (days + 1)..];
    values[24..].iter().zip(values).map(|(truth, said)| (said - truth).abs()).sum::<f64>()
        / (24 * days) as f64
}

#[test]
fn it_keeps_every_models_promises() {
    check_forecaster(|| Box::new(Calibrated::correcting(Box::new(new(30)))), 30);
}

#[test]
fn one_seed_makes_one_model_and_another_seed_another() {
    let series = grid("A", 2_600, 1);
    let weights = |seed: u64| {
        let options = TransformerOptions { seed, ..small() };
        let mut model = Transformer::with_options(24, options).unwrap();
        model.fit(&series).unwrap();
        model.to_bytes().unwrap()
    };
    assert_eq!(weights(1), weights(1), "bit for bit");
    assert_ne!(weights(1), weights(2));
}

#[test]
fn it_learns_the_day_and_uses_the_mix_where_there_is_one() {
    let series = grid("A", 5_000, 3);
    let before = series.first(series.len() - 24 * 30);
    let mut with_mix = new(24);
    with_mix.fit(&before).unwrap();
    let mut without = new(24);
    without.fit(&plain(&before)).unwrap();
    let errors = (error(&with_mix, &series, 30), error(&without, &plain(&series), 30));
    assert!(errors.0 < 0.8 * error_of_yesterday(&series, 30), "{errors:?}");
    assert!(errors.1 < 0.9 * error_of_yesterday(&series, 30), "{errors:?}");
    // A mix that stops being reported costs accuracy, not the forecast.
    assert!(error(&with_mix, &plain(&series), 30).is_finite());
}

#[test]
fn a_zone_with_little_history_gains_by_company() {
    let (old, young) = (grid("OLD", 6_000, 5), grid("YOUNG", 2_400, 6));
    let months = 720 + 24;
    let begun = young.first(months);
    let test = young.first(months + 24 * 30);
    let refused = new(24).fit(&begun).unwrap_err();
    assert!(matches!(refused, Error::ShortHistory { .. }), "{refused}");

    let mut model = new(24);
    model.fit_together(&[&old, &begun], &|| false).unwrap();
    assert!(error(&model, &test, 30) < 0.9 * error_of_yesterday(&test, 30), "{}", error(&model, &test, 30));
    let about = model.about().unwrap();
    assert_eq!(about.zones.len(), 2);
    assert_eq!(about.zones[1].until, begun.last_hour());

    let twice = new(24).fit_together(&[&old, &old], &|| false).unwrap_err();
    assert!(twice.to_string().contains("given twice"), "{twice}");
}

#[test]
fn training_ends_when_it_is_told_to() {
    let series = grid("A", 2_600, 1);
    let options = TransformerOptions { epochs: 1_000, ..small() };
    let mut model = Transformer::with_options(24, options).unwrap();
    model.fit_together(&[&series], &|| true).unwrap();
    let about = model.about().unwrap();
    assert!(about.courses.iter().all(|course| course.held_out.len() == 1), "one epoch, and no more");
}

#[test]
fn another_zone_or_kind_is_refused() {
    let series = grid("A", 2_600, 1);
    let mut model = new(24);
    let early = model.points(&series, &[series.len()], 24).unwrap_err();
    assert!(matches!(early, Error::NotFitted { .. }), "{early}");
    model.fit(&series).unwrap();
    let other = model.points(&grid("B", 2_600, 1), &[2_600], 24).unwrap_err();
    assert_eq!(
        other.to_string(),
        "`transformer` was fitted for A AverageDirect, the history is of B AverageDirect"
    );
    let short = model.points(&series, &[335], 24).unwrap_err();
    assert!(matches!(short, Error::ShortHistory { needed: 336, found: 335, .. }), "{short}");
}

#[test]
fn weights_come_back_from_a_disk_as_they_went() {
    let series = grid("A", 2_600, 1);
    let mut model = new(24);
    assert!(matches!(model.to_bytes(), Err(WeightsError::NotFitted)));
    model.fit(&series).unwrap();
    let folder = std::env::temp_dir().join(format!("cenas-transformer-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("weights.safetensors");
    std::fs::write(&path, "an older file").unwrap();
    model.save(&path).unwrap();
    let loaded = Transformer::load(&path).unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
    std::fs::remove_dir_all(&folder).unwrap();

    assert_eq!(loaded.about(), model.about());
    let ask = |model: &Transformer| model.points(&series, &[2_000, 2_600], 24).unwrap();
    assert_eq!(ask(&loaded), ask(&model), "bit for bit");
    assert_eq!(loaded.fitted_until(), Some(series.last_hour()));
    let missing = Transformer::load(&path).unwrap_err();
    assert!(missing.to_string().contains("weights.safetensors"), "{missing}");
}

#[test]
fn foreign_and_damaged_weights_are_refused_with_their_reason() {
    let mut model = new(24);
    model.fit(&grid("A", 2_600, 1)).unwrap();
    let good = model.to_bytes().unwrap();
    let said = |bytes: &[u8]| Transformer::from_bytes(bytes).map(drop).unwrap_err().to_string();

    assert!(said(b"").contains("not weights"), "{}", said(b""));
    assert!(said(b"PK\x03\x04 a zip of something").contains("not weights"));
    let cut = said(&good[..good.len() - 4]);
    assert!(cut.contains("weights"), "{cut}");
    // A header that promises more than any file holds.
    let mut huge = good.clone();
    huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(said(&huge).contains("not weights"));
    // The last number of a tensor becomes NaN.
    let mut rotten = good.clone();
    let end = rotten.len();
    rotten[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    assert!(said(&rotten).contains("damaged"), "{}", said(&rotten));

    let swap = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len(), "the header keeps its length");
        let place =
            good.windows(from.len()).position(|part| part == from.as_bytes()).expect("it is in the header");
        let mut bytes = good.clone();
        bytes[place..place + to.len()].copy_from_slice(to.as_bytes());
        said(&bytes)
    };
    assert!(swap("cenas_transformer", "other_transformer").contains("no entry"));
    assert!(swap(r#"\"version\":1"#, r#"\"version\":7"#).contains("format 7"));
    assert!(swap(r#"\"horizon\":24"#, r#"\"horizon\":99"#).contains("damaged"));
    assert!(swap(r#"\"heads\":2"#, r#"\"heads\":0"#).contains("damaged"));
    assert!(swap(r#"\"width\":16"#, r#"\"width\":32"#).contains("damaged"));
}

#[test]
fn networks_that_learnt_before_serve_a_zone_by_their_files_name() {
    let (ours, others) = (grid("A", 7_000, 5), grid("B", 4_000, 6));
    let learnt = ours.first(4_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("both.safetensors");
    let mut model = new(24);
    model.fit_together(&[&learnt, &others], &|| false).unwrap();
    model.save(&path).unwrap();

    let name = format!("transformer:{}", path.display());
    let now = ours.first(6_900);
    let mut forecaster = build(&name, 24).unwrap();
    forecaster.fit(&now).unwrap();
    let forecast = forecaster.forecast(&now, 24).unwrap();
    assert_eq!((forecast.model.as_str(), forecast.quantiles.len()), (name.as_str(), 24));
    // The networks are the file's, to the last bit; only the skip is of today.
    let mut renewed = Transformer::pretrained(&name, 24).unwrap();
    renewed.fit(&now).unwrap();
    assert!(error(&renewed, &ours, 30) < 0.9 * error_of_yesterday(&ours, 30));
    assert_eq!(renewed.about().unwrap().courses, model.about().unwrap().courses);
    // Chosen for a zone as any model is.
    let choice = choose_among(&["persistence", &name], &now, 24).unwrap();
    assert_eq!(choice.forecaster.name(), name);
    assert!(choice.metrics().is_some());

    // F-1: networks that know later hours are no model of earlier ones.
    let early = build(&name, 24).unwrap().fit(&ours.first(3_000)).unwrap_err();
    assert!(matches!(early, Error::FromTheFuture { .. }), "{early}");
    let foreign = build(&name, 24).unwrap().fit(&grid("C", 6_900, 7)).unwrap_err();
    assert!(matches!(foreign, Error::OtherSeries { .. }), "{foreign}");
    let far = build(&name, 96).unwrap_err();
    assert!(far.to_string().contains("--horizon 96"), "{far}");
    let absent = build("transformer:nowhere.safetensors", 24).unwrap_err();
    assert!(absent.to_string().contains("nowhere.safetensors"), "{absent}");
}

/// What networks know of the hours that a band is learnt from must not make it narrow: there, their zone's skip speaks alone.
#[test]
fn a_band_is_not_learnt_from_hours_that_the_networks_have_seen() {
    let (series, folder) = (grid("A", 4_000, 5), tempfile::tempdir().unwrap());
    let known = [3_500, 3_900];
    let said = [1, 2].map(|seed| {
        let path = folder.path().join(format!("{seed}.safetensors"));
        let mut model =
            Transformer::with_options(24, TransformerOptions { seed, epochs: 8, ..small() }).unwrap();
        model.fit(&series).unwrap();
        model.save(&path).unwrap();
        let mut renewed = Transformer::pretrained(&format!("transformer:{}", path.display()), 24).unwrap();
        let held_out = renewed.fit_held_out(&series, 3_000, &known, 24).unwrap();
        (held_out, renewed.points(&series, &known, 24).unwrap())
    });
    assert_eq!(said[0].0, said[1].0, "whatever the networks are");
    assert_ne!(said[0].1, said[1].1, "they speak where they are used");
}
