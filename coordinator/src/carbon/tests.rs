//! Traces in several shapes, the made-up grid, and the chain, each through the door a study uses.

use std::io::Write;
use std::path::PathBuf;

use common::carbon::{Provenance, SignalKind};
use common::id::Zone;
use common::seed::Seed;
use common::time::GridHour;

use super::{CarbonSource, Chain, Error, Settings, Trace, TypicalWeek, build, parse_time};

fn written(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn read(text: &str, column: &str) -> Result<Trace, Error> {
    let (_folder, path) = written("trace.csv", text);
    Trace::read(&path, Zone::new("DE"), column)
}

fn intensities(trace: &Trace) -> Vec<f64> {
    trace.history(GridHour(1_000_000), 1_000_000).iter().map(|sample| sample.intensity.0).collect()
}

#[track_caller]
fn check_refused(text: &str, expected: &str) {
    let message = read(text, "auto").unwrap_err().to_string();
    assert!(message.contains(expected), "{message}\ndoes not say: {expected}");
    assert!(message.contains("trace.csv"), "names no file: {message}");
}

#[test]
fn our_own_shape() {
    let trace = read(
        "utc,ci_direct,ci_lifecycle,coal\n2019-01-01T00:00Z,164.27,229.21,9\n2019-01-01T01:00Z,200.72,274,11\n",
        "auto",
    );
    let trace = trace.unwrap();
    assert_eq!(trace.kind(), SignalKind::AverageDirect);
    assert_eq!(intensities(&trace), [164.27, 200.72]);
    assert_eq!(trace.span(), Some((GridHour(429_528), GridHour(429_529))));
    assert_eq!(trace.history(GridHour(429_529), 5).len(), 1, "the present hour is no history");
    let provenance = &trace.history(GridHour(429_529), 5)[0].provenance;
    assert_eq!(*provenance, Provenance::Measured("trace.csv".into()));
}

#[test]
fn electricity_maps_exports_as_they_are() {
    let new = "Datetime (UTC),Country,Zone name,Zone id,Carbon intensity gCO₂eq/kWh (direct),Carbon intensity gCO₂eq/kWh (Life cycle),\
        Carbon-free energy percentage (CFE%),Renewable energy percentage (RE%),Data source,Data estimated,Data estimation method\n\
        2024-01-01 00:00:00,Germany,Germany,DE,183.41,230.97,70.1,69.2,entsoe.eu,false,\n\
        2024-01-01 01:00:00,Germany,Germany,DE,180.5,228.1,70.1,69.2,entsoe.eu,true,TIME_SLICER\n";
    let direct = read(new, "auto").unwrap();
    assert_eq!((direct.kind(), intensities(&direct)), (SignalKind::AverageDirect, vec![183.41, 180.5]));
    let estimated = &direct.history(GridHour(1_000_000), 1_000_000)[1].provenance;
    assert_eq!(*estimated, Provenance::Estimated("trace.csv".into()));
    let lifecycle = read(new, "carbon intensity gco₂eq/kwh (life cycle)").unwrap();
    assert_eq!(
        (lifecycle.kind(), intensities(&lifecycle)),
        (SignalKind::AverageLifecycle, vec![230.97, 228.1])
    );

    let old = "Datetime (UTC),Country,Carbon Intensity gCO₂eq/kWh (LCA),Low Carbon Percentage\n2022-01-01 00:00:00,FR,50,90\n";
    assert_eq!(read(old, "auto").unwrap().kind(), SignalKind::AverageLifecycle);
    let plain = "timestamp,carbon_intensity\n2022-01-01T02:00:00+02:00,50\n";
    let plain = read(plain, "auto").unwrap();
    assert_eq!(plain.span().unwrap().0.to_string(), "2022-01-01T00:00Z", "an offset is respected");
}

#[test]
fn the_spellings_of_several_years_of_exports() {
    let doubted = |text: &str| {
        let trace = read(text, "auto").unwrap();
        let past = trace.history(GridHour(1_000_000), 1_000_000);
        let told = past
            .iter()
            .map(|sample| (sample.intensity.0, matches!(sample.provenance, Provenance::Estimated(_))));
        (trace.kind(), told.collect::<Vec<_>>())
    };
    let rows = |header: &str, first: &str, second: &str| {
        format!("{header}\n2024-01-01 00:00:00,{first}\n2024-01-01 01:00:00,{second}\n")
    };
    let (direct, lifecycle) = (SignalKind::AverageDirect, SignalKind::AverageLifecycle);
    // With a byte-order mark, as spreadsheets save it.
    let saved = rows(
        "\u{feff}Datetime (UTC),Zone Name,Carbon Intensity gCO₂eq/kWh (direct),Carbon Intensity gCO₂eq/kWh (LCA),Data Estimated,Data Estimation Method",
        "DE,1,2,False,",
        "DE,3,4,True,CONSTRUCT_BREAKDOWN",
    );
    assert_eq!(doubted(&saved), (direct, vec![(1.0, false), (3.0, true)]));
    // The averages of older ones, with those of parts before them.
    let averages = rows(
        "datetime,zone_name,carbon_intensity_production_avg,carbon_intensity_import_avg,carbon_intensity_avg,latest_download_avg",
        "DE,900,800,2,1",
        "DE,900,800,4,1",
    );
    assert_eq!(doubted(&averages), (lifecycle, vec![(2.0, false), (4.0, false)]));
    // Answers of the service, put into a table.
    let answers = rows(
        "datetime,updatedAt,carbonIntensity,isEstimated,estimationMethod,emissionFactorType",
        "x,1,false,null,lifecycle",
        "x,3,true,TIME_SLICER_AVERAGE,lifecycle",
    );
    assert_eq!(doubted(&answers), (lifecycle, vec![(1.0, false), (3.0, true)]));
    let method_alone =
        rows("datetime,carbonIntensityDirect,carbonIntensityForecast,estimation_method", "1,9,", "3,9,A");
    assert_eq!(doubted(&method_alone), (direct, vec![(1.0, false), (3.0, true)]));
}

#[test]
fn finer_rows_are_averaged_and_short_gaps_bridged() {
    let quarters = "time,intensity\n2021-01-01T00:00Z,100\n2021-01-01T00:15Z,200\n2021-01-01T00:30Z,300\n2021-01-01T00:45Z,400\n2021-01-01T01:00Z,10\n";
    assert_eq!(intensities(&read(quarters, "auto").unwrap()), [250.0, 10.0]);

    let gap =
        "time,ci\n2021-01-01T00:00Z,100\n2021-01-01T01:00Z,\n2021-01-01T02:00Z,null\n2021-01-01T04:00Z,500\n";
    let bridged = read(gap, "auto").unwrap();
    assert_eq!(intensities(&bridged), [100.0, 200.0, 300.0, 400.0, 500.0]);
    let sample = &bridged.history(GridHour(1_000_000), 1_000_000)[2];
    assert!(matches!(&sample.provenance, Provenance::Estimated(how) if how.contains("straight line")));
}

#[test]
fn a_generation_mix_becomes_intensity() {
    let mix = "utc,coal,nat_gas,wind,price\n2021-01-01T00:00Z,10,10,20,3\n2021-01-01T01:00Z,0,0,0,3\n2021-01-01T02:00Z,,1,1,3\n2021-01-01T03:00Z,0,0,5,3\n";
    let lifecycle = read(mix, "auto").unwrap();
    let first = (10.0 * 820.0 + 10.0 * 490.0 + 20.0 * 11.0) / 40.0;
    assert_eq!(lifecycle.kind(), SignalKind::AverageLifecycle);
    let known = intensities(&lifecycle);
    assert_eq!((known[0], known[3]), (first, 11.0), "what is missing or nothing is bridged, never 0");
    assert!((known[1] - (first - (first - 11.0) / 3.0)).abs() < 1e-9, "{known:?}");
    let provenance = lifecycle.history(GridHour(1_000_000), 1_000_000)[0].provenance.to_string();
    assert_eq!(provenance, "estimated (the generation mix in trace.csv)");
    let direct = read(mix, "mix_direct").unwrap();
    assert_eq!((direct.kind(), intensities(&direct)[0]), (SignalKind::AverageDirect, 282.5));
    check_refused(
        "utc,coal,wind\n2021-01-01T00:00Z,-3,1\n",
        "line 2: the coal `-3` is not a number from 0 on",
    );
    let none = read("utc,ci\n2021-01-01T00:00Z,3\n", "mix_lifecycle").unwrap_err().to_string();
    assert!(none.contains("no column `mix_lifecycle`"), "{none}");
    assert_eq!(super::mix::Factors::Lifecycle.of("unknown", &Zone::new("SE")), Some(292.9), "Sweden's own");
    assert_eq!(super::mix::Factors::Lifecycle.of("unknown", &Zone::new("DE")), Some(700.0));
}

/// A grid whose wind or coal is told in parts is not one without wind or coal.
#[test]
fn sources_are_known_in_the_spellings_of_their_makers() {
    let mix = |header: &str, row: &str| {
        let trace = read(&format!("utc,{header}\n2021-01-01T00:00Z,{row}\n"), "mix_lifecycle").unwrap();
        (intensities(&trace)[0], trace.describe())
    };
    let (whole, _) = mix("gas,coal,wind,solar", "10,20,30,40");
    let (parts, described) = mix(
        "gas,hard coal,lignite,wind onshore,wind_offshore,solar,wind speed,price",
        "10,5,15,20,10,40,7,90",
    );
    assert_eq!(parts, whole);
    assert_eq!(
        described,
        "the trace trace.csv (computed from gas, hard coal, lignite, wind onshore, wind_offshore, solar; not counted: wind speed, price)"
    );
    let (entsoe, _) = mix(
        "Area,Fossil Gas  - Actual Aggregated [MW],Fossil Hard coal - Actual Aggregated [MW],Fossil Brown coal/Lignite - Actual Aggregated [MW],\
         Hydro Pumped Storage - Actual Consumption [MW],Solar - Actual Aggregated [MW],Wind Onshore - Actual Aggregated [MW],Wind Offshore - Actual Aggregated [MW]",
        "DE,10,5,15,99,40,20,10",
    );
    let (eia, _) = mix(
        "Net Generation (MW) from Natural Gas,Net Generation (MW) from Coal,Net Generation (MW) from Wind,Net Generation (MW) from Solar,Demand (MW)",
        "10,20,30,40,99",
    );
    assert_eq!((entsoe, eia), (whole, whole));
    let row = "\n2021-01-01T00:00Z,1,2,3\n";
    check_refused(
        &format!("utc,coal,wind,gas peakers{row}"),
        "a column `gas peakers` of generation without an emission factor",
    );
    check_refused(&format!("utc,coal,wind,gas peakers{row}"), "hard coal");
    check_refused(
        &format!("utc,wind onshore,wind,gas{row}"),
        "the column `wind` beside `wind onshore`, a part of it",
    );
    assert_eq!(intensities(&read(&format!("utc,ci,wind onshore,gas peakers{row}"), "auto").unwrap()), [1.0]);
}

/// Every hour of six recorded grids, from their mix by our factors, against the published figures.
#[test]
fn mixes_of_recorded_grids_give_their_published_intensities() {
    let beside = || {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        here.ancestors()
            .map(|folder| folder.join("shared/data"))
            .find(|folder| folder.join("carbon").is_dir())
    };
    let Some(folder) = std::env::var_os("CENAS_DATA").map(PathBuf::from).or_else(beside) else {
        println!("skipped: no recorded grids; set CENAS_DATA to a folder that holds carbon/DE.csv.gz");
        return;
    };
    for zone in ["CISO", "DE", "ERCO", "ISNE", "PJM", "PL"] {
        let path = folder.join(format!("carbon/{zone}.csv.gz"));
        if !path.exists() {
            println!("skipped: there is no {}", path.display());
            continue;
        }
        for (column, mix) in [("ci_direct", "mix_direct"), ("ci_lifecycle", "mix_lifecycle")] {
            let [published, computed] =
                [column, mix].map(|name| Trace::read(&path, Zone::new(zone), name).unwrap());
            assert_eq!((published.kind(), published.span()), (computed.kind(), computed.span()));
            let (published, computed) = (intensities(&published), intensities(&computed));
            let apart = published.iter().zip(&computed).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            println!("{zone} {column}: {} hours, at most {apart:.4} g apart", published.len());
            assert!(apart < 0.02 && published.len() > 17_000, "{zone} {column}: {apart} g");
        }
    }
}

#[test]
fn gzip_is_recognised_by_its_bytes() {
    let (_folder, path) = written("trace.csv", "");
    let mut packed =
        flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
    packed.write_all(b"utc,ci\n2021-01-01T00:00Z,7\n").unwrap();
    packed.finish().unwrap();
    assert_eq!(intensities(&Trace::read(&path, Zone::new("DE"), "auto").unwrap()), [7.0]);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
    let truncated = Trace::read(&path, Zone::new("DE"), "auto").unwrap_err();
    assert!(matches!(truncated, Error::Unreadable { .. }), "{truncated}");
}

#[test]
fn what_is_odd_is_refused_with_its_line() {
    check_refused(
        "utc,ci\n2021-01-01T00:00Z,12\n2021-01-01T01:00Z,abc\n",
        "line 3: the ci `abc` is not a number",
    );
    check_refused("utc,ci\n2021-01-01T00:00Z,-3\n", "line 2: the ci `-3` is not a number from 0 to 3000:");
    check_refused("utc,ci\n2021-01-01T00:00Z,NaN\n", "line 2");
    check_refused("utc,ci\n2021-01-01T00:00Z,9000\n", "line 2");
    check_refused(
        "utc,ci\n2021-01-01T01:00Z,1\n2021-01-01T00:00Z,1\n",
        "line 3: 2021-01-01T00:00:00Z comes after a later time: sort",
    );
    check_refused(
        "utc,ci\n2021-01-01T01:00Z,1\n2021-01-01T01:00Z,1\n",
        "line 3: the time 2021-01-01T01:00:00Z stands there twice",
    );
    check_refused(
        "utc,ci\n2021-01-01T00:00Z,1\n2021-01-01T05:00Z,1\n",
        "line 3: 4 h are missing from 2021-01-01T01:00Z on, and at most 3 h are bridged",
    );
    check_refused("utc,ci\nyesterday,1\n", "line 2: `yesterday` is not a time: write it like");
    check_refused("utc,ci\n", "holds no hours");
    check_refused("", "holds no hours");
    check_refused("utc,ci\n2021-01-01T00:00Z\n", "can't be read");
    check_refused("when,ci\n2021-01-01T00:00Z,1\n", "no column of UTC times");
    check_refused("utc,price\n2021-01-01T00:00Z,1\n", "no column `carbon_intensity`; it has: utc, price");
    let missing = Trace::read(&PathBuf::from("/no/such/trace.csv"), Zone::new("DE"), "auto").unwrap_err();
    assert!(missing.to_string().contains("/no/such/trace.csv can't be read"), "{missing}");
}

#[test]
fn times_are_read_with_and_without_an_offset() {
    let hour = |text: &str| parse_time(text).map(|time| time.hour().to_string());
    assert_eq!(hour("2021-07-02T06:00Z").unwrap(), "2021-07-02T06:00Z");
    assert_eq!(hour(" 2021-07-02 06:00 ").unwrap(), "2021-07-02T06:00Z");
    assert_eq!(hour("2021-07-02T06:00:00.000+00:00").unwrap(), "2021-07-02T06:00Z");
    assert_eq!(hour("2021-07-02").unwrap(), "2021-07-02T00:00Z");
    assert!(hour("02/07/2021 06:00").is_err() && hour("").is_err() && hour("2021-02-30").is_err());
}

#[test]
fn a_made_up_week_is_believable() {
    for seed in 0..6 {
        let grid = TypicalWeek::new(Zone::new("LOCAL"), Seed(seed));
        let year: Vec<f64> = grid.history(GridHour(450_000), 8_760).iter().map(|s| s.intensity.0).collect();
        assert!(year.iter().all(|value| (11.0..=820.0).contains(value)), "seed {seed}");
        let mean = year.iter().sum::<f64>() / 8_760.0;
        assert!((150.0..=480.0).contains(&mean), "seed {seed}: mean {mean}");
        let mut swings: Vec<f64> = year
            .chunks_exact(24)
            .map(|day| day.iter().copied().fold(0.0, f64::max) / day.iter().copied().fold(f64::MAX, f64::min))
            .collect();
        swings.sort_by(f64::total_cmp);
        let typical = swings[swings.len() / 2];
        assert!((2.0..=6.0).contains(&typical), "seed {seed}: a typical day swings {typical}-fold");
        // Days differ by weather: daily means vary, and neighbouring days are more alike than distant ones.
        let days: Vec<f64> = year.chunks_exact(24).map(|day| day.iter().sum::<f64>() / 24.0).collect();
        let apart = |lag: usize| {
            days.iter().zip(&days[lag..]).map(|(a, b)| (a - b).powi(2)).sum::<f64>()
                / (days.len() - lag) as f64
        };
        assert!(apart(1) < 0.8 * apart(5) && apart(1) > 25.0, "seed {seed}: {} {}", apart(1), apart(5));
    }
}

#[test]
fn a_made_up_hour_follows_from_seed_zone_and_hour() {
    let mut grid = TypicalWeek::new(Zone::new("LOCAL"), Seed(1));
    let history = grid.history(GridHour(450_000), 100);
    assert_eq!(history.len(), 100);
    for sample in history.iter().rev() {
        assert_eq!(grid.observe(sample.hour).unwrap(), *sample);
        assert_eq!(sample.provenance, Provenance::Synthetic);
    }
    assert_eq!(grid.history(GridHour(-5), 3).len(), 3, "any span of hours");
    let elsewhere = TypicalWeek::new(Zone::new("AWAY"), Seed(1)).history(GridHour(450_000), 100);
    let otherwise = TypicalWeek::new(Zone::new("LOCAL"), Seed(2)).history(GridHour(450_000), 100);
    assert!(history[0].intensity != elsewhere[0].intensity && history[0].intensity != otherwise[0].intensity);
}

#[test]
fn the_chain_ages_the_last_value_and_ends_at_a_constant() {
    let text = "utc,ci_direct\n2021-01-01T00:00Z,100\n2021-01-01T01:00Z,120\n";
    let mut chain = Chain::new(Box::new(read(text, "auto").unwrap()));
    let last = chain.span().unwrap().1;
    assert_eq!(chain.observe(last).unwrap().intensity.0, 120.0);
    assert!(chain.trouble().is_none());

    let aged = chain.observe(last.plus(5)).unwrap();
    assert_eq!((aged.intensity.0, aged.provenance), (120.0, Provenance::Cached { age_hours: 5 }));
    assert!(chain.trouble().unwrap().to_string().contains("the trace reaches from 2021-01-01T00:00Z"));
    let constant = chain.observe(last.plus(30)).unwrap();
    assert_eq!((constant.intensity, constant.provenance), (common::carbon::WORLD_MEAN, Provenance::Constant));
    assert_eq!(constant.kind, SignalKind::AverageDirect, "one series, one kind");
    assert_eq!(chain.observe(last.plus(-20)).unwrap().provenance, Provenance::Constant);
    assert_eq!(chain.observe(last).unwrap().provenance, Provenance::Measured("trace.csv".into()));

    let mut restarted = Chain::new(Box::new(read(text, "auto").unwrap()));
    assert_eq!(restarted.observe(last.plus(2)).unwrap().provenance, Provenance::Cached { age_hours: 2 });
}

#[test]
fn settings_make_one_chain_a_zone() {
    let (_a, direct) = written("a.csv", "utc,ci_direct\n2021-01-01T00:00Z,100\n");
    let (_b, lifecycle) = written("b.csv", "utc,ci_lifecycle\n2021-01-01T00:00Z,100\n");
    let settings = |source: &str, traces: &[String]| {
        let mut carbon = common::config::load(None, [], &[]).unwrap().carbon;
        carbon.source = source.into();
        carbon.traces = traces.to_vec();
        carbon.zones = vec!["LOCAL".into(), "AWAY".into()];
        Settings::new(&carbon, Seed(1))
    };
    let trace = |zone: &str, path: &PathBuf| format!("{zone}={}", path.display());
    let refused = |traces: &[String]| build(&settings("trace", traces)).unwrap_err().to_string();

    let zones = build(&settings("typical_week", &[])).unwrap();
    assert_eq!(zones.keys().map(Zone::as_str).collect::<Vec<_>>(), ["AWAY", "LOCAL"]);
    assert_eq!(build(&settings("trace", &[trace("DE", &direct)])).unwrap().len(), 1);
    assert!(refused(&[]).contains("carbon.traces is empty"));
    assert!(refused(&["DE".into()]).contains("not of the form ZONE=FILE"));
    assert!(refused(&[trace("DE", &direct), trace("DE", &direct)]).contains("given twice"));
    let mixed = refused(&[trace("DE", &direct), trace("PL", &lifecycle)]);
    assert!(mixed.contains("DE is AverageDirect and PL is AverageLifecycle"), "{mixed}");
    assert!(
        build(&settings("traces", &[]))
            .unwrap_err()
            .to_string()
            .contains("\"trace\", \"live\" or \"typical_week\"")
    );
}

#[test]
fn the_unit_that_a_column_names_is_its_unit() {
    let folder = tempfile::tempdir().unwrap();
    let read = |column: &str, value: &str| {
        let path = folder.path().join("trace.csv");
        std::fs::write(&path, format!("utc,{column}\n2021-07-02T06:00Z,{value}\n")).unwrap();
        let trace = Trace::read(&path, Zone::new("T"), "auto").map_err(|error| error.to_string())?;
        Ok::<f64, String>(trace.intensity(GridHour(451_446)).unwrap().0)
    };
    assert_eq!(read("carbon_intensity", "300"), Ok(300.0));
    assert_eq!(read("carbon_intensity_lb_per_mwh", "1000"), Ok(453.592_37));
    assert_eq!(read("Carbon intensity (kgCO2/kWh)", "0.3"), Ok(300.0));
    assert!(read("Carbon intensity (kgCO2/kWh)", "300").unwrap_err().contains("from 0 to 3"));
    assert!(read("Carbon intensity (oz/kWh)", "300").unwrap_err().contains("g/kWh, kg/kWh, kg/MWh"));
}

/// The three together, as a study uses them: two weeks of a made-up grid, forecast each hour, planned each hour.
#[test]
fn on_a_made_up_grid_the_planner_trains_below_the_median() {
    use allocation::{Policy, Situation, Work, ZoneSituation};
    use forecast::{Gaps, Selector, Series};

    for seed in 0..3 {
        let zone = Zone::new("LOCAL");
        let mut source = TypicalWeek::new(zone.clone(), Seed(seed));
        let start = GridHour(451_440);
        let mut series = Series::from_samples(&source.history(start, 1_700), Gaps::Refuse).unwrap();
        let mut selector = Selector::new("auto", 48).unwrap();
        let mut planner = allocation::Planner::new(0.5, 0.85).unwrap();
        let (mut above, mut below) = (0, 0);
        for day in 0..14 {
            let mut hours = Vec::new();
            for hour in (0..24).map(|hour| start.plus(24 * day + hour)) {
                let sample = source.observe(hour).unwrap();
                series.push(&sample, Gaps::Refuse).unwrap();
                let known = ZoneSituation {
                    slots: 2,
                    intensity: Some(sample.intensity),
                    forecast: Some(selector.forecast(|hours| Ok(series.tail(hours))).unwrap()),
                    ..ZoneSituation::default()
                };
                let situation = Situation {
                    hour,
                    hour_left: 1.0,
                    hour_s: 10.0,
                    zones: [(zone.clone(), known)].into(),
                    work: Work { training_wanted: true, scores_wanted: 8, ..Work::default() },
                    ..Situation::default()
                };
                hours.push((sample.intensity.0, planner.decide(&situation).shares(&zone).train));
            }
            hours.sort_by(|a, b| a.0.total_cmp(&b.0));
            below += hours[..12].iter().map(|hour| hour.1).sum::<u32>();
            above += hours[12..].iter().map(|hour| hour.1).sum::<u32>();
        }
        let chosen = selector.choice().unwrap();
        let mape = chosen.metrics().unwrap().all.mape();
        println!(
            "seed {seed}: {below} slot-hours below the day's median, {above} above; {:?} {mape:.1} %",
            chosen.forecaster.name()
        );
        assert!(above * 5 < below * 2, "seed {seed}: {below} below, {above} above");
        assert!(above + below > 14 * 24 * 2 * 4 / 10, "seed {seed}: too little was trained");
        assert!(mape < 25.0, "seed {seed}: {mape} %");
    }
}
