//! The grid and what was done in its hours: `GET /api/v1/zones`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Spent;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ZoneQuery {
    /// Grid hours of the past; 168 unless told otherwise.
    #[param(minimum = 1, maximum = 8784)]
    pub hours: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Zones {
    /// The present hour of the carbon signal.
    pub hour: String,
    pub zones: Vec<Zone>,
    pub counterfactual: Counterfactual,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Zone {
    pub zone: String,
    pub g_per_kwh: f64,
    /// Where the present figure comes from.
    pub provenance: String,
    /// average_direct, average_lifecycle, marginal_direct or marginal_lifecycle.
    pub kind: Option<String>,
    /// Slots of live workers.
    pub slots: u64,
    /// What was decided last.
    pub allocation: Option<Shares>,
    /// Oldest first, up to the present hour.
    pub history: Vec<ZoneHour>,
    pub forecast: Option<Forecast>,
    pub spent: Spent,
    /// idle, supernet, one-shot, rung, full.
    pub spent_by_fidelity: BTreeMap<String, Spent>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shares {
    pub train: u64,
    pub sample: u64,
    pub rest: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ZoneHour {
    pub hour: String,
    pub g_per_kwh: f64,
    /// measured, estimated, forecast (by its service), modelled (by the study), cached, earlier (an hour like it in a trace), synthetic or constant.
    pub source: String,
    /// Slots as last decided within the hour, or before it where nothing was; null before the first decision.
    pub allocation: Option<Shares>,
    pub kwh: f64,
    pub gco2eq: f64,
    /// Only what is not 0.
    pub kwh_by_fidelity: BTreeMap<String, f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Forecast {
    pub issued_at: String,
    pub model: String,
    /// Probability levels, in the order of each hour's quantiles.
    pub levels: Vec<f64>,
    pub hours: Vec<ForecastHour>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForecastHour {
    pub hour: String,
    /// g/kWh, one for each level.
    pub quantiles: Vec<f64>,
}

/// What the same work would have emitted, had it been run at once: a calculation, not a measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Counterfactual {
    /// Energy of the work alone, without idling slots; the same on both sides.
    pub kwh: f64,
    /// Emitted as it was run.
    pub gco2eq: f64,
    /// Emitted had it been run at once; null before any work, or where no intensity is known.
    pub at_once_gco2eq: Option<f64>,
    /// Of what it would have emitted; negative where it would have emitted less.
    pub avoided_share: Option<f64>,
    /// How the figure was found out, for whoever is to believe it.
    pub method: String,
    pub zones: Vec<CounterfactualZone>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CounterfactualZone {
    pub zone: String,
    pub kwh: f64,
    pub gco2eq: f64,
    pub at_once_gco2eq: f64,
    /// Grid hours from the study's start that its slots would have been busy.
    pub hours: f64,
    /// Most slots that were alive at once.
    pub slots: u64,
}
