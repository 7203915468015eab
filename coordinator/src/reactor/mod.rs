//! What follows from each input, one family a file. Decisions only: they record events and name effects.

mod on_control;
mod on_delivery;
mod on_given;
mod on_hour;
mod on_remembers;
mod on_tick;
mod on_worker;
mod plausible;
mod quarantine;

pub(crate) mod dispatch;
pub(crate) mod on_lost_blob;
pub(crate) mod slots;
