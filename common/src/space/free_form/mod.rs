//! A space that its user describes in TOML: named decisions with choices, whole numbers or numbers on a fine grid, and the
//! conditions under which each is asked for. What its architectures are is known to the user's own program alone, which is
//! given names and values ([`FreeForm::values`]).
//!
//! A decision whose condition does not hold is not active; its canonical gene is 0.

mod description;
mod domain;
mod read;

pub use description::{Condition, DecisionSpec, Description, Fault};
pub use domain::{Domain, Value};

use super::{Cost, Decision, DecodeError, SearchSpace};
use crate::architecture::Architecture;

#[derive(Debug, Clone)]
pub struct FreeForm {
    description: Description,
    decisions: Vec<Decision>,
}

impl FreeForm {
    pub fn new(description: Description) -> Self {
        let decisions = description.decisions().iter().map(|spec| spec.domain.decision()).collect();
        Self { description, decisions }
    }

    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Names and values of the active decisions, in the order of the description.
    ///
    /// # Panics
    /// When `architecture` is not of this space; `check` tells before.
    pub fn values(&self, architecture: &Architecture) -> Vec<(&str, Value)> {
        let genes = self.specs().zip(architecture.genes()).zip(self.active(architecture));
        let active = genes.filter(|(_, active)| *active);
        active.map(|((spec, &gene), _)| (spec.name.as_str(), spec.domain.value(gene))).collect()
    }

    fn specs(&self) -> std::slice::Iter<'_, DecisionSpec> {
        self.description.decisions().iter()
    }

    /// Whether the decision is asked for, given the genes and the activity of those before it.
    fn holds(&self, when: &[Condition], genes: &[u32], active: &[bool]) -> bool {
        when.iter().all(|condition| {
            active[condition.decision] && condition.options.contains(&genes[condition.decision])
        })
    }
}

impl SearchSpace for FreeForm {
    fn name(&self) -> &'static str {
        "free_form"
    }

    fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    fn canonical(&self, architecture: &Architecture) -> Architecture {
        let genes = architecture.genes().iter().zip(self.active(architecture));
        Architecture::new(genes.map(|(&gene, active)| if active { gene } else { 0 }).collect())
    }

    /// As far as anyone but the user's program can tell.
    fn trainable(&self, _: &Architecture) -> bool {
        true
    }

    fn active(&self, architecture: &Architecture) -> Vec<bool> {
        let mut active = Vec::with_capacity(self.decisions.len());
        for spec in self.specs() {
            active.push(self.holds(&spec.when, architecture.genes(), &active));
        }
        active
    }

    /// `[active decisions]`, then each ordered decision's place on its scale, 0 where it is not active.
    fn structure(&self, architecture: &Architecture) -> Vec<f64> {
        let active = self.active(architecture);
        let mut structure = vec![active.iter().filter(|active| **active).count() as f64];
        for ((decision, &gene), active) in self.decisions.iter().zip(architecture.genes()).zip(active) {
            if decision.scale == super::Scale::Ordered {
                structure.push(if active { decision.place(gene) } else { 0.0 });
            }
        }
        structure
    }

    fn cost(&self, _: &Architecture) -> Option<Cost> {
        None
    }

    /// `optimiser=sgd,momentum=0.9,layers=4`: active decisions in the order of the description. One that is not active stands
    /// in brackets where its gene is not 0, and not at all where it is.
    fn encode(&self, architecture: &Architecture) -> String {
        let genes = self.specs().zip(architecture.genes()).zip(self.active(architecture));
        let told = genes.filter_map(|((spec, &gene), active)| match (active, gene) {
            (true, _) => Some(format!("{}={}", spec.name, spec.domain.value(gene))),
            (false, 0) => None,
            (false, _) => Some(format!("({}={})", spec.name, spec.domain.value(gene))),
        });
        told.collect::<Vec<_>>().join(",")
    }

    /// In any order, with commas or semicolons between; a number on a grid may be any within its range.
    fn decode(&self, text: &str) -> Result<Architecture, DecodeError> {
        let mut genes = vec![None; self.decisions.len()];
        for part in text.split([',', ';']).map(str::trim) {
            let syntax = || DecodeError::Syntax(part.chars().take(200).collect());
            let inner = part.strip_prefix('(').and_then(|part| part.strip_suffix(')')).unwrap_or(part);
            let (name, value) = inner.split_once('=').ok_or_else(syntax)?;
            let position = self.description.position(name.trim()).ok_or_else(syntax)?;
            let gene = self.specs().as_slice()[position].domain.gene(value.trim()).ok_or_else(syntax)?;
            if genes[position].replace(gene).is_some() {
                return Err(syntax());
            }
        }
        let architecture = Architecture::new(genes.iter().map(|gene| gene.unwrap_or(0)).collect());
        // What is not told is 0; but what matters must be told.
        let silent =
            genes.iter().zip(self.active(&architecture)).position(|(gene, active)| active && gene.is_none());
        match silent {
            Some(position) => {
                let name = &self.specs().as_slice()[position].name;
                Err(DecodeError::Syntax(format!("{}: no {name}", text.chars().take(150).collect::<String>())))
            }
            None => Ok(architecture),
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
