//! A space in words, for whoever checks a configuration.

use super::free_form::{Condition, DecisionSpec, Description, Domain, Value};
use super::{Decision, SpaceSpec};

impl SpaceSpec {
    /// A line about its size and its largest network, then a line for each decision of a free-form space.
    pub fn words(&self) -> Vec<String> {
        let space = self.build();
        let decisions = space.decisions().iter().filter(|decision| decision.options > 1).count();
        let encodings = match space.size() {
            Some(size) if size < 10_000_000 => format!("{size} encodings"),
            _ => format!("about {} encodings", power_of_ten(space.decisions())),
        };
        let mut first = format!("{}: {decisions} decisions, {encodings}", self.title());
        match space.largest().and_then(|largest| space.cost(&largest)) {
            Some(most) => {
                let [parameters, flops] = [most.parameters, most.flops].map(|count| count as f64 / 1e6);
                first += &format!(
                    "; the largest network has {parameters:.2} M parameters and {flops:.1} M multiply-accumulates"
                );
            }
            None => first += "; only your own program knows parameters and multiply-accumulates",
        }
        let mut lines = vec![first];
        if let Self::FreeForm(description) = self {
            lines.extend(description.decisions().iter().map(|spec| decision(spec, description)));
        }
        lines
    }
}

/// "1.0 × 10^18".
fn power_of_ten(decisions: &[Decision]) -> String {
    let logarithm: f64 = decisions.iter().map(|decision| f64::from(decision.options).log10()).sum();
    // A tenth of a step below the next power, so that 9.96 is told as 10^(n + 1).
    let exponent = (logarithm + 0.0022).floor();
    format!("{:.1} × 10^{exponent}", 10_f64.powf(logarithm - exponent).max(1.0))
}

/// "momentum: 0 to 0.99, where optimiser is sgd".
fn decision(spec: &DecisionSpec, description: &Description) -> String {
    let or = |values: Vec<String>| match values.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => values.concat(),
    };
    let text = |values: &[Value]| or(values.iter().map(ToString::to_string).collect());
    let range = match &spec.domain {
        Domain::Choices { values, ordered } => text(values) + if *ordered { ", in this order" } else { "" },
        Domain::Integer { min, max, step: 1 } => format!("{min} to {max}"),
        Domain::Integer { min, max, step } => format!("{min} to {max} in steps of {step}"),
        Domain::Float { min, max, log } => {
            let [min, max] = [*min, *max].map(Value::Float);
            format!("{min} to {max}{}", if *log { " on a logarithmic scale" } else { "" })
        }
    };
    let condition = |Condition { decision, options }: &Condition| {
        let other = &description.decisions()[*decision];
        let values: Vec<String> = options.iter().map(|&gene| other.domain.value(gene).to_string()).collect();
        format!("{} is {}", other.name, or(values))
    };
    let conditions: Vec<String> = spec.when.iter().map(condition).collect();
    let when =
        if conditions.is_empty() { String::new() } else { format!(", where {}", conditions.join(" and ")) };
    format!("{}: {range}{when}", spec.name)
}
