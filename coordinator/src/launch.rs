//! Puts a coordinator together: ledger, keys, socket, actors; waits for its end; writes the report.

use std::path::PathBuf;

use actix::prelude::*;
use anyhow::{Context as _, Result, bail};
use common::carbon::CarbonSample;
use common::config::{Config, Security};
use common::time::{GridClock, Millis};
use ledger::Ledger;
use tokio::sync::{oneshot, watch};
use transport::{Endpoint, Server, ServerOptions, ServerSecurity, Transport, ZeroMq};

use crate::actor::{
    Agent, BlobKeeper, CarbonWatch, Coordinator, Exit, ForecastMaker, Gateway, LedgerKeeper, Listening,
    Parts, REMEMBERED_HOURS, Take,
};
use crate::agenda::Agenda;
use crate::blob_store::{BlobStore, Inventory};
use crate::carbon;
use crate::clock;
use crate::core::{Control, Core, Input, NewStudy, Options, State};
use crate::desk::Desk;
use crate::directory::{StudyDirectory, write_whole};
use crate::doorkeeper::Doorkeeper;
use crate::http::{self, Ringer, Serving};
use crate::keyring::Keyring;
use crate::news::Listener;
use crate::search::Searcher;
use crate::snapshot;
use crate::warm_start::{self, WarmStart};

/// This release, as it stands in the ledger and on the wire.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Clocks that are kept in step are set by less than this.
const TOLD_FROM: Millis = Millis(60_000);

/// A study's directory, open for work.
#[derive(Debug)]
pub struct Opened {
    pub directory: StudyDirectory,
    pub config: Config,
    pub ledger: Ledger,
    pub state: State,
    /// What is known before anything is trained.
    pub warm: WarmStart,
}

/// A coordinator at work.
#[derive(Debug)]
pub struct Running {
    pub coordinator: Addr<Coordinator>,
    pub endpoint: Endpoint,
    pub exit: oneshot::Receiver<Exit>,
    /// The page and the API; none where they are off.
    pub http: Option<Serving>,
    /// Why the ledger takes nothing at present, such as a full disk; the study goes on by itself once it does again.
    pub held_up: watch::Receiver<Option<String>>,
}

/// Makes or reopens the study's directory, folds its ledger, and reads the results to be taken as given from `warm_start`.
pub fn open(config: Config, warm_start: &[PathBuf]) -> Result<Opened> {
    let directory = StudyDirectory::new(&config.study.directory);
    directory
        .create()
        .with_context(|| format!("the study's directory {} can't be made", directory.root().display()))?;
    let ledger = Ledger::open(directory.ledger())?;
    let state = snapshot::fold(&ledger)?;
    let behind = clock::go_on_from(state.last_at);
    if behind > TOLD_FROM {
        tracing::warn!(
            behind_s = behind.seconds(),
            last_event = %state.last_at,
            "this machine's clock stands before the study's last event: it was set back since, or was ahead then. The study's time goes \
             on from that event, ahead of the clock, and so do its hours of carbon: live services know them late, and the last known \
             values stand in"
        );
    }
    let asked = config.study_spec()?;
    if let Some(study) = &state.study
        && study.spec != asked
    {
        bail!(
            "{} holds another study ({}, seed {}), whose settings differ from those asked for: choose another \
             study.directory, or give the same settings to go on with it",
            directory.root().display(),
            study.spec.name,
            study.spec.seed.0
        );
    }
    // A study that is over learns nothing more.
    let warm = match state.finished {
        None => warm_start::read(warm_start, &asked, &state)?,
        Some(_) => WarmStart::default(),
    };
    Ok(Opened { directory, config, ledger, state, warm })
}

/// Binds the socket and starts the actors. With an `agenda` nothing is searched.
pub async fn start(opened: Opened, agenda: Option<Agenda>, listener: Listener) -> Result<Running> {
    let Opened { directory, config, ledger, state, warm } = opened;
    let spec = config.study_spec()?;
    let study = NewStudy { clock: grid_clock(&config, &state)?, config: toml::to_string(&config)?, spec };
    // Both addresses first: a study that can't have them does not begin.
    let http = http::bind(&config.http, &directory)?;
    let (server, door) = bind(&config, &directory).await?;
    let endpoint = server.endpoint().clone();
    let (sender, receiver) = server.split();
    let desk = Desk::new(directory.requests());
    let store = BlobStore::open(directory.blobs())?;
    write_whole(&directory.endpoint(), endpoint.to_string().as_bytes())
        .with_context(|| format!("{} can't be written", directory.endpoint().display()))?;

    let settings = carbon::Settings::new(&config.carbon, study.spec.seed).remembering(directory.carbon());
    let sources = carbon::build(&settings)?;
    for source in sources.values() {
        check_kind(&state, source.as_ref())?;
        check_span(source.as_ref(), &study.clock, &config)?;
        tracing::info!(zone = %source.zone(), "carbon intensity is served by {}", source.describe());
    }
    let policy = allocation::build(&config.allocation.policy, &policy_options(&config))?;
    let searcher = Searcher::new(&config, &study.spec)?;
    let forecaster = ForecastMaker::new(&config.forecast)?;

    let watch = CarbonWatch::new(sources, carbon::constants(&config.carbon)?).knowing(told(&state));
    // What may take long has a thread of its own, so that the coordinator never waits for it.
    let keeper = BlobKeeper::new(store, sender.clone(), directory.ledger(), Inventory::of(&state));
    let blobs = BlobKeeper::start_in_arbiter(&Arbiter::new().handle(), |_| keeper);
    let gateway = Gateway::new(sender, receiver, blobs.clone(), door, desk).start();
    let parts = Parts {
        ledger: LedgerKeeper::start_in_arbiter(&Arbiter::new().handle(), |_| LedgerKeeper::new(ledger)),
        gateway: gateway.clone(),
        blobs,
        carbon: CarbonWatch::start_in_arbiter(&Arbiter::new().handle(), |_| watch),
        forecaster: ForecastMaker::start_in_arbiter(&Arbiter::new().handle(), |_| forecaster),
        agent: Agent::new(policy).start(),
        searcher: Searcher::start_in_arbiter(&Arbiter::new().handle(), |_| searcher),
    };
    let (exit_sender, exit) = oneshot::channel();
    let (held_up_sender, held_up) = watch::channel(None);
    let core = Core::new(Options { agenda, ..Options::new(&config) }, state);
    let context = Context::new();
    let (http, listener) = match http {
        Some(bound) => {
            let (serving, ringer) = bound.serve(&directory, context.address())?;
            (Some(serving), ringing(listener, ringer))
        }
        None => (None, listener),
    };
    let coordinator = context.run(Coordinator::new(core, parts, exit_sender, held_up_sender, listener));
    let host = hostname();
    let (study, given, version) = (Box::new(study), warm.given, VERSION.into());
    coordinator.send(Take(Input::Started { study, given, version, host })).await?;
    gateway.send(Listening(coordinator.clone())).await?;
    Ok(Running { coordinator, endpoint, exit, http, held_up })
}

/// The same listener, after which those who follow the ledger hear it, too.
fn ringing(listener: Listener, ringer: Ringer) -> Listener {
    Box::new(move |news, state| {
        listener(news, state);
        ringer.ring(news);
    })
}

impl Running {
    /// Asks the workers to put their work in safety; the study goes on another time.
    pub async fn drain(&self) {
        let _ = self.coordinator.send(Take(Input::Control(Control::Drain))).await;
    }
}

/// A study begun before keeps its clock; a new one begins now, at the grid time asked for.
fn grid_clock(config: &Config, state: &State) -> Result<GridClock> {
    if let Some(clock) = state.clock() {
        return Ok(clock);
    }
    let now = clock::now();
    let grid_origin = match config.carbon.start.as_str() {
        "now" => now,
        text => carbon::parse_time(text).with_context(|| {
            format!("carbon.start = {text}: write \"now\" or a time like \"2021-07-02T06:00Z\"")
        })?,
    };
    Ok(GridClock { wall_origin: now, grid_origin, hour_s: config.carbon.hour_seconds })
}

/// What the study took the youngest hours to be; an earlier process may have had to guess them.
fn told(state: &State) -> Vec<CarbonSample> {
    let youngest = |zone| state.account.series(zone).rev().take(REMEMBERED_HOURS).cloned();
    state.account.zones().flat_map(youngest).collect()
}

/// Grams of two kinds have no sum: a study goes on in the kind that it began with. One that is over only shows what it has.
fn check_kind(state: &State, source: &dyn carbon::CarbonSource) -> Result<()> {
    let found = source.kind();
    let other = state.account.zones().find_map(|zone| {
        let kind = state.account.signal_kind(zone).filter(|kind| *kind != found)?;
        Some((zone, kind))
    });
    match other {
        Some((zone, kind)) if state.finished.is_none() => bail!(
            "the study's books of {zone} are in {} intensities, and its sources give {} now, which are never mixed: go on with the              carbon settings it began with (carbon.kind = \"{}\", or a carbon.column of that kind), or begin another study",
            carbon::word(kind),
            carbon::word(found),
            carbon::word(kind)
        ),
        _ => Ok(()),
    }
}

/// A recorded trace must hold the study's first hour; one that ends before the study does is worth a warning.
fn check_span(source: &dyn carbon::CarbonSource, clock: &GridClock, config: &Config) -> Result<()> {
    let Some((first, last)) = source.span() else { return Ok(()) };
    let (zone, start) = (source.zone(), clock.grid_origin.hour());
    if start < first || start > last {
        bail!(
            "the trace of {zone} holds {first} to {last}, and the study begins at {start}: set carbon.start to a time within it"
        );
    }
    let hours = config.budget.hours.get().unwrap_or(0.0);
    if start.plus(hours.ceil() as i64) > last.plus(1) {
        tracing::warn!(%zone, %last, "the trace ends before the study: its last value, then a constant will stand in");
    }
    Ok(())
}

/// What `[allocation]` says to the policies.
pub fn policy_options(config: &Config) -> allocation::Options {
    let given = &config.allocation;
    allocation::Options {
        train_share: given.train_share,
        rest_quantile: given.rest_quantile,
        agent_lean: given.agent_lean,
        fixed_train: given.fixed_train,
        fixed_sample: given.fixed_sample,
        threshold_percentile: given.threshold_percentile,
    }
}

/// The socket, and who watches the lists of keys where there are any.
async fn bind(config: &Config, directory: &StudyDirectory) -> Result<(Server, Option<Doorkeeper>)> {
    let asked: Endpoint = config.coordinator.listen.parse().context("coordinator.listen")?;
    let (security, door) = match config.coordinator.security {
        Security::Null => (ServerSecurity::Null, None),
        Security::Curve => {
            let keyring = Keyring::new(directory.keys());
            let keys = keyring.coordinator()?;
            let mut door = Doorkeeper::new(keyring);
            let allow = door.look(clock::now())?.map(|change| change.allow).unwrap_or_default();
            (ServerSecurity::Curve { keys, allow }, Some(door))
        }
    };
    // Port 0 is chosen once: workers that outlive this process look for its successor at the same address.
    let remembered =
        || -> Option<Endpoint> { std::fs::read_to_string(directory.endpoint()).ok()?.trim().parse().ok() };
    let endpoint = match asked.port() {
        0 => remembered().filter(|endpoint| endpoint.host() == asked.host()).unwrap_or_else(|| asked.clone()),
        _ => asked.clone(),
    };
    let mut options = ServerOptions::new(endpoint, security);
    options.limits.max_connections = connections(options.limits.max_pending_handshakes);
    Ok((ZeroMq.bind(options).await?, door))
}

/// As many workers as this process may have files open, less those it opens itself and strangers in their handshake. What the
/// system grants at most is asked for; `ulimit -Hn` shows it.
fn connections(handshakes: usize) -> usize {
    /// Ledger, log, blobs on their way, and room to spare.
    const OWN: usize = 128;
    /// What every system grants.
    const LEAST: usize = 512;
    let kind = nix::sys::resource::Resource::RLIMIT_NOFILE;
    let (soft, hard) = nix::sys::resource::getrlimit(kind).unwrap_or((1024, 1024));
    let granted = nix::sys::resource::setrlimit(kind, hard, hard).map_or(soft, |()| hard);
    usize::try_from(granted).unwrap_or(usize::MAX).saturating_sub(OWN + handshakes).clamp(LEAST, 1 << 20)
}

/// This machine's name.
pub(crate) fn hostname() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .unwrap_or_else(|| "unknown".into())
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
