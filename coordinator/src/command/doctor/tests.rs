//! Each trouble that a doctor must name, one by one, on an otherwise sound machine.

use common::probe::{Probe, ProbedSlot};

use super::facts::{Carbon, Clock, Data, Disk, Keys};
use super::*;
use crate::carbon::KeyState;

const NOW_S: i64 = 1_800_000_000;

fn sound() -> Facts {
    let slot = ProbedSlot { device: "H100".into(), memory_mb: 80_000, meter: "NVML".into(), shortfall: None };
    Facts {
        evaluator: EvaluatorKind::Torch,
        tools_missing: Vec::new(),
        worker: Ok(Probe {
            version: "1".into(),
            libtorch: Some("2.11.0".into()),
            cuda_devices: 1,
            boards: Ok(vec!["H100".into()]),
            slots: Ok(vec![slot]),
        }),
        has_nvidia_board: true,
        nvidia_driver: Some("NVRM 580".into()),
        clock: Clock { kept: Some(true), now_s: NOW_S, last_event_s: Some(NOW_S - 5) },
        disk: Ok(Disk { free_bytes: 100_000_000_000, total_bytes: 500_000_000_000 }),
        port: Ok("tcp://*:7590 is free".into()),
        keys: Ok(Keys { off: false, coordinator: true, admitted: 3 }),
        carbon: Carbon { source: "live".into(), trouble: None, keys: vec![key(Ok(true), true)] },
        data: Some(Data { path: ".data".into(), exists: true }),
        program: None,
        open_files: 65_536,
    }
}

fn key(key: Result<bool, String>, is_asked: bool) -> KeyState {
    KeyState { service: "electricity_maps", is_asked, key, place: "the environment".into() }
}

/// The one finding that is not good after `spoil`.
#[track_caller]
fn named(spoil: impl FnOnce(&mut Facts)) -> Vec<(&'static str, Health, String)> {
    let mut facts = sound();
    spoil(&mut facts);
    let ill = findings(&facts).into_iter().filter(|finding| finding.health != Health::Good);
    ill.map(|finding| {
        assert!(finding.mend.is_some(), "{finding:?} tells how to mend it");
        (finding.what, finding.health, finding.found)
    })
    .collect()
}

#[track_caller]
fn check(spoil: impl FnOnce(&mut Facts), what: &str, health: Health, words: &str) {
    let found = named(spoil);
    let hit =
        found.iter().any(|finding| finding.0 == what && finding.1 == health && finding.2.contains(words));
    assert!(hit, "no {health:?} {what} with {words:?} in {found:?}");
}

#[test]
fn a_sound_machine_has_nothing_to_mend() {
    assert_eq!(named(|_| {}), []);
}

#[test]
fn a_missing_libtorch() {
    let loader = "ce-nas-worker: error while loading shared libraries: libtorch_cpu.so: cannot open shared object file";
    let gone = |facts: &mut Facts| facts.worker = Err(WorkerTrouble::Library(loader.into()));
    check(gone, "libtorch", Health::Bad, "missing");
    check(gone, "worker", Health::Bad, "libtorch_cpu.so");
    check(|facts| facts.worker.as_mut().unwrap().libtorch = None, "libtorch", Health::Bad, "built without");
    let own_program = |facts: &mut Facts| {
        facts.evaluator = EvaluatorKind::Command;
        facts.worker.as_mut().unwrap().libtorch = None;
    };
    assert_eq!(named(own_program), []);
}

#[test]
fn a_board_without_a_driver_and_a_driver_without_nvml() {
    check(|facts| facts.nvidia_driver = None, "GPU", Health::Bad, "driver is not loaded");
    let no_nvml = |facts: &mut Facts| facts.worker.as_mut().unwrap().boards = Err("libnvidia-ml.so.1".into());
    check(no_nvml, "GPU", Health::Bad, "NVML is missing");
    check(|facts| facts.worker.as_mut().unwrap().cuda_devices = 0, "GPU", Health::Bad, "none by libtorch");
    let none = |facts: &mut Facts| (facts.has_nvidia_board, facts.nvidia_driver) = (false, None);
    check(none, "GPU", Health::Note, "no board");
}

#[test]
fn a_clock_that_is_off() {
    check(|facts| facts.clock.last_event_s = Some(NOW_S + 3_600), "clock", Health::Bad, "3600 s from now");
    check(|facts| facts.clock = Clock::default(), "clock", Health::Bad, "before");
    check(|facts| facts.clock.kept = Some(false), "clock", Health::Note, "not kept");
}

#[test]
fn a_disk_that_is_nearly_full() {
    let left = |bytes| move |facts: &mut Facts| facts.disk.as_mut().unwrap().free_bytes = bytes;
    check(left(100_000_000), "disk", Health::Bad, "nearly full");
    check(left(2_000_000_000), "disk", Health::Note, "2.0 of 500 GB");
}

#[test]
fn a_port_that_is_taken() {
    let taken = |facts: &mut Facts| facts.port = Err(PortTrouble::Taken("tcp://*:7590".into()));
    check(taken, "port", Health::Bad, "taken");
}

#[test]
fn keys_that_are_wrong_or_off() {
    check(
        |facts| facts.keys = Err("gpu.key is readable by others".into()),
        "keys",
        Health::Bad,
        "readable by others",
    );
    check(|facts| facts.keys.as_mut().unwrap().off = true, "keys", Health::Note, "anybody");
}

#[test]
fn a_service_without_a_key() {
    check(|facts| facts.carbon.keys = vec![key(Ok(false), true)], "electricity_maps", Health::Bad, "no key");
    check(
        |facts| facts.carbon.keys = vec![key(Ok(false), false)],
        "electricity_maps",
        Health::Note,
        "no key",
    );
    let trouble = |facts: &mut Facts| facts.carbon.trouble = Some("no zone".into());
    check(trouble, "carbon", Health::Bad, "no zone");
}

#[test]
fn what_a_study_needs_besides() {
    check(|facts| facts.data.as_mut().unwrap().exists = false, "images", Health::Note, ".data");
    check(|facts| facts.program = Some(("train.py".into(), false)), "program", Health::Bad, "train.py");
    check(|facts| facts.tools_missing = vec!["cargo"], "toolchain", Health::Note, "cargo");
    check(|facts| facts.open_files = 256, "open files", Health::Note, "256");
    let estimated = |facts: &mut Facts| {
        facts.worker.as_mut().unwrap().slots.as_mut().unwrap()[0].shortfall = Some("no RAPL".into());
    };
    check(estimated, "energy", Health::Note, "no RAPL");
    let missing = |facts: &mut Facts| facts.worker = Err(WorkerTrouble::Missing("ce-nas-worker".into()));
    check(missing, "worker", Health::Note, "there is no");
}
