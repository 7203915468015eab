//! How a model sees an architecture: what was decided, and what that makes of the network.
//!
//! A view is a row of numbers in groups; the kernel is a sum over groups, so that what a decision does by itself and what it
//! does through the network's size or depth are told apart.
//! - the decisions of the canonical form: what the trained weights can compute;
//! - where each encoding counts, the decisions of the executed form: what the machine runs;
//! - figures of the structure of both.

use std::ops::Range;

use common::architecture::Architecture;
use common::seed::Seed;
use common::space::{Decision, Scale};

use crate::scope::{Identity, Scope};

/// Architectures drawn to learn the scale of each figure.
const DRAWN: u64 = 256;

/// How far apart two numbers of a view are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// 1 if they differ.
    Differs,
    /// Their squared difference.
    Apart,
}

impl Measure {
    pub(crate) fn between(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Differs => f64::from(u8::from(a != b)),
            Self::Apart => (a - b) * (a - b),
        }
    }
}

/// One number of a view.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Feature {
    pub(crate) measure: Measure,
    /// The rate at which likeness is expected to fall with the distance, before anything is known.
    pub(crate) rate: f64,
}

/// The numbers of every view of a scope.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) features: Vec<Feature>,
    pub(crate) groups: Vec<Range<usize>>,
    /// Mean and inverse spread of each figure.
    scales: Vec<(f64, f64)>,
    identity: Identity,
    /// Whether a result has a random part that the architecture does not explain. Where decisions are fine, likely not.
    pub(crate) is_noisy: bool,
}

impl Layout {
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        let decisions = scope.space.decisions();
        let forms = match scope.identity {
            Identity::Function => 1,
            Identity::Encoding => 2,
        };
        let mut features = Vec::new();
        let mut groups = Vec::new();
        for _ in 0..forms {
            let start = features.len();
            features.extend(decisions.iter().map(|decision| feature(decision, decisions.len())));
            groups.push(start..features.len());
        }
        let mut layout = Self {
            features,
            groups,
            scales: Vec::new(),
            identity: scope.identity,
            is_noisy: !decisions.iter().any(Decision::is_fine),
        };
        layout.scales = standards(scope, |architecture| layout.figures(scope, architecture));
        if !layout.scales.is_empty() {
            let rate = 0.35 / layout.scales.len() as f64;
            let start = layout.features.len();
            layout.features.extend(layout.scales.iter().map(|_| Feature { measure: Measure::Apart, rate }));
            layout.groups.push(start..layout.features.len());
        }
        layout
    }

    pub(crate) fn view(&self, scope: &Scope<'_>, architecture: &Architecture) -> Box<[f64]> {
        let decisions = scope.space.decisions();
        let mut view = Vec::with_capacity(self.features.len());
        for form in self.forms(scope, architecture) {
            view.extend(form.genes().iter().zip(decisions).map(|(&gene, decision)| match decision.scale {
                Scale::Categorical => f64::from(gene),
                Scale::Ordered => decision.place(gene),
            }));
        }
        let figures = self.figures(scope, architecture);
        view.extend(figures.iter().zip(&self.scales).map(|(figure, (mean, scale))| (figure - mean) * scale));
        view.into()
    }

    fn forms(&self, scope: &Scope<'_>, architecture: &Architecture) -> Vec<Architecture> {
        let canonical = scope.space.canonical(architecture);
        match self.identity {
            Identity::Function => vec![canonical],
            Identity::Encoding => vec![canonical, scope.space.executed(architecture)],
        }
    }

    fn figures(&self, scope: &Scope<'_>, architecture: &Architecture) -> Vec<f64> {
        let forms = self.forms(scope, architecture);
        forms.iter().flat_map(|form| scope.space.structure(form)).collect()
    }
}

/// Rates such that two architectures drawn at random are still half alike, whatever the number of decisions: mostly, what
/// single decisions do adds up.
fn feature(decision: &Decision, decisions: usize) -> Feature {
    let share = 1.0 / decisions as f64;
    match decision.scale {
        Scale::Categorical => Feature { measure: Measure::Differs, rate: 0.7 * share },
        Scale::Ordered => Feature { measure: Measure::Apart, rate: 4.0 * share },
    }
}

/// Mean and inverse standard deviation of each figure over random architectures; a constant one is left as it is.
pub(crate) fn standards(scope: &Scope<'_>, figures: impl Fn(&Architecture) -> Vec<f64>) -> Vec<(f64, f64)> {
    let mut rng = Seed(1).stream("lamoo::surrogate::figures", 0);
    let rows: Vec<Vec<f64>> = (0..DRAWN).map(|_| figures(&scope.space.random(&mut rng))).collect();
    let count = rows.len() as f64;
    let scale = |figure: usize| {
        let mean = rows.iter().map(|row| row[figure]).sum::<f64>() / count;
        let variance = rows.iter().map(|row| (row[figure] - mean).powi(2)).sum::<f64>() / count;
        (mean, if variance > 1e-12 { 1.0 / variance.sqrt() } else { 1.0 })
    };
    (0..rows[0].len()).map(scale).collect()
}

#[cfg(test)]
impl Layout {
    /// For tests of what is built upon it.
    pub(crate) fn plain(features: Vec<Feature>, groups: Vec<Range<usize>>) -> Self {
        Self { features, groups, scales: Vec::new(), identity: Identity::Function, is_noisy: true }
    }
}
