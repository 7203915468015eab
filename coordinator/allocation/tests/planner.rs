//! The planner over whole weeks, and its answers one by one.

mod support;

use std::collections::BTreeMap;

use allocation::{BudgetLeft, Cost, Options, Pace, Planner, Policy, Situation, Work, build};
use common::allocation::Shares;
use common::energy::Purpose;
use common::id::Zone;
use common::unit::{Grams, Joules, Seconds};
use support::{Grid, grams, only, recorded, run, situation, synthetic, trained, trained_above_and_below};

fn planner() -> Planner {
    Planner::new(0.5, 0.85).unwrap()
}

/// A day whose intensity rises from 100 by 10 an hour, twice, so that yesterday is a perfect forecast.
fn staircase(slots: u32) -> Grid {
    Grid { name: "T", slots, hours: (0..96).map(|hour| 100.0 + 10.0 * f64::from(hour % 24)).collect() }
}

fn at(hour: usize) -> Situation {
    situation(&[staircase(2)], hour, BudgetLeft::default())
}

#[test]
fn clean_hours_train_middling_hours_sample_dirty_hours_rest() {
    let decide = |hour: usize| planner().decide(&at(hour));
    // A second slot of an hour buys half as much work as the first, so that all slots train in the cleanest hours only.
    assert_eq!(only(&decide(24)), Shares { train: 2, sample: 0, rest: 0 });
    assert_eq!(only(&decide(40)), Shares { train: 1, sample: 1, rest: 0 });
    assert_eq!(only(&decide(41)), Shares { train: 0, sample: 1, rest: 1 }, "one slot scores ten in time");
    assert_eq!(only(&decide(46)), Shares { train: 0, sample: 0, rest: 2 });
    assert_eq!(decide(24).reason, "training 2: 100 g/kWh is among the 17 cleanest of the next 24 h");
    assert_eq!(decide(41).reason, "sampling 1: 270 g/kWh is not among the 17 cleanest of the next 24 h");
    assert_eq!(decide(46).reason, "resting: 320 g/kWh is among the dirtiest 15 % of the next 24 h");
}

#[test]
fn nothing_to_sample_rests_and_nothing_to_train_samples() {
    let mut middling = at(41);
    middling.work.scores_wanted = 0;
    assert_eq!(only(&planner().decide(&middling)), Shares { train: 0, sample: 0, rest: 2 });

    let mut clean = at(24);
    clean.work = Work { trainings_waiting: 1, scores_wanted: 5_000, ..Work::default() };
    assert_eq!(only(&planner().decide(&clean)), Shares { train: 1, sample: 1, rest: 0 });
    clean.work = Work::default();
    let idle = planner().decide(&clean);
    assert_eq!(only(&idle), Shares { train: 0, sample: 0, rest: 2 });
    assert_eq!(idle.reason, "resting: there is nothing to train or to sample");
}

#[test]
fn without_a_forecast_the_last_day_stands_in() {
    let mut known = at(24);
    known.zones.values_mut().for_each(|zone| zone.forecast = None);
    let allocation = planner().decide(&known);
    assert_eq!(only(&allocation).train, 2);
    assert!(allocation.reason.ends_with("of the last 24 h"), "{}", allocation.reason);
    let mut dirty = at(46);
    dirty.zones.values_mut().for_each(|zone| zone.forecast = None);
    assert_eq!(only(&planner().decide(&dirty)).rest, 2);

    for zone in known.zones.values_mut() {
        zone.recent.clear();
        zone.intensity = None;
    }
    let blind = planner().decide(&known);
    assert_eq!(only(&blind).train, 1, "what is not known can't be waited for");
    assert!(blind.reason.contains("nothing is known"), "{}", blind.reason);
}

#[test]
fn hungry_machines_are_as_those_of_a_dirtier_grid() {
    let flat = |name| Grid { name, slots: 2, hours: vec![200.0; 96] };
    let train = |thrifty: f64, hungry: f64| {
        let mut situation = situation(&[flat("A"), flat("B")], 24, BudgetLeft::default());
        for (zone, joules) in [("A", hungry), ("B", thrifty)] {
            let pace = Pace { seconds: 1.0, joules };
            situation.zones.get_mut(&Zone::new(zone)).unwrap().pace = pace;
        }
        let zones = planner().decide(&situation).zones;
        ["A", "B"].map(|zone| zones[&Zone::new(zone)].train)
    };
    assert_eq!(train(1.0, 1.0), train(f64::NAN, 0.0), "what can't be is taken for the mean");
    let [hungry, thrifty] = train(0.5, 2.0);
    assert!(thrifty == 2 && hungry < 2, "{hungry} of the hungry and {thrifty} of the thrifty train");
}

#[test]
fn a_budget_pays_for_more_slots_that_draw_little() {
    let train = |joules: f64| {
        let left =
            BudgetLeft { energy: Some(Joules::from_kwh(20.0)), hours: Some(24.0), ..BudgetLeft::default() };
        let mut situation = situation(&[Grid { name: "A", slots: 64, hours: vec![200.0; 96] }], 24, left);
        let training = Cost { seconds: Seconds(3600.0), joules: Joules::from_kwh(0.3) };
        situation.costs = [(Purpose::Full, training)].into();
        situation.zones.values_mut().for_each(|zone| zone.pace = Pace { seconds: 1.0, joules });
        only(&planner().decide(&situation)).train
    };
    assert!(
        train(0.5) > train(1.0) && train(1.0) > train(2.0),
        "{} {} {}",
        train(0.5),
        train(1.0),
        train(2.0)
    );
}

#[test]
fn an_hour_once_begun_is_not_decided_anew() {
    let mut policy = planner();
    assert_eq!(only(&policy.decide(&at(24))).train, 2);
    let mut later = at(24);
    later.hour_left = 0.4;
    later.zones.values_mut().for_each(|zone| zone.intensity = Some(common::unit::Intensity(900.0)));
    assert_eq!(only(&policy.decide(&later)).train, 2, "a revised figure does not suspend what just began");
    later.budget.carbon = Some(Grams(0.0));
    let spent = policy.decide(&later);
    assert_eq!(only(&spent).rest, 2, "a spent budget does");
    assert_eq!(spent.reason, "resting: the carbon budget is spent");
}

#[test]
fn a_fleet_that_grows_within_the_hour_is_used() {
    let mut policy = planner();
    policy.decide(&at(24));
    assert_eq!(only(&policy.decide(&situation(&[staircase(5)], 24, BudgetLeft::default()))).train, 5);
}

#[test]
fn the_deadline_narrows_the_view() {
    let left = |hours: f64| BudgetLeft { hours: Some(hours), ..BudgetLeft::default() };
    let decide = |hour, budget| planner().decide(&situation(&[staircase(2)], hour, budget));
    assert_eq!(only(&decide(41, left(8.0))).train, 1, "among the cleaner of the eight hours left");
    assert_eq!(only(&decide(41, left(24.0))).train, 0);
    assert_eq!(only(&decide(40, left(0.0))).rest, 2);
}

#[test]
fn trainings_that_must_be_done_widen_the_share() {
    // 40 trainings of half an hour on two slots need 13 h with the overhead; 16 h are left and half of them would be 8.
    let budget = BudgetLeft { hours: Some(16.0), trainings: Some(40), ..BudgetLeft::default() };
    let decide = |budget| planner().decide(&situation(&[staircase(2)], 41, budget));
    assert_eq!(only(&decide(budget)).train, 2);
    assert_eq!(only(&decide(BudgetLeft { trainings: Some(4), ..budget })).train, 1);
}

#[test]
fn the_cleaner_zone_trains_first() {
    let (clean, dirty) = (synthetic("A", 4, 14, 150.0, 0.0, 1), synthetic("B", 4, 14, 600.0, 0.0, 2));
    let (log, _) = run(&mut planner(), &[clean, dirty], 48, 168, BudgetLeft::default());
    let (a, b) = (trained(&log["A"]), trained(&log["B"]));
    assert!(a > 5.0 * b && a + b > 0.3 * 8.0 * 168.0, "{a} {b}");
    let allocation = planner().decide(&situation(
        &[synthetic("A", 4, 14, 150.0, 0.0, 1), synthetic("B", 4, 14, 600.0, 0.0, 2)],
        60,
        BudgetLeft::default(),
    ));
    assert!(allocation.reason.starts_with("A training 4: "), "{}", allocation.reason);
    assert_eq!(allocation.shares(&Zone::new("A")).train, 4);
}

#[test]
fn a_week_trains_below_the_median_and_gets_its_work_done() {
    for seed in 0..5 {
        let grid = synthetic("T", 2, 16, 400.0, 0.0, seed);
        let (log, _) = run(&mut planner(), &[grid], 48, 168, BudgetLeft::default());
        let (above, below) = trained_above_and_below(&log["T"]);
        assert!(above < 0.7 * below, "seed {seed}: {above} above, {below} below");
        assert!(above + below > 0.4 * 2.0 * 168.0, "seed {seed}: only {} slot-hours", above + below);
        let sampled = log["T"].iter().filter(|hour| hour.shares.sample > 0).count();
        assert!(sampled > 24, "seed {seed}: sampled in {sampled} hours");
    }
}

#[test]
fn a_grid_that_gets_dirtier_does_not_starve_the_search() {
    let grid = synthetic("T", 2, 16, 300.0, 60.0, 3);
    let (log, _) = run(&mut planner(), std::slice::from_ref(&grid), 48, 240, BudgetLeft::default());
    for (day, hours) in log["T"].chunks_exact(24).enumerate() {
        assert!(trained(hours) >= 10.0, "day {day}: {} of 48 slot-hours", trained(hours));
    }
    let mut threshold = build("threshold", &Options::default()).unwrap();
    let (starved, _) = run(threshold.as_mut(), &[grid], 48, 240, BudgetLeft::default());
    assert!(trained(&starved["T"]) < 0.7 * trained(&log["T"]), "a percentile of the past does starve");
}

#[test]
fn budgets_are_spread_over_the_time_left_and_used() {
    for seed in 0..4 {
        let grid = synthetic("T", 2, 16, 400.0, 0.0, seed);
        let (free, _) = run(&mut planner(), std::slice::from_ref(&grid), 48, 168, BudgetLeft::default());
        let all = grams(&free["T"]);
        let cap = all * 0.4;
        let budget = BudgetLeft { carbon: Some(cap), hours: Some(168.0), ..BudgetLeft::default() };
        let (log, left) = run(&mut planner(), std::slice::from_ref(&grid), 48, 168, budget);
        let left = left.carbon.unwrap();
        assert!(left.0 > -0.05 * cap.0, "seed {seed}: overdrawn by {left}");
        assert!(left.0 < 0.2 * cap.0, "seed {seed}: {left} of {cap} never used");
        let last_days = trained(&log["T"][96..]);
        assert!(last_days > 0.2 * trained(&log["T"]), "seed {seed}: nothing was left for the last days");

        let joules = Joules::from_kwh(5.0);
        let budget = BudgetLeft { energy: Some(joules), hours: Some(168.0), ..BudgetLeft::default() };
        let (_, left) = run(&mut planner(), &[grid], 48, 168, budget);
        let left = left.energy.unwrap().kwh();
        assert!((-0.26..1.0).contains(&left), "seed {seed}: {left} kWh of 5 left");
    }
}

/// Before the first training has told its price, no plan holds a cap; a grid that always gets dirtier than foreseen must not keep the
/// study waiting for it, and one that is about to get clean is worth some hours.
#[test]
fn the_first_training_of_a_capped_study_comes_soon() {
    let first = |grid: &Grid, start: usize, deadline: usize| {
        let mut policy = planner();
        (0..deadline).find(|&waited| {
            let budget = BudgetLeft {
                carbon: Some(Grams(1_000.0)),
                hours: Some((deadline - waited) as f64),
                ..BudgetLeft::default()
            };
            let unknown = Situation {
                costs: BTreeMap::new(),
                ..situation(std::slice::from_ref(grid), start + waited, budget)
            };
            let train = only(&policy.decide(&unknown)).train;
            assert!(train <= 1, "one tells as much as eight");
            train == 1
        })
    };
    let rising =
        Grid { name: "T", slots: 8, hours: (0..400).map(|hour| 100.0 + 5.0 * hour as f64).collect() };
    assert_eq!(first(&rising, 48, 24), Some(6));
    assert_eq!(first(&rising, 48, 80), Some(20));
    assert_eq!(first(&rising, 48, 300), Some(24));
    let noons = synthetic("T", 8, 16, 400.0, 0.0, 1);
    let (night, noon) = (first(&noons, 72, 80).unwrap(), first(&noons, 84, 80).unwrap());
    assert!((1..12).contains(&night), "waits for the morning, not for noon: {night} h");
    assert_eq!(noon, 0);
}

#[test]
fn recorded_grids_are_followed() {
    for (zone, most) in [("CISO", 0.5), ("DE", 0.9), ("PJM", 0.9)] {
        let Some(grid) = recorded(zone, 2) else { return };
        let start = grid.hours.len() - 60 * 24;
        let (log, _) = run(&mut planner(), &[grid], start, 28 * 24, BudgetLeft::default());
        let (above, below) = trained_above_and_below(&log[zone]);
        println!("{zone}: {above} slot-hours above the day's median, {below} below");
        assert!(above < most * below, "{zone}: {above} above, {below} below");
        assert!(above + below > 0.35 * 2.0 * 28.0 * 24.0, "{zone}: only {} slot-hours", above + below);
    }
}
