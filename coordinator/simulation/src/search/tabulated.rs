//! An oracle over a table.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};
use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::nearest::did_you_mean;
use common::space::SearchSpace;
use coordinator::command::Usage;

use super::oracle::{Named, Oracle, Outcome, Place};
use super::wish::{RungWish, Wish};
use crate::sheet::{Measure, Sheet};

#[derive(Debug)]
pub struct Tabulated {
    sheet: Sheet,
    objectives: Vec<Named>,
    reference: Vec<f64>,
    maximum: f64,
    full: Level,
    rung: Option<(u32, Level)>,
    /// `[m]`: whether the rung has a column of its own for it.
    stands_in: Vec<bool>,
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
    /// `reference` is `[m]`, in the columns' own directions. `known` adds to what the description says is known.
    pub fn new(
        sheet: Sheet,
        wishes: &[Wish],
        reference: &[f64],
        known: &[String],
        rung: Option<&RungWish>,
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
        let reference: Vec<f64> =
            measures.iter().zip(reference).map(|(measure, &value)| measure.direction.turned(value)).collect();
        let objectives = rows(measures.iter().map(|measure| &measure.minimised));
        let maximum = moo::hypervolume(&objectives, &reference)?;
        ensure!(
            maximum > 0.0,
            "no row of {} is better than the reference in every objective: there is nothing to find",
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
        Ok(Self { sheet, objectives, reference, maximum, full, rung, stands_in })
    }

    pub fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    fn row(&self, architecture: &Architecture) -> usize {
        self.sheet.find(architecture).expect("only listed architectures are asked for")
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
        Some(self.sheet.listed())
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
}
