//! `ce-nas simulate` itself: policies side by side over whole studies.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `given` | what the options mean: tables, grids, moments |
//! | `kept` | runs that an earlier call has finished |
//! | `told` | every run in full, as JSON for programs |
//! | `screen` | tables for people |
//! | `picture` | what was found for which carbon, and the hours of one run |

mod given;
mod kept;
mod picture;
mod screen;
mod told;

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context, Result};
use coordinator::command::{ConfigArgs, Usage, print};
use simulation::compare::{Contender, Course, World};
use simulation::side_by_side::side_by_side;

use super::search::{save, try_out};
use crate::plot::{self, Format};
use crate::progress::Progress;
pub use given::Moment;
use given::{Scores, TraceFile};
use kept::Kept;
use told::Told;

#[derive(Debug, clap::Args)]
#[group(skip)] // Flattened into arguments of the same name.
pub struct Args {
    /// The table of results [default: the one that comes with the program]
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// What the table's columns mean [default: the file of the table's name that ends in .toml]
    #[arg(long, value_name = "FILE", requires = "table")]
    describe: Option<PathBuf>,
    /// Carbon traces as FILE or ZONE=FILE, each a comparison of its own [default: a made-up week]
    #[arg(long = "trace", value_name = "FILE", num_args = 1..)]
    traces: Vec<TraceFile>,
    /// Column of the traces that holds the intensity; auto finds it
    #[arg(long, value_name = "NAME", default_value = "auto")]
    column: String,
    /// All traces at once: one study with slots in each zone
    #[arg(long)]
    together: bool,
    /// Hours at which studies begin, each a comparison of its own
    #[arg(long = "start", value_name = "TIMES", value_delimiter = ',', default_value = "2021-07-02T06:00Z")]
    starts: Vec<Moment>,
    /// Hours from the start to the deadline
    #[arg(long, value_name = "N", default_value = "80")]
    hours: NonZeroUsize,
    /// Slots of the fleet; with --together one number for each zone, or one that is shared out
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "8")]
    slots: Vec<u16>,
    /// Policies and baselines, or all
    #[arg(long = "policy", value_name = "LIST", value_delimiter = ',', default_value = "all")]
    policies: Vec<String>,
    /// Who proposes [default: search.searcher of the settings]
    #[arg(long = "searcher", value_name = "LIST", value_delimiter = ',')]
    searchers: Vec<String>,
    /// Runs of each, with a seed each
    #[arg(long, value_name = "N", default_value = "3")]
    seeds: NonZeroUsize,
    /// The seed of the first run
    #[arg(long, value_name = "N", default_value = "1")]
    first_seed: u64,
    /// Percentages of the table's hypervolume that are waited for
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "98,99,99.5,99.9")]
    levels: Vec<f64>,
    /// Kilograms of carbon after which the hypervolume is read
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "2,5,10,20")]
    caps: Vec<f64>,
    /// The level whose energy, hours, trainings and ratio are shown [default: the last but one]
    #[arg(long, value_name = "PERCENT")]
    at: Option<f64>,
    /// What ratios are against, as POLICY or POLICY/SEARCHER; without a searcher, the same one
    #[arg(long, value_name = "NAME", default_value = "vanilla")]
    against: String,
    /// End a run as soon as this percentage of the table's hypervolume is found
    #[arg(long, value_name = "PERCENT")]
    until: Option<f64>,
    /// What a one-shot score is read from
    #[arg(long, value_enum, default_value_t = Scores::OneShot)]
    scores: Scores,
    #[command(flatten)]
    settings: ConfigArgs,
    /// Runs side by side [default: one for each processor]; the result does not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Write every run to this file; what is finished survives an interruption in FILE.runs
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw hypervolume against carbon, and the hours of one run, as .png or .html
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

/// One run: a world, a contender, a seed, by their places.
#[derive(Debug, Clone, Copy)]
struct Task {
    world: usize,
    contender: usize,
    seed: u64,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let format = args.plot.as_deref().map(Format::of).transpose()?;
    let given = given::read(args)?;
    let table = given.table.as_ref();
    let worlds: Vec<World<'_>> = given.worlds()?;
    for path in [&args.json, &args.plot].into_iter().flatten() {
        // Hours of simulating should not end at a folder that isn't there.
        try_out(path).with_context(|| format!("{} can't be written", path.display()))?;
    }
    let tasks = tasks(args, worlds.len(), given.contenders.len())?;
    let kept = Kept::beside(args.json.as_deref())?;
    let progress = Progress::of("runs", tasks.len() as u64);
    let threads = args.threads.or_else(|| std::thread::available_parallelism().ok());
    let courses = side_by_side(tasks.len(), threads.unwrap_or(NonZeroUsize::MIN), &|index| {
        let Task { world, contender, seed } = tasks[index];
        let (world, contender) = (&worlds[world], &given.contenders[contender]);
        let key = kept::key(world, contender, seed);
        let course = match kept.find(&key) {
            Some(course) => course,
            None => {
                let course = world.run(contender, seed).map_err(usage)?;
                kept.keep(&key, &course)?;
                course
            }
        };
        progress.one_more_named(&label(world, contender, seed), &outcome(&course, world.maximum));
        Ok::<Course, anyhow::Error>(course)
    })?;
    drop(progress);
    let told = Told::of(&given, &worlds, &tasks, &courses);
    print(out, &screen::page(&told, &given))?;
    if let (Some(path), Some(format)) = (&args.plot, format) {
        plot::write(path, format, &picture::scene(&told, table.name()))?;
    }
    if let Some(path) = &args.json {
        save(&told, path, out)?;
        kept.forget();
    }
    Ok(())
}

fn tasks(args: &Args, worlds: usize, contenders: usize) -> Result<Vec<Task>> {
    let last = args.first_seed.checked_add(args.seeds.get() as u64 - 1);
    let last = last.ok_or_else(|| Usage("the last seed is too large".into()))?;
    let each = |world| (0..contenders).map(move |contender| (world, contender));
    Ok((0..worlds)
        .flat_map(each)
        .flat_map(|(world, contender)| {
            (args.first_seed..=last).map(move |seed| Task { world, contender, seed })
        })
        .collect())
}

/// What no run can begin with is a matter of the options.
fn usage(error: simulation::compare::Error) -> anyhow::Error {
    use simulation::compare::Error;
    match error {
        Error::Trace(_) | Error::Baseline(_) => Usage(error.to_string()).into(),
        other => other.into(),
    }
}

/// `most`: the table's hypervolume.
fn outcome(course: &Course, most: f64) -> String {
    let (kg, percent) = (course.spent.grams.0 / 1000.0, 100.0 * course.hypervolume() / most);
    format!("{percent:.2} % for {kg:.3} kg in {:.1} h", course.hours)
}

fn label(world: &World<'_>, contender: &Contender, seed: u64) -> String {
    let zones: Vec<&str> = world.zones.iter().map(|(trace, _)| trace.zone().as_str()).collect();
    format!("{} {}, {}, seed {seed}", zones.join("+"), world.start, named(contender))
}

/// As people say it.
fn named(contender: &Contender) -> String {
    match &contender.searcher {
        Some(searcher) => format!("{}/{searcher}", contender.policy),
        None => contender.policy.clone(),
    }
}
