//! What a line says of which architecture. Every refusal names the line, and says what would be right.

use std::fmt::Display;
use std::str::FromStr;

use anyhow::{Result, anyhow, bail};
use common::fidelity::Fidelity;
use common::nearest::did_you_mean;
use common::objective::{Objective, ObjectiveKind};
use common::space::{SearchSpace, SpaceSpec};
use common::study::StudySpec;
use common::trial::{Evaluation, Subject};
use common::unit::Seconds;

use super::Found;
use super::lines::Line;

/// Above this, counts in a floating-point number are not whole any more.
const MAX_COUNT: f64 = 9_007_199_254_740_992.0;
/// A name this like `fidelity` is a slip of the pen; left alone, a short training would pass for a full one.
const ALIKE: f64 = 0.85;

/// The names that a fact may stand under, the first one it is called by; `front.csv` has those with a unit.
struct Fact {
    names: &'static [&'static str],
}

const ARCHITECTURE: &str = "architecture";
const FIDELITY: &str = "fidelity";
const TEST_ERROR: Fact = Fact { names: &["test_error"] };
const SECONDS: Fact = Fact { names: &["seconds", "training_seconds"] };
const DEVICE: Fact = Fact { names: &["device"] };

fn fact(kind: ObjectiveKind) -> Fact {
    Fact {
        names: match kind {
            ObjectiveKind::Error => &["error"],
            ObjectiveKind::Parameters => &["parameters"],
            ObjectiveKind::Flops => &["flops", "flops_mac"],
            ObjectiveKind::LatencyMs => &["latency_ms"],
            ObjectiveKind::JoulesPerInference => &["joules_per_inference", "inference_joules"],
        },
    }
}

/// What lines are read for.
#[derive(Debug)]
pub(super) struct Reading<'s> {
    space: Box<dyn SearchSpace>,
    /// Names of the decisions, in a space whose user named them.
    decisions: Vec<&'s str>,
    objectives: &'s [Objective],
}

impl<'s> Reading<'s> {
    pub(super) fn new(spec: &'s StudySpec) -> Self {
        let decisions = match &spec.space {
            SpaceSpec::FreeForm(description) => {
                description.decisions().iter().map(|decision| decision.name.as_str()).collect()
            }
            _ => Vec::new(),
        };
        Self { space: spec.space.build(), decisions, objectives: &spec.objectives }
    }

    /// As the space writes it; where the decisions have names, from a column for each will do.
    fn written(&self, line: &Line) -> Result<String> {
        if let Some(text) = line.cell(ARCHITECTURE) {
            return Ok(text.into());
        }
        let told = self.decisions.iter().filter_map(|name| Some((name, line.cell(name)?)));
        let told: Vec<String> = told.map(|(name, value)| format!("{name}={value}")).collect();
        if told.is_empty() {
            return Err(missing(line, ARCHITECTURE, "each line needs one"));
        }
        Ok(told.join(","))
    }
}

/// Reads a line as a result that knows all the study's objectives. What the space counts need not be told.
pub(super) fn found(line: &Line, reading: &Reading<'_>) -> Result<Found> {
    let (place, space) = (&line.place, reading.space.as_ref());
    let written = reading.written(line)?;
    let architecture = space.decode(&written).map_err(|error| anyhow!("{place}: {error}"))?;
    let counted = space.cost(&architecture);
    let parameters = count(line, ObjectiveKind::Parameters, counted.map(|cost| cost.parameters))?;
    let flops = count(line, ObjectiveKind::Flops, counted.map(|cost| cost.flops))?;
    let error = share(line, &fact(ObjectiveKind::Error), "validation_accuracy_percent")?;
    let evaluation = Evaluation {
        validation_error: error.ok_or_else(|| missing(line, "error", "the study minimises it"))?,
        test_error: share(line, &TEST_ERROR, "test_accuracy_percent")?,
        parameters,
        flops,
        latency_ms: number(line, &fact(ObjectiveKind::LatencyMs))?,
        joules_per_inference: number(line, &fact(ObjectiveKind::JoulesPerInference))?,
        device: DEVICE.text(line).map_or_else(|| "not told".into(), |(_, text)| text.into()),
        seconds: Seconds(number(line, &SECONDS)?.unwrap_or(0.0)),
        curve: Vec::new(),
        artifacts: Vec::new(),
    };
    for Objective { kind, .. } in reading.objectives {
        if kind.of(&evaluation).is_none() {
            return Err(missing(line, kind.key(), "the study minimises it"));
        }
    }
    let subject = Subject::Network { architecture, fidelity: fidelity(line)? };
    Ok(Found { place: place.clone(), subject, evaluation })
}

fn fidelity(line: &Line) -> Result<Fidelity> {
    let place = &line.place;
    if let Some(text) = line.cell(FIDELITY) {
        return Fidelity::from_str(text).map_err(|error| anyhow!("{place}: {error}"));
    }
    let slip = line.names().find(|name| common::nearest::similarity(name, FIDELITY) > ALIKE);
    match slip {
        Some(name) => bail!("{place}: there is no column `{name}`; did you mean `{FIDELITY}`?"),
        None => Ok(Fidelity::Full),
    }
}

impl Fact {
    /// Under the name that it stands under.
    fn text<'l>(&self, line: &'l Line) -> Option<(&'static str, &'l str)> {
        self.names.iter().find_map(|name| line.cell(name).map(|text| (*name, text)))
    }
}

/// Finite and not negative.
fn number(line: &Line, fact: &Fact) -> Result<Option<f64>> {
    fact.text(line).map(|(name, text)| parse(line, name, text)).transpose()
}

fn parse(line: &Line, name: &str, text: &str) -> Result<f64> {
    let place = &line.place;
    let number: f64 = text.parse().map_err(|_| anyhow!("{place}, {name}: `{text}` is no number"))?;
    if !number.is_finite() {
        bail!("{place}, {name}: {text} can't be compared: leave failed evaluations out of the file");
    }
    if number < 0.0 {
        bail!("{place}, {name}: {text} is less than nothing");
    }
    Ok(number)
}

/// An error as a share; where it is not told, what the accuracy of `accuracy`, in percent, leaves of one.
fn share(line: &Line, error: &Fact, accuracy: &'static str) -> Result<Option<f64>> {
    let place = &line.place;
    if let Some((name, text)) = error.text(line) {
        let share = parse(line, name, text)?;
        if share > 1.0 {
            bail!("{place}, {name}: {text} is no share: write 0.25 for 25 %");
        }
        return Ok(Some(share));
    }
    let Some(text) = line.cell(accuracy) else { return Ok(None) };
    let percent = parse(line, accuracy, text)?;
    if percent > 100.0 {
        bail!("{place}, {accuracy}: {text} is more than 100 %");
    }
    Ok(Some(1.0 - percent / 100.0))
}

/// A whole number, which the space's own count must not contradict: that would be another network.
fn count(line: &Line, kind: ObjectiveKind, counted: Option<u64>) -> Result<Option<u64>> {
    let Some((name, text)) = fact(kind).text(line) else { return Ok(counted) };
    let (place, number) = (&line.place, parse(line, name, text)?);
    if number.fract() != 0.0 || number > MAX_COUNT {
        bail!("{place}, {name}: {text} is no whole number, and counts are");
    }
    let told = number as u64;
    match counted {
        Some(counted) if counted != told => {
            bail!(
                "{place}, {name}: {told}, where the study's space counts {counted}: is this another network?"
            )
        }
        _ => Ok(Some(told)),
    }
}

fn missing(line: &Line, name: &str, why: impl Display) -> anyhow::Error {
    anyhow!("{}: `{name}` is missing, and {why}{}", line.place, did_you_mean(name, line.names()))
}
