//! What a worker's slots draw: power meters, and the windows in which their joules are booked.
//!
//! A `PowerMeter` yields a running total; `Windows` cuts it into `Measurement`s by time and by the task that held the
//! slot; a `Meterkeeper` does both for one slot. `detect` finds the best meter each slot can have: a hardware counter,
//! integrated power readings, or an estimate, and every measurement says which. No thread, no timer: the caller asks as
//! often as it wants to know, at least every few minutes (see `rapl` for why).
//!
//! A GPU slot's meter counts its board, a CPU slot's its share of the processor packages. The rest of the machine
//! (memory, disks, fans, a GPU slot's host processor) is not metered.

pub mod clock;
pub mod conformance;
pub mod cpu;
pub mod detect;
mod error;
pub mod estimate;
mod family;
pub mod keeper;
mod meter;
pub mod nvml;
pub mod rapl;
pub mod scripted;
pub mod thermometer;
pub mod window;

pub use detect::{Device, Options, SlotDevice, SlotMeter, detect};
pub use error::Error;
pub use keeper::{Meterkeeper, Taken};
pub use meter::PowerMeter;
pub use scripted::Scripted;
pub use thermometer::{Thermometer, thermometers};
pub use window::{Reading, Windows};
