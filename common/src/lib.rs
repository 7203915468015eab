//! The words of CE-NAS. No I/O but reading configuration text, no async, no tensors, no clock.
//!
//! Every other package speaks in these types; the glossary stands in `ARCHITECTURE.md`.

pub mod allocation;
pub mod architecture;
pub mod blob;
pub mod carbon;
pub mod config;

pub mod energy;
pub mod event;
pub mod fidelity;
pub mod id;
pub mod nearest;
pub mod objective;
pub mod probe;
pub mod recipe;
pub mod seed;
pub mod space;
pub mod study;
pub mod time;
pub mod trial;
pub mod unit;
pub mod wire;
