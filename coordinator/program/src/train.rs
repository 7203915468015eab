//! `ce-nas train`: one chosen network at full length, after a search or without one. A study of its own, with an agenda of one, in a
//! folder of its own: it goes on after an interruption as any study does.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use common::architecture::Architecture;
use common::blob::BlobId;
use common::config::Config;
use common::fidelity::Fidelity;
use common::space::SpaceSpec;
use common::trial::Subject;
use coordinator::agenda::Agenda;
use coordinator::command::export::network::{self, Format};
use coordinator::command::{ConfigArgs, Place, Usage, print};
use coordinator::core::{State, TrialState};
use coordinator::directory::{StudyDirectory, write_whole};
use coordinator::report::text;
use coordinator::run::{Crew, Ending, Work, run as study};
use coordinator::source::Source;

use crate::try_one::{narrator, of_one};

/// Characters of a folder's name: more than enough to tell the networks of one study apart.
const NAME: usize = 12;

/// Train a chosen network at full length, and write it as TorchScript, safetensors and a PyTorch module
///
/// With the settings of a study (--dir) or of a file (--config); other lengths, seeds and recipes by --epochs
/// and --set. The images that the study validated on stay held back, so that figures can be compared.
/// The same command goes on where an interrupted one was.
///
/// Examples:
///   ce-nas train --architecture 17 --dir runs/study --epochs 600
///   ce-nas train --architecture 17 --dir runs/study --set training.cutout_pixels=16 --out runs/best
///   ce-nas train --config study.toml --architecture '|nor_conv_3x3~0|+…'
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The number of a trial of the study, or the network in the space's notation
    #[arg(long, value_name = "ID")]
    architecture: String,
    /// The study whose settings count
    #[arg(long, value_name = "DIR", required_unless_present = "config", conflicts_with = "config")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    settings: ConfigArgs,
    /// Epochs [training.epochs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// Where it is trained and left [default: a folder under trained/ in the study's directory]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// What goes to the log file: error, warn, info, debug or trace
    #[arg(long, default_value = "info")]
    log: tracing_subscriber::filter::LevelFilter,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<Ending> {
    let (asked, chosen) = match &args.dir {
        Some(dir) => of_study(args, dir)?,
        None => {
            let asked = settings(args.settings.config.as_deref(), args)?;
            let spec = asked.space_spec()?;
            let chosen = read(&spec, &args.architecture)?;
            (asked, chosen)
        }
    };
    let spec = asked.space_spec()?;
    let notation = spec.build().encode(&chosen);
    let folder = args.out.clone().unwrap_or_else(|| {
        let name = BlobId::of(notation.as_bytes()).to_string();
        Path::new(&asked.study.directory).join("trained").join(&name[..NAME])
    });
    let mut config = of_one(&asked, &folder);
    config.ladder.one_shot = false;
    crate::cli::log_to(&StudyDirectory::new(&folder), args.log)?;
    print(out, &format!("{notation}\n{} epochs in {}\n", config.training.epochs, folder.display()))?;

    let agenda = Agenda::new(std::slice::from_ref(&chosen), Vec::new(), 0);
    if study(config, Crew::WithWorkers, Work::List { agenda, told: narrator() })? == Ending::Interrupted {
        print(out, "interrupted; the same command goes on\n")?;
        return Ok(Ending::Interrupted);
    }
    let state = Source::directory(&folder).state()?;
    print(out, &verdict(&state, chosen)?)?;
    for (format, file) in [(Format::Torchscript, "network.pt"), (Format::Pytorch, "network.py")] {
        let architecture = Some(notation.clone());
        let args = network::Args {
            architecture,
            format,
            place: Place::directory(&folder),
            out: Some(folder.join(file)),
        };
        network::run(&args, out)?;
    }
    Ok(Ending::Finished)
}

/// The settings that a study in `dir` began with, and the network that is meant.
fn of_study(args: &Args, dir: &Path) -> Result<(Config, Architecture)> {
    let state = Source::directory(dir).state()?;
    let began =
        state.study.as_ref().with_context(|| format!("the study in {} has not begun", dir.display()))?;
    // As a file, so that they are checked and overridden like any other.
    let resolved = tempfile_in(dir, &began.config)?;
    let asked = settings(Some(&resolved), args);
    let _ = std::fs::remove_file(&resolved);
    let mut asked = asked?;
    asked.study.directory = dir.display().to_string();
    let chosen = match args.architecture.parse() {
        Ok(number) => {
            let trial = state.trial(common::id::TrialId(number));
            let architecture = trial.and_then(|trial| trial.subject.architecture());
            architecture.cloned().with_context(|| {
                format!(
                    "trial {number} is no network of the study in {}: `ce-nas trials` lists them",
                    dir.display()
                )
            })?
        }
        Err(_) => read(&began.spec.space, &args.architecture)?,
    };
    Ok((asked, chosen))
}

fn tempfile_in(dir: &Path, text: &str) -> Result<PathBuf> {
    let path = dir.join(format!("settings-{}.toml", std::process::id()));
    write_whole(&path, text.as_bytes()).with_context(|| format!("{} can't be written", path.display()))?;
    Ok(path)
}

fn settings(file: Option<&Path>, args: &Args) -> Result<Config> {
    let settings = ConfigArgs { config: file.map(Path::to_owned), set: args.settings.set.clone() };
    Ok(settings.with(args.epochs.map(|epochs| format!("training.epochs={epochs}"))).load()?)
}

fn read(spec: &SpaceSpec, notation: &str) -> Result<Architecture> {
    let space = spec.build();
    let read = space.decode(notation).map_err(|error| Usage(format!("--architecture: {error}")))?;
    Ok(space.canonical(&read))
}

/// What came of it.
fn verdict(state: &State, chosen: Architecture) -> Result<String> {
    let subject = Subject::Network { architecture: chosen, fidelity: Fidelity::Full };
    let trial = state.of_subject(&subject).context("the network was not trained: the folder is another's")?;
    if let TrialState::Failed { reason } = &trial.state {
        bail!("the training failed: {reason}");
    }
    let evaluation = trial.evaluation.as_deref().context("the training has no result")?;
    let accuracy = |error: f64| text::percent(1.0 - error, 2);
    let tested = evaluation.test_error.map(|error| format!("{} test accuracy, ", accuracy(error)));
    let last = evaluation.curve.last().map(|point| format!(", training loss {:.4}", point.training_loss));
    Ok(format!(
        "\n{}{} validation accuracy after {} epochs{}\n{}, {}, on {}\n",
        tested.unwrap_or_default(),
        accuracy(evaluation.validation_error),
        evaluation.curve.len(),
        last.unwrap_or_default(),
        text::duration(evaluation.seconds.0),
        text::joules_as_energy(trial.joules.0),
        evaluation.device,
    ))
}
