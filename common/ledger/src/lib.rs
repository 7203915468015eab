//! The ledger: one study's append-only history in an SQLite file, from which all state is folded.
//!
//! The table `events` is the truth. The other tables are for people with a database browser; they are kept in the
//! transaction of each append and can be thrown away and rebuilt. Nothing here decides anything, reads a clock, or knows
//! which events may follow which: that is the coordinator's.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("ledger.sqlite");
//! use common::{event::Event, time::Timestamp};
//!
//! let mut ledger = ledger::Ledger::open(&path)?;
//! let finished = Event::StudyFinished { reason: "the carbon budget is spent".into() };
//! assert_eq!(ledger.append(Timestamp(0), &[finished])?, 1..2);
//!
//! let reader = ledger::Ledger::read_only(&path)?;
//! assert_eq!(reader.fold(0, |count, _record| count + 1)?, 1);
//! # Ok(()) }
//! ```

mod backup;
mod error;
mod ledger;
mod lock;
mod records;
mod schema;
mod tables;

pub use error::Error;
pub use ledger::{Ledger, MAX_EVENT_BYTES};
pub use lock::Holder;
pub use records::Records;
pub use schema::SCHEMA;
