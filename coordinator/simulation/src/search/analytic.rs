//! Oracles whose optimum is known: the field's test problems, over the unit cube.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::space::free_form::{DecisionSpec, Description, Domain};
use common::space::{FreeForm, SearchSpace};
use moo::problem::{BraninCurrin, Dtlz2, Problem, Zdt1, Zdt2};

use super::oracle::{Named, Oracle, Outcome, Place};
use crate::sheet::Direction;

/// The problems by name.
pub const PROBLEMS: [&str; 4] = ["branin-currin", "zdt1", "zdt2", "dtlz2"];
/// As in the papers: thirty decisions; for DTLZ2 three objectives and ten decisions that lead to the front.
const ZDT_DECISIONS: usize = 30;
const DTLZ_DECISIONS: usize = 12;

#[derive(Debug)]
pub struct Analytic {
    problem: Known,
    space: FreeForm,
    objectives: Vec<Named>,
    reference: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
enum Known {
    BraninCurrin(BraninCurrin),
    Zdt1(Zdt1),
    Zdt2(Zdt2),
    Dtlz2(Dtlz2),
}

impl Known {
    fn problem(&self) -> &dyn Problem {
        match self {
            Self::BraninCurrin(problem) => problem,
            Self::Zdt1(problem) => problem,
            Self::Zdt2(problem) => problem,
            Self::Dtlz2(problem) => problem,
        }
    }
}

impl Analytic {
    /// One of [`PROBLEMS`].
    pub fn named(name: &str) -> Option<Self> {
        let problem = match name {
            "branin-currin" => Known::BraninCurrin(BraninCurrin),
            "zdt1" => Known::Zdt1(Zdt1 { decisions: ZDT_DECISIONS }),
            "zdt2" => Known::Zdt2(Zdt2 { decisions: ZDT_DECISIONS }),
            "dtlz2" => Known::Dtlz2(Dtlz2 { decisions: DTLZ_DECISIONS, objectives: 3 }),
            _ => return None,
        };
        let objective =
            |number| Named { name: format!("f{number}"), direction: Direction::Minimise, known: false };
        Some(Self {
            problem,
            space: cube(problem.problem().decisions()),
            objectives: (1..=problem.problem().objectives()).map(objective).collect(),
            reference: problem.problem().reference(),
        })
    }

    /// `[d]`, each in 0..=1.
    fn point(&self, architecture: &Architecture) -> Vec<f64> {
        let decisions = self.space.decisions().iter().zip(architecture.genes());
        decisions.map(|(decision, &gene)| decision.place(gene)).collect()
    }
}

impl Oracle for Analytic {
    fn name(&self) -> String {
        self.problem.problem().name().to_owned()
    }

    fn space(&self) -> &dyn SearchSpace {
        &self.space
    }

    fn listed(&self) -> Option<&BTreeSet<Architecture>> {
        None
    }

    fn objectives(&self) -> &[Named] {
        &self.objectives
    }

    fn reference(&self) -> &[f64] {
        &self.reference
    }

    fn maximum(&self) -> f64 {
        self.problem.problem().maximum_hypervolume()
    }

    fn rung(&self) -> Option<Fidelity> {
        None
    }

    fn is_trained(&self, _: usize) -> bool {
        true
    }

    fn train(&self, architecture: &Architecture, _: Fidelity) -> Outcome {
        Outcome { objectives: self.problem.problem().evaluate(&self.point(architecture)), cost: 1.0 }
    }

    fn place(&self, architecture: &Architecture) -> Place {
        Place::Point(self.point(architecture))
    }
}

/// The unit cube, as a user would describe it.
fn cube(dimensions: usize) -> FreeForm {
    let decision = |number| DecisionSpec {
        name: format!("x{number}"),
        domain: Domain::Float { min: 0.0, max: 1.0, log: false },
        when: Vec::new(),
    };
    let decisions = (1..=dimensions).map(decision).collect();
    FreeForm::new(Description::new(decisions).expect("few numbers with plain names"))
}
