//! `ce-nas simulate replay` as a program: the worked runs themselves, wrong ones, variants of ours, and files that are none.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The folder of the recorded data; none, with a line that says so, where there is none.
fn data() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("CENAS_DATA").map_or_else(beside, PathBuf::from);
    if !folder.join("nb201/nb201_cifar10.csv.gz").exists() {
        println!("skipped: no recorded data under $CENAS_DATA nor in ../shared/data beside the checkout");
        return None;
    }
    Some(folder)
}

fn replay(file: &Path, data: Option<&Path>, words: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ce-nas"));
    program.args(["simulate", "replay"]).arg(file).args(words).env_remove("CENAS_DATA");
    if let Some(data) = data {
        program.env("CENAS_DATA", data);
    }
    program.output().expect("it runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

fn golden(data: &Path, name: &str) -> Option<Value> {
    let text = std::fs::read_to_string(data.join(format!("golden/{name}.json"))).ok()?;
    Some(serde_json::from_str(&text).expect("JSON"))
}

fn written(folder: &TempDir, value: &Value) -> PathBuf {
    let path = folder.path().join("run.json");
    std::fs::write(&path, value.to_string()).unwrap();
    path
}

/// Replays `value` and reads what it came to.
fn told(data: &Path, value: &Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let output = replay(&written(&folder, value), Some(data), &["--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Three hours on four slots.
fn small(inputs: Value) -> Value {
    let (zone, start) = ("CISO", "2021-07-02T06:00");
    json!({ "zone": zone, "start": start, "gpus": 4, "horizon_h": 3, "inputs": inputs })
}

#[test]
fn the_worked_runs_are_what_they_were() {
    let Some(data) = data() else { return };
    let files = [
        ("g0_hv", "the hypervolume after each cell"),
        ("g1_vanilla", "vanilla"),
        ("g2_suspend_resume", "off in the hours that a plan names"),
        ("g4_static50", "split: 4 of 8"),
        ("g5_oneshot_only", "one-shot only: few-shot"),
        ("g7_two_zones", "each zone has slots of its own"),
    ];
    for (name, recognised) in files {
        let path = data.join(format!("golden/{name}.json"));
        if !path.exists() {
            continue;
        }
        let output = replay(&path, Some(&data), &[]);
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
        let told = text(&output.stdout);
        assert!(told.contains(recognised) && told.contains(" 0 differ"), "{told}");
        assert!(!told.contains("not compared"), "{told}");
    }
}

#[test]
fn a_replay_in_json_can_be_replayed() {
    let Some(data) = data() else { return };
    let Some(golden) = golden(&data, "g4_static50") else { return };
    let replayed = told(&data, &golden);
    let mut again = golden;
    for field in
        ["events", "hourly_ci", "cumulative_kwh", "cumulative_g", "kwh_by_kind", "final_hv", "total_g"]
    {
        again[field] = replayed[field].clone();
    }
    let compared = &told(&data, &again)["compared"];
    assert!(
        compared["largest_relative_error"].as_f64().unwrap() < 1e-12,
        "nothing is rounded away: {compared}"
    );
    assert_eq!(compared["differing"], 0);
}

#[test]
fn a_wrong_figure_is_named() {
    let Some(data) = data() else { return };
    let Some(golden) = golden(&data, "g4_static50") else { return };
    let folder = tempfile::tempdir().unwrap();
    let kwh = golden["kwh_by_kind"]["proxy"].as_f64().unwrap();
    let cases: [(&str, Value, &str); 6] = [
        ("/events/12/t_s", json!(13423.5), "events[12].t_s is 13423.4"),
        ("/events/0/gpu", json!(1), "events[0].gpu is 0"),
        ("/events/0/kind", json!("short"), "events[0].kind is \"full\""),
        ("/cumulative_g/3", json!(972.5), "cumulative_g[3] is 972.4397"),
        ("/kwh_by_kind/proxy", json!(kwh * (1.0 + 3e-6)), "kwh_by_kind.proxy is "),
        ("/final_hv", json!(3968.2), "final_hv is 3968.177"),
    ];
    for (place, wrong, named) in cases {
        let mut golden = golden.clone();
        *golden.pointer_mut(place).expect("a figure of it") = wrong;
        let output = replay(&written(&folder, &golden), Some(&data), &[]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{place}: {told}");
        assert!(told.contains(named) && told.contains("1 of "), "{place}: {told}");
        assert!(text(&output.stdout).contains("1 differ"));
    }
    let mut short = golden;
    short["events"].as_array_mut().unwrap().pop();
    let output = replay(&written(&folder, &short), Some(&data), &[]);
    assert!(
        text(&output.stderr).contains("events has 180 entries, the file 179"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn every_baseline_is_recognised() {
    let Some(data) = data() else { return };
    let cells: Vec<u32> = (0..400).map(|index| index * 37 % 15_625).collect();
    let recognised = |inputs: Value| {
        let told = told(&data, &small(inputs));
        (told["recognised"].as_str().unwrap().to_owned(), told)
    };
    let kinds = |told: &Value| {
        let kinds =
            told["events"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned());
        kinds.collect::<std::collections::BTreeSet<_>>()
    };

    let (what, run) =
        recognised(json!({ "cells": cells, "training_gpus_per_hour": [4, 0], "proxy": "one-shot" }));
    assert!(what.contains("split: 4, 0 of 4 slots") && what.contains("one-shot pool"), "{what}");
    let kwh: Vec<f64> =
        run["cumulative_kwh"].as_array().unwrap().iter().map(|kwh| kwh.as_f64().unwrap()).collect();
    // All train; one trains the supernet and three idle; all train.
    for (found, expected) in kwh.iter().zip([0.0, 1.0, 1.0 + 0.25 + 0.12, 2.37]) {
        assert!((found - expected).abs() < 1e-9, "{kwh:?}");
    }

    for named in [
        json!({ "promote_per": 8 }),
        json!({ "eta": 8 }),
        json!({ "rungs": true }),
        json!({ "promotion_share": 0.125 }),
        json!({ "promote": "1/8" }),
    ] {
        let mut inputs = json!({ "cells": cells });
        inputs.as_object_mut().unwrap().extend(named.as_object().unwrap().clone());
        let (what, run) = recognised(inputs);
        assert!(what.contains("one of 8"), "{named}: {what}");
        assert_eq!(kinds(&run), ["full", "short"].map(String::from).into());
        let shorts =
            run["events"].as_array().unwrap().iter().take_while(|event| event["kind"] == "short").count();
        assert!(shorts >= 8, "nothing is promoted before eight have finished: {shorts}");
    }

    let (what, run) = recognised(json!({ "cells": cells, "on": [true, false, true] }));
    assert!(what.contains("off in the hours"), "{what}");
    let grams = |run: &Value, hour: usize| run["cumulative_g"][hour].as_f64().unwrap();
    assert_eq!(grams(&run, 1), grams(&run, 2));

    let (what, _) = recognised(json!({ "cells": cells, "percentile": 40 }));
    assert!(what.contains("percentile 40 of the last 168 h"), "{what}");
    let (what, _) = recognised(json!({ "cells": cells, "proxy": "one", "block": 32 }));
    assert!(what.contains("one-shot scores of all in blocks of 32"), "{what}");
}

#[test]
fn a_fleet_follows_the_cleaner_zone() {
    let Some(data) = data() else { return };
    let cells: Vec<u32> = (0..400).map(|index| index * 37 % 15_625).collect();
    let mut follow = small(json!({ "cells": cells, "follow": true }));
    follow["zone"] = json!(["CISO", "DE"]);
    follow["horizon_h"] = json!(48);
    let run = told(&data, &follow);
    let list = |name: &str| run[name].as_array().unwrap().clone();
    let zones = list("zone_by_hour");
    let moves = zones.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(moves > 0 && run["moves"] == moves, "{zones:?}");
    assert!(["CISO", "DE"].iter().all(|zone| run[*zone]["kwh"].as_f64().unwrap() > 0.0));
    let total = run["CISO"]["g"].as_f64().unwrap() + run["DE"]["g"].as_f64().unwrap();
    assert!((total / run["total_g"].as_f64().unwrap() - 1.0).abs() < 1e-12);
    let again = told(&data, &{
        let mut again = follow.clone();
        again["hourly_ci"] = run["hourly_ci_by_zone"].clone();
        again["zone"] = json!("CISO+DE");
        again["g_by_zone"] = run["g_by_zone"].clone();
        again["events"] = run["events"].clone();
        again["events"][0]["zone"] = json!("CISO");
        again["events"][1]["zone"] = json!("CISO");
        again
    });
    assert_eq!(
        (&again["compared"]["differing"], &again["compared"]["left_out"]),
        (&json!(0), &json!(["events.zone"]))
    );
    assert!((run["total_kwh"].as_f64().unwrap() - 48.0).abs() < 1e-9, "it stands still at full power");

    // Each move costs everybody half a minute, and nothing else differs from a fleet that stays.
    follow["inputs"] = json!({ "cells": cells });
    follow["zone"] = json!("CISO");
    let stayed = told(&data, &follow);
    let end = |run: &Value, place: usize| run["events"][place]["t_s"].as_f64().unwrap();
    let before = |at_s: f64| {
        zones
            .windows(2)
            .enumerate()
            .filter(|(hour, pair)| pair[0] != pair[1] && (*hour + 1) as f64 * 3600.0 < at_s)
            .count()
    };
    for place in [0, 3] {
        let late = end(&run, place) - end(&stayed, place);
        assert!((late - 30.0 * before(end(&run, place)) as f64).abs() < 1e-6, "{place}: {late}");
    }
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |value: &str, code: i32, phrases: &[&str]| {
        let path = folder.path().join("run.json");
        std::fs::write(&path, value).unwrap();
        let output = replay(&path, None, &[]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{value}: {told}");
        assert!(phrases.iter().all(|phrase| told.contains(phrase)), "{told} lacks one of {phrases:?}");
        assert!(output.stdout.is_empty());
    };
    let with = |name: &str, value: Value| {
        let mut run = small(json!({ "cells": [1, 2] }));
        run[name] = value;
        run.to_string()
    };
    let input = |name: &str, value: Value| {
        let mut run = small(json!({ "cells": [1, 2] }));
        run["inputs"][name] = value;
        run.to_string()
    };
    refused("", 2, &["run.json", "no JSON"]);
    refused("[1, 2]", 2, &["no JSON object"]);
    refused("{}", 2, &["`cells` is missing"]);
    refused(&with("inputs", json!(3)), 2, &["inputs must be an object"]);
    refused(&with("gpus", json!("eight")), 2, &["`gpus` must be a whole number", "eight"]);
    refused(&with("gpus", json!(0)), 2, &["`gpus` must be a whole number, 1 or more"]);
    refused(&with("start", json!("soon")), 2, &["`start` must be a time"]);
    refused(&with("start", json!("2021-07-02T06:30")), 2, &["`start` must be a whole hour"]);
    refused(&with("horizon_h", Value::Null), 2, &["`horizon_h` is missing"]);
    refused(&with("horizn_hours", json!(3)), 2, &["`horizn_hours`", "did you mean `horizon_hours`?"]);
    refused(&with("power_w", json!({ "tarin": 250 })), 2, &["`power_w.tarin`"]);
    refused(&with("power_w", json!({ "train": -1 })), 2, &["`power_w.train` must be watts"]);
    refused(&with("zone", json!(["CISO", "CISO"])), 2, &["names one of them twice"]);
    refused(&with("zone", json!(["CISO", "DE", "PL"])), 2, &["gpus_per_zone"]);
    refused(&input("cells", json!([1, -2])), 2, &["`cells[1]` must be a whole number"]);
    refused(&input("cells", json!("as g9")), 2, &["there is no g9.json"]);
    refused(&input("training_gpu_per_hour", json!([4])), 2, &["did you mean `training_gpus_per_hour`?"]);
    refused(&input("proxy", json!("some")), 2, &["`proxy` must be \"few\", \"one\" or \"none\""]);
    refused(&input("queue_cap", json!(10)), 2, &["how many slots train?"]);
    refused(&input("on", json!([1, "yes"])), 2, &["`on` must be true or false"]);
    refused(&input("promote_per", json!(0)), 2, &["`promote_per` must be a whole number, 1 or more"]);
    refused(&input("follow", json!(1)), 2, &["--table FILE", "CENAS_DATA"]);
    let missing = replay(&folder.path().join("none.json"), None, &[]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("none.json can't be read"));
}

#[test]
fn data_that_is_not_there_is_named() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let refused = |value: &Value, words: &[&str], code: i32, phrase: &str| {
        let output = replay(&written(&folder, value), Some(&data), words);
        let told = text(&output.stderr);
        assert_eq!(
            (output.status.code(), told.contains(phrase)),
            (Some(code), true),
            "{told} lacks {phrase}"
        );
    };
    let run = small(json!({ "cells": [1, 2] }));
    let mut elsewhere = run.clone();
    elsewhere["zone"] = json!("XX");
    refused(&elsewhere, &[], 2, "give --trace XX=FILE");
    refused(&run, &["--trace", "DE=de.csv"], 2, "--trace DE: the run is in CISO");
    refused(&run, &["--trace", "CISO"], 2, "ZONE=FILE");
    refused(&run, &["--table", "none.csv"], 1, "none.csv can't be read");
    refused(&small(json!({ "cells": [1, 15_625] })), &[], 2, "`cells[1]` is 15625");
    let mut late = run;
    late["start"] = json!("2029-01-01T00:00");
    refused(&late, &[], 1, "shorten the horizon");
}
