//! Slots that have too little for some work are given none of it.

use super::*;

#[test]
fn a_slot_with_too_little_for_anything_is_no_slot_of_the_plan() {
    let bench = |needed: &[&str]| {
        let mut bench = Bench::new(&[PLAIN, needed].concat());
        bench.joins("w", 1);
        bench
    };
    assert!(bench(&["requirements.train_memory_mb=1"]).task_of("w").is_some(), "it has one megabyte");
    let poor = bench(&["requirements.train_memory_mb=2", "requirements.sample_memory_mb=2"]);
    assert_eq!((poor.task_of("w"), poor.core.live_slots()), (None, vec![]));
    assert_eq!(poor.core.situation().zones.values().map(|zone| zone.slots).sum::<u32>(), 0);
    assert_eq!(bench(&["requirements.device=A100"]).task_of("w"), None, "its device is called `test`");
    assert!(bench(&["requirements.device=TES"]).task_of("w").is_some());
}

#[test]
fn a_slot_that_may_only_score_never_trains() {
    let settings = ["ladder.one_shot=true", "requirements.train_memory_mb=2"];
    let mut bench = Bench::new(&settings);
    bench.allocation = Shares { train: 1, sample: 1, rest: 0 };
    bench.joins("small", 1);
    assert_eq!(bench.task_of("small"), None, "the supernet is to be trained first");
    bench.passes(30.0);
    assert_eq!(bench.task_of("small"), None);
}
