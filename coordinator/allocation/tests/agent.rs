//! The agent within its guards: when it decides, when the planner does, and what moves it.

mod support;

use allocation::agent::{INPUTS, LAYERS, Layer, MAX_SLOTS, Network, OUTPUTS, Observation, Wish, price};
use allocation::conformance::check_policy;
use allocation::{Agent, BudgetLeft, Planner, Policy, Situation};
use common::seed::Seed;
use common::unit::{Grams, Intensity};
use rand::Rng;
use support::{Grid, only, situation, synthetic};

fn planner() -> Planner {
    Planner::new(0.5, 0.85).unwrap()
}

fn shipped() -> Agent {
    Agent::shipped(0.5, planner())
}

fn capped(grids: &[Grid], grams: f64) -> Situation {
    let budget = BudgetLeft { carbon: Some(Grams(grams)), hours: Some(40.0), ..BudgetLeft::default() };
    situation(grids, 60, budget)
}

fn one(slots: u32) -> [Grid; 1] {
    [synthetic("T", slots, 14, 400.0, 0.0, 1)]
}

/// Weights drawn at random: whatever training may come to.
fn wild(seed: u64) -> Network {
    let mut dice = Seed(seed).stream("wild", 0);
    let mut draw = |count: usize| -> Vec<f32> {
        (0..count).map(|_| (dice.next_u32() as f32 / u32::MAX as f32 - 0.5) * 2.0).collect()
    };
    let layers =
        LAYERS.map(|(_, inputs, outputs)| Layer { weight: draw(inputs * outputs), bias: draw(outputs) });
    Network::new(layers.into()).unwrap()
}

#[test]
fn whatever_the_weights_promises_are_kept() {
    for seed in 0..10 {
        check_policy(|| Box::new(Agent::new(wild(seed), 0.5, planner())), 40);
    }
}

#[test]
fn what_it_was_not_trained_on_is_the_planners() {
    let refused = |change: fn(&mut Situation), word: &str| {
        let mut odd = capped(&one(8), 2_000.0);
        change(&mut odd);
        let allocation = shipped().decide(&odd);
        assert!(allocation.reason.starts_with("by the planner, for "), "{}", allocation.reason);
        assert!(allocation.reason.contains(word), "{word}: {}", allocation.reason);
        assert_eq!(allocation.zones, planner().decide(&odd).zones);
    };
    refused(|odd| odd.zones.values_mut().for_each(|zone| zone.forecast = None), "no forecast of T");
    refused(|odd| odd.zones.values_mut().for_each(|zone| zone.intensity = None), "present intensity of T");
    refused(|odd| odd.budget.carbon = Some(Grams(f64::NAN)), "budget");
    refused(|odd| odd.recent_gain = f64::INFINITY, "hypervolume");
    refused(|odd| odd.zones.values_mut().for_each(|zone| zone.slots = MAX_SLOTS + 1), "slots");
    refused(|odd| odd.hour_s = 0.0, "clock");
    let sound = shipped().decide(&capped(&one(8), 2_000.0));
    assert!(!sound.reason.contains("planner"), "{}", sound.reason);
}

#[test]
fn weights_that_do_not_load_leave_it_to_the_planner() {
    let whole = Network::silent().to_bytes();
    assert_eq!(Network::from_bytes(&whole), Ok(Network::silent()));
    let cut = &whole[..whole.len() - 5];
    let other = String::from_utf8_lossy(&whole).replace("\"cenas_agent\":\"1\"", "\"cenas_agent\":\"9\"");
    for damaged in [cut, b"{}", other.as_bytes()] {
        let mut agent = Agent::of_bytes(damaged, 0.5, planner());
        let allocation = agent.decide(&capped(&one(8), 2_000.0));
        assert!(allocation.reason.contains("weights can't be used"), "{}", allocation.reason);
        assert_eq!(allocation.policy, "agent");
    }
    let layers = Network::silent().layers().to_vec();
    assert_eq!(Network::new(layers[1..].to_vec()), None);
    let mut nan = layers;
    nan[0].bias[0] = f32::NAN;
    assert_eq!(Network::new(nan), None);
}

#[test]
fn from_no_slot_to_all_everything_can_be_said() {
    let grids = [synthetic("A", 5, 14, 300.0, 0.0, 1), synthetic("B", 64, 14, 600.0, 0.0, 2)];
    for grams in [1.0, 500.0, 1e6] {
        let mut situation = capped(&grids, grams);
        situation.work.scores_wanted = 1_000_000;
        let observation = Observation::of(&situation, price(0.5)).unwrap();
        let settle = |factor, sample| {
            let zones = Wish::of(&situation, &observation, &[[factor, sample]; 2]).settle(&situation);
            let sums = zones.values().map(|shares| [shares.train, shares.sample, shares.rest]);
            sums.fold([0; 3], |sum, zone| [0, 1, 2].map(|place| sum[place] + zone[place]))
        };
        assert_eq!(settle(9.0, -1.0)[0], 69, "{grams} g: all train");
        assert_eq!(settle(-99.0, 1.0), [0, 69, 0], "{grams} g: all sample");
        assert_eq!(settle(-99.0, -1.0), [0, 0, 69], "{grams} g: all rest");
    }
}

#[test]
fn zones_are_a_set() {
    let network = wild(7);
    let grids = [synthetic("A", 4, 14, 300.0, 0.0, 1), synthetic("B", 8, 14, 500.0, 0.0, 2)];
    let swapped = [Grid { name: "B", ..grids[0].clone() }, Grid { name: "A", ..grids[1].clone() }];
    let said = |grids: &[Grid]| -> Vec<[f64; OUTPUTS]> {
        network.forward(&Observation::of(&capped(grids, 2_000.0), price(0.5)).unwrap())
    };
    let (one, other) = (said(&grids), said(&swapped));
    for output in 0..OUTPUTS {
        assert!(
            (one[0][output] - other[1][output]).abs() < 1e-9
                && (one[1][output] - other[0][output]).abs() < 1e-9
        );
    }
    let eight = ["A", "B", "C", "D", "E", "F", "G", "H"].map(|name| synthetic(name, 4, 14, 300.0, 0.0, 3));
    let observation = Observation::of(&capped(&eight, 2_000.0), price(0.5)).unwrap();
    assert!(observation.rows.len() == 8 && observation.rows.iter().all(|row| row.len() == INPUTS));
}

/// Levels over a sweep, of 32 slots, so that one slot is a small step.
fn levels(sweep: impl Fn(&mut Situation, f64)) -> Vec<f64> {
    let level = |factor: &f64| {
        let mut situation = capped(&one(32), 5_000.0);
        sweep(&mut situation, *factor);
        shipped().levels(&situation).unwrap()[0].0
    };
    [0.25, 0.5, 0.8, 1.0, 1.25, 2.0, 4.0].iter().map(level).collect()
}

/// From first to last by half at least, and nowhere back by more than a hundredth.
fn falls(levels: &[f64]) -> bool {
    levels.windows(2).all(|pair| pair[1] <= 1.01 * pair[0]) && levels[levels.len() - 1] < 0.5 * levels[0]
}

#[test]
fn it_reacts_to_what_it_is_told() {
    let dirtier = levels(|situation, factor| {
        for zone in situation.zones.values_mut() {
            zone.intensity = zone.intensity.map(|Intensity(value)| Intensity(value * factor));
        }
    });
    assert!(falls(&dirtier), "less in dirtier hours: {dirtier:?}");
    let richer = levels(|situation, factor| {
        situation.budget.carbon = situation.budget.carbon.map(|Grams(left)| Grams(left * factor));
    });
    let backwards: Vec<f64> = richer.iter().rev().copied().collect();
    assert!(falls(&backwards), "more with more to spend: {richer:?}");
    let promised = levels(|situation, factor| {
        for zone in situation.zones.values_mut() {
            let forecast = zone.forecast.as_mut().unwrap();
            forecast.quantiles.iter_mut().flatten().for_each(|value| *value *= factor);
        }
    });
    assert!(promised[0] < promised[6], "less when cleaner hours are to come: {promised:?}");
}

#[test]
fn an_hour_once_begun_is_not_decided_anew() {
    let mut agent = shipped();
    let mut situation = capped(&one(8), 2_000.0);
    let first = only(&agent.decide(&situation)).train;
    situation.hour_left = 0.3;
    situation.zones.values_mut().for_each(|zone| zone.intensity = Some(Intensity(2_000.0)));
    assert_eq!(only(&agent.decide(&situation)).train, first);
}
