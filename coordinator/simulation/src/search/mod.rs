//! The search alone, without fleets and hours: how much of the reachable hypervolume a searcher finds with how many trainings.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `wish` | which objectives are wanted, as a user writes them |
//! | `oracle` | what tells the outcome of a training: a table, or a problem with a known optimum |
//! | `tabulated`, `analytic` | the two of them |
//! | `facts` | what is known without training, as the optimiser asks for it |
//! | `run` | one search, and many of them side by side |
//! | `climb` | a search whose candidates get a short training first |
//! | `summary` | what a person reads of many |
//!
//! The optimiser and the ladder are the coordinator's own. Objectives are minimised inside; a maximised column has its sign turned, and so
//! has its reference. One seed, one result, whatever the number of threads.

mod analytic;
mod climb;
mod facts;
mod oracle;
mod run;
mod summary;
mod tabulated;
mod wish;

pub use analytic::{Analytic, PROBLEMS};
pub use oracle::{Named, Oracle, Outcome, Place};
pub use run::{Plan, Run, Step, run_all};
pub use summary::{Goal, Mark, Summary};
pub use tabulated::Tabulated;
pub use wish::{RungWish, Wish, known};
