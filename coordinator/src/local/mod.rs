//! The workers that `ce-nas run` starts on its own machine: processes of their own, which outlive it, are found again by its
//! successor through the lock they hold, and are started anew when they vanish, or leave while there is work. One that is drained is
//! started once it is released.

mod tries;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use common::config::{Config, OrWord, Security};
use nix::fcntl::{Flock, FlockArg};
use tokio::process::{Child, Command};
use tokio::time::Instant;
use transport::Endpoint;

use self::tries::{End, Tries, is_passing};
use crate::actor::Glance;
use crate::directory::{StudyDirectory, write_whole};
use crate::keyring::Keyring;

/// How long an orphan waits for a coordinator to come back before it ends by itself, unless configured.
const ORPHAN_GIVES_UP_S: f64 = 900.0;

#[derive(Debug)]
pub struct LocalWorker {
    pub name: String,
    directory: PathBuf,
    program: PathBuf,
    state: Process,
    tries: Tries,
}

#[derive(Debug)]
enum Process {
    /// Started by this process.
    Ours { child: Child, since: Instant },
    /// Started by a predecessor and still alive.
    Adopted,
    /// To be started at this time.
    Due(Instant),
    /// Drained: to be started once it is released.
    Held,
    /// To start it again would only repeat its end.
    Hopeless,
}

/// What the coordinator knows of local workers.
#[derive(Debug)]
pub struct Known {
    is_over: bool,
    /// Those of any machine: whoever of them comes is turned away.
    drained: BTreeSet<String>,
}

impl Known {
    pub fn of(glance: &Glance<'_>) -> Self {
        let state = glance.core.state();
        let drained = state.workers.iter().filter(|(_, record)| record.turned_away);
        Self {
            is_over: state.finished.is_some(),
            drained: drained.map(|(name, _)| name.to_string()).collect(),
        }
    }
}

/// Prepares keys, directories and settings of the local workers. Nothing is started yet.
pub fn prepare(config: &Config, study: &StudyDirectory) -> Result<Vec<(String, PathBuf)>> {
    let keyring = Keyring::new(study.keys());
    let mut prepared = Vec::new();
    for index in 0..config.local.workers {
        let name = format!("local-{index}");
        let directory = study.workers().join(&name);
        std::fs::create_dir_all(&directory)
            .with_context(|| format!("the worker directory {} can't be made", directory.display()))?;
        if config.coordinator.security == Security::Curve {
            keyring.admit_new(&name)?;
        }
        prepared.push((name, directory));
    }
    Ok(prepared)
}

impl LocalWorker {
    /// Finds a worker that a predecessor left running, or gets ready to start one.
    pub fn new(
        name: String,
        directory: PathBuf,
        config: &Config,
        study: &StudyDirectory,
        at: &Endpoint,
    ) -> Result<Self> {
        let keyring = Keyring::new(study.keys());
        let mut settings = config.clone();
        settings.worker.name.clone_from(&name);
        settings.worker.coordinator = at.to_string();
        settings.worker.coordinator_key = keyring.public().display().to_string();
        settings.worker.key = keyring.worker_key(&name).display().to_string();
        settings.worker.directory = directory.display().to_string();
        if settings.worker.command.is_empty() {
            // It is the same person's: these workers need no keys to start it.
            settings.worker.command.clone_from(&settings.evaluation.command);
        }
        settings.worker.slots = OrWord::number(settings.worker.slots.get().unwrap_or(1));
        if settings.worker.give_up_s.get().is_none() {
            settings.worker.give_up_s = OrWord::number(ORPHAN_GIVES_UP_S);
        }
        if settings.worker.threads.get().is_none() {
            let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            let share = (cores / usize::from(config.local.workers.max(1))).max(1);
            settings.worker.threads = OrWord::number(u32::try_from(share).unwrap_or(1));
        }
        let path = directory.join("worker.toml");
        write_whole(&path, toml::to_string(&settings)?.as_bytes())
            .with_context(|| format!("{} can't be written", path.display()))?;
        let alive = is_locked(&directory.join("worker.lock"));
        let state = if alive { Process::Adopted } else { Process::Due(Instant::now()) };
        let program = worker_program()?;
        Ok(Self { name, directory, program, state, tries: Tries::default() })
    }

    /// Starts what is due, notices what ended. Called a few times a second.
    pub fn tend(&mut self, known: &Known) -> Result<()> {
        let is_drained = known.drained.contains(&self.name);
        match &mut self.state {
            Process::Ours { child, since } => {
                let Some(status) = child.try_wait()? else { return Ok(()) };
                let lived = since.elapsed();
                self.state = if is_locked(&self.directory.join("worker.lock")) {
                    // It found a predecessor there that had not taken its lock yet when we looked.
                    Process::Adopted
                } else if let Some(pause) = self.tries.after(End::Exit(status.code()), lived, is_drained) {
                    tracing::info!(worker = %self.name, %status, "a local worker ended");
                    Process::Due(Instant::now() + pause)
                } else {
                    Process::Hopeless
                };
            }
            Process::Adopted => {
                if !is_locked(&self.directory.join("worker.lock")) {
                    self.state = Process::Due(Instant::now());
                }
            }
            Process::Due(_) if is_drained => {
                tracing::warn!(worker = %self.name, "a local worker is drained: it is started once it is released");
                self.state = Process::Held;
            }
            Process::Held if !is_drained => self.state = Process::Due(Instant::now()),
            Process::Due(at) if Instant::now() >= *at && !known.is_over => self.start(is_drained)?,
            Process::Due(_) | Process::Held | Process::Hopeless => {}
        }
        Ok(())
    }

    fn start(&mut self, is_drained: bool) -> Result<()> {
        let error = match self.spawn() {
            Ok(child) => {
                self.state = Process::Ours { child, since: Instant::now() };
                return Ok(());
            }
            Err(error) => error,
        };
        let passing = error.downcast_ref().is_some_and(is_passing);
        match self.tries.after(End::NotStarted { passing }, Duration::ZERO, is_drained) {
            Some(pause) => {
                tracing::warn!(worker = %self.name, error = format!("{error:#}"), "a local worker can't be started; it is tried again");
                self.state = Process::Due(Instant::now() + pause);
                Ok(())
            }
            None => Err(error),
        }
    }

    pub fn is_gone(&mut self) -> bool {
        match &mut self.state {
            // A child whose state can't be read is not waited for.
            Process::Ours { child, .. } => child.try_wait().map_or(true, |status| status.is_some()),
            Process::Adopted => !is_locked(&self.directory.join("worker.lock")),
            Process::Due(_) | Process::Held | Process::Hopeless => true,
        }
    }

    pub fn is_hopeless(&self) -> bool {
        matches!(self.state, Process::Hopeless)
    }

    /// Asks it to put its work in safety and leave.
    pub fn terminate(&self) {
        let id = match &self.state {
            Process::Ours { child, .. } => child.id().and_then(|id| i32::try_from(id).ok()),
            Process::Adopted => {
                let text = std::fs::read_to_string(self.directory.join("worker.lock")).unwrap_or_default();
                text.trim().parse().ok()
            }
            Process::Due(_) | Process::Held | Process::Hopeless => None,
        };
        if let Some(id) = id {
            // It may have ended by itself in the meantime.
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), nix::sys::signal::Signal::SIGTERM);
        }
    }

    /// The end of its log, for a message about why it ended.
    pub fn last_words(&self) -> String {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    pub fn log(&self) -> PathBuf {
        self.directory.join("worker.log")
    }

    fn spawn(&self) -> Result<Child> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .with_context(|| format!("the log {} can't be written", self.log().display()))?;
        Command::new(&self.program)
            .arg("--config")
            .arg(self.directory.join("worker.toml"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // A group of its own: Ctrl-C in the terminal is for the coordinator, which then asks its workers to leave.
            .process_group(0)
            .spawn()
            .with_context(|| format!("{} can't be started", self.program.display()))
    }
}

/// `ce-nas-worker` lies beside `ce-nas`.
fn worker_program() -> Result<PathBuf> {
    let own = std::env::current_exe().context("the path of this program is unknown")?;
    let program = own.with_file_name("ce-nas-worker");
    if !program.exists() {
        bail!("there is no {}: build it with `cargo build --release -p worker`", program.display());
    }
    Ok(program)
}

/// Whether a live process holds the lock.
pub(crate) fn is_locked(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        // Dropping it at once gives it back.
        Ok(_) => false,
        Err((_, error)) => error == nix::errno::Errno::EWOULDBLOCK,
    }
}
