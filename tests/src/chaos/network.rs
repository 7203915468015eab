//! A network of one's own: this thread moves into a network namespace with a bridge, and each machine has a namespace beside it, joined
//! by a cable that can be pulled. All of it vanishes with its processes. Needs root; without, everybody shares this machine's loopback.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sched::{CloneFlags, unshare};

use super::plan::Kind;

/// Where the coordinator listens.
const HERE: &str = "10.77.0.1";
/// Belongs to nobody: what is sent there is lost without a word.
const NOBODY: &str = "02:00:00:00:00:99";

#[derive(Debug)]
pub struct Network {
    /// Each keeps a machine's namespace alive.
    holders: Vec<Child>,
}

impl Network {
    /// None, and a line that says why, where it can't be. From now on the thread that asked, and whatever it starts, is inside.
    pub fn new(machines: usize) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() || !Path::new("/usr/bin/nsenter").exists() {
            println!("nobody is cut off: that needs root and nsenter");
            return None;
        }
        if let Err(error) = unshare(CloneFlags::CLONE_NEWNET) {
            println!("nobody is cut off: no network of one's own can be had: {error}");
            return None;
        }
        let laid = ip("link set lo up")
            && ip("link add lab type bridge")
            && ip(&format!("addr add {HERE}/24 dev lab"))
            && ip("link set lab up");
        assert!(laid, "a network of one's own, but no bridge in it: is `ip` installed?");
        let mut network = Self { holders: Vec::new() };
        for index in 0..machines {
            network.add(index);
        }
        Some(network)
    }

    fn add(&mut self, index: usize) {
        let mut holder = Command::new("unshare");
        holder.args(["--net", "--", "sh", "-c", "echo inside; exec sleep 1000000"]).stdout(Stdio::piped());
        let mut holder = holder.spawn().expect("a process that holds a namespace");
        // It must be inside before it is given a cable.
        let mut word = [0; 6];
        std::io::Read::read_exact(&mut holder.stdout.take().expect("its words"), &mut word)
            .expect("its word");
        let id = holder.id();
        self.holders.push(holder);
        let laid = ip(&format!("link add cable{index} type veth peer name eth0 netns {id}"))
            && ip(&format!("link set cable{index} master lab up"))
            && self.inside(index, "link set lo up")
            && self.inside(index, &format!("addr add {}/24 dev eth0", address(index)))
            && self.inside(index, "link set eth0 up");
        assert!(laid, "no cable to machine {index}");
    }

    pub fn listen(&self) -> String {
        format!("tcp://{HERE}:7590")
    }

    /// The same command on that machine.
    pub fn on(&self, index: usize, command: &Command) -> Command {
        let mut there = Command::new("nsenter");
        there.arg("--target").arg(self.holders[index].id().to_string()).args(["--net", "--"]);
        there.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => there.env(name, value),
                None => there.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            there.current_dir(folder);
        }
        there
    }

    pub fn cut(&self, index: usize, kind: Kind) {
        let done = match kind {
            Kind::CutOff => ip(&format!("link set cable{index} down")),
            Kind::Mute => {
                self.inside(index, &format!("neigh replace {HERE} lladdr {NOBODY} dev eth0 nud permanent"))
            }
            Kind::Deaf => {
                ip(&format!("neigh replace {} lladdr {NOBODY} dev lab nud permanent", address(index)))
            }
            _ => true,
        };
        assert!(done, "machine {index} could not be cut off");
    }

    pub fn mend(&self, index: usize, kind: Kind) {
        let done = match kind {
            Kind::CutOff => ip(&format!("link set cable{index} up")),
            Kind::Mute => self.inside(index, &format!("neigh del {HERE} dev eth0")),
            Kind::Deaf => ip(&format!("neigh del {} dev lab", address(index))),
            _ => true,
        };
        assert!(done, "machine {index} could not be joined again");
    }

    fn inside(&self, index: usize, words: &str) -> bool {
        let mut command = Command::new("ip");
        command.args(words.split(' '));
        self.on(index, &command).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for holder in &mut self.holders {
            let _ = holder.kill();
            let _ = holder.wait();
        }
    }
}

fn address(index: usize) -> String {
    format!("10.77.0.{}", index + 10)
}

fn ip(words: &str) -> bool {
    Command::new("ip").args(words.split(' ')).status().is_ok_and(|status| status.success())
}
