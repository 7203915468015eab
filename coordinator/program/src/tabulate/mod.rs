//! `ce-nas tabulate`: every architecture of a space, really trained, as a table. One study for each seed, each with a list in
//! place of a search; local workers and those of any other machine do the work, and the ledgers hold each result once.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `roster` | which architectures, and which rows |
//! | `told` | how far it is, on the screen |
//! | `figures` | the results of all seeds, from the ledgers |
//! | `table` | the CSV file |
//! | `description` | what its columns mean, for a simulation and for people |

mod description;
mod figures;
mod roster;
mod table;
mod told;

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use common::config::{Budget, Config, OrWord};
use coordinator::agenda::Agenda;
use coordinator::clock;
use coordinator::command::{ConfigArgs, Usage, say};
use coordinator::directory::{StudyDirectory, write_whole};
use coordinator::run::{Crew, Ending, Work, run as study};
use coordinator::source::Source;

use figures::Figures;
pub use roster::{Roster, Wanted};

/// Grid hours of a study's budget, which a list does not ask: configurations have no word for "no budget at all".
const NO_BUDGET_H: f64 = 1e6;

/// Train every architecture of a space, and write the results as a table that `ce-nas simulate` reads
///
/// Encodings that are one network are trained once, and each has a row. For each seed: a supernet
/// and one-shot scores (ladder.one_shot), a short training (ladder.rung_epochs) and a full one, with
/// seconds and joules. Workers are started here (local.workers), and more may join from any machine;
/// each seed is a study of its own in OUT.work, with its ledger. What fails is told, and left out.
///
/// Examples:
///   ce-nas tabulate --config configs/benchmark.toml --seeds 3 --out cells.csv
///   ce-nas tabulate --config configs/benchmark.toml --seeds 5 --out cells.csv --resume
///   ce-nas simulate search --table cells.csv --objectives accuracy,parameters \
///       --reference 0,10000
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    settings: ConfigArgs,
    /// The table, .csv or .csv.gz; a description of the same name with .toml lies beside it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Trainings of each architecture, each with a seed of its own, from study.seed on
    #[arg(long, value_name = "N", default_value = "3")]
    seeds: NonZeroU64,
    /// all, or so many that are drawn at random
    #[arg(long, value_name = "all|N", default_value = "all")]
    architectures: Wanted,
    /// Go on where an earlier call ended, however it ended
    #[arg(long)]
    resume: bool,
    /// What goes to the log file: error, warn, info, debug or trace
    #[arg(long, default_value = "info")]
    log: tracing_subscriber::filter::LevelFilter,
}

pub fn run(args: &Args) -> Result<Ending> {
    let config = args.settings.load()?;
    let files = Files::of(&args.out)?;
    let roster = Roster::new(&config.space_spec()?, &args.architectures, config.study.seed)?;
    files.claim(&config, args)?;
    crate::cli::log_to(&StudyDirectory::new(&files.work), args.log)?;

    let last = config.study.seed.checked_add(args.seeds.get() - 1);
    let last = last.ok_or_else(|| Usage("the last seed is too large".into()))?;
    let seeds: Vec<u64> = (config.study.seed..=last).collect();
    let agenda = Agenda::new(&roster.trained, config.supernets()?, config.ladder.rung_epochs);
    say(&format!(
        "{} architectures in {} rows, {} seeds",
        roster.trained.len(),
        roster.rows.len(),
        seeds.len()
    ));
    let plan = told::Plan {
        architectures: roster.trained.len(),
        results: agenda.len(),
        rung_share: f64::from(config.ladder.rung_epochs) / f64::from(config.training.epochs),
    };
    for (turn, &seed) in seeds.iter().enumerate() {
        let told = told::listener(plan, seed, turn, seeds.len());
        let work = Work::List { agenda: agenda.clone(), told };
        let of_seed = of_seed(&config, &files, seed);
        let crew = if of_seed.local.workers > 0 { Crew::WithWorkers } else { Crew::Coordinator };
        if study(of_seed, crew, work)? == Ending::Interrupted {
            say("the same command with --resume goes on");
            return Ok(Ending::Interrupted);
        }
    }

    let states = seeds.iter().map(|&seed| Source::directory(&files.of_seed(seed)).state());
    let figures = Figures::of(&roster, &config, &states.collect::<Result<Vec<_>>>()?);
    if figures.rows.is_empty() {
        bail!("no architecture has all its results; {} says why", files.of_seed(seeds[0]).display());
    }
    let written = |path: &Path, bytes: &[u8]| {
        write_whole(path, bytes).with_context(|| format!("{} can't be written", path.display()))
    };
    written(&files.table, &table::bytes(&figures, &files.table)?)?;
    written(&files.description, description::text(&figures, &config, clock::now())?.as_bytes())?;
    for failure in &figures.failures {
        say(&format!("failed: {failure}"));
    }
    say(&format!("{} rows in {}", figures.rows.len(), files.table.display()));
    Ok(Ending::Finished)
}

/// The study of one seed.
fn of_seed(config: &Config, files: &Files, seed: u64) -> Config {
    let mut config = without_budget(config.clone());
    config.study.seed = seed;
    config.study.directory = files.of_seed(seed).display().to_string();
    config
}

/// Every slot works all the time, and nothing but a list ends the study.
pub fn without_budget(mut config: Config) -> Config {
    config.allocation.policy = "fixed".into();
    (config.allocation.fixed_train, config.allocation.fixed_sample) = (1.0, 0.0);
    config.budget = Budget {
        carbon_g: OrWord::word(),
        energy_kwh: OrWord::word(),
        hypervolume: OrWord::word(),
        hours: OrWord::number(NO_BUDGET_H),
        trainings: OrWord::word(),
    };
    config
}

/// Where everything of a tabulation lies.
#[derive(Debug)]
struct Files {
    table: PathBuf,
    description: PathBuf,
    /// The studies, one folder for each seed.
    work: PathBuf,
}

impl Files {
    fn of(table: &Path) -> Result<Self> {
        let name = table.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let stem = name.strip_suffix(".csv").or_else(|| name.strip_suffix(".csv.gz"));
        let stem = stem.filter(|stem| !stem.is_empty());
        let stem =
            stem.ok_or_else(|| Usage(format!("--out {}: a table ends in .csv or .csv.gz", table.display())))?;
        let folder = table.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        ensure!(folder.is_dir(), Usage(format!("--out: there is no folder {}", folder.display())));
        let mut work = OsString::from(&name);
        work.push(".work");
        let description = table.with_file_name(format!("{stem}.toml"));
        Ok(Self { table: table.to_owned(), description, work: table.with_file_name(work) })
    }

    fn of_seed(&self, seed: u64) -> PathBuf {
        self.work.join(format!("seed-{seed}"))
    }

    /// Refuses to mix two tabulations, and to write over anything that was not asked for.
    fn claim(&self, config: &Config, args: &Args) -> Result<()> {
        let work = self.work.display();
        if !args.resume {
            for path in [&self.table, &self.description, &self.work] {
                let shown = path.display();
                ensure!(
                    !path.exists(),
                    Usage(format!(
                        "{shown} is there already: --resume goes on with it, or choose another --out"
                    ))
                );
            }
        }
        let asked = format!(
            "architectures = \"{}\"\nfirst_seed = {}\nrung_epochs = {}\none_shot = {}\n",
            args.architectures, config.study.seed, config.ladder.rung_epochs, config.ladder.one_shot
        );
        let note = self.work.join("asked.toml");
        match std::fs::read_to_string(&note) {
            Ok(before) => ensure!(
                before == asked,
                Usage(format!(
                    "{work} holds another tabulation, of\n{before}now asked is\n{asked}choose another --out"
                ))
            ),
            Err(_) => {
                std::fs::create_dir_all(&self.work).with_context(|| format!("{work} can't be made"))?;
                write_whole(&note, asked.as_bytes())
                    .with_context(|| format!("{} can't be written", note.display()))?;
            }
        }
        Ok(())
    }
}
