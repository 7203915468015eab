//! What there is to know of a machine and a study's settings. Looks, and judges nothing.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::config::{Config, EvaluatorKind, Security};
use common::probe::Probe;
use transport::{Endpoint, KeyPair, PublicKey};

use crate::carbon;
use crate::clock;
use crate::directory::StudyDirectory;
use crate::keyring::Keyring;
use crate::source::Source;

/// Everything that findings are made of. A field that is an `Err` says why it is not known, or what is wrong.
#[derive(Debug, Clone)]
pub struct Facts {
    pub evaluator: EvaluatorKind,
    /// The compilers that a build needs and that are not on the path.
    pub tools_missing: Vec<&'static str>,
    /// Of the worker's program beside this one.
    pub worker: Result<Probe, WorkerTrouble>,
    /// Whether a board of NVIDIA's is on the bus.
    pub has_nvidia_board: bool,
    pub nvidia_driver: Option<String>,
    pub clock: Clock,
    pub disk: Result<Disk, String>,
    /// Where the coordinator will listen.
    pub port: Result<String, PortTrouble>,
    /// How many keys are in order, or what is wrong with one.
    pub keys: Result<Keys, String>,
    pub carbon: Carbon,
    pub data: Option<Data>,
    /// The program that trains, where it is the user's own, and whether it can be started.
    pub program: Option<(String, bool)>,
    /// Files that one process may have open: each worker takes one.
    pub open_files: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerTrouble {
    Missing(PathBuf),
    /// It can't be started for want of a library.
    Library(String),
    Other(String),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clock {
    /// Whether the system says that it is kept by the network; none where it doesn't say.
    pub kept: Option<bool>,
    /// Seconds since the Unix epoch.
    pub now_s: i64,
    /// When the study's last event happened, by the clock of then.
    pub last_event_s: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    pub free_bytes: u64,
    pub total_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortTrouble {
    /// Another process listens there.
    Taken(String),
    Other(String),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keys {
    /// Without keys anybody on the machine may take part.
    pub off: bool,
    /// Whether the coordinator has a pair; it makes one when it starts.
    pub coordinator: bool,
    pub admitted: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carbon {
    /// As `carbon.source` says.
    pub source: String,
    /// What keeps the source from working.
    pub trouble: Option<String>,
    pub keys: Vec<carbon::KeyState>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    pub path: String,
    pub exists: bool,
}

impl Facts {
    pub fn gather(config: &Config) -> Self {
        let directory = StudyDirectory::new(&config.study.directory);
        let live = carbon::Settings::new(&config.carbon, common::seed::Seed(config.study.seed));
        let program = config.evaluation.command.first();
        Self {
            evaluator: config.evaluation.evaluator,
            tools_missing: ["cargo", "cc", "c++"]
                .into_iter()
                .filter(|tool| on_path(tool).is_none())
                .collect(),
            worker: worker(config),
            has_nvidia_board: has_nvidia_board(Path::new("/sys/bus/pci/devices")),
            nvidia_driver: first_line(Path::new("/proc/driver/nvidia/version")),
            clock: clock(&directory),
            disk: disk(directory.root()),
            port: port(config, &directory),
            keys: keys(config, &directory),
            carbon: Carbon {
                source: config.carbon.source.clone(),
                trouble: carbon::build(&live).err().map(|error| error.to_string()),
                keys: carbon::keys(&config.carbon),
            },
            data: (config.evaluation.evaluator == EvaluatorKind::Torch).then(|| Data {
                path: config.data.path.clone(),
                exists: Path::new(&config.data.path).exists(),
            }),
            program: program.map(|program| (program.clone(), on_path(program).is_some())),
            open_files: nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE)
                .map_or(0, |(soft, _)| soft),
        }
    }
}

/// Where a program is found; a path is taken as it is.
fn on_path(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| path.is_file());
    }
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn first_line(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().next().map(|line| line.trim().to_owned())
}

/// A display or compute controller (PCI class 03) of vendor 10de.
fn has_nvidia_board(devices: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(devices) else { return false };
    let says = |path: PathBuf, start: &str| first_line(&path).is_some_and(|line| line.starts_with(start));
    entries
        .flatten()
        .any(|entry| says(entry.path().join("vendor"), "0x10de") && says(entry.path().join("class"), "0x03"))
}

fn worker(config: &Config) -> Result<Probe, WorkerTrouble> {
    let other = |error: &dyn std::fmt::Display| WorkerTrouble::Other(error.to_string());
    let own = std::env::current_exe().map_err(|error| other(&error))?;
    let program = own.with_file_name("ce-nas-worker");
    if !program.exists() {
        return Err(WorkerTrouble::Missing(program));
    }
    let settings = toml::to_string(config).map_err(|error| other(&error))?;
    let mut probe = Command::new(&program);
    // By standard input: settings may name what is nobody else's business, and a file would have to be cleared away.
    probe.args(["--config", "/dev/stdin", "--probe"]).stdin(std::process::Stdio::piped());
    probe.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = probe.spawn().map_err(|error| other(&error))?;
    if let Some(mut input) = child.stdin.take() {
        // One that can't be loaded reads nothing: its own words tell more.
        let _ = std::io::Write::write_all(&mut input, settings.as_bytes());
    }
    let said = child.wait_with_output().map_err(|error| other(&error))?;
    if said.status.success() {
        return serde_json::from_slice(&said.stdout).map_err(|error| other(&error));
    }
    let words = String::from_utf8_lossy(&said.stderr).trim().to_owned();
    match words.contains("error while loading shared libraries") {
        true => Err(WorkerTrouble::Library(words)),
        false => Err(WorkerTrouble::Other(words)),
    }
}

fn clock(directory: &StudyDirectory) -> Clock {
    let answer = Command::new("timedatectl").args(["show", "-p", "NTPSynchronized", "--value"]).output();
    let kept = answer.ok().filter(|answer| answer.status.success());
    let kept = kept.and_then(|answer| match String::from_utf8_lossy(&answer.stdout).trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    });
    let ledger = directory.ledger();
    let state = ledger.exists().then(|| Source::directory(directory.root()).state().ok()).flatten();
    Clock { kept, now_s: clock::now().0 / 1000, last_event_s: state.map(|state| state.last_at.0 / 1000) }
}

/// Of the directory, or the nearest one above it that is there.
fn disk(directory: &Path) -> Result<Disk, String> {
    let absolute = std::path::absolute(directory).map_err(|error| error.to_string())?;
    let there = absolute.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let stat = nix::sys::statvfs::statvfs(there).map_err(|error| format!("{}: {error}", there.display()))?;
    let unit = stat.fragment_size();
    Ok(Disk { free_bytes: stat.blocks_available() * unit, total_bytes: stat.blocks() * unit })
}

/// Listens for a moment where the coordinator would. A coordinator of this very study may be there.
fn port(config: &Config, directory: &StudyDirectory) -> Result<String, PortTrouble> {
    let listen = &config.coordinator.listen;
    let endpoint = listen.parse::<Endpoint>().map_err(|error| PortTrouble::Other(error.to_string()))?;
    let host = if endpoint.host() == "*" { "0.0.0.0" } else { endpoint.host() };
    match TcpListener::bind((host, endpoint.port())) {
        Ok(_) => Ok(format!("{listen} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let remembered = std::fs::read_to_string(directory.endpoint()).unwrap_or_default();
            let is_ours =
                remembered.trim().parse::<Endpoint>().is_ok_and(|ours| ours.port() == endpoint.port());
            match is_ours && crate::local::is_locked(&directory.ledger().with_extension("lock")) {
                true => Ok(format!("this study's coordinator is at {}", remembered.trim())),
                false => Err(PortTrouble::Taken(listen.clone())),
            }
        }
        Err(error) => Err(PortTrouble::Other(format!("{listen}: {error}"))),
    }
}

fn keys(config: &Config, directory: &StudyDirectory) -> Result<Keys, String> {
    if config.coordinator.security == Security::Null {
        return Ok(Keys { off: true, ..Keys::default() });
    }
    let keyring = Keyring::new(directory.keys());
    let allow = keyring.allow().map_err(|error| format!("{error:#}"))?;
    let mut coordinator = false;
    if keyring.secret().exists() {
        let pair = KeyPair::load(&keyring.secret()).map_err(|error| error.to_string())?;
        let public = PublicKey::load(&keyring.public()).map_err(|error| error.to_string())?;
        if pair.public() != public {
            return Err(format!(
                "{} is not the public half of {}: workers that trust it will not come in",
                keyring.public().display(),
                keyring.secret().display()
            ));
        }
        coordinator = true;
    }
    for (name, admitted) in allow.iter() {
        let path = keyring.worker_key(name.as_str());
        if !path.exists() {
            // Its key lies on its own machine, where it belongs.
            continue;
        }
        let pair = KeyPair::load(&path).map_err(|error| error.to_string())?;
        if pair.public() != *admitted {
            return Err(format!("{} is not the key that {name} is admitted with", path.display()));
        }
    }
    Ok(Keys { off: false, coordinator, admitted: allow.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_is_told_by_vendor_and_class() {
        let folder = tempfile::tempdir().unwrap();
        let device = |name: &str, vendor: &str, class: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).unwrap();
            std::fs::write(path.join("vendor"), vendor).unwrap();
            std::fs::write(path.join("class"), class).unwrap();
        };
        device("0000:00:1f.3", "0x10de\n", "0x040300\n");
        assert!(!has_nvidia_board(folder.path()), "its sound is no board");
        device("0000:3b:00.0", "0x10de\n", "0x030200\n");
        assert!(has_nvidia_board(folder.path()));
        assert!(!has_nvidia_board(&folder.path().join("absent")));
    }
}
