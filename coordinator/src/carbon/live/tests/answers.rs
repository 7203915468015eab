//! What the answers mean: values, steps, gaps, estimates, the days on which clocks are put forward or back.

use std::collections::BTreeMap;

use common::carbon::{CarbonSample, Issued, Provenance};

use super::super::hours::{Label, hours};
use super::super::service::Origin;
use super::*;
use crate::carbon::CarbonSource;

/// Each hour with its rounded intensity and its provenance.
fn told(service: &dyn Service, body: &str, coming: bool) -> Vec<String> {
    let zone = Zone::new("Z");
    let label = Label { zone: &zone, kind: service.kind(), service: service.name() };
    let known: BTreeMap<GridHour, CarbonSample> =
        hours(service.read(body.as_bytes(), coming).unwrap(), &label);
    known
        .values()
        .map(|sample| format!("{} {:.2} {}", sample.hour, sample.intensity.0, sample.provenance))
        .collect()
}

fn refused(service: &dyn Service, body: &str) -> String {
    service.read(body.as_bytes(), false).unwrap_err().to_string()
}

#[test]
fn electricity_maps_history() {
    let service = ElectricityMaps::new("DE", SignalKind::AverageLifecycle);
    let body = r#"{"zone":"DE","history":[
        {"zone":"DE","carbonIntensity":302,"datetime":"2026-03-29T00:00:00.000Z","updatedAt":"2026-03-30T07:43:08.321Z","createdAt":"2026-03-26T00:43:34.001Z","emissionFactorType":"lifecycle","isEstimated":false,"estimationMethod":null},
        {"zone":"DE","carbonIntensity":null,"datetime":"2026-03-29T01:00:00.000Z","emissionFactorType":"lifecycle","isEstimated":null,"estimationMethod":null},
        {"zone":"DE","carbonIntensity":310.5,"datetime":"2026-03-29T03:00:00.000Z","emissionFactorType":"lifecycle","isEstimated":true,"estimationMethod":"TIME_SLICER_AVERAGE"},
        {"zone":"DE","carbonIntensity":-4,"datetime":"2026-03-29T04:00:00.000Z","emissionFactorType":"lifecycle","isEstimated":false,"estimationMethod":null}]}"#;
    assert_eq!(
        told(&service, body, false),
        [
            "2026-03-29T00:00Z 302.00 measured (Electricity Maps)",
            "2026-03-29T03:00Z 310.50 estimated (Electricity Maps, TIME_SLICER_AVERAGE)",
        ],
        "null, missing and impossible hours are left out, never 0"
    );
    let latest = r#"{"zone":"DE","carbonIntensity":21,"datetime":"2026-03-29T05:00:00.000Z","updatedAt":"x","emissionFactorType":"lifecycle","isEstimated":true,"estimationMethod":"SANDBOX_MODE_DATA"}"#;
    assert_eq!(
        told(&service, latest, false),
        ["2026-03-29T05:00Z 21.00 estimated (Electricity Maps, SANDBOX_MODE_DATA)"]
    );
    let range = r#"{"zone":"DE","data":[{"carbonIntensity":1,"datetime":"2026-03-29T05:00Z"}]}"#;
    assert_eq!(told(&service, range, false), ["2026-03-29T05:00Z 1.00 measured (Electricity Maps)"]);
    let forecast = r#"{"zone":"DE","forecast":[{"carbonIntensity":7,"datetime":"2026-03-29T05:00Z"}],"updatedAt":"2026-03-29T04:13:00Z"}"#;
    assert_eq!(
        told(&service, forecast, true),
        ["2026-03-29T05:00Z 7.00 forecast (Electricity Maps, issued 2026-03-29T04:00Z)"]
    );
    assert!(told(&service, r#"{"zone":"DE","history":[]}"#, false).is_empty());
    assert!(told(&service, "{}", false).is_empty());
}

#[test]
fn another_zone_or_another_kind_is_refused() {
    let service = ElectricityMaps::new("DE", SignalKind::AverageLifecycle);
    assert!(refused(&service, r#"{"zone":"FR","history":[]}"#).contains("about FR where DE was asked"));
    let direct = r#"{"zone":"DE","history":[{"carbonIntensity":1,"datetime":"2026-03-29T05:00Z","emissionFactorType":"direct"}]}"#;
    assert!(refused(&service, direct).contains("in \"direct\" where AverageLifecycle was asked"));
    let watttime = WattTime::new("CAISO_NORTH", SignalKind::MarginalDirect);
    let other = |meta: &str| {
        format!(r#"{{"data":[{{"point_time":"2026-03-29T05:00Z","value":9}}],"meta":{{{meta}}}}}"#)
    };
    let index = other(r#""units":"percentile","signal_type":"signal_index""#);
    assert!(refused(&watttime, &index).contains("`percentile`, a unit that is not known"));
    let average = other(r#""units":"lbs_co2_per_mwh","signal_type":"co2_aoer""#);
    assert!(refused(&watttime, &average).contains("\"co2_aoer\" where MarginalDirect"));
    assert!(
        refused(&watttime, r#"{"data":[{"point_time":"2026-03-29T05:00Z","value":9}]}"#).contains("no unit")
    );
    let uk = UkCarbonIntensity::new(Some(13));
    assert!(refused(&uk, r#"{"data":{"regionid":12,"data":[]}}"#).contains("region 12 where region 13"));
}

#[test]
fn clocks_put_back_or_forward_lose_and_double_nothing() {
    let service = ElectricityMaps::new("DE", SignalKind::AverageLifecycle);
    let rows = |times: &[&str]| {
        let row =
            |(i, time): (usize, &&str)| format!(r#"{{"carbonIntensity":{},"datetime":"{time}"}}"#, 100 + i);
        let rows: Vec<String> = times.iter().enumerate().map(row).collect();
        format!(r#"{{"zone":"DE","history":[{}]}}"#, rows.join(","))
    };
    // 2 o'clock comes twice in October …
    let autumn = rows(&[
        "2026-10-25T01:00+02:00",
        "2026-10-25T02:00+02:00",
        "2026-10-25T02:00+01:00",
        "2026-10-25T03:00+01:00",
    ]);
    let told_autumn = told(&service, &autumn, false);
    let starts: Vec<_> = told_autumn.iter().map(|line| &line[11..23]).collect();
    assert_eq!(starts, ["23:00Z 100.0", "00:00Z 101.0", "01:00Z 102.0", "02:00Z 103.0"]);
    // … and not at all in March.
    let spring = rows(&["2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00"]);
    let told_spring = told(&service, &spring, false);
    assert_eq!(told_spring.iter().map(|line| &line[11..16]).collect::<Vec<_>>(), ["00:00", "01:00"]);
}

#[test]
fn watttime_in_pounds_and_five_minutes() {
    let service = WattTime::new("CAISO_NORTH", SignalKind::MarginalDirect);
    let points = |minutes: std::ops::Range<u32>| {
        let point = |i: u32| {
            format!(r#"{{"point_time":"2026-01-05T10:{:02}:00+00:00","value":{}}}"#, 5 * i, 800 + 10 * i)
        };
        let points: Vec<String> = minutes.map(point).collect();
        format!(
            r#"{{"data":[{}],"meta":{{"data_point_period_seconds":300,"region":"CAISO_NORTH","signal_type":"co2_moer","units":"lbs_co2_per_mwh","warnings":[],"model":{{"date":"2023-03-01"}}}}}}"#,
            points.join(",")
        )
    };
    // The mean of 800 … 910 lb/MWh is 855, which is 387.82 g/kWh.
    assert_eq!(told(&service, &points(0..12), false), ["2026-01-05T10:00Z 387.82 measured (WattTime)"]);
    assert_eq!(
        told(&service, &points(0..6), false),
        ["2026-01-05T10:00Z 374.21 estimated (WattTime, part of the hour)"]
    );
    assert!(told(&service, &points(0..5), false).is_empty(), "less than half an hour says too little");
    assert_eq!(told(&service, &points(0..12), true), ["2026-01-05T10:00Z 387.82 forecast (WattTime)"]);
    assert!(told(&service, r#"{"data":[],"meta":{}}"#, false).is_empty());
}

#[test]
fn uk_half_hours() {
    let service = UkCarbonIntensity::new(None);
    let body = r#"{"data":[
        {"from":"2026-05-01T10:00Z","to":"2026-05-01T10:30Z","intensity":{"forecast":100,"actual":110,"index":"low"}},
        {"from":"2026-05-01T10:30Z","to":"2026-05-01T11:00Z","intensity":{"forecast":100,"actual":130,"index":"low"}},
        {"from":"2026-05-01T11:00Z","to":"2026-05-01T11:30Z","intensity":{"forecast":140,"actual":150,"index":"low"}},
        {"from":"2026-05-01T11:30Z","to":"2026-05-01T12:00Z","intensity":{"forecast":160,"actual":null,"index":"low"}},
        {"from":"2026-05-01T12:00Z","to":"2026-05-01T12:30Z","intensity":{"forecast":170,"actual":170,"index":"low"}},
        {"from":"2026-05-01T13:00Z","to":"2026-05-01T13:30Z","intensity":{"forecast":null,"actual":null,"index":"low"}}]}"#;
    assert_eq!(
        told(&service, body, false),
        [
            "2026-05-01T10:00Z 120.00 measured (UK Carbon Intensity)",
            "2026-05-01T11:00Z 155.00 forecast (UK Carbon Intensity)",
            "2026-05-01T12:00Z 170.00 estimated (UK Carbon Intensity, part of the hour)",
        ],
        "an hour is as weak as its weakest half"
    );
    assert!(told(&service, r#"{"data":[]}"#, true).is_empty());
    assert!(told(&service, "{}", true).is_empty());
    let region = UkCarbonIntensity::new(Some(13));
    let one = r#"{"regionid":13,"shortname":"London","data":[
        {"from":"2026-05-01T10:00Z","to":"2026-05-01T10:30Z","intensity":{"forecast":90,"index":"low"},"generationmix":[{"fuel":"gas","perc":43.6}]},
        {"from":"2026-05-01T10:30Z","to":"2026-05-01T11:00Z","intensity":{"forecast":92,"index":"low"},"generationmix":[]}]}"#;
    for body in [format!(r#"{{"data":{one}}}"#), format!(r#"{{"data":[{one}]}}"#)] {
        assert_eq!(told(&region, &body, false), ["2026-05-01T10:00Z 91.00 forecast (UK Carbon Intensity)"]);
    }
}

#[test]
fn electricity_maps_power_breakdown() {
    let zone = Zone::new("FR");
    // As the service shows it; 31479 MW of 60 GW nuclear, what came out of storage 1013 MW.
    let row = |time: &str, gas: &str, total: f64| {
        format!(
            r#"{{"datetime":"2026-05-01T{time}Z","updatedAt":"x","powerConsumptionBreakdown":{{"nuclear":31479,"geothermal":0,"biomass":753,"coal":227,"wind":8122,"solar":4481,"hydro":7106,"gas":{gas},"oil":341,"unknown":2,"hydro discharge":1013,"battery discharge":0}},"powerProductionBreakdown":{{"geothermal":null}},"powerConsumptionTotal":{total},"isEstimated":false,"estimationMethod":null}}"#
        )
    };
    let rows = [
        row("10:00", "6146", 59_670.0),
        // A null that hides a tenth of the power is no answer; one that hides nothing is.
        row("11:00", "null", 59_670.0),
        row("12:00", "null", 53_524.0),
        row("13:00", "-1", 59_670.0),
    ];
    let body = format!(r#"{{"zone":"FR","history":[{}]}}"#, rows.join(","));
    // By hand: Σ power × factor ÷ Σ power, storage left out of both.
    let lifecycle_without_gas = 31_479.0 * 12.0
        + 753.0 * 230.0
        + 227.0 * 820.0
        + 8_122.0 * 11.0
        + 4_481.0 * 45.0
        + 7_106.0 * 24.0
        + 341.0 * 650.0
        + 2.0 * 700.0;
    let (all, no_gas) = (58_657.0, 52_511.0);
    let lifecycle = (lifecycle_without_gas + 6_146.0 * 490.0) / all;
    let direct = (227.0 * 760.0 + 6_146.0 * 370.0 + 341.0 * 406.0 + 2.0 * 575.0) / all;
    let source = "estimated (Electricity Maps' power breakdown, by published emission factors)";
    let service = ElectricityMapsMix::new("FR", &zone, SignalKind::AverageLifecycle);
    assert_eq!(
        told(&service, &body, false),
        [
            format!("2026-05-01T10:00Z {lifecycle:.2} {source}"),
            format!("2026-05-01T12:00Z {:.2} {source}", lifecycle_without_gas / no_gas),
        ]
    );
    let service = ElectricityMapsMix::new("FR", &zone, SignalKind::AverageDirect);
    assert_eq!(told(&service, &body, false)[0], format!("2026-05-01T10:00Z {direct:.2} {source}"));
    let estimated = body.replace("\"estimationMethod\":null", "\"estimationMethod\":\"SANDBOX_MODE_DATA\"");
    assert!(
        told(&service, &estimated, false)[0].ends_with("SANDBOX_MODE_DATA, by published emission factors)")
    );
    let forecast = body.replace("history", "forecast");
    assert!(told(&service, &forecast, true)[0].ends_with("forecast (Electricity Maps' power breakdown)"));
    assert!(told(&service, "{}", false).is_empty());
    assert!(refused(&service, r#"{"zone":"DE","history":[]}"#).contains("about DE where FR was asked"));
}

#[test]
fn watttime_finds_the_region_of_a_position_once() {
    let service = WattTime::new("37.8,-122.4", SignalKind::AverageDirect);
    let question = "/v3/region-from-loc?latitude=37.8&longitude=-122.4&signal_type=co2_aoer";
    assert_eq!(service.locate().as_deref(), Some(question));
    for odd in [
        r#"{"region":"","signal_type":"co2_aoer"}"#,
        r#"{"region":"A&region=B","signal_type":"co2_aoer"}"#,
        r#"{"region":"CAISO_NORTH","signal_type":"co2_moer"}"#,
        r#"{"error":"no region here"}"#,
    ] {
        assert!(service.on_located(odd.as_bytes()).is_err(), "{odd}");
        assert!(service.locate().is_some(), "{odd}");
    }
    let found = r#"{"region":"CAISO_NORTH","region_full_name":"California","signal_type":"co2_aoer"}"#;
    service.on_located(found.as_bytes()).unwrap();
    assert_eq!(service.locate(), None);
    assert!(service.coming(hour("2026-05-01T10:00Z")).starts_with("/v3/forecast?region=CAISO_NORTH&"));
    assert_eq!(WattTime::new("CAISO_NORTH", SignalKind::AverageDirect).locate(), None);
}

#[test]
fn questions_are_the_published_ones() {
    let (from, to, now) =
        (hour("2026-05-01T10:00Z"), hour("2026-05-02T10:00Z"), Timestamp(1_777_716_000_000));
    assert_eq!(now.hour(), to, "the present");
    let maps = ElectricityMaps::new("DE", SignalKind::AverageDirect);
    let tail = "zone=DE&emissionFactorType=direct&temporalGranularity=hourly";
    assert_eq!(maps.past(from.plus(1), to, now), format!("/carbon-intensity/history?{tail}"));
    let range = format!("/carbon-intensity/past-range?{tail}&start=2026-05-01T10:00Z&end=2026-05-02T10:00Z");
    assert_eq!(maps.past(from, to, now), range);
    let mix = ElectricityMapsMix::new("DE", &Zone::new("DE"), SignalKind::AverageDirect);
    assert_eq!(mix.past(from.plus(1), to, now), format!("/power-breakdown/history?{tail}"));
    assert_eq!(mix.coming(to), format!("/power-breakdown/forecast?{tail}&horizonHours=72"));
    let point = ElectricityMaps::new("52.5,13.4", SignalKind::AverageLifecycle);
    assert!(point.coming(to).starts_with(
        "/carbon-intensity/forecast?lat=52.5&lon=13.4&disableCallerLookup=true&emissionFactorType=lifecycle"
    ));
    let watttime = WattTime::new("CAISO_NORTH", SignalKind::MarginalDirect);
    assert_eq!(
        watttime.past(from, to, now),
        "/v3/historical?region=CAISO_NORTH&signal_type=co2_moer&start=2026-05-01T10:00Z&end=2026-05-02T10:00Z"
    );
    let uk = |region| UkCarbonIntensity::new(region);
    assert_eq!(uk(None).past(from, to, now), "/intensity/2026-05-01T10:00Z/2026-05-02T10:00Z");
    assert_eq!(uk(Some(3)).coming(from), "/regional/intensity/2026-05-01T10:00Z/fw48h/regionid/3");
}

#[test]
fn the_provenance_of_a_forecast_names_its_service_and_its_issue() {
    let now = "2026-05-01T10:00Z";
    // One that does not say when, and one that claims to come from the future, is issued now.
    for (said, issued) in [
        ("", now),
        (r#","updatedAt":"2026-05-01T07:41:12.345Z""#, "2026-05-01T07:00Z"),
        (r#","updatedAt":"2026-05-03T07:41:12.345Z""#, now),
        (r#","updatedAt":"lately""#, now),
        (r#","updatedAt":null"#, now),
    ] {
        let row = r#"[{"carbonIntensity":7,"datetime":"2026-05-01T11:00Z"}]"#;
        let server = Server::json(format!(r#"{{"zone":"DE","forecast":{row}{said}}}"#));
        let coming = germany(&server, &Hands::at(now)).ask_coming(hour(now)).unwrap();
        let issue = Issued { by: "Electricity Maps".into(), at: Some(hour(issued)) };
        assert_eq!(coming[&hour("2026-05-01T11:00Z")].provenance, Provenance::Forecast(issue), "{said}");
    }
}

#[test]
fn watttime_says_when_its_forecast_was_made() {
    let body = |made: &str| {
        format!(
            r#"{{"data":[{{"point_time":"2026-05-01T11:00Z","value":900}}],"meta":{{"data_point_period_seconds":300,
            "region":"CAISO_NORTH","signal_type":"co2_moer","units":"lbs_co2_per_mwh"{made}}}}}"#
        )
    };
    let watttime = WattTime::new("CAISO_NORTH", SignalKind::MarginalDirect);
    let read = |made: &str| watttime.read(body(made).as_bytes(), true).unwrap()[0].origin.clone();
    let issued = Some(hour("2026-05-01T09:00Z"));
    assert_eq!(read(r#","generated_at":"2026-05-01T09:55:00+00:00""#), Origin::Forecast { issued });
    assert_eq!(read(""), Origin::Forecast { issued: None });
}

#[test]
fn a_forecast_by_other_factors_is_refused() {
    let maps = ElectricityMaps::new("DE", SignalKind::AverageLifecycle);
    let read = |factors: &str| {
        let row = r#"[{"carbonIntensity":7,"datetime":"2026-05-01T11:00Z"}]"#;
        maps.read(format!(r#"{{"zone":"DE","forecast":{row}{factors}}}"#).as_bytes(), true)
    };
    assert_eq!(read("").unwrap().len(), 1);
    assert_eq!(read(r#","emissionFactorType":"lifecycle""#).unwrap().len(), 1);
    assert!(matches!(read(r#","emissionFactorType":"direct""#), Err(Trouble::OtherKind { .. })));
}

/// A position in no zone may be answered with that of whoever asks, and another machine may ask the next time.
#[test]
fn a_position_stays_in_the_zone_that_it_was_found_in() {
    let point = ElectricityMaps::new("52.5,13.4", SignalKind::AverageLifecycle);
    let read = |zone: &str| {
        let row = r#"[{"carbonIntensity":7,"datetime":"2026-05-01T11:00Z"}]"#;
        point.read(format!(r#"{{"zone":"{zone}","history":{row}}}"#).as_bytes(), false)
    };
    assert_eq!(read("DE").unwrap().len(), 1);
    let refusal = read("US-CENT-SWPP").unwrap_err().to_string();
    assert!(refusal.contains("DE") && refusal.contains("US-CENT-SWPP"), "{refusal}");
    assert_eq!(read("DE").unwrap().len(), 1);
}

/// Estimates of days gone by are not asked about again, hour after hour.
#[test]
fn a_replay_of_estimates_asks_as_often_as_its_spans_take() {
    let begin = hour("2026-05-01T00:00Z");
    let rows: Vec<String> = (0..400)
        .map(|ahead| {
            let at = begin.plus(ahead);
            format!(r#"{{"carbonIntensity":{},"datetime":"{at}","estimationMethod":"BY_AGE"}}"#, 100 + ahead)
        })
        .collect();
    let server = Server::json(format!(r#"{{"zone":"DE","data":[{}]}}"#, rows.join(",")));
    let mut germany = germany(&server, &Hands::at("2026-11-01T00:00Z"));
    for ahead in 0..400 {
        let sample = germany.observe(begin.plus(ahead)).unwrap();
        assert_eq!(sample.intensity.0, 100.0 + ahead as f64);
    }
    assert_eq!(server.asked().len(), 2, "of 240 hours each");
}
