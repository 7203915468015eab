//! Deterministic simulation of the real cores over bad networks: drawn worlds, and small named scenarios.
//!
//! A failing run prints its seed, the last lines of its trace and the command that replays it. `CENAS_SIM_SEED` replays one
//! seed with `one_seed`; `CENAS_SIM_SEEDS` says how many worlds are drawn in all. They are drawn in quarters: where there are processors,
//! these run side by side.

use system_tests::sim::{Plan, run};

const SEEDS: u64 = 200;
const QUARTERS: usize = 4;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a seed is a number"))
}

/// Each fourth seed from this one on.
fn draw_worlds(first: u64) {
    for seed in (first..number("CENAS_SIM_SEEDS").unwrap_or(SEEDS)).step_by(QUARTERS) {
        let outcome = run(Plan::drawn(seed)).lawful();
        println!(
            "seed {seed}: {} steps, {:.0} s, {} trials, {} full, {}",
            outcome.steps,
            outcome.elapsed.seconds(),
            outcome.state.trials.len(),
            outcome.state.progress.len(),
            outcome.exit.unwrap_or_default()
        );
    }
}

#[test]
fn drawn_worlds_first_quarter() {
    draw_worlds(0);
}

#[test]
fn drawn_worlds_second_quarter() {
    draw_worlds(1);
}

#[test]
fn drawn_worlds_third_quarter() {
    draw_worlds(2);
}

#[test]
fn drawn_worlds_fourth_quarter() {
    draw_worlds(3);
}

#[test]
fn one_seed() {
    let Some(seed) = number("CENAS_SIM_SEED") else {
        println!("skipped: set CENAS_SIM_SEED to replay one drawn world");
        return;
    };
    let outcome = run(Plan { keep_trace: true, ..Plan::drawn(seed) });
    outcome.trace.iter().for_each(|line| println!("{line}"));
    outcome.lawful();
}

#[test]
fn one_seed_makes_one_run() {
    for seed in [3, 7] {
        let plan = || Plan { keep_trace: true, ..Plan::drawn(seed) };
        let (first, second) = (run(plan()), run(plan()));
        assert!(first.trace.len() > 1_000);
        assert_eq!(first.trace, second.trace);
        assert_eq!(first.ledger, second.ledger);
        assert_ne!(first.trace_hash, run(Plan::drawn(seed + 1)).trace_hash);
    }
}
