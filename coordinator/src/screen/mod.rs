//! What a person sees while a study runs: a small live panel on a terminal, one line per event elsewhere.

mod narrate;
mod narrator;
mod panel;

pub(crate) use narrate::narrate;
pub use narrator::Narrator;
pub use panel::{Snapshot, render};
