//! Runs what a worked run says, on a table and traces, and gathers the figures under the names that such files use.

use common::energy::Purpose;
use common::unit::Joules;
use serde_json::{Map, Value, json};
use simulation::baseline::{
    Follow, OneShotOnly, Percentile, Place, Planned, Rungs, Split, Switched, Vanilla,
};
use simulation::fleet::{self, Director, Run, Setting};
use simulation::searcher::FixedList;
use simulation::table::{CellId, Level, Table};
use simulation::world::{HourlyTrace, Spent, Task, TraceError};

use super::mode::{Mode, Rest};
use super::recipe::World;

/// Intensities of all zones, where [`told`] has those of the zone that the fleet is in.
pub const BY_ZONE: &str = "hourly_ci_by_zone";

/// The hypervolume after each cell, and what the table has in all.
pub fn path(cells: &[CellId], table: &dyn Table) -> Map<String, Value> {
    let mut front = table.front();
    let after = |cell: &CellId| {
        let objectives = table.row(*cell).objectives(Level::Full);
        front.insert(&objectives, *cell).expect("tables hold numbers only");
        front.hypervolume()
    };
    let hv_after: Vec<f64> = cells.iter().map(after).collect();
    let whole = table.whole_front();
    let members: Vec<u32> = whole.members().iter().map(|member| member.payload.0).collect();
    object(json!({
        "hv_after": hv_after,
        "hvmax": whole.hypervolume(),
        "pareto_cells": members,
        "mean_s_per_epoch": table.mean_epoch_s(),
        "dead_cells": table.rows().iter().filter(|row| row.is_dead).count(),
        "final_hv": front.hypervolume(),
        "final_hv_over_max": front.hypervolume() / whole.hypervolume(),
    }))
}

pub fn play(
    world: &World,
    mode: &Mode,
    cells: Vec<CellId>,
    table: &dyn Table,
    traces: Vec<HourlyTrace>,
) -> Result<Map<String, Value>, TraceError> {
    let zones = traces.into_iter().zip(&world.zones).map(|(trace, (_, slots))| (trace, *slots)).collect();
    let setting = Setting {
        table,
        work: world.work,
        zones,
        start: world.start,
        horizon_hours: world.horizon_hours,
        limit: world.limit,
        target_hypervolume: world.target_hypervolume,
    };
    let director = director(world, mode, cells);
    let director: Box<dyn Director> = match &world.rest {
        None => director,
        Some(Rest::Planned(on)) => Box::new(Switched::new(director, Planned(on.clone()))),
        Some(Rest::Percentile { percentile, hours }) => {
            Box::new(Switched::new(director, Percentile { percentile: *percentile, hours: *hours }))
        }
    };
    let stays = Place::Planned(Vec::new());
    let mut director = Follow::new(director, world.follows.clone().unwrap_or(stays));
    let run = fleet::run(&setting, &mut director)?;
    Ok(told(world, &setting, &run, director.visited()))
}

fn director(world: &World, mode: &Mode, cells: Vec<CellId>) -> Box<dyn Director> {
    let list = FixedList::new(cells.iter().copied());
    match mode {
        Mode::Path | Mode::Vanilla => Box::new(Vanilla::new(list)),
        Mode::Split { training, proxy, queue, block } => {
            let sharing = simulation::baseline::Cycle(training.clone());
            Box::new(Split::new(list, sharing, *proxy, &world.work).queued(*queue, *block))
        }
        Mode::OneShotOnly { proxy, block } => Box::new(OneShotOnly::new(cells, *proxy, *block, &world.work)),
        Mode::Rungs { per_promotion } => Box::new(Rungs::new(list, *per_promotion)),
    }
}

fn told(world: &World, setting: &Setting<'_>, run: &Run, visited: &[usize]) -> Map<String, Value> {
    let name = |zone: usize| world.zones[zone].0.as_str();
    let intensity = |zone: usize, hour: usize| {
        setting.zones[zone].0.at(world.start.plus(hour as i64)).expect("the run covers it").0
    };
    let hours = 0..world.horizon_hours;
    let by_zone = |zone: usize| {
        let hourly: Vec<f64> = hours.clone().map(|hour| intensity(zone, hour)).collect();
        (name(zone).to_owned(), json!(hourly))
    };
    let all_zones = Value::Object((0..world.zones.len()).map(by_zone).collect());
    let present = |hour| intensity(visited.get(hour).or(visited.last()).map_or(0, |zone| *zone), hour);
    let is_apart = world.zones.len() > 1 && world.follows.is_none();
    let hourly_ci =
        if is_apart { all_zones.clone() } else { json!(hours.clone().map(present).collect::<Vec<_>>()) };
    let (hypervolume, most) = (run.front.hypervolume(), setting.table.whole_front().hypervolume());
    let mut told = object(json!({
        "events": run.finished.iter().map(|finished| json!({
            "t_s": finished.at_s,
            "gpu": finished.slot,
            "kind": kind(&finished.task),
            "cells": finished.task.cells().iter().map(|cell| cell.0).collect::<Vec<_>>(),
            "hv": finished.hypervolume,
        })).collect::<Vec<_>>(),
        "hourly_ci": hourly_ci,
        "cumulative_kwh": run.hourly.iter().map(|spent| spent.joules.kwh()).collect::<Vec<_>>(),
        "cumulative_g": run.hourly.iter().map(|spent| spent.grams.0).collect::<Vec<_>>(),
        "kwh_by_kind": run.by_purpose.iter().map(|(purpose, joules)| (drawn_for(*purpose).to_owned(), kwh(*joules)))
            .collect::<Map<_, _>>(),
        "final_hv": hypervolume,
        "final_hv_over_max": hypervolume / most,
        "total_kwh": run.spent.joules.kwh(),
        "total_g": run.spent.grams.0,
    }));
    if world.zones.len() > 1 {
        let sums = |spent: &Spent| json!({ "kwh": spent.joules.kwh(), "g": spent.grams.0 });
        let by_zone = |figure: fn(&Spent) -> f64| -> Value {
            let zones = run.zones.iter().enumerate();
            Value::Object(zones.map(|(zone, spent)| (name(zone).to_owned(), json!(figure(spent)))).collect())
        };
        told.insert("kwh_by_zone".into(), by_zone(|spent| spent.joules.kwh()));
        told.insert("g_by_zone".into(), by_zone(|spent| spent.grams.0));
        told.extend(run.zones.iter().enumerate().map(|(zone, spent)| (name(zone).to_owned(), sums(spent))));
    }
    if world.follows.is_some() {
        // Some files tell the present hour's, some all zones'.
        told.insert(BY_ZONE.into(), all_zones);
        let names: Vec<&str> = visited.iter().map(|zone| name(*zone)).collect();
        told.insert("moves".into(), json!(names.windows(2).filter(|pair| pair[0] != pair[1]).count()));
        told.insert("zone_by_hour".into(), json!(names));
        told.insert("zone_per_hour".into(), json!(names));
    }
    told
}

fn kwh(joules: Joules) -> Value {
    json!(joules.kwh())
}

/// As these files call a task.
fn kind(task: &Task) -> &'static str {
    drawn_for(task.purpose())
}

fn drawn_for(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Idle => "idle",
        Purpose::Supernet => "super",
        Purpose::OneShot => "proxy",
        Purpose::Rung => "short",
        Purpose::Full => "full",
    }
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}
