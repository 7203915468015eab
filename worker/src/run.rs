//! From settings to a running worker: keys, lock, devices, signals. A person reads its errors, hence `anyhow`.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use common::config::{Config, Security};
use common::id::{SessionId, Zone};
use common::time::Millis;
use evaluation::Program;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use transport::{ClientOptions, ClientSecurity, Endpoint, JoinCode, KeyPair, PublicKey, ZeroMq};

use crate::actor::{Ended, Setup, serve};
use crate::addresses;
use crate::clock::Clock;
use crate::core::Options;
use crate::hardware;
use crate::join;
use crate::lock::DirectoryLock;
use crate::recent::Recent;

#[derive(Debug)]
pub enum RunError {
    /// Something to correct in the settings.
    Usage(anyhow::Error),
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for RunError {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// Works for the coordinator that `config` names until there is a reason to end. `code` is what `--join` gave.
/// `recent` holds what the log has said by `clock`.
pub fn run(config: &Config, code: Option<&str>, clock: Clock, recent: Recent) -> Result<Ended, RunError> {
    let directory = Path::new(&config.worker.directory);
    let code = code.map(join::read).transpose().map_err(RunError::Usage)?;
    let lock = || DirectoryLock::take(directory).context("can't start");
    let (connections, _lock) = match &code {
        // A mistake in the settings is told before anything is touched.
        None => (connections(config).map_err(RunError::Usage)?, lock()?),
        Some(code) => {
            let held = lock()?;
            (joined(config, code, directory)?, held)
        }
    };
    let hardware =
        hardware::describe(&config.worker, &program(config), clock.now()).map_err(RunError::Usage)?;
    for slot in &hardware.slots {
        tracing::info!(slot = %slot.slot, device = %slot.device, meter = %slot.meter, "slot");
    }
    let options = Options {
        session: session(),
        zone: Zone::new(config.worker.zone.as_str()),
        slots: hardware.slots,
        version: version(),
        host: hardware::host_name(),
        checkpoint: Millis::from_seconds(config.worker.checkpoint_s),
        give_up: config.worker.give_up_s.get().map(Millis::from_seconds),
    };
    let setup = Setup {
        options,
        transport: ZeroMq,
        connections,
        blobs: directory.join("blobs"),
        outbox: directory.join("outbox"),
        evaluations: hardware.evaluations,
        meters: hardware.meters,
        thermometers: hardware.thermometers,
        recent,
        report: Millis::from_seconds(config.worker.report_s),
        clock,
    };
    let ended = actix::System::new().block_on(async { serve(setup, requests_to_stop()?).await })?;
    Ok(ended)
}

/// As `connections`, with the keys that a join code leads to.
fn joined(config: &Config, code: &JoinCode, directory: &Path) -> Result<Vec<ClientOptions>, RunError> {
    let endpoints = addresses::read(&config.worker.coordinator).map_err(RunError::Usage)?;
    if config.coordinator.security == Security::Null {
        let contradiction =
            "--join makes keys, and coordinator.security = null wants none: leave one of the two out";
        return Err(RunError::Usage(anyhow::anyhow!(contradiction)));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("can't start the runtime of the enrolment")?;
    let member = runtime.block_on(join::join(&ZeroMq, &endpoints, code, directory)).context("can't join")?;
    Ok(each(endpoints, &ClientSecurity::Curve { keys: member.keys, server: member.server }))
}

/// One for each address of the coordinator, in the order in which they are tried.
fn connections(config: &Config) -> anyhow::Result<Vec<ClientOptions>> {
    let worker = &config.worker;
    let endpoints = addresses::read(&worker.coordinator)?;
    let security = match config.coordinator.security {
        Security::Curve => {
            let cure = "set it by --key and --coordinator-key, or, on one machine, go without keys by --set coordinator.security=null";
            let keys =
                KeyPair::load(&PathBuf::from(&worker.key)).with_context(|| format!("worker.key: {cure}"))?;
            let server = PublicKey::load(&PathBuf::from(&worker.coordinator_key))
                .with_context(|| format!("worker.coordinator_key: {cure}"))?;
            ClientSecurity::Curve { keys, server }
        }
        Security::Null => {
            if let Some(endpoint) = endpoints.iter().find(|endpoint| !endpoint.is_loopback()) {
                anyhow::bail!(
                    "coordinator.security = null, but {endpoint} is not this machine: without keys anybody could take part; make keys with `ce-nas keygen`"
                );
            }
            ClientSecurity::Null { name: worker.name.parse().context("worker.name")? }
        }
    };
    Ok(each(endpoints, &security))
}

fn each(endpoints: Vec<Endpoint>, security: &ClientSecurity) -> Vec<ClientOptions> {
    endpoints.into_iter().map(|endpoint| ClientOptions::new(endpoint, security.clone())).collect()
}

/// Which program a study may have started here. Where nobody proves who the coordinator is, none but the machine's own.
fn program(config: &Config) -> Program {
    match (config.worker.command.is_empty(), config.coordinator.security) {
        (false, _) => Program::OfTheMachine(config.worker.command.clone()),
        (true, Security::Curve) => Program::OfTheStudy,
        (true, Security::Null) => Program::Refused,
    }
}

/// This release and the libtorch it was built against, for the ledger and the report.
fn version() -> String {
    let own = env!("CARGO_PKG_VERSION");
    evaluation::libtorch_version().map_or_else(|| own.into(), |torch| format!("{own} (libtorch {torch})"))
}

/// Drawn from the operating system, so that a restarted process is told from its predecessor.
fn session() -> SessionId {
    SessionId(RandomState::new().build_hasher().finish())
}

/// SIGTERM and Ctrl-C, as messages. SIGHUP is taken and passed over: a worker outlives its terminal.
fn requests_to_stop() -> anyhow::Result<mpsc::UnboundedReceiver<()>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let listen = |kind| signal(kind).context("can't listen for signals");
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        actix::spawn(forward(listen(kind)?, Some(sender.clone())));
    }
    actix::spawn(forward(listen(SignalKind::hangup())?, None));
    Ok(receiver)
}

async fn forward(mut signal: Signal, to: Option<mpsc::UnboundedSender<()>>) {
    while signal.recv().await.is_some() {
        match &to {
            Some(sender) => drop(sender.send(())),
            None => tracing::info!("the terminal is gone; working on"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connect_with(assignments: &[&str]) -> anyhow::Result<Vec<ClientOptions>> {
        let assignments: Vec<String> = assignments.iter().map(ToString::to_string).collect();
        connections(&common::config::load(None, [], &assignments).unwrap())
    }

    fn refusal(assignments: &[&str]) -> String {
        format!("{:#}", connect_with(assignments).unwrap_err())
    }

    #[test]
    fn keys_are_read_where_they_are_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let (key, server) = (folder.path().join("w.key"), folder.path().join("c.pub"));
        let settings =
            [format!("worker.key={}", key.display()), format!("worker.coordinator_key={}", server.display())];
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let missing = refusal(&settings);
        assert!(missing.contains("w.key") && missing.contains("--key"), "{missing}");
        KeyPair::generate().save(&key).unwrap();
        assert!(refusal(&settings).contains("c.pub"));
        KeyPair::generate().public().save(&server).unwrap();
        assert!(matches!(connect_with(&settings).unwrap()[0].security, ClientSecurity::Curve { .. }));
    }

    #[test]
    fn without_keys_only_on_one_machine() {
        let null = "coordinator.security=null";
        assert!(matches!(connect_with(&[null]).unwrap()[0].security, ClientSecurity::Null { .. }));
        assert!(refusal(&[null, "worker.coordinator=tcp://10.0.0.1:7590"]).contains("keygen"));
        let both = "worker.coordinator=tcp://127.0.0.1:7590,tcp://10.0.0.1:7590";
        assert!(refusal(&[null, both]).contains("10.0.0.1"));
        assert!(refusal(&[null, "worker.coordinator=nowhere"]).contains("tcp://HOST:PORT"));
        assert!(refusal(&[null, "worker.name=a b"]).contains("worker.name"));
    }

    #[test]
    fn a_program_is_started_for_those_who_are_known() {
        let program_with = |assignments: &[&str]| {
            let assignments: Vec<String> = assignments.iter().map(ToString::to_string).collect();
            program(&common::config::load(None, [], &assignments).unwrap())
        };
        let (null, own) = ("coordinator.security=null", "worker.command=[\"sh\", \"train.sh\"]");
        assert_eq!(program_with(&[]), Program::OfTheStudy);
        assert_eq!(program_with(&[null]), Program::Refused);
        let words = Program::OfTheMachine(vec!["sh".into(), "train.sh".into()]);
        assert_eq!(program_with(&[own]), words);
        assert_eq!(program_with(&[null, own]), words);
    }

    #[test]
    fn sessions_differ() {
        assert_ne!(session(), session());
    }
}
