//! What every baseline owes: no more slots than there are, no look into the future, one seed one run.

use std::cell::RefCell;
use std::rc::Rc;

use common::fidelity::Role;
use common::seed::Seed;
use common::time::GridHour;
use simulation::baseline::{BASELINES, BuildError, Follow, Future, Parts, Place, build, find};
use simulation::fleet::{Director, Finished, Hour, Run, Setting, Shares, run};
use simulation::searcher::{self, Random, Searcher};
use simulation::table::{FormulaTable, Level, Table};
use simulation::world::{HourlyTrace, Limit, Task, Work};

const HOURS: usize = 30;
const SLOTS: u32 = 5;
/// After a week of past.
const START: GridHour = GridHour(200);
const CHANGED_FROM: usize = 16;

/// Eight days of a grid with sun, of which the hours from `CHANGED_FROM` after the start on are `other`.
fn trace(other: bool) -> HourlyTrace {
    let value = |hour: i64| {
        let change = if other && hour >= START.0 + CHANGED_FROM as i64 { 400.0 } else { 0.0 };
        let at = hour as f64;
        (300.0 + 150.0 * (at / 24.0 * std::f64::consts::TAU).sin() + 20.0 * (at / 5.0).cos() - change).abs()
    };
    HourlyTrace::new("DE".into(), GridHour(0), (0..START.0 + HOURS as i64).map(value)).unwrap()
}

/// Passes a director's answers on, and remembers the roles it asked for.
struct Watched {
    inner: Box<dyn Director>,
    asked: Rc<RefCell<Vec<Vec<Shares>>>>,
}

impl Director for Watched {
    fn roles(&mut self, hour: &Hour<'_>) -> Vec<Shares> {
        let shares = self.inner.roles(hour);
        self.asked.borrow_mut().push(shares.clone());
        shares
    }
    fn next(&mut self, role: Role, table: &dyn Table) -> Option<Task> {
        self.inner.next(role, table)
    }
    fn on_finished(&mut self, finished: &Finished, table: &dyn Table) {
        self.inner.on_finished(finished, table);
    }
    fn on_abandoned(&mut self, task: Task) {
        self.inner.on_abandoned(task);
    }
}

fn parts<'a>(table: &'a dyn Table, first: Level, seed: u64, future: Option<Future<'a>>) -> Parts<'a> {
    let searcher = searcher::named("random", Seed(seed), first, 1).unwrap();
    Parts { table, work: Work::default(), seed: Seed(seed), searcher, future }
}

fn played(name: &str, trace: &HourlyTrace, seed: u64, table: &dyn Table) -> (Run, Vec<Vec<Shares>>) {
    let future = Future { trace, start: START, horizon_hours: HOURS, work_hours: 12.0 };
    let (baseline, _) = find(name).unwrap();
    // Whoever is no oracle must do without.
    let inner =
        build(name, parts(table, baseline.first, seed, baseline.is_oracle.then_some(future))).unwrap();
    let asked = Rc::new(RefCell::new(Vec::new()));
    let mut director = Watched { inner, asked: asked.clone() };
    let (work, limit, zones) = (Work::default(), Limit::default(), vec![(trace.clone(), SLOTS)]);
    let setting =
        Setting { table, work, zones, start: START, horizon_hours: HOURS, limit, target_hypervolume: None };
    let run = run(&setting, &mut director).unwrap();
    let asked = asked.borrow().clone();
    (run, asked)
}

/// What had finished before the future changed.
fn past(run: &Run) -> Vec<Finished> {
    let border_s = CHANGED_FROM as f64 * 3600.0;
    run.finished.iter().filter(|finished| finished.at_s <= border_s).cloned().collect()
}

#[test]
fn every_baseline_is_lawful() {
    let table = FormulaTable::new(Seed(1));
    for baseline in BASELINES {
        let name = baseline.name;
        let (first, asked) = played(name, &trace(false), 1, &table);
        assert!(!first.finished.is_empty(), "{name} does something");
        assert_eq!(asked.len(), HOURS, "{name}");
        for shares in &asked {
            let sum: u32 = shares.iter().map(|shares| shares.train + shares.score).sum();
            assert!(sum <= SLOTS && shares.len() <= 1, "{name}: {shares:?}");
        }
        let (again, _) = played(name, &trace(false), 1, &table);
        assert_eq!((&first.finished, first.spent), (&again.finished, again.spent), "{name}");

        let (changed, asked_then) = played(name, &trace(true), 1, &table);
        let is_blind = past(&first) == past(&changed) && asked[..CHANGED_FROM] == asked_then[..CHANGED_FROM];
        let knows_hours = ["cleanest-hours", "offline-oracle"].contains(&name);
        assert_eq!(is_blind, !knows_hours, "{name} must not see what is to come, unless that is its point");
        assert!(baseline.is_oracle || is_blind, "{name}");

        let chooses_itself = ["one-shot-only", "choice-oracle"].contains(&name);
        let (other, _) = played(name, &trace(false), 2, &table);
        assert_eq!(first.finished == other.finished, chooses_itself, "{name}: another seed, another search");
    }
}

#[test]
fn what_can_not_be_built_says_why() {
    let table = FormulaTable::new(Seed(1));
    let refused = |name: &str, phrase: &str| {
        let error = build(name, parts(&table, Level::Full, 1, None)).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(phrase), "{error} lacks {phrase}");
    };
    refused("vanila", "did you mean `vanilla`?");
    refused("vanilla:3", "it has none");
    refused("split:many", "percent of the slots that train");
    refused("split:101", "`101` is no parameter of the baseline split");
    refused("rungs:0", "short trainings for each full one");
    refused("offline-oracle", "is an oracle: tell it the hours to come");
    let unreachable = build("choice-oracle:100", parts(&table, Level::Full, 1, None));
    assert!(unreachable.is_ok() || matches!(unreachable, Err(BuildError::Unreachable { .. })));
    assert_eq!(find("split:25").unwrap().1, 25.0);
    assert_eq!(find("rungs").unwrap().1, 8.0);
}

#[test]
fn parameters_change_what_they_say() {
    let table = FormulaTable::new(Seed(1));
    let on = |name: &str| {
        let (_, asked) = played(name, &trace(false), 1, &table);
        let trains = |shares: &Vec<Shares>| shares.iter().map(|shares| shares.train).sum::<u32>();
        asked.iter().map(trains).collect::<Vec<_>>()
    };
    assert_eq!(on("split:20"), vec![1; HOURS]);
    assert_eq!(on("split:100"), vec![SLOTS; HOURS]);
    assert_eq!(on("cleanest-hours:5").iter().filter(|&&train| train > 0).count(), 10);
    let fewer = on("suspend-resume:20").iter().sum::<u32>();
    assert!(fewer < on("suspend-resume:80").iter().sum());
    assert!(on("action-table").iter().collect::<std::collections::BTreeSet<_>>().len() > 2);
    assert!(on("linear-split").iter().collect::<std::collections::BTreeSet<_>>().len() > 2);
}

#[test]
fn a_following_fleet_is_in_the_cleaner_zone() {
    let table = FormulaTable::new(Seed(1));
    let level = |values: [f64; 4]| HourlyTrace::new("A".into(), START, values).unwrap();
    // Equals go to the first named.
    let zones = vec![(level([1.0, 5.0, 5.0, 9.0]), 3), (level([2.0, 4.0, 5.0, 1.0]), 0)];
    let searcher: Box<dyn Searcher> = Box::new(Random::new(Seed(1)));
    let parts = Parts { searcher, ..parts(&table, Level::Full, 1, None) };
    let mut follow = Follow::new(build("vanilla", parts).unwrap(), Place::Cleanest);
    let (work, limit) = (Work::default(), Limit::default());
    let setting = Setting {
        table: &table,
        work,
        zones,
        start: START,
        horizon_hours: 4,
        limit,
        target_hypervolume: None,
    };
    let run = run(&setting, &mut follow).unwrap();
    assert_eq!(follow.visited(), [0, 1, 0, 1]);
    for (zone, grams) in run.zones.iter().zip([0.75 * 6.0, 0.75 * 5.0]) {
        assert!((zone.joules.kwh() - 1.5).abs() < 1e-9 && (zone.grams.0 - grams).abs() < 1e-9, "{zone:?}");
    }
}
