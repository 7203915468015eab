//! How long a training takes is learnt for each kind of device, and told to whom it concerns.

use super::*;

/// Two workers with a device each; `rounds` trainings of both are done, of 100 s and 1 kJ on the fast one, 300 s and 2 kJ on the slow.
fn after(rounds: u32, settings: &[&str]) -> Bench {
    let mut bench = Bench::new(&[PLAIN, settings].concat());
    bench.joins_with("quick", 1, "H100");
    bench.joins_with("slow", 1, "T4");
    for _ in 0..rounds {
        for (worker, seconds, joules) in [("quick", 100.0, 1e3), ("slow", 300.0, 2e3)] {
            trains(&mut bench, worker, seconds, joules);
        }
    }
    bench
}

fn trains(bench: &mut Bench, worker: &str, seconds: f64, joules: f64) {
    let task = bench.task_of(worker).expect("it has work");
    bench.delivers(worker, 1, energy(Some(task), joules));
    bench.finishes(worker, 1, Evaluation { seconds: Seconds(seconds), ..evaluation(0.2, 10, vec![]) });
}

#[test]
fn devices_are_told_from_each_other_and_the_zone_s_policy_hears_of_it() {
    let mut bench = after(20, &[]);
    let of = |bench: &Bench, device: &str| bench.core.state().paces.of(device);
    let (quick, slow) = (of(&bench, "H100"), of(&bench, "T4"));
    assert!(quick.seconds < 0.6 && slow.seconds > 1.4, "{quick:?} {slow:?}");
    assert!(quick.joules < 0.75 && slow.joules > 1.25, "{quick:?} {slow:?}");
    let pace = |bench: &Bench| bench.core.situation().zones[&Zone::new("LOCAL")].pace;
    let both = pace(&bench);
    assert!(quick.seconds < both.seconds && both.seconds < slow.seconds, "{both:?}");
    bench.delivers("quick", 1, Report::Leaving { reason: "test".into() });
    assert!((pace(&bench).seconds - slow.seconds).abs() < 1e-12, "the slow one is all there is");
    bench.restarts(PLAIN);
    assert_eq!(of(&bench, "T4"), slow);
}

#[test]
fn what_was_interrupted_tells_nothing_of_a_device() {
    let mut bench = after(2, &[]);
    let before = bench.core.state().paces.clone();
    let task = bench.task_of("slow").unwrap();
    let failure = Failure::Crashed("test".into());
    bench.delivers("slow", 1, Report::Failed { task, failure });
    bench.passes(60.0);
    if bench.task_of("slow").is_some_and(|again| again.trial == task.trial) {
        trains(&mut bench, "slow", 9_000.0, 9e9);
    }
    assert_eq!(bench.core.state().paces, before);
}

#[test]
fn near_the_deadline_only_those_begin_a_training_who_can_end_it() {
    // The deadline is an hour; trainings take 100 s and 300 s.
    let mut bench = after(20, &["budget.hours=1"]);
    for worker in ["quick", "slow"] {
        assert!(bench.task_of(worker).is_some(), "there is time for {worker}");
    }
    for _ in 0..3_400 {
        bench.passes(1.0);
        for worker in ["quick", "slow"] {
            let held: Vec<TaskId> = bench.task_of(worker).into_iter().collect();
            bench.beats(worker, 1, &held);
        }
    }
    // 200 s are left: enough for one of 100 s, not for one of 300 s.
    trains(&mut bench, "slow", 300.0, 2e3);
    trains(&mut bench, "quick", 100.0, 1e3);
    assert!(bench.task_of("quick").is_some(), "the quick one can end another");
    assert_eq!(bench.task_of("slow"), None, "the slow one can't");
}
