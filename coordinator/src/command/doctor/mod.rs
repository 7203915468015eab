//! `ce-nas doctor`: what works on this machine, what does not, and how to mend it.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `facts` | looks at the machine and the settings, and judges nothing |
//! | `finding` | what is said of one thing |
//!
//! Here the facts are judged, purely.

mod facts;
mod finding;
#[cfg(test)]
mod tests;

use std::io::Write;

use anyhow::{Result, bail};
use common::config::EvaluatorKind;

use super::ink::Ink;
use super::{ConfigArgs, print, print_json};
pub use facts::Facts;
use facts::{PortTrouble, WorkerTrouble};
pub use finding::{Finding, Health};

const GB: f64 = 1e9;
/// Checkpoints and weights of a week's study; with less than that the disk may fill up before it ends.
const ENOUGH_DISK_GB: f64 = 5.0;
/// With less than that the ledger itself is in danger.
const LEAST_DISK_GB: f64 = 0.5;
/// The clock of a coordinator that went away a minute ago may lag so far behind its ledger.
const CLOCK_TOLERANCE_S: i64 = 60;
/// A clock that shows less was never set: this program is younger (1 January 2025).
const LEAST_CLOCK_S: i64 = 1_735_689_600;
/// Below that, a few hundred workers already are too many.
const ENOUGH_FILES: u64 = 1_024;

/// Tell what works on this machine, what does not, and how to mend it
///
/// Looks at the worker's program, libtorch, GPUs and power meters, the clock, the disk, the port, the
/// keys, the services for carbon intensity and the images, with the settings that a study would have.
/// Nothing is changed and no service is asked. Exit code 1 where something is bad.
///
/// Examples:
///   ce-nas doctor
///   ce-nas doctor --config study.toml --json
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    pub settings: ConfigArgs,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let config = args.settings.load()?;
    let findings = findings(&Facts::gather(&config));
    match args.json {
        true => print_json(out, &findings)?,
        false => print(out, &listing(&findings))?,
    }
    let bad = findings.iter().filter(|finding| finding.health == Health::Bad).count();
    if bad > 0 {
        bail!("{bad} of {} {} to be mended", findings.len(), if bad == 1 { "has" } else { "have" });
    }
    Ok(())
}

fn listing(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.what.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Finding { what, health, found, mend } in findings {
        let ink = match health {
            Health::Good => Ink::Good,
            Health::Note => Ink::Attention,
            Health::Bad => Ink::Bad,
        };
        text.push_str(&format!("{}  {what:<width$}  {found}\n", ink.paint(&format!("{health:<4}"))));
        if let Some(mend) = mend {
            text.push_str(&format!("{:6}{:width$}  → {mend}\n", "", ""));
        }
    }
    text
}

/// Of all that there is to know, in the order in which a study needs it.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let of_machine = [toolchain(facts), worker(facts), libtorch(facts), gpu(facts), meters(facts)];
    let of_study =
        [clock(facts), disk(facts), port(facts), open_files(facts), keys(facts), data(facts), program(facts)];
    let known = of_machine.into_iter().chain(of_study).flatten();
    known.chain(carbon(facts)).collect()
}

fn toolchain(facts: &Facts) -> Option<Finding> {
    let missing = facts.tools_missing.join(", ");
    Some(match facts.tools_missing.is_empty() {
        true => Finding::good("toolchain", "cargo and a C++ compiler are there"),
        false => Finding::note(
            "toolchain",
            format!("not on the path: {missing}"),
            "only building needs them; scripts/check-tools names the command that installs each",
        ),
    })
}

fn worker(facts: &Facts) -> Option<Finding> {
    Some(match &facts.worker {
        Ok(probe) => match &probe.slots {
            Ok(slots) => {
                let devices: Vec<&str> = slots.iter().map(|slot| slot.device.as_str()).collect();
                let number = if slots.len() == 1 { "slot" } else { "slots" };
                Finding::good("worker", format!("{} {number}: {}", slots.len(), devices.join("; ")))
            }
            Err(reason) => Finding::bad(
                "worker",
                format!("can't work here: {reason}"),
                "see the settings under [worker]",
            ),
        },
        Err(WorkerTrouble::Missing(path)) => Finding::note(
            "worker",
            format!("there is no {}", path.display()),
            "`ce-nas coordinator` needs none here; for `ce-nas run`, cargo build --release -p worker",
        ),
        Err(WorkerTrouble::Library(words)) => {
            Finding::bad("worker", format!("its program can't be started: {words}"), "see libtorch")
        }
        Err(WorkerTrouble::Other(words)) => Finding::bad(
            "worker",
            format!("its program failed: {words}"),
            "build it anew from the same checkout: cargo build --release -p worker",
        ),
    })
}

fn libtorch(facts: &Facts) -> Option<Finding> {
    const SET_UP: &str = "scripts/setup-libtorch, then cargo build --release -p worker; where it moved, set LD_LIBRARY_PATH to its lib folder";
    let is_needed = facts.evaluator == EvaluatorKind::Torch;
    match &facts.worker {
        Ok(probe) => Some(match &probe.libtorch {
            Some(version) => Finding::good("libtorch", format!("version {version}")),
            None if is_needed => Finding::bad(
                "libtorch",
                "the worker was built without it, and evaluation.evaluator = \"torch\" needs it",
                SET_UP,
            ),
            None => Finding::good("libtorch", "not needed: the study's own program or a rehearsal evaluates"),
        }),
        Err(WorkerTrouble::Library(words)) if words.contains("torch") || words.contains("c10") => Some(
            Finding::bad("libtorch", "missing: the worker was built with it and does not find it", SET_UP),
        ),
        Err(_) => None,
    }
}

fn gpu(facts: &Facts) -> Option<Finding> {
    let probe = facts.worker.as_ref().ok();
    let boards = probe.map(|probe| &probe.boards);
    let by_libtorch = probe.map_or(0, |probe| probe.cuda_devices);
    Some(match (facts.has_nvidia_board, &facts.nvidia_driver) {
        (true, None) => Finding::bad(
            "GPU",
            "a board of NVIDIA's is on the bus, and its driver is not loaded",
            "install the driver (Debian: nvidia-driver) and restart; `nvidia-smi` must list the board",
        ),
        (false, None) => Finding::note("GPU", "no board of NVIDIA's", "trainings run on the processor"),
        (_, Some(driver)) => match boards {
            Some(Err(reason)) => Finding::bad(
                "GPU",
                format!("the driver is loaded ({driver}), and NVML is missing: {reason}"),
                "install libnvidia-ml.so.1 of the driver's own version (Debian: libnvidia-ml1; in a container, the utility capability)",
            ),
            Some(Ok(boards)) if facts.evaluator == EvaluatorKind::Torch && by_libtorch == 0 => Finding::bad(
                "GPU",
                format!("{} by the driver, none by libtorch", boards.join("; ")),
                "this libtorch is for processors: scripts/setup-libtorch --cuda, then build the worker anew",
            ),
            Some(Ok(boards)) => Finding::good("GPU", boards.join("; ")),
            None => Finding::good("GPU", driver.clone()),
        },
    })
}

fn meters(facts: &Facts) -> Option<Finding> {
    let slots = facts.worker.as_ref().ok()?.slots.as_ref().ok()?;
    let mut ways: Vec<&str> = slots.iter().map(|slot| slot.meter.as_str()).collect();
    ways.dedup();
    let found = ways.join("; ");
    let shortfall = slots.iter().find_map(|slot| slot.shortfall.as_ref());
    Some(match shortfall {
        None => Finding::good("energy", found),
        Some(shortfall) => Finding::note(
            "energy",
            format!("{found} (no better meter: {shortfall})"),
            "RAPL's counters under /sys/class/powercap must be readable by the worker; an estimate is marked as one everywhere",
        ),
    })
}

fn clock(facts: &Facts) -> Option<Finding> {
    const MEND: &str =
        "set the clock (timedatectl set-ntp true, or chrony): carbon is booked to the hour of use";
    let clock = facts.clock;
    let behind = clock.last_event_s.map_or(0, |last| last - clock.now_s);
    Some(if clock.now_s < LEAST_CLOCK_S {
        Finding::bad("clock", "it shows a time before this program was written", MEND)
    } else if behind > CLOCK_TOLERANCE_S {
        Finding::bad("clock", format!("it is off: the study's last event happened {behind} s from now"), MEND)
    } else {
        match clock.kept {
            Some(true) => Finding::good("clock", "kept by the network"),
            Some(false) => Finding::note("clock", "not kept by the network", MEND),
            None => Finding::good("clock", "plausible; the system doesn't say whether the network keeps it"),
        }
    })
}

fn disk(facts: &Facts) -> Option<Finding> {
    const MEND: &str = "make room, or set study.directory to another disk";
    Some(match &facts.disk {
        Err(reason) => Finding::bad("disk", reason.clone(), MEND),
        Ok(disk) => {
            let (free, total) = (disk.free_bytes as f64 / GB, disk.total_bytes as f64 / GB);
            let found = format!("{free:.1} of {total:.0} GB free");
            if free < LEAST_DISK_GB {
                Finding::bad("disk", format!("nearly full: {found}"), MEND)
            } else if free < ENOUGH_DISK_GB {
                Finding::note(
                    "disk",
                    found,
                    format!("checkpoints and weights of a long study take a few GB; {MEND}"),
                )
            } else {
                Finding::good("disk", found)
            }
        }
    })
}

fn port(facts: &Facts) -> Option<Finding> {
    Some(match &facts.port {
        Ok(found) => Finding::good("port", found.clone()),
        Err(PortTrouble::Taken(listen)) => Finding::bad(
            "port",
            format!("{listen} is taken by another process"),
            "`ss -tlnp` names it; stop it, or set coordinator.listen to another port (0 chooses one)",
        ),
        Err(PortTrouble::Other(reason)) => Finding::bad("port", reason.clone(), "correct coordinator.listen"),
    })
}

fn open_files(facts: &Facts) -> Option<Finding> {
    let found = format!("{} at once", facts.open_files);
    Some(match facts.open_files < ENOUGH_FILES {
        true => Finding::note("open files", found, "for hundreds of workers: ulimit -n 65536"),
        false => Finding::good("open files", found),
    })
}

fn keys(facts: &Facts) -> Option<Finding> {
    Some(match &facts.keys {
        Err(reason) => {
            Finding::bad("keys", reason.clone(), "mend the file, or make keys anew with `ce-nas keygen`")
        }
        Ok(keys) if keys.off => Finding::note(
            "keys",
            "none are asked for: anybody on this machine may take part",
            "coordinator.security = \"curve\" asks for them",
        ),
        Ok(keys) if !keys.coordinator => Finding::good(
            "keys",
            format!("the coordinator's is made when the study starts; {} admitted", workers(keys.admitted)),
        ),
        Ok(keys) => Finding::good(
            "keys",
            format!("the coordinator's is in order; {} admitted", workers(keys.admitted)),
        ),
    })
}

fn workers(count: usize) -> String {
    if count == 1 { "1 worker".into() } else { format!("{count} workers") }
}

fn data(facts: &Facts) -> Option<Finding> {
    let data = facts.data.as_ref()?;
    Some(match data.exists {
        true => Finding::good("images", data.path.clone()),
        false => Finding::note(
            "images",
            format!("there are none at {}", data.path),
            "fetch them (for Fashion-MNIST, scripts/fetch-fashion-mnist), or correct data.path; workers elsewhere have theirs under worker.data",
        ),
    })
}

fn program(facts: &Facts) -> Option<Finding> {
    let (program, exists) = facts.program.as_ref()?;
    Some(match exists {
        true => Finding::good("program", program.clone()),
        false => Finding::bad(
            "program",
            format!("{program} is neither a file nor on the path"),
            "correct evaluation.command; workers look for it on their own machines",
        ),
    })
}

/// The source that the study asks, and the services with keys.
fn carbon(facts: &Facts) -> Vec<Finding> {
    let carbon = &facts.carbon;
    let mut findings = vec![match &carbon.trouble {
        Some(trouble) => Finding::bad("carbon", trouble.clone(), "correct [carbon]"),
        None if carbon.source == "live" => {
            Finding::good("carbon", "live services, asked when the study runs")
        }
        None if carbon.source == "trace" => Finding::good("carbon", "a recorded trace"),
        None => Finding::note(
            "carbon",
            "made up by a generator, and marked so wherever it is shown",
            "carbon.source = \"live\" or \"trace\" for a real grid",
        ),
    }];
    for key in &carbon.keys {
        let place = format!("put it into {}", key.place);
        findings.push(match (&key.key, key.is_asked) {
            (Err(reason), _) => Finding::bad(key.service, reason.clone(), place),
            (Ok(true), _) => Finding::good(key.service, "a key is there; `ce-nas carbon now` asks with it"),
            (Ok(false), true) => Finding::bad(key.service, "the study asks it, and there is no key", place),
            (Ok(false), false) => Finding::note(key.service, "no key, and the study does not ask it", place),
        });
    }
    findings
}
