//! Who answers the coordinator's questions: grid, forecaster, agent and optimiser, each after a while, or never.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::id::Zone;
use common::time::{GridHour, Millis};
use common::trial::Origin;
use coordinator::core::{Core, Effect, Input, Wanted};
use coordinator::ladder::{Candidate, Worked};
use lamoo::{Nothing, ProposalRequest, Scope};

use super::grid;
use super::world::{Happening, World};

/// How long an answer takes. Now and then it comes when the core no longer waits for it.
const PROMPT_MS: (i64, i64) = (1, 300);
const LATE_MS: (i64, i64) = (4_000, 9_000);

impl World {
    pub(super) fn ask(&mut self, question: Effect) {
        if matches!(question, Effect::GoOn) {
            let (life, input) = (self.site.life, Box::new(Input::GoOn));
            return self.schedule.push(self.now + Millis(1), Happening::Answer { life, input });
        }
        let faulty = self.now.since(self.begun) < self.plan.faults_end;
        let unanswered = if faulty { self.plan.unanswered } else { 0.0 };
        if self.dice.happens(unanswered) {
            return self.note("? a question is never answered");
        }
        let seed = self.plan.seed;
        let input = match question {
            Effect::Observe { hour, zones, .. } => {
                let told = zones.iter().flat_map(|zone| {
                    self.untold(zone, hour).into_iter().map(move |hour| grid::sample(seed, zone, hour))
                });
                Input::Observed { hour, samples: told.collect() }
            }
            Effect::Forecast { hour, zones } => {
                let forecasts = zones.iter().map(|zone| grid::forecast(seed, zone, hour)).collect();
                Input::Forecasted { hour, forecasts }
            }
            Effect::Decide { hour, situation } => {
                Input::Decided { hour, allocation: self.policy.decide(&situation) }
            }
            Effect::Propose(wanted) => self.propose(&wanted),
            Effect::Send { .. }
            | Effect::GoOn
            | Effect::Warn { .. }
            | Effect::Forget(_)
            | Effect::Exit { .. } => return,
        };
        let late = self.dice.happens(unanswered / 3.0);
        let after = self.dice.millis(if late { LATE_MS } else { PROMPT_MS });
        let life = self.site.life;
        self.schedule.push(self.now + after, Happening::Answer { life, input: Box::new(input) });
    }

    /// The hour, and those before it that were missed: questions were lost, or the coordinator was down.
    fn untold(&self, zone: &Zone, hour: GridHour) -> Vec<GridHour> {
        let state = self.site.core.as_ref().map(Core::state);
        let series = state.into_iter().flat_map(|state| state.account.series(zone));
        let told: BTreeSet<GridHour> = series.map(|sample| sample.hour).collect();
        let first = told.first().map_or(hour, |first| (*first).min(hour));
        let missed = (first.0..hour.0).map(GridHour).filter(|missed| !told.contains(missed));
        missed.chain([hour]).collect()
    }

    /// By the real optimiser; evolution, which learns nothing that it would remember, and takes little time.
    fn propose(&mut self, wanted: &Wanted) -> Input {
        let reference = common::objective::reference_point(&self.spec.objectives);
        let named = lamoo::Options::named("lamoo-evolution").unwrap_or_default();
        let mut options = lamoo::Options { initial_samples: self.options.initial_samples, ..named };
        if self.spec.region.is_some() {
            // So small a study would else never be divided.
            (options.min_samples, options.region_members) = (2, 8);
        }
        let request = ProposalRequest {
            scope: Scope::functions(self.space.as_ref()),
            observations: &wanted.observations,
            fidelity: wanted.fidelity,
            pending: &wanted.pending,
            exclude: &wanted.exclude,
            promotable: &wanted.promotable,
            knowledge: &Nothing,
            reference: &reference,
            affordable: wanted.affordable,
            count: wanted.count,
            seed: self.plan.seed.derive("searcher", 0),
            options: &options,
        };
        let proposals = match lamoo::propose(&request, &mut self.memory) {
            Ok(proposals) => proposals,
            Err(error) => {
                self.auditor.violation("S-1", format!("the optimiser can't propose: {error}"));
                return Input::Proposed { candidates: Vec::new(), promotions: Vec::new(), region: None };
            }
        };
        let members = proposals.region;
        let region = (!members.is_empty()).then(|| Worked { path: "+".into(), members });
        let known: BTreeSet<&Architecture> = wanted.exclude.iter().collect();
        let candidates = proposals.candidates.into_iter().map(|proposal| proposal.architecture);
        let candidates: Vec<Architecture> = candidates.collect();
        if candidates.iter().any(|candidate| known.contains(candidate)) {
            self.auditor.violation("S-1", "a known network was proposed".into());
        }
        let candidate = |architecture| Candidate { architecture, origin: Origin::Initial, promise: None };
        Input::Proposed {
            candidates: candidates.into_iter().map(candidate).collect(),
            promotions: Vec::new(),
            region,
        }
    }

    /// Full trainings in the durable ledger.
    pub(super) fn fulls(&self) -> usize {
        let state = coordinator::core::State::fold(&self.site.ledger);
        state.finished_at(Fidelity::Full).count()
    }
}
