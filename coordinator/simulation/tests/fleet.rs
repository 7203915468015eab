//! The rules of a fleet, one tiny case each, in a world small enough to reckon by hand.

use std::collections::VecDeque;

use common::architecture::Architecture;
use common::energy::Purpose;
use common::fidelity::Role;
use common::space::nas_bench_201::{Nodes, Skeleton};
use common::space::{NasBench201, SearchSpace, SpaceSpec};
use common::time::GridHour;
use common::unit::{Grams, Joules};
use simulation::fleet::{Director, End, Finished, Hour, Run, Setting, Shares, run};
use simulation::table::conformance::check_table;
use simulation::table::{CellId, Row, Table};
use simulation::world::{HourlyTrace, Limit, Spent, Task, Work};

const SKELETON: Skeleton =
    Skeleton { channels: 4, cells_per_stage: 1, input: [3, 8, 8], classes: 2, nodes: Nodes::Four };

/// A few chains of operations whose epochs take what the case needs.
#[derive(Debug)]
struct Few {
    space: NasBench201,
    rows: Vec<Row>,
}

impl Few {
    fn new(epochs_s: &[f64]) -> Self {
        let row = |(index, &epoch_s): (usize, &f64)| {
            let gene = index as u32 + 1;
            let architecture = Architecture::new(vec![0, 0, 0, gene, 0, 0]);
            let (accuracy, energy_mj) = (50.0 + 10.0 * f64::from(gene), 10.0 * f64::from(gene));
            Row { architecture, accuracy_percent: [accuracy; 4], epoch_s, energy_mj, is_dead: false }
        };
        Self { space: NasBench201::new(SKELETON), rows: epochs_s.iter().enumerate().map(row).collect() }
    }
}

impl Table for Few {
    fn name(&self) -> &str {
        "few"
    }
    fn space_spec(&self) -> SpaceSpec {
        SpaceSpec::NasBench201(SKELETON)
    }
    fn space(&self) -> &dyn SearchSpace {
        &self.space
    }
    fn rows(&self) -> &[Row] {
        &self.rows
    }
    fn find(&self, architecture: &Architecture) -> Option<CellId> {
        let index = self.rows.iter().position(|row| row.architecture == *architecture)?;
        Some(CellId(index as u32))
    }
    fn epochs(&self) -> (u32, u32) {
        (12, 200)
    }
    fn reference_mj(&self) -> f64 {
        50.0
    }
}

/// Plays a plan: shares by hour, work by role.
#[derive(Debug, Default)]
struct Script {
    shares: Vec<Shares>,
    train: VecDeque<Task>,
    score: VecDeque<Task>,
    abandoned: usize,
}

impl Director for Script {
    fn roles(&mut self, hour: &Hour<'_>) -> Vec<Shares> {
        hour.slots().map(|_| self.shares[hour.index]).collect()
    }
    fn next(&mut self, role: Role, _: &dyn Table) -> Option<Task> {
        if role == Role::Train { self.train.pop_front() } else { self.score.pop_front() }
    }
    fn on_finished(&mut self, _: &Finished, _: &dyn Table) {}
    fn on_abandoned(&mut self, task: Task) {
        self.abandoned += 1;
        self.score.push_front(task);
    }
}

fn play(table: &Few, slots: u32, work: Work, limit: Limit, script: &mut Script) -> Run {
    let hours = script.shares.len();
    let trace =
        HourlyTrace::new("DE".into(), GridHour(0), (0..hours).map(|hour| 100.0 * (hour + 1) as f64)).unwrap();
    let zones = vec![(trace, slots)];
    let start = GridHour(0);
    let setting =
        Setting { table, work, zones, start, horizon_hours: hours, limit, target_hypervolume: None };
    run(&setting, script).unwrap()
}

fn script(shares: &[(u32, u32)], train: &[Task], score: &[Task]) -> Script {
    Script {
        shares: shares.iter().map(|&(train, score)| Shares { train, score }).collect(),
        train: train.iter().cloned().collect(),
        score: score.iter().cloned().collect(),
        abandoned: 0,
    }
}

fn full(cell: u32) -> Task {
    Task::Full(CellId(cell))
}

/// When each task finished, by slot.
fn times(run: &Run) -> Vec<(f64, usize)> {
    run.finished.iter().map(|finished| (finished.at_s, finished.slot)).collect()
}

#[test]
fn the_small_world_is_a_table() {
    check_table(&Few::new(&[18.0, 9.0, 1.0, 2.0]));
}

#[test]
fn a_task_that_ends_on_the_border_is_finished_and_the_next_begins() {
    let table = Few::new(&[18.0, 9.0]);
    let run = play(
        &table,
        1,
        Work::default(),
        Limit::default(),
        &mut script(&[(1, 0); 2], &[full(0), full(1)], &[]),
    );
    assert_eq!(times(&run), [(3600.0, 0), (5400.0, 0)]);
    assert_eq!(run.end, End::Horizon);
    assert_eq!(run.by_purpose[&Purpose::Full].kwh(), 0.25 * 1.5);
    assert_eq!(run.by_purpose[&Purpose::Idle].kwh(), 0.04 * 0.5, "no work, but powered");
    let grams: f64 = run.hourly.last().unwrap().grams.0;
    assert!((grams - (25.0 + 0.2 * (125.0 + 20.0))).abs() < 1e-9, "{grams}");
    // 60 % at 10 mJ, then 70 % at 20 mJ, up to 50 mJ.
    assert_eq!(run.finished[0].hypervolume, 60.0 * 40.0);
    assert!((run.finished[1].hypervolume - (60.0 * 10.0 + 70.0 * 30.0)).abs() < 1e-9);
    assert_eq!(run.spent_to(2500.0), Some(run.finished[1].spent));
    assert_eq!(run.hypervolume_within(&Limit { joules: Some(Joules::from_kwh(0.3)), grams: None }), 2400.0);
}

#[test]
fn a_suspended_training_goes_on_where_it_was_after_thirty_seconds() {
    let table = Few::new(&[27.0]);
    let shares = [(1, 0), (0, 0), (1, 0)];
    let run = play(&table, 1, Work::default(), Limit::default(), &mut script(&shares, &[full(0)], &[]));
    // An hour done of one and a half; an hour off; thirty seconds to resume; the other half hour.
    assert_eq!(times(&run), [(7200.0 + 30.0 + 1800.0, 0)]);
    assert_eq!(run.hourly[2], run.hourly[1], "off is off");
}

#[test]
fn an_interrupted_resumption_is_paid_again_and_gains_nothing() {
    let table = Few::new(&[27.0]);
    let work = Work { resume_s: 4000.0, ..Work::default() };
    let shares = [(1, 0), (0, 0), (1, 0), (0, 0), (1, 0), (1, 0), (1, 0)];
    let run = play(&table, 1, work, Limit::default(), &mut script(&shares, &[full(0)], &[]));
    assert_eq!(times(&run), [(4.0 * 3600.0 + 4000.0 + 1800.0, 0)]);
}

#[test]
fn the_first_suspended_comes_before_new_work() {
    let table = Few::new(&[27.0, 27.0, 1.0]);
    let shares = [(2, 0), (1, 0), (2, 0)];
    let mut script = script(&shares, &[full(0), full(1), full(2)], &[]);
    let run = play(&table, 2, Work::default(), Limit::default(), &mut script);
    // Slot 1 loses cell 1; slot 0 finishes cell 0 and resumes cell 1; back in hour two, slot 1 takes what is new.
    let cells: Vec<u32> = run.finished.iter().map(|finished| finished.task.cells()[0].0).collect();
    assert_eq!(cells, [0, 1, 2]);
    assert_eq!(times(&run), [(5400.0, 0), (7230.0, 0), (7400.0, 1)]);
}

#[test]
fn scoring_is_abandoned_and_its_energy_stays_charged() {
    let table = Few::new(&[27_000.0]);
    let score = Task::Score(vec![CellId(0)]);
    let mut script = script(&[(0, 1), (0, 0), (0, 1)], &[], &[score]);
    let run = play(&table, 1, Work::default(), Limit::default(), &mut script);
    // A fifteenth of an epoch fits into the first hour.
    assert_eq!(times(&run), [(1800.0, 0)]);
    // An hour and a half does not.
    let table = Few::new(&[81_000.0]);
    let mut script = self::script(&[(0, 1), (0, 0), (0, 1)], &[], &[Task::Score(vec![CellId(0)])]);
    let run = play(&table, 1, Work::default(), Limit::default(), &mut script);
    assert_eq!((run.finished.len(), script.abandoned), (0, 1));
    assert!((run.by_purpose[&Purpose::OneShot].kwh() - 0.4).abs() < 1e-9, "two hours of 200 W, both in vain");
}

#[test]
fn equal_times_finish_in_the_order_of_slots() {
    let table = Few::new(&[9.0, 9.0, 9.0]);
    let mut script = script(&[(3, 0)], &[full(0), full(1), full(2)], &[]);
    let run = play(&table, 3, Work::default(), Limit::default(), &mut script);
    assert_eq!(times(&run), [(1800.0, 0), (1800.0, 1), (1800.0, 2)]);
}

#[test]
fn shares_beyond_the_slots_are_cut() {
    let table = Few::new(&[9.0]);
    let run = play(&table, 2, Work::default(), Limit::default(), &mut script(&[(9, 9)], &[full(0)], &[]));
    assert_eq!(run.finished.len(), 1);
    assert!((run.by_purpose[&Purpose::Idle].kwh() - 0.04 * 1.5).abs() < 1e-12);
}

#[test]
fn a_limit_ends_the_study_not_a_gram_later() {
    let table = Few::new(&[100.0]);
    let limit = Limit { joules: None, grams: Some(Grams(30.0)) };
    let run = play(&table, 1, Work::default(), limit, &mut script(&[(1, 0); 3], &[full(0)], &[]));
    assert_eq!(run.end, End::Limit);
    // 25 g in the first hour, then 50 g an hour.
    assert!((run.end_s - (3600.0 + 360.0)).abs() < 1e-6, "{}", run.end_s);
    let Spent { grams, .. } = run.spent;
    assert!((grams.0 - 30.0).abs() < 1e-9, "{grams}");
}
