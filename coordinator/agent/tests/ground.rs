//! The proving ground: budgets hold, luck is equal, nothing sees the future, and the agent earns its place.

mod support;

use agent::{Grid, Study, Tally, best_in_hindsight, cases, play, regrets};
use allocation::{Options, POLICIES, Policy, build};
use common::allocation::Shares;
use common::seed::Seed;
use rand::RngExt;
use support::{START, grid, scenario, series};

fn policy(name: &str) -> Box<dyn Policy> {
    build(name, &Options::default()).unwrap()
}

#[test]
fn budgets_hold_and_equal_studies_have_equal_ends() {
    let grids = [grid("A", 1), grid("B", 2)];
    for seed in 0..12 {
        let mut dice = Seed(seed).stream("ground", 0);
        let cap = 200.0 + 4_000.0 * dice.random::<f64>();
        let scenario = scenario(vec![(0, 1 + seed as u32), (1, 4)], cap, &mut dice);
        let (best, _) = best_in_hindsight(&grids, &scenario);
        for name in POLICIES {
            let once = play(&grids, &scenario, policy(name).as_mut());
            assert_eq!(once, play(&grids, &scenario, policy(name).as_mut()), "seed {seed}, {name}");
            assert!(once.grams <= cap * (1.0 + 1e-9), "seed {seed}, {name}: {} of {cap} g", once.grams);
            assert!(
                once.worth < best + 0.35,
                "seed {seed}, {name}: {} where hindsight found {best}",
                once.worth
            );
        }
    }
}

/// What a policy said, hour by hour.
fn actions(grids: &[Grid], name: &str) -> Vec<Vec<Shares>> {
    let scenario = scenario(vec![(0, 8)], 2_500.0, &mut Seed(3).stream("future", 0));
    let (mut study, mut policy) = (Study::new(grids, scenario), policy(name));
    let mut said = Vec::new();
    while !study.is_over() {
        let allocation = policy.decide(&study.situation());
        let shares: Vec<Shares> = study.names().iter().map(|zone| allocation.shares(zone)).collect();
        study.step(&shares);
        said.push(shares);
    }
    said
}

#[test]
fn another_future_leaves_the_past_as_it_was() {
    let whole = series("A", 1);
    let known = (START.0 - whole.first_hour().0 + 30) as usize;
    let mut values = whole.values().to_vec();
    values[known + 1..].iter_mut().for_each(|value| *value = 900.0 - *value);
    let other =
        forecast::Series::new(whole.zone().clone(), whole.kind(), whole.first_hour(), values).unwrap();
    let grid = |series| Grid::prepare(series, START, START.plus(80), &mut || {}).unwrap();
    let (this, that) = ([grid(&whole)], [grid(&other)]);
    for name in POLICIES {
        let (this, that) = (actions(&this, name), actions(&that, name));
        let until = 31.min(this.len()).min(that.len());
        assert_eq!(this[..until], that[..until], "{name}");
    }
    assert_ne!(actions(&this, "agent"), actions(&that, "agent"), "and then it is another study");
}

#[test]
fn the_agent_leaves_less_to_hindsight_than_any_rule() {
    let grids = [grid("A", 1), grid("B", 2)];
    let names = ["agent", "greedy", "fixed", "linear", "threshold"];
    let mut tallies = vec![Tally::default(); names.len()];
    for case in cases(&grids, &[START], 6, Seed(5)) {
        let (regrets, _) = regrets(&grids, &case, &mut names.map(policy));
        tallies.iter_mut().zip(regrets).for_each(|(tally, regret)| tally.add(regret));
    }
    let regret: Vec<f64> = tallies.iter().map(Tally::decades).collect();
    let rule = regret[1..].iter().copied().fold(f64::INFINITY, f64::min);
    println!("{names:?}: {regret:?}");
    assert!(regret[0] <= rule / 2.0, "at most half of the best simple rule's: {regret:?}");
}

#[test]
fn a_grid_survives_its_file() {
    let grid = grid("A", 1);
    let bytes = grid.to_bytes();
    assert_eq!(Grid::from_bytes(&bytes).unwrap(), grid);
    assert!(Grid::from_bytes(&bytes[..bytes.len() - 3]).is_err());
    let forecast = grid.forecast(START, 10).unwrap();
    assert_eq!((forecast.issued_at, forecast.quantiles.len()), (START, 10));
    let known = grid.recent(START, 169);
    assert_eq!(
        known.last().map(|value| value.0),
        grid.at(START),
        "the present hour is the last that is known"
    );
}
