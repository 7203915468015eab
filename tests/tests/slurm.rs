//! `ce-nas cluster slurm`: against a real Slurm where one is installed, and against tools that fail as they are told.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::event::Event;
use nix::sys::signal::Signal;
use serde_json::Value;
use system_tests::lab::books::audit;
use system_tests::lab::patience::until;
use system_tests::lab::programs::command;
use system_tests::lab::service::{Manner, Service};
use system_tests::lab::slurm::Slurm;
use system_tests::lab::study::History;
use system_tests::lab::{Process, REHEARSAL, Study};

const CLEAN: f64 = 100.0;
const DIRTY: f64 = 900.0;

/// A study that trains in clean hours and rests in dirty ones, whose hours are as clean as `service` says. Compared with the cleanest of
/// its last 168 hours, each a second long, a dirty night stays one however long it takes the workers to leave.
fn settings(service: &Service, folder: &Path) -> String {
    let key = folder.join("maps.key");
    fs::write(&key, "k3y\n").expect("a file for the key");
    // A service knows nothing of days to come, so the study's lie well behind.
    REHEARSAL.replace("2026-05-04", "2024-05-06").replace(
        "[carbon]",
        &format!(
            "[allocation]\npolicy = \"threshold\"\nthreshold_percentile = 0.0\n[carbon.electricity_maps]\nurl = {:?}\nkey_file = {key:?}\n\
             [carbon]\nsource = \"live\"\nlive = [\"LOCAL=electricity_maps:DE\"]\nconstants = [\"LOCAL={DIRTY}\"]\n\
             timeout_s = 0.5\nretry_s = 0.2\nrequests_per_day = 100000",
            service.base()
        ),
    )
}

/// Long enough that nothing here is the end of it.
const LONG: [&str; 6] = [
    "--set",
    "budget.hours=4000",
    "--set",
    "evaluation.rehearsal_epoch_s=0.2",
    "--set",
    "training.epochs=40",
];

fn launcher(study: &Study, more: &[&str]) -> Command {
    let mut launcher = command("ce-nas");
    launcher.args(["cluster", "slurm", "--dir"]).arg(&study.directory).args(["--zone", "LOCAL"]);
    launcher.arg("--config").arg(study.path("study.toml"));
    if !more.contains(&"--every") {
        launcher.args(["--every", "1s"]);
    }
    launcher.args(more);
    launcher
}

fn trains(history: &History) -> usize {
    history.leased().values().filter(|worker| worker.as_str().starts_with("slurm-")).count()
}

#[test]
fn from_an_empty_queue_to_workers_training_and_back_to_zero() {
    let Some(slurm) = Slurm::start() else { return };
    let keys = tempfile::tempdir().expect("a folder for the key");
    let mut service = Service::new(Manner::Serves(CLEAN));
    let study = Study::new(&settings(&service, keys.path()));
    let mut coordinator = study.coordinator(&LONG);
    study.endpoint();
    assert!(slurm.queue().is_empty());

    let (name, value) = slurm.environment();
    let start = || {
        let mut launcher = launcher(&study, &["--max", "2", "--linger", "3s"]);
        launcher.env(name, &value);
        study.process(launcher)
    };
    let mut first = start();
    let working = study.until("two workers train", |seen| trains(seen) == 2);
    assert_eq!(working.sessions().len(), 2);
    let arrays: Vec<String> = slurm.queue().into_iter().map(|(id, _)| id).collect();
    assert_eq!(arrays.len(), 2, "{arrays:?}");
    assert_eq!(arrays[0].split('_').next(), arrays[1].split('_').next(), "one array: {arrays:?}");
    // What a job is told, anybody may read; what proves a worker, nobody but its owner.
    let told = slurm.ask("scontrol", &["show", "job", "--details"]);
    let key = fs::read_to_string(study.directory.join("keys/slurm-1.key")).expect("its key");
    let secret = key.lines().find_map(|line| line.strip_prefix("secret")).expect("the secret half").trim();
    let secret = secret.trim_start_matches(['=', ' ']).trim_matches('"');
    assert!(secret.len() > 20 && !told.contains(secret) && !first.said().contains(secret));
    for id in study_processes(&study) {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&line).contains(secret), "process {id}");
    }

    // A second launcher would submit what both miss.
    start().end().with(1).saying(&["another `ce-nas cluster slurm` is at work"]);
    // One that takes over from a dead one finds in the queue what there is.
    first.kill();
    let mut second = start();
    until("it has looked", || second.said().contains("2 wanted, 2 running").then_some(()));
    assert_eq!(slurm.queue().iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), arrays);

    // A dirty night: everything goes back, politely.
    service.behaves(Manner::Serves(DIRTY));
    until("the queue is empty", || slurm.queue().is_empty().then_some(()));
    let night = study.until("both have left", |seen| {
        seen.events().filter(|event| matches!(event, Event::WorkerLost { .. })).count() >= 2
    });
    for event in night.events() {
        if let Event::WorkerLost { worker, reason, .. } = event {
            assert!(reason.contains("asked to stop") || reason.contains("leav"), "{worker}: {reason}");
        }
        assert!(!matches!(event, Event::TaskFailed { .. }), "nobody crashed: {event:?}");
    }
    assert!(night.leased().is_empty());

    // And up again.
    service.behaves(Manner::Serves(CLEAN));
    study.until("they train again", |seen| {
        trains(seen) == 2 && seen.sessions().values().all(|count| *count == 2)
    });

    // The study's end is the launcher's, and no job is left.
    let directory = study.directory.to_str().expect("plain text");
    study.ce_nas(&["stop", "--dir", directory]).with(0);
    coordinator.end().with(0);
    second.end().with(0).saying(&["the study is finished", "no job is left"]);
    assert!(slurm.queue().is_empty());
    audit(&study.directory);
}

/// Processes of this study's workers.
fn study_processes(study: &Study) -> Vec<u32> {
    let text = study.directory.display().to_string();
    let all = fs::read_dir("/proc").expect("processes").flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| {
        fs::read(format!("/proc/{id}/cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&text))
    })
    .collect()
}

#[test]
fn a_successor_takes_over_at_the_time_limit() {
    let Some(slurm) = Slurm::start() else { return };
    let study = Study::new(REHEARSAL);
    let greedy = ["--set", "allocation.policy=greedy"];
    let mut coordinator = study.coordinator(&[&LONG[..], &greedy].concat());
    study.endpoint();
    let (name, value) = slurm.environment();
    // Slurm counts in minutes and gives its signal up to one early: between 50 and 110 seconds after the start.
    let limits = ["--max", "1", "--grace", "70s", "--lead", "150s", "--", "--time=3"];
    let mut command = launcher(&study, &limits);
    command.env(name, value);
    let mut launcher = study.process(command);
    let before = study.until("a worker trains", |seen| trains(seen) == 1);
    until("its successor waits in the queue", || {
        slurm.queue().iter().any(|(_, state)| state == "PENDING").then_some(())
    });
    let after = study.until("the successor trains on", |seen| {
        trains(seen) == 1 && seen.sessions().values().all(|count| *count == 2)
    });
    assert!(after.0.len() > before.0.len());
    let crashed = after.events().filter(|event| matches!(event, Event::TaskFailed { .. })).count();
    assert_eq!(crashed, 0, "the first was asked in time and lost nothing");
    let suspended =
        after.events().filter(|event| matches!(event, Event::TaskSuspended { checkpoint: Some(_), .. }));
    assert!(suspended.count() > 0, "its training was put in safety");
    launcher.kill();
    coordinator.signal(Signal::SIGINT);
    coordinator.end().with(130);
    audit(&study.directory);
}

/// Tools that do as the files beside them say.
struct Tools {
    folder: PathBuf,
}

impl Tools {
    fn new(study: &Study) -> Self {
        let folder = study.path("tools");
        fs::create_dir_all(&folder).expect("a folder");
        let tools = Self { folder };
        tools.make("squeue", "cat \"$here/queue\" 2>/dev/null\nexit 0");
        tools.make(
            "sbatch",
            "[ ! -e \"$here/refusal\" ] || { cat \"$here/refusal\" >&2; exit 1; }\n\
             printf '%s\\n' \"$@\" >\"$here/sbatch.said\"; cat >\"$here/script\"; env >\"$here/environment\"; echo '7;cluster'",
        );
        tools.make("scancel", "printf '%s\\n' \"$@\" >>\"$here/cancelled\"");
        tools
    }

    fn make(&self, name: &str, text: &str) {
        let path = self.folder.join(name);
        fs::write(&path, format!("#!/bin/sh\nhere=$(dirname \"$0\")\n{text}\n")).expect("a tool");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }

    fn launch(&self, study: &Study, more: &[&str]) -> Process {
        let mut command = launcher(study, more);
        command.env("PATH", format!("{}:/usr/bin:/bin", self.folder.display()));
        command.env("CENAS_JOIN_CODE", "not-for-others");
        study.process(command)
    }

    /// One look, as it is told to programs.
    fn look(&self, study: &Study, more: &[&str]) -> Value {
        let ended = self.launch(study, &[&["--once", "--json"], more].concat()).end();
        serde_json::from_str(&ended.out)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", ended.out, ended.err))
    }
}

#[test]
fn what_is_submitted_and_what_goes_wrong() {
    let study = Study::new(REHEARSAL);
    let tools = Tools::new(&study);
    tools.launch(&study, &["--max", "2", "--once"]).end().with(1).saying(&["start its coordinator first"]);
    // One that stays may be started before its coordinator.
    let mut early = tools.launch(&study, &["--max", "0"]);
    until("it waits", || early.said().contains("has not begun yet: waiting").then_some(()));
    let mut coordinator = study.coordinator(&[&LONG[..], &["--set", "allocation.policy=greedy"]].concat());
    study.endpoint();
    let decided =
        |seen: &History| seen.events().any(|event| matches!(event, Event::AllocationDecided { .. }));
    study.until("it has decided", decided);
    until("it looks", || early.said().contains("0 wanted").then_some(()));
    early.kill();

    // Nothing is done that is only to be said.
    let dry = tools.launch(&study, &["--max", "2", "--dry-run"]).end().with(0);
    assert!(dry.out.contains("would submit slurm-1, slurm-2"), "{}", dry.out);
    assert!(tools.read("sbatch.said").is_empty() && !study.directory.join("keys/slurm-1.key").exists());

    let look = tools.look(&study, &["--max", "2", "--", "--partition=gpu"]);
    assert_eq!(
        (&look["wanted"], &look["submitted"]),
        (&2.into(), &serde_json::json!(["slurm-1", "slurm-2"]))
    );
    let said = tools.read("sbatch.said");
    assert!(said.contains("--array=1,2\n--signal=B:TERM@120\n--partition=gpu"), "{said}");
    let comment = format!("--comment={}\n", study.directory.canonicalize().expect("it is there").display());
    assert!(said.contains(&comment), "{said}");
    let script = tools.read("script");
    assert!(script.contains("--key ") && script.contains("/keys'/\"$name.key\""), "{script}");
    assert!(
        !tools.read("environment").contains("not-for-others"),
        "the job is not told this process's settings"
    );
    let mode = fs::metadata(study.directory.join("keys/slurm-2.key")).expect("a key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // What is in the queue is not submitted again; another study's jobs are none of ours; too many go.
    let comment = study.directory.canonicalize().expect("it is there").display().to_string();
    let queue = format!(
        "7_1|1|RUNNING|1:00:00|None|{comment}\n7_2|2|PENDING|4:00:00|Resources|{comment}\n9_1|1|RUNNING|1:00|None|/other\n"
    );
    tools.write("queue", &queue);
    let look = tools.look(&study, &["--max", "2"]);
    assert_eq!(
        (&look["running"], &look["waiting"], &look["did"]),
        (&1.into(), &1.into(), &serde_json::json!([]))
    );
    assert_eq!(look["waiting_for"], serde_json::json!(["Resources"]));
    let look = tools.look(&study, &["--max", "1"]);
    assert_eq!(
        (&look["cancelled"], tools.read("cancelled").as_str()),
        (&serde_json::json!(["7_2"]), "7_2\n")
    );

    // A site that makes another comment of ours hides what was submitted: it is not submitted again and again.
    tools.write("queue", "");
    let look = tools.look(&study, &["--max", "1"]);
    assert_eq!(look["submitted"], serde_json::json!(["slurm-1"]));
    // Whoever only asks what would be done changes nothing of what is remembered.
    tools.launch(&study, &["--max", "1", "--dry-run"]).end();
    tools.write("queue", "7_1|1|RUNNING|1:00:00|None|billed to somebody\n");
    fs::remove_file(tools.folder.join("sbatch.said")).expect("it was asked");
    for _ in 0..2 {
        let look = tools.look(&study, &["--max", "1"]);
        assert!(
            look["trouble"][0].as_str().expect("a sentence").contains("job 7 was submitted here"),
            "{look}"
        );
    }
    assert!(tools.read("sbatch.said").is_empty());
    // One that nobody ever saw may be tried again, and that is told.
    tools.write("queue", "");
    let look = tools.look(&study, &["--max", "1"]);
    assert!(look["trouble"][0].as_str().expect("a sentence").contains("ended before it was seen"), "{look}");
    assert_eq!(look["submitted"], serde_json::json!(["slurm-1"]));

    // A refusal is told in sbatch's words, and by the exit code.
    tools.write("queue", "");
    tools.write("refusal", "sbatch: error: Batch job submission failed: Invalid partition name specified\n");
    tools.launch(&study, &["--max", "1", "--once"]).end().with(1).saying(&["Invalid partition name"]);
    let mut patient = tools.launch(&study, &["--max", "1"]);
    until("it waits before it tries again", || {
        patient.said().contains("nothing is submitted until").then_some(())
    });
    fs::remove_file(tools.folder.join("refusal")).expect("it was there");
    assert!(patient.is_running());
    patient.kill();

    // Without the queue nothing is submitted, without a coordinator nothing is changed.
    tools.write("queue", "slurm_load_jobs error: Unable to contact slurm controller\n");
    let look = tools.look(&study, &["--max", "1"]);
    assert!(look["trouble"][0].as_str().expect("a sentence").contains("does not understand"), "{look}");
    coordinator.signal(Signal::SIGINT);
    coordinator.end().with(130);
    tools.write("queue", &queue);
    tools.write("cancelled", "");
    let ended = tools.launch(&study, &["--max", "2", "--once"]).end().with(1);
    assert!(ended.out.contains("what is there stays") && tools.read("cancelled").is_empty(), "{}", ended.out);
    let look = tools.look(&study, &["--max", "0"]);
    assert_eq!(
        look["cancelled"],
        serde_json::json!(["7_1", "7_2"]),
        "all are given back, whoever can be asked"
    );
}

#[test]
fn what_is_revoked_or_drained_does_not_come_back_by_the_launcher() {
    let study = Study::new(REHEARSAL);
    let tools = Tools::new(&study);
    let mut coordinator = study.coordinator(&[&LONG[..], &["--set", "allocation.policy=greedy"]].concat());
    study.endpoint();
    let decided =
        |seen: &History| seen.events().any(|event| matches!(event, Event::AllocationDecided { .. }));
    study.until("it has decided", decided);
    let directory = study.directory.to_str().expect("plain text");
    let asks = |words: &[&str]| study.ce_nas(&[words, &["--dir", directory]].concat()).with(0);
    let submitted = || tools.look(&study, &["--max", "2"])["submitted"].clone();
    let both = serde_json::json!(["slurm-1", "slurm-2"]);
    assert_eq!(submitted(), both);

    // The key of a revoked one is another from then on, in the file and on the list.
    let key = study.directory.join("keys/slurm-2.key");
    let read = |name: &str| fs::read_to_string(study.directory.join("keys").join(name)).expect("a file");
    let public = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("public")).expect("the public half");
        line.trim_start_matches("public").trim_start_matches([' ', '=']).trim_matches('"').to_owned()
    };
    let (leaked, other) = (public(&read("slurm-2.key")), public(&read("slurm-1.key")));
    asks(&["workers", "revoke", "slurm-2"]);
    assert!(!key.exists() && public(&read("slurm-2.key.revoked")) == leaked);
    assert_eq!(submitted(), both, "the name is free for another job");
    let list = read("allowed-workers");
    assert!(!list.contains(&leaked) && list.contains(&other), "{list}");
    assert!(list.contains(&public(&read("slurm-2.key"))), "{list}");

    // A worker of the launcher's, as a job would start it.
    study.keys_for("slurm-1");
    let mut worker = study.worker("slurm-1", &[]);
    study.until("it is at work", |seen| trains(seen) == 1);
    asks(&["workers", "drain", "slurm-1"]);
    let left = worker.end().with(0);
    assert!(left.out.contains("release slurm-1") || left.err.contains("release slurm-1"), "{}", left.err);
    let look = tools.look(&study, &["--max", "2"]);
    assert_eq!(
        (&look["submitted"], &look["drained"]),
        (&serde_json::json!(["slurm-2"]), &serde_json::json!(["slurm-1"]))
    );
    // Another launcher may start it again: it is not let in, and says why.
    study.worker("slurm-1", &[]).end().with(3).saying(&["ce-nas workers release slurm-1"]);
    let listed = asks(&["workers"]);
    assert!(listed.out.contains("slurm-1 is drained until"), "{}", listed.out);
    asks(&["workers", "release", "slurm-1"]);
    until("it is released", || {
        tools.look(&study, &["--max", "2"])["drained"].as_array().is_some_and(Vec::is_empty).then_some(())
    });
    assert_eq!(submitted(), both);
    let mut again = study.worker("slurm-1", &[]);
    study.until("it is at work again", |seen| trains(seen) == 1);
    again.kill();
    coordinator.signal(Signal::SIGINT);
    coordinator.end().with(130);
    audit(&study.directory);
}

#[test]
fn mistakes_are_named_before_anything_is_asked() {
    let study = Study::new(REHEARSAL);
    let tools = Tools::new(&study);
    for (wrong, cure) in [
        (&["--max", "1", "--min", "2"][..], "--min 2 is more than --max 1"),
        (&["--max", "1", "--grace", "5s"], "up to 25 s"),
        (&["--max", "1", "--lead", "1m"], "shorter than --grace"),
        (&["--max", "1", "--every", "0s"], "a second at least"),
        (&["--max", "1", "--linger", "soon"], "write one such as 90s"),
        (&["--max", "1", "--prefix", "a b"], "letters, digits"),
        (&["--max", "1", "--", "--array=1-9"], "leave it out"),
        (&["--max", "1", "--", "job.sh"], "one word"),
        (&["--max", "10001"], "10001"),
    ] {
        tools.launch(&study, wrong).end().with(2).saying(&[cure]);
    }
}
