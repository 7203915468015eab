//! An oracle over a table.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail, ensure};
use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::nearest::did_you_mean;
use common::space::SearchSpace;
use coordinator::command::Usage;
use lamoo::Identity;

use super::oracle::{Named, Oracle, Outcome, Place};
use super::wish::{RungWish, Wish};
use crate::sheet::{Direction, Measure, Sheet};

#[derive(Debug)]
pub struct Tabulated {
    sheet: Sheet,
    /// The row that stands for each function; none where every row stands for itself.
    functions: Option<Functions>,
    objectives: Vec<Named>,
    reference: Vec<f64>,
    maximum: f64,
    full: Level,
    rung: Option<(u32, Level)>,
    /// `[m]`: whether the rung has a column of its own for it.
    stands_in: Vec<bool>,
}

/// One row for each function that the table's rows compute: its own form where that has a row, else the first.
#[derive(Debug)]
struct Functions {
    rows: BTreeMap<Architecture, usize>,
    listed: BTreeSet<Architecture>,
}

/// Trainings of one length.
#[derive(Debug)]
struct Level {
    /// `[rows, m]`, minimised.
    objectives: Vec<Vec<f64>>,
    /// `[rows]`, in full trainings.
    cost: Vec<f64>,
}

impl Tabulated {
    /// `reference` is `[m]`, in the columns' own directions. `known` adds to what the description says is known. `identity` must
    /// be that of the searches.
    pub fn new(
        sheet: Sheet,
        wishes: &[Wish],
        reference: &[f64],
        known: &[String],
        rung: Option<&RungWish>,
        identity: Identity,
    ) -> Result<Self> {
        let measure = |wish: &Wish| sheet.measure(&wish.name, wish.direction);
        let measures = wishes.iter().map(measure).collect::<Result<Vec<Measure>>>()?;
        let names: Vec<String> = measures.iter().map(|measure| measure.name.clone()).collect();
        ensure!(!names.is_empty(), Usage("no objectives are given".into()));
        if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            bail!(Usage(format!("objective {} is given twice", twice.1)));
        }
        ensure!(
            reference.len() == names.len(),
            Usage(format!(
                "the reference has {} numbers, there are {} objectives: {}",
                reference.len(),
                names.len(),
                names.join(", ")
            ))
        );
        let finite = reference.iter().all(|value| value.is_finite());
        ensure!(finite, Usage("the reference needs finite numbers".into()));
        let known = super::wish::known(known, &names).map_err(Usage)?;
        let reference: Vec<f64> = measures
            .iter()
            .zip(reference)
            .map(|(measure, &value)| minimised_reference(measure, value))
            .collect();
        let objectives = rows(measures.iter().map(|measure| &measure.minimised));
        let maximum = moo::hypervolume(&objectives, &reference)?;
        ensure!(
            maximum > 0.0,
            "no row of {} is better than the reference in every objective: there is nothing to find (a reference lies below \
             the values of a maximised column and above those of a minimised one)",
            sheet.name()
        );
        let full = Level { objectives, cost: full_cost(&sheet)? };
        let short = rung.map(|wish| short(&sheet, &measures, wish, &full)).transpose()?;
        let (rung, stands_in) = match short {
            Some((epochs, level, stands_in)) => (Some((epochs, level)), stands_in),
            None => (None, vec![true; measures.len()]),
        };
        let named = |(measure, known): (Measure, bool)| Named {
            known: known || measure.known,
            direction: measure.direction,
            name: measure.name,
        };
        let objectives = measures.into_iter().zip(known).map(named).collect();
        let functions = (identity == Identity::Function).then(|| Functions::of(&sheet));
        Ok(Self { sheet, functions, objectives, reference, maximum, full, rung, stands_in })
    }

    fn row(&self, architecture: &Architecture) -> usize {
        let row = match &self.functions {
            Some(functions) => functions.rows.get(architecture).copied(),
            None => self.sheet.find(architecture),
        };
        row.expect("only listed architectures are asked for")
    }
}

impl Functions {
    fn of(sheet: &Sheet) -> Self {
        let mut rows = BTreeMap::new();
        for (row, architecture) in sheet.architectures().iter().enumerate() {
            let own = sheet.space().canonical(architecture);
            let is_own = own == *architecture;
            let stands = rows.entry(own).or_insert(row);
            if is_own {
                *stands = row;
            }
        }
        Self { listed: rows.keys().cloned().collect(), rows }
    }
}

/// The reference of an objective as it is minimised. Where a percentage is maximised and no row exceeds the number given, it
/// can only be meant for the error: 100 % error is 0 % accuracy.
fn minimised_reference(measure: &Measure, given: f64) -> f64 {
    let is_percentage = measure.minimised.iter().all(|value| (-100.0..=0.0).contains(value));
    let is_beyond = measure.minimised.iter().all(|value| -value <= given) && given <= 100.0;
    match measure.direction {
        Direction::Maximise if is_percentage && is_beyond => given - 100.0,
        direction => direction.turned(given),
    }
}

/// `[m, rows]` turned into `[rows, m]`.
fn rows<'a>(columns: impl Iterator<Item = &'a Vec<f64>>) -> Vec<Vec<f64>> {
    let columns: Vec<&Vec<f64>> = columns.collect();
    (0..columns[0].len()).map(|row| columns.iter().map(|column| column[row]).collect()).collect()
}

fn full_cost(sheet: &Sheet) -> Result<Vec<f64>> {
    match sheet.fidelities().last() {
        Some(full) => sheet.cost(full),
        None => Ok(vec![1.0; sheet.architectures().len()]),
    }
}

/// Epochs of the short training, what it shows and costs, and which objectives it shows anew.
fn short(
    sheet: &Sheet,
    measures: &[Measure],
    wish: &RungWish,
    full: &Level,
) -> Result<(u32, Level, Vec<bool>)> {
    let (columns, cost): (Vec<(String, String)>, Vec<f64>) = match wish.full_epochs {
        Some(full_epochs) => {
            let share = f64::from(wish.epochs) / f64::from(full_epochs);
            (wish.columns.clone(), full.cost.iter().map(|cost| cost * share).collect())
        }
        None => {
            let Some((_, shorter)) = sheet.fidelities().split_last() else {
                let name = sheet.name();
                bail!(Usage(format!(
                    "the description of {name} has no fidelities: give --rung EPOCHS/FULL:…"
                )))
            };
            let Some(length) = shorter.iter().find(|length| length.epochs == wish.epochs) else {
                let epochs: Vec<String> = shorter.iter().map(|length| length.epochs.to_string()).collect();
                let (wanted, known) = (wish.epochs, epochs.join(", "));
                bail!(Usage(format!("no short training of {wanted} epochs is described, but of {known}")))
            };
            (length.columns.clone().into_iter().collect(), sheet.cost(length)?)
        }
    };
    let names = || measures.iter().map(|measure| measure.name.as_str());
    let mut shown: Vec<Vec<f64>> = measures.iter().map(|measure| measure.minimised.clone()).collect();
    let mut stands_in = vec![false; measures.len()];
    for (objective, column) in &columns {
        let Some(place) = names().position(|name| name == objective) else {
            // A description may speak of more objectives than this search has.
            let nearest = did_you_mean(objective, names());
            ensure!(wish.full_epochs.is_none(), Usage(format!("{objective} is no objective{nearest}")));
            continue;
        };
        shown[place] = sheet.stand_in(&measures[place], column)?;
        stands_in[place] = true;
    }
    let epochs = wish.epochs;
    ensure!(
        stands_in.contains(&true),
        Usage(format!("a training of {epochs} epochs shows none of the objectives: why train?"))
    );
    Ok((wish.epochs, Level { objectives: rows(shown.iter()), cost }, stands_in))
}

impl Oracle for Tabulated {
    fn name(&self) -> String {
        self.sheet.name().to_owned()
    }

    fn space(&self) -> &dyn SearchSpace {
        self.sheet.space()
    }

    fn listed(&self) -> Option<&BTreeSet<Architecture>> {
        Some(self.functions.as_ref().map_or_else(|| self.sheet.listed(), |functions| &functions.listed))
    }

    fn objectives(&self) -> &[Named] {
        &self.objectives
    }

    fn reference(&self) -> &[f64] {
        &self.reference
    }

    fn maximum(&self) -> f64 {
        self.maximum
    }

    fn rung(&self) -> Option<Fidelity> {
        self.rung.as_ref().map(|(epochs, _)| Fidelity::Rung(*epochs))
    }

    fn is_trained(&self, objective: usize) -> bool {
        self.stands_in[objective]
    }

    fn train(&self, architecture: &Architecture, fidelity: Fidelity) -> Outcome {
        let row = self.row(architecture);
        let level = match (fidelity, &self.rung) {
            (Fidelity::Full, _) => &self.full,
            (Fidelity::Rung(epochs), Some((of_rung, level))) if epochs == *of_rung => level,
            (other, _) => panic!("the table holds no {other}"),
        };
        Outcome { objectives: level.objectives[row].clone(), cost: level.cost[row] }
    }

    fn place(&self, architecture: &Architecture) -> Place {
        Place::Row(self.row(architecture))
    }

    fn key(&self, place: &Place) -> Option<String> {
        if let Place::Row(row) = place { self.sheet.key(*row) } else { None }
    }
}
