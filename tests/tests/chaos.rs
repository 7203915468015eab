//! Three quarters of a minute of chaos with the real programs; `scripts/chaos` does it for an hour.

use std::time::Duration;

use system_tests::chaos::{HANG, Network, Plan, Settings, rehearsal, run};
use system_tests::lab::REHEARSAL;

const SPAN: Duration = Duration::from_secs(45);
const MACHINES: usize = 3;

#[test]
fn whatever_befalls_a_study_it_ends_by_itself_with_its_books_in_order() {
    let given = std::env::var("CENAS_LAB_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or(3);
    println!("seed {seed} (CENAS_LAB_SEED=N for another)");
    let network = Network::new(MACHINES);
    let plan = Plan::drawn(seed, SPAN, MACHINES, network.is_some());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let settings = Settings {
        study: REHEARSAL.into(),
        more: rehearsal(SPAN.as_secs_f64() + 15.0),
        directory: folder.path().join("study"),
        rest: HANG,
        tells: true,
    };
    let verdict = run(&plan, network, settings);
    verdict.tell();
    assert!(verdict.wrong.is_empty(), "{:?}", verdict.wrong);
    assert!(!verdict.books.front().is_empty(), "it found something nevertheless");
}
