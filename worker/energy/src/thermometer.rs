//! How warm a slot's device is, for whoever watches over the machine. Nothing is decided by it.

use std::fs;
use std::path::{Path, PathBuf};

use common::id::SlotId;
use common::unit::Celsius;

use crate::detect::{Device, SlotDevice};
use crate::nvml::{self, Library, NvmlBoard};

/// Where Linux shows its sensors.
pub const HWMON: &str = "/sys/class/hwmon";
/// Drivers of sensors inside processors: Intel's, AMD's, ARM boards'.
const PROCESSORS: [&str; 4] = ["coretemp", "k10temp", "zenpower", "cpu_thermal"];

/// One device's sensor.
#[derive(Debug)]
pub enum Thermometer {
    Board(NvmlBoard),
    /// A file that holds thousandths of a degree.
    Processor(PathBuf),
}

impl Thermometer {
    /// None where the sensor does not answer, or says what no running device has.
    pub fn read(&self) -> Option<Celsius> {
        let found = match self {
            Self::Board(board) => board.temperature()?,
            Self::Processor(file) => {
                let thousandths: f64 = fs::read_to_string(file).ok()?.trim().parse().ok()?;
                Celsius(thousandths / 1000.0)
            }
        };
        (-40.0..=150.0).contains(&found.0).then_some(found)
    }
}

/// The sensors of those slots that have one. `hwmon` is [`HWMON`] except in tests.
pub fn thermometers(
    slots: &[SlotDevice],
    cuda_visible_devices: Option<&str>,
    hwmon: &Path,
) -> Vec<(SlotId, Thermometer)> {
    let library = Library::load().ok();
    let boards = library.as_ref().and_then(|library| library.boards().ok()).unwrap_or_default();
    let boards = nvml::visible(&boards, cuda_visible_devices);
    let of = |device: Device| match device {
        Device::Gpu { index } => {
            let board = boards.get(index as usize)?;
            library.as_ref().map(|library| Thermometer::Board(library.board(board)))
        }
        Device::Cpu { .. } => processor(hwmon).map(Thermometer::Processor),
    };
    slots.iter().filter_map(|slot| Some((slot.slot, of(slot.device)?))).collect()
}

/// The first processor's sensor: the lowest number in its folder is that of the whole package.
fn processor(hwmon: &Path) -> Option<PathBuf> {
    let mut chips: Vec<PathBuf> = fs::read_dir(hwmon).ok()?.flatten().map(|entry| entry.path()).collect();
    chips.sort();
    let is_processor = |chip: &PathBuf| {
        let name = fs::read_to_string(chip.join("name")).unwrap_or_default();
        PROCESSORS.contains(&name.trim())
    };
    let sensor = chips.into_iter().find(is_processor)?.join("temp1_input");
    sensor.is_file().then_some(sensor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOTS: [SlotDevice; 2] = [
        SlotDevice { slot: SlotId(0), device: Device::Cpu { cores: 1.0 } },
        SlotDevice { slot: SlotId(1), device: Device::Cpu { cores: 1.0 } },
    ];

    fn chip(hwmon: &Path, number: u32, name: &str, reading: &str) {
        let chip = hwmon.join(format!("hwmon{number}"));
        fs::create_dir_all(&chip).unwrap();
        fs::write(chip.join("name"), format!("{name}\n")).unwrap();
        fs::write(chip.join("temp1_input"), reading).unwrap();
    }

    #[test]
    fn a_processors_sensor_is_told_from_a_disks() {
        let hwmon = tempfile::tempdir().unwrap();
        chip(hwmon.path(), 0, "nvme", "31850\n");
        chip(hwmon.path(), 1, "k10temp", "54125\n");
        let found = thermometers(&SLOTS, None, hwmon.path());
        let readings: Vec<_> = found.iter().map(|(slot, sensor)| (slot.0, sensor.read())).collect();
        assert_eq!(readings, [(0, Some(Celsius(54.125))), (1, Some(Celsius(54.125)))]);
    }

    #[test]
    fn what_no_device_has_is_no_reading() {
        let hwmon = tempfile::tempdir().unwrap();
        for reading in ["", "warm", "-273150", "999000"] {
            chip(hwmon.path(), 0, "coretemp", reading);
            let found = thermometers(&SLOTS[..1], None, hwmon.path());
            assert_eq!(found[0].1.read(), None, "{reading:?}");
        }
    }

    #[test]
    fn a_machine_without_sensors_has_no_thermometers() {
        let hwmon = tempfile::tempdir().unwrap();
        assert!(thermometers(&SLOTS, None, hwmon.path()).is_empty());
        chip(hwmon.path(), 0, "acpitz", "40000");
        assert!(thermometers(&SLOTS, None, hwmon.path()).is_empty());
        assert!(thermometers(&SLOTS, None, &hwmon.path().join("nowhere")).is_empty());
    }
}
