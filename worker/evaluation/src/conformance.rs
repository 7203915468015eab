//! What every evaluator owes its executor, checked by driving one: used by each evaluator's own tests.
//! It knows nothing of how an evaluator works, and its clock is its own, so a pause costs no time.

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::seed::Seed;
use common::trial::{ArtifactKind, Evaluation, Failure, Part, Region, Subject};
use common::unit::{Joules, Seconds, Watts};

use crate::evaluator::{Control, Evaluator, Finding, Job, Kept, Outcome, Step, Wish};

/// An executor by script: one wish at the `turn`-th question, else none.
#[derive(Debug)]
pub struct Script {
    pub turn: usize,
    pub wish: Wish,
    pub asked: usize,
    pub progress: Vec<Step>,
    pub kept: Vec<Kept>,
    clock: Seconds,
}

/// Each look at the clock finds it so much later.
const TICK: Seconds = Seconds(0.02);
const POWER: Watts = Watts(10.0);

impl Script {
    /// `wish` at the question of this number, from 0.
    pub fn wishing(wish: Wish, turn: usize) -> Self {
        Self { turn, wish, asked: 0, progress: Vec::new(), kept: Vec::new(), clock: Seconds::ZERO }
    }

    pub fn undisturbed() -> Self {
        Self::wishing(Wish::GoOn, 0)
    }
}

impl Control for Script {
    fn wish(&mut self) -> Wish {
        self.asked += 1;
        if self.asked == self.turn + 1 { self.wish } else { Wish::GoOn }
    }
    fn progress(&mut self, progress: Step) {
        self.progress.push(progress);
    }
    fn keep(&mut self, checkpoint: Kept) {
        self.kept.push(checkpoint);
    }
    fn elapsed(&mut self) -> Seconds {
        self.clock += TICK;
        self.clock
    }
    fn energy(&mut self) -> Option<Joules> {
        Some(POWER.over(self.clock))
    }
    fn pause(&mut self, span: Seconds) {
        self.clock += span;
    }
}

/// Panics where an evaluator made by `make` breaks a promise. `architecture` must be one that it can train, within the time
/// that a test may take; `rung` a number of epochs.
pub fn check_evaluator(make: impl Fn() -> Box<dyn Evaluator>, architecture: &Architecture, rung: u32) {
    let network = |fidelity| Subject::Network { architecture: architecture.clone(), fidelity };
    let seed = Seed(11);
    let supernet = finish(&mut *make(), &job(&Subject::Supernet, seed));
    let Some((_, supernet)) = supernet.artifacts.iter().find(|(kind, _)| *kind == ArtifactKind::Supernet)
    else {
        panic!("a trained supernet is an artifact");
    };
    for subject in [
        Subject::Supernet,
        network(Fidelity::OneShot),
        network(Fidelity::Rung(rung)),
        network(Fidelity::Full),
    ] {
        let job = Job { supernet: Some(supernet), ..job(&subject, seed) };
        let reference = finishes(&make, &job);
        obeys(&make, &job, &reference);
        resumes(&make, &job, &reference);
    }
    refuses(&make, &network(Fidelity::Rung(rung)), supernet, architecture);
}

/// The same of one that trains supernets of parts, here of that in which `inside` lies by its first decision, and of regions, here of one with
/// little else in it.
pub fn check_parts(make: impl Fn() -> Box<dyn Evaluator>, inside: &Architecture) {
    let part = Part { decision: 0, option: inside.genes()[0] };
    let mut genes = inside.genes().to_vec();
    genes[0] = u32::from(part.option == 0);
    let outside = Architecture::new(genes);
    let seed = Seed(11);
    let supernet_of = |finding: Finding| {
        let (kind, bytes) = finding.artifacts.into_iter().next().expect("a trained supernet is an artifact");
        assert_eq!(kind, ArtifactKind::Supernet);
        bytes
    };
    let whole = supernet_of(finish(&mut *make(), &job(&Subject::Supernet, seed)));
    let subject = Subject::SubSupernet(part);
    let apart = Job { supernet: Some(&whole), ..job(&subject, seed) };
    let reference = finishes(&make, &apart);
    obeys(&make, &apart, &reference);
    resumes(&make, &apart, &reference);
    let of_part = supernet_of(reference);
    assert!(of_part != whole, "it has learnt on");
    let score = |architecture: &Architecture| {
        let subject = Subject::Network { architecture: architecture.clone(), fidelity: Fidelity::OneShot };
        make().evaluate(&Job { supernet: Some(&of_part), ..job(&subject, seed) }, &mut Script::undisturbed())
    };
    assert!(matches!(score(inside), Ok(Outcome::Finished(_))));
    let refused = |outcome| assert!(matches!(outcome, Err(Failure::Refused(_))), "{outcome:?}");
    refused(score(&outside));
    refused(make().evaluate(&job(&subject, seed), &mut Script::undisturbed()));
    refused(make().evaluate(&Job { supernet: Some(&of_part), ..apart }, &mut Script::undisturbed()));

    let region = |members: &[&Architecture]| {
        let members = members.iter().map(|&member| member.clone()).collect();
        Subject::RegionSupernet(Region { number: 1, path: "+".into(), members })
    };
    let subject = region(&[inside, &outside]);
    let follows = Job { supernet: Some(&whole), ..job(&subject, seed) };
    let reference = finishes(&make, &follows);
    obeys(&make, &follows, &reference);
    resumes(&make, &follows, &reference);
    let of_region = supernet_of(reference);
    assert!(of_region != whole, "it has learnt on");
    let next = Job { supernet: Some(&of_region), ..follows };
    assert!(supernet_of(finish(&mut *make(), &next)) != of_region, "and learns on");
    let subject = Subject::Network { architecture: outside.clone(), fidelity: Fidelity::OneShot };
    let score = Job { supernet: Some(&of_region), ..job(&subject, seed) };
    assert!(matches!(make().evaluate(&score, &mut Script::undisturbed()), Ok(Outcome::Finished(_))));
    refused(make().evaluate(&Job { supernet: None, ..follows }, &mut Script::undisturbed()));
    let subject = region(&[]);
    refused(make().evaluate(&Job { subject: &subject, ..follows }, &mut Script::undisturbed()));
    let stranger = Architecture::new(vec![99; inside.genes().len()]);
    let subject = region(&[inside, &stranger]);
    refused(make().evaluate(&Job { subject: &subject, ..follows }, &mut Script::undisturbed()));
}

fn job(subject: &Subject, trial_seed: Seed) -> Job<'_> {
    Job { subject, supernet: None, resume: None, trial_seed }
}

fn finish(evaluator: &mut dyn Evaluator, job: &Job) -> Finding {
    match evaluator.evaluate(job, &mut Script::undisturbed()) {
        Ok(Outcome::Finished(finding)) => finding,
        other => panic!("{:?} should finish, not {other:?}", job.subject),
    }
}

/// Twice, with sensible figures and equal ones.
fn finishes(make: impl Fn() -> Box<dyn Evaluator>, job: &Job) -> Finding {
    let mut evaluator = make();
    let mut script = Script::undisturbed();
    let Ok(Outcome::Finished(finding)) = evaluator.evaluate(job, &mut script) else {
        panic!("{:?} should finish", job.subject);
    };
    let evaluation = &finding.evaluation;
    let subject = job.subject;
    let share = |value: f64| (0.0..=1.0).contains(&value);
    assert!(script.asked > 0, "{subject:?} asks for wishes");
    assert!(share(evaluation.validation_error) && evaluation.test_error.is_none_or(share), "{evaluation:?}");
    assert_eq!(evaluation.test_error.is_some(), subject.fidelity() == Some(Fidelity::Full), "{subject:?}");
    assert!(evaluation.artifacts.is_empty(), "artifacts stay in the finding until they are stored");
    assert!(evaluation.seconds > Seconds::ZERO && !evaluation.device.is_empty());
    assert!(
        evaluation.curve.iter().zip(1..).all(|(point, epoch)| point.epoch == epoch),
        "{:?}",
        evaluation.curve
    );
    let kinds: Vec<ArtifactKind> = finding.artifacts.iter().map(|(kind, _)| *kind).collect();
    match subject.fidelity() {
        None => assert_eq!(kinds, [ArtifactKind::Supernet]),
        Some(Fidelity::Full) => assert!(kinds.contains(&ArtifactKind::Weights), "{kinds:?}"),
        Some(Fidelity::OneShot | Fidelity::Rung(_)) => assert!(kinds.is_empty(), "{kinds:?}"),
    }
    let done: Vec<f64> = script.progress.iter().map(|step| step.done).collect();
    assert!(done.is_sorted() && done.iter().copied().all(share), "progress grows from 0 to 1: {done:?}");

    assert_same(&finding, &finish(&mut *evaluator, job), "the same evaluator, asked again");
    assert_same(&finding, &finish(&mut *make(), job), "another evaluator");
    finding
}

/// Cancels at the first and at a later question, and hands over a checkpoint without being disturbed by it.
fn obeys(make: impl Fn() -> Box<dyn Evaluator>, job: &Job, reference: &Finding) {
    let mut evaluator = make();
    for turn in [0, 2] {
        let mut script = Script::wishing(Wish::Cancel, turn);
        let outcome = evaluator.evaluate(job, &mut script);
        assert!(
            outcome == Ok(Outcome::Cancelled) || script.asked <= turn,
            "{:?} should be cancelled at question {turn}",
            job.subject
        );
    }
    let mut script = Script::wishing(Wish::Checkpoint, 1);
    let Ok(Outcome::Finished(finding)) = evaluator.evaluate(job, &mut script) else {
        panic!("{:?} should go on after a checkpoint", job.subject);
    };
    assert_same(reference, &finding, "after a checkpoint");
    if job.subject.fidelity() != Some(Fidelity::OneShot) {
        assert_eq!(script.kept.len(), 1, "{:?}", job.subject);
        let again = finish(&mut *make(), &Job { resume: Some(&script.kept[0].bytes), ..*job });
        assert_same(reference, &again, "from a checkpoint taken on the way");
    }
}

/// Suspends at several questions and finds, resumed elsewhere, what the undisturbed job found. Where the work goes on beside
/// the evaluator, a late wish may find it finished, and the last questions are not always asked.
fn resumes(make: impl Fn() -> Box<dyn Evaluator>, job: &Job, reference: &Finding) {
    let mut counting = Script::undisturbed();
    let _ = make().evaluate(job, &mut counting);
    for turn in [0, counting.asked / 3, 2 * counting.asked / 3, counting.asked - 1] {
        let mut script = Script::wishing(Wish::Suspend, turn);
        let kept = match make().evaluate(job, &mut script) {
            Ok(Outcome::Suspended(kept)) => kept,
            Ok(Outcome::Finished(finding)) if turn > 0 => {
                assert_same(reference, &finding, &format!("too late at question {turn}"));
                continue;
            }
            other => panic!("{:?} should be suspended at question {turn}: {other:?}", job.subject),
        };
        assert!(kept.as_ref().is_none_or(|kept| (0.0..=1.0).contains(&kept.progress)));
        let resume = kept.as_ref().map(|kept| kept.bytes.as_slice());
        let finding = finish(&mut *make(), &Job { resume, ..*job });
        assert_same(reference, &finding, &format!("suspended at question {turn} of {}", counting.asked));
    }
}

/// What is not its own.
fn refuses(
    make: impl Fn() -> Box<dyn Evaluator>,
    rung: &Subject,
    supernet: &[u8],
    architecture: &Architecture,
) {
    let mut evaluator = make();
    let mut refused = |job: Job, why: &str| {
        let outcome = evaluator.evaluate(&job, &mut Script::undisturbed());
        assert!(matches!(outcome, Err(Failure::Refused(_))), "{why}: {outcome:?}");
    };
    let seed = Seed(11);
    refused(Job { resume: Some(b"rubbish"), ..job(rung, seed) }, "a checkpoint of rubbish");
    refused(Job { resume: Some(&[]), ..job(rung, seed) }, "an empty checkpoint");
    let one_shot = Subject::Network { architecture: architecture.clone(), fidelity: Fidelity::OneShot };
    refused(job(&one_shot, seed), "one-shot scoring without a supernet");
    refused(Job { supernet: Some(b"rubbish"), ..job(&one_shot, seed) }, "a supernet of rubbish");
    let foreign =
        Subject::Network { architecture: Architecture::new(vec![200; 99]), fidelity: Fidelity::Full };
    refused(Job { supernet: Some(supernet), ..job(&foreign, seed) }, "an architecture of no known space");

    // A program that is started for the job has nothing to keep at first.
    let suspended = |turn| match make().evaluate(&job(rung, seed), &mut Script::wishing(Wish::Suspend, turn))
    {
        Ok(Outcome::Suspended(kept)) => kept,
        other => panic!("a rung can be suspended at question {turn}: {other:?}"),
    };
    let kept = [1, 2, 4, 8, 16].into_iter().find_map(suspended).expect("a rung keeps what it has done");
    let full = Subject::Network { architecture: architecture.clone(), fidelity: Fidelity::Full };
    let refused = |job: Job, why: &str| {
        let outcome = make().evaluate(&job, &mut Script::undisturbed());
        assert!(matches!(outcome, Err(Failure::Refused(_))), "{why}: {outcome:?}");
    };
    refused(Job { resume: Some(&kept.bytes), ..job(&full, seed) }, "a checkpoint of another fidelity");
    refused(Job { resume: Some(&kept.bytes), ..job(rung, Seed(12)) }, "a checkpoint of another trial");
    let half = &kept.bytes[..kept.bytes.len() / 2];
    refused(Job { resume: Some(half), ..job(rung, seed) }, "half a checkpoint");
}

/// Equal in all that does not depend on the clock.
fn assert_same(expected: &Finding, found: &Finding, when: &str) {
    let timeless = |evaluation: &Evaluation| Evaluation {
        seconds: Seconds::ZERO,
        latency_ms: None,
        joules_per_inference: None,
        ..evaluation.clone()
    };
    assert_eq!(timeless(&expected.evaluation), timeless(&found.evaluation), "{when}");
    let weights = |finding: &Finding| {
        let same = |kind: &ArtifactKind| *kind != ArtifactKind::TorchScript;
        finding.artifacts.iter().filter(|(kind, _)| same(kind)).cloned().collect::<Vec<_>>()
    };
    assert!(weights(expected) == weights(found), "the same weights, bit for bit: {when}");
}
