//! The processes of a study under chaos, and what is done to them.

use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;

use super::network::Network;
use super::plan::{Kind, Misfortune, Victim};
use crate::lab::{Process, Study};

#[derive(Debug)]
pub struct Machines {
    pub study: Study,
    network: Option<Network>,
    endpoint: String,
    /// `--set`s for coordinator and workers.
    more: Vec<String>,
    pub coordinator: Process,
    pub workers: Vec<Process>,
    /// Busy for nothing.
    burners: Vec<Child>,
}

/// How far a misfortune's end has come.
#[derive(Debug, PartialEq, Eq)]
pub enum Mended {
    Whole,
    /// It was asked to leave, and has not left yet.
    NotYet,
}

impl Machines {
    pub fn start(study: Study, count: usize, network: Option<Network>, more: Vec<String>) -> Self {
        for index in 0..count {
            study.keys_for(&name(index));
        }
        let mut machines = Self {
            coordinator: coordinator(&study, network.as_ref(), &more),
            endpoint: String::new(),
            more,
            study,
            network,
            workers: Vec::new(),
            burners: Vec::new(),
        };
        // The port stays the same for all coordinators to come.
        machines.endpoint = machines.study.endpoint();
        machines.workers = (0..count).map(|index| machines.worker(index)).collect();
        machines
    }

    fn worker(&self, index: usize) -> Process {
        let more: Vec<&str> = self.more.iter().flat_map(|setting| ["--set", setting]).collect();
        let command = self.study.worker_command(&self.endpoint, &name(index), &more);
        let command = self.network.as_ref().map(|network| network.on(index, &command)).unwrap_or(command);
        self.study.process(command)
    }

    pub fn strike(&mut self, misfortune: &Misfortune) {
        match (misfortune.kind, misfortune.victim) {
            (Kind::Burn, _) => {
                let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
                self.burners.extend((0..2 * processors).map(|_| busy()));
            }
            (Kind::Kill, victim) => self.process(victim).kill(),
            (Kind::Leave, victim) => self.signal(victim, Signal::SIGTERM),
            (Kind::Stop | Kind::Starve, victim) => self.signal(victim, Signal::SIGSTOP),
            (kind, Victim::Machine(index)) => self.network.as_ref().expect("drawn with one").cut(index, kind),
            (kind, victim) => unreachable!("{victim} is never {kind}"),
        }
    }

    /// The starved are let run for a moment, or held again.
    pub fn breathe(&mut self, victim: Victim, runs: bool) {
        self.signal(victim, if runs { Signal::SIGCONT } else { Signal::SIGSTOP });
    }

    pub fn mend(&mut self, misfortune: &Misfortune) -> Mended {
        match (misfortune.kind, misfortune.victim) {
            (Kind::Burn, _) => {
                for mut burner in self.burners.drain(..) {
                    let _ = burner.kill();
                    let _ = burner.wait();
                }
            }
            (Kind::Leave, victim) if self.process(victim).is_running() => return Mended::NotYet,
            (Kind::Kill | Kind::Leave, Victim::Coordinator) => {
                self.coordinator = coordinator(&self.study, self.network.as_ref(), &self.more);
            }
            (Kind::Kill | Kind::Leave, Victim::Machine(index)) => self.workers[index] = self.worker(index),
            (Kind::Stop | Kind::Starve, victim) => self.signal(victim, Signal::SIGCONT),
            (kind, Victim::Machine(index)) => {
                self.network.as_ref().expect("drawn with one").mend(index, kind);
            }
            (kind, victim) => unreachable!("{victim} is never {kind}"),
        }
        Mended::Whole
    }

    fn process(&mut self, victim: Victim) -> &mut Process {
        match victim {
            Victim::Coordinator => &mut self.coordinator,
            Victim::Machine(index) => &mut self.workers[index],
            Victim::Everybody => unreachable!("no process of its own"),
        }
    }

    /// To a process that may have ended by itself.
    fn signal(&mut self, victim: Victim, signal: Signal) {
        let process = self.process(victim);
        if process.is_running() {
            process.signal(signal);
        }
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        for burner in &mut self.burners {
            let _ = burner.kill();
            let _ = burner.wait();
        }
    }
}

pub fn name(index: usize) -> String {
    format!("machine-{index}")
}

fn coordinator(study: &Study, network: Option<&Network>, more: &[String]) -> Process {
    let listen = network.map(|network| format!("coordinator.listen={}", network.listen()));
    let more: Vec<&str> = more.iter().chain(&listen).flat_map(|setting| ["--set", setting]).collect();
    study.coordinator(&more)
}

fn busy() -> Child {
    let mut command = Command::new("sh");
    // As long as this process lives, also where it is killed.
    command.args(["-c", "while kill -0 $PPID 2>/dev/null; do :; done"]).stdin(Stdio::null());
    command.spawn().expect("a shell")
}
