//! `ce-nas simulate search`: how much of the reachable hypervolume a searcher finds with how many trainings.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, anyhow, bail};
use common::config::Config;
use common::nearest::did_you_mean;
use coordinator::command::{Usage, print};
use coordinator::directory::write_whole;
use lamoo::Identity;
use simulation::search::{Analytic, Oracle, PROBLEMS, Plan, Run, RungWish, Tabulated, Wish, run_all};
use simulation::sheet::Sheet;

use super::told::{Told, screen};

/// Search a table of recorded trainings, or a test problem, and show how much is found with how many
///
/// The table is a CSV file (gzipped or not) or a Parquet file with a row for each architecture. A TOML
/// file of the same name says what its columns are; without one, NAS-Bench-201 cells are recognised by
/// a column `arch`, or by `op_01` to `op_23`. Each evaluation is a full training, and none is paid for
/// twice. With --rung, candidates get a short training first, the ladder promotes the best of them, and
/// only full trainings count.
///
/// Examples:
///   ce-nas simulate search --table nb201.csv.gz --objectives test_acc_200:max,edgegpu_energy_mj:min \
///       --reference 0,50 --evaluations 400 --seeds 20 --json search.json
///   ce-nas simulate search --problem branin-currin --evaluations 80
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The table
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "problem",
        requires = "objectives",
        requires = "reference"
    )]
    table: Option<PathBuf>,
    /// A test problem with a known optimum instead: branin-currin, zdt1, zdt2 or dtlz2
    #[arg(long, value_name = "NAME", conflicts_with_all = ["table", "objectives", "reference"])]
    problem: Option<String>,
    /// What the table's columns mean [default: the file of the table's name that ends in .toml]
    #[arg(long, value_name = "FILE", requires = "table")]
    describe: Option<PathBuf>,
    /// Objectives as COLUMN:max or COLUMN:min; described ones by their name alone
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    objectives: Vec<Wish>,
    /// The worst point that still counts: a number for each objective, in its own direction
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true)]
    reference: Vec<f64>,
    /// Those of the objectives that are known without training
    #[arg(long, value_name = "LIST", value_delimiter = ',', requires = "table")]
    known: Vec<String>,
    /// A short training before the full one, as EPOCHS/FULL:OBJECTIVE=COLUMN; it costs EPOCHS/FULL of it
    #[arg(long, value_name = "RUNG", requires = "table")]
    rung: Option<RungWish>,
    /// What is never trained twice: a row of the table, or a function that several rows compute
    #[arg(long, value_enum, default_value_t = Distinct::Rows, requires = "table")]
    distinct: Distinct,
    /// Who proposes [default: search.searcher of configs/default.toml]
    #[arg(long, value_name = "NAME")]
    searcher: Option<String>,
    /// Trainings of each search; with --rung, as much as so many full trainings cost
    #[arg(long, value_name = "N", default_value = "100")]
    evaluations: NonZeroUsize,
    /// Searches, each with a seed of its own
    #[arg(long, value_name = "N", default_value = "20")]
    seeds: NonZeroUsize,
    /// The seed of the first search
    #[arg(long, value_name = "N", default_value = "1")]
    first_seed: u64,
    /// Candidates asked for at once, before the outcome of any of them is known
    #[arg(long, value_name = "N", default_value = "1")]
    batch: NonZeroUsize,
    /// Searches side by side [default: one for each processor]; the result does not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Write every search to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Distinct {
    Rows,
    Functions,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let config = common::config::load(None, [], &[])?;
    let (searcher, options) = options(args, &config)?;
    let identity = match args.distinct {
        Distinct::Rows => Identity::Encoding,
        Distinct::Functions => Identity::Function,
    };
    let oracle = oracle(args, identity)?;
    let plan = Plan {
        options,
        evaluations: args.evaluations.get(),
        batch: args.batch,
        identity,
        ladder: config.ladder,
    };
    let last = args.first_seed.checked_add(args.seeds.get() as u64 - 1);
    let last = last.ok_or_else(|| Usage("the last seed is too large".into()))?;
    let seeds: Vec<u64> = (args.first_seed..=last).collect();
    if let Some(path) = &args.json {
        // Hours of searching should not end at a folder that isn't there.
        try_out(path).with_context(|| format!("{} can't be written", path.display()))?;
    }

    let runs = run_all(oracle.as_ref(), &plan, &seeds, threads(args), &progress(seeds.len()))?;
    let told = Told::of(oracle.as_ref(), &plan, &searcher, &runs);
    print(out, &screen(&told))?;
    match &args.json {
        Some(path) => save(&told, path, out),
        None => Ok(()),
    }
}

fn options(args: &Args, config: &Config) -> Result<(String, lamoo::Options)> {
    let name = args.searcher.clone().unwrap_or_else(|| config.search.searcher.clone());
    match lamoo::Options::named(&name) {
        Some(options) => Ok((name, options)),
        None => {
            let known = common::config::SEARCHERS;
            let nearest = did_you_mean(&name, known);
            bail!(Usage(format!("there is no searcher `{name}`{nearest} One of {}", known.join(", "))))
        }
    }
}

fn oracle(args: &Args, identity: Identity) -> Result<Box<dyn Oracle>> {
    if let Some(name) = &args.problem {
        let problem = Analytic::named(name).ok_or_else(|| {
            Usage(format!(
                "there is no problem `{name}`{} One of {}",
                did_you_mean(name, PROBLEMS),
                PROBLEMS.join(", ")
            ))
        })?;
        return Ok(Box::new(problem));
    }
    let path = args.table.as_deref().context("no table is given")?;
    let sheet = Sheet::read(path, args.describe.as_deref())?;
    let rung = args.rung.as_ref();
    Ok(Box::new(Tabulated::new(sheet, &args.objectives, &args.reference, &args.known, rung, identity)?))
}

fn threads(args: &Args) -> NonZeroUsize {
    args.threads.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// A line for each search that ends.
fn progress(searches: usize) -> impl Fn(&Run) + Sync {
    let ended = AtomicUsize::new(0);
    move |run: &Run| {
        let ended = ended.fetch_add(1, Ordering::Relaxed) + 1;
        let found = run.steps.last().map_or(0.0, |step| step.hypervolume);
        let trainings = run.steps.len();
        let _ = writeln!(
            std::io::stderr(),
            "{ended} of {searches}: seed {}, {trainings} trainings, hypervolume {found:.4}",
            run.seed
        );
    }
}

/// Whether a file could be made there; what stands there is not touched.
pub fn try_out(path: &std::path::Path) -> Result<()> {
    if path.is_dir() {
        bail!("it is a folder");
    }
    let probe = path.with_extension(format!("probe-{}", std::process::id()));
    std::fs::File::create(&probe)?;
    Ok(std::fs::remove_file(&probe)?)
}

/// Whole or not at all; what can't be written is printed instead of being lost.
pub fn save(told: &impl serde::Serialize, path: &std::path::Path, out: &mut dyn Write) -> Result<()> {
    let mut text = serde_json::to_string(told)?;
    text.push('\n');
    write_whole(path, text.as_bytes()).or_else(|error| {
        print(out, &text)?;
        Err(anyhow!(error)
            .context(format!("{} can't be written; its contents are printed instead", path.display())))
    })
}
