//! What holds of every simulated study: virtual time, what work costs, and the bill.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `schedule` | virtual time: a heap of happenings in a total order |
//! | `work` | seconds and watts of each kind of task, as settings |
//! | `meter` | joules and grams, integrated exactly and sliced by hour |
//! | `trace` | hourly carbon intensities of one zone |
//!
//! Absent on purpose: slots and who works on what ([`crate::fleet`]), and real time in any form.

mod meter;
mod schedule;
mod trace;
mod work;

pub use meter::{Draw, Limit, Meter, Spent};
pub use schedule::{Moment, Schedule};
pub use trace::{HourlyTrace, TraceError};
pub use work::{Task, Work};
