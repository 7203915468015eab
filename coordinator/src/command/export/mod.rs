//! `ce-nas export`: a study's trials and networks for other tools. Files are written whole or not at all.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `spending` | what each trial drew and emitted |
//! | `trials`, `parquet` | trials as a table: CSV, JSON, Parquet |
//! | `emissions` | CodeCarbon's columns |
//! | `tensorboard`, `mlflow`, `traces` | what those tools read |
//! | `network` | one trained network: TorchScript, safetensors, a plain PyTorch module |

mod emissions;
mod mlflow;
pub mod network;
mod parquet;
mod spending;
mod tensorboard;
mod traces;
mod trials;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::Serialize;

use self::spending::Told;
use super::{Place, Usage, print};
use crate::directory::write_whole;

/// Write a study's trials for other tools (tables, CodeCarbon, TensorBoard, MLflow), or one of its networks
///
/// Examples:
///   ce-nas export --architecture 17 --dir runs/study --out best.pt
///   ce-nas export --architecture 17 --dir runs/study --format pytorch --out best.py
///   ce-nas export trials --dir runs/study > trials.csv
///   ce-nas export trials --url http://head-node:7591 --token-file http-token > trials.csv
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    network: network::Args,
}

#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// All trials as a table: figures, energy, emissions, where they came from
    ///
    /// Examples:
    ///   ce-nas export trials --dir runs/study > trials.csv
    ///   ce-nas export trials --dir runs/study --format parquet --out trials.parquet
    #[command(verbatim_doc_comment)]
    Trials {
        #[command(flatten)]
        study: Place,
        #[arg(long, value_enum, default_value = "csv")]
        format: Format,
        /// The file [default: the standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Energy and emissions of each trial in the columns of CodeCarbon's emissions.csv
    ///
    /// Example: ce-nas export emissions --dir runs/study --out emissions.csv
    #[command(verbatim_doc_comment)]
    Emissions {
        #[command(flatten)]
        study: Place,
        /// The file [default: the standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Event files for TensorBoard: the study's course, and each training's learning curve
    ///
    /// Example: ce-nas export tensorboard --dir runs/study --out events && tensorboard --logdir events
    #[command(verbatim_doc_comment)]
    Tensorboard {
        #[command(flatten)]
        study: Place,
        /// The folder
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// Runs for MLflow, as its file store keeps them
    ///
    /// Example: ce-nas export mlflow --dir runs/study --out mlruns && mlflow ui --backend-store-uri mlruns
    #[command(verbatim_doc_comment)]
    Mlflow {
        #[command(flatten)]
        study: Place,
        /// The store's folder; other experiments in it are left alone
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// OpenTelemetry traces (OTLP): a trace for each trial, a span for each attempt; for Jaeger, Tempo and the like
    ///
    /// Examples:
    ///   ce-nas export traces --dir runs/study --out traces.json
    ///   ce-nas export traces --dir runs/study --endpoint http://127.0.0.1:4318
    #[command(verbatim_doc_comment)]
    Traces {
        #[command(flatten)]
        study: Place,
        #[command(flatten)]
        to: Where,
    },
}

#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Where {
    /// A file of OTLP messages, a line each
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A collector that takes OTLP over HTTP
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Csv,
    Json,
    Parquet,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    match &args.command {
        Some(command) => write(command, out),
        None => network::run(&args.network, out),
    }
}

fn write(command: &Command, out: &mut dyn Write) -> Result<()> {
    match command {
        Command::Trials { study, format, out: file } => {
            let rows = trials::rows(&Told::read(&study.source()?)?);
            let bytes = match format {
                Format::Csv => csv(&rows)?,
                Format::Json => json(&rows)?,
                Format::Parquet if file.is_none() => {
                    return Err(Usage("a Parquet file is for no screen: say where by --out".into()).into());
                }
                Format::Parquet => parquet::bytes(&names(&rows)?, &objects(&rows)?)?,
            };
            put(&bytes, file.as_deref(), out)
        }
        Command::Emissions { study, out: file } => {
            put(&csv(&emissions::rows(&Told::read(&study.source()?)?))?, file.as_deref(), out)
        }
        Command::Tensorboard { study, out: folder } => {
            let files = tensorboard::write(&Told::read(&study.source()?)?.state, folder);
            let files = files.with_context(|| format!("{} can't be written", folder.display()))?;
            print(out, &format!("{files} event files in {}\n", folder.display()))
        }
        Command::Mlflow { study, out: folder } => {
            let runs = mlflow::write(&Told::read(&study.source()?)?, folder);
            let runs = runs.with_context(|| format!("{} can't be written", folder.display()))?;
            print(out, &format!("{runs} runs in {}\n", folder.display()))
        }
        Command::Traces { study, to } => {
            let messages = traces::messages(&study.source()?)?;
            if let Some(endpoint) = &to.endpoint {
                let sent = traces::send(&messages, endpoint)?;
                return print(out, &format!("{sent} messages sent to {endpoint}\n"));
            }
            let lines: String = messages.iter().map(|message| format!("{message}\n")).collect();
            put(lines.as_bytes(), to.out.as_deref(), out)
        }
    }
}

fn put(bytes: &[u8], file: Option<&Path>, out: &mut dyn Write) -> Result<()> {
    match file {
        Some(file) => {
            write_whole(file, bytes).with_context(|| format!("{} can't be written", file.display()))
        }
        None => print(out, &String::from_utf8_lossy(bytes)),
    }
}

fn csv(rows: &[impl Serialize]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter().try_for_each(|row| writer.serialize(row))?;
    Ok(writer.into_inner().map_err(|error| error.into_error())?)
}

fn json(rows: &[impl Serialize]) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(rows)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The columns in their order.
fn names(rows: &[trials::Row]) -> Result<Vec<String>> {
    let head = csv(rows.get(..1).context("the study has no trials yet")?)?;
    let mut reader = csv::Reader::from_reader(head.as_slice());
    Ok(reader.headers()?.iter().map(Into::into).collect())
}

fn objects(rows: &[trials::Row]) -> Result<Vec<serde_json::Map<String, serde_json::Value>>> {
    let object = |row| match serde_json::to_value(row)? {
        serde_json::Value::Object(object) => Ok(object),
        _ => anyhow::bail!("a row is an object"),
    };
    rows.iter().map(object).collect()
}
