//! The command line of `ce-nas`. Each command's arguments and help stand beside its code.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};
use common::config::Config;
use coordinator::command::{ConfigArgs, act};
use coordinator::directory::StudyDirectory;
use coordinator::run::{Crew, Ending, Work, run};
use coordinator::{clock, command, report};

use crate::{agent, forecast, simulate, tabulate, train, try_one};

const AFTER: &str = "\
Examples:
  ce-nas run --config configs/quickstart.toml        a whole study on this machine
  ce-nas coordinator --config study.toml             the coordinator alone; workers join with ce-nas-worker
  ce-nas status --dir runs/quickstart                how a study stands, running or not
  ce-nas pause --dir runs/study                      put the work of a running study in safety, until ce-nas resume
  ce-nas front --dir runs/quickstart --json          the Pareto front, for a program
  ce-nas simulate search --help                      how many trainings a search would need, on a table

Settings: configs/default.toml documents every key. A file, then the environment (CENAS__SECTION__KEY), then --set win over it.

Exit codes: 0 done; 1 failed; 2 bad usage or configuration; 130 interrupted, the study can go on.";

/// Searches neural architectures for accuracy and cost while spending as little carbon as it can.
#[derive(Debug, Parser)]
#[command(name = "ce-nas", version, after_help = AFTER)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a study with a coordinator and workers on this machine, or go on with it
    Run(StudyArgs),
    /// Run the coordinator alone; workers on any machine join with ce-nas-worker
    Coordinator(CoordinatorArgs),
    Status(command::status::Args),
    Top(command::top::Args),
    Workers(command::workers::Args),
    /// Have workers started and sent home by a cluster's own scheduler
    #[command(subcommand)]
    Cluster(Box<command::cluster::Command>),
    Trials(command::trials::Args),
    Explain(command::explain::Args),
    Export(command::export::Args),
    Front(command::front::Args),
    Compare(command::compare::Args),
    Hypervolume(command::hypervolume::Args),
    Report(command::report::Args),
    Page(command::page::Args),
    Pause(act::PauseArgs),
    Resume(act::ResumeArgs),
    Stop(act::StopArgs),
    /// Give a trial of a running study up; what runs of it is ended, its energy stays booked
    Cancel(act::TrialArgs),
    /// Try a trial again that was given up
    Retry(act::TrialArgs),
    Budget(act::BudgetArgs),
    WarmStart(act::WarmStartArgs),
    Backup(command::backup::Args),
    Keygen(command::keygen::Args),
    CheckConfig(command::check_config::Args),
    Doctor(command::doctor::Args),
    Init(command::init::Args),
    TryOne(try_one::Args),
    Train(train::Args),
    /// A study's images
    #[command(subcommand)]
    Data(command::data::Command),
    /// Look at the carbon signal: zones, the present hour, the past; write traces
    #[command(subcommand)]
    Carbon(command::carbon::Command),
    /// Forecast the carbon signal, and test forecasts on recorded traces
    #[command(subcommand)]
    Forecast(forecast::Command),
    /// Train the allocation agent, weigh it against other policies, show what moves it
    #[command(subcommand)]
    Agent(agent::Command),
    Tabulate(tabulate::Args),
    Simulate(Box<simulate::Args>),
    /// Print the completions of a shell: bash, elvish, fish, powershell or zsh
    Completions {
        shell: clap_complete::Shell,
    },
    /// Write the manual pages, one for each command
    Man {
        /// The folder, such as ~/.local/share/man/man1
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct StudyArgs {
    #[command(flatten)]
    settings: ConfigArgs,
    /// Results known before: CSV, JSON, or another study's ledger or directory; taken as given and never
    /// trained again; may be repeated
    #[arg(long, value_name = "FILE")]
    warm_start: Vec<PathBuf>,
    /// The study's directory [study.directory]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The seed of all randomness [study.seed]
    #[arg(long)]
    seed: Option<u64>,
    /// What goes to the log file: error, warn, info, debug or trace
    #[arg(long, default_value = "info")]
    log: tracing_subscriber::filter::LevelFilter,
}

#[derive(Debug, clap::Args)]
struct CoordinatorArgs {
    #[command(flatten)]
    study: StudyArgs,
    /// Wait until the coordinator that has this study ends, however it ends, and take its place within seconds
    ///
    /// What counts is the lock on ledger.lock in the study's directory, which the kernel frees with its holder's process.
    /// A second machine may stand by where the directory lies on a file system with locks that hold across machines
    /// (a cluster file system); NFS gives no such promise to a database. Workers look for the coordinator at one
    /// address: it must lead to the machine that took over.
    #[arg(long)]
    standby: bool,
}

impl CoordinatorArgs {
    fn crew(&self) -> Crew {
        if self.standby { Crew::Standby } else { Crew::Coordinator }
    }
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    command::ink::look_at_terminal();
    let mut out = std::io::stdout().lock();
    let done = match cli.command {
        Command::Run(args) => return study(&args, Crew::WithWorkers),
        Command::Coordinator(args) => return study(&args.study, args.crew()),
        Command::TryOne(args) => return code(try_one::run(&args, &mut out)),
        Command::Train(args) => return code(train::run(&args, &mut out)),
        Command::Tabulate(args) => return code(tabulate::run(&args)),
        Command::Status(args) => command::status::run(&args, &mut out),
        Command::Top(args) => command::top::run(&args, &mut out),
        Command::Workers(args) => command::workers::run(&args, &mut out),
        Command::Cluster(command) => command::cluster::run(&command, &mut out),
        Command::Trials(args) => command::trials::run(&args, &mut out),
        Command::Explain(args) => command::explain::run(&args, &mut out),
        Command::Export(args) => command::export::run(&args, &mut out),
        Command::Compare(args) => command::compare::run(&args, &mut out),
        Command::Front(args) => command::front::run(&args, &mut out),
        Command::Hypervolume(args) => command::hypervolume::run(&args, &mut out),
        Command::Report(args) => command::report::run(&args, &mut out),
        Command::Page(args) => command::page::run(&args, &mut out),
        Command::Pause(args) => act::pause(&args, &mut out),
        Command::Resume(args) => act::resume(&args, &mut out),
        Command::Stop(args) => act::stop(&args, &mut out),
        Command::Cancel(args) => act::cancel(&args, &mut out),
        Command::Retry(args) => act::retry(&args, &mut out),
        Command::Budget(args) => act::budget(&args, &mut out),
        Command::WarmStart(args) => act::warm_start(&args, &mut out),
        Command::Backup(args) => command::backup::run(&args, &mut out),
        Command::Keygen(args) => command::keygen::run(&args, &mut out),
        Command::CheckConfig(args) => command::check_config::run(&args, &mut out),
        Command::Init(args) => command::init::run(&args, &mut std::io::stdin().lock(), &mut out),
        Command::Doctor(args) => command::doctor::run(&args, &mut out),
        Command::Data(command) => command::data::run(&command),
        Command::Carbon(command) => command::carbon::run(&command, &mut out),
        Command::Forecast(command) => forecast::run(&command, &mut out),
        Command::Agent(command) => agent::run(&command, &mut out),
        Command::Simulate(args) => simulate::run(&args, &mut out),
        Command::Completions { shell } => completions(shell, &mut out),
        Command::Man { out: folder } => manual(&folder),
    };
    drop(out);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn completions(shell: clap_complete::Shell, out: &mut dyn Write) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ce-nas", &mut script);
    command::print(out, &String::from_utf8(script)?)
}

fn manual(folder: &Path) -> Result<()> {
    use anyhow::Context;
    let failed = || format!("{} can't be written", folder.display());
    std::fs::create_dir_all(folder).with_context(failed)?;
    clap_mangen::generate_to(Cli::command(), folder).with_context(failed)
}

fn study(args: &StudyArgs, crew: Crew) -> ExitCode {
    let config = match args.load() {
        Ok(config) => config,
        Err(error) => return fail(&error),
    };
    let directory = PathBuf::from(&config.study.directory);
    if let Err(error) = log_to(&StudyDirectory::new(&directory), args.log) {
        return fail(&error);
    }
    let ended = run(config, crew, Work::Search { warm_start: &args.warm_start }).and_then(|ending| {
        if ending == Ending::Finished {
            command::say(&report::write(&directory, clock::now())?.to_string());
        }
        Ok(ending)
    });
    code(ended)
}

fn code(ended: Result<Ending>) -> ExitCode {
    match ended {
        Ok(Ending::Finished) => ExitCode::SUCCESS,
        Ok(Ending::Interrupted) => ExitCode::from(130),
        Err(error) => {
            tracing::error!("{error:#}");
            fail(&error)
        }
    }
}

impl StudyArgs {
    fn load(&self) -> Result<Config> {
        let seed = self.seed.map(|seed| format!("study.seed={seed}"));
        let directory = self.dir.as_deref().map(|dir| format!("study.directory={}", dir.display()));
        Ok(self.settings.clone().with(seed.into_iter().chain(directory)).load()?)
    }
}

/// The log of this process, in the study's directory. It has the panics, too, whose place is else the standard error alone.
pub fn log_to(directory: &StudyDirectory, level: tracing_subscriber::filter::LevelFilter) -> Result<()> {
    use anyhow::Context;
    directory
        .create()
        .with_context(|| format!("the study's directory {} can't be made", directory.root().display()))?;
    let path = directory.log();
    let file = std::fs::File::options().create(true).append(true).open(&path);
    let file = file.with_context(|| format!("the log {} can't be written", path.display()))?;
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        // A log that can't be written (its disk is full) is no reason to stop working.
        .log_internal_errors(false)
        .with_writer(std::sync::Mutex::new(file))
        .init();
    let on_screen = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!("{panic}");
        on_screen(panic);
    }));
    Ok(())
}

/// Says what went wrong; usage and configuration have an exit code of their own.
fn fail(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "error: {error:#}");
    let usage = error.is::<common::config::Error>() || error.is::<command::Usage>();
    ExitCode::from(if usage { 2 } else { 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        Cli::command().debug_assert();
    }
}
