//! What the searcher is told beside results: what they took, and how many more can be paid for.

use super::*;

/// Of each observation of the last question.
fn efforts(bench: &Bench) -> Vec<Option<f64>> {
    let last = bench.asked.last().expect("a question was asked");
    last.observations.iter().map(|seen| seen.effort).collect()
}

fn trains(bench: &mut Bench, joules: f64) -> TaskId {
    let task = bench.task_of("a").expect("a training runs");
    bench.delivers("a", 1, energy(Some(task), joules));
    bench.finishes("a", 1, evaluation(0.5, 1, Vec::new()))
}

#[test]
fn each_result_comes_with_the_joules_it_took() {
    let mut bench = Bench::new(PLAIN);
    bench.joins("a", 1);
    let first = trains(&mut bench, 500.0);
    assert_eq!(efforts(&bench), [Some(500.0)]);
    // A measurement that comes late.
    bench.delivers("a", 1, energy(Some(first), 100.0));
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

/// How many trainings the budget pays for, by question.
fn affordable(budget: &str) -> Vec<Option<f64>> {
    let settings: Vec<&str> = PLAIN.iter().copied().chain([budget]).collect();
    let mut bench = Bench::new(&settings);
    bench.joins("a", 1);
    for _ in 0..2 {
        trains(&mut bench, 500.0);
    }
    bench.asked.iter().map(|wanted| wanted.affordable).collect()
}

#[test]
fn how_many_trainings_can_still_be_begun_follows_from_every_budget() {
    // 3600 J pay for 7.2 trainings, and the intensity stays at what nobody observed.
    let by_energy = affordable("budget.energy_kwh=0.001");
    assert_eq!(by_energy, [None, Some(6.2), Some(5.2)], "nothing is known before the first");
    assert_eq!(affordable("budget.trainings=9"), [Some(9.0), Some(8.0), Some(7.0)]);
    let by_carbon: Vec<f64> = affordable("budget.carbon_g=1").into_iter().flatten().collect();
    assert!(by_carbon.len() == 2 && (by_carbon[0] - by_carbon[1] - 1.0).abs() < 1e-9, "{by_carbon:?}");
    assert_eq!(affordable("budget.hours=48"), [None; 3]);
}
