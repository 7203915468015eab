//! Jobs on one cell, and what becomes of them when nobody disturbs.

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::seed::Seed;
use common::trial::{ArtifactKind, Subject};
use evaluation::conformance::Script;
use evaluation::{Evaluator, Finding, Job, Outcome};

/// One convolution of each size, pooling, skip, and two edges less.
pub fn cell() -> Architecture {
    Architecture::new(vec![3, 4, 2, 1, 0, 1])
}

pub fn network(fidelity: Fidelity) -> Subject {
    Subject::Network { architecture: cell(), fidelity }
}

pub fn job(subject: &Subject) -> Job<'_> {
    Job { subject, supernet: None, resume: None, trial_seed: Seed(4) }
}

pub fn finish(evaluator: &mut dyn Evaluator, job: &Job) -> Finding {
    match evaluator.evaluate(job, &mut Script::undisturbed()) {
        Ok(Outcome::Finished(finding)) => finding,
        other => panic!("{other:?}"),
    }
}

pub fn artifact(finding: &Finding, wanted: ArtifactKind) -> &[u8] {
    &finding.artifacts.iter().find(|(kind, _)| *kind == wanted).expect("made").1
}
