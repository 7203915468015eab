//! The interface of all meters.

use common::energy::Method;
use common::time::Millis;
use common::unit::Joules;

use crate::error::Error;

/// An instrument on one slot.
pub trait PowerMeter: Send {
    /// The instrument in words, as each measurement carries it.
    fn describe(&self) -> String;

    /// How the joules of the latest sample were found out.
    fn method(&self) -> Method;

    /// The running total since the meter was opened. It never falls, and an instrument that stands still where it can't be
    /// standing still is an error, never 0 J. After an error that `can_retry`, the next good sample covers the gap.
    fn sample(&mut self, now: Millis) -> Result<Joules, Error>;

    /// The machine slept since the last sample, or may have: what the instrument says of that span means nothing (a counter may have
    /// begun anew), so the total goes on from here. After an error it is asked again before the next sample.
    fn wake(&mut self, now: Millis) -> Result<(), Error>;

    /// Told when the slot takes up or lays down a task: a meter that divides a shared processor divides by it.
    fn set_busy(&mut self, _now: Millis, _busy: bool) {}
}
