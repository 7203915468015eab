//! `ce-nas workers admit | revoke | invite | release`: who may work on a study, also while it runs.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use common::time::{Millis, Timestamp};
use transport::{Endpoint, JoinCode, PeerName, PublicKey};

use super::{print, span};
use crate::clock;
use crate::desk::Desk;
use crate::directory::StudyDirectory;
use crate::keyring::{Invitation, Keyring};
use crate::launch::hostname;

/// An invitation lives at least so long, for a person has to carry it, and at most so long: it is a secret on its way.
const SHORTEST: Millis = Millis(60_000);
const LONGEST: Millis = Millis(30 * 24 * 3_600_000);

#[derive(Debug, Clone, clap::Subcommand)]
pub enum Action {
    /// Admit a worker by its public key; a running coordinator lets it in within seconds
    Admit {
        /// The worker's name: letters, digits, '.', '_' or '-'
        name: String,
        /// Its public key, or the file that holds it
        // One key in 85 begins with a hyphen.
        #[arg(value_name = "KEY|FILE", allow_hyphen_values = true)]
        key: String,
        #[command(flatten)]
        place: Place,
    },
    /// Take a worker's right to connect; a running coordinator cuts it off within seconds and gives its work to others
    ///
    /// A key of it that lies in the study's keys/ is put aside as NAME.key.revoked: whatever makes workers of this name from then on,
    /// such as `ce-nas cluster slurm`, makes a new pair.
    Revoke {
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Print one line that lets a new worker join: it carries the coordinator's address and key, and a code that is good once
    ///
    /// The worker makes its own keys; no key file travels. Whoever has the code can join under this name until it is used
    /// or runs out, so send it as you would a password. On the worker's machine a command line can be read by others:
    /// `--join -` reads the code from standard input, `--join @FILE` from a file, and CENAS_JOIN_CODE may hold it.
    Invite {
        name: String,
        /// How long the code is good, such as 90m, 1h or 2d
        #[arg(long = "for", value_name = "TIME", default_value = "1h")]
        span: String,
        /// The address to print [where the coordinator listens]
        #[arg(long, value_name = "tcp://HOST:PORT")]
        address: Option<Endpoint>,
        #[command(flatten)]
        place: Place,
    },
    /// Give work again to a worker that was put aside because it failed at one trial after another, or that was drained
    ///
    /// One that was drained and has left may come back from then on; whatever started it is to start it again.
    Release {
        name: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// The study's directory
    #[arg(long, value_name = "DIR", default_value = "runs/study")]
    pub dir: PathBuf,
}

impl Place {
    fn directory(&self) -> StudyDirectory {
        StudyDirectory::new(&self.dir)
    }

    fn keyring(&self) -> Keyring {
        Keyring::new(self.directory().keys())
    }
}

pub fn run(action: &Action, out: &mut dyn Write) -> Result<()> {
    match action {
        Action::Admit { name, key, place } => {
            place.keyring().admit(name, public_key(key)?)?;
            print(out, &format!("{name} is admitted; a running coordinator lets it in within seconds\n"))
        }
        Action::Revoke { name, place } => {
            if !place.keyring().revoke(name)? {
                bail!("{name} is neither admitted nor invited in {}", place.keyring().allowed().display());
            }
            print(out, &format!("{name} is revoked; a running coordinator cuts it off within seconds\n"))
        }
        Action::Invite { name, span, address, place } => {
            print(out, &invite(name, span, address.as_ref(), place, clock::now())?)
        }
        Action::Release { name, place } => {
            let peer: PeerName = name.parse()?;
            let folder = place.directory().requests();
            Desk::new(&folder)
                .ask_release(&peer)
                .with_context(|| format!("{} can't be written", folder.display()))?;
            print(out, &format!("{name} is to be released; a running coordinator does so within seconds\n"))
        }
    }
}

fn invite(
    name: &str,
    span: &str,
    address: Option<&Endpoint>,
    place: &Place,
    now: Timestamp,
) -> Result<String> {
    let until = now + span_of(span)?;
    let address = match address {
        Some(address) => address.clone(),
        None => listening(&place.directory())?,
    };
    let keyring = place.keyring();
    let code = JoinCode::generate(keyring.coordinator()?.public());
    keyring.invite(Invitation::new(name, code.keys().public(), until)?)?;
    let mut text = format!("ce-nas-worker --coordinator {address} --join {}\n", code.to_text());
    let _ =
        writeln!(text, "# good once, for {name}, until {until}; add --zone and what else the machine needs");
    if address.is_loopback() {
        text.push_str("# this address is good on this machine only: --address names another\n");
    }
    Ok(text)
}

/// Where workers on other machines find the coordinator, as far as it is known here.
pub(super) fn listening(directory: &StudyDirectory) -> Result<Endpoint> {
    let path = directory.endpoint();
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!("{} can't be read: start the coordinator first, or give --address", path.display())
    })?;
    let endpoint: Endpoint = text.trim().parse()?;
    match endpoint.host() {
        // All interfaces: no address to connect to.
        "*" | "0.0.0.0" | "::" => Ok(format!("tcp://{}:{}", hostname(), endpoint.port()).parse()?),
        _ => Ok(endpoint),
    }
}

/// The key itself, or what the file of that name holds.
fn public_key(given: &str) -> Result<PublicKey> {
    match given.parse() {
        Ok(key) => Ok(key),
        Err(_) if Path::new(given).exists() => Ok(PublicKey::load(Path::new(given))?),
        // Not quoted: it might be a secret.
        Err(bad) => bail!("what was given is neither a file nor a public key: {bad}"),
    }
}

fn span_of(text: &str) -> Result<Millis> {
    let span = span::parse(text).map_err(|wrong| anyhow!("--for: {wrong}"))?;
    if span < SHORTEST || span > LONGEST {
        bail!("--for {text}: give a minute at least and 30 days at most");
    }
    Ok(span)
}
