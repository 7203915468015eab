//! The real binary: exit codes, messages, signals, keys.

mod coordinator;

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::fidelity::Fidelity;
use common::wire::{Report, ToWorker};
use coordinator::{Coordinator, subject, task};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use transport::{Allow, KeyPair, ServerSecurity, ZeroMq};

/// No step of these tests takes longer than seconds; a hang is to end with a message.
const HANG: Duration = Duration::from_secs(60);

/// A worker's process, killed if its test fails.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn worker(directory: &Path, arguments: &[&str]) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ce-nas-worker"));
    command.env_clear().current_dir(directory).args(["--directory", "w", "--set", "worker.device=cpu"]);
    Process(command.args(arguments).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
}

fn null(coordinator: &Coordinator) -> [String; 4] {
    let endpoint = coordinator.endpoint.to_string();
    ["--coordinator".into(), endpoint, "--set".into(), "coordinator.security=null".into()]
}

impl Process {
    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id() as i32), signal).unwrap();
    }

    /// Its exit code and what it said.
    async fn end(&mut self) -> (i32, String) {
        let waited = async {
            loop {
                if let Some(status) = self.0.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let status = tokio::time::timeout(HANG, waited).await.expect("the worker does not end");
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (status.code().unwrap_or(-1), said)
    }
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

async fn check_refusal(arguments: &[&str], code: i32, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (found, said) = worker(folder.path(), arguments).end().await;
    assert!(found == code && said.contains(expected), "exit {found}: {said}");
}

#[test]
fn mistakes_end_with_two_and_name_the_cure() {
    run(async {
        check_refusal(&["--no-such-flag"], 2, "--help").await;
        check_refusal(&["--config", "none.toml"], 2, "none.toml").await;
        check_refusal(&["--set", "worker.zon=DE"], 2, "did you mean `worker.zone`?").await;
        check_refusal(&["--coordinator", "nowhere"], 2, "tcp://HOST:PORT").await;
        check_refusal(&[], 2, "worker.key").await;
        check_refusal(&["--log", "a=b=c"], 2, "--log").await;
    });
}

#[test]
fn nobody_answers_and_patience_ends_with_four() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        // A port that was free a moment ago.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let address = format!("tcp://{free}");
        let settings = ["--coordinator", &address, "--set", "coordinator.security=null", "--set"];
        let patience = [&settings[..], &["worker.give_up_s=2"]].concat();
        let (code, said) = worker(folder.path(), &patience).end().await;
        assert!(code == 4 && said.contains("give_up_s"), "exit {code}: {said}");
        assert_eq!(said.matches("waiting for it").count(), 1, "no flood: {said}");
    });
}

#[test]
fn one_worker_per_directory() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let mut coordinator = Coordinator::bind(&ZeroMq).await;
        let arguments = null(&coordinator);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut first = worker(folder.path(), &arguments);
        coordinator.until(|seen| seen.hello.is_some()).await;
        let (code, said) = worker(folder.path(), &arguments).end().await;
        let id = first.0.id().to_string();
        assert!(code == 1 && said.contains(&id) && said.contains("--directory"), "exit {code}: {said}");
        coordinator.say(&ToWorker::StudyOver { reason: "enough".into() });
        coordinator.until(|seen| matches!(seen.reports.last(), Some(Report::Leaving { .. }))).await;
        let (code, said) = first.end().await;
        assert!(code == 0 && said.contains("the study is over: enough"), "exit {code}: {said}");
    });
}

#[test]
fn asked_to_stop_a_worker_puts_its_training_in_safety() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let mut coordinator = Coordinator::bind(&ZeroMq).await;
        let arguments = null(&coordinator);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut process = worker(folder.path(), &arguments);
        coordinator.until(|seen| seen.hello.is_some()).await;
        coordinator.assign(1, 0, subject(Fidelity::Full));
        coordinator.until(|seen| seen.progress > 0).await;
        process.signal(Signal::SIGHUP);
        coordinator.until(|seen| seen.heartbeats > 3 && seen.held.contains(&task(1))).await;
        process.signal(Signal::SIGINT);
        coordinator.until(|seen| matches!(seen.reports.last(), Some(Report::Leaving { .. }))).await;
        let (code, said) = process.end().await;
        assert!(code == 0 && said.contains("stopped on request"), "exit {code}: {said}");
        assert!(coordinator.seen.suspended(1).is_some() || coordinator.seen.finished(1).is_some());
    });
}

#[test]
fn refused_by_the_coordinator_ends_with_three() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let mut coordinator = Coordinator::bind(&ZeroMq).await;
        coordinator.refusal = Some("this study has no zone `MOON`".into());
        let arguments = null(&coordinator);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(["--zone", "MOON"]).collect();
        let mut process = worker(folder.path(), &arguments);
        coordinator.until(|seen| seen.hello.is_some()).await;
        assert_eq!(coordinator.seen.hello.as_ref().unwrap().zone.as_str(), "MOON");
        let (code, said) = process.end().await;
        assert!(code == 3 && said.contains("no zone `MOON`"), "exit {code}: {said}");
    });
}

#[test]
fn with_keys_a_worker_is_known_by_its_key_and_a_stranger_stays_out() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let (server, known, stranger) = (KeyPair::generate(), KeyPair::generate(), KeyPair::generate());
        server.public().save(&folder.path().join("coordinator.pub")).unwrap();
        known.save(&folder.path().join("known.key")).unwrap();
        stranger.save(&folder.path().join("stranger.key")).unwrap();
        let mut allow = Allow::new();
        allow.insert("worker".parse().unwrap(), known.public()).unwrap();
        let security = ServerSecurity::Curve { keys: server, allow };
        let mut coordinator = Coordinator::bind_with(&ZeroMq, security).await;
        let endpoint = coordinator.endpoint.to_string();

        let keys = ["--coordinator", &endpoint, "--key"];
        let mut process = worker(folder.path(), &[&keys[..], &["known.key"]].concat());
        coordinator.until(|seen| seen.hello.is_some()).await;
        coordinator.say(&ToWorker::StudyOver { reason: "enough".into() });
        coordinator.until(|seen| matches!(seen.reports.last(), Some(Report::Leaving { .. }))).await;
        assert_eq!(process.end().await.0, 0);

        let mut coordinator = coordinator.forget_worker();
        let mut process = worker(folder.path(), &[&keys[..], &["stranger.key"]].concat());
        tokio::select! {
            (code, said) = process.end() => assert!(code == 3 && said.contains("key"), "exit {code}: {said}"),
            () = coordinator.until(|_| false) => unreachable!(),
        }
        assert!(coordinator.seen.hello.is_none());
    });
}
