//! Carbon-intensity forecasts: hourly, with quantiles, from one zone's own past.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `series`, `channel` | contiguous hours of one zone and one kind, and what a trace carries beside them |
//! | `forecaster` | the trait and the table of models by name |
//! | `naive`, `linear` | the models |
//! | `band` | quantiles from a model's own errors |
//! | `metrics`, `saving`, `backtest` | how good a model is |
//! | `choose` | which model a zone uses, and when that is asked again |
//! | `conformance` | what every model owes its users |
//!
//! Law F-1: a forecast uses only hours at or before `issued_at`. The series handed to [`Forecaster::forecast`] ends there, and
//! a model that was fitted on later hours refuses. Absent on purpose: fetching data, clocks, files, randomness.

mod backtest;
mod band;
mod channel;
mod choose;
pub mod conformance;
mod error;
mod forecaster;
mod linear;
mod metrics;
mod naive;
mod saving;
mod series;

pub use backtest::{Plan, Step, backtest, backtest_watched};
pub use band::LEVELS;
pub use channel::Channel;
pub use choose::{Candidate, Choice, Selector, choose, choose_among};
pub use error::Error;
pub use forecaster::{AUTO, Forecaster, MAX_HORIZON_HOURS, MODELS, build};
pub use linear::LinearMap;
pub use metrics::{Metrics, Score};
pub use naive::{Persistence, WeekMean, Yesterday};
pub use saving::Saving;
pub use series::{Gaps, Series};
