//! What many searches came to: as JSON for programs, in full, and as a page for people.

use common::fidelity::Fidelity;
use coordinator::command::table::{Side, aligned};
use lamoo::Identity;
use serde::Serialize;
use simulation::search::{Goal, Mark, Named, Oracle, Place, Plan, Run, Summary};

/// Raised when a key changes its meaning.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize)]
pub struct Told {
    format: u32,
    /// The table's file, or the problem.
    of: String,
    objectives: Vec<Named>,
    /// In the objectives' own directions.
    reference: Vec<f64>,
    /// The hypervolume of everything together.
    maximum: f64,
    searcher: String,
    distinct: &'static str,
    evaluations: usize,
    batch: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    rung_epochs: Option<u32>,
    runs: Vec<Search>,
    #[serde(skip)]
    summary: Summary,
}

/// One search; each list has an entry for each training.
#[derive(Debug, Serialize)]
struct Search {
    seed: u64,
    /// Rows of the table from 0, or decisions of the problem.
    order: Vec<Place>,
    /// What the table's column of keys calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<String>>,
    hypervolume: Vec<f64>,
    /// Of all trainings so far, in full ones.
    cost: Vec<f64>,
    /// Of short trainings; null for full ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    rung_epochs: Option<Vec<Option<u32>>>,
}

impl Told {
    pub fn of(oracle: &dyn Oracle, plan: &Plan, searcher: &str, runs: &[Run]) -> Self {
        let pairs = oracle.objectives().iter().zip(oracle.reference());
        let rung = oracle.rung().and_then(epochs);
        Self {
            format: FORMAT,
            of: oracle.name(),
            reference: pairs.map(|(named, &value)| named.direction.turned(value)).collect(),
            objectives: oracle.objectives().to_vec(),
            maximum: oracle.maximum(),
            searcher: searcher.to_owned(),
            distinct: if plan.identity == Identity::Encoding { "rows" } else { "functions" },
            evaluations: plan.evaluations,
            batch: plan.batch.get(),
            rung_epochs: rung,
            summary: Summary::of(runs, oracle.maximum(), plan.evaluations),
            runs: runs.iter().map(|run| Search::of(run, oracle)).collect(),
        }
    }
}

impl Search {
    fn of(run: &Run, oracle: &dyn Oracle) -> Self {
        let steps = || run.steps.iter();
        Self {
            seed: run.seed,
            order: steps().map(|step| step.place.clone()).collect(),
            keys: steps().map(|step| oracle.key(&step.place)).collect(),
            hypervolume: steps().map(|step| step.hypervolume).collect(),
            cost: steps().map(|step| step.cost).collect(),
            rung_epochs: oracle.rung().is_some().then(|| steps().map(|step| epochs(step.fidelity)).collect()),
        }
    }
}

/// Of a short training.
fn epochs(fidelity: Fidelity) -> Option<u32> {
    match fidelity {
        Fidelity::Rung(epochs) => Some(epochs),
        Fidelity::OneShot | Fidelity::Full => None,
    }
}

pub fn screen(told: &Told) -> String {
    let numbers = |values: &[f64]| values.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
    let objective = |named: &Named| {
        format!("{}:{}{}", named.name, named.direction.name(), if named.known { " (known)" } else { "" })
    };
    let objectives: Vec<String> = told.objectives.iter().map(objective).collect();
    let unit = if told.rung_epochs.is_some() { "full trainings' worth" } else { "trainings" };
    let columns = [(unit, Side::Right), ("% of maximum", Side::Right), ("standard error", Side::Right)];
    let row = |mark: &Mark| {
        let error = mark.error_percent.map_or("–".into(), |error| format!("{error:.3}"));
        vec![mark.trainings.to_string(), format!("{:.3}", mark.mean_percent), error]
    };
    let mut text = format!(
        "{} on {}\n{} searches of {} {unit}; {}, reference {}, maximum hypervolume {:.4}\n\n{}\n",
        told.searcher,
        told.of,
        told.runs.len(),
        told.evaluations,
        objectives.join(", "),
        numbers(&told.reference),
        told.maximum,
        aligned(&columns, &told.summary.marks.iter().map(row).collect::<Vec<_>>())
    );
    text.extend(told.summary.goals.iter().map(|goal| reached(goal, unit)));
    if told.summary.exhausted > 0 {
        text.push_str(&format!(
            "{} searches ended early: nothing was left to train\n",
            told.summary.exhausted
        ));
    }
    text
}

fn reached(goal: &Goal, unit: &str) -> String {
    let share = 100.0 * goal.share;
    let seeds = format!("{} of {} searches got there", goal.reached, goal.seeds);
    match goal.median {
        Some(median) => format!("to {share} % of the maximum: median {} {unit} ({seeds})\n", rounded(median)),
        None => format!("to {share} % of the maximum: not half of the searches ({seeds})\n"),
    }
}

/// To a hundredth, without idle zeros.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
