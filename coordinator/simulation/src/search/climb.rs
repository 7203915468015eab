//! A search of two fidelities by the coordinator's own ladder: newcomers get a short training, the ladder says who gets a full one,
//! and only full ones count.

use std::collections::VecDeque;

use anyhow::Result;
use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::trial::{Origin, Subject};
use coordinator::ladder::{Candidate, Choice, Climbed, Rules, Shown, Standing, Supernet};
use lamoo::{Promotion, Proposals, SamplerKind};

use super::run::{Run, Search};

/// Room for the rounding of a sum of shares.
const ROUNDING: f64 = 1e-9;

impl Search<'_> {
    /// `rung` is the short training. Ends with the first training that can't be paid for.
    pub(super) fn by_ladder(mut self, rung: Fidelity) -> Result<Run> {
        let rules = self.rules(rung);
        let budget = self.plan.evaluations as f64 + ROUNDING;
        loop {
            let promotable = self.standing(rung, rules).promotable();
            let Proposals { candidates, promotions, .. } =
                self.ask(self.plan.batch.get(), rung, &promotable)?;
            let candidate = |proposal: lamoo::Proposal| Candidate {
                architecture: proposal.architecture,
                origin: Origin::Initial,
                promise: proposal.promise,
            };
            let mut stock: VecDeque<Candidate> = candidates.into_iter().map(candidate).collect();
            // As many begin at once as were asked for: none of them sees the outcome of another.
            let begun = self.begin(rung, rules, &mut stock, &promotions);
            let exhausted = begun.is_empty();
            for (architecture, fidelity) in begun {
                if self.cost() + self.oracle.train(&architecture, fidelity).cost > budget {
                    return Ok(self.ended(false));
                }
                self.train(architecture, fidelity)?;
            }
            if exhausted {
                return Ok(self.ended(true));
            }
        }
    }

    fn rules(&self, rung: Fidelity) -> Rules {
        let mut ladder = self.plan.ladder;
        // The table has no supernet to score with.
        ladder.one_shot = false;
        ladder.rung_epochs = if let Fidelity::Rung(epochs) = rung { epochs } else { 0 };
        let options = &self.plan.options;
        let has_model = options.sampler == SamplerKind::Surrogate;
        Rules { ladder, initial_samples: options.initial_samples, has_model }
    }

    fn begin(
        &self,
        rung: Fidelity,
        rules: Rules,
        stock: &mut VecDeque<Candidate>,
        promotions: &[Promotion],
    ) -> Vec<(Architecture, Fidelity)> {
        let mut begun: Vec<(Architecture, Fidelity)> = Vec::new();
        for _ in 0..self.plan.batch.get() {
            let standing = Standing::of(self.climbed(rung, &begun), rules);
            match standing.next_training(stock, promotions, &|_, _| true) {
                Some(Choice { subject: Subject::Network { architecture, fidelity }, .. }) => {
                    begun.push((architecture, fidelity));
                }
                Some(Choice {
                    subject: Subject::Supernet | Subject::SubSupernet(_) | Subject::RegionSupernet(_),
                    ..
                })
                | None => break,
            }
        }
        begun
    }

    fn standing(&self, rung: Fidelity, rules: Rules) -> Standing {
        Standing::of(self.climbed(rung, &[]), rules)
    }

    /// How far everybody has come, with what has just begun.
    fn climbed(&self, rung: Fidelity, begun: &[(Architecture, Fidelity)]) -> Climbed {
        let finished =
            |wanted: Fidelity| self.observations.iter().filter(move |seen| seen.fidelity == wanted);
        let at = |wanted: Fidelity| {
            let begun = begun.iter().filter(move |(_, fidelity)| *fidelity == wanted);
            let finished = finished(wanted).map(|seen| &seen.architecture);
            finished.chain(begun.map(|(architecture, _)| architecture)).cloned().collect()
        };
        let shown = finished(rung).map(|seen| Shown {
            architecture: seen.architecture.clone(),
            objectives: seen.objectives.clone(),
            effort: 1.0,
        });
        Climbed {
            supernet: Supernet::Without,
            scored: Vec::new(),
            rungs: shown.collect(),
            rungs_begun: at(rung),
            promoted_scores: 0,
            fulls_begun: at(Fidelity::Full),
        }
    }
}
