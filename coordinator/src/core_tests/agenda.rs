//! A list in place of a search: worked off once, in its order, whatever fails, and then the study is over.

use crate::agenda::Agenda;

use super::*;

const LISTED: &[&str] = &["ladder.rung_epochs=2"];

fn cells() -> [Architecture; 2] {
    [Architecture::new(vec![3; 6]), Architecture::new(vec![2; 6])]
}

fn bench(one_shot: bool) -> Bench {
    let mut bench = Bench::new(LISTED);
    let supernets = if one_shot { vec![Subject::Supernet] } else { Vec::new() };
    bench.core.options.agenda = Some(Agenda::new(&cells(), supernets, 2));
    bench.joins("a", 1);
    bench
}

/// The supernet is split at the first edge.
fn split() -> (Bench, Vec<Subject>) {
    let mut bench = Bench::new(&["ladder.rung_epochs=2", "ladder.one_shot=true", "few_shot.split=0"]);
    let supernets: Vec<Subject> = bench.core.state().spec().unwrap().supernets().collect();
    bench.core.options.agenda = Some(Agenda::new(&cells(), supernets.clone(), 2));
    bench.joins("a", 1);
    (bench, supernets)
}

fn network(cell: usize, fidelity: Fidelity) -> Subject {
    Subject::Network { architecture: cells()[cell].clone(), fidelity }
}

/// Answers whatever the worker is given until the study is over; a supernet ends as `of_supernet` says.
fn work_off(bench: &mut Bench, of_supernet: &dyn Fn() -> Option<Evaluation>) -> Vec<Subject> {
    let mut seen = Vec::new();
    while bench.core.state().finished.is_none() {
        let subject = bench.subject_of("a");
        let result = match subject {
            Subject::Supernet | Subject::SubSupernet(_) | Subject::RegionSupernet(_) => of_supernet(),
            Subject::Network { .. } => Some(evaluation(0.5, 7, Vec::new())),
        };
        seen.push(subject);
        match result {
            Some(result) => drop(bench.finishes("a", 1, result)),
            None => {
                let task = bench.task_of("a").unwrap();
                bench.delivers("a", 1, Report::Failed { task, failure: Failure::Diverged });
            }
        }
    }
    seen
}

#[test]
fn everything_on_the_list_has_a_result_once() {
    let mut bench = bench(true);
    let seen = work_off(&mut bench, &|| Some(supernet()));
    let (rung, full) = (Fidelity::Rung(2), Fidelity::Full);
    let trained = [network(0, rung), network(0, full), network(1, rung), network(1, full)];
    let scored = [network(0, Fidelity::OneShot), network(1, Fidelity::OneShot)];
    assert_eq!(seen, [&[Subject::Supernet], &trained[..], &scored[..]].concat());
    assert_eq!(bench.core.state().finished.as_ref().unwrap().1, "the list is done");
}

#[test]
fn a_split_supernet_is_on_the_list_with_its_parts() {
    let (mut bench, supernets) = split();
    let seen = work_off(&mut bench, &|| Some(supernet()));
    assert_eq!(supernets.len(), 6);
    assert_eq!(seen[..6], supernets);
    assert_eq!(seen.len(), 6 + 4 + 2);
    let (mut bench, _) = split();
    assert_eq!(work_off(&mut bench, &|| None).len(), 5, "without the whole there are no parts and no scores");
}

#[test]
fn without_a_supernet_there_are_no_scores_and_an_end() {
    assert_eq!(work_off(&mut bench(true), &|| None).len(), 5, "the supernet that fails, and the trainings");
    assert_eq!(work_off(&mut bench(false), &|| None).len(), 4);
}

#[test]
fn a_score_that_lost_its_worker_is_taken_up_by_a_slot_that_trains() {
    let mut bench = bench(true);
    let is_score = |bench: &Bench| bench.subject_of("a").fidelity() == Some(Fidelity::OneShot);
    while !is_score(&bench) {
        let result = if bench.subject_of("a") == Subject::Supernet {
            supernet()
        } else {
            evaluation(0.5, 7, Vec::new())
        };
        bench.finishes("a", 1, result);
    }
    let task = bench.task_of("a").unwrap();
    bench.delivers("a", 1, Report::Suspended { task, checkpoint: None });
    assert_eq!(bench.task_of("a").unwrap().trial, task.trial);
}

#[test]
fn a_restart_goes_on_with_the_list() {
    let mut bench = bench(false);
    bench.finishes("a", 1, evaluation(0.5, 7, Vec::new()));
    bench.restarts(LISTED);
    bench.core.options.agenda = Some(Agenda::new(&cells(), Vec::new(), 2));
    bench.joins("a", 2);
    let seen = {
        let mut seen = 0;
        while bench.core.state().finished.is_none() {
            bench.finishes("a", 2, evaluation(0.5, 7, Vec::new()));
            seen += 1;
        }
        seen
    };
    assert_eq!(seen, 3, "one of four was there");
}
