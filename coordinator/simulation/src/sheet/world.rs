//! The section `[simulation]` of a description: what whole studies on a table need beside the rest. See [`super::description`].

use anyhow::Result;

use super::section::Section;

/// The keys of `[simulation]`.
pub const KEYS: &[&str] = &["time_scale", "epoch_seconds", "one_shot", "energy", "reference_mj"];

/// What a simulated study needs beside: which columns, and a scale of time.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    pub time_scale: f64,
    pub epoch_seconds: String,
    pub one_shot: String,
    pub energy: String,
    pub reference_mj: f64,
}

impl World {
    pub fn of(mut section: Section) -> Result<Self> {
        let mut positive = |key: &str| {
            let number = section.number(key)?.filter(|number| number.is_finite() && *number > 0.0);
            number.ok_or_else(|| section.wrong(format!("`{key}` must be a number above zero")))
        };
        let (time_scale, reference_mj) = (positive("time_scale")?, positive("reference_mj")?);
        Ok(Self {
            time_scale,
            epoch_seconds: section.needed_text("epoch_seconds")?,
            one_shot: section.needed_text("one_shot")?,
            energy: section.needed_text("energy")?,
            reference_mj,
        })
    }
}
