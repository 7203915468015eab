//! What is wanted of machines that may come.

use super::*;
use crate::demand::{Demand, Offer, Question, Standing};
use allocation::{Greedy, Policy as _};

fn offer(slots: u32) -> Offer {
    Offer { zone: Zone::new("LOCAL"), slots, prefix: Some("slurm-".into()) }
}

/// As a policy would answer that puts everything to work, or nothing.
fn asked(bench: &Bench, offer: &Offer, all: bool) -> Demand {
    match bench.core.question(offer) {
        Question::Answered(demand) => demand,
        Question::ForPolicy { situation, others } => {
            let mut allocation = Greedy.decide(&situation);
            if !all {
                for shares in allocation.zones.values_mut() {
                    *shares = Shares { rest: shares.total(), ..Shares::default() };
                }
            }
            bench.core.demand(offer, others, allocation)
        }
        Question::TooEarly => panic!("this hour is decided"),
    }
}

#[test]
fn what_is_there_besides_is_put_to_work_first() {
    let mut bench = Bench::new(PLAIN);
    let empty = asked(&bench, &offer(4), true);
    assert_eq!((empty.others, empty.wanted, empty.shares.train), (0, 4, 4), "with nobody there");
    bench.joins("own", 1);
    bench.joins("slurm-1", 2);
    let full = asked(&bench, &offer(4), true);
    assert_eq!((full.others, full.wanted, full.shares.train), (1, 4, 5), "its own are not counted twice");
    let none = asked(&bench, &offer(4), false);
    assert_eq!((none.wanted, none.shares.rest), (0, 5));
    let elsewhere = Offer { zone: Zone::new("PL"), ..offer(2) };
    assert_eq!(asked(&bench, &elsewhere, true).others, 0);
}

#[test]
fn those_with_nothing_to_do_are_named() {
    let mut bench = Bench::new(PLAIN);
    bench.allocation = Shares { train: 1, sample: 0, rest: 1 };
    bench.joins("slurm-1", 1);
    bench.joins("slurm-2", 2);
    let resting = asked(&bench, &offer(2), true).resting;
    assert_eq!(resting.into_iter().collect::<Vec<_>>(), [WorkerName::new("slurm-2")]);
}

#[test]
fn a_study_that_rests_or_is_over_wants_nobody() {
    let mut bench = Bench::new(PLAIN);
    bench.step(Input::Control(Control::Pause));
    let paused = asked(&bench, &offer(4), true);
    assert_eq!((paused.standing, paused.wanted), (Standing::Paused, 0));
    bench.step(Input::Control(Control::Resume));
    assert_eq!(asked(&bench, &offer(4), true).wanted, 4);
    bench.step(Input::Control(Control::Stop { reason: "enough".into() }));
    let over = asked(&bench, &offer(4), true);
    assert_eq!((over.standing, over.wanted), (Standing::Finished, 0));
    assert!(over.reason.contains("enough"), "{}", over.reason);
}
