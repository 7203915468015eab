//! An hour of chaos with the real programs (`scripts/chaos` is the door): kills, stops, starves and cuts off, then checks the books.
//! Exit code 0: the study ended by itself, nothing was lost, nothing counted twice, nobody hung.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use common::config;
use system_tests::chaos::{self, Network, Plan, Settings};
use system_tests::lab::REHEARSAL;

#[derive(Debug, Parser)]
#[command(name = "scripts/chaos", about = "Torments a study of real processes, and checks its books")]
struct Arguments {
    /// Misfortunes befall the study for so many seconds [default: 3600; with --outage as long as that]
    #[arg(long, value_name = "SECONDS")]
    span: Option<f64>,
    /// Workers, each on a machine of its own
    #[arg(long, default_value_t = 4)]
    machines: usize,
    /// Draws the misfortunes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Instead of all that, one kill of the coordinator, which is away for so many seconds
    #[arg(long, value_name = "SECONDS")]
    outage: Option<f64>,
    /// The study's directory, which must be new [default: runs/chaos-SEED]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The study's settings instead of made-up trainings of ten seconds; its hours are set so that it outlasts the misfortunes
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One setting, over those of the file
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// The outage begins once trainings are under way.
const OUTAGE_AT: Duration = Duration::from_secs(40);
/// From the last misfortune to the study's end, seconds.
const TAIL_S: f64 = 60.0;

fn main() -> ExitCode {
    match chaos(Arguments::parse()) {
        Ok(code) => code,
        Err(mistake) => {
            eprintln!("error: {mistake}");
            ExitCode::from(2)
        }
    }
}

fn chaos(arguments: Arguments) -> Result<ExitCode, String> {
    let Arguments { span, machines, seed, outage, dir, config, set } = arguments;
    let least = outage.map_or(3600.0, |outage| OUTAGE_AT.as_secs_f64() + outage);
    let span = span.map_or(least, |span| if outage.is_some() { span.max(least) } else { span });
    let directory = dir.unwrap_or_else(|| format!("runs/chaos-{seed}").into());
    if directory.exists() {
        return Err(format!("{} is there already: name another --dir, or remove it", directory.display()));
    }
    std::fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let directory = directory.canonicalize().map_err(|error| error.to_string())?;
    let lasts = span + TAIL_S;
    let (study, mut more) = match &config {
        None => (REHEARSAL.to_owned(), chaos::rehearsal(lasts)),
        Some(file) => {
            let hour_s =
                config::load(Some(file), [], &set).map_err(|error| error.to_string())?.carbon.hour_seconds;
            let text =
                std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            (text, vec![format!("budget.hours={}", (lasts / hour_s).ceil())])
        }
    };
    more.extend(set);
    let network = Network::new(machines);
    let plan = match outage {
        Some(lasts) => Plan::outage(OUTAGE_AT, Duration::from_secs_f64(lasts), machines),
        None => Plan::drawn(seed, Duration::from_secs_f64(span), machines, network.is_some()),
    };
    println!(
        "seed {seed}, {machines} machines, {} misfortunes within {span:.0} s: {}",
        plan.misfortunes.len(),
        plan.counts()
    );
    let rest = Duration::from_secs_f64(TAIL_S) + chaos::HANG;
    let verdict = chaos::run(&plan, network, Settings { study, more, directory, rest, tells: true });
    verdict.tell();
    Ok(if verdict.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
