//! Results for one subject, told more than once: the same again is no news, another is a contradiction.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use common::trial::{Evaluation, Origin, Subject};

use super::Found;
use crate::core::State;

/// Figures closer than this share of themselves are the same figure, written with fewer digits.
const ROUNDING: f64 = 1e-6;

/// What is known so far: the study's own, and what the lines before told.
#[derive(Debug)]
pub(super) struct Agreement<'s> {
    state: &'s State,
    read: BTreeMap<Subject, (String, Evaluation)>,
}

impl<'s> Agreement<'s> {
    pub(super) fn with(state: &'s State) -> Self {
        Self { state, read: BTreeMap::new() }
    }

    /// Whether nobody has told of this before. Refuses what contradicts another given result; a result that the study worked
    /// out itself stands, whatever is told.
    pub(super) fn is_new(&mut self, found: &Found) -> Result<bool> {
        if let Some((place, before)) = self.read.get(&found.subject) {
            check(found, before, place)?;
            return Ok(false);
        }
        self.read.insert(found.subject.clone(), (found.place.clone(), found.evaluation.clone()));
        let Some(trial) = self.state.of_subject(&found.subject) else { return Ok(true) };
        match (trial.evaluation.as_deref(), &trial.origin) {
            (Some(before), Origin::Given(source)) => {
                check(found, before, &format!("{}, which the study was given before,", source.file))?;
                Ok(false)
            }
            (known, _) => Ok(known.is_none()),
        }
    }

    /// Whether the study had a result before anything was read.
    pub(super) fn is_of_study(&self, subject: &Subject) -> bool {
        self.state.of_subject(subject).is_some_and(|trial| trial.evaluation.is_some())
    }
}

fn check(found: &Found, before: &Evaluation, place: &str) -> Result<()> {
    let count = |count: Option<u64>| count.map(|count| count as f64);
    let facts = |e: &Evaluation| {
        [
            ("error", Some(e.validation_error)),
            ("test_error", e.test_error),
            ("parameters", count(e.parameters)),
            ("flops", count(e.flops)),
            ("latency_ms", e.latency_ms),
            ("joules_per_inference", e.joules_per_inference),
        ]
    };
    for ((name, told), (_, known)) in facts(&found.evaluation).into_iter().zip(facts(before)) {
        let (Some(told), Some(known)) = (told, known) else { continue };
        if (told - known).abs() > ROUNDING * told.abs().max(known.abs()) {
            bail!("{}: {name} {told}, where {place} says {known} of the same architecture", found.place);
        }
    }
    Ok(())
}
