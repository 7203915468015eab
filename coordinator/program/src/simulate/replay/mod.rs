//! `ce-nas simulate replay`: a worked run of the simulated world, run again and compared figure by figure.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `fields` | the file's fields by any of their names |
//! | `recipe` | what they mean: cells, world, results to compare with |
//! | `zones` | zones and their slots |
//! | `mode` | which baseline it is |
//! | `play` | the run itself, and its figures |
//! | `compare` | figures beside figures |
//! | `told` | a page for people |

mod compare;
mod fields;
mod mode;
mod play;
mod recipe;
mod told;
mod zones;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use coordinator::command::{Usage, print, print_json};
use serde_json::{Value, json};
use simulation::table::{CellId, NasBench201Table, Table};
use simulation::world::HourlyTrace;

use compare::Comparison;
use recipe::{Recipe, World};

/// The variable that names the folder with the recorded data.
const FOLDER: &str = "CENAS_DATA";
const TABLE: &str = "nb201/nb201_cifar10.csv.gz";

/// Run a worked run of the simulated world again, and compare it with the results that its file holds
///
/// The file is JSON: cells in the order of their proposal, a zone, a start, slots, a horizon, and what
/// tells the baseline: nothing for vanilla, `on` for suspend and resume, `training_gpus_per_hour` for
/// splits, `proxy` and `block` for one-shot only, `promote_per` for rungs, several `zones` for slots side by
/// side or, with `follow`, one fleet in the cleaner zone. Results are compared to a relative error of
/// 1e-6; the first figure that differs is named, and the exit code is then 1. Table and traces are looked
/// for in the folder that the environment variable CENAS_DATA names, where no option does.
///
/// Examples:
///   ce-nas simulate replay golden/g4_static50.json
///   ce-nas simulate replay run.json --table nb201_cifar10.csv.gz --trace CISO=CISO.csv.gz --json
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The worked run
    #[arg(value_name = "FILE.json")]
    file: PathBuf,
    /// NAS-Bench-201 on CIFAR-10, as CSV, gzipped or not [default: nb201/nb201_cifar10.csv.gz in $CENAS_DATA]
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// The trace of a zone; may be repeated [default: carbon/ZONE.csv.gz in $CENAS_DATA]
    #[arg(long = "trace", value_name = "ZONE=FILE")]
    traces: Vec<ZoneFile>,
    /// Print the replay's own results as JSON, in the form of the file
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone)]
struct ZoneFile {
    zone: String,
    path: PathBuf,
}

impl FromStr for ZoneFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=').map(|(zone, path)| (zone.trim(), path.trim())) {
            Some((zone, path)) if !zone.is_empty() && !path.is_empty() => {
                Ok(Self { zone: zone.into(), path: path.into() })
            }
            _ => Err("write it as ZONE=FILE".into()),
        }
    }
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let recipe = recipe::read(&args.file)?;
    let table = NasBench201Table::read(&find(args.table.as_deref(), TABLE, "--table FILE")?)?;
    let cells = cells(&recipe, &table)?;
    let found = match &recipe.world {
        None => play::path(&cells, &table),
        Some(world) => {
            let traces = traces(args, world)?;
            let played = play::play(world, &recipe.mode, cells, &table, traces);
            played.with_context(|| args.file.display().to_string())?
        }
    };
    let compared = Comparison::of(&found, &recipe.expected);
    if args.json {
        let mut all = found;
        all.insert("name".into(), json!(recipe.name));
        all.insert("recognised".into(), json!(told::recognised(&recipe)));
        all.insert("compared".into(), summary(&recipe, &compared));
        print_json(out, &all)?;
    } else {
        print(out, &told::screen(&recipe, table.name(), &found, &compared))?;
    }
    match &compared.first {
        None => Ok(()),
        Some(first) => bail!("{first}; {} of {} figures differ", compared.differing, compared.figures),
    }
}

fn summary(recipe: &Recipe, compared: &Comparison) -> Value {
    let left_out: Vec<&String> = recipe.left_out.iter().chain(&compared.left_out).collect();
    json!({
        "figures": compared.figures,
        "differing": compared.differing,
        "first_differing": compared.first,
        "largest_relative_error": compared.worst.as_ref().map(|(error, _)| error),
        "left_out": left_out,
    })
}

fn cells(recipe: &Recipe, table: &dyn Table) -> Result<Vec<CellId>> {
    let count = table.rows().len();
    let Some(cells) = &recipe.cells else { return Ok(table.cells().collect()) };
    if let Some(place) = cells.iter().position(|cell| cell.0 as usize >= count) {
        let cell = cells[place];
        bail!(Usage(format!("`cells[{place}]` is {cell}, {} ends at {}", table.name(), count - 1)));
    }
    Ok(cells.clone())
}

fn traces(args: &Args, world: &World) -> Result<Vec<HourlyTrace>> {
    let given = |zone: &str| args.traces.iter().find(|given| given.zone == zone).map(|given| &given.path);
    if let Some(stray) =
        args.traces.iter().find(|given| world.zones.iter().all(|(zone, _)| *zone != given.zone))
    {
        let zones: Vec<&str> = world.zones.iter().map(|(zone, _)| zone.as_str()).collect();
        bail!(Usage(format!("--trace {}: the run is in {}", stray.zone, zones.join(" and "))));
    }
    let read = |(zone, _): &(String, u32)| {
        let path = find(
            given(zone).map(PathBuf::as_path),
            &format!("carbon/{zone}.csv.gz"),
            &format!("--trace {zone}=FILE"),
        )?;
        Ok(HourlyTrace::read(&path, zone.as_str().into(), &world.column)?)
    };
    world.zones.iter().map(read).collect()
}

/// The file given, else the one of the recorded data.
fn find(given: Option<&Path>, name: &str, option: &str) -> Result<PathBuf> {
    if let Some(path) = given {
        return Ok(path.into());
    }
    let folder = std::env::var_os(FOLDER).map(PathBuf::from);
    let Some(folder) = folder else {
        bail!(Usage(format!("give {option}, or set {FOLDER} to the folder that holds {name}")))
    };
    let path = folder.join(name);
    ensure!(
        path.is_file(),
        Usage(format!("{FOLDER} names {}, which holds no {name}: give {option}", folder.display()))
    );
    Ok(path)
}
