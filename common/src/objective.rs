//! What a study minimises, and the one place where measured facts become the minimised vector.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::trial::Evaluation;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveKind {
    /// Share of the validation images misclassified, in [0, 1].
    Error,
    /// Learnt weights, counted.
    Parameters,
    /// Multiply-accumulates of one inference.
    Flops,
    /// Milliseconds of one inference on the worker's device.
    LatencyMs,
    /// Joules of one inference on the worker's device.
    JoulesPerInference,
}

impl ObjectiveKind {
    pub const ALL: [Self; 5] =
        [Self::Error, Self::Parameters, Self::Flops, Self::LatencyMs, Self::JoulesPerInference];

    /// As it is written in a configuration file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Parameters => "parameters",
            Self::Flops => "flops",
            Self::LatencyMs => "latency_ms",
            Self::JoulesPerInference => "joules_per_inference",
        }
    }

    /// Whether it follows from the architecture alone, by counting.
    pub fn is_counted(self) -> bool {
        matches!(self, Self::Parameters | Self::Flops)
    }

    /// Whether a worker has to run the network on its device to know it.
    pub fn needs_device(self) -> bool {
        matches!(self, Self::LatencyMs | Self::JoulesPerInference)
    }

    /// The fact itself; none when it was not measured.
    pub fn of(self, evaluation: &Evaluation) -> Option<f64> {
        match self {
            Self::Error => Some(evaluation.validation_error),
            Self::Parameters => evaluation.parameters.map(|count| count as f64),
            Self::Flops => evaluation.flops.map(|count| count as f64),
            Self::LatencyMs => evaluation.latency_ms,
            Self::JoulesPerInference => evaluation.joules_per_inference,
        }
    }
}

impl fmt::Display for ObjectiveKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

/// One objective and the worst value that still counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    pub kind: ObjectiveKind,
    /// This objective's coordinate of the reference point.
    pub reference: f64,
}

/// A point in objective space, every coordinate minimised, in the order of the study's objectives.
#[derive(Debug, Clone, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Objectives(pub Vec<f64>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("the worker did not report {0}")]
    Missing(ObjectiveKind),
    #[error("{0} is not a finite number")]
    NotFinite(ObjectiveKind),
}

/// Turns an evaluation's facts into the vector that the search minimises.
pub fn objectives(wanted: &[Objective], evaluation: &Evaluation) -> Result<Objectives, Unusable> {
    wanted
        .iter()
        .map(|objective| {
            let value = objective.kind.of(evaluation).ok_or(Unusable::Missing(objective.kind))?;
            if value.is_finite() { Ok(value) } else { Err(Unusable::NotFinite(objective.kind)) }
        })
        .collect::<Result<Vec<_>, _>>()
        .map(Objectives)
}

/// The reference point of a study, in the order of its objectives.
pub fn reference_point(objectives: &[Objective]) -> Vec<f64> {
    objectives.iter().map(|objective| objective.reference).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Seconds;

    #[test]
    fn what_nobody_counted_is_missing_and_old_counts_are_read() {
        let uncounted = Evaluation {
            validation_error: 0.1,
            test_error: None,
            parameters: None,
            flops: None,
            latency_ms: None,
            joules_per_inference: None,
            device: "test".into(),
            seconds: Seconds(1.0),
            curve: Vec::new(),
            artifacts: Vec::new(),
        };
        let wanted = [ObjectiveKind::Error, ObjectiveKind::Parameters];
        let wanted = wanted.map(|kind| Objective { kind, reference: 1.0 });
        assert_eq!(objectives(&wanted, &uncounted), Err(Unusable::Missing(ObjectiveKind::Parameters)));
        let counted = Evaluation { parameters: Some(7), ..uncounted.clone() };
        assert_eq!(objectives(&wanted, &counted), Ok(Objectives(vec![0.1, 7.0])));

        // As it was written before a count could be absent.
        let mut written = serde_json::to_value(&uncounted).unwrap();
        written["parameters"] = 7.into();
        let read: Evaluation = serde_json::from_value(written).unwrap();
        assert_eq!(read, counted);
    }
}
