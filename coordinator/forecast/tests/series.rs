//! What enters a series and what is refused.

use common::carbon::{CarbonSample, Provenance, SignalKind};
use common::id::Zone;
use common::time::GridHour;
use common::unit::Intensity;
use forecast::{Channel, Error, Gaps, Series};

fn sample(hour: i64, intensity: f64) -> CarbonSample {
    CarbonSample {
        zone: Zone::new("DE"),
        hour: GridHour(hour),
        intensity: Intensity(intensity),
        kind: SignalKind::AverageDirect,
        provenance: Provenance::Synthetic,
    }
}

fn values(hours: &[(i64, f64)], gaps: Gaps) -> Result<Vec<f64>, Error> {
    let samples: Vec<_> = hours.iter().map(|&(hour, value)| sample(hour, value)).collect();
    Series::from_samples(&samples, gaps).map(|series| series.values().to_vec())
}

#[test]
fn order_does_not_matter_and_a_revision_stands() {
    assert_eq!(values(&[(7, 3.0), (5, 1.0), (6, 9.0), (6, 2.0)], Gaps::Refuse), Ok(vec![1.0, 2.0, 3.0]));
}

#[test]
fn gaps_are_bridged_refused_or_start_anew() {
    let hours = [(0, 10.0), (3, 40.0), (4, 50.0)];
    assert_eq!(values(&hours, Gaps::Fill { up_to_hours: 2 }), Ok(vec![10.0, 20.0, 30.0, 40.0, 50.0]));
    let refused = values(&hours, Gaps::Fill { up_to_hours: 1 });
    assert_eq!(refused, Err(Error::Gap { zone: Zone::new("DE"), from: GridHour(1), hours: 2 }));
    assert!(matches!(values(&hours, Gaps::Refuse), Err(Error::Gap { hours: 2, .. })));
    let restart = Gaps::FillOrRestart { up_to_hours: 1, up_to_days: 0 };
    assert_eq!(values(&hours, restart), Ok(vec![40.0, 50.0]));
}

/// Days of 24 levels; of the later ones each hour is 100 g/kWh more.
#[test]
fn days_are_bridged_by_their_neighbours() {
    let value = |hour: i64| (hour % 24) as f64 + if hour >= 110 { 100.0 } else { 0.0 };
    let with_gap = |from: i64, to: i64, end: i64| {
        let known = (0..end).filter(|hour| !(from..to).contains(hour));
        values(&known.map(|hour| (hour, value(hour))).collect::<Vec<_>>(), Gaps::OBSERVED)
    };
    // 60 hours from the fifth of the third day on: three days lie between what is known of most hours.
    let bridged = with_gap(52, 112, 300).unwrap();
    assert_eq!((bridged.len(), bridged[51], bridged[112]), (300, 3.0, 116.0));
    let share = |place: usize| (bridged[place] - (place % 24) as f64).round();
    assert_eq!((share(52), share(76), share(100)), (25.0, 50.0, 75.0), "nearer to the nearer day");
    assert!(bridged.iter().all(|value| (0.0..=123.0).contains(value)));
    assert_eq!(with_gap(52, 124, 300).unwrap().len(), 300, "three days");
    assert_eq!(with_gap(52, 125, 300).unwrap().len(), 175, "more is forgotten");
    assert_eq!(
        with_gap(10, 30, 100).unwrap().len(),
        70,
        "before a whole day is known there is none to repeat"
    );
    // Of what comes after the gap one hour is known.
    let young = with_gap(52, 112, 113).unwrap();
    assert_eq!(young[65..77], young[41..53], "the day before alone");
}

#[test]
fn mixtures_and_nonsense_are_refused() {
    let mut marginal = sample(1, 1.0);
    marginal.kind = SignalKind::MarginalDirect;
    let mixed = Series::from_samples(&[sample(0, 1.0), marginal], Gaps::Refuse);
    assert!(matches!(mixed, Err(Error::MixedKinds { .. })));
    let mut elsewhere = sample(1, 1.0);
    elsewhere.zone = Zone::new("PL");
    assert!(matches!(
        Series::from_samples(&[sample(0, 1.0), elsewhere.clone()], Gaps::Refuse),
        Err(Error::MixedZones { .. })
    ));
    for value in [f64::NAN, f64::INFINITY, -1.0] {
        assert!(matches!(values(&[(0, value)], Gaps::Refuse), Err(Error::NotAnIntensity { .. })));
    }
    assert_eq!(Series::from_samples(&[], Gaps::Refuse), Err(Error::Empty));

    let mut series = Series::from_samples(&[sample(0, 1.0)], Gaps::Refuse).unwrap();
    assert!(series.push(&elsewhere, Gaps::Refuse).is_err());
    series.push(&sample(1, 2.0), Gaps::Refuse).unwrap();
    series.push(&sample(0, 7.0), Gaps::Refuse).unwrap();
    assert_eq!(series.values(), [7.0, 2.0], "an old hour is revised");
}

#[test]
fn a_series_is_cut_at_an_hour() {
    let series =
        Series::new(Zone::new("DE"), SignalKind::AverageDirect, GridHour(10), vec![1.0, 2.0, 3.0]).unwrap();
    assert_eq!(series.until(GridHour(11)).unwrap().values(), [1.0, 2.0]);
    assert_eq!(series.until(GridHour(99)).unwrap(), series);
    assert_eq!(series.until(GridHour(9)), None);
    assert_eq!((series.tail(1).first_hour(), series.tail(1).values()), (GridHour(12), &[3.0][..]));
    assert_eq!(series.get(GridHour(9)), None);
}

#[test]
fn channels_go_with_their_hours() {
    let plain =
        Series::new(Zone::new("DE"), SignalKind::AverageDirect, GridHour(10), vec![1.0, 2.0, 3.0]).unwrap();
    let channels =
        vec![Channel::new("wind", vec![7.0, 8.0, 9.0]), Channel::new("coal", vec![-1.0, 0.0, 1.0])];
    let mut series = plain.clone().with_channels(channels).unwrap();
    assert_eq!(series.channels().iter().map(Channel::name).collect::<Vec<_>>(), ["coal", "wind"]);
    assert_eq!(series.until(GridHour(11)).unwrap().channel("wind"), Some(&[7.0, 8.0][..]));
    assert_eq!(series.tail(1).channel("coal"), Some(&[1.0][..]));
    assert_eq!(series.channel("sun"), None);

    let refused = |channels| plain.clone().with_channels(channels).unwrap_err().to_string();
    assert!(refused(vec![Channel::new("wind", vec![1.0])]).contains("it has 1 h and the series 3 h"));
    assert!(refused(vec![Channel::new("wind", vec![1.0, f64::NAN, 1.0])]).contains("its hour 1 is NaN"));
    let twice = || Channel::new("wind", vec![1.0; 3]);
    assert!(refused(vec![twice(), twice()]).contains("`wind` does not fit its series: it is given twice"));

    series.push(&sample(12, 4.0), Gaps::Refuse).unwrap();
    assert_eq!(series.channels().len(), 2, "a revision takes nothing away");
    series.push(&sample(13, 4.0), Gaps::Refuse).unwrap();
    assert!(series.channels().is_empty(), "an hour without them ends them");
}
