//! What a free-form space is made of, checked; it stands in the ledger and travels to the workers.

use serde::{Deserialize, Serialize};

use super::domain::{Domain, GRID, Value};

/// A search over more has other troubles than this limit.
const MOST_DECISIONS: usize = 256;
const MOST_CHOICES: usize = 256;
/// Options of a whole number: as fine as the grid of numbers.
const MOST_INTEGERS: i64 = GRID as i64 + 1;
/// Least distance of the logarithms of a range's ends: the grid is then 10^-10 apart, and logarithms are good to 10^-13.
const NARROWEST_LOG: f64 = 2e-3;
const LONGEST_NAME: usize = 64;
/// Keeps a description well within a frame of the wire.
const MOST_TEXT: usize = 64 * 1024;
/// What the notation of architectures gives a meaning.
const RESERVED: [char; 5] = [',', ';', '=', '(', ')'];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<DecisionSpec>", into = "Vec<DecisionSpec>")]
pub struct Description {
    decisions: Vec<DecisionSpec>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionSpec {
    pub name: String,
    pub domain: Domain,
    /// All must hold for the decision to be asked for.
    pub when: Vec<Condition>,
}

/// An earlier decision is active and takes one of these options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Its place in the description.
    pub decision: usize,
    /// Its genes.
    pub options: Vec<u32>,
}

/// Why a description is refused: which decision, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", .decision.as_ref().map_or(String::new(), |name| format!("decision `{name}`: ")))]
pub struct Fault {
    pub decision: Option<String>,
    pub reason: String,
}

impl Fault {
    pub(super) fn of(decision: &str, reason: impl Into<String>) -> Self {
        Self { decision: Some(decision.into()), reason: reason.into() }
    }

    pub(super) fn whole(reason: impl Into<String>) -> Self {
        Self { decision: None, reason: reason.into() }
    }
}

impl Description {
    pub fn new(decisions: Vec<DecisionSpec>) -> Result<Self, Fault> {
        if decisions.is_empty() {
            return Err(Fault::whole("a space has at least one decision: write one under [[decision]]"));
        }
        if decisions.len() > MOST_DECISIONS {
            return Err(Fault::whole(format!("{} decisions, at most {MOST_DECISIONS}", decisions.len())));
        }
        for (position, spec) in decisions.iter().enumerate() {
            let fault = |reason: String| Err(Fault::of(&spec.name, reason));
            if let Some(reason) = name_fault(&spec.name) {
                return fault(reason);
            }
            if decisions[..position].iter().any(|earlier| earlier.name == spec.name) {
                return fault("another decision has this name".into());
            }
            if let Some(reason) = spec.domain.fault() {
                return fault(reason);
            }
            for condition in &spec.when {
                let Some(other) = decisions[..position].get(condition.decision) else {
                    return fault("a condition may only name a decision above it".into());
                };
                let options = other.domain.decision().options;
                if condition.options.is_empty() || condition.options.iter().any(|&option| option >= options) {
                    return fault(format!("its condition on `{}` holds for no option of it", other.name));
                }
            }
        }
        let text = decisions.iter().map(DecisionSpec::text).sum::<usize>();
        if text > MOST_TEXT {
            return Err(Fault::whole(format!("{text} bytes of names and choices, at most {MOST_TEXT}")));
        }
        Ok(Self { decisions })
    }

    pub fn decisions(&self) -> &[DecisionSpec] {
        &self.decisions
    }

    /// The place of the decision of this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.decisions.iter().position(|spec| spec.name == name)
    }
}

impl TryFrom<Vec<DecisionSpec>> for Description {
    type Error = Fault;

    fn try_from(decisions: Vec<DecisionSpec>) -> Result<Self, Fault> {
        Self::new(decisions)
    }
}

impl From<Description> for Vec<DecisionSpec> {
    fn from(description: Description) -> Self {
        description.decisions
    }
}

impl DecisionSpec {
    /// Bytes that its names, choices and conditions take.
    fn text(&self) -> usize {
        let choices = match &self.domain {
            Domain::Choices { values, .. } => values.iter().map(|value| value.to_string().len()).sum(),
            Domain::Integer { .. } | Domain::Float { .. } => 0,
        };
        let conditions: usize = self.when.iter().map(|condition| 4 * condition.options.len()).sum();
        self.name.len() + choices + conditions
    }
}

impl Domain {
    /// What is wrong with it.
    pub(super) fn fault(&self) -> Option<String> {
        match self {
            Self::Choices { values, .. } => choices_fault(values),
            Self::Integer { min, max, step } => {
                if min > max {
                    return Some(format!("its range is empty: {min} is more than {max}"));
                }
                if *step < 1 {
                    return Some(format!("step = {step}: at least 1"));
                }
                let few = max.checked_sub(*min).is_some_and(|span| span / step < MOST_INTEGERS);
                (!few).then(|| format!("more than {MOST_INTEGERS} options: give a larger step"))
            }
            Self::Float { min, max, log } => {
                if !min.is_finite() || !max.is_finite() {
                    return Some("both ends of a range must be finite numbers".into());
                }
                if min >= max {
                    return Some(format!("its range is empty: {min} is not less than {max}"));
                }
                if *log && *min <= 0.0 {
                    return Some(format!("a logarithmic scale begins above 0, not at {min}"));
                }
                // Neighbours on the grid must be apart by more than the rounding of their digits, or of their logarithms.
                let apart = if *log {
                    libm::log(*max) - libm::log(*min) > NARROWEST_LOG
                } else {
                    let step = (max - min) / f64::from(GRID);
                    step.is_finite() && step > 8.0 * f64::EPSILON * max.abs().max(min.abs())
                };
                (!apart)
                    .then(|| "its range is too narrow, or too wide, for its numbers to be told apart".into())
            }
        }
    }
}

fn choices_fault(values: &[Value]) -> Option<String> {
    if values.is_empty() {
        return Some("choices is empty: name at least one".into());
    }
    if values.len() > MOST_CHOICES {
        return Some(format!("{} choices, at most {MOST_CHOICES}", values.len()));
    }
    let names: Vec<String> = values.iter().map(ToString::to_string).collect();
    for (index, name) in names.iter().enumerate() {
        if let Some(reason) = name_fault(name) {
            return Some(format!("choice `{name}`: {reason}"));
        }
        if names[..index].contains(name) {
            return Some(format!("choice `{name}` is there twice"));
        }
    }
    values
        .iter()
        .any(|value| matches!(value, Value::Float(number) if !number.is_finite()))
        .then(|| "a choice that is a number must be finite".into())
}

fn name_fault(name: &str) -> Option<String> {
    if name.is_empty() || name.trim() != name {
        return Some("a name is neither empty nor begins or ends with white space".into());
    }
    if name.len() > LONGEST_NAME {
        return Some(format!("a name has at most {LONGEST_NAME} bytes"));
    }
    let bad = name.chars().find(|char| RESERVED.contains(char) || char.is_control());
    bad.map(|char| format!("a name can't hold {char:?}, which separates names from values"))
}
