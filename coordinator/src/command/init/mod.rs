//! `ce-nas init`: five questions, and a configuration that `ce-nas check-config` takes.

mod answers;
mod question;

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use self::answers::{Answers, Search};
use self::question::{Asker, Question};
use super::Usage;
use crate::carbon;
use crate::directory::write_whole;

/// A description of decisions to begin with: that of the example.
const OWN_DECISIONS: &str = include_str!("../../../../configs/free-form.toml");

/// Ask five questions and write a study's configuration
///
/// An answer may be given by its flag instead. What is written passes `ce-nas check-config`; what can't
/// work is asked again, or refused.
///
/// Examples:
///   ce-nas init
///   ce-nas init --name cells --search darts --images cifar10 --carbon DE=electricity_maps --budget "2 kg, 48 h"
///   ce-nas init --yes --name trial --out trial.toml
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The study's name
    #[arg(long)]
    pub name: Option<String>,
    /// nas_bench_201, darts, mobile or own
    #[arg(long, value_name = "SPACE")]
    pub search: Option<String>,
    /// fashion-mnist or cifar10; not for decisions of your own
    #[arg(long)]
    pub images: Option<String>,
    /// The command that trains one network; for decisions of your own
    #[arg(long, value_name = "COMMAND")]
    pub program: Option<String>,
    /// none, ZONE=SERVICE or ZONE=FILE.csv
    #[arg(long, value_name = "SOURCE")]
    pub carbon: Option<String>,
    /// Amounts with units: g, kg, kWh, h, days, trainings
    #[arg(long, value_name = "AMOUNTS")]
    pub budget: Option<String>,
    /// Take what is proposed wherever nothing was said
    #[arg(long)]
    pub yes: bool,
    /// The file to write [default: NAME.toml]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
}

pub fn run(args: &Args, input: &mut dyn BufRead, out: &mut dyn Write) -> Result<()> {
    let mut asker = Asker { input, out, takes_defaults: args.yes };
    let name = asker.ask(
        Question { text: "What is the study called?", hint: "", default: "study", flag: "--name" },
        args.name.as_deref(),
        answers::read_name,
    )?;
    let path = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.toml")));
    free(&path, args.force)?;
    let space = asker.ask(
        Question {
            text: "What is searched?",
            hint: "1  cells of NAS-Bench-201: five operations on six edges\n\
                   2  cells of DARTS: normal and reduction\n\
                   3  blocks of MobileNetV3, as in Once-for-All\n\
                   4  decisions of your own, and a program of yours that trains",
            default: "1",
            flag: "--search",
        },
        args.search.as_deref(),
        answers::read_space,
    )?;
    let own = path.with_file_name(format!("{name}-space.toml"));
    let search = match space {
        Some(space) => Search::Images {
            space,
            images: asker.ask(
                Question {
                    text: "On which images?",
                    hint: "1  Fashion-MNIST\n2  CIFAR-10",
                    default: "1",
                    flag: "--images",
                },
                args.images.as_deref(),
                answers::read_images,
            )?,
        },
        None => Search::Own {
            file: own.display().to_string(),
            program: asker.ask(
                Question {
                    text: "Which command trains one network?",
                    hint: "It finds its task in a file and answers in JSON lines: worker/python/README.md",
                    default: "python3 train.py",
                    flag: "--program",
                },
                args.program.as_deref(),
                answers::read_program,
            )?,
        },
    };
    let carbon = asker.ask(
        Question {
            text: "Where does the grid's carbon intensity come from?",
            hint: "none                 made up, to try things out\n\
                   DE=electricity_maps  a live service (or watttime, uk); its key stands in the environment or a file\n\
                   DE=traces/DE.csv     a recorded trace",
            default: "none",
            flag: "--carbon",
        },
        args.carbon.as_deref(),
        answers::read_carbon,
    )?;
    let budget = asker.ask(
        Question {
            text: "What may the search take at most?",
            hint: "Amounts with units, such as 2 kg, 48 h: g or kg CO2eq, kWh, h or days, trainings",
            default: "168 h",
            flag: "--budget",
        },
        args.budget.as_deref(),
        answers::read_budget,
    )?;

    let answers = Answers { name, search, carbon, budget };
    let mut written = vec![path.clone()];
    if matches!(answers.search, Search::Own { .. }) && !own.exists() {
        write_whole(&own, OWN_DECISIONS.as_bytes())
            .with_context(|| format!("{} can't be written", own.display()))?;
        written.push(own);
    }
    write_checked(&path, &answers.settings())?;
    let written: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
    let config = path.display();
    super::print(
        asker.out,
        &format!(
            "\nwritten: {}\nnext:\n  ce-nas doctor --config {config}     what this machine still lacks\n  ce-nas try-one --config {config}    one network through the whole path\n  ce-nas run --config {config}        the study\n",
            written.join(", ")
        ),
    )
}

fn free(path: &Path, force: bool) -> Result<()> {
    if path.exists() && !force {
        return Err(Usage(format!(
            "{} is there already: choose another by --out, or say --force",
            path.display()
        ))
        .into());
    }
    Ok(())
}

/// What does not pass the check is not left behind.
fn write_checked(path: &Path, settings: &str) -> Result<()> {
    let trial = path.with_extension("toml.unchecked");
    write_whole(&trial, settings.as_bytes())
        .with_context(|| format!("{} can't be written", trial.display()))?;
    let checked = check(&trial);
    if let Err(error) = checked {
        // The error is what matters.
        let _ = std::fs::remove_file(&trial);
        return Err(error.context("these answers make no study"));
    }
    std::fs::rename(&trial, path).with_context(|| format!("{} can't be written", path.display()))
}

/// As `ce-nas check-config` does.
fn check(path: &Path) -> Result<()> {
    let config = common::config::load(Some(path), [], &[])?;
    let spec = config.study_spec()?;
    if config.carbon.source == "live" {
        carbon::build(&carbon::Settings::new(&config.carbon, spec.seed))
            .map_err(|error| Usage(error.to_string()))?;
    }
    Ok(())
}
