//! A tabulated evaluator: a file with a row for each architecture, of any space, with any columns. A short description beside it
//! says which column is what; without one, NAS-Bench-201 cells are recognised.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `description` | what the columns mean: the TOML file and its keys |
//! | `section` | reading that file key by key |
//! | `grid`, `parquet_file` | the cells as they stand, from CSV, gzipped CSV or Parquet |
//! | `space` | the architecture of each row |
//! | `world` | what a simulated study needs beside |
//!
//! Errors are read by people: each names the file, the line or row, and the column; what the asker got wrong is [`Usage`]. Absent on purpose: the world of a carbon
//! simulation ([`crate::table`]), which needs more than a table has, and any choice of what to search for.

mod description;
mod grid;
mod parquet_file;
mod section;
mod space;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail};
use common::architecture::Architecture;
use common::nearest::did_you_mean;
use common::space::{SearchSpace, SpaceSpec};
use coordinator::command::Usage;

pub use description::{Described, Description, Direction, Length, Price, Space};
use grid::Grid;
pub use world::World;

/// A table, whole in memory.
#[derive(Debug)]
pub struct Sheet {
    grid: Grid,
    description: Description,
    space_spec: SpaceSpec,
    space: Box<dyn SearchSpace>,
    /// `[rows]`.
    architectures: Vec<Architecture>,
    rows: BTreeMap<Architecture, usize>,
    listed: BTreeSet<Architecture>,
}

/// An objective with its value in each row.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    pub name: String,
    pub direction: Direction,
    pub unit: Option<String>,
    pub known: bool,
    /// What its columns are multiplied by.
    scale: f64,
    /// `[rows]`, minimised.
    pub minimised: Vec<f64>,
}

impl Sheet {
    /// Reads the table at `path`, as `describe` says or else the file of the same name that ends in `.toml`, if there is one.
    pub fn read(path: &Path, describe: Option<&Path>) -> Result<Self> {
        let description = Description::find(path, describe)?;
        let grid = Grid::read(path)?;
        let description = match description {
            Some(description) => description,
            None => Description {
                key: None,
                space: space::recognise(&grid)?,
                objectives: BTreeMap::new(),
                fidelities: Vec::new(),
                simulation: None,
            },
        };
        Self::of(grid, description)
    }

    /// The table of a CSV file's text and of its description's. `name` is the file's, for messages.
    pub fn parse(name: &str, csv: &str, description: &str) -> Result<Self> {
        Self::of(Grid::parse(name, csv)?, Description::parse(name, description)?)
    }

    fn of(grid: Grid, description: Description) -> Result<Self> {
        let (space_spec, architectures) = space::build(&description.space, &grid)?;
        let space = space_spec.build();
        let mut rows = BTreeMap::new();
        for (row, architecture) in architectures.iter().enumerate() {
            if let Some(first) = rows.insert(architecture.clone(), row) {
                bail!(
                    "{}, {}: the architecture is that of {}; each belongs in the table once",
                    grid.name,
                    grid.at(row),
                    grid.at(first)
                );
            }
        }
        let listed = rows.keys().cloned().collect();
        let sheet = Self { grid, description, space_spec, space, architectures, rows, listed };
        sheet.check()?;
        Ok(sheet)
    }

    /// What the description promises is there, in every row.
    fn check(&self) -> Result<()> {
        if let Some(key) = &self.description.key {
            let mut seen = BTreeMap::new();
            for (row, cell) in self.grid.column(key)?.iter().enumerate() {
                if let Some(first) = seen.insert(cell.to_string(), row) {
                    let place = self.grid.place(row, key);
                    bail!("{place}: `{cell}` stands in {} too; a key names one row", self.grid.at(first));
                }
            }
        }
        for name in self.description.objectives.keys() {
            self.measure(name, None)?;
        }
        for length in &self.description.fidelities {
            for (objective, column) in &length.columns {
                self.stand_in(&self.measure(objective, None)?, column)?;
            }
            self.cost(length)?;
        }
        Ok(())
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.grid.name
    }

    pub fn space_spec(&self) -> &SpaceSpec {
        &self.space_spec
    }

    /// What whole studies may be simulated with, where the description says so.
    pub fn world(&self) -> Option<&World> {
        self.description.simulation.as_ref()
    }

    /// The finite numbers of a column as they stand, `[rows]`.
    pub fn numbers(&self, column: &str) -> Result<Vec<f64>> {
        self.grid.numbers(column)
    }

    /// "FILE, line 7, column x".
    pub fn place_of(&self, row: usize, column: &str) -> String {
        self.grid.place(row, column)
    }

    pub fn space(&self) -> &dyn SearchSpace {
        self.space.as_ref()
    }

    /// `[rows]`.
    pub fn architectures(&self) -> &[Architecture] {
        &self.architectures
    }

    /// Every architecture that has a row.
    pub fn listed(&self) -> &BTreeSet<Architecture> {
        &self.listed
    }

    /// The row of exactly this encoding.
    pub fn find(&self, architecture: &Architecture) -> Option<usize> {
        self.rows.get(architecture).copied()
    }

    /// What the row is called, where the description names a column of keys.
    pub fn key(&self, row: usize) -> Option<String> {
        let key = self.description.key.as_deref()?;
        self.grid.column(key).ok().map(|cells| cells[row].to_string())
    }

    /// Trainings of several lengths by epochs, ascending, the full one last; empty where the description names none.
    pub fn fidelities(&self) -> &[Length] {
        &self.description.fidelities
    }

    /// An objective of the description, or else a column as it stands; `direction` is needed for the latter.
    pub fn measure(&self, name: &str, direction: Option<Direction>) -> Result<Measure> {
        let described = self.description.objectives.get(name);
        let (column, scale) = described.map_or((name, 1.0), |known| (known.column.as_str(), known.scale));
        if described.is_none() && !self.grid.has(name) {
            let names = self.description.objectives.keys().chain(&self.grid.columns);
            let nearest = did_you_mean(name, names.map(String::as_str));
            bail!(Usage(format!("{} has no column `{name}`{nearest}", self.grid.name)));
        }
        let direction = match (direction, described.map(|known| known.direction)) {
            (Some(given), Some(known)) if given != known => {
                bail!(Usage(format!("{name} is described as {}, not {}", known.name(), given.name())))
            }
            (Some(direction), _) | (None, Some(direction)) => direction,
            (None, None) => {
                bail!(Usage(format!("say whether more of {name} is better: {name}:max, or {name}:min")))
            }
        };
        let mut measure = Measure {
            name: name.to_owned(),
            direction,
            unit: described.and_then(|known| known.unit.clone()),
            known: described.is_some_and(|known| known.known),
            scale,
            minimised: Vec::new(),
        };
        measure.minimised = self.stand_in(&measure, column)?;
        Ok(measure)
    }

    /// What `column` holds in place of an objective, `[rows]`, minimised.
    pub fn stand_in(&self, measure: &Measure, column: &str) -> Result<Vec<f64>> {
        let turned = |value: f64| measure.direction.turned(value * measure.scale);
        Ok(self.grid.numbers(column)?.into_iter().map(turned).collect())
    }

    /// What a training of this length costs, `[rows]`, in full trainings: a full one costs 1 on average.
    pub fn cost(&self, length: &Length) -> Result<Vec<f64>> {
        let full = self.fidelities().last().context("no fidelities are described")?;
        let spent = match &full.cost {
            None => vec![1.0; self.architectures.len()],
            Some(Price::Column(column)) => {
                let spent = self.spent(column)?;
                let mean = spent.iter().sum::<f64>() / spent.len() as f64;
                spent.into_iter().map(|spent| spent / mean).collect()
            }
            Some(Price::Share(share)) => {
                bail!("cost = {share} of the full training: it is the unit, name a column or nothing")
            }
        };
        let share = match (&length.cost, &full.cost) {
            _ if length.epochs == full.epochs => 1.0,
            (None, _) => f64::from(length.epochs) / f64::from(full.epochs),
            (Some(Price::Share(share)), _) => *share,
            (Some(Price::Column(column)), Some(Price::Column(of_full))) => {
                let of_full = self.spent(of_full)?;
                let mean = of_full.iter().sum::<f64>() / of_full.len() as f64;
                return Ok(self.spent(column)?.into_iter().map(|spent| spent / mean).collect());
            }
            (Some(Price::Column(column)), _) => bail!(
                "cost = \"{column}\" of {} epochs has nothing to be measured by: name the column of {} epochs too",
                length.epochs,
                full.epochs
            ),
        };
        Ok(spent.into_iter().map(|spent| spent * share).collect())
    }

    /// A column of costs: none is free.
    fn spent(&self, column: &str) -> Result<Vec<f64>> {
        let spent = self.grid.numbers(column)?;
        match spent.iter().position(|spent| *spent <= 0.0) {
            Some(row) => bail!("{}: a cost of {} is none", self.grid.place(row, column), spent[row]),
            None => Ok(spent),
        }
    }
}
