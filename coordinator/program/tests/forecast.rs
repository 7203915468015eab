//! `ce-nas forecast` through the program itself, on made-up traces.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::carbon::{CarbonSample, Forecast, Provenance, SignalKind};
use common::event::Event;
use common::id::Zone;
use common::time::{GridHour, Timestamp};
use common::unit::Intensity;
use coordinator::directory::StudyDirectory;
use forecast::Series;
use forecast::made_up::west_and_east;
use ledger::Ledger;
use serde_json::Value;

/// 2021-01-01T00:00Z.
const FIRST_HOUR: i64 = 447_072;
const HOURS: usize = 100 * 24;

/// Days, weekends and a wind that lasts some days; from `moved` on everything is 400 g dirtier.
fn trace(folder: &Path, name: &str, moved: usize) -> PathBuf {
    let mut text = String::from("utc,ci_direct,ci_lifecycle,coal,wind,solar\n");
    let (mut weather, mut dice) = (0.0, 12_345_u64);
    for hour in 0..HOURS {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        weather = 0.98 * weather + ((dice >> 33) as f64 / f64::from(1_u32 << 31) - 0.5) * 30.0;
        let wave = (hour as f64 * std::f64::consts::TAU / 24.0).sin();
        let weekend = if hour / 24 % 7 > 4 { -40.0 } else { 0.0 };
        let late = if hour >= moved { 400.0 } else { 0.0 };
        let intensity = (320.0 + 90.0 * wave + weekend - weather).max(1.0) + late;
        let (wind, sun) = ((200.0 + 2.0 * weather).max(0.0), (100.0 * -wave).max(0.0));
        let time = GridHour(FIRST_HOUR + hour as i64);
        text.push_str(&format!(
            "{time},{intensity:.2},{:.2},{},{wind:.1},{sun:.1}\n",
            intensity + 50.0,
            500.0 + late
        ));
    }
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn call(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ce-nas")).arg("forecast").args(words).output().unwrap()
}

fn told(words: &[&str]) -> String {
    let output = call(words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn check_refused(words: &[&str], expected: &[&str]) {
    let output = call(words);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{words:?} is not refused");
    for part in expected {
        assert!(error.contains(part), "{error} does not say: {part}");
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_backtest_tells_a_program_and_a_person() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    trace(folder.path(), "DE.csv", usize::MAX);
    trace(folder.path(), "other.csv", usize::MAX);
    let (de, other, out, page, picture) =
        (at("DE.csv"), format!("PL={}", at("other.csv")), at("out.json"), at("plot.html"), at("plot.png"));
    let words = ["backtest", "--trace", &de, &other, "--column", "ci_direct", "--test-hours", "480"];
    let screen = told(&[&words[..], &["--json", &out, "--plot", &page]].concat());
    let written = json(Path::new(&out));
    let zones = written["zones"].as_array().unwrap();
    assert_eq!(zones.iter().map(|zone| zone["zone"].as_str().unwrap()).collect::<Vec<_>>(), ["DE", "PL"]);
    for zone in zones {
        let models = zone["models"].as_array().unwrap();
        let names: Vec<&str> = models.iter().map(|model| model["model"].as_str().unwrap()).collect();
        assert_eq!(names, forecast::MODELS);
        assert!(names.contains(&zone["chosen"].as_str().unwrap()));
        for model in models {
            let days = model["mape_by_day"].as_array().unwrap();
            assert_eq!((days.len(), &model["forecasts"]), (4, &20.into()));
            let figure = |key: &str| model[key].as_f64().unwrap_or_else(|| panic!("{key} of {model}"));
            let mean = days.iter().map(|day| day.as_f64().unwrap()).sum::<f64>() / 4.0;
            assert!((figure("mape") - mean).abs() < 0.1 * mean, "{model}");
            assert!(figure("pinball") > 0.0 && figure("width_90") > 0.0 && figure("rmse") > 0.0, "{model}");
            assert!((0.0..=1.0).contains(&figure("coverage_90")), "{model}");
            assert!(
                figure("saving_share_8_of_24") <= 1.0 && figure("saving_share_24_of_96") <= 1.0,
                "{model}"
            );
            assert!(figure("training_s") >= 0.0 && figure("forecast_s") >= 0.0, "{model}");
        }
    }
    let chosen = format!("{} (chosen)", zones[0]["chosen"].as_str().unwrap());
    assert!(screen.contains("day 4") && screen.contains("8 of 24") && screen.contains(&chosen), "{screen}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.matches("<polygon").count() == 2 && page.contains("DE, g/kWh: actual"), "one band a zone");

    let words = ["backtest", "--trace", &de, "--models", "week_mean, linear", "--test-hours", "480"];
    told(&[&words[..], &["--plot", &picture]].concat());
    assert!(std::fs::read(picture).unwrap().starts_with(b"\x89PNG\r\n"));
}

/// A made-up zone as a file.
fn file_of(folder: &Path, series: &Series) -> String {
    let mut text = "utc,ci_direct,wind,coal\n".to_owned();
    let channel = |name: &str, hour: usize| series.channel(name).unwrap()[hour];
    for (hour, intensity) in series.values().iter().enumerate() {
        let time = series.first_hour().plus(hour as i64);
        text += &format!("{time},{intensity},{},{}\n", channel("wind", hour), channel("coal", hour));
    }
    let path = folder.join(format!("{}.csv", series.zone()));
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// The weather of the west is that of the east some hours later: the traces of one command see each other, unless told not to.
#[test]
fn what_one_trace_tells_of_another_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let (west, east) = west_and_east(150 * 24);
    let [west, east] = [&west, &east].map(|series| file_of(folder.path(), series));
    let out = folder.path().join("out.json");
    let error = |flags: &[&str]| {
        let words = ["backtest", "--trace", &east, &west, "--models", "ensemble", "--test-hours", "720"];
        let more = ["--horizon", "24", "--json", out.to_str().unwrap()];
        told(&[&words[..], &more, flags].concat());
        json(&out)["zones"][0]["models"][0]["mape"].as_f64().unwrap()
    };
    let (beside, alone) = (error(&[]), error(&["--alone"]));
    assert!(beside < 0.9 * alone, "{beside} % with what the west tells, {alone} % without");

    let hours = |flags: &[&str]| {
        let words = ["show", "--zone", "EAST", "--model", "ensemble", "--hours", "24", "--json", "--trace"];
        let shown: Value = serde_json::from_str(&told(&[&words[..], flags].concat())).unwrap();
        shown["hours"].clone()
    };
    let (beside, alone) = (hours(&[&east, &west]), hours(&[&east]));
    assert_ne!(beside, alone, "the west is not heard");
    assert_eq!(hours(&[&east, &west, "--alone"]), alone);
    check_refused(&["show", "--trace", &east, &west], &["there are several zones (EAST, WEST)"]);
}

/// Law F-1 through the commands: the world after the issue changes, and neither choice nor band nor median moves.
#[test]
fn the_future_of_a_trace_moves_no_forecast() {
    let folder = tempfile::tempdir().unwrap();
    let issue = HOURS - 96;
    let issued_at = GridHour(FIRST_HOUR + issue as i64 - 1).to_string();
    let worlds = [usize::MAX, issue].map(|moved| {
        let name = format!("T{}.csv", moved.min(HOURS));
        let file = format!("T={}", trace(folder.path(), &name, moved).display());
        let out = folder.path().join("out.json");
        // One forecast, issued as the test window begins; its band's width and what was chosen are all that it alone decides.
        let words = ["backtest", "--trace", &file, "--test-hours", "96", "--stride", "96", "--json"];
        told(&[&words[..], &[out.to_str().unwrap()]].concat());
        let zone = json(&out)["zones"][0].clone();
        let widths: Vec<Value> =
            zone["models"].as_array().unwrap().iter().map(|model| model["width_90"].clone()).collect();
        let errors: Vec<Value> =
            zone["models"].as_array().unwrap().iter().map(|model| model["mape"].clone()).collect();
        let shown = ["linear", "ensemble"].map(|model| {
            let shown = told(&["show", "--trace", &file, "--at", &issued_at, "--model", model, "--json"]);
            let mut shown: Value = serde_json::from_str(&shown).unwrap();
            shown["known_from"] = Value::Null;
            shown
        });
        (errors, (widths, zone["chosen"].clone(), zone["validation"].clone(), shown))
    });
    assert_ne!(worlds[0].0, worlds[1].0, "the worlds do differ");
    assert_eq!(worlds[0].1, worlds[1].1, "the future moved and a forecast moved with it");
}

#[test]
fn what_can_not_be_tested_is_refused_with_its_cure() {
    let folder = tempfile::tempdir().unwrap();
    let file = trace(folder.path(), "DE.csv", usize::MAX).display().to_string();
    let check = |flags: &[&str], expected: &[&str]| {
        check_refused(&[&["backtest", "--trace", &file], flags].concat(), expected);
    };
    check(&["--column", "ci_derect"], &["has no column `ci_derect`", "ci_direct, ci_lifecycle"]);
    check(&["--models", "linear,ensembel"], &["no forecast model `ensembel`", "`ensemble`"]);
    check(&["--test-hours", "2000"], &["400 h are left to fit `linear`", "test fewer hours"]);
    check(&["--test-hours", "99999"], &["the trace of DE has 2400 h"]);
    check(&["--test-hours", "0"], &["at least an hour"]);
    check(&["--horizon", "169"], &["outside 1–168 h"]);
    check(&["--stride", "0"], &["at least an hour apart"]);
    check(&["--plot", "plot.gif"], &[".png or .html"]);
    check(&["--trace", &file], &["gives DE twice"]);
    let nowhere = folder.path().join("none.csv").display().to_string();
    check_refused(&["backtest", "--trace", &nowhere], &["none.csv can't be read"]);
    let words = folder.path().join("words.csv");
    std::fs::write(&words, "utc,ci_direct\n2021-01-01T00:00Z,much\n").unwrap();
    check_refused(&["backtest", "--trace", words.to_str().unwrap()], &["words.csv", "line 2", "much"]);
}

#[test]
fn the_coming_hours_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("DE={}", trace(folder.path(), "grid.csv", usize::MAX).display());
    let text = told(&["show", "--trace", &file, "--hours", "24"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("DE, average_direct: forecast by "), "{text}");
    assert!(lines[1].starts_with("off by ") && lines[2].starts_with("from 2400 h of the trace "), "{text}");
    assert_eq!(lines.iter().filter(|line| line.contains('█')).count(), 24, "{text}");
    assert_eq!(lines.iter().filter(|line| line.ends_with(" clean")).count(), 8, "{text}");

    let synthetic =
        told(&["show", "--set", "carbon.source=typical_week", "--hours", "6", "--at", "2026-05-01T06:00Z"]);
    assert!(synthetic.contains("of synthetic\n") && synthetic.contains("05-01 12:00"), "{synthetic}");
    check_refused(&["show", "--trace", &file, "--zone", "PL"], &["nothing is known of the zone PL"]);
    check_refused(&["show", "--trace", &file, "--at", "2001-01-01"], &["the trace begins at"]);
    let settings = ["--set", "carbon.source=typical_week", "--zone", "LOCL"];
    check_refused(&[&["show"], &settings[..]].concat(), &["did you mean `LOCAL`?"]);
    let nothing = folder.path().display().to_string();
    assert!(!call(&["show", "--dir", &nothing]).status.success());
}

/// The UK's service on this machine, which knows all hours from `first` on, and refuses to speak of those before.
fn uk(first: GridHour) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let times: Vec<GridHour> = head[0]
                .split(['/', ' '])
                .filter_map(|part| Some(coordinator::carbon::parse_time(part).ok()?.hour()))
                .collect();
            let row = |at: i64| {
                let (from, to, of_day) = (GridHour(at), GridHour(at + 1), at % 24);
                format!(r#"{{"from":"{from}","to":"{to}","intensity":{{"actual":{}}}}}"#, 100 + of_day)
            };
            let rows: Vec<String> = (times[0].0..times[1].0).map(row).collect();
            let (status, body) = match times[0] < first {
                true => (403, r#"{"error":"too long ago"}"#.to_owned()),
                false => (200, format!(r#"{{"data":[{}]}}"#, rows.join(","))),
            };
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    base
}

#[test]
fn a_live_service_is_asked_for_all_that_the_models_need() {
    let last = GridHour(FIRST_HOUR + 24_000);
    let show = |first: GridHour, more: &[&str]| {
        let (url, at) = (format!("carbon.uk.url={}", uk(first)), last.to_string());
        let settings = ["--set", "carbon.source=live", "--set", r#"carbon.live=["GB=uk"]"#, "--set", &url];
        call(&[&["show", "--zone", "GB", "--at", &at, "--model", "yesterday"][..], &settings, more].concat())
    };
    let whole = show(GridHour(0), &[]);
    let text = String::from_utf8_lossy(&whole.stdout);
    assert!(whole.status.success() && text.contains("from 17520 h of measured (UK"), "{text}");
    let part = show(last.plus(-399), &[]);
    let text = String::from_utf8_lossy(&part.stdout);
    assert!(
        text.contains("from 336 h of measured (UK Carbon Intensity); earlier hours were not told"),
        "{text}"
    );
    assert!(text.contains("status 403): too long ago"), "{text}");
    let none = show(last.plus(1), &["--json"]);
    let error = String::from_utf8_lossy(&none.stderr);
    assert!(!none.status.success() && error.contains("nothing is known of GB up to"), "{error}");
    assert!(error.contains("too long ago"), "{error}");
}

#[test]
fn a_study_shows_what_its_coordinator_expects() {
    let folder = tempfile::tempdir().unwrap();
    let (zone, hour) = (Zone::new("DE"), GridHour(FIRST_HOUR));
    let sample = CarbonSample {
        zone: zone.clone(),
        hour,
        intensity: Intensity(210.0),
        kind: SignalKind::AverageDirect,
        provenance: Provenance::Measured("grid.csv".into()),
    };
    let forecast = Forecast {
        zone,
        issued_at: hour,
        model: "ensemble".into(),
        levels: vec![0.05, 0.5, 0.95],
        quantiles: (0..72).map(|lead| vec![150.0, 200.0 + f64::from(lead), 300.0]).collect(),
    };
    let events = [
        Event::CarbonObserved { samples: vec![sample] },
        Event::ForecastIssued { forecast: Box::new(forecast) },
    ];
    let mut ledger = Ledger::open(StudyDirectory::new(folder.path()).ledger()).unwrap();
    ledger.append(Timestamp(0), &events).unwrap();
    let dir = folder.path().to_str().unwrap();
    let text = told(&["show", "--dir", dir, "--hours", "12"]);
    assert!(text.starts_with("DE, average_direct: forecast by ensemble after 2021-01-01T00:00Z\n"), "{text}");
    assert!(text.contains("from measured (grid.csv) in the study in"), "{text}");
    assert_eq!(text.lines().filter(|line| line.contains('█')).count(), 12, "{text}");
    let shown: Value = serde_json::from_str(&told(&["show", "--dir", dir, "--json"])).unwrap();
    assert_eq!(
        (shown["hours"].as_array().unwrap().len(), &shown["hours"][3]["hour"]),
        (48, &"2021-01-01T04:00Z".into())
    );
    assert_eq!(shown["hours"][3]["quantiles_g_per_kwh"][1], 203.0);
    check_refused(&["show", "--dir", dir, "--zone", "PL"], &["nothing is known of the zone PL"]);
}

#[cfg(feature = "torch")]
#[test]
fn networks_of_several_zones_are_trained_and_forecast() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| trace(folder.path(), name, usize::MAX).display().to_string();
    let (de, pl) = (file("DE.csv"), file("PL.csv"));
    let weights = folder.path().join("both.safetensors").display().to_string();
    // A second of training: what is learnt by then stands.
    let train =
        ["train", "--trace", &de, &pl, "--leave-hours", "480", "--minutes", "0.02", "--out", &weights];
    let screen = told(&train);
    for part in
        ["DE", "PL", "day 4", "2 networks of", &format!("use them as the model transformer:{weights}")]
    {
        assert!(screen.contains(part), "{screen} does not say: {part}");
    }

    let model = format!("transformer:{weights}");
    let out = folder.path().join("out.json");
    let words = ["backtest", "--trace", &pl, "--models", &format!("linear,{model}"), "--json"];
    told(&[&words[..], &[out.to_str().unwrap(), "--test-hours", "480"]].concat());
    let models = &json(&out)["zones"][0]["models"];
    let errors: Vec<f64> =
        models.as_array().unwrap().iter().map(|model| model["mape"].as_f64().unwrap()).collect();
    assert!(errors[1] < 1.2 * errors[0], "its skip alone is hardly worse than the linear map: {errors:?}");
    let shown = told(&["show", "--trace", &de, "--model", &model, "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&shown).unwrap()["model"], Value::from(model.clone()));

    // They know the first half of what this would test them on.
    let test = |hours: &str, trace: &str| -> Vec<String> {
        ["backtest", "--trace", trace, "--models", &model, "--test-hours", hours].map(str::to_owned).to_vec()
    };
    let refused = |words: Vec<String>, expected: &[&str]| {
        check_refused(&words.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    };
    refused(test("960", &pl), &["transformer:", "was fitted on hours up to"]);
    refused(test("480", &file("FR.csv")), &["DE, PL", "FR"]);
    refused(
        [test("480", &pl), vec!["--horizon".into(), "97".into()]].concat(),
        &["96 h ahead", "--horizon 97"],
    );
}

#[cfg(feature = "torch")]
#[test]
fn networks_that_can_not_be_trained_or_read_are_refused_with_their_cure() {
    let folder = tempfile::tempdir().unwrap();
    let file = trace(folder.path(), "DE.csv", usize::MAX).display().to_string();
    let out = folder.path().join("de.safetensors").display().to_string();
    let check = |flags: &[&str], expected: &[&str]| {
        let out = if flags.contains(&"--out") { vec![] } else { vec!["--out", &out] };
        check_refused(&[&["train", "--trace", &file], flags, &out].concat(), expected);
    };
    check(&["--horizon", "0"], &["outside 1–168 h"]);
    check(&["--minutes=-1"], &["--minutes -1", "0 or more"]);
    check(&["--leave-hours", "2400"], &["the trace of DE has 2400 h"]);
    check(&["--leave-hours", "2000"], &["400 h", "1080"]);
    check(&["--trace", &file], &["DE", "twice"]);
    check(&["--out", "nowhere/de.safetensors"], &["there is no folder nowhere"]);
    check_refused(&["show", "--trace", &file, "--model", "transformer:"], &["transformer:FILE"]);
    check_refused(
        &["show", "--trace", &file, "--model", "transformer:none"],
        &["weights at none", "No such file"],
    );
}

#[cfg(not(feature = "torch"))]
#[test]
fn training_says_which_program_can() {
    check_refused(&["train", "--trace", "DE.csv", "--out", "de.safetensors"], &["--features torch"]);
}
