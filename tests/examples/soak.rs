//! Drawn worlds by the thousand, on all processors: `soak FIRST COUNT`. With the feature `mutations`, `soak --mutations COUNT [NAME]` plants one
//! defect after the other and tells after how many worlds the simulation found it; `scripts/soak` and `scripts/mutations` are the
//! doors. Exit code 1: a law was broken, or a defect was not found.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use system_tests::sim::{Plan, run};

/// Worlds between two words of how far it is.
const PROGRESS: u64 = 500;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |text: &String| text.parse::<u64>().ok();
    match &words[..] {
        [flag, count] if flag == "--mutations" => mutations(number(count).expect("a number"), None),
        [flag, count, only] if flag == "--mutations" => {
            mutations(number(count).expect("a number"), Some(only))
        }
        [first, count] => soak(number(first).expect("a number"), number(count).expect("a number")),
        _ => {
            eprintln!("usage: soak FIRST COUNT | soak --mutations COUNT [NAME]");
            ExitCode::from(2)
        }
    }
}

fn soak(first: u64, count: u64) -> ExitCode {
    #[allow(clippy::disallowed_methods)] // an example that measures
    let began = Instant::now();
    let (next, steps, broken) = (AtomicU64::new(first), AtomicU64::new(0), AtomicBool::new(false));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    let begun = seed - first;
                    if begun > 0 && begun.is_multiple_of(PROGRESS) {
                        let seconds = began.elapsed().as_secs_f64();
                        eprintln!("{begun} of {count} worlds begun in {seconds:.0} s");
                    }
                    let outcome = run(Plan::drawn(seed));
                    steps.fetch_add(outcome.steps, Ordering::Relaxed);
                    if let Some(violation) = outcome.violations.first() {
                        broken.store(true, Ordering::Relaxed);
                        println!("seed {seed}: {violation} (CENAS_SIM_SEED={seed} replays it)");
                    }
                }
            });
        }
    });
    let seconds = began.elapsed().as_secs_f64();
    let steps = steps.load(Ordering::Relaxed);
    println!("{count} worlds from seed {first} on, {steps} steps in {seconds:.0} s");
    if broken.load(Ordering::Relaxed) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

#[cfg(not(feature = "mutations"))]
fn mutations(_count: u64, _only: Option<&str>) -> ExitCode {
    eprintln!("built without the feature `mutations`: scripts/mutations builds it");
    ExitCode::from(2)
}

#[cfg(feature = "mutations")]
fn mutations(count: u64, only: Option<&str>) -> ExitCode {
    use coordinator::mutation::{Mutation, plant};
    let mut missed = false;
    for mutation in Mutation::ALL {
        if only.is_some_and(|only| format!("{mutation:?}") != only) {
            continue;
        }
        plant(Some(mutation));
        // A defect may also end in a panic of the core: then it was found by it.
        std::panic::set_hook(Box::new(|_| {}));
        let found = (0..count).find_map(|seed| {
            let outcome = std::panic::catch_unwind(|| run(Plan::drawn(seed)));
            let violation = outcome
                .map_or_else(|_| Some("a panic".into()), |outcome| outcome.violations.first().cloned());
            violation.map(|violation| (seed, violation))
        });
        let _ = std::panic::take_hook();
        match found {
            Some((seed, violation)) => println!("{mutation:?}: found in world {} ({violation})", seed + 1),
            None => {
                missed = true;
                println!("{mutation:?}: NOT FOUND in {count} worlds");
            }
        }
    }
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
