//! `ce-nas-worker --probe`: says what this machine has to offer, and ends.

use common::config::Config;
use common::probe::{Probe, ProbedSlot};
use common::time::Millis;
use energy::nvml::Library;
use evaluation::Program;

use crate::hardware;

/// Looks around as a worker with these settings would.
pub fn probe(config: &Config) -> Probe {
    let boards = Library::load().and_then(|library| library.boards());
    let boards = boards.map(|boards| boards.into_iter().map(|board| board.name).collect());
    let described = hardware::describe(&config.worker, &Program::Refused, Millis(0));
    let slots = described.map(|hardware| {
        let metered = hardware.slots.into_iter().zip(hardware.meters);
        let slot = |(slot, meter): (common::wire::SlotInfo, energy::SlotMeter)| ProbedSlot {
            device: slot.device,
            memory_mb: slot.memory_mb,
            meter: slot.meter,
            shortfall: meter.shortfall.map(|shortfall| shortfall.to_string()),
        };
        metered.map(slot).collect()
    });
    Probe {
        version: env!("CARGO_PKG_VERSION").into(),
        libtorch: evaluation::libtorch_version().map(Into::into),
        cuda_devices: u32::try_from(evaluation::cuda_devices()).unwrap_or(u32::MAX),
        boards: boards.map_err(|error| error.to_string()),
        slots: slots.map_err(|error| format!("{error:#}")),
    }
}
