//! A Slurm of one's own: munged, slurmctld and one slurmd on this machine, in a throw-away directory, on ports of their own, without
//! systemd, control groups or a database.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::patience::until;
use super::ports::free_ports;
use super::process::Process;

#[derive(Debug)]
pub struct Slurm {
    // In the order in which they are ended.
    slurmd: Process,
    controller: Process,
    munged: Process,
    folder: TempDir,
}

impl Slurm {
    /// Says so and is none where Slurm is not installed, or can't be run as it has to be.
    pub fn start() -> Option<Self> {
        let missing: Vec<&str> = ["munged", "slurmctld", "slurmd", "sbatch", "squeue"]
            .into_iter()
            .filter(|name| find(name).is_none())
            .collect();
        if !missing.is_empty() {
            println!("skipped: no {} is here (Debian: apt-get install slurm-wlm munge)", missing.join(", "));
            return None;
        }
        if !nix::unistd::geteuid().is_root() {
            println!("skipped: a slurmd of one's own needs root");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("slurm-").tempdir().expect("a temporary folder");
        // munged wants nobody else to be able to put its files aside.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
        for name in ["state", "spool"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let munged = munged(folder.path());
        let socket = folder.path().join("munge.socket");
        until("munged answers", || socket.exists().then_some(()));
        fs::write(folder.path().join("slurm.conf"), configuration(folder.path())).expect("slurm.conf");
        let daemon = |name: &str| {
            let mut command = Command::new(find(name).expect("looked for above"));
            command.arg("-D").arg("-f").arg(folder.path().join("slurm.conf"));
            Process::start(command, folder.path())
        };
        let controller = daemon("slurmctld");
        let slurmd = daemon("slurmd");
        let slurm = Self { slurmd, controller, munged, folder };
        until("the node is up", || {
            slurm.ask("sinfo", &["--noheader", "--format=%T"]).contains("idle").then_some(())
        });
        Some(slurm)
    }

    /// What points the tools at this Slurm.
    pub fn environment(&self) -> (&'static str, PathBuf) {
        ("SLURM_CONF", self.folder.path().join("slurm.conf"))
    }

    /// What a tool says; nothing while the controller does not answer.
    pub fn ask(&self, tool: &str, arguments: &[&str]) -> String {
        let (name, value) = self.environment();
        let said = Command::new(tool).args(arguments).env(name, value).output().expect("the tool starts");
        String::from_utf8_lossy(&said.stdout).into_owned()
    }

    /// Elements of arrays in the queue, in any state, with their states.
    pub fn queue(&self) -> Vec<(String, String)> {
        let said = self.ask("squeue", &["--noheader", "--array", "--format=%i %T"]);
        said.lines()
            .filter_map(|line| line.trim().split_once(' '))
            .map(|(id, state)| (id.into(), state.into()))
            .collect()
    }

    /// What its daemons said, for whoever wonders.
    pub fn said(&self) -> String {
        [&self.munged, &self.controller, &self.slurmd].map(Process::said).concat()
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        // Jobs first: they would outlive the daemons.
        for (id, _) in self.queue() {
            self.ask("scancel", &["--full", "--signal=KILL", &id]);
            self.ask("scancel", &[&id]);
        }
        let begun = super::patience::within(std::time::Duration::from_secs(10), || {
            self.queue().is_empty().then_some(())
        });
        if begun.is_none() {
            println!("jobs are left in the queue: {:?}", self.queue());
        }
        self.slurmd.kill();
        self.controller.kill();
        self.munged.kill();
    }
}

fn munged(folder: &Path) -> Process {
    let key = folder.join("munge.key");
    // Nothing is protected by it but this very test.
    fs::write(&key, [b'k'; 128]).expect("a key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).expect("its mode");
    let mut command = Command::new(find("munged").expect("looked for before"));
    command.args(["--foreground", "--force", "--num-threads=1"]);
    for (option, file) in [
        ("key-file", "munge.key"),
        ("socket", "munge.socket"),
        ("pid-file", "munged.pid"),
        ("log-file", "munged.log"),
        ("seed-file", "munged.seed"),
    ] {
        command.arg(format!("--{option}={}", folder.join(file).display()));
    }
    Process::start(command, folder)
}

fn configuration(folder: &Path) -> String {
    let host = nix::unistd::gethostname().expect("a name").to_string_lossy().into_owned();
    let host = host.split('.').next().unwrap_or(&host);
    let (here, [first, second]) = (folder.display(), free_ports());
    format!(
        "ClusterName=lab\n\
         SlurmctldHost={host}(127.0.0.1)\n\
         SlurmctldPort={first}\nSlurmdPort={second}\n\
         SlurmUser=root\nSlurmdUser=root\n\
         AuthType=auth/munge\nAuthInfo=socket={here}/munge.socket\nCredType=cred/munge\n\
         StateSaveLocation={here}/state\nSlurmdSpoolDir={here}/spool\n\
         SlurmctldPidFile={here}/slurmctld.pid\nSlurmdPidFile={here}/slurmd.pid\n\
         ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nSwitchType=switch/none\nMpiDefault=none\n\
         JobAcctGatherType=jobacct_gather/none\nAccountingStorageType=accounting_storage/none\n\
         SelectType=select/cons_tres\nSelectTypeParameters=CR_Core\n\
         SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,batch_sched_delay=0\n\
         ReturnToService=2\nKillWait=30\nMinJobAge=2\nInactiveLimit=0\n\
         NodeName={host} NodeAddr=127.0.0.1 CPUs=1 RealMemory=500 State=UNKNOWN\n\
         PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:8\n"
    )
}

/// Daemons lie where a user's search path may not lead.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}
