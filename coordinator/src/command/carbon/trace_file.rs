//! Hours as a CSV trace in the shape that `carbon::Trace` reads, whole or not at all.

use std::path::Path;

use anyhow::{Context, Result};
use common::carbon::{CarbonSample, Provenance, SignalKind};

use crate::directory::write_whole;

/// The samples are of one zone and kind, and in order.
pub fn write(path: &Path, samples: &[CarbonSample]) -> Result<()> {
    let kind = samples.first().map_or(SignalKind::AverageLifecycle, |sample| sample.kind);
    let column = match kind {
        SignalKind::AverageDirect => "ci_direct",
        SignalKind::AverageLifecycle => "ci_lifecycle",
        SignalKind::MarginalDirect => "ci_marginal_direct",
        SignalKind::MarginalLifecycle => "ci_marginal_lifecycle",
    };
    let mut rows = csv::Writer::from_writer(Vec::new());
    rows.write_record(["utc", column, "data_estimated", "provenance"])?;
    for sample in samples {
        let doubt = match sample.provenance {
            Provenance::Measured(_) => "false",
            Provenance::Synthetic => "synthetic",
            _ => "true",
        };
        let (hour, provenance) = (sample.hour.to_string(), sample.provenance.to_string());
        rows.write_record([hour.as_str(), &format!("{:.3}", sample.intensity.0), doubt, &provenance])?;
    }
    write_whole(path, &rows.into_inner()?).with_context(|| format!("{} can't be written", path.display()))
}
