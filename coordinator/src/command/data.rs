//! `ce-nas data`: a study's images. The worker's program does the work, for it alone knows how images are read.

use std::path::PathBuf;
use std::process::{Command as Program, Stdio};

use anyhow::{Context, Result, bail};

use super::{ConfigArgs, Usage};

#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Make one file of a study's images: decoded, scaled and checked once, mapped into memory ever after
    ///
    /// What can't be read is left out, counted, and told. Takes data.format and data.path from the settings: folders of
    /// JPEG and PNG files, IDX, CIFAR. A study uses the file by data.format = "packed" and data.path = FILE.
    ///
    /// Example: ce-nas data pack --config study.toml --out images.packed
    #[command(verbatim_doc_comment)]
    Pack(PackArgs),
}

#[derive(Debug, Clone, clap::Args)]
pub struct PackArgs {
    #[command(flatten)]
    settings: ConfigArgs,
    /// The packed file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub fn run(command: &Command) -> Result<()> {
    let Command::Pack(args) = command;
    let config = args.settings.load()?;
    let program = std::env::current_exe()?.with_file_name("ce-nas-worker");
    if !program.exists() {
        bail!("{} is not there: build it (cargo build --release -p worker) or copy it", program.display());
    }
    let mut worker = Program::new(&program);
    worker.args(["--config", "/dev/stdin", "--pack"]).arg(&args.out).stdin(Stdio::piped());
    let mut child = worker.spawn().with_context(|| format!("{} can't be started", program.display()))?;
    if let Some(mut input) = child.stdin.take() {
        // One that can't be loaded reads nothing: its own words tell more.
        let _ = std::io::Write::write_all(&mut input, toml::to_string(&config)?.as_bytes());
    }
    match child.wait()?.code() {
        Some(0) => Ok(()),
        Some(2) => Err(Usage("the images can't be packed; the reason stands above".into()).into()),
        _ => bail!("the images can't be packed; the reason stands above"),
    }
}
