//! What generation emits: intensity is Σ share of a source × its emission factor, gCO2eq/kWh.
//!
//! Life-cycle: medians of IPCC AR5 WG III (2014), annex III, table A.III.2 (coal, gas, biomass, geothermal, hydro, nuclear, wind; solar
//! between its utility and rooftop figures); oil and what nobody names as CarbonCast has them (Maji et al., BuildSys 2022), after
//! Electricity Maps. Direct: CarbonCast's, of burning alone. With these, the mixes of CarbonCast's grids give its intensities to the
//! rounding. Parts of a fuel have its factor, and what ENTSO-E alone tells apart goes where Electricity Maps puts it. A source that is not
//! in the table has no factor, and its trace is refused rather than guessed at.

use common::carbon::SignalKind;
use common::id::Zone;

/// Names are as files have them, in lower case with single spaces and without their dressing.
struct Fuel {
    /// All of it.
    whole: &'static [&'static str],
    /// Parts of it: a file has them instead of the whole.
    parts: &'static [&'static str],
    /// What burns or runs like it and is no part of it.
    alike: &'static [&'static str],
    /// g/kWh.
    direct: f64,
    lifecycle: f64,
}

const FUELS: [Fuel; 10] = [
    Fuel {
        whole: &["coal"],
        parts: &["hard coal", "brown coal lignite", "brown coal", "lignite", "bituminous coal", "anthracite"],
        alike: &["oil shale", "peat"],
        direct: 760.0,
        lifecycle: 820.0,
    },
    Fuel {
        whole: &["nat gas", "natural gas", "gas"],
        parts: &["gas combined cycle", "gas turbine", "gas ccgt", "gas ocgt", "ccgt", "ocgt"],
        alike: &["coal derived gas"],
        direct: 370.0,
        lifecycle: 490.0,
    },
    Fuel {
        whole: &["oil", "petroleum", "petroleum products", "all petroleum products"],
        parts: &["diesel", "fuel oil", "heavy fuel oil", "light fuel oil"],
        alike: &[],
        direct: 406.0,
        lifecycle: 650.0,
    },
    Fuel {
        whole: &["biomass"],
        parts: &["biogas", "wood"],
        alike: &["waste"],
        direct: 0.0,
        lifecycle: 230.0,
    },
    Fuel {
        whole: &["solar"],
        parts: &["solar pv", "solar photovoltaic", "photovoltaic", "photovoltaics", "pv", "solar thermal"],
        alike: &[],
        direct: 0.0,
        lifecycle: 45.0,
    },
    Fuel { whole: &["geothermal"], parts: &[], alike: &[], direct: 0.0, lifecycle: 38.0 },
    Fuel {
        whole: &["hydro", "hydropower", "hydro power", "hydroelectric", "hydropower and pumped storage"],
        parts: &[
            "hydro run of river and poundage",
            "hydro run of river",
            "run of river",
            "hydro water reservoir",
            "hydro reservoir",
        ],
        alike: &[],
        direct: 0.0,
        lifecycle: 24.0,
    },
    Fuel { whole: &["nuclear", "nuclear power"], parts: &[], alike: &[], direct: 0.0, lifecycle: 12.0 },
    Fuel {
        whole: &["wind", "wind power"],
        parts: &["wind onshore", "wind offshore", "onshore wind", "offshore wind"],
        alike: &[],
        direct: 0.0,
        lifecycle: 11.0,
    },
    Fuel {
        whole: &["unknown", "other"],
        parts: &[],
        alike: &[
            "all other",
            "other fuel sources",
            "unknown fuel sources",
            "other renewable",
            "other renewables",
            "marine",
        ],
        direct: 575.0,
        lifecycle: 700.0,
    },
];

/// What makers put around the name of a source: ENTSO-E, EIA, and units.
const BEFORE: [&str; 5] = [
    "net generation mw from ",
    "net generation mwh from ",
    "net generation from ",
    "generation from ",
    "fossil ",
];
const BEHIND: [&str; 6] = [" actual aggregated", " generation", " production", " mwh", " gwh", " mw"];

/// A name with one of these words is of generation …
const FUEL_WORDS: &[&str] = &[
    "anthracite",
    "biogas",
    "biomass",
    "coal",
    "diesel",
    "gas",
    "geothermal",
    "hydro",
    "hydropower",
    "lignite",
    "marine",
    "nuclear",
    "oil",
    "other",
    "peat",
    "petroleum",
    "photovoltaic",
    "pv",
    "solar",
    "unknown",
    "waste",
    "wind",
];
/// … unless it has one of these: prices, weather, what is installed, and what comes out of storage and was generated before.
const OTHER_MATTERS: &[&str] = &[
    "angle",
    "availability",
    "battery",
    "capacity",
    "charge",
    "consumption",
    "cost",
    "curtailment",
    "demand",
    "direction",
    "discharge",
    "elevation",
    "emissions",
    "export",
    "exports",
    "factor",
    "forecast",
    "gust",
    "gusts",
    "import",
    "imports",
    "installed",
    "irradiance",
    "percent",
    "percentage",
    "price",
    "pumped",
    "radiation",
    "share",
    "speed",
    "storage",
    "temperature",
];

/// Where a zone's life-cycle factor differs, by CarbonCast's table; the fuel by its first name.
const EXCEPTIONS: [(&str, &str, f64); 1] = [("SE", "unknown", 292.9)];

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
        let fuel = fuel(source)?;
        let is_of = |(place, name, _): &&(&str, &str, f64)| *place == zone.as_str() && *name == fuel.whole[0];
        Some(match (self, EXCEPTIONS.iter().find(is_of)) {
            (Self::Direct, _) => fuel.direct,
            (Self::Lifecycle, Some((.., exception))) => *exception,
            (Self::Lifecycle, None) => fuel.lifecycle,
        })
    }
}

fn fuel(source: &str) -> Option<&'static Fuel> {
    let name = bare(source);
    let has_it =
        |fuel: &&Fuel| [fuel.whole, fuel.parts, fuel.alike].iter().any(|names| names.contains(&name));
    FUELS.iter().find(has_it)
}

/// The name of a source alone; of what is no source the whole name.
pub fn source_name(name: &str) -> &str {
    if fuel(name).is_some() { bare(name) } else { name }
}

fn bare(name: &str) -> &str {
    let mut bare = name;
    loop {
        let before = BEFORE.iter().find_map(|dressing| bare.strip_prefix(dressing));
        let stripped = before.or_else(|| BEHIND.iter().find_map(|dressing| bare.strip_suffix(dressing)));
        match stripped {
            Some(shorter) => bare = shorter,
            None => return bare,
        }
    }
}

/// Whether a column of this name speaks of generation by some source, known or not.
pub fn is_generation(name: &str) -> bool {
    let has = |words: &[&str]| name.split(' ').any(|word| words.contains(&word));
    fuel(name).is_some() || (has(FUEL_WORDS) && !has(OTHER_MATTERS))
}

/// Two of the names, one of which holds the other: together they would count twice.
pub fn counted_twice<'a>(names: &[&'a str]) -> Option<(&'a str, &'a str)> {
    let found = |of: &[&str]| names.iter().copied().find(|name| of.contains(&bare(name)));
    FUELS.iter().find_map(|fuel| Some((found(fuel.whole)?, found(fuel.parts)?)))
}

/// What sources may be called, for whoever has to rename one.
pub fn names() -> String {
    let of = |fuel: &Fuel| [&fuel.whole[..1], fuel.parts, fuel.alike].concat();
    FUELS.iter().flat_map(of).collect::<Vec<_>>().join(", ")
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
