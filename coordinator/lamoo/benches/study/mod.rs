//! A study some way along: what it has evaluated, and the question that it asks next.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::Duration;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::seed::Seed;
use common::space::SearchSpace;
use lamoo::{Memory, Nothing, Observation, Options, ProposalRequest, Proposals, Scope, propose};
use nix::time::{ClockId, clock_gettime};

/// Candidates of one question.
const WANTED: usize = 5;

#[derive(Debug)]
pub struct Study<'a> {
    pub scope: Scope<'a>,
    pub observations: Vec<Observation>,
    pub reference: Vec<f64>,
    pub options: Options,
}

impl<'a> Study<'a> {
    /// `count` distinct architectures drawn uniformly, with made-up results.
    pub fn made_up(scope: Scope<'a>, searcher: &str, count: usize) -> Self {
        let mut rng = Seed(1).stream("a made-up study", 0);
        let mut drawn = BTreeSet::new();
        let mut observations = Vec::with_capacity(count);
        while observations.len() < count {
            let architecture = scope.own(&scope.space.random(&mut rng));
            if scope.admits(&architecture) && drawn.insert(architecture.clone()) {
                let objectives = outcome(scope.space, &architecture);
                observations.push(Observation {
                    architecture,
                    fidelity: Fidelity::Full,
                    objectives,
                    effort: None,
                });
            }
        }
        Self { scope, observations, reference: vec![100.0, 100.0], options: named(searcher) }
    }

    /// One iteration after the first `seen` evaluations: the tree anew, the leaf, the candidates.
    pub fn ask(&self, seen: usize, memory: &mut Memory) -> Proposals {
        let nothing = BTreeSet::new();
        let request = ProposalRequest {
            scope: self.scope,
            observations: &self.observations[..seen],
            fidelity: Fidelity::Full,
            pending: &nothing,
            exclude: &nothing,
            promotable: &[],
            knowledge: &Nothing,
            reference: &self.reference,
            affordable: None,
            count: WANTED,
            seed: Seed(1),
            options: &self.options,
        };
        propose(&request, memory).expect("finite objectives of the space")
    }
}

/// Processor time of this thread: other work on the machine slows it far less than the time on the wall.
pub fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let now =
        || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("Linux has this clock"));
    let began = now();
    black_box(work());
    now() - began
}

pub fn named(searcher: &str) -> Options {
    Options::named(searcher).unwrap_or_else(|| panic!("no searcher {searcher:?}"))
}

/// An error that falls with the sum of what each decision adds, with a ripple that nothing explains, against the work:
/// a border that can be learnt, though not by heart.
fn outcome(space: &dyn SearchSpace, architecture: &Architecture) -> Vec<f64> {
    let genes = architecture.genes();
    let scramble = |place: usize, gene: u32| (place as u32 * 31 + gene + 1).wrapping_mul(2_654_435_761) >> 16;
    let shares = genes.iter().enumerate().map(|(place, &gene)| f64::from(scramble(place, gene)) / 65_536.0);
    let skill = shares.sum::<f64>() / genes.len() as f64;
    let code = genes.iter().fold(0_u32, |code, &gene| code.wrapping_mul(31).wrapping_add(gene));
    let ripple = f64::from(scramble(0, code)) / 65_536.0;
    let work = space.cost(architecture).map_or(1.0, |cost| cost.flops as f64);
    vec![60.0 * (-2.0 * skill).exp() + 3.0 * ripple, 4.0 * work.ln()]
}
