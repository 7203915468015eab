//! What the searcher is told beside results: what they took, and how many more can be paid for.

use super::*;

/// Of each observation of the last question.
fn efforts(bench: &Bench) -> Vec<Option<f64>> {
    let last = bench.asked.last().expect("a question was asked");
    last.observations.iter().map(|seen| seen.effort).collect()
}

fn trains(bench: &mut Bench, joules: f64) -> TaskId {
    let task = bench.task_of("a").expect("a training runs");
    bench.spends("a", 1, Some(task), joules);
    bench.finishes("a", 1, evaluation(0.5, 1, Vec::new()))
}

#[test]
fn each_result_comes_with_the_joules_it_took() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let first = trains(&mut bench, 500.0);
    assert_eq!(efforts(&bench), [Some(500.0)]);
    // A measurement that comes late.
    bench.spends("a", 1, Some(first), 100.0);
    trains(&mut bench, 250.0);
    assert_eq!(efforts(&bench), [Some(600.0), Some(250.0)]);
    bench.restarts(PLAIN);
    bench.joins("a", 2);
    assert_eq!(efforts(&bench), [Some(600.0), Some(250.0)]);
}

#[test]
fn a_result_that_took_nothing_says_nothing_of_effort() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    bench.finishes("a", 1, evaluation(0.5, 1, Vec::new()));
    assert_eq!(efforts(&bench), [None]);
}

/// How many trainings may still end, by the budget: before the first has ended, after it, and after the second.
fn affordable(budget: &str) -> [Option<f64>; 3] {
    let settings: Vec<&str> = PLAIN.iter().copied().chain([budget]).collect();
    let mut bench = Bench::new(&settings);
    bench.joins("a", 1);
    let last = |bench: &Bench| bench.asked.last().expect("a question was asked").affordable;
    let unknown = last(&bench);
    let [second, third] = [500.0; 2].map(|joules| {
        trains(&mut bench, joules);
        last(&bench)
    });
    [unknown, second, third]
}

#[test]
fn how_many_trainings_may_still_end_follows_from_every_budget() {
    // 3600 J pay for 7.2 trainings.
    assert_eq!(affordable("budget.energy_kwh=0.001"), [None, Some(6.2), Some(5.2)]);
    assert_eq!(affordable("budget.trainings=9")[1..], [Some(8.0), Some(7.0)]);
    let [unknown, second, third] = affordable("budget.carbon_g=1");
    let fell = second.zip(third).map(|(second, third)| second - third);
    assert!(unknown.is_none() && fell.is_some_and(|fell| (fell - 1.0).abs() < 1e-9), "{second:?}, {third:?}");
    assert_eq!(affordable("budget.hours=48"), [None; 3], "time is no such limit");
}
