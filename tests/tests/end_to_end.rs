//! The real programs as a user runs them, and as accidents befall them: killed, asked to leave, left alone. Whatever happens, the
//! study ends by itself and its books are in order.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use common::energy::Purpose;
use common::event::Event;
use common::fidelity::Fidelity;
use common::id::WorkerName;
use common::seed::Seed;
use common::trial::Subject;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::RngExt;
use serde_json::Value;
use system_tests::lab::books::audit;
use system_tests::lab::patience::{pause, until};
use system_tests::lab::study::History;
use system_tests::lab::{REHEARSAL, Study, programs};

#[test]
fn a_study_outlives_the_killing_of_its_coordinator_and_of_a_worker() {
    let given = std::env::var("CENAS_LAB_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or(20_260_504);
    println!("seed {seed} (CENAS_LAB_SEED=N for another)");
    let mut dice = Seed(seed).stream("kills", 0);
    let study = Study::new(REHEARSAL);

    let longer = ["--set", "budget.hours=26"];
    let mut first = study.run(&longer);
    let enough = dice.random_range(2..6);
    study.until("both workers are at work", |seen| {
        seen.sessions().len() == 2 && seen.finished().len() >= enough
    });
    pause(Duration::from_millis(dice.random_range(0..600)));
    let before = study.history().finished();
    let orphans = study.workers();
    first.kill();
    pause(Duration::from_millis(dice.random_range(200..1500)));
    assert_eq!(study.workers(), orphans, "workers outlive their coordinator");

    let mut second = study.run(&longer);
    let heard = |seen: &History| {
        let acknowledged = |event: &&Event| matches!(event, Event::Acknowledged { .. });
        seen.lives() == 2 && seen.this_life().filter(acknowledged).count() > 4
    };
    let adopted = study.until("the workers report to the second coordinator", heard);
    assert_eq!(study.workers(), orphans, "the second coordinator takes up the workers of the first");
    assert!(
        adopted.sessions().values().all(|sessions| *sessions == 1),
        "and their sessions go on: {:?}",
        adopted.sessions()
    );

    let more = adopted.finished().len() + dice.random_range(1..4);
    study.until("more has finished", |seen| seen.finished().len() >= more || is_over(seen));
    let victim = format!("local-{}", dice.random_range(0..2));
    let before: Vec<_> = before.union(&study.history().finished()).copied().collect();
    kill(Pid::from_raw(orphans[&victim][0]), Signal::SIGKILL).expect("the victim is alive");
    let again = |seen: &History| seen.sessions()[&WorkerName::new(&victim)] == 2;
    study.until("the victim's place is taken", again);
    let now = study.workers();
    assert!(now.values().all(|processes| processes.len() == 1), "one process a directory: {now:?}");
    assert_ne!(now[&victim], orphans[&victim]);

    second.end().with(0).saying(&["study finished", "report.html"]);
    until("the workers leave", || study.workers().is_empty().then_some(()));
    let books = audit(&study.directory);
    books.check_report(&study.directory);
    let finished = study.history().finished();
    assert!(before.iter().all(|trial| finished.contains(trial)), "no finished trial is lost");
    assert!(!books.front().is_empty(), "a front was found");

    // Asked once more, it says that there is nothing to do and changes nothing.
    study.run(&longer).end().with(0).saying(&["this study is finished"]);
    assert_eq!(study.history().0.len(), books.records.len());
}

fn is_over(history: &History) -> bool {
    history.events().any(|event| matches!(event, Event::StudyFinished { .. }))
}

/// The one task that is a full training, and whose it is.
fn full_training(history: &History) -> Option<(common::id::TaskId, WorkerName)> {
    let full: Vec<_> = history
        .events()
        .filter_map(|event| match event {
            Event::TrialProposed {
                trial,
                subject: Subject::Network { fidelity: Fidelity::Full, .. },
                ..
            } => Some(*trial),
            _ => None,
        })
        .collect();
    history.leased().into_iter().find(|(task, _)| full.contains(&task.trial))
}

#[test]
fn two_machines_without_run() {
    // Everything trains at once, so that there is something to interrupt.
    let greedy =
        ["--set", "allocation.policy=greedy", "--set", "budget.hours=30", "--set", "budget.trainings=4"];
    let slow = ["--set", "evaluation.rehearsal_epoch_s=0.4"];
    let more = [&greedy[..], &slow[..]].concat();
    let study = Study::new(REHEARSAL);
    study.keys_for("near");
    study.keys_for("far");
    let mut coordinator = study.coordinator(&more);
    let mut near = study.worker("near", &slow);
    let mut far = study.worker("far", &slow);

    let working = |seen: &History| {
        seen.sessions().len() == 2 && seen.leased().values().any(|worker| worker.as_str() == "far")
    };
    study.until("both workers are there and the far one has work", working);
    let (status, workers) = (study.told("status"), study.told("workers"));
    assert_eq!(status["state"], "running");
    assert_eq!(names(&workers, "name"), ["far", "near"]);
    far.signal(Signal::SIGTERM);
    far.end().with(0).saying(&["stopped on request"]);
    let parted = study.until("its leave is taken", |seen| {
        seen.events()
            .any(|event| matches!(event, Event::WorkerLost { worker, .. } if worker.as_str() == "far"))
    });
    assert!(parted.leased().values().all(|worker| worker.as_str() == "near"), "it leaves nothing behind");
    let crashed = |event: &Event| matches!(event, Event::TaskFailed { .. });
    assert!(!parted.events().any(crashed), "a polite leave is no crash");

    coordinator.end().with(0).saying(&["study finished"]);
    near.end().with(0).saying(&["the study is over"]);
    let books = audit(&study.directory);
    books.check_report(&study.directory);

    let (status, workers) = (study.told("status"), study.told("workers"));
    let (trials, front) = (study.told("trials"), study.told("front"));
    assert_eq!(status["state"], "finished");
    assert_eq!(status["trials"]["total"], books.state.trials.len());
    let kwh = status["energy"]["kwh"].as_f64().expect("kWh");
    assert!((kwh - books.kwh(|_, _, _| true)).abs() <= 1e-9, "status tells {kwh} kWh");
    assert_eq!(status["front_size"], books.front().len());
    assert_eq!(front.as_array().expect("a list").len(), books.front().len());
    let trials = trials.as_array().expect("a list");
    let finished = trials.iter().filter(|trial| trial["state"] == "finished").count();
    assert_eq!(finished, study.history().finished().len());
    assert_eq!(trials.len(), books.state.trials.len());
    for worker in workers.as_array().expect("a list") {
        let record = &books.state.workers[&WorkerName::new(worker["name"].as_str().expect("a name"))];
        assert!((worker["joules"].as_f64().expect("joules") - record.joules.0).abs() < 1e-6);
        assert_eq!(worker["sessions"], record.sessions);
    }
    for command in ["status", "workers", "trials", "front"] {
        let directory = study.directory.to_str().expect("plain text");
        let shown = study.ce_nas(&[command, "--dir", directory]).with(0);
        assert!(shown.out.lines().count() > 1, "{command} for people: {}", shown.out);
    }
}

fn names(list: &Value, key: &str) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|item| item[key].as_str().expect("a name").into()).collect()
}

#[test]
fn a_worker_outlives_an_absent_coordinator_and_delivers_once() {
    let more = [
        ["--set", "allocation.policy=greedy"],
        ["--set", "ladder.one_shot=false"],
        ["--set", "evaluation.rehearsal_epoch_s=0.5"],
        ["--set", "budget.trainings=3"],
        ["--set", "budget.hours=60"],
    ];
    let more = more.concat();
    let study = Study::new(REHEARSAL);
    study.keys_for("patient");
    let mut first = study.coordinator(&more);
    let mut worker = study.worker("patient", &[]);
    let seen = study.until("a full training is under way", |seen| full_training(seen).is_some());
    let (task, _) = full_training(&seen).expect("just seen");
    first.kill();
    // A full training takes three seconds: it ends while nobody listens.
    pause(Duration::from_secs(5));
    assert!(worker.is_running());
    let mut second = study.coordinator(&more);
    second.end().with(0).saying(&["study finished"]);
    worker.end().with(0).saying(&["the study is over"]);

    let history = study.history();
    let of_task = |event: &&Event| match event {
        Event::TaskLeased { task: of, .. }
        | Event::TaskFailed { task: of, .. }
        | Event::TrialFinished { task: of, .. } => of.trial == task.trial,
        _ => false,
    };
    let story: Vec<&Event> = history.events().filter(of_task).collect();
    assert!(
        matches!(story[..], [Event::TaskLeased { .. }, Event::TrialFinished { task: finished, .. }] if *finished == task),
        "leased once, finished once: {story:?}"
    );
    assert_eq!(
        history.sessions(),
        BTreeMap::from([(WorkerName::new("patient"), 1)]),
        "it is the same session"
    );
    let books = audit(&study.directory);
    books.check_report(&study.directory);
    // The hours of absence are in the books like any others.
    let trained = books.state.trials[&task.trial].joules.0;
    assert!(trained > 0.0, "the energy of the training that nobody watched was booked");
}

/// Opens what the study left with nothing of ours: TorchScript by PyTorch, weights by the safetensors package.
const OPEN_FRONT: &str = r#"
import gzip, json, pathlib, sys
import numpy, torch
from safetensors import safe_open

def idx(folder, name):
    path = next(path for path in folder.iterdir() if path.name.startswith(name))
    data = (gzip.open if path.suffix == ".gz" else open)(path, "rb").read()
    sizes = [int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big") for i in range(data[3])]
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * len(sizes)).reshape(sizes)

study, images = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
pixels = torch.from_numpy(idx(images, "t10k-images").astype("float32") / 255).unsqueeze(1)
labels = torch.from_numpy(idx(images, "t10k-labels").astype("int64"))
found = []
for network in json.loads((study / "report.json").read_text())["front"]:
    module = torch.jit.load(str(study / network["files"]["torchscript"]))
    with torch.no_grad():
        right = sum(int((module(x).argmax(1) == y).sum()) for x, y in zip(pixels.split(1000), labels.split(1000)))
    with safe_open(str(study / network["files"]["weights"]), "pt") as weights:
        names = list(weights.keys())
        parameters = sum(weights.get_tensor(name).numel() for name in names)
        about = json.loads(weights.metadata()["cenas_network"])
    found.append({"images": len(labels), "accuracy": right / len(labels), "tensors": len(names), "numbers": parameters,
                  "architecture": about["architecture"]})
print(json.dumps(found))
"#;

#[test]
fn real_networks_on_real_images_and_their_files_in_python() {
    let (true, Some(images)) = (programs::has_torch(), programs::fashion_mnist()) else { return };
    let data = format!("[data]\nformat = \"idx\"\npath = {images:?}\naugmentation = \"none\"\n");
    let settings = format!("{TINY_TORCH}\n{data}training_images = 600\nvalidation_images = 200\n");
    let study = Study::new(&settings);
    study.run(&[]).end().with(0).saying(&["study finished", "2 full trainings"]);
    let books = audit(&study.directory);
    books.check_report(&study.directory);
    let finished = |purpose| {
        books.state.trials.values().any(|t| t.subject.purpose() == purpose && t.evaluation.is_some())
    };
    assert!([Purpose::Supernet, Purpose::OneShot, Purpose::Rung, Purpose::Full].into_iter().all(finished));
    let front = study.told("front");
    let front = front.as_array().expect("a list");
    assert!(!front.is_empty());
    for network in front {
        for kind in ["weights", "torchscript"] {
            let file = network["files"][kind].as_str().expect("a file");
            assert!(study.directory.join(file).is_file(), "{file}");
        }
    }

    let Some(python) = programs::python("torch, numpy, safetensors") else { return };
    let script = study.path("open_front.py");
    std::fs::write(&script, OPEN_FRONT).expect("the script");
    let mut command = Command::new(python);
    command.arg(script).arg(&study.directory).arg(&images);
    let found = study.process(command).end().with(0).out;
    let found: Vec<Value> = serde_json::from_str(found.trim()).expect("what Python found");
    assert_eq!(found.len(), front.len());
    for (network, found) in front.iter().zip(&found) {
        let reported = network["test_accuracy"].as_f64().expect("a test accuracy");
        let accuracy = found["accuracy"].as_f64().expect("an accuracy");
        println!("trial {}: reported {reported}, in Python {accuracy}", network["trial"]);
        assert_eq!(found["images"], 10_000);
        assert!((reported - accuracy).abs() <= 1e-4, "reported {reported}, in Python {accuracy}");
        assert!(accuracy > 0.15, "it has learnt something: {accuracy}");
        assert_eq!(found["architecture"], network["architecture"]);
        assert!(
            found["tensors"].as_u64() > Some(10)
                && found["numbers"].as_u64() >= network["parameters"].as_u64()
        );
    }
}

#[test]
fn what_an_inference_costs_is_measured_where_it_is_minimised() {
    let (true, Some(images)) = (programs::has_torch(), programs::fashion_mnist()) else { return };
    let study = Study::new(&format!(
        "{TINY_TORCH}
[data]
format = \"idx\"
path = {images:?}
augmentation = \"none\"
training_images = 300
validation_images = 200
[objectives]
minimise = [\"error\", \"latency_ms\", \"joules_per_inference\"]
[objectives.reference]
latency_ms = 10000
joules_per_inference = 10000
"
    ));
    study.run(&["--set", "ladder.one_shot=false", "--set", "budget.trainings=1"]).end().with(0);
    let front = study.told("front");
    let network = &front.as_array().expect("a list")[0];
    for cost in ["latency_ms", "joules_per_inference"] {
        let measured = network[cost].as_f64().expect("measured");
        assert!(measured > 0.0 && network["objectives"][cost] == measured, "{cost} of {network}");
    }
    assert!(network["device"].as_str().is_some_and(|device| !device.is_empty()), "{network}");
}

const TINY_TORCH: &str = r#"
[study]
name = "tiny"
[space]
channels = 4
cells_per_stage = 1
input = [1, 28, 28]
[supernet]
epochs = 1
batch_size = 32
learning_rate = 0.05
[one_shot]
recalibration_images = 64
scoring_images = 100
[training]
epochs = 2
batch_size = 32
learning_rate = 0.1
[ladder]
one_shot = true
rung_epochs = 1
scores_per_rung = 2
rungs_per_full = 1
[search]
initial_samples = 4
batch = 3
# One worker trains, the other scores with the supernet that the first has trained.
[allocation]
policy = "fixed"
[carbon]
start = "2026-05-04T09:00Z"
hour_seconds = 10.0
[budget]
hours = 600
trainings = 2
[coordinator]
listen = "tcp://127.0.0.1:0"
[worker]
device = "cpu"
meter = "estimate"
report_s = 1.0
threads = 1
[local]
workers = 2
"#;
