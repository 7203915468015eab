//! What a table's columns mean, as its maker says in a TOML file beside it.
//!
//! ```toml
//! [rows]
//! key = "idx"                      # a column without repetitions that names the rows; may be left out
//!
//! [space]                          # the architecture of a row: in a space's own notation,
//! kind = "nas_bench_201"
//! column = "arch"                  # or `columns`, one for each decision of that space
//! settings = ["space.channels=16"] # where it differs from configs/default.toml; may be left out
//!
//! [space.decisions.depth]          # or, without a kind, by decisions of the table's own
//! column = "d"                     # default: the decision's name
//! values = [2, 3, 4]               # in their order; default: all that stand in the column
//! ordered = true                   # whether neighbouring values are alike; default: if they are numbers
//!
//! [objectives.accuracy]
//! column = "test_acc_200"          # default: the objective's name
//! direction = "max"                # or "min"
//! unit = "%"
//! scale = 1.0                      # what the column is multiplied by
//! known = false                    # whether it is known without training
//!
//! [[fidelities]]                   # trainings of several lengths, if the table has them
//! epochs = 12
//! columns = { accuracy = "test_acc_12" }
//! cost = 0.06                      # in full trainings; or a column, in any unit that the full one shares
//!
//! [[fidelities]]                   # the longest is the full training
//! epochs = 200
//!
//! [simulation]                     # where whole studies may be simulated on the table
//! time_scale = 500.0               # simulated seconds for each second of `epoch_seconds`
//! epoch_seconds = "seconds_per_epoch"
//! one_shot = "one_shot_accuracy"   # what weights inherited from a supernet show, in the unit of `accuracy`
//! energy = "inference_mj"          # of one inference, in millijoules
//! reference_mj = 50.0              # beyond which an architecture is of no interest
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::section::Section;
use super::world::{self, World};

/// A description, as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    pub key: Option<String>,
    pub space: Space,
    pub objectives: BTreeMap<String, Described>,
    /// By epochs, ascending; empty, or at least the full training.
    pub fidelities: Vec<Length>,
    pub simulation: Option<World>,
}

/// How a row's architecture is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Space {
    Notation {
        kind: String,
        settings: Vec<String>,
        column: String,
    },
    /// One column for each decision of a known space.
    Genes {
        kind: String,
        settings: Vec<String>,
        columns: Vec<String>,
    },
    Factors(Vec<Factor>),
}

/// One decision of a table's own space.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    pub name: String,
    pub column: String,
    pub values: Option<Vec<String>>,
    pub ordered: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Minimise,
    Maximise,
}

impl Direction {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "min" => Some(Self::Minimise),
            "max" => Some(Self::Maximise),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Minimise => "min",
            Self::Maximise => "max",
        }
    }

    /// `value` as it is minimised inside, and back.
    pub fn turned(self, value: f64) -> f64 {
        if self == Self::Maximise { -value } else { value }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    pub column: String,
    pub direction: Direction,
    pub unit: Option<String>,
    pub scale: f64,
    pub known: bool,
}

/// A training of so many epochs.
#[derive(Debug, Clone, PartialEq)]
pub struct Length {
    pub epochs: u32,
    /// Which column stands in for which objective.
    pub columns: BTreeMap<String, String>,
    pub cost: Option<Price>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Price {
    /// In full trainings.
    Share(f64),
    Column(String),
}

impl Description {
    /// The description of the table at `path`: the `given` file, else the one of the same name that ends in `.toml`, if there is
    /// one.
    pub fn find(path: &Path, given: Option<&Path>) -> Result<Option<Self>> {
        let Some(file) = given.map_or_else(|| beside(path), |given| Some(given.to_owned())) else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(&file);
        let text = text.with_context(|| format!("the description {} can't be read", file.display()))?;
        Self::parse(&file.display().to_string(), &text).map(Some)
    }

    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let mut whole =
            Section::parse(file, text, &["rows", "space", "objectives", "fidelities", "simulation"])?;
        let rows = whole.section("rows", &["key"])?;
        let key = rows.map(|mut rows| rows.text("key")).transpose()?.flatten();
        let space = whole.section("space", &["kind", "settings", "column", "columns", "decisions"])?;
        let space =
            space.ok_or_else(|| whole.wrong("there is no [space]: say what the architectures are"))?;
        let objectives =
            whole.named("objectives", &["column", "direction", "unit", "scale", "known"])?.into_iter();
        Ok(Self {
            key,
            space: Space::of(space)?,
            objectives: objectives.map(described).collect::<Result<_>>()?,
            fidelities: lengths(&mut whole)?,
            simulation: whole.section("simulation", world::KEYS)?.map(World::of).transpose()?,
        })
    }
}

/// `TABLE.toml` for `TABLE`, `TABLE.csv`, `TABLE.csv.gz`, whichever stands there.
fn beside(path: &Path) -> Option<PathBuf> {
    let mut stem = path.to_owned();
    loop {
        let mut name = stem.file_name()?.to_owned();
        name.push(".toml");
        let candidate = stem.with_file_name(name);
        if candidate.is_file() {
            return Some(candidate);
        }
        stem.extension()?;
        stem.set_extension("");
    }
}

impl Space {
    fn of(mut section: Section) -> Result<Self> {
        let kind = section.text("kind")?;
        let settings = section.values("settings")?.unwrap_or_default();
        let (column, columns) = (section.text("column")?, section.values("columns")?);
        let factors = section.named("decisions", &["column", "values", "ordered"])?;
        match (kind, column, columns, factors.is_empty()) {
            (Some(kind), Some(column), None, true) => Ok(Self::Notation { kind, settings, column }),
            (Some(kind), None, Some(columns), true) => Ok(Self::Genes { kind, settings, columns }),
            (None, None, None, false) => {
                Ok(Self::Factors(factors.into_iter().map(factor).collect::<Result<_>>()?))
            }
            _ => Err(section
                .wrong("a space is `kind` with `column`, or `kind` with `columns`, or `decisions` alone")),
        }
    }
}

fn factor((name, mut section): (String, Section)) -> Result<Factor> {
    let column = section.text("column")?.unwrap_or_else(|| name.clone());
    let values = section.values("values")?;
    if values.as_ref().is_some_and(Vec::is_empty) {
        return Err(section.wrong("a decision without values decides nothing"));
    }
    Ok(Factor { column, values, ordered: section.flag("ordered")?, name })
}

fn described((name, mut section): (String, Section)) -> Result<(String, Described)> {
    let direction = section.needed_text("direction")?;
    let direction = Direction::named(&direction)
        .ok_or_else(|| section.wrong(format!("direction = \"{direction}\" is neither max nor min")))?;
    let scale = section.number("scale")?.unwrap_or(1.0);
    if scale <= 0.0 {
        return Err(section.wrong(format!("scale = {scale} must be greater than zero; `direction` turns")));
    }
    let described = Described {
        column: section.text("column")?.unwrap_or_else(|| name.clone()),
        direction,
        unit: section.text("unit")?,
        scale,
        known: section.flag("known")?.unwrap_or(false),
    };
    Ok((name, described))
}

fn lengths(whole: &mut Section) -> Result<Vec<Length>> {
    let mut lengths: Vec<Length> = Vec::new();
    for mut section in whole.list("fidelities", &["epochs", "columns", "cost"])? {
        let epochs = section.count("epochs")?.filter(|&epochs| epochs > 0);
        let epochs = epochs.ok_or_else(|| section.wrong("`epochs` is missing or zero"))?;
        if lengths.iter().any(|other| other.epochs == epochs) {
            return Err(section.wrong(format!("{epochs} epochs stand there twice")));
        }
        let cost = section.number_or_text("cost")?.map(|cost| match cost {
            Ok(share) => Price::Share(share),
            Err(column) => Price::Column(column),
        });
        if matches!(cost, Some(Price::Share(share)) if share <= 0.0) {
            return Err(section.wrong("cost must be greater than zero"));
        }
        lengths.push(Length { epochs, columns: section.pairs("columns")?.into_iter().collect(), cost });
    }
    lengths.sort_by_key(|length| length.epochs);
    Ok(lengths)
}
