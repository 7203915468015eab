//! Which blobs the history names: whatever else lies in the store is of no use to anybody. Pure.

use std::collections::BTreeSet;

use common::blob::BlobId;
use common::id::TrialId;
use common::time::Timestamp;
use common::trial::Subject;

use crate::core::{State, Trial};
use crate::supernets::inherited;

/// Of the supernets that follow the search work begins with the newest alone. The one before is kept for what was handed out just
/// before it came.
const NEWEST: usize = 2;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    pub named: BTreeSet<BlobId>,
    /// The last event that it knows of.
    pub as_of: Timestamp,
}

impl Inventory {
    pub fn of(state: &State) -> Self {
        let superseded = superseded(state);
        let mut named = BTreeSet::new();
        for trial in state.trials.values() {
            named.extend(trial.checkpoint.map(|checkpoint| checkpoint.blob));
            if trial.is_open() {
                named.extend(inherited(state, &trial.subject, &BTreeSet::new()));
            }
            if !(matches!(trial.subject, Subject::RegionSupernet(_)) && superseded.contains(&trial.id)) {
                named.extend(artifacts(trial));
            }
        }
        Self { named, as_of: state.last_at }
    }
}

fn artifacts(trial: &Trial) -> impl Iterator<Item = BlobId> {
    trial.evaluation.iter().flat_map(|found| &found.artifacts).map(|artifact| artifact.blob)
}

fn superseded(state: &State) -> Vec<TrialId> {
    let trained = state.regions().filter(|trial| artifacts(trial).next().is_some());
    let mut trained: Vec<TrialId> = trained.map(|trial| trial.id).collect();
    trained.truncate(trained.len().saturating_sub(NEWEST));
    trained
}

#[cfg(test)]
mod tests {
    use common::architecture::Architecture;
    use common::event::Event;
    use common::fidelity::Fidelity;
    use common::id::{Attempt, TaskId};
    use common::trial::{Artifact, ArtifactKind, Checkpoint, Evaluation, Origin, Region};
    use common::unit::Seconds;

    use super::*;

    fn blob(name: &str) -> BlobId {
        BlobId::of(name.as_bytes())
    }

    fn region(number: u32) -> Subject {
        Subject::RegionSupernet(Region {
            number,
            path: "+".into(),
            members: vec![Architecture::new(vec![1; 6])],
        })
    }

    fn network(gene: u32, fidelity: Fidelity) -> Subject {
        Subject::Network { architecture: Architecture::new(vec![gene; 6]), fidelity }
    }

    #[derive(Default)]
    struct Study(State);

    impl Study {
        fn proposed(&mut self, subject: Subject) -> TaskId {
            let trial = TrialId(self.0.trials.len() as u64);
            self.apply(&Event::TrialProposed { trial, subject, origin: Origin::Study });
            TaskId { trial, attempt: Attempt(0) }
        }

        fn checkpointed(&mut self, task: TaskId, name: &str) {
            let checkpoint = Checkpoint { blob: blob(name), progress: 0.5 };
            self.apply(&Event::TaskCheckpointed { task, checkpoint });
        }

        fn finished(&mut self, subject: Subject, kind: ArtifactKind, name: &str) -> TaskId {
            let task = self.proposed(subject);
            self.checkpointed(task, "half way");
            let evaluation = Box::new(Evaluation {
                validation_error: 0.5,
                test_error: None,
                parameters: None,
                flops: None,
                latency_ms: None,
                joules_per_inference: None,
                device: "test".into(),
                seconds: Seconds(1.0),
                curve: Vec::new(),
                artifacts: vec![Artifact { kind, blob: blob(name), bytes: 1 }],
            });
            self.apply(&Event::TrialFinished { task, evaluation });
            task
        }

        fn apply(&mut self, event: &Event) {
            self.0.apply(Timestamp(self.0.last_at.0 + 1), event);
        }

        fn names(&self, expected: &[&str]) {
            let inventory = Inventory::of(&self.0);
            assert_eq!(inventory.named, expected.iter().map(|name| blob(name)).collect(), "{expected:?}");
            assert_eq!(inventory.as_of, self.0.last_at);
        }
    }

    #[test]
    fn checkpoints_of_open_trials_and_what_results_left_are_named() {
        let mut study = Study::default();
        study.names(&[]);
        let task = study.proposed(network(1, Fidelity::Full));
        study.checkpointed(task, "one");
        study.checkpointed(task, "two");
        study.finished(network(2, Fidelity::Full), ArtifactKind::Weights, "weights");
        study.finished(network(3, Fidelity::Rung(1)), ArtifactKind::TorchScript, "script");
        study.names(&["two", "weights", "script"]);
        study.apply(&Event::TrialCancelled { trial: task.trial });
        study.names(&["weights", "script"]);
    }

    #[test]
    fn of_supernets_that_follow_the_search_the_newest_are_named_and_what_open_work_begins_with() {
        let mut study = Study::default();
        study.finished(Subject::Supernet, ArtifactKind::Supernet, "whole");
        study.finished(region(1), ArtifactKind::Supernet, "first");
        study.finished(region(2), ArtifactKind::Supernet, "second");
        study.names(&["whole", "first", "second"]);
        let third = study.proposed(region(3));
        study.finished(region(4), ArtifactKind::Supernet, "fourth");
        study.finished(region(5), ArtifactKind::Supernet, "fifth");
        study.names(&["whole", "second", "fourth", "fifth"]);
        study.apply(&Event::TrialFailed { trial: third.trial, reason: "diverged".into() });
        study.names(&["whole", "fourth", "fifth"]);
    }
}
