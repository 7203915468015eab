//! `ce-nas try-one`: one network through the whole path, from the coordinator to a stored result, before a study is paid for.

use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use common::config::{Config, OrWord};
use common::energy::Purpose;
use common::trial::Subject;
use common::unit::{Joules, Seconds};
use coordinator::agenda::Agenda;
use coordinator::command::{ConfigArgs, Usage, print};
use coordinator::core::{State, Trial, TrialState};
use coordinator::directory::StudyDirectory;
use coordinator::news::{Listener, each_event};
use coordinator::report::text;
use coordinator::run::{Crew, Ending, Work, run as study};
use coordinator::screen::Narrator;
use coordinator::source::Source;

use crate::tabulate::{Roster, Wanted, without_budget};

/// Evaluate one random network with a study's settings, in a few epochs, and say what a whole one will take
///
/// Everything that a study needs is needed here: the worker's program, images, keys, meters, carbon
/// intensity. With ladder.one_shot a supernet is trained for as few epochs and scores the network too.
/// The study itself is not begun; what was done lies in its directory, under try-one/.
///
/// Examples:
///   ce-nas try-one --config study.toml
///   ce-nas try-one --config study.toml --epochs 3 --architecture '|nor_conv_3x3~0|+…'
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    settings: ConfigArgs,
    /// Epochs that it is trained for
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// The network, in the space's notation [default: drawn by study.seed]
    #[arg(long, value_name = "TEXT")]
    architecture: Option<String>,
    /// What goes to the log file: error, warn, info, debug or trace
    #[arg(long, default_value = "info")]
    log: tracing_subscriber::filter::LevelFilter,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<Ending> {
    let asked = args.settings.load()?;
    let spec = asked.space_spec()?;
    let architecture = match &args.architecture {
        None => Roster::new(&spec, &Wanted::Sampled(1), asked.study.seed)?.trained.remove(0),
        Some(text) => {
            let space = spec.build();
            let read = space.decode(text).map_err(|error| Usage(format!("--architecture: {error}")))?;
            space.canonical(&read)
        }
    };
    let directory = next_folder(Path::new(&asked.study.directory))?;
    let config = of_trial(&asked, &directory, args.epochs);
    crate::cli::log_to(&StudyDirectory::new(&directory), args.log)?;
    print(out, &format!("{}\n", spec.build().encode(&architecture)))?;

    // Of a split one, the whole and the part that the network lies in.
    let is_needed = |supernet: &Subject| match supernet {
        Subject::SubSupernet(part) => part.holds(&architecture),
        Subject::Supernet | Subject::RegionSupernet(_) | Subject::Network { .. } => true,
    };
    let supernets = config.supernets()?.into_iter().filter(is_needed).collect();
    let agenda = Agenda::new(std::slice::from_ref(&architecture), supernets, 0);
    if study(config, Crew::WithWorkers, Work::List { agenda, told: narrator() })? == Ending::Interrupted {
        return Ok(Ending::Interrupted);
    }
    let state = Source::directory(&directory).state()?;
    print(out, &verdict(&state, &asked, args.epochs, &directory)?)?;
    Ok(Ending::Finished)
}

/// Each try has a folder of its own, so that none goes on with another's.
fn next_folder(study: &Path) -> Result<PathBuf> {
    let tries = study.join("try-one");
    std::fs::create_dir_all(&tries).with_context(|| format!("{} can't be made", tries.display()))?;
    let free = (1..).map(|number: u32| tries.join(number.to_string())).find(|folder| !folder.exists());
    free.context("there are too many tries")
}

/// Tells what happens, as it happens.
pub fn narrator() -> Listener {
    let narrator = RefCell::new(Narrator::default());
    each_event(move |at, event, state| {
        for line in narrator.borrow_mut().tell(at, event, state) {
            tracing::info!("{line}");
            // A closed pipe ends nobody's work.
            let _ = writeln!(std::io::stderr(), "{at} {line}");
        }
    })
}

/// The study's settings, but for what would make it a whole one.
fn of_trial(asked: &Config, directory: &Path, epochs: u32) -> Config {
    let mut config = of_one(asked, directory);
    for recipe in [&mut config.training, &mut config.supernet] {
        recipe.epochs = epochs;
        // Meant for the whole length.
        recipe.warm_up = 0.0;
    }
    config.few_shot.epochs = epochs;
    config
}

/// The settings of a study that trains one network, in `directory`.
pub fn of_one(asked: &Config, directory: &Path) -> Config {
    let mut config = without_budget(asked.clone());
    config.study.directory = directory.display().to_string();
    config.ladder.rung_epochs = 0;
    // Beside a study that may be running.
    config.coordinator.listen = "tcp://127.0.0.1:0".into();
    config.local.workers = 1;
    config.worker.slots = OrWord::number(1);
    config
}

/// What came of it, and what that means for the study.
fn verdict(state: &State, asked: &Config, epochs: u32, directory: &Path) -> Result<String> {
    for trial in state.trials.values() {
        if let TrialState::Failed { reason } = &trial.state {
            let what = trial.subject.purpose();
            bail!("the {what} evaluation failed: {reason}\nlogs lie in {}", directory.display());
        }
    }
    let full = state.trials.values().find(|trial| trial.subject.purpose() == Purpose::Full);
    let full = full.context("the network was not trained; please report it")?;
    let mut lines = String::from("\nit works, from end to end\n");
    for trial in state.trials.values() {
        lines.push_str(&line(trial, epochs));
    }
    let metered: Vec<&str> = state.account.by_meter().keys().map(String::as_str).collect();
    lines.push_str(&format!("metered by  {}\n", metered.join("; ")));
    lines.push_str(&outlook(state, full, asked, epochs));
    lines.push_str(&format!("files       {}\n", directory.display()));
    Ok(lines)
}

fn line(trial: &Trial, epochs: u32) -> String {
    let Some(evaluation) = trial.evaluation.as_deref() else { return String::new() };
    let took =
        format!("{}, {}", text::duration(evaluation.seconds.0), text::joules_as_energy(trial.joules.0));
    let trained =
        |what: &str| format!("{what:<10}  {epochs} epoch{}: {took}", if epochs == 1 { "" } else { "s" });
    let validation = text::percent(1.0 - evaluation.validation_error, 2);
    match trial.subject.purpose() {
        Purpose::Supernet => trained(&trial.subject.kind()) + "\n",
        Purpose::OneShot => format!("score       {validation} validation accuracy: {took}\n"),
        _ => format!("{}, {validation} validation accuracy, on {}\n", trained("training"), evaluation.device),
    }
}

/// By the epochs that were trained; the first are the slowest, so that a whole training rather takes less.
fn outlook(state: &State, full: &Trial, asked: &Config, epochs: u32) -> String {
    let Some(evaluation) = full.evaluation.as_deref() else { return String::new() };
    let times = f64::from(asked.training.epochs) / f64::from(epochs);
    let (seconds, joules) = (Seconds(evaluation.seconds.0 * times), Joules(full.joules.0 * times));
    let zone = state.workers.values().next().map(|record| record.zone.clone());
    let intensity = zone.map(|zone| state.account.intensity(&zone, state.grid_hour(state.last_at)).0);
    let grams = intensity.map(|intensity| joules.emissions(intensity).0);
    let emitted = grams.zip(intensity).map(|(grams, intensity)| {
        format!(", {} CO2eq at the present {:.0} g/kWh", text::mass(grams), intensity.0)
    });
    let mut lines = format!(
        "all epochs  {}: about {}, {}{}\n",
        asked.training.epochs,
        text::duration(seconds.0),
        text::joules_as_energy(joules.0),
        emitted.unwrap_or_default()
    );
    let pays = [
        asked.budget.carbon_g.get().zip(grams).map(|(limit, grams)| limit / grams),
        asked.budget.energy_kwh.get().map(|limit| limit / joules.kwh()),
    ];
    let pays = pays.into_iter().flatten().filter(|count| count.is_finite()).reduce(f64::min);
    if let Some(count) = pays {
        lines
            .push_str(&format!("the budget  pays for about {} such trainings\n", text::large(count.floor())));
    }
    lines
}
