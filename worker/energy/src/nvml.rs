//! NVIDIA boards through NVML, whose library is loaded at run time: a machine without it merely has no such meter.
//!
//! The total-energy counter (Volta and later) is best; without it, power readings are integrated by trapezoids. A powered
//! board never draws nothing: a counter that stands still or runs backwards (both have been seen after driver resets) is
//! not trusted again, and the meter goes on with power readings. A board cut into MIG slices has one counter for all.

use std::sync::Arc;

use common::energy::Method;
use common::time::Millis;
use common::unit::{Celsius, Joules, Seconds, Watts};
use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::TemperatureSensor;
use nvml_wrapper::error::NvmlError;

use crate::error::Error;
use crate::meter::PowerMeter;

/// The counter is updated at least every 100 ms; so long without a millijoule means that it is broken.
const STILL_MS: i64 = 2_000;

/// Words of 64 processors each: as many as Linux is built for.
const CPU_WORDS: usize = 128;

/// A board as NVML sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct BoardInfo {
    /// NVML's number, in the order of the PCI bus.
    pub index: u32,
    pub uuid: String,
    pub name: String,
    pub memory_mb: u64,
    pub power_limit: Option<Watts>,
    pub temperature_c: Option<u32>,
    /// CUDA's, major and minor: 8.0 and later compute in bf16.
    pub compute_capability: Option<(i32, i32)>,
    /// Slices that it is cut into (MIG), 0 where it is whole.
    pub slices: u32,
    /// Processes that compute on it already.
    pub strangers: u32,
    /// Processors near it, by Linux' numbers; empty where nobody knows.
    pub near_cpus: Vec<usize>,
}

impl BoardInfo {
    /// What makes its energy more than a slot's own, in words; none where it is whole and free.
    pub fn sharing(&self) -> Option<String> {
        let cut = (self.slices > 0).then(|| {
            format!(
                "cut into {} MIG slices: its energy counter is that of all of them, whoever computes",
                self.slices
            )
        });
        let shared = (self.strangers > 0).then(|| {
            let plural = if self.strangers == 1 { "process" } else { "processes" };
            format!(
                "shared with {} other {plural}: their energy counts as the study's, their work slows it down",
                self.strangers
            )
        });
        let reasons: Vec<String> = cut.into_iter().chain(shared).collect();
        (!reasons.is_empty()).then(|| format!("{} is {}", self.name, reasons.join("; and ")))
    }
}

/// The numbers of the bits that are set.
fn bits(words: &[u64]) -> Vec<usize> {
    (0..64 * words.len()).filter(|bit| words[bit / 64] >> (bit % 64) & 1 == 1).collect()
}

/// The readings a meter needs; NVML's are `NvmlBoard`, a test has its own.
pub trait Board: Send {
    /// In words, for measurements.
    fn name(&self) -> String;
    /// Millijoules since the driver was loaded.
    fn energy_mj(&mut self) -> Result<u64, String>;
    fn power_mw(&mut self) -> Result<u32, String>;
}

/// The NVML library, loaded and initialised.
#[derive(Debug, Clone)]
pub struct Library {
    nvml: Arc<Nvml>,
}

impl Library {
    pub fn load() -> Result<Self, Error> {
        match Nvml::init() {
            Ok(nvml) => Ok(Self { nvml: Arc::new(nvml) }),
            Err(NvmlError::LibloadingError(_)) => {
                Err(unavailable("libnvidia-ml.so.1 is not installed (it comes with NVIDIA's driver)".into()))
            }
            Err(error) => Err(unavailable(error.to_string())),
        }
    }

    pub fn boards(&self) -> Result<Vec<BoardInfo>, Error> {
        let count = self.nvml.device_count().map_err(|error| unavailable(error.to_string()))?;
        (0..count).map(|index| self.info(index).map_err(|error| unavailable(error.to_string()))).collect()
    }

    fn info(&self, index: u32) -> Result<BoardInfo, NvmlError> {
        let device = self.nvml.device_by_index(index)?;
        Ok(BoardInfo {
            index,
            uuid: device.uuid()?,
            name: device.name()?,
            memory_mb: device.memory_info().map_or(0, |memory| memory.total >> 20),
            power_limit: device
                .enforced_power_limit()
                .ok()
                .map(|limit_mw| Watts(f64::from(limit_mw) / 1000.0)),
            temperature_c: device.temperature(TemperatureSensor::Gpu).ok(),
            compute_capability: device.cuda_compute_capability().ok().map(|found| (found.major, found.minor)),
            slices: slices(&device),
            strangers: device.running_compute_processes_count().unwrap_or(0),
            near_cpus: device.cpu_affinity(CPU_WORDS).map_or_else(|_| Vec::new(), |words| bits(&words)),
        })
    }

    pub fn board(&self, info: &BoardInfo) -> NvmlBoard {
        NvmlBoard { library: self.clone(), info: info.clone() }
    }
}

/// A board in MIG mode computes by its slices alone, and has as many as somebody made.
fn slices(device: &nvml_wrapper::Device<'_>) -> u32 {
    let is_cut = device.mig_mode().is_ok_and(|mode| mode.current == 1);
    let made =
        |most: u32| (0..most).filter(|&index| device.mig_device_by_index(index).is_ok()).count() as u32;
    if is_cut { made(device.mig_device_count().unwrap_or(0)).max(1) } else { 0 }
}

/// The boards that a CUDA program sees, in its order, given the value of `CUDA_VISIBLE_DEVICES`: numbers or (beginnings
/// of) UUIDs; as in CUDA, the first word that names nothing ends the list. Numbers are taken in the order of the PCI bus,
/// which is CUDA's own when `CUDA_DEVICE_ORDER=PCI_BUS_ID` or when all boards are of one model.
pub fn visible(boards: &[BoardInfo], cuda_visible_devices: Option<&str>) -> Vec<BoardInfo> {
    let Some(list) = cuda_visible_devices else { return boards.to_vec() };
    list.split(',')
        .map(str::trim)
        .map_while(|word| match word.parse::<u32>() {
            Ok(index) => boards.iter().find(|board| board.index == index),
            Err(_) => boards.iter().find(|board| word.starts_with("GPU-") && board.uuid.starts_with(word)),
        })
        .cloned()
        .collect()
}

/// One board of this machine.
#[derive(Debug)]
pub struct NvmlBoard {
    library: Library,
    info: BoardInfo,
}

impl NvmlBoard {
    fn read<T>(
        &self,
        read: impl FnOnce(&nvml_wrapper::Device<'_>) -> Result<T, NvmlError>,
    ) -> Result<T, String> {
        let device = self.library.nvml.device_by_uuid(self.info.uuid.as_str());
        device.and_then(|device| read(&device)).map_err(|error| error.to_string())
    }
}

impl NvmlBoard {
    /// None where the board does not tell.
    pub fn temperature(&self) -> Option<Celsius> {
        let read = self.read(|device| device.temperature(TemperatureSensor::Gpu));
        read.ok().map(|degrees| Celsius(f64::from(degrees)))
    }
}

impl Board for NvmlBoard {
    fn name(&self) -> String {
        let BoardInfo { name, uuid, .. } = &self.info;
        match self.info.power_limit {
            Some(limit) => format!("{name} {uuid}, limit {limit:.0}"),
            None => format!("{name} {uuid}"),
        }
    }

    fn energy_mj(&mut self) -> Result<u64, String> {
        self.read(|device| device.total_energy_consumption())
    }

    fn power_mw(&mut self) -> Result<u32, String> {
        self.read(|device| device.power_usage())
    }
}

/// A meter on one board.
#[derive(Debug)]
pub struct BoardMeter<B> {
    board: B,
    source: Source,
    total: Joules,
}

#[derive(Debug, Clone, Copy)]
enum Source {
    Counter { last_mj: u64, moved_at: Millis },
    Power { last: Watts, at: Millis },
}

impl Source {
    /// The counter, where it counts.
    fn best(board: &mut impl Board, now: Millis) -> Result<Self, String> {
        match board.energy_mj() {
            Ok(last_mj) if last_mj > 0 => Ok(Self::Counter { last_mj, moved_at: now }),
            counter => Self::power(board, now).map_err(|reason| {
                let counter = counter.map_or_else(|error| error, |_| "reads 0".into());
                format!("energy counter: {counter}; power: {reason}")
            }),
        }
    }

    fn power(board: &mut impl Board, now: Millis) -> Result<Self, String> {
        Ok(Self::Power { last: power(board)?, at: now })
    }
}

impl<B: Board> BoardMeter<B> {
    pub fn open(mut board: B, now: Millis) -> Result<Self, Error> {
        let source = Source::best(&mut board, now).map_err(unavailable)?;
        Ok(Self { board, source, total: Joules::ZERO })
    }

    fn unread(&self, reason: String) -> Error {
        Error::Unread { meter: self.describe(), reason }
    }

    fn distrust(&mut self, moved_at: Millis, now: Millis) -> Result<(), Error> {
        let still_s = (now.0 - moved_at.0) / 1000;
        let last = power(&mut self.board).map_err(|_| Error::Stuck { meter: self.describe(), still_s })?;
        // The span since the counter last moved is the new source's, at the power of now.
        self.source = Source::Power { last, at: moved_at };
        self.integrate(last, now);
        Ok(())
    }

    fn integrate(&mut self, power: Watts, now: Millis) {
        if let Source::Power { last, at } = &mut self.source {
            let span = Seconds((now.0 - at.0).max(0) as f64 / 1000.0);
            self.total += ((*last + power) * 0.5).over(span);
            (*last, *at) = (power, now.max(*at));
        }
    }
}

impl<B: Board> PowerMeter for BoardMeter<B> {
    fn describe(&self) -> String {
        let instrument = match self.source {
            Source::Counter { .. } => "energy counter",
            Source::Power { .. } => "power readings",
        };
        format!("NVML {instrument}, {}", self.board.name())
    }

    fn method(&self) -> Method {
        match self.source {
            Source::Counter { .. } => Method::Counter,
            Source::Power { .. } => Method::Integrated,
        }
    }

    fn sample(&mut self, now: Millis) -> Result<Joules, Error> {
        match self.source {
            Source::Counter { last_mj, moved_at } => {
                let mj = self.board.energy_mj().map_err(|reason| self.unread(reason))?;
                if mj > last_mj {
                    self.total += Joules((mj - last_mj) as f64 / 1000.0);
                    self.source = Source::Counter { last_mj: mj, moved_at: now.max(moved_at) };
                } else if mj < last_mj || now.0 - moved_at.0 >= STILL_MS {
                    self.distrust(moved_at, now)?;
                }
            }
            Source::Power { .. } => {
                let power = power(&mut self.board).map_err(|reason| self.unread(reason))?;
                self.integrate(power, now);
            }
        }
        Ok(self.total)
    }

    fn wake(&mut self, now: Millis) -> Result<(), Error> {
        let source = match self.source {
            Source::Counter { moved_at, .. } => Source::best(&mut self.board, now.max(moved_at)),
            // A counter that was distrusted stays so.
            Source::Power { at, .. } => Source::power(&mut self.board, now.max(at)),
        };
        self.source = source.map_err(|reason| self.unread(reason))?;
        Ok(())
    }
}

fn power(board: &mut impl Board) -> Result<Watts, String> {
    match board.power_mw()? {
        0 => Err("reads 0 W, which no powered board draws".into()),
        power_mw => Ok(Watts(f64::from(power_mw) / 1000.0)),
    }
}

fn unavailable(reason: String) -> Error {
    Error::Unavailable { meter: "NVML meter", reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_that_is_not_ones_own_says_so() {
        let board = |slices, strangers| BoardInfo {
            index: 0,
            uuid: "GPU-1".into(),
            name: "A100".into(),
            memory_mb: 0,
            power_limit: None,
            temperature_c: None,
            compute_capability: None,
            slices,
            strangers,
            near_cpus: Vec::new(),
        };
        assert_eq!(board(0, 0).sharing(), None);
        assert!(board(3, 0).sharing().unwrap().starts_with("A100 is cut into 3 MIG slices"));
        assert!(board(0, 1).sharing().unwrap().contains("shared with 1 other process:"));
        let both = board(2, 4).sharing().unwrap();
        assert!(both.contains("MIG") && both.contains("4 other processes"), "{both}");
    }

    #[test]
    fn processors_are_the_bits_of_a_mask() {
        assert_eq!(bits(&[]), Vec::<usize>::new());
        assert_eq!(bits(&[0b1011, 1 << 63]), [0, 1, 3, 127]);
    }
}
