//! Worked runs of an independent implementation, reproduced: times, slots, cells, hypervolumes, kilowatt-hours and grams.

mod support;

use std::fs::File;
use std::io::BufReader;
use std::num::NonZeroUsize;

use common::energy::Purpose;
use common::time::GridHour;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use simulation::baseline::{Cycle, OneShotOnly, Percentile, Planned, Proxy, Split, Vanilla};
use simulation::fleet::{self, Director, End, Run, Setting};
use simulation::searcher::FixedList;
use simulation::table::{CellId, Level, NasBench201Table, Table};
use simulation::world::{HourlyTrace, Limit, Task, Work};

const TOLERANCE: f64 = 1e-6;
/// 2021-07-02T06:00Z.
const START: GridHour = GridHour(451_446);

#[derive(Debug, Deserialize)]
struct Path {
    cells: Vec<u32>,
    hv_after: Vec<f64>,
    hvmax: f64,
    pareto_cells: Vec<u32>,
    mean_s_per_epoch: f64,
    dead_cells: usize,
}

#[derive(Debug, Deserialize)]
struct Golden {
    start: String,
    gpus: u32,
    horizon_h: usize,
    inputs: Inputs,
    events: Vec<Event>,
    hourly_ci: Vec<f64>,
    cumulative_kwh: Vec<f64>,
    cumulative_g: Vec<f64>,
    kwh_by_kind: Kinds,
    final_hv: f64,
}

#[derive(Debug, Deserialize)]
struct Inputs {
    cells: Vec<u32>,
    on: Option<Vec<bool>>,
    training_gpus_per_hour: Option<Vec<u32>>,
    queue_cap: Option<usize>,
    block: Option<NonZeroUsize>,
}

#[derive(Debug, Deserialize)]
struct Event {
    t_s: f64,
    gpu: usize,
    kind: String,
    cells: Vec<u32>,
    hv: f64,
}

#[derive(Debug, Deserialize)]
struct Kinds {
    idle: f64,
    full: f64,
    short: f64,
    #[serde(rename = "super")]
    supernet: f64,
    proxy: f64,
}

#[derive(Debug, Deserialize)]
struct Zones {
    #[serde(rename = "CISO")]
    ciso: Sums,
    #[serde(rename = "DE")]
    de: Sums,
    total_g: f64,
}

#[derive(Debug, Deserialize)]
struct Sums {
    kwh: f64,
    g: f64,
}

/// The largest relative error of all figures compared.
#[derive(Debug, Default)]
struct Comparison {
    worst: f64,
    count: usize,
}

impl Comparison {
    fn close(&mut self, found: f64, expected: f64, what: &str) {
        let error = (found - expected).abs() / expected.abs().max(1e-9);
        let error = if found == expected { 0.0 } else { error };
        assert!(error <= TOLERANCE, "{what}: {found} instead of {expected}");
        self.worst = self.worst.max(error);
        self.count += 1;
    }

    fn report(&self, name: &str) {
        println!("{name}: {} figures, largest relative error {:.1e}", self.count, self.worst);
    }
}

fn golden<T: DeserializeOwned>(name: &str) -> Option<T> {
    let path = support::data(&format!("golden/{name}.json"))?;
    Some(serde_json::from_reader(BufReader::new(File::open(path).unwrap())).unwrap())
}

fn trace(zone: &str) -> Option<HourlyTrace> {
    let path = support::data(&format!("carbon/{zone}.csv.gz"))?;
    Some(HourlyTrace::read(&path, zone.into(), "ci_direct").unwrap())
}

fn list(cells: &[u32]) -> FixedList {
    FixedList::new(cells.iter().copied().map(CellId))
}

fn setting<'a>(
    table: &'a NasBench201Table,
    zones: Vec<(HourlyTrace, u32)>,
    horizon_hours: usize,
) -> Setting<'a> {
    let (work, limit) = (Work::default(), Limit::default());
    Setting { table, work, zones, start: START, horizon_hours, limit, target_hypervolume: None }
}

fn check(name: &str, golden: &Golden, table: &NasBench201Table, director: &mut dyn Director) -> Option<Run> {
    let ciso = trace("CISO")?;
    assert_eq!(golden.start, "2021-07-02T06:00");
    assert_eq!(START.to_string(), "2021-07-02T06:00Z");
    let mut compared = Comparison::default();
    for (hour, intensity) in golden.hourly_ci.iter().enumerate() {
        let found = ciso.at(START.plus(hour as i64)).unwrap().0;
        compared.close(found, *intensity, &format!("intensity of hour {hour}"));
    }
    let run = fleet::run(&setting(table, vec![(ciso, golden.gpus)], golden.horizon_h), director).unwrap();
    assert_eq!(run.end, End::Horizon);
    assert_eq!(run.finished.len(), golden.events.len(), "finished tasks");
    for (index, (found, expected)) in run.finished.iter().zip(&golden.events).enumerate() {
        let what = format!("event {index}");
        assert_eq!(found.slot, expected.gpu, "{what}");
        let cells: Vec<u32> = found.task.cells().iter().map(|cell| cell.0).collect();
        assert_eq!((kind(&found.task), &cells), (expected.kind.as_str(), &expected.cells), "{what}");
        compared.close(found.at_s, expected.t_s, &what);
        compared.close(found.hypervolume, expected.hv, &what);
    }
    assert_eq!(run.hourly.len(), golden.cumulative_kwh.len());
    for (hour, spent) in run.hourly.iter().enumerate() {
        compared.close(spent.joules.kwh(), golden.cumulative_kwh[hour], &format!("kWh at hour {hour}"));
        compared.close(spent.grams.0, golden.cumulative_g[hour], &format!("g at hour {hour}"));
    }
    let kinds = &golden.kwh_by_kind;
    for (purpose, expected) in [
        (Purpose::Full, kinds.full),
        (Purpose::Idle, kinds.idle),
        (Purpose::Rung, kinds.short),
        (Purpose::Supernet, kinds.supernet),
        (Purpose::OneShot, kinds.proxy),
    ] {
        compared.close(run.by_purpose[&purpose].kwh(), expected, &format!("kWh for {purpose:?}"));
    }
    compared.close(run.front.hypervolume(), golden.final_hv, "final hypervolume");
    compared.report(name);
    Some(run)
}

fn kind(task: &Task) -> &'static str {
    match task {
        Task::Full(_) => "full",
        Task::Short(_) => "short",
        Task::Supernet | Task::SubSupernet(_) => "super",
        Task::Score(_) => "proxy",
    }
}

#[test]
fn g0_the_hypervolume_path() {
    let (Some(table), Some(golden)) = (support::nas_bench_201(), golden::<Path>("g0_hv")) else { return };
    let mut compared = Comparison::default();
    let mut front = table.front();
    for (&cell, &expected) in golden.cells.iter().zip(&golden.hv_after) {
        let cell = CellId(cell);
        front.insert(&table.row(cell).objectives(Level::Full), cell).unwrap();
        compared.close(front.hypervolume(), expected, &format!("after cell {cell}"));
    }
    let whole = table.whole_front();
    compared.close(whole.hypervolume(), golden.hvmax, "the most possible");
    compared.close(table.mean_epoch_s(), golden.mean_s_per_epoch, "mean seconds of an epoch");
    let mut members: Vec<u32> = whole.members().iter().map(|member| member.payload.0).collect();
    let mut expected = golden.pareto_cells.clone();
    members.sort_unstable();
    expected.sort_unstable();
    assert_eq!(members, expected);
    assert_eq!(table.rows().iter().filter(|row| row.is_dead).count(), golden.dead_cells);
    compared.report("g0");
}

#[test]
fn g1_vanilla_over_a_list() {
    let (Some(table), Some(golden)) = (support::nas_bench_201(), golden::<Golden>("g1_vanilla")) else {
        return;
    };
    check("g1", &golden, &table, &mut Vanilla::new(list(&golden.inputs.cells)));
}

#[test]
fn g2_suspend_and_resume() {
    let (Some(table), Some(golden)) = (support::nas_bench_201(), golden::<Golden>("g2_suspend_resume"))
    else {
        return;
    };
    let on = golden.inputs.on.clone().expect("the hours in which the fleet is on");
    check("g2, planned", &golden, &table, &mut Vanilla::switched(list(&golden.inputs.cells), Planned(on)));
    let median = Percentile { percentile: 50.0, hours: 168 };
    check("g2, by the rule", &golden, &table, &mut Vanilla::switched(list(&golden.inputs.cells), median));
}

#[test]
fn g4_half_of_the_slots_beside_a_few_shot_pool() {
    let (Some(table), Some(golden)) = (support::nas_bench_201(), golden::<Golden>("g4_static50")) else {
        return;
    };
    let shares = Cycle(golden.inputs.training_gpus_per_hour.clone().expect("training slots"));
    let split = Split::new(list(&golden.inputs.cells), shares, Proxy::FewShot, &Work::default());
    let limit = golden.inputs.queue_cap.expect("the length of the queue");
    check("g4", &golden, &table, &mut split.queued(limit, NonZeroUsize::MIN));
}

#[test]
fn g5_everything_scored_first() {
    let (Some(table), Some(golden)) = (support::nas_bench_201(), golden::<Golden>("g5_oneshot_only")) else {
        return;
    };
    let cells = golden.inputs.cells.iter().copied().map(CellId).collect();
    let block = golden.inputs.block.expect("cells scored at once");
    check("g5", &golden, &table, &mut OneShotOnly::new(cells, Proxy::FewShot, block, &Work::default()));
}

#[test]
fn g7_two_zones_side_by_side() {
    let (Some(table), Some(one)) = (support::nas_bench_201(), golden::<Golden>("g1_vanilla")) else { return };
    let (Some(golden), Some(ciso), Some(de)) = (golden::<Zones>("g7_two_zones"), trace("CISO"), trace("DE"))
    else {
        return;
    };
    let setting = setting(&table, vec![(ciso, 4), (de, 4)], one.horizon_h);
    let run = fleet::run(&setting, &mut Vanilla::new(list(&one.inputs.cells))).unwrap();
    let mut compared = Comparison::default();
    compared.close(run.zones[0].joules.kwh(), golden.ciso.kwh, "kWh in CISO");
    compared.close(run.zones[0].grams.0, golden.ciso.g, "g in CISO");
    compared.close(run.zones[1].joules.kwh(), golden.de.kwh, "kWh in DE");
    compared.close(run.zones[1].grams.0, golden.de.g, "g in DE");
    compared.close(run.spent.grams.0, golden.total_g, "g in all");
    compared.report("g7");
}
