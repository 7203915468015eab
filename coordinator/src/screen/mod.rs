//! What a person sees while a study runs: a small live panel on a terminal, one line per event elsewhere.

mod narrate;
mod panel;

pub use narrate::narrate;
pub use panel::{Snapshot, render};
