//! What can go wrong, for a caller that chooses by it.

use common::carbon::SignalKind;
use common::id::Zone;
use common::time::GridHour;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("there are no hours in the series: observe at least one before forecasting")]
    Empty,
    #[error("zones {first} and {other} are mixed in one series: keep one series per zone")]
    MixedZones { first: Zone, other: Zone },
    #[error("{first:?} and {other:?} are mixed in one series: choose one kind of signal for {zone}")]
    MixedKinds { zone: Zone, first: SignalKind, other: SignalKind },
    #[error("the intensity of {zone} at {hour} is {value}: it must be a finite number and not negative")]
    NotAnIntensity { zone: Zone, hour: GridHour, value: f64 },
    #[error(
        "{zone} has no value for the {hours} h from {from}: fill the gap in its source, or allow longer gaps"
    )]
    Gap { zone: Zone, from: GridHour, hours: i64 },
    #[error("the channel `{name}` does not fit its series: {reason}")]
    Channel { name: String, reason: String },
    /// More history helps.
    #[error("`{model}` needs {needed} h of history and has {found} h: use a simpler model until then")]
    ShortHistory { model: String, needed: usize, found: usize },
    /// Fitting helps.
    #[error("`{model}` has not been fitted yet")]
    NotFitted { model: String },
    /// Law F-1: the model knows hours that the forecast may not use.
    #[error(
        "`{model}` was fitted on hours up to {fitted_until} and can't forecast from {issued_at}: fit it on what was known then"
    )]
    FromTheFuture { model: String, fitted_until: GridHour, issued_at: GridHour },
    #[error("`{model}` was fitted for {fitted}, the history is of {found}")]
    OtherSeries { model: String, fitted: String, found: String },
    #[error("a horizon of {hours} h is outside 1–{limit} h")]
    Horizon { hours: usize, limit: usize },
    #[error("the history of {zone} can't be fitted by `{model}`: {reason}")]
    Singular { model: String, zone: Zone, reason: String },
    #[error("`{model}` can't be used: {reason}")]
    Weights { model: String, reason: String },
    #[error("there is no forecast model `{name}`; the nearest is `{nearest}`")]
    UnknownModel { name: String, nearest: String },
}
