//! Further figures that a trace carries beside the intensity: generation by source, weather. Models may use them, none may need them.

use crate::Error;

/// One figure by hour, aligned with the series that holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    name: String,
    values: Vec<f64>,
}

impl Channel {
    /// `values [hours of the series]`, finite; generation in MWh, weather in the units of its source.
    pub fn new(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self { name: name.into(), values }
    }

    /// As in the trace, in lower case with single spaces: `nat gas`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Oldest first.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    pub(crate) fn slice(&self, range: std::ops::Range<usize>) -> Self {
        Self { name: self.name.clone(), values: self.values[range].to_vec() }
    }

    pub(crate) fn check(&self, hours: usize) -> Result<(), Error> {
        let reason = match self.values.iter().position(|value| !value.is_finite()) {
            Some(hour) => format!("its hour {hour} is {}", self.values[hour]),
            None if self.values.len() != hours => {
                format!("it has {} h and the series {hours} h", self.values.len())
            }
            None => return Ok(()),
        };
        Err(Error::Channel { name: self.name.clone(), reason })
    }
}
