//! One study in a directory of its own: the commands that run it, its workers, its ledger while it grows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::event::{Event, Record};
use common::id::{TaskId, TrialId, WorkerName};
use ledger::Ledger;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use super::patience;
use super::process::{Ended, Process};
use super::programs::command;

/// Everything of it goes with it, whatever processes it left behind included.
#[derive(Debug)]
pub struct Study {
    folder: TempDir,
    pub directory: PathBuf,
}

impl Study {
    /// A study with these settings (TOML). Nothing is started.
    pub fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let directory = folder.path().join("study");
        fs::write(folder.path().join("study.toml"), settings).expect("the settings");
        Self { folder, directory }
    }

    /// The same, with its directory elsewhere.
    pub fn within(settings: &str, directory: PathBuf) -> Self {
        let mut study = Self::new(settings);
        study.directory = directory;
        study
    }

    /// Beside the study's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn run(&self, more: &[&str]) -> Process {
        self.start("run", more)
    }

    pub fn coordinator(&self, more: &[&str]) -> Process {
        self.start("coordinator", more)
    }

    fn start(&self, what: &str, more: &[&str]) -> Process {
        let mut command = command("ce-nas");
        command
            .arg(what)
            .arg("--config")
            .arg(self.path("study.toml"))
            .arg("--dir")
            .arg(&self.directory)
            .args(more);
        self.process(command)
    }

    /// A worker on a "machine" of its own: the folder `name`, with its keys if it has any there.
    pub fn worker(&self, name: &str, more: &[&str]) -> Process {
        self.worker_at(&self.endpoint(), name, more)
    }

    /// The same, which looks for its coordinator elsewhere.
    pub fn worker_at(&self, endpoint: &str, name: &str, more: &[&str]) -> Process {
        self.process(self.worker_command(endpoint, name, more))
    }

    /// What would start it.
    pub fn worker_command(&self, endpoint: &str, name: &str, more: &[&str]) -> Command {
        let machine = self.path(name);
        fs::create_dir_all(&machine).expect("the worker's folder");
        let mut command = command("ce-nas-worker");
        command.arg("--config").arg(self.path("study.toml")).args(["--coordinator", endpoint]);
        command.args(["--directory", "work", "--key", "worker.key", "--coordinator-key", "coordinator.pub"]);
        command.args(["--name", name]).args(more).current_dir(machine);
        command
    }

    /// Makes the coordinator's keys where they are wanted, and a worker's, and brings them to its machine.
    pub fn keys_for(&self, name: &str) {
        let keys = self.directory.join("keys");
        let out = keys.to_str().expect("plain text").to_owned();
        self.ce_nas(&["keygen", "coordinator", "--out", &out]).with(0);
        self.ce_nas(&["keygen", "worker", name, "--out", &out]).with(0);
        let machine = self.path(name);
        fs::create_dir_all(&machine).expect("the worker's folder");
        // A copy keeps the mode, and the mode matters.
        fs::copy(keys.join(format!("{name}.key")), machine.join("worker.key")).expect("the worker's key");
        fs::copy(keys.join("coordinator.pub"), machine.join("coordinator.pub")).expect("the public key");
    }

    /// A short command, to its end.
    pub fn ce_nas(&self, arguments: &[&str]) -> Ended {
        let mut command = command("ce-nas");
        command.args(arguments);
        self.process(command).end()
    }

    /// What `ce-nas NAME --json` tells of this study.
    pub fn told(&self, name: &str) -> Value {
        let directory = self.directory.to_str().expect("plain text");
        let ended = self.ce_nas(&[name, "--dir", directory, "--json"]).with(0);
        serde_json::from_str(&ended.out)
            .unwrap_or_else(|error| panic!("ce-nas {name} --json: {error}\n{}", ended.out))
    }

    pub fn process(&self, command: Command) -> Process {
        Process::start(command, self.folder.path())
    }

    /// Where the coordinator listens, once it does.
    pub fn endpoint(&self) -> String {
        let path = self.directory.join("endpoint");
        patience::until("the coordinator listens", || {
            fs::read_to_string(&path).ok().filter(|text| text.contains("://"))
        })
    }

    /// Waits until something is true of the history.
    pub fn until(&self, what: &str, seen: impl Fn(&History) -> bool) -> History {
        patience::until(what, || Some(self.history()).filter(|history| seen(history)))
    }

    /// The history so far, as anybody may read it beside a running coordinator.
    pub fn history(&self) -> History {
        let path = self.directory.join("ledger.sqlite");
        let Ok(ledger) = Ledger::read_only(&path) else { return History(Vec::new()) };
        History(ledger.read(1).map(|record| record.expect("every event can be read")).collect())
    }

    /// Living worker processes by their directory. One that has not become a worker yet is none, and neither is a guard that a worker
    /// set over what it started.
    pub fn workers(&self) -> BTreeMap<String, Vec<i32>> {
        let mut found: BTreeMap<String, Vec<i32>> = BTreeMap::new();
        for (id, words) in processes_naming(self.folder.path()) {
            let settings = words.iter().find_map(|word| word.strip_suffix("/worker.toml"));
            let (true, Some(settings)) = (words[0].ends_with("ce-nas-worker"), settings) else { continue };
            if fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|name| name.trim() == "ce-nas-guard")
            {
                continue;
            }
            let name = Path::new(settings).file_name().expect("a folder").to_string_lossy().into_owned();
            found.entry(name).or_default().push(id);
        }
        found
    }
}

impl Drop for Study {
    fn drop(&mut self) {
        for folder in [self.folder.path(), &self.directory] {
            for (id, _) in processes_naming(folder) {
                // It may have ended by itself meanwhile.
                let _ = kill(Pid::from_raw(id), Signal::SIGKILL);
            }
        }
    }
}

/// Processes whose command line names `folder`, which is one test's own. Whoever started this one may name it too.
fn processes_naming(folder: &Path) -> Vec<(i32, Vec<String>)> {
    let own = own_line();
    let prefix = folder.display().to_string();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words: Vec<String> =
            line.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        if !own.contains(&id) && words.iter().any(|word| word.starts_with(&prefix)) {
            found.push((id, words));
        }
    }
    found
}

/// This process and those that it descends from.
fn own_line() -> BTreeSet<i32> {
    let parent = |id: i32| -> Option<i32> {
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
    };
    std::iter::successors(Some(std::process::id().cast_signed()), |id| parent(*id)).collect()
}

/// A ledger's records, asked simple questions.
#[derive(Debug)]
pub struct History(pub Vec<Record>);

impl History {
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.0.iter().map(|record| &record.event)
    }

    /// Trials with a result.
    pub fn finished(&self) -> BTreeSet<TrialId> {
        self.events()
            .filter_map(
                |event| if let Event::TrialFinished { task, .. } = event { Some(task.trial) } else { None },
            )
            .collect()
    }

    /// How many sessions each worker has had.
    pub fn sessions(&self) -> BTreeMap<WorkerName, usize> {
        let mut sessions: BTreeMap<WorkerName, BTreeSet<_>> = BTreeMap::new();
        for event in self.events() {
            if let Event::WorkerJoined { worker, session, .. } = event {
                sessions.entry(worker.clone()).or_default().insert(*session);
            }
        }
        sessions.into_iter().map(|(worker, sessions)| (worker, sessions.len())).collect()
    }

    pub fn lives(&self) -> usize {
        self.events().filter(|event| matches!(event, Event::CoordinatorStarted { .. })).count()
    }

    /// Tasks handed out and not ended, with who has them.
    pub fn leased(&self) -> BTreeMap<TaskId, WorkerName> {
        let mut leased = BTreeMap::new();
        for event in self.events() {
            match event {
                Event::TaskLeased { task, worker, .. } => drop(leased.insert(*task, worker.clone())),
                Event::TaskSuspended { task, .. }
                | Event::TaskFailed { task, .. }
                | Event::TrialFinished { task, .. } => drop(leased.remove(task)),
                _ => {}
            }
        }
        leased
    }

    /// Events written since the last coordinator started.
    pub fn this_life(&self) -> impl Iterator<Item = &Event> {
        let began =
            self.0.iter().rposition(|record| matches!(record.event, Event::CoordinatorStarted { .. }));
        self.0[began.unwrap_or(0)..].iter().map(|record| &record.event)
    }
}
