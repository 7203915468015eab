//! The deciding of a launcher, look by look: what is submitted, what is cancelled, and when it waits.

use common::time::{Millis, Timestamp};

use super::decide::{Batch, Limits, Memory, Step, Wish, decide};
use super::job::{Job, JobId, Phase};

const LIMITS: Limits =
    Limits { min: 0, max: 4, lead: Millis(600_000), grace: Millis(120_000), linger: Millis(300_000) };
const MINUTE: i64 = 60_000;

fn job(id: &str, index: u32, phase: Phase) -> Job {
    Job { id: JobId(id.into()), index, phase, left: Some(Millis(3_600_000)) }
}

fn running(id: &str, index: u32) -> Job {
    job(id, index, Phase::Running)
}

fn waiting(id: &str, index: u32) -> Job {
    job(id, index, Phase::Waiting("Resources".into()))
}

fn workers(wanted: u32) -> Wish {
    Wish::Workers { wanted, resting: [].into(), drained: [].into() }
}

fn without(wanted: u32, drained: &[u32]) -> Wish {
    Wish::Workers { wanted, resting: [].into(), drained: drained.iter().copied().collect() }
}

fn ids(ids: &[&str]) -> Vec<JobId> {
    ids.iter().map(|id| JobId((*id).into())).collect()
}

/// A first look.
fn first(queue: &[Job], wish: &Wish) -> Step {
    decide(queue, wish, &LIMITS, &mut Memory::default(), Timestamp(0))
}

fn submitted(step: &Step) -> Vec<u32> {
    step.submit.iter().flat_map(|batch| batch.indices.clone()).collect()
}

#[test]
fn what_is_wanted_is_submitted_as_one_array() {
    let step = first(&[], &workers(3));
    assert_eq!(step.submit, [Batch { indices: vec![1, 2, 3], after: None }]);
    assert_eq!(submitted(&first(&[], &workers(9))), [1, 2, 3, 4], "max");
    let held = Limits { min: 2, ..LIMITS };
    let step = decide(&[], &workers(0), &held, &mut Memory::default(), Timestamp(0));
    assert_eq!(submitted(&step), [1, 2], "min");
}

#[test]
fn what_waits_counts_and_a_name_in_use_is_not_given_twice() {
    let queue = [running("1_1", 1), waiting("1_2", 2), job("1_3", 3, Phase::Leaving)];
    assert_eq!(submitted(&first(&queue, &workers(2))), [0; 0]);
    assert_eq!(submitted(&first(&queue, &workers(3))), [4], "3 has not left yet");
}

#[test]
fn too_many_go_after_a_while_those_in_the_queue_and_at_rest_first() {
    let queue = [running("1_1", 1), running("1_2", 2), running("1_3", 3), waiting("1_4", 4)];
    let wish = Wish::Workers { wanted: 1, resting: [1, 2].into(), drained: [].into() };
    let mut memory = Memory::default();
    let mut at = |minute: i64| decide(&queue, &wish, &LIMITS, &mut memory, Timestamp(minute * MINUTE)).cancel;
    assert_eq!(at(0), []);
    assert_eq!(at(4), []);
    assert_eq!(at(5), ids(&["1_1", "1_2", "1_4"]), "3 works");
}

#[test]
fn a_wish_that_comes_back_forgets_the_surplus() {
    let queue = [running("1_1", 1)];
    let mut memory = Memory::default();
    let mut at = |minute: i64, wanted| {
        decide(&queue, &workers(wanted), &LIMITS, &mut memory, Timestamp(minute * MINUTE)).cancel
    };
    assert_eq!((at(0, 0), at(4, 1), at(5, 0), at(9, 0)), (vec![], vec![], vec![], vec![]));
    assert_eq!(at(10, 0), ids(&["1_1"]));
}

#[test]
fn a_successor_waits_for_a_job_that_nears_its_limit() {
    let soon = Job { left: Some(Millis(599_000)), ..running("1_1", 1) };
    let step = first(&[soon.clone(), running("1_2", 2)], &workers(2));
    assert_eq!(step.submit, [Batch { indices: vec![1], after: Some(JobId("1_1".into())) }]);
    let step = first(&[soon.clone(), waiting("2_1", 1), running("1_2", 2)], &workers(2));
    assert_eq!(step, Step { target: Some(2), ..Step::default() }, "it has one, and counts once");
    let endless = Job { left: None, ..running("1_1", 1) };
    assert_eq!(first(&[endless], &workers(1)).submit, []);
    assert_eq!(first(&[soon], &Wish::Unknown).submit, [], "nobody knows whether it is wanted");
}

#[test]
fn the_place_of_a_drained_worker_stays_empty_until_it_is_released() {
    let mut memory = Memory::default();
    let mut at = |seconds: i64, queue: &[Job], wish: &Wish| {
        decide(queue, wish, &LIMITS, &mut memory, Timestamp(seconds * 1000))
    };
    let two = [running("1_1", 1), running("1_2", 2)];
    assert_eq!(at(0, &two, &workers(2)), Step { target: Some(2), ..Step::default() });
    // It was there for seconds, leaves by itself, and has not failed; neither its name nor another is submitted.
    assert_eq!(at(20, &two, &without(2, &[2])), Step { target: Some(2), ..Step::default() });
    let one = [running("1_1", 1)];
    assert_eq!(at(30, &one, &without(2, &[2])), Step { target: Some(2), ..Step::default() });
    assert_eq!(submitted(&at(40, &one, &Wish::Unknown)), [0; 0], "remembered while nobody can be asked");
    assert_eq!(submitted(&at(50, &one, &without(3, &[2]))), [3], "the plan wants one more, and 2 it is not");
    assert_eq!(submitted(&at(60, &one, &without(4, &[2, 9]))), [3, 4], "no more than max without it");
    assert_eq!(submitted(&at(70, &one, &workers(2))), [2], "it is released");
}

#[test]
fn a_drained_worker_has_no_successor_and_waits_for_no_node() {
    let soon = Job { left: Some(Millis(599_000)), ..running("1_1", 1) };
    assert_eq!(first(std::slice::from_ref(&soon), &without(1, &[1])).submit, []);
    let step = first(&[soon, waiting("2_1", 1), waiting("1_2", 2)], &without(2, &[1, 2]));
    assert_eq!((step.cancel, step.submit), (ids(&["2_1", "1_2"]), vec![]));
    // Too many: those who leave anyway are the first to go.
    let queue = [running("1_1", 1), running("1_2", 2)];
    let now = Limits { linger: Millis(0), ..LIMITS };
    let step = decide(&queue, &without(1, &[1]), &now, &mut Memory::default(), Timestamp(0));
    assert_eq!(step.cancel, ids(&["1_1"]));
}

#[test]
fn without_a_coordinator_what_is_there_stays() {
    let queue = [running("1_1", 1)];
    assert_eq!(first(&queue, &Wish::Unknown), Step::default());
    let mut memory = Memory::default();
    decide(&queue, &workers(1), &LIMITS, &mut memory, Timestamp(0));
    let later = decide(&queue, &Wish::Unknown, &LIMITS, &mut memory, Timestamp(60 * MINUTE));
    assert_eq!(later, Step { target: Some(1), ..Step::default() });
    let soon = [Job { left: Some(Millis(1_000)), ..running("1_1", 1) }];
    let later = decide(&soon, &Wish::Unknown, &LIMITS, &mut memory, Timestamp(61 * MINUTE));
    assert_eq!(submitted(&later), [1], "it was wanted when somebody could be asked");
    let none = Limits { max: 0, ..LIMITS };
    let step = decide(&queue, &Wish::Unknown, &none, &mut Memory::default(), Timestamp(0));
    assert_eq!(step.cancel, ids(&["1_1"]), "no more than max, whoever can be asked");
}

#[test]
fn a_finished_study_empties_the_queue_and_leaves_workers_to_end() {
    let step = first(&[running("1_1", 1), waiting("1_2", 2)], &Wish::Over);
    assert_eq!((step.cancel, step.is_over), (ids(&["1_2"]), false));
    assert!(first(&[], &Wish::Over).is_over);
}

#[test]
fn whom_the_end_did_not_reach_is_sent_home_after_a_while() {
    let queue = [running("1_1", 1), job("1_2", 2, Phase::Leaving)];
    let mut memory = Memory::default();
    let mut at = |minute: i64| {
        let step = decide(&queue, &Wish::Over, &LIMITS, &mut memory, Timestamp(minute * MINUTE));
        (step.cancel, step.is_over)
    };
    assert_eq!(at(0), (vec![], false));
    assert_eq!(at(4), (vec![], false));
    assert_eq!(at(5), (ids(&["1_1"]), false));
}

#[test]
fn what_would_wait_for_ever_is_cancelled_and_a_second_one_too() {
    let stuck = job("1_1", 1, Phase::Stuck("BadConstraints".into()));
    let mut memory = Memory::default();
    let step = decide(&[stuck], &workers(1), &LIMITS, &mut memory, Timestamp(0));
    assert_eq!((step.cancel, step.submit), (ids(&["1_1"]), vec![]));
    let later = |seconds: i64| Timestamp(seconds * 1000);
    assert_eq!(submitted(&decide(&[], &workers(1), &LIMITS, &mut memory.clone(), later(29))), [0; 0]);
    assert_eq!(submitted(&decide(&[], &workers(1), &LIMITS, &mut memory, later(30))), [1]);
    assert_eq!(first(&[waiting("1_1", 1), waiting("2_1", 1)], &workers(1)).cancel, ids(&["2_1"]));
}

#[test]
fn jobs_that_end_at_once_are_submitted_ever_more_seldom() {
    let mut memory = Memory::default();
    let mut at = |seconds: i64, queue: &[Job]| {
        decide(queue, &workers(1), &LIMITS, &mut memory, Timestamp(seconds * 1000))
    };
    assert_eq!(submitted(&at(0, &[])), [1]);
    at(1, &[running("1_1", 1)]);
    let step = at(11, &[]);
    assert_eq!((step.failed, step.waits_until), (ids(&["1_1"]), Some(Timestamp(41_000))));
    assert_eq!(submitted(&at(41, &[])), [1]);
    at(42, &[running("2_1", 1)]);
    let step = at(52, &[]);
    assert_eq!(step.waits_until, Some(Timestamp(112_000)), "twice as long");
    assert_eq!(submitted(&at(112, &[])), [1]);
    at(113, &[running("3_1", 1)]);
    at(173, &[running("3_1", 1)]);
    let step = at(300, &[]);
    assert_eq!((submitted(&step), step.failed), (vec![1], vec![]), "it worked: the next comes at once");
    memory.submission_failed(Timestamp(300_000));
    let step = decide(&[], &workers(1), &LIMITS, &mut memory, Timestamp(301_000));
    assert_eq!((step.submit, step.waits_until), (vec![], Some(Timestamp(330_000))));
}

#[test]
fn what_left_at_its_time_limit_did_not_fail() {
    let mut memory = Memory::default();
    let soon = [Job { left: Some(Millis(179_000)), ..running("1_1", 1) }];
    decide(&soon, &workers(1), &LIMITS, &mut memory, Timestamp(0));
    let step = decide(&[], &workers(1), &LIMITS, &mut memory, Timestamp(10_000));
    assert_eq!((step.failed, step.waits_until), (vec![], None));
}

#[test]
fn what_we_cancelled_did_not_fail() {
    let mut memory = Memory::default();
    let none = Limits { linger: Millis(0), ..LIMITS };
    let queue = [running("1_1", 1)];
    assert_eq!(decide(&queue, &workers(0), &none, &mut memory, Timestamp(0)).cancel, ids(&["1_1"]));
    let step = decide(&[], &workers(1), &none, &mut memory, Timestamp(1_000));
    assert_eq!((step.failed.len(), submitted(&step)), (0, vec![1]));
}
