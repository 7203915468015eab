//! Who may work on a study, changed while it runs: admitted, revoked, invited. Real programs, real keys.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use common::event::Event;
use common::id::WorkerName;
use nix::sys::signal::Signal;
use system_tests::lab::books::audit;
use system_tests::lab::patience::until;
use system_tests::lab::programs::command;
use system_tests::lab::study::History;
use system_tests::lab::{Process, REHEARSAL, Study, free_ports};

/// Long enough that nothing here is the end of it.
const LONG: [&str; 4] = ["--set", "budget.hours=400", "--set", "evaluation.rehearsal_epoch_s=0.3"];

fn joined(history: &History, worker: &str) -> bool {
    history.sessions().contains_key(&WorkerName::new(worker))
}

/// One that was invited, on a "machine" of its own.
fn invited(study: &Study, machine: &str, join: &str) -> Process {
    invited_to(study, machine, join, &study.endpoint())
}

fn invited_to(study: &Study, machine: &str, join: &str, addresses: &str) -> Process {
    let folder = study.path(machine);
    fs::create_dir_all(&folder).expect("the worker's folder");
    let mut worker = command("ce-nas-worker");
    worker.arg("--config").arg(study.path("study.toml")).args(["--coordinator", addresses]);
    worker.args(["--directory", "work", "--join", join]).current_dir(folder);
    study.process(worker)
}

/// The code in the line that `invite` prints.
fn code(line: &str) -> String {
    line.split_whitespace().skip_while(|word| *word != "--join").nth(1).expect("a code").into()
}

#[test]
fn admitted_and_revoked_while_the_study_runs() {
    let study = Study::new(REHEARSAL);
    study.keys_for("stays");
    let mut coordinator = study.coordinator(&LONG);
    let stays = study.worker("stays", &[]);
    study.until("the first is at work", |seen| joined(seen, "stays"));

    study.keys_for("later");
    let mut later = study.worker("later", &[]);
    study.until("the second came in without a restart", |seen| {
        joined(seen, "later") && seen.leased().values().any(|worker| worker.as_str() == "later")
    });
    let directory = study.directory.to_str().expect("plain text").to_owned();
    study.ce_nas(&["workers", "revoke", "later", "--dir", &directory]).with(0);
    let gone = study.until("it is cut off", |seen| {
        let lost = |event: &Event| matches!(event, Event::WorkerLost { worker, reason, .. } if worker.as_str() == "later" && reason.contains("revoked"));
        seen.events().any(lost)
    });
    assert!(gone.leased().values().all(|worker| worker.as_str() == "stays"), "its work is free for others");
    until("it notices", || later.said().contains("does not accept us").then_some(()));
    assert!(later.is_running(), "it waits, as for any coordinator");
    assert!(!study.history().leased().values().any(|worker| worker.as_str() == "later"));
    let keys = study.directory.join("keys");
    assert!(!keys.join("later.key").exists() && keys.join("later.key.revoked").exists());
    study.ce_nas(&["workers", "revoke", "later", "--dir", &directory]).with(1).saying(&["neither admitted"]);

    // Its key is good again as soon as somebody says so.
    let key = study.path("later").join("public");
    let pair = fs::read_to_string(study.path("later").join("worker.key")).expect("its key");
    let public: String =
        pair.lines().filter(|line| line.starts_with("public")).map(|line| format!("{line}\n")).collect();
    fs::write(&key, public).expect("its public half");
    let key = key.to_str().expect("plain text").to_owned();
    study.ce_nas(&["workers", "admit", "later", &key, "--dir", &directory]).with(0);
    study.until("it is back", |seen| {
        let back = seen.events().filter(
            |event| matches!(event, Event::WorkerJoined { worker, .. } if worker.as_str() == "later"),
        );
        back.count() > 1
    });
    assert_eq!(study.history().sessions()[&WorkerName::new("stays")], 1, "the other noticed nothing");
    drop((stays, later));
    coordinator.signal(Signal::SIGINT);
    coordinator.end().with(130);
    audit(&study.directory);
}

#[test]
fn one_pasted_line_makes_a_worker_once() {
    let study = Study::new(REHEARSAL);
    study.keys_for("unused");
    let mut coordinator = study.coordinator(&LONG);
    let endpoint = study.endpoint();
    let directory = study.directory.to_str().expect("plain text").to_owned();
    let line = study.ce_nas(&["workers", "invite", "guest", "--dir", &directory]).with(0).out;
    assert!(line.starts_with(&format!("ce-nas-worker --coordinator {endpoint} --join ")), "{line}");
    let code = code(&line);

    let mut worker = invited(&study, "machine", &code);
    study.until("it works under the name it was invited as", |seen| joined(seen, "guest"));
    let key = study.path("machine").join("work/worker.key");
    assert_eq!(fs::metadata(&key).expect("a key of its own").permissions().mode() & 0o777, 0o600);

    // Used up: another machine with the same code is nobody.
    let mut thief = invited(&study, "elsewhere", &code);
    thief.end().with(3).saying(&["does not take this join code"]);
    // The same machine starts again with the same line, and needs the code no more.
    worker.kill();
    let mut again = invited(&study, "machine", &code);
    study.until("it is back", |seen| seen.sessions().get(&WorkerName::new("guest")) == Some(&2));
    again.signal(Signal::SIGTERM);
    again.end().with(0);
    study
        .ce_nas(&["workers", "invite", "guest", "--dir", &directory])
        .with(1)
        .saying(&["is admitted already"]);

    // By a file and by standard input, so that no command line shows it; and withdrawn before its use.
    let second =
        study.ce_nas(&["workers", "invite", "second", "--for", "5m", "--dir", &directory]).with(0).out;
    let file = study.path("code");
    fs::write(&file, self::code(&second)).expect("the code");
    // Nobody is at the first address, as where a standby has taken over.
    let [free, _] = free_ports();
    let addresses = format!("tcp://127.0.0.1:{free},{endpoint}");
    let mut second = invited_to(&study, "second", &format!("@{}", file.display()), &addresses);
    study.until("the second came in", |seen| joined(seen, "second"));
    second.signal(Signal::SIGTERM);
    second.end().with(0);
    let third = study.ce_nas(&["workers", "invite", "third", "--dir", &directory]).with(0).out;
    study.ce_nas(&["workers", "revoke", "third", "--dir", &directory]).with(0);
    invited(&study, "third", &self::code(&third)).end().with(3);
    invited(&study, "typo", &code[1..]).end().with(2).saying(&["not a join code"]);

    coordinator.signal(Signal::SIGINT);
    coordinator.end().with(130);
    // The secrets of codes and keys are nowhere in what the coordinator keeps or says.
    let seed = &code[64..96];
    for file in
        ["coordinator.log", "ledger.sqlite", "ledger.sqlite-wal", "keys/invitations", "keys/allowed-workers"]
    {
        let bytes = fs::read(study.directory.join(file)).unwrap_or_default();
        assert!(!bytes.windows(seed.len()).any(|window| window == seed.as_bytes()), "{file} holds the code");
    }
    assert!(!coordinator.said().contains(seed) && !again.said().contains(seed));
    audit(&study.directory);
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let study = Study::new(REHEARSAL);
    study.keys_for("careless");
    let mut coordinator = study.coordinator(&LONG);
    let endpoint = study.endpoint();
    let key = study.path("careless").join("worker.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("the mode");
    study.worker_at(&endpoint, "careless", &[]).end().with(2).saying(&["chmod 600"]);
    coordinator.kill();
    let own = study.directory.join("keys/coordinator.key");
    fs::set_permissions(&own, fs::Permissions::from_mode(0o640)).expect("the mode");
    study.coordinator(&LONG).end().with(1).saying(&["chmod 600"]);
}

#[test]
fn a_code_in_the_environment_is_no_setting_and_stays_off_the_command_line() {
    let study = Study::new(REHEARSAL);
    study.keys_for("unused");
    let coordinator = study.coordinator(&LONG);
    let endpoint = study.endpoint();
    let directory = study.directory.to_str().expect("plain text").to_owned();
    let line = study.ce_nas(&["workers", "invite", "quiet", "--dir", &directory]).with(0).out;
    let mut worker = command("ce-nas-worker");
    worker.arg("--config").arg(study.path("study.toml")).args(["--coordinator", &endpoint]);
    fs::create_dir_all(study.path("quiet")).expect("a folder");
    worker.args(["--directory", "work"]).current_dir(study.path("quiet")).env("CENAS_JOIN_CODE", code(&line));
    let worker = study.process(worker);
    study.until("it joined", |seen| joined(seen, "quiet"));
    let shown = fs::read(format!("/proc/{}/cmdline", worker.id())).expect("the command line");
    assert!(!String::from_utf8_lossy(&shown).contains(&code(&line)));
    let help = Command::new(system_tests::lab::programs::program("ce-nas-worker"))
        .arg("--help")
        .env("CENAS_JOIN_CODE", code(&line))
        .output()
        .expect("help");
    assert!(!String::from_utf8_lossy(&help.stdout).contains(&code(&line)), "help does not show it");
    drop((worker, coordinator));
}
