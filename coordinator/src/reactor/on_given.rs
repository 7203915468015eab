//! Results from elsewhere, taken as given: what is known is never worked for.

use common::event::Event;
use common::id::TrialId;
use common::objective::objectives;
use common::wire::ToWorker;

use crate::core::{Core, Effect, Given};

impl Core {
    /// Whether it tells the study anything. What was read is refused with its line; what came by any other way and can't be compared
    /// may not enter either.
    pub(crate) fn is_news(&self, given: &Given) -> bool {
        let Given { subject, evaluation, .. } = given;
        let known = self.state.of_subject(subject).is_some_and(|trial| trial.evaluation.is_some());
        let comparable =
            self.state.spec().is_some_and(|spec| objectives(&spec.objectives, evaluation).is_ok());
        !known && comparable && evaluation.is_finite()
    }

    /// Takes in what is new. A result that the study has, its own or given before, stands: the same file again changes nothing.
    pub(crate) fn on_given(&mut self, given: Vec<Given>) {
        for given in given {
            if !self.is_news(&given) {
                continue;
            }
            let Given { subject, source, evaluation } = given;
            let known = self.state.of_subject(&subject);
            let trial = known.map_or(TrialId(self.state.trials.len() as u64), |trial| trial.id);
            let lease = known.and_then(|trial| trial.lease()).cloned();
            let checkpoint = known.and_then(|trial| trial.checkpoint);
            self.record(Event::EvaluationGiven { trial, subject, source, evaluation: Box::new(evaluation) });
            if let Some(lease) = lease {
                self.send(&lease.worker, ToWorker::Cancel { task: lease.task });
                self.ended(lease.task);
            }
            if let Some(checkpoint) = checkpoint {
                self.effect(Effect::Forget(checkpoint.blob));
            }
        }
    }
}
