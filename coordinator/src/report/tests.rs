//! The report of a study told by events: figures add up, files are whole, the page stands alone.

use std::collections::BTreeMap;

use common::energy::Purpose;
use common::event::Record;
use common::time::Timestamp;

use super::sample::{Wishes, numbered, started, study};
use super::*;
use crate::core::State;
use crate::directory::StudyDirectory;

const NOW: Timestamp = Timestamp(sample::WALL + 600_000);

fn report_of(records: &[Record]) -> Report {
    Report::of(&State::fold(records), &Chronicle::of(records), NOW).unwrap()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-12)
}

/// No coordinate is NaN or infinite; the words of a failed training may say so.
fn assert_drawable(page: &str) {
    let page = page.replace("became NaN or infinite", "");
    assert!(
        !page.contains("NaN") && !page.contains("inf ") && !page.contains(">inf") && !page.contains("\"inf")
    );
}

/// A study's directory with its ledger, and the blobs of its front where `with_blobs`.
fn directory(records: &[Record], with_blobs: bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let paths = StudyDirectory::new(folder.path());
    sample::write_ledger(&paths.ledger(), records);
    if with_blobs {
        for network in report_of(records).front {
            sample::write_blobs(&paths, network.trial.0);
        }
    }
    folder
}

#[test]
fn by_fidelity_by_hour_by_zone_and_in_all_are_one_sum() {
    let report = report_of(&study(Wishes::default()));
    let energy = &report.energy;
    let sums = [
        energy.by_fidelity.values().fold((0.0, 0.0), |sum, spent| (sum.0 + spent.kwh, sum.1 + spent.gco2eq)),
        energy.by_hour.iter().fold((0.0, 0.0), |sum, hour| (sum.0 + hour.kwh, sum.1 + hour.gco2eq)),
        energy.by_zone.values().fold((0.0, 0.0), |sum, spent| (sum.0 + spent.kwh, sum.1 + spent.gco2eq)),
    ];
    assert!(energy.total.kwh > 0.0 && energy.total.gco2eq > 0.0);
    for (kwh, grams) in sums {
        assert!(close(kwh, energy.total.kwh), "{kwh} of {}", energy.total.kwh);
        assert!(close(grams, energy.total.gco2eq), "{grams} of {}", energy.total.gco2eq);
    }
    for hour in &energy.by_hour {
        assert!(close(hour.kwh_by_fidelity.values().sum(), hour.kwh));
        assert!(close(hour.kwh * hour.intensity_g_per_kwh, hour.gco2eq));
    }
    let joules: f64 = energy.joules_by_method.values().sum();
    assert!(close(joules, energy.total.kwh * 3.6e6));
    assert!(close(energy.joules_by_meter.values().sum(), joules));
    assert!(close(report.workers.iter().map(|worker| worker.joules).sum(), joules));
}

#[test]
fn training_is_divided_without_a_rest_and_follows_the_grid() {
    let report = report_of(&study(Wishes::default()));
    let facts = &report.training_by_intensity;
    for divided in [facts.against_day_median, facts.against_study_median] {
        let parts = [divided.above, divided.at, divided.below];
        assert!(close(parts.iter().map(|part| part.training_kwh).sum(), report.energy.training.kwh));
        assert!(close(parts.iter().map(|part| part.gco2eq).sum(), report.energy.total.gco2eq));
        assert!((parts.iter().map(|part| part.hours).sum::<f64>() - report.time.grid_hours).abs() < 1e-6);
        assert!(divided.above_to_below.unwrap() < 0.5, "the sample trains in clean hours");
    }
    assert_eq!(facts.days.len(), 2);
    assert_eq!((facts.days[0].hours, facts.days[0].divided.above.hours), (24, 12.0));
    // By hand, from the events alone: joules of trainings whose window began in an hour above its day's median.
    let above: f64 = report
        .energy
        .by_hour
        .iter()
        .filter(|hour| hour.intensity_g_per_kwh > hour.day_median_g_per_kwh)
        .flat_map(|hour| &hour.kwh_by_fidelity)
        .filter(|(purpose, _)| matches!(purpose, Purpose::Supernet | Purpose::Rung | Purpose::Full))
        .map(|(_, kwh)| kwh)
        .sum();
    assert!(close(above, facts.against_day_median.above.training_kwh));
}

#[test]
fn what_happened_is_told() {
    let records = study(Wishes::default());
    let report = report_of(&records);
    let count = |kind: &str| records.iter().filter(|record| record.event.kind() == kind).count() as u64;
    assert_eq!(report.interruptions.suspensions, count("task_suspended"));
    assert_eq!(report.interruptions.failed_attempts, count("task_failed"));
    assert_eq!((report.interruptions.sessions_ended, report.interruptions.coordinator_lives), (1, 1));
    assert!(report.interruptions.resumptions >= report.interruptions.suspensions - 2);
    assert_eq!(report.failed.len(), 1);
    assert!(report.failed[0].reason.contains("NaN"));
    assert_eq!(report.laws.broken, Vec::<String>::new());
    let trials: BTreeMap<_, _> = report.trials.by_fidelity.clone();
    let total: u64 =
        trials.values().map(|c| c.finished + c.running + c.suspended + c.waiting + c.failed).sum();
    assert_eq!(total, report.trials.total);
    assert_eq!(trials[&Purpose::Full].finished as usize, report.hypervolume.history.len());
    let last = report.hypervolume.history.last().unwrap();
    assert!(close(last.hypervolume, report.hypervolume.value));
    assert_eq!(last.front_size as usize, report.front.len());
    assert!(report.carbon.synthetic && report.energy.estimated_share == 1.0);
    assert!(report.notes.iter().any(|note| note.important && note.text.contains("synthetic")));
    let forecasts = &report.forecasts[0];
    assert_eq!((forecasts.issued, forecasts.one_hour_ahead.hours), (48, 47));
    let mape = forecasts.one_hour_ahead.mape_percent.unwrap();
    assert!((2.0..8.0).contains(&mape), "{mape} %: up to 30 g/kWh off at 200 to 400");
    assert!(report.workers.iter().any(|worker| worker.sessions == 2 && worker.lost.len() == 1));
    assert!(report.versions.devices.iter().any(|device| device.contains("libtorch 2.11.0")));
    let member = &report.front[0];
    assert!(member.lineage.len() == 3 && member.origin != "promoted from rung(1)", "{member:?}");
}

#[test]
fn json_round_trips() {
    for records in
        [study(Wishes::default()), numbered([(Timestamp(sample::WALL), started(Wishes::default()))])]
    {
        let report = report_of(&records);
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = page(&report_of(&study(Wishes::default())));
    for foreign in ["http://", "https://", "//cdn", "<script", "<link", "@import", "url(", "<iframe", "<img"]
    {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert_drawable(&page);
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
    assert!(page.contains("The carbon intensity is synthetic") && page.contains("estimated, not metered"));
}

#[test]
fn text_of_the_study_is_escaped() {
    let mut report = report_of(&study(Wishes::default()));
    report.study.name = "<script>alert(1)</script>".into();
    report.study.config = "</pre><b>".into();
    let page = page(&report);
    assert!(!page.contains("<script") && !page.contains("</pre><b>"));
}

#[test]
fn an_empty_study_and_one_without_a_front_have_a_report() {
    let records = study(Wishes { finished: false, ..Wishes::default() });
    let first_full = records.iter().position(|record| {
        matches!(&record.event, common::event::Event::TrialFinished { evaluation, .. } if evaluation.test_error.is_some())
    });
    for records in [&records[..1], &records[..3], &records[..20], &records[..first_full.unwrap()]] {
        let report = report_of(records);
        assert!(report.front.is_empty() && report.time.finished_at.is_none());
        assert_eq!(String::from_utf8(front_csv(&report).unwrap()).unwrap().lines().count(), 1);
        let page = page(&report);
        assert!(page.contains("The study has not ended"));
        assert_drawable(&page);
        serde_json::from_str::<Report>(&serde_json::to_string(&report).unwrap()).unwrap();
    }
    assert!(Report::of(&State::default(), &Chronicle::default(), NOW).is_none());
}

#[test]
fn every_prefix_has_a_report() {
    let records = study(Wishes::default());
    let (mut state, mut chronicle) = (State::default(), Chronicle::default());
    for (number, record) in records.iter().enumerate() {
        state.apply(record.at, &record.event);
        chronicle.apply(record.at, &record.event);
        if number % 37 == 0 {
            let report = Report::of(&state, &chronicle, NOW).unwrap();
            let by_hour: f64 = report.energy.by_hour.iter().map(|hour| hour.kwh).sum();
            assert!((by_hour - report.energy.total.kwh).abs() < 1e-12);
            assert_drawable(&page(&report));
        }
    }
}

#[test]
fn a_table_of_the_front_has_its_members_and_units() {
    let report = report_of(&study(Wishes::default()));
    let text = front_csv(&report).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|field| field == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), report.front.len());
    for (row, network) in rows.iter().zip(&report.front) {
        assert_eq!(row[column("trial")], network.trial.to_string());
        assert_eq!(row[column("architecture")], network.architecture);
        let accuracy: f64 = row[column("test_accuracy_percent")].parse().unwrap();
        assert!((accuracy - 100.0 * network.test_accuracy.unwrap()).abs() < 1e-6);
    }
}

#[test]
fn what_nobody_counted_is_a_dash_and_an_empty_cell() {
    let mut report = report_of(&study(Wishes::default()));
    for network in &mut report.front {
        (network.parameters, network.flops) = (None, None);
    }
    let page = page(&report);
    assert_drawable(&page);
    assert_eq!(page.matches("<td class=\"n\">–</td><td class=\"n\">–</td>").count(), report.front.len());
    assert!(!page.contains(" parameters</small>"), "the headline leaves them out");
    let text = String::from_utf8(front_csv(&report).unwrap()).unwrap();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    for row in rows.records() {
        let row = row.unwrap();
        assert_eq!((&row[4], &row[5]), ("", ""));
    }
}

#[test]
fn files_are_written_with_the_networks_of_the_front() {
    let records = study(Wishes::default());
    let folder = directory(&records, true);
    let written = write(folder.path(), NOW).unwrap();
    assert_eq!(written.exported.len(), 2 * written.report.front.len());
    for network in &written.report.front {
        let weights = std::fs::read(folder.path().join(network.files.weights.as_ref().unwrap())).unwrap();
        assert_eq!(weights, sample::weights(network.trial.0));
        assert!(folder.path().join(network.files.torchscript.as_ref().unwrap()).exists());
    }
    let json = std::fs::read(folder.path().join("report.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Report>(&json).unwrap(), written.report);
    let again = write(folder.path(), NOW).unwrap();
    assert_eq!(again.report, written.report, "writing again changes nothing");
    let names: Vec<String> = std::fs::read_dir(folder.path().join("front"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), written.exported.len(), "no leftovers: {names:?}");
}

#[test]
fn a_missing_or_damaged_blob_is_said_and_not_linked() {
    let records = study(Wishes::default());
    let folder = directory(&records, true);
    let report = report_of(&records);
    let blob = |trial: u64| {
        let root = StudyDirectory::new(folder.path()).blobs();
        crate::blob_store::BlobStore::path(&root, common::blob::BlobId::of(&sample::weights(trial)))
    };
    std::fs::write(blob(report.front[0].trial.0), b"flipped").unwrap();
    std::fs::remove_file(blob(report.front[1].trial.0)).unwrap();
    let written = write(folder.path(), NOW).unwrap();
    let told = written.to_string();
    assert!(told.contains("damaged") && told.contains("can't be read"), "{told}");
    assert!(
        written.report.front[0].files.weights.is_none() && written.report.front[1].files.weights.is_none()
    );
    assert!(written.report.front[0].files.torchscript.is_some());
    assert!(!folder.path().join(format!("front/trial-{}.safetensors", report.front[0].trial)).exists());
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_old_one_and_says_so() {
    let records = study(Wishes::default());
    let folder = directory(&records, false);
    write(folder.path(), NOW).unwrap();
    // A directory where the file should stand refuses any writing, whoever runs the test.
    let blocked = folder.path().join("report.html");
    std::fs::remove_file(&blocked).unwrap();
    std::fs::create_dir(&blocked).unwrap();
    std::fs::write(blocked.join("inside"), "x").unwrap();
    let error = format!("{:#}", write(folder.path(), NOW).unwrap_err());
    assert!(error.contains("report.html") && error.contains("still stands"), "{error}");
    assert!(blocked.join("inside").exists());
}

#[test]
fn each_drawing_is_a_file_of_its_own() {
    let folder = directory(&study(Wishes::default()), true);
    let written = write(folder.path(), NOW).unwrap();
    let drawings: Vec<_> = written.files.iter().filter(|path| path.extension().unwrap() == "svg").collect();
    assert!(drawings.len() >= 4, "{drawings:?}");
    let page = std::fs::read_to_string(folder.path().join("report.md")).unwrap();
    for path in drawings {
        let drawing = std::fs::read_to_string(path).unwrap();
        assert!(drawing.starts_with("<?xml") && drawing.contains("xmlns=") && !drawing.contains("var("));
        assert_drawable(&drawing);
        for element in drawing.split('<') {
            assert!(element.matches(" class=").count() < 2, "an attribute stands twice in {element}");
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(page.contains(&format!("(figures/{name})")), "{name} is shown in the page");
    }
}

#[test]
fn the_page_for_repositories_holds_the_same_figures() {
    let report = report_of(&study(Wishes::default()));
    let page = markdown(&report);
    let total = text::energy(report.energy.total.kwh);
    for wanted in [
        "# ",
        "## The front",
        "## What it cost",
        "## How it was measured",
        "## Forecasts as they turned out",
        "@inproceedings{zhao2024cenas",
        "estimated from utilisation",
        &total,
        &report.front[0].architecture.replace('|', "\\|"),
        report.study.config.lines().next().unwrap(),
    ] {
        assert!(page.contains(wanted), "{wanted}\n{page}");
    }
    assert_drawable(&page);
    assert!(
        markdown(&report_of(&study(Wishes::default())[..1])).contains("## How to do it again"),
        "before anything happened"
    );
}

#[test]
fn an_estimate_may_be_far_off_and_says_so() {
    let report = report_of(&study(Wishes::default()));
    let uncertainty = report.energy.uncertainty;
    assert!(close(uncertainty.share, 0.4), "all of it is estimated: {uncertainty:?}");
    assert!(close(uncertainty.low.kwh + uncertainty.high.kwh, 2.0 * report.energy.total.kwh));
    let page = page(&report);
    assert!(page.contains("± 40") && page.contains("In all between"));
}

/// Writes the sample's pages to `$SAMPLE_REPORT_DIR`, for looking at.
#[test]
fn samples_for_the_eye() {
    let Ok(folder) = std::env::var("SAMPLE_REPORT_DIR") else { return };
    let three = Wishes {
        synthetic: false,
        objectives: "[\"error\", \"parameters\", \"latency_ms\"]",
        ..Wishes::default()
    };
    let records = study(Wishes::default());
    let pages = [
        ("two.html", page(&report_of(&records))),
        ("three.html", page(&report_of(&study(three)))),
        ("early.html", page(&report_of(&records[..60]))),
        ("empty.html", page(&report_of(&records[..1]))),
    ];
    std::fs::create_dir_all(&folder).unwrap();
    for (name, page) in pages {
        std::fs::write(std::path::Path::new(&folder).join(name), page).unwrap();
    }
    std::fs::write(std::path::Path::new(&folder).join("report.md"), markdown(&report_of(&records))).unwrap();
    std::fs::create_dir_all(std::path::Path::new(&folder).join("figures")).unwrap();
    for (name, drawing) in figures(&report_of(&records)) {
        std::fs::write(std::path::Path::new(&folder).join("figures").join(name), drawing).unwrap();
    }
    let json = serde_json::to_vec_pretty(&report_of(&records)).unwrap();
    std::fs::write(std::path::Path::new(&folder).join("report.json"), json).unwrap();
}
