//! The launchers that are files: `scripts/launch/ssh` on "machines" that a stand-in for ssh reaches, and through a real sshd where one is
//! installed; systemd's units and Kubernetes' manifests against what our programs take.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;
use common::event::Event;
use nix::sys::signal::Signal;
use serde_json::Value;
use system_tests::lab::patience::until;
use system_tests::lab::programs::{checkout, command, program};
use system_tests::lab::{Ended, Process, REHEARSAL, Study};

/// Long enough that nothing here is the end of it.
const LONG: [&str; 4] = ["--set", "budget.hours=4000", "--set", "evaluation.rehearsal_epoch_s=0.3"];

/// A list of machines, and the way to them.
struct Machines<'a> {
    study: &'a Study,
    hosts: PathBuf,
    ssh: String,
}

impl<'a> Machines<'a> {
    /// Each is a folder that stands in for its home.
    fn stand_in(study: &'a Study, lines: &str) -> Self {
        let ssh = study.path("ssh");
        let homes = study.path("homes");
        let text = format!(
            "#!/bin/bash\nwhile [[ $1 = -* ]]; do shift 2; done\nhost=$1; shift\n[ \"$host\" != broken ] || {{ echo 'No route to host' >&2; exit 255; }}\n\
             export HOME={}/$host; mkdir -p \"$HOME\"; cd \"$HOME\"; exec bash -c \"$*\"\n",
            homes.display()
        );
        fs::write(&ssh, text).expect("a stand-in");
        fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).expect("its mode");
        Self::new(study, lines, ssh.display().to_string())
    }

    fn new(study: &'a Study, lines: &str, ssh: String) -> Self {
        let hosts = study.path("hosts");
        fs::write(&hosts, lines).expect("the list");
        Self { study, hosts, ssh }
    }

    fn launch(&self, act: &str) -> Ended {
        let mut launch = Command::new(checkout().join("scripts/launch/ssh"));
        launch.arg(&self.hosts).arg(act).arg("--dir").arg(&self.study.directory).args(["--ssh", &self.ssh]);
        launch.arg("--ce-nas").arg(program("ce-nas")).arg("--worker").arg(program("ce-nas-worker"));
        // A place that names the study's folder, so that nothing of it outlives the test.
        launch.arg("--place").arg(self.study.path("place")).env_remove("CENAS_JOIN_CODE");
        self.study.process(launch).end()
    }
}

fn joined(study: &Study, worker: &str) -> usize {
    let of =
        |event: &&Event| matches!(event, Event::WorkerJoined { worker: name, .. } if name.as_str() == worker);
    study.history().events().filter(of).count()
}

/// From nothing to a worker at work, and away again; each step twice.
fn start_look_and_stop(study: &Study, machines: &Machines<'_>, host: &str, worker: &str) {
    assert!(machines.launch("status").with(0).out.contains(&format!("{host}: new")));
    assert!(machines.launch("start").with(0).out.contains(&format!("{host}: started ")));
    study.until("it is at work", |seen| seen.leased().values().any(|name| name.as_str() == worker));
    assert!(machines.launch("start").with(0).out.contains("already"), "again changes nothing");
    assert_eq!(joined(study, worker), 1);
    let status = machines.launch("status").with(0).out;
    assert!(status.contains(&format!("{host}: running ")), "{status}");
    // The code was good once, and is on no command line; the key is its owner's.
    let place = study.path("place");
    assert!(!place.join("join-code").exists());
    let mode = fs::metadata(place.join("worker.key")).expect("its key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    assert!(machines.launch("stop").with(0).out.contains(&format!("{host}: left")));
    study.until("it said goodbye", |seen| {
        seen.events().any(
            |event| matches!(event, Event::WorkerLost { reason, .. } if reason.contains("asked to stop")),
        )
    });
    assert!(machines.launch("stop").with(0).out.contains("not running"));
    assert!(machines.launch("status").with(0).out.contains("stopped"));
    assert!(machines.launch("start").with(0).out.contains("started "), "by its own keys");
    study.until("it is back", |seen| seen.sessions().values().any(|count| *count == 2));
    machines.launch("stop").with(0);
}

#[test]
fn by_ssh_each_step_may_be_repeated() {
    let study = Study::new(REHEARSAL);
    study.keys_for("unused");
    let mut coordinator = study.coordinator(&LONG);
    study.endpoint();
    let settings = study.path("study.toml");
    let lines = format!("# of the lab\n\nme@gpu-1 LOCAL --config {} # the first\n", settings.display());
    let machines = Machines::stand_in(&study, &lines);
    start_look_and_stop(&study, &machines, "me@gpu-1", "gpu-1");
    coordinator.signal(Signal::SIGINT);
    coordinator.end().with(130);
}

#[test]
fn by_ssh_what_goes_wrong_is_said_and_the_others_are_started() {
    let study = Study::new(REHEARSAL);
    study.keys_for("unused");
    let coordinator = study.coordinator(&LONG);
    study.endpoint();
    let settings = study.path("study.toml").display().to_string();
    let machines = Machines::stand_in(&study, &format!("broken LOCAL\ngpu-1 LOCAL --config {settings}"));
    let ended = machines.launch("start").with(1).saying(&["1 of 2 machines failed", "No route to host"]);
    assert!(ended.out.contains("broken: FAILED") && ended.out.contains("gpu-1: started"), "{}", ended.out);
    machines.launch("stop").with(1);

    for (lines, complaint) in [
        ("gpu-1\n", "has no zone"),
        ("-oProxyCommand=reboot DE\n", "is no [USER@]HOST"),
        ("# nobody\n", "names no machine"),
    ] {
        Machines::stand_in(&study, lines).launch("start").with(1).saying(&[complaint]);
    }
    let machines = Machines::stand_in(&study, "gpu-2 LOCAL --config /nowhere.toml\n");
    let ended = machines.launch("start");
    assert!(ended.out.contains("FAILED"), "a worker that ends at once is no worker: {}", ended.out);
    machines.launch("dance").with(1).saying(&["none of start, status and stop"]);
    drop(coordinator);
}

#[test]
fn by_a_real_sshd() {
    let sshd = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].into_iter().find(|path| Path::new(path).is_file());
    let Some(sshd) = sshd.filter(|_| nix::unistd::geteuid().is_root()) else {
        return println!(
            "skipped: no sshd is here, or nobody who may start one (Debian: apt-get install openssh-server)"
        );
    };
    let study = Study::new(REHEARSAL);
    study.keys_for("unused");
    let mut coordinator = study.coordinator(&LONG);
    study.endpoint();
    let _server = sshd_of_our_own(&study, Path::new(sshd));
    let lines = format!("box LOCAL --config {}\n", study.path("study.toml").display());
    let machines = Machines::new(&study, &lines, format!("ssh -F {}", study.path("ssh_config").display()));
    until("sshd answers", || machines.launch("status").out.contains("box: new").then_some(()));
    start_look_and_stop(&study, &machines, "box", "box");
    coordinator.signal(Signal::SIGINT);
    coordinator.end().with(130);
}

/// On loopback alone, with keys made for this test.
fn sshd_of_our_own(study: &Study, sshd: &Path) -> Process {
    for name in ["host_key", "user_key"] {
        let path = study.path(name);
        let made =
            Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path).status();
        assert!(made.expect("ssh-keygen").success());
    }
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let at = |name: &str| study.path(name).display().to_string();
    fs::copy(study.path("user_key.pub"), study.path("authorized")).expect("a copy");
    let server = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nPidFile none\nAuthorizedKeysFile {}\nStrictModes no\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nPermitRootLogin yes\n",
        at("host_key"),
        at("authorized")
    );
    fs::write(study.path("sshd_config"), server).expect("a file");
    let client = format!(
        "Host box\n  HostName 127.0.0.1\n  Port {port}\n  User root\n  IdentityFile {}\n  IdentitiesOnly yes\n\
         StrictHostKeyChecking no\n  UserKnownHostsFile {}\n  LogLevel ERROR\n",
        at("user_key"),
        at("known")
    );
    fs::write(study.path("ssh_config"), client).expect("a file");
    // Where its privileges are separated; the package's service would make it.
    let _ = fs::create_dir_all("/run/sshd");
    let mut command = Command::new(sshd);
    command.args(["-D", "-e", "-f"]).arg(study.path("sshd_config"));
    study.process(command)
}

/// Every flag that `words` give to `program` is one it knows.
fn known_flags(name: &str, words: &[String]) {
    let mut help = command(name);
    if name == "ce-nas" {
        help.arg("coordinator");
    }
    let help = help.arg("--help").output().expect("help");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let mut seen = 0;
    for flag in words.iter().filter(|word| word.starts_with("--")) {
        let flag = flag.split('=').next().unwrap_or(flag);
        assert!(
            help.split_whitespace().any(|word| word.trim_end_matches(',') == flag),
            "{name} has no {flag}"
        );
        seen += 1;
    }
    assert!(seen > 0, "{words:?}");
}

#[test]
fn systemd_units_are_units_and_start_what_there_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut copies = Vec::new();
    for entry in fs::read_dir(checkout().join("scripts/launch/systemd")).expect("the units").flatten() {
        let text = fs::read_to_string(entry.path()).expect("a unit");
        let line = text.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("what it starts");
        let mut words = line.split_whitespace().map(str::to_owned);
        let path = words.next().expect("a program");
        let name = Path::new(&path).file_name().expect("a name").to_string_lossy().into_owned();
        known_flags(&name, &words.collect::<Vec<_>>());
        // A worker needs up to 25 s to leave.
        let stop = text.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).expect("time to leave");
        assert!(stop.parse::<u32>().expect("seconds") >= 30);
        let copy = folder.path().join(entry.file_name());
        // The programs lie elsewhere here, and the user is none of this machine's.
        let here = text.replace(&path, &program(&name).display().to_string()).replace("User=ce-nas\n", "");
        fs::write(&copy, here).expect("a copy");
        copies.push(copy);
    }
    assert_eq!(copies.len(), 3);
    match Command::new("systemd-analyze").arg("verify").args(&copies).output() {
        Err(_) => println!("skipped in part: no systemd-analyze is here"),
        Ok(said) => {
            let words = String::from_utf8_lossy(&said.stderr).into_owned();
            let ours: Vec<&str> = words.lines().filter(|line| line.contains("ce-nas")).collect();
            assert!(said.status.success() && ours.is_empty(), "{words}");
        }
    }
}

#[test]
fn kubernetes_manifests_are_manifests_and_start_what_there_is() {
    let mut containers = 0;
    for name in ["coordinator.yaml", "workers.yaml"] {
        let text =
            fs::read_to_string(checkout().join("scripts/launch/kubernetes").join(name)).expect("a manifest");
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        for document in documents {
            for key in ["apiVersion", "kind", "metadata", "spec"] {
                assert!(document.get(key).is_some(), "{name}: a document without {key}");
            }
            let Some(pod) = document.pointer("/spec/template/spec") else { continue };
            let label = document.pointer("/spec/selector/matchLabels/app").expect("a selector");
            assert_eq!(Some(label), document.pointer("/spec/template/metadata/labels/app"), "{name}");
            assert!(pod["terminationGracePeriodSeconds"].as_u64().expect("time to leave") >= 30, "{name}");
            let volumes: Vec<&Value> =
                pod["volumes"].as_array().into_iter().flatten().map(|volume| &volume["name"]).collect();
            let claimed = document.pointer("/spec/volumeClaimTemplates/0/metadata/name");
            let all = ["containers", "initContainers"]
                .into_iter()
                .filter_map(|kind| pod[kind].as_array())
                .flatten();
            for container in all {
                for mount in container["volumeMounts"].as_array().into_iter().flatten() {
                    let there = volumes.contains(&&mount["name"]) || claimed == Some(&mount["name"]);
                    assert!(there, "{name}: nothing is called {}", mount["name"]);
                }
            }
            for container in pod["containers"].as_array().expect("containers") {
                let words = |key: &str| -> Vec<String> {
                    let words = container[key].as_array().into_iter().flatten();
                    words.map(|word| word.as_str().expect("a word").to_owned()).collect()
                };
                let (start, arguments) = (words("command"), words("args"));
                known_flags(&start[0], &arguments);
                if start[0] == "ce-nas-worker" {
                    // All of it is a command line of the worker's, and its settings are settings.
                    let cli =
                        worker::Cli::try_parse_from(start.iter().chain(&arguments)).expect("a command line");
                    assert!(cli.settings([]).is_ok());
                }
                containers += 1;
            }
        }
    }
    assert_eq!(containers, 2);
}
