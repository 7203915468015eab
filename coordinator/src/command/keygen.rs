//! `ce-nas keygen`: the coordinator's key pair, and keys of workers on other machines. `ce-nas run` needs none of it.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use transport::{KeyPair, PeerName, PublicKey};

use super::{print, print_json};
use crate::keyring::Keyring;

/// The coordinator's own files bear this name.
const COORDINATOR: &str = "coordinator";

/// Make keys for a coordinator and its workers
///
/// The secret files (*.key) are readable by their owner alone and never overwritten.
///
/// Examples:
///   ce-nas keygen coordinator --out runs/study/keys
///   ce-nas keygen worker node-7 --out runs/study/keys
///   ce-nas keygen worker node-8 --out runs/study/keys --public 'KEY'
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    pub whose: Whose,
}

#[derive(Debug, Clone, clap::Subcommand)]
pub enum Whose {
    /// Make the coordinator's pair: coordinator.key (secret) and coordinator.pub
    Coordinator {
        #[command(flatten)]
        place: Place,
    },
    /// Make a worker's key and add it to the workers that the coordinator admits
    Worker {
        /// The worker's name: letters, digits, '.', '_' or '-'
        name: String,
        #[command(flatten)]
        place: Place,
        /// Admit this public key, made on the worker's machine; no secret is made here
        // One key in 85 begins with a hyphen.
        #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
        public: Option<String>,
    },
}

#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// The coordinator's directory of keys, which is `keys` in the study's directory
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// What was made, or was there already.
#[derive(Debug, Serialize)]
struct Made {
    name: String,
    public: String,
    /// None where only a public key was admitted.
    secret_file: Option<PathBuf>,
    public_file: Option<PathBuf>,
    allow_file: Option<PathBuf>,
    /// Whether a pair was there before and was kept.
    kept: bool,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let (made, place, next) = match &args.whose {
        Whose::Coordinator { place } => (coordinator(&place.out)?, place, None),
        Whose::Worker { name, place, public } => {
            let made = worker(name, &place.out, public.as_deref())?;
            let next = made.secret_file.as_ref().map(|secret| after(secret, &place.out));
            (made, place, next)
        }
    };
    if place.json {
        return print_json(out, &made);
    }
    print(out, &told(&made, next.as_deref()))
}

fn coordinator(directory: &Path) -> Result<Made> {
    let keyring = Keyring::new(directory);
    let kept = keyring.secret().exists();
    let pair = keyring.coordinator()?;
    Ok(Made {
        name: COORDINATOR.into(),
        public: pair.public().to_string(),
        secret_file: Some(keyring.secret()),
        public_file: Some(keyring.public()),
        allow_file: None,
        kept,
    })
}

fn worker(name: &str, directory: &Path, public: Option<&str>) -> Result<Made> {
    // Before any file is named after it.
    let peer: PeerName = name.parse()?;
    if peer.as_str() == COORDINATOR {
        bail!("`{COORDINATOR}` is the coordinator's own name: choose another for the worker");
    }
    std::fs::create_dir_all(directory).with_context(|| format!("{} can't be made", directory.display()))?;
    let keyring = Keyring::new(directory);
    let allow_file = Some(keyring.allowed());
    if let Some(public) = public {
        let key: PublicKey = public.parse().map_err(anyhow::Error::new).context("--public")?;
        let kept = keyring.allow()?.name_of(&key).is_some();
        keyring.admit(name, key)?;
        return Ok(Made {
            name: name.into(),
            public: key.to_string(),
            secret_file: None,
            public_file: None,
            allow_file,
            kept,
        });
    }
    let kept = keyring.worker_key(name).exists();
    let secret = keyring.admit_new(name)?;
    let public = KeyPair::load(&secret)?.public().to_string();
    Ok(Made { name: name.into(), public, secret_file: Some(secret), public_file: None, allow_file, kept })
}

fn told(made: &Made, next: Option<&str>) -> String {
    let mut text = String::new();
    let verb = if made.kept { "was there and is kept" } else { "is made" };
    if let Some(secret) = &made.secret_file {
        text.push_str(&format!(
            "{} {verb}: the secret of {}, for its owner alone\n",
            secret.display(),
            made.name
        ));
    }
    if let Some(public) = &made.public_file {
        text.push_str(&format!("{} is the public key, for every worker\n", public.display()));
    }
    if let Some(allow) = &made.allow_file {
        text.push_str(&format!(
            "{} admits {}; a coordinator that runs lets it in within seconds\n",
            allow.display(),
            made.name
        ));
    }
    text.push_str(&format!("public key {}\n", made.public));
    if let Some(next) = next {
        text.push_str(next);
    }
    text
}

/// How to bring a worker its key.
fn after(secret: &Path, directory: &Path) -> String {
    let public = Keyring::new(directory).public();
    format!(
        "next: bring {} and {} to the worker's machine, keep the secret unreadable for others, and start there\n  \
         ce-nas-worker --coordinator tcp://HOST:PORT --set worker.key=FILE --set worker.coordinator_key=FILE\n",
        secret.display(),
        public.display()
    )
}
