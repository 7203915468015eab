//! `ce-nas export --architecture`: one trained network of a study, as a file for other programs.

mod module;

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;
use common::fidelity::Fidelity;
use common::id::TrialId;
use common::trial::{ArtifactKind, Subject};
use serde_json::Value;

use crate::command::{Place, Usage, print};
use crate::core::{State, Trial};
use crate::directory::write_whole;
use crate::report::copy_checked;
use crate::source::Source;

/// The entry of a safetensors file's metadata that says what network it is.
const KEY: &str = "cenas_network";
/// Longer headers are damaged: those of the largest networks are a megabyte.
const MOST_HEADER: u64 = 64 << 20;

#[derive(Debug, Clone, clap::Args)]
// Its name would be that of the command around it.
#[group(id = "network")]
pub struct Args {
    /// One trained network: the number of a trial of it, or the network in the space's notation
    #[arg(long, value_name = "ID")]
    pub architecture: Option<String>,
    #[arg(long, value_enum, default_value = "torchscript", requires = "architecture")]
    pub format: Format,
    #[command(flatten)]
    pub place: Place,
    /// The file [default: network.pt, network.safetensors or network.py]
    #[arg(long, value_name = "FILE", requires = "architecture")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A module that torch.jit.load opens: pixels in [0, 1] to logits
    Torchscript,
    /// The weights by name, with architecture and normalisation in the metadata
    Safetensors,
    /// A plain PyTorch module in Python, ready for ONNX, and its weights beside it as safetensors
    Pytorch,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let Some(wanted) = &args.architecture else {
        let reason =
            "say what: a table of a subcommand (ce-nas export --help), or one network by --architecture ID";
        return Err(Usage(reason.into()).into());
    };
    let source = args.place.source()?;
    let state = source.state()?;
    let trial = find(&state, wanted)?;
    let default = match args.format {
        Format::Torchscript => "network.pt",
        Format::Safetensors => "network.safetensors",
        Format::Pytorch => "network.py",
    };
    let file = args.out.clone().unwrap_or_else(|| default.into());
    let written = match args.format {
        Format::Torchscript => vec![copy(&source, trial, ArtifactKind::TorchScript, &file)?],
        Format::Safetensors => vec![copy(&source, trial, ArtifactKind::Weights, &file)?],
        Format::Pytorch => {
            let weights = copy(&source, trial, ArtifactKind::Weights, &file.with_extension("safetensors"))?;
            vec![write_module(&state, trial, &weights, &file)?, weights]
        }
    };
    let tested = trial.evaluation.as_ref().and_then(|evaluation| evaluation.test_error);
    let tested = tested.map(|error| format!(", {:.2} % test accuracy", 100.0 * (1.0 - error)));
    let files: Vec<String> = written.iter().map(|file| file.display().to_string()).collect();
    print(out, &format!("trial {}{}: {}\n", trial.id, tested.unwrap_or_default(), files.join(", ")))
}

/// The finished full training of what `wanted` names.
pub fn find<'a>(state: &'a State, wanted: &str) -> Result<&'a Trial> {
    let architecture = match wanted.parse() {
        Ok(number) => {
            let trial = state.trial(TrialId(number));
            let trial =
                trial.with_context(|| format!("there is no trial {number}; `ce-nas trials` lists them"))?;
            let architecture = trial.subject.architecture().cloned();
            architecture.with_context(|| format!("trial {number} is the supernet, not one network"))?
        }
        Err(_) => {
            let study = state.study.as_ref().context("the study has not begun")?;
            let space = study.spec.space.build();
            let read = space.decode(wanted).map_err(|error| Usage(format!("--architecture: {error}")))?;
            // As it was trained: some studies train encodings as they are written.
            let written = Subject::Network { architecture: read.clone(), fidelity: Fidelity::Full };
            if state.of_subject(&written).is_some() { read } else { space.canonical(&read) }
        }
    };
    let subject = Subject::Network { architecture, fidelity: Fidelity::Full };
    let trained = state.of_subject(&subject).filter(|trial| trial.evaluation.is_some());
    trained.ok_or_else(|| {
        anyhow!(
            "{wanted} has no finished full training here: `ce-nas front` shows what has, `ce-nas train --architecture` trains one"
        )
    })
}

fn copy(source: &Source, trial: &Trial, kind: ArtifactKind, target: &Path) -> Result<PathBuf> {
    let evaluation = trial.evaluation.as_deref();
    let Some(artifact) = evaluation.and_then(|evaluation| evaluation.artifact(kind)) else {
        bail!(
            "trial {} left no such file: libtorch leaves weights and TorchScript, a program of your own what it puts into its artifacts' folder",
            trial.id
        );
    };
    let missing = copy_checked(source.open(trial.id, artifact), artifact.blob, target)
        .with_context(|| format!("{} can't be written", target.display()))?;
    match missing {
        Some(reason) => Err(anyhow!(reason)),
        None => Ok(target.to_owned()),
    }
}

fn write_module(state: &State, trial: &Trial, weights: &Path, file: &Path) -> Result<PathBuf> {
    let study = state.study.as_ref().context("the study has not begun")?;
    let about =
        about(weights).with_context(|| format!("{} says nothing of its network", weights.display()))?;
    let architecture = trial.subject.architecture().context("a network has an architecture")?;
    let text = module::text(&study.spec.space, architecture, &about["normalisation"]);
    let text = text.context("networks of a free-form space are built by your own program alone")?;
    write_whole(file, text.as_bytes()).with_context(|| format!("{} can't be written", file.display()))?;
    Ok(file.to_owned())
}

/// What the safetensors file `path` says of its network.
fn about(path: &Path) -> Result<Value> {
    let mut file = File::open(path)?;
    let mut length = [0; 8];
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    anyhow::ensure!(length <= MOST_HEADER, "it is no safetensors file");
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header)?;
    let header: Value = serde_json::from_slice(&header).context("it is no safetensors file")?;
    let text = header["__metadata__"][KEY].as_str();
    Ok(serde_json::from_str(text.context("it was not written by ce-nas-worker")?)?)
}
