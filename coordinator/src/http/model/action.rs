//! What an operator may ask for, and the answers: `POST /api/v1/...`.

use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// What became of an action. Asking again for what is already so changes nothing and is no failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Done {
    /// Whether anything changed.
    pub changed: bool,
    /// In a sentence.
    pub text: String,
    /// The last event of the ledger by then: what is read afterwards tells of it.
    pub sequence: u64,
}

/// Which workers to drain: one by its name, or all that are there now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DrainOrder {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    pub all: bool,
}

/// Why the study shall end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StopOrder {
    /// Stands in the ledger and the report.
    #[schema(max_length = 500)]
    pub reason: Option<String>,
}

/// New limits. A key that is left out stays as it is; each is a number greater than 0, or "unlimited".
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetOrder {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carbon_g: Option<Limit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_kwh: Option<Limit>,
    /// Grid hours since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Limit>,
    /// Full trainings; a whole number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trainings: Option<CountLimit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hypervolume: Option<Limit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Limit {
    Number(Amount),
    Word(Unlimited),
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum CountLimit {
    Number(Count),
    Word(Unlimited),
}

/// Greater than 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(pub f64);

/// At least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Count(pub u64);

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Number).exclusive_minimum(Some(0.0)).into()
    }
}

impl ToSchema for Amount {}

impl PartialSchema for Count {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).into()
    }
}

impl ToSchema for Count {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unlimited {
    Unlimited,
}

/// An upload of known results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// What the file is called: it stands beside each result, as its source. Letters, digits, dots, dashes and underscores.
    #[param(max_length = 100, pattern = "^[A-Za-z0-9_-][A-Za-z0-9._-]*$")]
    pub name: String,
}

/// Known results that lie on the coordinator's machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WarmStartOrder {
    /// The name of a file in the folder `warm-start` of the study's directory.
    #[schema(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9_-][A-Za-z0-9._-]*$")]
    pub file: String,
}

/// A token, to be exchanged for a cookie that browsers send by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    pub token: String,
}
