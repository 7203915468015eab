//! What one decision chooses from, and how its options are numbered, named and read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::Decision;

/// Steps from one end of a range of numbers to the other: finer than any search can tell, and genes stay small.
pub(super) const GRID: u32 = 1 << 24;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// One of these, as written; neighbours are alike where `ordered`.
    Choices { values: Vec<Value>, ordered: bool },
    /// `min`, `min + step`, … up to `max`.
    Integer { min: i64, max: i64, step: i64 },
    /// A grid over `[min, max]`, even in the logarithm where `log`.
    Float { min: f64, max: f64, log: bool },
}

/// What an option is to the user's program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Flag(bool),
    Integer(i64),
    Float(f64),
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Integer(number) => write!(f, "{number}"),
            // Short for what is very small or large.
            Self::Float(number) if *number != 0.0 && !(1e-4..1e6).contains(&number.abs()) => {
                write!(f, "{number:e}")
            }
            Self::Float(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Domain {
    pub(super) fn decision(&self) -> Decision {
        match self {
            Self::Choices { values, ordered: false } => Decision::categorical(values.len() as u32),
            Self::Choices { values, ordered: true } => Decision::ordered(values.len() as u32),
            Self::Integer { min, max, step } => Decision::ordered(((max - min) / step) as u32 + 1),
            Self::Float { .. } => Decision::ordered(GRID + 1),
        }
    }

    /// What `gene` means; it must be one of this domain.
    pub fn value(&self, gene: u32) -> Value {
        match self {
            Self::Choices { values, .. } => values[gene as usize].clone(),
            Self::Integer { min, step, .. } => Value::Integer(min + i64::from(gene) * step),
            Self::Float { .. } => Value::Float(self.short(gene)),
        }
    }

    /// The gene of what is written; none for what is not among the options.
    pub(super) fn gene(&self, text: &str) -> Option<u32> {
        match self {
            Self::Choices { values, .. } => {
                values.iter().position(|value| value.to_string() == text).map(|position| position as u32)
            }
            Self::Integer { min, max, step } => {
                let number: i64 = text.parse().ok()?;
                let on_grid = (*min..=*max).contains(&number) && (number - min) % step == 0;
                on_grid.then(|| ((number - min) / step) as u32)
            }
            Self::Float { min, max, .. } => {
                let number: f64 = text.parse().ok()?;
                (*min..=*max).contains(&number).then(|| self.nearest(number))
            }
        }
    }

    /// The place of `gene` in `[min, max]`.
    fn exact(&self, gene: u32) -> f64 {
        let Self::Float { min, max, log } = *self else { return f64::NAN };
        let share = f64::from(gene) / f64::from(GRID);
        match gene {
            0 => min,
            GRID => max,
            _ if log => libm::exp(libm::log(min) + (libm::log(max) - libm::log(min)) * share).clamp(min, max),
            _ => (min + (max - min) * share).clamp(min, max),
        }
    }

    fn nearest(&self, number: f64) -> u32 {
        let Self::Float { min, max, log } = *self else { return 0 };
        let share = if log {
            (libm::log(number) - libm::log(min)) / (libm::log(max) - libm::log(min))
        } else {
            (number - min) / (max - min)
        };
        // Saturates: what rounding puts beyond an end is at the end.
        ((share * f64::from(GRID)).round() as u32).min(GRID)
    }

    /// The shortest decimal number nearer to this place of the grid than to any other.
    fn short(&self, gene: u32) -> f64 {
        let Self::Float { min, max, .. } = *self else { return f64::NAN };
        let exact = self.exact(gene);
        let rounded = (0..=16).filter_map(|digits| format!("{exact:.digits$e}").parse::<f64>().ok());
        let fits = |number: &f64| (min..=max).contains(number) && self.nearest(*number) == gene;
        rounded.into_iter().find(fits).unwrap_or(exact)
    }
}
