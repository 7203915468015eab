//! Carbon-intensity forecasts: hourly, with quantiles, from a zone's own past and what is known of others in the same hours.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `series`, `channel`, `sources` | contiguous hours of one zone and one kind, what a trace carries beside them, and which of it is generation |
//! | `forecaster` | the trait and the table of models by name |
//! | `naive` | rules without parameters |
//! | `point` | the trait of models that say one number an hour |
//! | `linear`, `profile`, `blend` | such models: linear maps of many hours, one of a few sums, and a mix of several |
//! | `transformer` | another, behind the feature `torch`: the only one that holds tensors and writes files |
//! | `ensemble` | the mix that is offered by name |
//! | `calibrated`, `band`, `correction` | quantiles from a model's own errors, and what the newest of them teach |
//! | `metrics`, `saving`, `backtest` | how good a model is |
//! | `choose`, `selector` | which model a zone uses, and when that is asked again |
//! | `conformance`, `made_up` | what every model owes its users, and grids to try it on |
//!
//! Law F-1: a forecast uses only hours at or before `issued_at`. The series handed to [`Forecaster::forecast`] ends there, and
//! a model that was fitted on later hours refuses. Absent on purpose: fetching data, clocks, and outside the
//! transformer files and dice.

mod backtest;
mod band;
mod blend;
mod calibrated;
mod channel;
mod choose;
pub mod conformance;
mod correction;
mod ensemble;
mod error;
mod forecaster;
mod linear;
pub mod made_up;
mod metrics;
mod naive;
mod point;
mod profile;
mod saving;
mod selector;
mod series;
mod sources;
#[cfg(feature = "torch")]
mod transformer;

pub use backtest::{Plan, Step, backtest, backtest_watched};
pub use band::LEVELS;
pub use blend::Blend;
pub use calibrated::Calibrated;
pub use channel::Channel;
pub use choose::{Candidate, Choice, choose, choose_among};
pub use error::Error;
pub use forecaster::{AUTO, Forecaster, MAX_HORIZON_HOURS, MODELS, PRETRAINED, RULES, build};
pub use linear::{Channels, LinearMap, MapOptions, Measure};
pub use metrics::{Metrics, Score};
pub use naive::{Persistence, WeekMean, Yesterday};
pub use point::PointModel;
pub use profile::ProfileMap;
pub use saving::Saving;
pub use selector::{LOOK_BACK_HOURS, RETRAIN_HOURS, Selector, TRAINING_HOURS, Trained, Training, Verdict};
pub use series::{Gaps, Series};
#[cfg(feature = "torch")]
pub use transformer::{About, AboutZone, Course, Options as TransformerOptions, Transformer, WeightsError};
