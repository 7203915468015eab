//! What people get wrong, as they meet it: a clear message with the cure, an exit code that is not zero, nothing half-written, and
//! after the cure the same command goes on.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use system_tests::lab::books::audit;
use system_tests::lab::{REHEARSAL, Study, images, patience, programs};

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path()).collect()
}

/// Refused as a mistake in the settings, before anything is made.
fn refused(settings: &str, more: &[&str], phrases: &[&str]) {
    let study = Study::new(settings);
    study.run(more).end().with(2).saying(phrases);
    study.coordinator(more).end().with(2).saying(phrases);
    assert!(!study.directory.exists(), "nothing was made");
}

#[test]
fn settings_that_make_no_sense() {
    refused("[budget]\nhuors = 3\n", &[], &["study.toml", "huors", "did you mean `budget.hours`?"]);
    refused(REHEARSAL, &["--set", "budget.hourss=3"], &["did you mean `budget.hours`?"]);
    refused(REHEARSAL, &["--set", "budget.hours=0"], &["budget.hours = 0", "greater than zero", "unlimited"]);
    refused(REHEARSAL, &["--set", "budget.carbon_g=0"], &["budget.carbon_g = 0", "greater than zero"]);
    refused(REHEARSAL, &["--set", "allocation.policy=gredy"], &["did you mean `greedy`?"]);
    refused("[budget\nhours = 3\n", &[], &["study.toml"]);
    let study = Study::new(REHEARSAL);
    study
        .ce_nas(&["run", "--config", "/nowhere/study.toml"])
        .with(2)
        .saying(&["/nowhere/study.toml", "can't be read"]);
    study.run(&["--seed", "many"]).end().with(2).saying(&["--seed"]);
    study
        .run(&["--set", "local.workers=0"])
        .end()
        .with(1)
        .saying(&["local.workers = 0", "ce-nas coordinator"]);
}

#[test]
fn an_unknown_variable_of_the_environment() {
    let study = Study::new(REHEARSAL);
    let mut command = programs::command("ce-nas");
    command.arg("check-config").env("CENAS__BUDGET__HUORS", "3");
    study.process(command).end().with(2).saying(&["CENAS__BUDGET__HUORS", "budget.hours"]);
    // The tests' own variables are not settings, and stand in no program's way.
    let mut command = programs::command("ce-nas");
    command
        .arg("check-config")
        .env("CENAS_PYTHON", "python3")
        .env("CENAS_FASHION_MNIST", "images")
        .env("CENAS_DATA", "data");
    study.process(command).end().with(0);
}

#[test]
fn a_port_in_use_and_afterwards_the_same_command() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = format!("coordinator.listen=tcp://{}", taken.local_addr().expect("its address"));
    let study = Study::new(REHEARSAL);
    let more = ["--set", &listen, "--set", "budget.hours=4"];
    study.run(&more).end().with(1).saying(&["is in use by another process", "choose another port"]);
    assert!(study.history().0.is_empty(), "no study was begun");
    assert!(study.workers().is_empty());
    drop(taken);
    study.run(&more).end().with(0).saying(&["study finished"]);
    audit(&study.directory);
}

#[test]
fn nobody_at_the_coordinators_address() {
    let study = Study::new(REHEARSAL);
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    study.keys_for("lonely");
    fs::write(study.directory.join("endpoint"), format!("tcp://{free}")).expect("an address");
    let ended = study.worker("lonely", &["--set", "worker.give_up_s=3"]).end().with(4);
    let ended = ended.saying(&[&free.to_string(), "worker.give_up_s", "check its address"]);
    assert_eq!(ended.err.matches("waiting for it").count(), 1, "it says so once: {}", ended.err);
}

#[test]
fn keys_that_do_not_fit() {
    let study = Study::new(REHEARSAL);
    study.keys_for("known");
    let coordinator = study.coordinator(&[]);
    study.endpoint();
    // Made after the coordinator read its list, in a keyring of its own.
    let elsewhere = Study::new(REHEARSAL);
    elsewhere.keys_for("unknown");
    let machine = study.path("unknown");
    fs::create_dir_all(&machine).expect("its folder");
    fs::copy(elsewhere.path("unknown/worker.key"), machine.join("worker.key")).expect("its key");
    fs::copy(study.path("known/coordinator.pub"), machine.join("coordinator.pub")).expect("the public key");
    let mut unknown = study.worker("unknown", &[]);
    // Here the coordinator's public key is another one's.
    let wrong = study.path("wrong");
    fs::create_dir_all(&wrong).expect("its folder");
    fs::copy(study.path("known/worker.key"), wrong.join("worker.key")).expect("its key");
    fs::copy(elsewhere.path("unknown/coordinator.pub"), wrong.join("coordinator.pub")).expect("a public key");
    let mut mistaken = study.worker("wrong", &["--set", "worker.give_up_s=30"]);

    // A key that others can read is not used at all.
    let exposed = study.path("known/worker.key");
    fs::set_permissions(&exposed, fs::Permissions::from_mode(0o644)).expect("a mode");
    study.worker("known", &[]).end().with(2).saying(&["readable by others", "chmod 600"]);
    fs::set_permissions(&exposed, fs::Permissions::from_mode(0o600)).expect("a mode");

    unknown.end().with(3).saying(&["refused", "key"]);
    let ended = mistaken.end();
    assert!(matches!(ended.code, Some(3 | 4)), "{ended:?}");
    ended.saying(&["key"]);
    assert!(study.history().sessions().is_empty(), "nobody was let in");
    drop(coordinator);

    let secret = study.directory.join("keys/coordinator.key");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).expect("a mode");
    study.coordinator(&[]).end().with(1).saying(&["coordinator.key", "readable by others", "chmod 600"]);
    let missing = study.path("nobody");
    fs::create_dir_all(&missing).expect("its folder");
    study.worker("nobody", &[]).end().with(2).saying(&["worker.key", "--key"]);
}

#[test]
fn images_that_are_missing() {
    let study = Study::new(&format!("{}\n", images::SETTINGS));
    let nowhere = ["--set", "data.path=/nowhere/images"];
    study.run(&nowhere).end().with(1).saying(&["there are no images at /nowhere/images", "data.path"]);
    assert!(study.history().0.is_empty(), "no study was begun");
    if !programs::has_torch() {
        return;
    }
    // The folder is there, and empty: only a worker can find out.
    let empty = study.path("empty");
    fs::create_dir_all(&empty).expect("a folder");
    let path = format!("data.path={}", empty.display());
    study.run(&["--set", &path]).end().with(1).saying(&[
        "the local workers can't work",
        "train-images-idx3-ubyte",
        "data.path",
    ]);
    assert!(study.workers().is_empty());
}

/// A worker's name, what is done to the images, and what it must say of them.
type Damage<'a> = (&'a str, fn(&Path), &'a [&'a str]);

#[test]
fn images_that_are_damaged() {
    if !programs::has_torch() {
        return;
    }
    let damages: [Damage; 2] = [
        (
            "truncated",
            images::truncate,
            &["train-images-idx3-ubyte", "truncated or damaged", "fetch it again"],
        ),
        ("mislabelled", images::mislabel, &["image 99 of", "label 9", "3 classes", "space.classes"]),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let path = format!("data.path={}", folder.path().display());
    let more =
        ["--set", path.as_str(), "--set", "ladder.one_shot=false", "--set", "allocation.policy=greedy"];
    let study = Study::new(images::SETTINGS);
    for (name, damage, phrases) in damages {
        study.keys_for(name);
        images::write(folder.path());
        damage(folder.path());
        let coordinator = study.coordinator(&more);
        study.endpoint();
        study.worker(name, &[]).end().with(1).saying(phrases);
        let left = study.until("its reason is on record", |seen| {
            seen.0.iter().any(|record| record.event.kind() == "worker_lost")
        });
        assert!(left.finished().is_empty());
        drop(coordinator);
    }
    // With sound files the same study goes on to its end.
    images::write(folder.path());
    study.run(&more).end().with(0).saying(&["study finished"]);
    audit(&study.directory).check_report(&study.directory);
}

/// A trace of hours from midnight of 4 May 2026, each row made by `row`.
fn trace(study: &Study, row: impl Fn(u32) -> Option<String>) -> [String; 6] {
    let rows: Vec<String> = (0..48).filter_map(row).collect();
    let path = study.path("trace.csv");
    fs::write(&path, format!("datetime,carbon_intensity_g_per_kwh\n{}\n", rows.join("\n"))).expect("a trace");
    let traces = format!("carbon.traces=[\"LOCAL={}\"]", path.display());
    ["--set", "carbon.source=trace", "--set", &traces, "--set", "budget.hours=4"].map(str::to_owned)
}

fn hour(hour: u32, value: &str) -> Option<String> {
    Some(format!("2026-05-{:02}T{:02}:00Z,{value}", 4 + hour / 24, hour % 24))
}

#[test]
fn traces_that_are_not_to_be_trusted() {
    let study = Study::new(REHEARSAL);
    let check = |settings: &[String; 6], more: &[&str], phrases: &[&str]| {
        let settings: Vec<&str> = settings.iter().map(String::as_str).chain(more.iter().copied()).collect();
        study.run(&settings).end().with(1).saying(phrases);
        assert!(study.history().0.is_empty(), "no study was begun");
    };
    let gap = trace(&study, |at| if (10..20).contains(&at) { None } else { hour(at, "300") });
    check(&gap, &[], &["trace.csv, line 12", "10 h are missing from 2026-05-04T10:00Z on", "fill them"]);
    let text = trace(&study, |at| hour(at, if at == 5 { "a lot" } else { "300" }));
    check(&text, &[], &["trace.csv, line 7", "`a lot` is not a number", "correct it"]);
    let sound = trace(&study, |at| hour(at, &format!("{}", 200 + 10 * (at % 24))));
    let late = ["--set", "carbon.start=2027-01-01T00:00Z"];
    check(
        &sound,
        &late,
        &["2026-05-04T00:00Z to 2026-05-05T23:00Z", "2027-01-01T00:00Z", "set carbon.start"],
    );
    check(&sound, &["--set", "carbon.start=soon"], &["carbon.start = soon", "2021-07-02T06:00Z"]);
    check(
        &sound,
        &["--set", "carbon.traces=[\"LOCAL=/nowhere.csv\"]"],
        &["/nowhere.csv", "can't be read", "check the path"],
    );
    let settings: Vec<&str> = sound.iter().map(String::as_str).collect();
    study.run(&settings).end().with(0).saying(&["study finished"]);
    audit(&study.directory).check_report(&study.directory);
}

/// Refused, and the ledger's file is afterwards what it was, to the byte.
fn ledger_refused(bytes: &[u8], phrases: &[&str]) {
    let study = Study::new(REHEARSAL);
    fs::create_dir_all(&study.directory).expect("the directory");
    let path = study.directory.join("ledger.sqlite");
    fs::write(&path, bytes).expect("the file");
    let directory = study.directory.display().to_string();
    study.run(&[]).end().with(1).saying(phrases);
    study.ce_nas(&["status", "--dir", &directory]).with(1).saying(phrases);
    study.ce_nas(&["report", "--dir", &directory]).with(1).saying(phrases);
    assert_eq!(fs::read(&path).expect("the file"), bytes, "to the byte");
    let beside: Vec<PathBuf> = files(&study.directory);
    let journal =
        |path: &&PathBuf| path.to_string_lossy().contains("sqlite-") || path.ends_with("report.json");
    assert!(!beside.iter().any(|path| journal(&path)), "{beside:?}");
    assert!(study.workers().is_empty());
}

#[test]
fn a_ledger_of_a_newer_release_or_none_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.sqlite");
    drop(ledger::Ledger::open(&path).expect("a new ledger"));
    let mut newer = fs::read(&path).expect("the ledger");
    // SQLite keeps the user's version at byte 60 of the file, most significant byte first.
    newer[60..64].copy_from_slice(&99u32.to_be_bytes());
    ledger_refused(&newer, &["was written by a newer release (layout 99", "upgrade", "nothing was changed"]);
    ledger_refused(b"Dear diary,\n", &["is not a ledger of CE-NAS", "nothing was changed"]);
    let study = Study::new(REHEARSAL);
    let directory = study.directory.display().to_string();
    study
        .ce_nas(&["status", "--dir", &directory])
        .with(1)
        .saying(&["there is no ledger at", "check the directory"]);
    assert!(!study.directory.exists(), "looking makes nothing");
}

#[test]
fn a_directory_that_is_taken() {
    let study = Study::new(REHEARSAL);
    let mut first = study.run(&["--set", "local.workers=1", "--set", "budget.hours=12"]);
    study.until("the study runs", |seen| !seen.sessions().is_empty());
    // By a coordinator that lives.
    study.run(&[]).end().with(1).saying(&[
        "is being written by process",
        &first.id().to_string(),
        "choose another directory",
    ]);
    // By a worker that lives.
    let mut command = programs::command("ce-nas-worker");
    let local = study.directory.join("workers/local-0");
    command.arg("--config").arg(local.join("worker.toml"));
    let holder = study.workers()["local-0"][0].to_string();
    study.process(command).end().with(1).saying(&["another worker", &holder, "--directory"]);
    first.end().with(0).saying(&["study finished"]);
    // By a study with other settings.
    let before = study.history().0.len();
    let other = ["--seed", "9", "--set", "local.workers=1"];
    study.run(&other).end().with(1).saying(&["holds another study (lab, seed 1)", "choose another"]);
    assert_eq!(study.history().0.len(), before, "nothing was added");
    audit(&study.directory).check_report(&study.directory);
}

/// A small disk of its own; unmounted when it goes.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf) -> Option<Self> {
        fs::create_dir_all(&at).expect("a folder");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(&at).output();
        let mounted = mount.is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: mounting a small disk takes root");
        }
        mounted.then(|| Self(at))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).output();
    }
}

#[test]
fn a_disk_without_room_holds_the_study_up_until_there_is_some() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = Disk::mount(folder.path().join("disk")) else { return };
    let study = Study::within(REHEARSAL, disk.0.join("study"));
    study.keys_for("worker");
    let more =
        ["--set", "budget.hours=40", "--set", "budget.trainings=3", "--set", "allocation.policy=greedy"];
    let mut first = study.coordinator(&more);
    let mut worker = study.worker("worker", &[]);
    study.until("work has begun", |seen| !seen.finished().is_empty());
    let filler = disk.0.join("filler");
    // As much as there is room for; what does not fit any more is an error of no interest.
    let _ = fs::write(&filler, vec![0; 17 << 20]);
    patience::until("the study waits", || first.said().contains("the study waits").then_some(()));
    assert!(first.is_running() && worker.is_running(), "nobody gives up");
    let before = study.history();
    assert!(!before.events().any(|event| event.kind() == "study_finished"));

    fs::remove_file(&filler).expect("room again");
    first.end().with(0).saying(&["no space is left", "study finished"]);
    worker.end().with(0).saying(&["the study is over"]);
    patience::until("the report is there", || study.directory.join("report.json").is_file().then_some(()));
    let books = audit(&study.directory);
    books.check_report(&study.directory);
    assert_eq!(books.records[..before.0.len()], before.0[..], "what was written before still stands");
}
