//! Where in a row of a trace the time, the intensity and its maker's own doubt stand, found by name whatever its case and punctuation.

use std::path::Path;

use common::carbon::SignalKind;
use common::id::Zone;

use super::mix::{self, Factors};
use super::{Error, unit};

/// Names of a column of UTC times, best first, without case and punctuation.
const TIME_COLUMNS: [&str; 9] =
    ["utc", "datetime utc", "timestamp utc", "time utc", "utc time", "datetime", "timestamp", "time", "date"];
/// Names of a column that says `true` where a figure was estimated, and of one that names the method where it was.
const DOUBT_COLUMNS: [&str; 3] = ["data estimated", "is estimated", "isestimated"];
const METHOD_COLUMNS: [&str; 3] = ["data estimation method", "estimation method", "estimationmethod"];
/// Words of intensities that are not those of the zone's electricity: of a part of it, or not yet of the hour.
const PARTS: [&str; 6] = ["production", "import", "export", "charge", "origin", "forecast"];
const AUTO: &str = "auto";
/// Instead of a column: intensity computed from the columns of generation by source.
pub const MIX_DIRECT: &str = "mix_direct";
pub const MIX_LIFECYCLE: &str = "mix_lifecycle";
/// No fuel reaches it per kWh of electricity: beyond it the unit is another.
const LIMIT_G_PER_KWH: f64 = 3_000.0;

pub(super) struct Columns {
    pub time: usize,
    pub figure: Figure,
    /// A column of `true` where the maker estimated, `synthetic` where it made up.
    pub estimated: Option<usize>,
    /// A column of its methods, empty where it measured.
    pub method: Option<usize>,
    pub kind: SignalKind,
    /// From which columns an intensity is computed and which are left out, in words.
    pub computed_from: Option<String>,
}

/// What a row's intensity is read from.
pub(super) enum Figure {
    /// A column of intensities, and g/kWh of one of its unit.
    Intensity(usize, f64),
    /// Columns of generation, each with its factor.
    Mix(Vec<(usize, f64)>),
}

/// A cell that is neither empty nor a number that can be.
pub(super) struct BadCell {
    pub column: usize,
    pub limit: f64,
}

impl Figure {
    /// The intensity of a row; None where a cell it needs is empty, for what is missing is not 0.
    pub fn of(&self, row: &csv::StringRecord) -> Result<Option<f64>, BadCell> {
        match self {
            Self::Intensity(column, unit) => {
                Ok(number(row, *column, LIMIT_G_PER_KWH / unit)?.map(|value| value * unit))
            }
            Self::Mix(sources) => {
                let mut mix = Vec::with_capacity(sources.len());
                for (column, factor) in sources {
                    let Some(generation) = number(row, *column, f64::MAX)? else { return Ok(None) };
                    mix.push((generation, *factor));
                }
                Ok(mix::intensity(mix))
            }
        }
    }
}

fn number(row: &csv::StringRecord, column: usize, limit: f64) -> Result<Option<f64>, BadCell> {
    let text = &row[column];
    if text.is_empty() || text.eq_ignore_ascii_case("null") {
        return Ok(None);
    }
    let value = text.parse::<f64>().ok().filter(|value| (0.0..=limit).contains(value));
    value.map(Some).ok_or(BadCell { column, limit })
}

impl Columns {
    /// `wanted` is a column's name, `auto`, `mix_direct` or `mix_lifecycle`; `auto` takes a column of the `preferred` kind where there is
    /// one, and computes from the mix where there are no intensities.
    pub fn find(
        header: &csv::StringRecord,
        wanted: &str,
        preferred: Option<SignalKind>,
        zone: &Zone,
        path: &Path,
    ) -> Result<Self, Error> {
        let names: Vec<String> = header.iter().map(plain).collect();
        let found = || header.iter().collect::<Vec<_>>().join(", ");
        let place = |name: &str| names.iter().position(|candidate| candidate == name);
        let time = TIME_COLUMNS.iter().find_map(|name| place(name));
        let time = time.ok_or_else(|| Error::NoTimeColumn { path: path.into(), found: found() })?;
        let column = |index: usize| -> Result<_, Error> {
            let unit = unit::grams_per_kwh(&names[index]).ok_or_else(|| Error::Unit {
                path: path.into(),
                column: header[index].into(),
                known: unit::KNOWN,
            })?;
            Ok((Figure::Intensity(index, unit), kind(&names[index])))
        };
        let computed = |factors: Factors| -> Result<_, Error> {
            let sources = sources(&names, factors, zone, path)?;
            Ok((!sources.is_empty()).then(|| (Figure::Mix(sources), factors.kind())))
        };
        let chosen = match wanted {
            MIX_DIRECT => computed(Factors::Direct)?,
            MIX_LIFECYCLE => computed(Factors::Lifecycle)?,
            AUTO => match intensity_column(&names, preferred) {
                Some(index) => Some(column(index)?),
                None if preferred == Some(SignalKind::AverageDirect) => computed(Factors::Direct)?,
                None => computed(Factors::Lifecycle)?,
            },
            name => place(&plain(name)).map(column).transpose()?,
        };
        let wanted = if wanted == AUTO { "carbon_intensity" } else { wanted };
        let missing = || Error::NoColumn { path: path.into(), wanted: wanted.into(), found: found() };
        let (figure, kind) = chosen.ok_or_else(missing)?;
        let estimated = DOUBT_COLUMNS.iter().find_map(|name| place(name));
        let method = METHOD_COLUMNS.iter().find_map(|name| place(name));
        let computed_from = match &figure {
            Figure::Intensity(..) => None,
            Figure::Mix(sources) => {
                let told = [Some(time), estimated, method];
                let counted = |index: usize| sources.iter().any(|(column, _)| *column == index);
                let (used, rest): (Vec<usize>, Vec<usize>) = (0..names.len())
                    .filter(|index| !told.contains(&Some(*index)) && !is_intensity(&names[*index]))
                    .partition(|index| counted(*index));
                let list =
                    |columns: &[usize]| columns.iter().map(|i| &header[*i]).collect::<Vec<_>>().join(", ");
                let left_out =
                    if rest.is_empty() { String::new() } else { format!("; not counted: {}", list(&rest)) };
                Some(format!("{}{left_out}", list(&used)))
            }
        };
        Ok(Self { time, figure, estimated, method, kind, computed_from })
    }
}

/// Columns of generation, each with its factor. A source without one, or one that another holds, makes the sum another grid's.
fn sources(names: &[String], factors: Factors, zone: &Zone, path: &Path) -> Result<Vec<(usize, f64)>, Error> {
    let mut sources = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match factors.of(name, zone) {
            Some(factor) => sources.push((index, factor)),
            None if mix::is_generation(name) && !is_intensity(name) => {
                return Err(Error::NoFactor { path: path.into(), column: name.clone(), known: mix::names() });
            }
            None => {}
        }
    }
    let used: Vec<&str> = sources.iter().map(|(index, _)| names[*index].as_str()).collect();
    match mix::counted_twice(&used) {
        Some((whole, part)) => {
            Err(Error::CountedTwice { path: path.into(), whole: whole.into(), part: part.into() })
        }
        None => Ok(sources),
    }
}

/// A column that says nothing of its kind is the file's one signal; then direct, then life-cycle; last what is but a part.
fn intensity_column(names: &[String], preferred: Option<SignalKind>) -> Option<usize> {
    let preference = |name: &String| match name {
        name if !is_intensity(name) => None,
        name if PARTS.iter().any(|part| name.contains(part)) => Some(4),
        name if preferred == Some(kind(name)) => Some(-1),
        name if says_lifecycle(name) => Some(2),
        name if name.contains("direct") => Some(1),
        name if name.contains("marginal") => Some(3),
        _ => Some(0),
    };
    let candidates = names.iter().enumerate().filter_map(|(i, name)| Some((preference(name)?, i)));
    candidates.min().map(|(_, index)| index)
}

/// Lower case, words apart by one space: `Carbon Intensity gCO₂eq/kWh (LCA)` is `carbon intensity gco₂eq kwh lca`.
pub(super) fn plain(name: &str) -> String {
    let spaced: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn is_intensity(name: &str) -> bool {
    let first = name.split(' ').next().unwrap_or_default();
    ["carbon intensity", "carbonintensity"].iter().any(|words| name.contains(words))
        || ["ci", "intensity"].contains(&first)
}

fn says_lifecycle(name: &str) -> bool {
    ["lifecycle", "life cycle", "lca"].iter().any(|word| name.contains(word))
}

/// By the column's name; one that says nothing is taken as average and life-cycle, Electricity Maps' default.
fn kind(name: &str) -> SignalKind {
    let marginal = name.contains("marginal") || name.contains("moer");
    match (marginal, name.contains("direct")) {
        (false, true) => SignalKind::AverageDirect,
        (false, false) => SignalKind::AverageLifecycle,
        (true, _) if says_lifecycle(name) => SignalKind::MarginalLifecycle,
        (true, _) => SignalKind::MarginalDirect,
    }
}
