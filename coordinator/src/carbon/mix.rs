//! What generation emits: intensity is Σ share of a source × its emission factor, gCO2eq/kWh.
//!
//! Life-cycle: medians of IPCC AR5 WG III (2014), annex III, table A.III.2 (coal, gas, biomass, geothermal, hydro, nuclear, wind; solar
//! between its utility and rooftop figures); oil and what nobody names as CarbonCast has them (Maji et al., BuildSys 2022), after
//! Electricity Maps. Direct: CarbonCast's, of burning alone. With these, the mixes of CarbonCast's grids give its intensities to the
//! rounding. A source that is not in the table has no factor, and its trace is refused rather than guessed at.

use common::carbon::SignalKind;
use common::id::Zone;

/// Names of a source in files, in lower case with single spaces; its direct and its life-cycle factor, g/kWh.
const FACTORS: [(&[&str], f64, f64); 10] = [
    (&["coal"], 760.0, 820.0),
    (&["nat gas", "natural gas", "gas"], 370.0, 490.0),
    (&["oil", "petroleum"], 406.0, 650.0),
    (&["biomass"], 0.0, 230.0),
    (&["solar"], 0.0, 45.0),
    (&["geothermal"], 0.0, 38.0),
    (&["hydro"], 0.0, 24.0),
    (&["nuclear"], 0.0, 12.0),
    (&["wind"], 0.0, 11.0),
    (&["unknown", "other"], 575.0, 700.0),
];

/// Where a zone's life-cycle factor differs, by CarbonCast's table.
const EXCEPTIONS: [(&str, &str, f64); 2] = [("SE", "unknown", 292.9), ("SE", "other", 292.9)];

/// Which factors a trace is computed with; average, for a mix says nothing of the margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factors {
    Direct,
    Lifecycle,
}

impl Factors {
    pub fn kind(self) -> SignalKind {
        match self {
            Self::Direct => SignalKind::AverageDirect,
            Self::Lifecycle => SignalKind::AverageLifecycle,
        }
    }

    /// The factor of `source` in `zone`, g/kWh; None for what is no known source.
    pub fn of(self, source: &str, zone: &Zone) -> Option<f64> {
        let (_, direct, lifecycle) = FACTORS.iter().find(|(names, ..)| names.contains(&source))?;
        let exception = EXCEPTIONS.iter().find(|(place, name, _)| *place == zone.as_str() && *name == source);
        Some(match (self, exception) {
            (Self::Direct, _) => *direct,
            (Self::Lifecycle, Some((.., exception))) => *exception,
            (Self::Lifecycle, None) => *lifecycle,
        })
    }
}

/// Intensity of a mix of `(generation, factor)`; generation in any one unit. None where nothing was generated.
pub fn intensity(mix: impl IntoIterator<Item = (f64, f64)>) -> Option<f64> {
    let (mut generated, mut emitted) = (0.0, 0.0);
    for (generation, factor) in mix {
        generated += generation;
        emitted += generation * factor;
    }
    (generated > 0.0).then(|| emitted / generated)
}
