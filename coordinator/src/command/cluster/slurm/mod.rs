//! `ce-nas cluster slurm`: as many workers in Slurm's queue as the plan has work for.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `decide` | what to submit and what to cancel: pure |
//! | `job` | a job as `squeue` tells of it |
//! | `script` | what is submitted |
//! | `tools` | `sbatch`, `squeue`, `scancel` |
//! | `unseen` | what was submitted and not found in the queue |
//! | `look` | one look at the plan and the queue, and what came of it |

mod decide;
#[cfg(test)]
mod decide_tests;
mod job;
mod look;
mod script;
mod tools;
mod unseen;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use common::config::{Config, Security};
use common::time::Millis;
use nix::fcntl::{Flock, FlockArg};
use transport::Endpoint;

use super::super::act::Target;
use super::super::admission::listening;
use super::super::{Usage, print, remark, span};
use crate::clock;
use crate::directory::StudyDirectory;
use crate::source::Source;

use decide::{Limits, Memory};
use look::Launcher;
use script::Recipe;
use unseen::Unseen;

/// What a worker takes to put its work in safety, and the minute by which Slurm may be early or late.
const LEAST_GRACE: Millis = Millis(30_000);
/// More than any array that a site allows.
const MOST_WORKERS: u32 = 10_000;

/// Keep workers in Slurm's queue, as many as the plan has work for: none while it rests
///
/// Asks the study's coordinator again and again how many slots it would put to work, submits workers as job arrays, puts a successor in
/// the queue before a job's time limit, and gives nodes back while the plan rests. Runs until the study is finished, on a machine that
/// can submit jobs and sees the study's directory, as the nodes do. It may be ended and started again at any time: what it has
/// submitted is found in the queue. What sbatch shall be told besides comes after `--`, each option as one word.
///
/// Examples:
///   ce-nas cluster slurm --dir runs/study --zone DE --max 16 -- --partition=gpu --gres=gpu:1 --time=04:00:00
///   ce-nas cluster slurm --dir runs/study --zone DE --max 16 --dry-run      what it would do now
///   ce-nas cluster slurm --dir runs/study --zone DE --max 0 --once          give all back
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    pub target: Target,
    /// The area of the electricity grid that the nodes draw from
    #[arg(long, value_name = "ZONE")]
    pub zone: String,
    /// Workers at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::from(MOST_WORKERS)))]
    pub max: u32,
    /// Workers also while the plan rests
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub min: u32,
    /// Evaluations at the same time on each worker, one for each of its GPUs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub slots: u32,
    /// How the workers' names begin
    #[arg(long, value_name = "NAME", default_value = "slurm")]
    pub prefix: String,
    /// Where the workers find the coordinator [where it listens]
    #[arg(long, value_name = "tcp://HOST:PORT")]
    pub address: Option<Endpoint>,
    /// The worker's program on the nodes [ce-nas-worker beside this program]
    #[arg(long, value_name = "FILE")]
    pub worker: Option<PathBuf>,
    /// Settings of the workers, a file that the nodes can read
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One setting of the workers; may be repeated
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    pub set: Vec<String>,
    /// A shell script that each job reads before its worker starts, such as one that loads modules
    #[arg(long, value_name = "FILE")]
    pub setup: Option<PathBuf>,
    /// Where each worker keeps what it caches, in a folder of its name [slurm in the study's directory]
    #[arg(long, value_name = "DIR")]
    pub scratch: Option<PathBuf>,
    /// How long before its time limit a job is told to put its work in safety and leave
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = span::parse)]
    pub grace: Millis,
    /// How long before a job's time limit its successor is put in the queue
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = span::parse)]
    pub lead: Millis,
    /// How long the plan must have had too many workers before some are sent home, and a finished study any (with --once: at once)
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = span::parse)]
    pub linger: Millis,
    /// How often to look
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = span::parse)]
    pub every: Millis,
    /// Look once, act, and end: for cron and the like
    #[arg(long)]
    pub once: bool,
    /// Look once, and say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Options for sbatch
    #[arg(last = true, value_name = "SBATCH OPTIONS")]
    pub sbatch: Vec<String>,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    check(args)?;
    let config = match begun(&args.target.place.dir)? {
        Some(config) => config,
        None if args.once || args.dry_run => bail!("{}: start its coordinator first", not_begun(args)),
        None => awaited(args)?,
    };
    let recipe = recipe(args, &config)?;
    // A look changes nothing, so that it needs nobody's leave.
    let _alone = if args.dry_run { None } else { Some(alone(&recipe)?) };
    let linger = if args.once || args.dry_run { Millis(0) } else { args.linger };
    let limits = Limits { min: args.min, max: args.max, lead: args.lead, grace: args.grace, linger };
    let launcher = Launcher { target: &args.target, recipe: &recipe, limits, dry_run: args.dry_run };
    let mut unseen = Unseen::at(recipe.folder.join(format!(".{}.submitted", recipe.prefix)), !args.dry_run);
    if args.once || args.dry_run {
        let look = launcher.look(&mut Memory::default(), &mut unseen, clock::now());
        show(args, &look, out)?;
        return match look.trouble.first() {
            Some(trouble) => bail!("{trouble}"),
            None => Ok(()),
        };
    }
    let (mut memory, mut shown) = (Memory::default(), None);
    loop {
        let look = launcher.look(&mut memory, &mut unseen, clock::now());
        // The same again is not news.
        if args.target.json || shown.as_ref() != Some(&look.text()) || !look.did.is_empty() {
            // A log that can't be written is no reason to let the queue run dry.
            let _ = show(args, &look, out);
            shown = Some(look.text());
        }
        if look.is_over {
            return Ok(());
        }
        pause(args.every);
    }
}

fn show(args: &Args, look: &look::Look, out: &mut dyn Write) -> Result<()> {
    if args.target.json {
        // A line for each look.
        return print(out, &(serde_json::to_string(look)? + "\n"));
    }
    print(out, &format!("{}\n", look.text()))
}

fn check(args: &Args) -> Result<()> {
    let refuse = |why: String| Err(Usage(why).into());
    if args.min > args.max {
        return refuse(format!("--min {} is more than --max {}", args.min, args.max));
    }
    if args.grace < LEAST_GRACE {
        return refuse(format!(
            "--grace: a worker takes up to 25 s to put its work in safety, give it {} s at least",
            LEAST_GRACE.0 / 1000
        ));
    }
    if args.lead < args.grace {
        return refuse(
            "--lead is shorter than --grace: a job's successor would come after the job has left".into(),
        );
    }
    if args.every < Millis(1_000) {
        return refuse("--every: a second at least; Slurm's controller has other users".into());
    }
    if let Some(why) = script::refuse(&args.sbatch) {
        return refuse(why);
    }
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    if args.prefix.is_empty() || args.prefix.len() > 32 || !args.prefix.chars().all(fits) {
        return refuse(format!("--prefix {:?}: up to 32 letters, digits, '.', '_' or '-'", args.prefix));
    }
    Ok(())
}

/// What the study, the options and this machine make of a worker. Paths are absolute: a job starts elsewhere.
fn recipe(args: &Args, config: &Config) -> Result<Recipe> {
    let root = absolute(&args.target.place.dir)?;
    let directory = StudyDirectory::new(&root);
    let address = match &args.address {
        Some(address) => address.clone(),
        None => listening(&directory)?,
    };
    let there = |given: &Option<PathBuf>| given.as_deref().map(absolute).transpose();
    let keys = (config.coordinator.security == Security::Curve).then(|| directory.keys());
    let title = root.file_name().map_or_else(|| "study".into(), |name| name.to_string_lossy().into_owned());
    Ok(Recipe {
        job_name: format!("ce-nas-{}-{}", plain(&title), args.prefix),
        comment: root.display().to_string(),
        prefix: args.prefix.clone(),
        program: worker_program(args.worker.as_deref())?,
        address: address.to_string(),
        zone: args.zone.clone(),
        slots: args.slots,
        keys,
        folder: directory.slurm(),
        // It may be there on the nodes alone.
        scratch: args.scratch.clone(),
        setup: there(&args.setup)?,
        config: there(&args.config)?,
        set: args.set.clone(),
        grace: args.grace,
        sbatch: args.sbatch.clone(),
    })
}

/// `squeue` takes a list of names: a comma of the study's own would make two of one. The comment tells studies apart.
fn plain(title: &str) -> String {
    let fits =
        |letter: char| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '-' };
    title.chars().map(fits).collect()
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize().with_context(|| format!("{} is not there", path.display()))
}

/// What the study began with; nothing, as long as its coordinator is still to begin it.
fn begun(directory: &Path) -> Result<Option<Config>> {
    if !StudyDirectory::new(directory).ledger().exists() {
        return Ok(None);
    }
    let Some(study) = Source::directory(directory).state()?.study else { return Ok(None) };
    toml::from_str(&study.config).context("the study was begun by another release").map(Some)
}

fn not_begun(args: &Args) -> String {
    format!("the study in {} has not begun yet", args.target.place.dir.display())
}

/// Launcher and coordinator may well be started in one breath.
fn awaited(args: &Args) -> Result<Config> {
    remark(&format!("{}: waiting for its coordinator", not_begun(args)));
    loop {
        pause(args.every);
        if let Some(config) = begun(&args.target.place.dir)? {
            return Ok(config);
        }
    }
}

/// A command in a process of its own: nobody waits for this thread.
#[allow(clippy::disallowed_methods)]
fn pause(span: Millis) {
    std::thread::sleep(Duration::from_millis(span.0.unsigned_abs()));
}

fn worker_program(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(given) = given {
        // One that is on the nodes' own search path has no folder; others may be there on the nodes alone.
        return Ok(given.to_owned());
    }
    let own = std::env::current_exe().context("this program's own path")?;
    let beside = own.with_file_name("ce-nas-worker");
    if !beside.is_file() {
        bail!(
            "there is no {}: build it (cargo build --release -p worker), or give --worker",
            beside.display()
        );
    }
    Ok(beside)
}

/// One launcher of a study and prefix: two would each submit what both miss.
fn alone(recipe: &Recipe) -> Result<Flock<File>> {
    std::fs::create_dir_all(&recipe.folder)
        .with_context(|| format!("{} can't be made", recipe.folder.display()))?;
    let path = recipe.folder.join(format!(".{}.lock", recipe.prefix));
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.with_context(|| format!("{} can't be opened", path.display()))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| {
        anyhow::anyhow!(
            "another `ce-nas cluster slurm` is at work on this study under the name {}: end it, or choose another --prefix",
            recipe.prefix
        )
    })
}
