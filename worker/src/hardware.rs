//! What this machine has to offer: slots, their devices, memory, threads and power meters, as the settings ask for them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use common::config::{DeviceChoice, Worker};
use common::id::SlotId;
use common::time::Millis;
use common::unit::Watts;
use common::wire::SlotInfo;
use energy::cpu::Machine;
use energy::nvml::{self, BoardInfo, Library};
use energy::thermometer::{self, Thermometer};
use energy::{Device, SlotDevice, SlotMeter};
use evaluation::{ApartOptions, Patience, Program};

use crate::cli::EVALUATOR_FLAG;
use crate::limits::LET_GO_OF_PROCESS;

/// Slots, evaluators and meters correspond by position.
#[derive(Debug)]
pub struct Hardware {
    pub slots: Vec<SlotInfo>,
    pub evaluations: Vec<evaluation::Options>,
    pub meters: Vec<SlotMeter>,
    /// Of those slots that have one.
    pub thermometers: Vec<(SlotId, Thermometer)>,
}

/// Looks around. `program` is what a study may have started here; `now` is the session's clock, by which meters count.
pub fn describe(settings: &Worker, program: &Program, now: Millis) -> anyhow::Result<Hardware> {
    let machine = Machine::here()?;
    let visible = std::env::var("CUDA_VISIBLE_DEVICES").ok();
    let boards = if settings.device == DeviceChoice::Cpu { Vec::new() } else { boards(visible.as_deref()) };
    let gpus = gpus(settings.device, boards.len())?;
    let count = settings.slots.get().unwrap_or(gpus.max(1));
    ensure!(count > 0, "worker.slots = 0: a worker has at least one");
    ensure!(
        gpus == 0 || count <= gpus,
        "worker.slots = {count}, but {gpus} GPUs are visible: one slot each, for a board's energy can't be divided; \
         for more slots on the processor set worker.device = \"cpu\""
    );
    let share = f64::from(machine.cpus) / f64::from(count);
    let threads = settings.threads.get().unwrap_or((share as u32).max(1));
    ensure!(threads > 0, "worker.threads = 0: an evaluation has at least one");

    let devices: Vec<SlotDevice> = (0..count)
        .map(|slot| {
            // More threads than cores don't make more cores, for the meter's sake.
            let cpu = Device::Cpu { cores: f64::from(threads).min(share) };
            let device = if gpus > 0 { Device::Gpu { index: u32::from(slot) } } else { cpu };
            SlotDevice { slot: SlotId(slot), device }
        })
        .collect();
    let thermometers = energy::thermometers(&devices, visible.as_deref(), Path::new(thermometer::HWMON));
    for sharing in boards.iter().take(usize::from(gpus.min(count))).filter_map(BoardInfo::sharing) {
        tracing::warn!("{sharing}");
    }
    let meters = meters(settings, &machine, visible, devices.clone(), now)?;
    let describe = |device: &SlotDevice| match device.device {
        Device::Gpu { index } => match boards.get(index as usize) {
            Some(board) => (board.name.clone(), board.memory_mb),
            None => (format!("CUDA device {index}"), 0),
        },
        Device::Cpu { .. } => {
            let model = machine.model.as_deref().unwrap_or("CPU");
            (format!("{model}, {threads} thread{}", if threads == 1 { "" } else { "s" }), memory_mb())
        }
    };
    let mut hardware = Hardware { slots: Vec::new(), evaluations: Vec::new(), meters, thermometers };
    for (device, meter) in devices.iter().zip(&hardware.meters) {
        let (name, memory_mb) = describe(device);
        hardware.evaluations.push(evaluation::Options {
            data: (settings.data != "auto").then(|| settings.data.clone().into()),
            threads: threads as usize,
            device: match device.device {
                Device::Gpu { index } => evaluation::DeviceChoice::Cuda(index as usize),
                Device::Cpu { .. } => evaluation::DeviceChoice::Cpu,
            },
            has_bf16: match device.device {
                Device::Gpu { index } => has_bf16(boards.get(index as usize)),
                Device::Cpu { .. } => false,
            },
            near_cpus: match device.device {
                Device::Gpu { index } => {
                    boards.get(index as usize).map(|board| board.near_cpus.clone()).unwrap_or_default()
                }
                Device::Cpu { .. } => Vec::new(),
            },
            device_name: Some(name.clone()),
            scratch: Some(
                Path::new(&settings.directory).join("programs").join(format!("slot-{}", device.slot)),
            ),
            program: program.clone(),
            apart: Some(apart(settings)?),
        });
        let meter = meter.meter.describe();
        hardware.slots.push(SlotInfo { slot: device.slot, device: name, memory_mb, meter });
    }
    Ok(hardware)
}

/// Evaluations run in a process of this same program.
fn apart(settings: &Worker) -> anyhow::Result<ApartOptions> {
    let program = std::env::current_exe().context("this program's own file can't be found")?;
    let program = program.into_os_string().into_string();
    let program =
        program.map_err(|path| anyhow!("{} is no plain text: install it elsewhere", path.display()))?;
    let patience = Patience {
        stop: LET_GO_OF_PROCESS,
        silence: Duration::try_from_secs_f64(settings.silence_s).unwrap_or(Duration::MAX),
    };
    Ok(ApartOptions { words: vec![program, format!("--{EVALUATOR_FLAG}")], patience })
}

pub fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "unknown".into() } else { name.trim().into() }
}

/// GPUs to make slots of. `boards` are those that the driver tells of: a program of the user's own needs no libtorch to use them.
fn gpus(choice: DeviceChoice, boards: usize) -> anyhow::Result<u16> {
    let by_libtorch = evaluation::cuda_devices();
    let found = match choice {
        DeviceChoice::Cpu => 0,
        // A build with libtorch for processors was meant for them; one without libtorch trains by users' programs only.
        DeviceChoice::Auto if evaluation::libtorch_version().is_some() => by_libtorch,
        DeviceChoice::Auto | DeviceChoice::Cuda => by_libtorch.max(boards),
    };
    if found == 0 && choice == DeviceChoice::Cuda {
        bail!(
            "worker.device = cuda, but neither libtorch nor the driver sees a CUDA device: check `nvidia-smi` and that libtorch is the \
             CUDA build (scripts/setup-libtorch --cuda), or set worker.device = \"cpu\""
        );
    }
    Ok(u16::try_from(found).unwrap_or(u16::MAX))
}

fn meters(
    settings: &Worker,
    machine: &Machine,
    cuda_visible_devices: Option<String>,
    slots: Vec<SlotDevice>,
    now: Millis,
) -> anyhow::Result<Vec<SlotMeter>> {
    let options = energy::Options {
        meter: settings.meter,
        tdp: settings.tdp_w.get().map(Watts),
        idle: settings.idle_w.get().map(Watts),
        machine: machine.clone(),
        cuda_visible_devices,
        ..energy::Options::here(slots)?
    };
    let meters =
        energy::detect(&options, now).context("can't meter this machine's energy (see worker.meter)")?;
    for SlotMeter { slot, shortfall, .. } in &meters {
        if let Some(shortfall) = shortfall {
            tracing::info!(%slot, %shortfall, "no better power meter");
        }
    }
    Ok(meters)
}

/// For words only: without NVML a board is described by its number.
fn boards(cuda_visible_devices: Option<&str>) -> Vec<BoardInfo> {
    let all = Library::load().and_then(|library| library.boards()).unwrap_or_default();
    nvml::visible(&all, cuda_visible_devices)
}

/// Boards since Ampere do; one that NVML does not tell about is taken for one of them.
fn has_bf16(board: Option<&BoardInfo>) -> bool {
    board.and_then(|board| board.compute_capability).is_none_or(|(major, _)| major >= 8)
}

fn memory_mb() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kb = total.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kb.unwrap_or(0) / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(assignments: &[&str]) -> Worker {
        let fixed = ["worker.device=cpu", "worker.meter=estimate"];
        let all: Vec<String> = fixed.iter().chain(assignments).map(ToString::to_string).collect();
        common::config::load(None, [], &all).unwrap().worker
    }

    #[test]
    fn a_machine_without_gpus_is_one_slot_with_all_threads() {
        let hardware = describe(&settings(&[]), &Program::OfTheStudy, Millis(0)).unwrap();
        let cpus = Machine::here().unwrap().cpus;
        assert_eq!((hardware.slots.len(), hardware.meters.len()), (1, 1));
        assert_eq!(hardware.evaluations[0].threads, cpus as usize);
        assert_eq!(hardware.evaluations[0].data, None);
        let slot = &hardware.slots[0];
        assert!(slot.device.contains(&format!("{cpus} thread")) && slot.memory_mb > 100, "{slot:?}");
        assert!(slot.meter.contains("TDP") || slot.meter.contains('W'), "{slot:?}");
    }

    #[test]
    fn slots_share_the_cores_out() {
        let wanted = ["worker.slots=3", "worker.threads=1", "worker.data=/scratch"];
        let hardware = describe(&settings(&wanted), &Program::OfTheStudy, Millis(0)).unwrap();
        assert_eq!(hardware.slots.iter().map(|slot| slot.slot.0).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(hardware.evaluations.iter().all(|options| options.threads == 1));
        assert_eq!(hardware.evaluations[2].data, Some("/scratch".into()));
        let scratch = hardware.evaluations.iter().map(|options| options.scratch.clone().unwrap());
        assert_eq!(scratch.collect::<std::collections::BTreeSet<_>>().len(), 3, "a place for each slot");
        assert!(hardware.slots[0].device.ends_with("1 thread"));
    }

    #[test]
    fn what_can_not_be_is_refused_with_the_cure() {
        let refusal = |setting| {
            let described = describe(&settings(&[setting]), &Program::OfTheStudy, Millis(0));
            format!("{:#}", described.unwrap_err())
        };
        assert!(refusal("worker.slots=0").contains("at least one"));
        assert!(refusal("worker.threads=0").contains("at least one"));
        assert!(refusal("worker.meter=nvml").contains("worker.meter"));
        if evaluation::cuda_devices() == 0 && boards(None).is_empty() {
            assert!(refusal("worker.device=cuda").contains("nvidia-smi"));
        }
    }
}
