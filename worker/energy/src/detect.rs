//! Finds each slot the best meter it can have.
//!
//! GPU slots: energy counter, then power readings; an estimate only where the board's power is configured, for guessing
//! it would be worth nothing. CPU slots: RAPL, then the estimate. A choice in the configuration is kept to or refused.

use std::path::PathBuf;

use common::config::MeterChoice;
use common::id::SlotId;
use common::time::Millis;
use common::unit::Watts;

use crate::clock::{self, Occupancy, SlotClock};
use crate::cpu::{Machine, Rating};
use crate::error::Error;
use crate::estimate::Estimate;
use crate::family;
use crate::meter::PowerMeter;
use crate::nvml::{self, BoardMeter, Library};
use crate::rapl::{POWERCAP, Rapl};

/// What the worker knows of its slots and wants of their meters.
#[derive(Debug, Clone)]
pub struct Options {
    pub meter: MeterChoice,
    /// Watts at full load of the whole machine's processors, or of the board of a GPU slot; none takes the usual figure.
    pub tdp: Option<Watts>,
    /// The same at rest.
    pub idle: Option<Watts>,
    pub machine: Machine,
    pub powercap: PathBuf,
    /// The value of `CUDA_VISIBLE_DEVICES`.
    pub cuda_visible_devices: Option<String>,
    pub slots: Vec<SlotDevice>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlotDevice {
    pub slot: SlotId,
    pub device: Device,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Device {
    /// So many of the machine's logical processors.
    Cpu { cores: f64 },
    /// CUDA's number of the board, counted among the visible ones.
    Gpu { index: u32 },
}

/// A slot and its meter.
pub struct SlotMeter {
    pub slot: SlotId,
    pub meter: Box<dyn PowerMeter>,
    /// Why no better meter was found; none when this is the best kind.
    pub shortfall: Option<Error>,
}

impl Options {
    /// Whatever this machine has, for these slots.
    pub fn here(slots: Vec<SlotDevice>) -> Result<Self, Error> {
        Ok(Self {
            meter: MeterChoice::Auto,
            tdp: None,
            idle: None,
            machine: Machine::here()?,
            powercap: POWERCAP.into(),
            cuda_visible_devices: None,
            slots,
        })
    }
}

/// One meter a slot, in the slots' order.
pub fn detect(options: &Options, now: Millis) -> Result<Vec<SlotMeter>, Error> {
    let cores: Vec<f64> = options
        .slots
        .iter()
        .filter_map(|slot| match slot.device {
            Device::Cpu { cores } => Some(cores),
            Device::Gpu { .. } => None,
        })
        .collect();
    if let Some(cores) = cores.iter().find(|cores| !cores.is_finite() || **cores <= 0.0) {
        let cure = "a CPU slot has at least one thread";
        return Err(Error::Setting { setting: "worker.threads", value: cores.to_string(), cure });
    }
    let mut clocks = clock::divide(family::cpu_time(), &cores)?.into_iter();
    options
        .slots
        .iter()
        .map(|&SlotDevice { slot, device }| {
            let (meter, shortfall) = match device {
                Device::Gpu { index } => gpu(options, index, now)?,
                Device::Cpu { cores } => {
                    let clock = clocks.next().expect("one clock for each CPU slot");
                    cpu(options, cores, clock, now)?
                }
            };
            Ok(SlotMeter { slot, meter, shortfall })
        })
        .collect()
}

type Found = (Box<dyn PowerMeter>, Option<Error>);

fn cpu(options: &Options, cores: f64, clock: SlotClock, now: Millis) -> Result<Found, Error> {
    let cpus = options.machine.cpus;
    let estimate = || -> Result<Box<dyn PowerMeter>, Error> {
        let rating = options.machine.rating(options.tdp, options.idle)?;
        Ok(Box::new(Estimate::open(&rating, cores, cpus, Box::new(clock), now)?))
    };
    let rapl = || Rapl::open(&options.powercap, cores / f64::from(cpus), now);
    match options.meter {
        MeterChoice::Estimate => Ok((estimate()?, None)),
        MeterChoice::Rapl => Ok((Box::new(rapl()?), None)),
        MeterChoice::Auto => match rapl() {
            Ok(rapl) => Ok((Box::new(rapl), None)),
            Err(shortfall) => Ok((estimate()?, Some(shortfall))),
        },
        MeterChoice::Nvml => {
            Err(setting("nvml", "this slot is a CPU: choose \"rapl\", \"estimate\" or \"auto\""))
        }
    }
}

fn gpu(options: &Options, index: u32, now: Millis) -> Result<Found, Error> {
    let estimate = || -> Result<Box<dyn PowerMeter>, Error> {
        if options.tdp.is_none() {
            let cure = "a GPU's power is not guessed: set its board's watts (and idle_w, if known)";
            return Err(Error::Setting { setting: "worker.tdp_w", value: "auto".into(), cure });
        }
        let board = Machine { model: None, cpus: 1 };
        let Rating { full, idle, source } = board.rating(options.tdp, options.idle)?;
        let rating = Rating { full, idle, source: format!("{source}, full load assumed while a task runs") };
        Ok(Box::new(Estimate::open(&rating, 1.0, 1, Box::new(Occupancy::new(now)), now)?))
    };
    let board = || -> Result<Box<dyn PowerMeter>, Error> {
        let library = Library::load()?;
        let boards = nvml::visible(&library.boards()?, options.cuda_visible_devices.as_deref());
        let info = boards.get(index as usize).ok_or_else(|| Error::Unavailable {
            meter: "NVML meter",
            reason: format!(
                "CUDA device {index} is not among the {} boards seen (MIG slices have no meter)",
                boards.len()
            ),
        })?;
        Ok(Box::new(BoardMeter::open(library.board(info), now)?))
    };
    match options.meter {
        MeterChoice::Estimate => Ok((estimate()?, None)),
        MeterChoice::Nvml => Ok((board()?, None)),
        MeterChoice::Auto => match board() {
            Ok(board) => Ok((board, None)),
            Err(shortfall) if options.tdp.is_some() => Ok((estimate()?, Some(shortfall))),
            Err(shortfall) => Err(shortfall),
        },
        MeterChoice::Rapl => {
            Err(setting("rapl", "this slot is a GPU: choose \"nvml\", \"estimate\" or \"auto\""))
        }
    }
}

fn setting(value: &str, cure: &'static str) -> Error {
    Error::Setting { setting: "worker.meter", value: value.into(), cure }
}

impl std::fmt::Debug for SlotMeter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SlotMeter")
            .field("slot", &self.slot)
            .field("meter", &self.meter.describe())
            .field("shortfall", &self.shortfall)
            .finish()
    }
}
