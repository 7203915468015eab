//! The trait behind which every model stands, and the models by name.

use std::fmt;

use common::carbon::{Forecast, SignalKind};
use common::id::Zone;

use crate::{Calibrated, Error, LinearMap, MapOptions, Persistence, Series, WeekMean, Yesterday, ensemble};

/// Beyond a week even the best model says little more than the season's mean by hour.
pub const MAX_HORIZON_HOURS: usize = 168;

/// Models from simple to demanding: the order in which a young history climbs, and falls back.
#[cfg(not(feature = "torch"))]
pub const MODELS: [&str; 5] = ["persistence", "yesterday", "week_mean", "linear", "ensemble"];
/// Models from simple to demanding: the order in which a young history climbs, and falls back.
#[cfg(feature = "torch")]
pub const MODELS: [&str; 6] = ["persistence", "yesterday", "week_mean", "linear", "transformer", "ensemble"];
/// Those without parameters: they need no training and stand in until others are trained.
pub const RULES: [&str; 3] = ["persistence", "yesterday", "week_mean"];
/// The setting that leaves the model to [`crate::choose`].
pub const AUTO: &str = "auto";
/// What stands before the file in the name of a transformer whose networks were trained before.
pub const PRETRAINED: &str = "transformer:";

/// Says what is to be expected after the last hour of a history. Deterministic: the same calls give the same bits.
pub trait Forecaster: Send + fmt::Debug {
    fn name(&self) -> &str;

    /// Hours of history without which `fit` answers [`Error::ShortHistory`]. What `forecast` needs once it is fitted may be less.
    fn min_history_hours(&self) -> usize;

    /// Learns from `history`. A model without parameters accepts and forgets.
    fn fit(&mut self, history: &Series) -> Result<(), Error>;

    /// `horizon` rows (1–168), the first for the hour after the last of `history`, at the levels [`crate::LEVELS`]; rows
    /// non-decreasing, values ≥ 0. Refuses when the model was fitted on hours later than that (law F-1).
    fn forecast(&self, history: &Series, horizon: usize) -> Result<Forecast, Error>;
}

/// The model called `name`, unfitted, for forecasts of up to `horizon` hours: one of [`MODELS`], or, with libtorch, `transformer:FILE`,
/// whose networks were trained before and lie in a file.
pub fn build(name: &str, horizon: usize) -> Result<Box<dyn Forecaster>, Error> {
    check_horizon(horizon, MAX_HORIZON_HOURS)?;
    Ok(match name {
        "persistence" => Box::new(Persistence),
        "yesterday" => Box::new(Yesterday),
        "week_mean" => Box::new(WeekMean),
        "linear" => Box::new(Calibrated::new(Box::new(LinearMap::new(MapOptions::PLAIN, horizon)?))),
        #[cfg(feature = "torch")]
        "transformer" => Box::new(Calibrated::correcting(Box::new(crate::Transformer::new(horizon)?))),
        #[cfg(feature = "torch")]
        _ if name.starts_with(PRETRAINED) => {
            Box::new(Calibrated::correcting(Box::new(crate::Transformer::pretrained(name, horizon)?)))
        }
        #[cfg(not(feature = "torch"))]
        _ if name == "transformer" || name.starts_with(PRETRAINED) => {
            let cure = "build it with `cargo build --release -p ce-nas --features torch`";
            let reason = format!("this program was built without libtorch: {cure}");
            return Err(Error::Weights { model: name.into(), reason });
        }
        "ensemble" => Box::new(Calibrated::correcting(Box::new(ensemble::build(horizon)?))),
        _ => return Err(unknown(name)),
    })
}

pub(crate) fn unknown(name: &str) -> Error {
    let similarity = |known: &str| strsim::jaro_winkler(known, name);
    let nearest = MODELS
        .into_iter()
        .chain([AUTO])
        .max_by(|a, b| similarity(a).total_cmp(&similarity(b)))
        .expect("there are models");
    Error::UnknownModel { name: name.into(), nearest: nearest.into() }
}

pub(crate) fn check_horizon(hours: usize, limit: usize) -> Result<(), Error> {
    match (1..=limit).contains(&hours) {
        true => Ok(()),
        false => Err(Error::Horizon { hours, limit }),
    }
}

/// A model that learnt one zone's hours of one kind answers for no other.
pub(crate) fn check_origin(
    model: &str,
    (zone, kind): (&Zone, SignalKind),
    history: &Series,
) -> Result<(), Error> {
    match zone == history.zone() && kind == history.kind() {
        true => Ok(()),
        false => Err(Error::OtherSeries {
            model: model.into(),
            fitted: format!("{zone} {kind:?}"),
            found: format!("{} {:?}", history.zone(), history.kind()),
        }),
    }
}

/// Nor for a series that tells more or less of its generation than those hours did.
pub(crate) fn check_channels(model: &str, fitted: usize, found: usize) -> Result<(), Error> {
    match fitted == found {
        true => Ok(()),
        false => Err(Error::OtherSeries {
            model: model.into(),
            fitted: format!("a trace with {fitted} channels of use"),
            found: format!("one with {found}"),
        }),
    }
}

pub(crate) fn check_length(model: &dyn Forecaster, history: &Series) -> Result<(), Error> {
    let (needed, found) = (model.min_history_hours(), history.len());
    match found >= needed {
        true => Ok(()),
        false => Err(Error::ShortHistory { model: model.name().into(), needed, found }),
    }
}
