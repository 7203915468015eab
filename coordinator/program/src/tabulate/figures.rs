//! The results of all seeds, gathered from their ledgers.

use std::collections::BTreeMap;

use common::architecture::Architecture;
use common::config::Config;
use common::energy::Method;
use common::fidelity::Fidelity;
use common::space::Cost;
use common::trial::{Evaluation, Subject};
use coordinator::core::{State, Trial};

use super::roster::Roster;

/// A step of the ladder, as columns are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub name: &'static str,
    pub fidelity: Fidelity,
}

/// Everything that the table and its description tell.
#[derive(Debug)]
pub struct Figures {
    pub seeds: Vec<u64>,
    /// From the cheapest to the full training.
    pub steps: Vec<Step>,
    pub rows: Vec<Row>,
    pub trained: usize,
    /// In words.
    pub failures: Vec<String>,
    /// How joules were found out, by which meters, on which devices.
    pub methods: Vec<Method>,
    pub meters: Vec<String>,
    pub devices: Vec<String>,
    /// Joules and seconds of everything that the workers did, supernets included.
    pub total: [f64; 2],
}

/// One encoding. Figures that are measured are those of the network it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub arch: String,
    pub canonical: String,
    /// Of the encoding as written.
    pub cost: Option<Cost>,
    /// `[steps]`
    pub steps: Vec<Measured>,
    /// Percent on the test images, mean over seeds and by seed.
    pub test: Option<(f64, Vec<Option<f64>>)>,
    /// Of the full training of the seed that took the least time.
    pub epoch_s: f64,
    pub epoch_j: f64,
    /// Median over all results that measured it.
    pub latency_ms: Option<f64>,
    /// Joules of an inference as measured, else latency times the mean power of full trainings.
    pub inference_mj: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Percent on the validation images: mean over seeds, and by seed.
    pub accuracy: f64,
    pub by_seed: Vec<Option<f64>>,
    /// Of the seed that took the least time: whatever else a machine did only added to it.
    pub seconds: f64,
    pub joules: f64,
}

impl Figures {
    /// Of finished studies, one for each seed.
    pub fn of(roster: &Roster, config: &Config, states: &[State]) -> Self {
        let rung_epochs = config.ladder.rung_epochs;
        let rung = Step { name: "rung", fidelity: Fidelity::Rung(rung_epochs) };
        let score = Step { name: "one_shot", fidelity: Fidelity::OneShot };
        let full = Step { name: "full", fidelity: Fidelity::Full };
        let optional = [(config.ladder.one_shot, score), (rung_epochs > 0, rung)];
        let steps = optional.into_iter().filter(|(wanted, _)| *wanted).map(|(_, step)| step);
        let steps: Vec<Step> = steps.chain([full]).collect();
        let network = |architecture| {
            Some((architecture, Network::of(architecture, states, &steps, config.training.epochs)?))
        };
        let mut networks: BTreeMap<&Architecture, Network> =
            roster.trained.iter().filter_map(network).collect();
        let watts = watts(networks.values());
        networks.values_mut().for_each(|network| network.spend(watts));
        let space = roster.space.as_ref();
        let row = |architecture: &Architecture| {
            let canonical = space.canonical(architecture);
            let network = networks.get(&canonical)?;
            Some(network.row(space.encode(architecture), space.encode(&canonical), space.cost(architecture)))
        };
        let trials = || states.iter().flat_map(|state| state.trials.values());
        let evaluations = || trials().filter_map(|trial| trial.evaluation.as_deref());
        let accounts = || states.iter().map(|state| &state.account);
        Self {
            seeds: states.iter().filter_map(|state| state.spec()).map(|spec| spec.seed.0).collect(),
            rows: roster.rows.iter().filter_map(row).collect(),
            trained: networks.len(),
            failures: states.iter().flat_map(|state| failures(state, roster)).collect(),
            methods: distinct(accounts().flat_map(|account| account.by_method().keys().copied())),
            meters: distinct(accounts().flat_map(|account| account.by_meter().keys().cloned())),
            devices: distinct(evaluations().map(|evaluation| evaluation.device.clone())),
            total: [
                accounts().map(|account| account.total().0).sum(),
                evaluations().map(|evaluation| evaluation.seconds.0).sum(),
            ],
            steps,
        }
    }
}

/// One network in all seeds; a row once it has a name.
struct Network(Row);

impl Network {
    /// None where a step has no result in any seed.
    fn of(architecture: &Architecture, states: &[State], steps: &[Step], epochs: u32) -> Option<Self> {
        let at = |fidelity: Fidelity| -> Vec<Option<(&Trial, &Evaluation)>> {
            let subject = Subject::Network { architecture: architecture.clone(), fidelity };
            states
                .iter()
                .map(|state| {
                    let trial = state.of_subject(&subject)?;
                    Some((trial, trial.evaluation.as_deref()?))
                })
                .collect()
        };
        let measured = |step: &Step| Measured::of(&at(step.fidelity));
        let all: Vec<Measured> = steps.iter().map(measured).collect::<Option<_>>()?;
        let results: Vec<&Evaluation> = steps
            .iter()
            .flat_map(|step| at(step.fidelity).into_iter().flatten().map(|(_, evaluation)| evaluation))
            .collect();
        let median_of = |figure: &dyn Fn(&Evaluation) -> Option<f64>| {
            median(results.iter().filter_map(|evaluation| figure(evaluation)).collect())
        };
        let latency_ms = median_of(&|evaluation| evaluation.latency_ms);
        let inference_mj =
            median_of(&|evaluation| evaluation.joules_per_inference.map(|joules| joules * 1e3));
        let test: Vec<Option<f64>> =
            at(Fidelity::Full).into_iter().map(|found| Some(percent(found?.1.test_error?))).collect();
        let full = all.last()?;
        let epochs = f64::from(epochs);
        Some(Self(Row {
            arch: String::new(),
            canonical: String::new(),
            cost: None,
            test: mean(&test).map(|mean| (mean, test)),
            epoch_s: full.seconds / epochs,
            epoch_j: full.joules / epochs,
            latency_ms,
            inference_mj,
            steps: all,
        }))
    }

    /// Where no energy of an inference was measured, it is latency times power.
    fn spend(&mut self, watts: Option<f64>) {
        let Self(row) = self;
        row.inference_mj = row.inference_mj.or_else(|| Some(row.latency_ms? * watts?));
    }

    fn row(&self, arch: String, canonical: String, cost: Option<Cost>) -> Row {
        Row { arch, canonical, cost, ..self.0.clone() }
    }
}

impl Measured {
    /// Of each seed's result.
    fn of(results: &[Option<(&Trial, &Evaluation)>]) -> Option<Self> {
        let by_seed: Vec<Option<f64>> = results
            .iter()
            .map(|found| found.map(|(_, evaluation)| percent(evaluation.validation_error)))
            .collect();
        let seconds = |(_, evaluation): &&(&Trial, &Evaluation)| evaluation.seconds.0;
        let (trial, evaluation) =
            results.iter().flatten().min_by(|a, b| seconds(a).total_cmp(&seconds(b)))?;
        let (seconds, joules) = (evaluation.seconds.0, trial.joules.0);
        Some(Self { accuracy: mean(&by_seed)?, by_seed, seconds, joules })
    }
}

/// Mean power of full trainings; none where nothing was measured.
fn watts<'a>(networks: impl Iterator<Item = &'a Network>) -> Option<f64> {
    let costs = networks.map(|Network(row)| (row.epoch_j, row.epoch_s));
    let (joules, seconds) = costs.fold((0.0, 0.0), |sum, cost| (sum.0 + cost.0, sum.1 + cost.1));
    (joules > 0.0 && seconds > 0.0).then(|| joules / seconds)
}

/// "seed 1, full of |…|: the training loss became NaN or infinite".
fn failures(state: &State, roster: &Roster) -> Vec<String> {
    let seed = state.spec().map_or(0, |spec| spec.seed.0);
    let failed = state.trials.values().filter(|trial| !trial.is_open() && trial.evaluation.is_none());
    let told = failed.map(|trial| {
        let subject = match &trial.subject {
            Subject::Network { architecture, fidelity } => {
                format!("{fidelity} of {}", roster.space.encode(architecture))
            }
            shared => shared.title(),
        };
        format!(
            "seed {seed}, {subject}: {}",
            trial.failures.last().map_or("no reason was given", String::as_str)
        )
    });
    told.collect()
}

fn percent(error: f64) -> f64 {
    100.0 * (1.0 - error)
}

fn mean(values: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (middle, is_odd) = (values.len() / 2, values.len() % 2 == 1);
    let upper = values.get(middle)?;
    Some(if is_odd { *upper } else { (values[middle - 1] + upper) / 2.0 })
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.collect::<std::collections::BTreeSet<T>>().into_iter().collect()
}
