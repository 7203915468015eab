//! The actix skin: mailboxes around the core. One actor a file; none decides anything.

mod agent;
mod blob_keeper;
mod carbon_watch;
mod coordinator;
mod forecaster;
mod gateway;
mod ledger_keeper;
mod searcher;
mod steps;
mod window;

pub use agent::Agent;
pub use blob_keeper::BlobKeeper;
pub use carbon_watch::{CarbonWatch, REMEMBERED_HOURS};
pub use coordinator::{Ask, Coordinator, Exit, Glance, Look, Obeyed, Order, Parts, Take};
pub use forecaster::ForecastMaker;
pub use gateway::{Gateway, Listening};
pub use ledger_keeper::LedgerKeeper;
pub use searcher::SearchTold;
