//! What a worked run says: its world and what the fleet does in it. Meaning is given here; [`super::fields`] knows the names.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use common::time::GridHour;
use common::unit::{Grams, Joules, Watts};
use coordinator::carbon::parse_time;
use coordinator::command::Usage;
use serde_json::{Map, Value};
use simulation::baseline::Place;
use simulation::table::CellId;
use simulation::world::{Limit, Work};

use super::fields::{Fields, list, number, refuse, text, whole};
use super::mode::{Mode, Rest, recognise};
use super::zones::{self, Zones};

/// Fields that a run leads to.
pub const RESULTS: [&str; 19] = [
    "events",
    "hourly_ci",
    "cumulative_kwh",
    "cumulative_g",
    "kwh_by_kind",
    "final_hv",
    "final_hv_over_max",
    "hv_after",
    "hvmax",
    "pareto_cells",
    "mean_s_per_epoch",
    "dead_cells",
    "total_g",
    "total_kwh",
    "kwh_by_zone",
    "g_by_zone",
    "zone_by_hour",
    "zone_per_hour",
    "moves",
];
/// What a run that takes over another's cells needs besides them, where it does not say.
const WORLD: [&str; 8] =
    ["cells", "gpus", "horizon_h", "power_w", "overhead_s", "intensity", "start", "zone"];

#[derive(Debug)]
pub struct Recipe {
    pub name: String,
    /// None stands for all of the table.
    pub cells: Option<Vec<CellId>>,
    pub mode: Mode,
    /// None where only the order of cells counts.
    pub world: Option<World>,
    /// Results that the file holds.
    pub expected: Map<String, Value>,
    /// Fields that are neither settings nor results we know.
    pub left_out: Vec<String>,
}

#[derive(Debug)]
pub struct World {
    pub zones: Vec<(String, u32)>,
    pub follows: Option<Place>,
    pub start: GridHour,
    pub column: String,
    pub horizon_hours: usize,
    pub work: Work,
    pub limit: Limit,
    pub target_hypervolume: Option<f64>,
    pub rest: Option<Rest>,
}

pub fn read(path: &Path) -> Result<Recipe> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("{shown} can't be read"))?;
    Ok(understand(&text, path).map_err(|error| Usage(format!("{shown}: {error:#}")))?)
}

fn understand(text: &str, path: &Path) -> Result<Recipe> {
    let mut fields = Fields::parse(text)?;
    complete(&mut fields, path)?;
    let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let name = fields.name().map_or(stem, str::to_owned);
    let cells = cells(&mut fields)?;
    let is_path = ["hv_after", "pareto_cells", "mean_s_per_epoch"]
        .iter()
        .any(|result| fields.top().contains_key(*result))
        && !fields.top().contains_key("start");
    let (mode, world, zone_names) = if is_path {
        (Mode::Path, None, Vec::new())
    } else {
        let (mode, rest) = recognise(&mut fields)?;
        let zones = zones::read(&mut fields, text)?;
        let names = zones.slots.iter().map(|(zone, _)| zone.clone()).collect();
        (mode, Some(world(&mut fields, zones, rest)?), names)
    };
    let results: Vec<&str> =
        RESULTS.into_iter().chain(zone_names.iter().map(|zone: &String| zone.as_str())).collect();
    let (expected, left_out) = fields.finish(&results)?;
    Ok(Recipe { name, cells, mode, world, expected, left_out })
}

/// Takes over what the file has "as g1": the settings of the file beside it whose name begins so.
fn complete(fields: &mut Fields, path: &Path) -> Result<()> {
    let cells = fields.any(&["cells"]);
    let Some((name, value)) = cells else { return Ok(()) };
    let said = value.as_str().filter(|text| *text != "all");
    let Some(other) = said.and_then(|text| text.split_whitespace().next_back()) else {
        fields.put(name, value);
        return Ok(());
    };
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).with_context(|| format!("{} can't be read", folder.display()))?;
    let is_other = |found: &Path| {
        let stem = found.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let is_json = found.extension().is_some_and(|ending| ending == "json");
        is_json && (stem == other || stem.starts_with(&format!("{other}_")))
    };
    let mut found: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|found| is_other(found));
    found.sort();
    let Some(found) = found.first() else {
        let folder = folder.display();
        bail!(Usage(format!("`cells` are as those of {other}, but there is no {other}.json in {folder}")))
    };
    let text =
        std::fs::read_to_string(found).with_context(|| format!("{} can't be read", found.display()))?;
    let mut named = Fields::parse(&text).with_context(|| format!("{}", found.display()))?;
    // Twice removed is too far: the file named must have cells of its own.
    let (name, cells) = named.any(&["cells"]).context("the file named has no cells")?;
    ensure!(cells.is_array(), refuse(&name, "a list of whole numbers", &cells));
    named.put(name, cells);
    named.drop_results(&RESULTS);
    if !zones::summed_up(fields).is_empty() {
        named.any(&["zone"]);
    }
    let is_alike = fields.remarks().contains(&format!("as {other}"));
    fields.complete(named, (!is_alike).then_some(&WORLD));
    Ok(())
}

fn cells(fields: &mut Fields) -> Result<Option<Vec<CellId>>> {
    let Some((name, value)) = fields.any(&["cells", "cell_list", "list", "candidates"]) else {
        bail!("`cells` is missing: the numbers of the cells, in the order in which they are proposed")
    };
    if value.as_str() == Some("all") {
        return Ok(None);
    }
    let cell = |(place, value): (usize, &Value)| whole(&format!("{name}[{place}]"), value, 0).map(CellId);
    list(&name, &value)?.iter().enumerate().map(cell).collect::<Result<_>>().map(Some)
}

fn world(fields: &mut Fields, zones: Zones, rest: Option<Rest>) -> Result<World> {
    let (name, value) = fields
        .any(&["start", "start_utc", "begin", "t0"])
        .context("`start` is missing: a whole hour in UTC, such as 2021-07-02T06:00")?;
    let time = parse_time(text(&name, &value)?).map_err(|_| refuse(&name, "a time", &value))?;
    let start = time.hour();
    ensure!(start.start() == time, refuse(&name, "a whole hour in UTC", &value));
    let (name, value) = fields
        .any(&["horizon_h", "horizon_hours", "horizon", "hours", "duration_h", "deadline_h"])
        .context("`horizon_h` is missing: hours after which the study ends")?;
    let horizon_hours = whole(&name, &value, 1)? as usize;
    let column = match fields.any(&["intensity", "intensity_column", "ci_column", "column", "ci"]) {
        Some((name, value)) => text(&name, &value)?.to_owned(),
        None => "ci_direct".to_owned(),
    };
    let mut cap = |names: &[&'static str]| -> Result<Option<f64>> {
        let found = fields.any(names);
        found.map(|(name, value)| number(&name, &value, "a number above 0", |cap| cap > 0.0)).transpose()
    };
    let limit = Limit {
        joules: cap(&["budget_kwh", "cap_kwh", "max_kwh", "energy_budget_kwh"])?.map(Joules::from_kwh),
        grams: cap(&["budget_g", "cap_g", "max_g", "carbon_budget_g"])?.map(Grams),
    };
    let target_hypervolume = cap(&["target_hv", "hv_target", "target_hypervolume", "target"])?;
    let work = work(fields)?;
    let Zones { slots, follows } = zones;
    Ok(World { zones: slots, follows, start, column, horizon_hours, work, limit, target_hypervolume, rest })
}

fn work(fields: &mut Fields) -> Result<Work> {
    let mut work = Work::default();
    if let Some((name, value)) = fields.any(&["power_w", "powers_w", "power", "watts"]) {
        let Value::Object(powers) = &value else { return Err(refuse(&name, "an object", &value)) };
        for (kind, value) in powers {
            let name = format!("{name}.{kind}");
            let watts = Watts(number(&name, value, "watts, not negative", |watts| watts >= 0.0)?);
            match kind.as_str() {
                "train" | "training" | "full" => work.training = watts,
                "proxy" | "score" | "scoring" | "sample" | "sampling" | "oneshot" => work.scoring = watts,
                "idle" => work.idle = watts,
                "off" | "released" | "rest" | "sleep" => work.released = watts,
                _ => bail!(Usage(format!("`{name}` is not understood; powers are train, proxy, idle, off"))),
            }
        }
    }
    let settings: [(&mut f64, &[&'static str]); 6] = [
        (&mut work.resume_s, &["overhead_s", "resume_s", "resume_overhead_s", "move_overhead_s"]),
        (&mut work.pue, &["pue"]),
        (&mut work.full_epochs, &["full_epochs", "epochs"]),
        (&mut work.short_epochs, &["short_epochs", "rung_epochs"]),
        (&mut work.supernet_epochs, &["supernet_epochs", "s0_epochs"]),
        (&mut work.sub_supernet_epochs, &["sub_supernet_epochs", "sub_epochs"]),
    ];
    for (setting, names) in settings {
        if let Some((name, value)) = fields.any(names) {
            *setting = number(&name, &value, "a number, not negative", |number| number >= 0.0)?;
        }
    }
    if let Some((name, value)) = fields.any(&["sub_supernets", "n_sub_supernets"]) {
        work.sub_supernets = whole(&name, &value, 1)?;
    }
    Ok(work)
}
