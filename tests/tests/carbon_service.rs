//! A carbon service that dies in the middle of a study, by the real programs: nothing changes but where the figures come from, and
//! that is told. Its key is told to nobody but the service.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::carbon::{CarbonSample, Provenance};
use common::event::Event;
use common::time::GridHour;
use serde_json::Value;
use system_tests::lab::books::audit;
use system_tests::lab::patience::{pause, until};
use system_tests::lab::relay::Relay;
use system_tests::lab::service::{Manner, Service};
use system_tests::lab::study::History;
use system_tests::lab::{REHEARSAL, Study};

const KEY: &str = "k3y-that-nobody-else-may-see";
const LIVING: f64 = 200.0;
const CONSTANT: f64 = 380.0;
/// By a rule: so little is known that no model has anything to learn from.
const OWN_FORECAST: &str = "modelled (";

/// The settings of a study in Germany whose hours come from `service` alone, its key in a file.
fn settings(service: &Service, folder: &Path, more: &str) -> String {
    let key = folder.join("maps.key");
    fs::write(&key, format!("{KEY}\n")).expect("a file for the key");
    // A service knows nothing of days to come, so the study's lie well behind.
    let abroad = REHEARSAL.replace("2026-05-04", "2024-05-06").replace("[worker]", "[worker]\nzone = \"DE\"");
    abroad.replace(
        "[carbon]",
        &format!(
            "[carbon.electricity_maps]\nurl = {:?}\nkey_file = {key:?}\n\
             [carbon]\nsource = \"live\"\nlive = [\"DE=electricity_maps\"]\nconstants = [\"DE={CONSTANT}\"]\n{more}",
            service.base()
        ),
    )
}

fn samples(history: &History) -> Vec<CarbonSample> {
    let of = |event: &Event| match event {
        Event::CarbonObserved { samples } => samples.clone(),
        _ => Vec::new(),
    };
    let told: Vec<CarbonSample> = history.events().flat_map(of).collect();
    assert!(
        told.iter().all(|sample| sample.zone.as_str() == "DE"),
        "the study is in no other zone: {told:?}"
    );
    told
}

fn hours(history: &History, of: impl Fn(&Provenance) -> bool) -> BTreeSet<GridHour> {
    samples(history).into_iter().filter(|sample| of(&sample.provenance)).map(|sample| sample.hour).collect()
}

fn is_measured(provenance: &Provenance) -> bool {
    matches!(provenance, Provenance::Measured(_))
}

#[test]
fn a_service_that_dies_in_mid_study_changes_nothing_but_provenance() {
    let mut service = Service::new(Manner::Serves(LIVING));
    let keys = tempfile::tempdir().expect("a folder for the key");
    let study = Study::new(&settings(&service, keys.path(), "timeout_s = 0.5\nretry_s = 0.2"));
    // A forecast of half a day, so that in two all that can stand in has its turn.
    let hasty = [
        "--set",
        "carbon.hour_seconds=0.5",
        "--set",
        "budget.hours=46",
        "--set",
        "forecast.horizon_hours=12",
    ];
    let open = ["--set", "coordinator.security=null"];
    let mut coordinator = study.coordinator(&[&hasty[..], &open].concat());
    let wire = Relay::to(study.endpoint().strip_prefix("tcp://").expect("an address"));
    let mut worker = study.worker_at(&wire.endpoint(), "near", &open);

    study.until("some hours are known and work has begun", |seen| {
        hours(seen, is_measured).len() >= 3 && !seen.finished().is_empty()
    });
    service.behaves(Manner::Gone);
    let log = study.directory.join("coordinator.log");
    until("the coordinator finds nobody there", || {
        fs::read_to_string(&log).ok().filter(|log| log.contains("it can't be reached"))
    });
    for manner in [Manner::Hangs, Manner::Html, Manner::Fails] {
        service.behaves(manner);
        until("it is asked again", || service.asked().iter().find(|asked| asked.manner == manner).cloned());
    }

    let ended = coordinator.end().with(0).saying(&["study finished"]);
    let left = worker.end().with(0).saying(&["the study is over"]);
    let books = audit(&study.directory);
    books.check_report(&study.directory);
    check_report(&study.directory);
    assert!(study.history().finished().len() > 3, "work went on");
    check_questions(&service);

    // Where the key may not be: what was said, what was kept, what went over the wire.
    assert_eq!(found_in(keys.path()).len(), 1, "the search finds the key where it is");
    assert_eq!(found_in(study.path("").as_path()), Vec::<PathBuf>::new());
    assert!(!wire.heard().is_empty() && !holds_key(&wire.heard()));
    for said in [ended.out, ended.err, left.out, left.err] {
        assert!(!said.contains(KEY), "{said}");
    }
}

/// Measured while it lived, then what the study itself forecasts, then the last value until it is a day old, then the zone's constant;
/// emissions by just these figures.
fn check_report(directory: &Path) {
    let report: Value =
        serde_json::from_str(&fs::read_to_string(directory.join("report.json")).expect("report.json"))
            .expect("JSON");
    let mut grams = 0.0;
    let mut order: Vec<&str> = Vec::new();
    let hours = report["energy"]["by_hour"].as_array().expect("hours");
    for hour in hours {
        let from = hour["provenance"].as_str().expect("a source");
        let intensity = hour["intensity_g_per_kwh"].as_f64().expect("g/kWh");
        match from {
            "measured (Electricity Maps)" => assert_eq!(intensity, LIVING, "{hour}"),
            "yearly constant" => assert_eq!(intensity, CONSTANT, "{hour}"),
            // A forecast of what was always the same.
            own if own.starts_with(OWN_FORECAST) => assert!((intensity - LIVING).abs() < 1e-9, "{hour}"),
            // A busy machine may pass an hour over: then its neighbour's figure stands in.
            "cached" => assert!([LIVING, CONSTANT].contains(&intensity), "{hour}"),
            other => panic!("nobody said {other}: {hour}"),
        }
        let (kwh, gco2eq) = (hour["kwh"].as_f64().expect("kWh"), hour["gco2eq"].as_f64().expect("g"));
        assert!((gco2eq - kwh * intensity).abs() < 1e-9, "{hour}");
        grams += gco2eq;
        if order.last() != Some(&from) {
            order.push(from);
        }
    }
    let place = |of: &'static str| hours.iter().map(move |hour| hour["provenance"] == of);
    let last_measured = place("measured (Electricity Maps)").rposition(|is| is).expect("some were measured");
    let first_constant = place("yearly constant").position(|is| is).expect("it was dead for more than a day");
    assert!(last_measured + 20 < first_constant, "a day of ageing lies between: {order:?}");
    let stood_in = &hours[last_measured + 1..first_constant];
    let lives_on =
        |hour: &Value| hour["intensity_g_per_kwh"].as_f64().is_some_and(|it| (it - LIVING).abs() < 1e-9);
    assert!(stood_in.iter().all(lives_on), "{stood_in:?}");
    let is_own =
        |hour: &Value| hour["provenance"].as_str().is_some_and(|from| from.starts_with(OWN_FORECAST));
    // A busy machine may pass some of them over.
    let own = stood_in.iter().filter(|hour| is_own(hour)).count();
    assert!((4..=12).contains(&own), "{own} of {order:?}");
    let last = stood_in.iter().rposition(is_own).expect("there are some");
    assert!(last <= 12, "as far as the last forecast reaches: {order:?}");
    assert!(stood_in[last + 1..].iter().all(|hour| hour["provenance"] == "cached"), "{order:?}");
    let total = report["energy"]["total"]["gco2eq"].as_f64().expect("g");
    assert!(total > 0.0 && (total - grams).abs() < 1e-6, "{total} and {grams}");

    let spans: Vec<&str> = report["carbon"]["spans"]
        .as_array()
        .expect("spans")
        .iter()
        .map(|span| span["provenance"].as_str().expect("a source"))
        .collect();
    assert_eq!(spans, order);
    let page = fs::read_to_string(directory.join("report.html")).expect("report.html");
    for told in [
        "measured (Electricity Maps)",
        OWN_FORECAST,
        "own forecast of the hour stands in",
        "cached",
        "no intensity was observed: the nearest known value",
        "a yearly constant stands in (DE: 380 gCO2eq/kWh, as configured)",
    ] {
        assert!(page.contains(told), "the page does not tell: {told}");
    }
}

/// Each with the key in its header alone, and not many once it was dead.
fn check_questions(service: &Service) {
    let asked = service.asked();
    for question in &asked {
        assert!(question.headers.contains(&format!("auth-token: {KEY}")), "{question:?}");
        assert!(!question.path.contains(KEY), "{question:?}");
    }
    let dead = asked.iter().filter(|asked| !matches!(asked.manner, Manner::Serves(_))).count();
    assert!(dead <= 12, "a dead service is left in peace: {dead} questions");
}

fn holds_key(bytes: &[u8]) -> bool {
    bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes())
}

/// Files below `folder` that hold the key, ledger and blobs included.
fn found_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(found_in(&entry));
        } else if fs::read(&entry).is_ok_and(|bytes| holds_key(&bytes)) {
            found.push(entry);
        }
    }
    found
}

#[test]
fn a_service_that_never_answers_delays_no_decision() {
    let service = Service::new(Manner::Hangs);
    let keys = tempfile::tempdir().expect("a folder for the key");
    // Its time limit is longer than the whole study.
    let study = Study::new(&settings(&service, keys.path(), "timeout_s = 60.0"));
    let mut coordinator = study.run(&["--set", "carbon.hour_seconds=6.0", "--set", "budget.hours=3"]);
    coordinator.end().with(0).saying(&["study finished"]);
    let history = study.history();
    let constants = hours(&history, |provenance| *provenance == Provenance::Constant);
    assert!(constants.len() >= 3, "every hour has its figure: {constants:?}");
    assert_eq!(
        decided_in_time(&history, constants.len() - 1),
        constants,
        "each hour is decided on within itself"
    );
    assert_eq!(service.asked().len(), 1, "and the service was not pressed");
    audit(&study.directory).check_report(&study.directory);
}

#[test]
fn an_answer_that_comes_too_late_for_its_hour_corrects_the_books() {
    // Longer than a decision waits, shorter than an hour lasts.
    let service = Service::new(Manner::Dawdles(LIVING, 3_800));
    let keys = tempfile::tempdir().expect("a folder for the key");
    let study = Study::new(&settings(&service, keys.path(), ""));
    let mut coordinator = study.run(&["--set", "carbon.hour_seconds=6.0", "--set", "budget.hours=4"]);
    coordinator.end().with(0).saying(&["study finished"]);
    let told = samples(&study.history());
    let first = told[0].hour;
    let of_first: Vec<_> = told.iter().filter(|sample| sample.hour == first).collect();
    assert_eq!(of_first[0].provenance, Provenance::Constant, "{of_first:?}");
    assert_eq!((of_first[0].intensity.0, of_first[1].intensity.0), (CONSTANT, LIVING), "{of_first:?}");
    assert!(is_measured(&of_first[1].provenance), "{of_first:?}");
    let from_it =
        |provenance: &Provenance| matches!(provenance, Provenance::Cached { .. } | Provenance::Modelled(_));
    let following = hours(&study.history(), from_it);
    assert!(following.contains(&first.plus(1)), "the next decision is made from it: {told:?}");

    let books = audit(&study.directory);
    books.check_report(&study.directory);
    let text = fs::read_to_string(study.directory.join("report.json")).expect("report.json");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let hour = &report["energy"]["by_hour"][0];
    assert_eq!(hour["intensity_g_per_kwh"], LIVING, "{hour}");
    assert_eq!(hour["provenance"], "measured (Electricity Maps)", "{hour}");
}

#[test]
fn a_zone_is_known_before_the_first_worker_is_in_it() {
    let service = Service::new(Manner::Serves(LIVING));
    let keys = tempfile::tempdir().expect("a folder for the key");
    let study = Study::new(&settings(&service, keys.path(), ""));
    let open = ["--set", "coordinator.security=null"];
    let mut coordinator = study.coordinator(&open);
    study.until("hours are known though nobody works", |seen| hours(seen, is_measured).len() >= 2);
    let mut worker = study.worker("late", &open);
    coordinator.end().with(0).saying(&["study finished"]);
    worker.end().with(0);
    let text = fs::read_to_string(study.directory.join("report.json")).expect("report.json");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let first = &report["energy"]["by_hour"][0];
    assert_eq!(first["provenance"], "measured (Electricity Maps)", "the hour in which it joined: {first}");
}

/// Grams by life-cycle and by direct factors have no sum.
#[test]
fn a_study_goes_on_in_the_kind_of_intensity_it_began_with() {
    let service = Service::new(Manner::Serves(LIVING));
    let keys = tempfile::tempdir().expect("a folder for the key");
    let study = Study::new(&settings(&service, keys.path(), ""));
    let mut coordinator = study.coordinator(&[]);
    study.until("an hour is known", |seen| !hours(seen, is_measured).is_empty());
    coordinator.kill();
    let told = |kind: &str| format!("carbon.kind=average_{kind}");
    let mut refused = study.coordinator(&["--set", &told("direct")]);
    refused.end().with(1).saying(&["the study's books of DE are in average_lifecycle", "average_direct now"]);
    let mut coordinator = study.coordinator(&["--set", &told("lifecycle")]);
    study.until("it goes on", |seen| seen.lives() == 2);
    coordinator.kill();
}

/// Hours whose figure came, and then a decision, before they were over; the youngest, which the study's end may have cut short,
/// counts once so `many` others do.
fn decided_in_time(history: &History, many: usize) -> BTreeSet<GridHour> {
    let clock = history.events().find_map(|event| match event {
        Event::StudyStarted { clock, .. } => Some(*clock),
        _ => None,
    });
    let clock = clock.expect("the study has begun");
    let (mut observed, mut decided) = (BTreeSet::new(), BTreeSet::new());
    for record in &history.0 {
        match &record.event {
            Event::CarbonObserved { samples } => observed.extend(samples.iter().map(|sample| sample.hour)),
            Event::AllocationDecided { .. } => {
                decided.extend(observed.get(&clock.grid(record.at).hour()).copied());
            }
            _ => {}
        }
    }
    if decided.len() >= many {
        decided.extend(observed.last().copied());
    }
    decided
}

#[test]
fn a_coordinator_killed_over_and_over_keeps_to_the_budget_of_requests() {
    const BUDGET: usize = 4;
    let service = Service::new(Manner::Serves(LIVING));
    let keys = tempfile::tempdir().expect("a folder for the key");
    let study = Study::new(&settings(&service, keys.path(), &format!("requests_per_day = {BUDGET}")));
    for life in 1..=6 {
        let mut coordinator = study.coordinator(&[]);
        study.until("an hour is observed in this life", |seen| {
            let observed = |event: &Event| matches!(event, Event::CarbonObserved { .. });
            seen.lives() == life && seen.this_life().any(observed)
        });
        pause(Duration::from_millis(150));
        coordinator.kill();
    }
    assert_eq!(service.asked().len(), BUDGET);
}
