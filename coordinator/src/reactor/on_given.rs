//! Results from elsewhere, taken as given: what is known is never worked for.

use common::event::Event;
use common::id::TrialId;
use common::objective::objectives;
use common::wire::ToWorker;

use crate::core::{Core, Effect, Given};

impl Core {
    /// Takes in what is new. A result that the study has, its own or given before, stands: the same file again changes nothing.
    pub(crate) fn on_given(&mut self, given: Vec<Given>) {
        for Given { subject, source, evaluation } in given {
            let known = self.state.of_subject(&subject);
            if known.is_some_and(|trial| trial.evaluation.is_some()) {
                continue;
            }
            let comparable =
                self.state.spec().is_some_and(|spec| objectives(&spec.objectives, &evaluation).is_ok());
            if !comparable || !evaluation.is_finite() {
                // Refused as it was read, with its line; what came by any other way may not enter either.
                continue;
            }
            let trial = known.map_or(TrialId(self.state.trials.len() as u64), |trial| trial.id);
            let lease = known.and_then(|trial| trial.lease()).cloned();
            let checkpoint = known.and_then(|trial| trial.checkpoint);
            self.record(Event::EvaluationGiven { trial, subject, source, evaluation: Box::new(evaluation) });
            if let Some(lease) = lease {
                self.send(&lease.worker, ToWorker::Cancel { task: lease.task });
            }
            if let Some(checkpoint) = checkpoint {
                self.effect(Effect::Forget(checkpoint.blob));
            }
        }
    }
}
