//! `ce-nas run`, `ce-nas coordinator` and the studies of `ce-nas tabulate`: a study from its configuration to its end. The report
//! is the command line's.

use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use actix::prelude::*;
use anyhow::{Context as _, Result, bail};
use common::config::{Config, EvaluatorKind};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use crate::actor::{Coordinator, Exit, Look};
use crate::agenda::Agenda;
use crate::command::say;
use crate::launch::{self, Opened, Running};
use crate::local::{self, Known, LocalWorker};
use crate::memory::map_long_lists;
use crate::news::{Listener, each_event};
use crate::pace;
use crate::screen::{Narrator, Snapshot, render};

/// How often the panel is redrawn and local workers are looked after.
const BEAT: Duration = Duration::from_millis(500);
/// How long workers get to put their work in safety when this process is asked to end.
const DRAIN: Duration = Duration::from_secs(30);
/// How long local workers get to end by themselves once the study is over.
const GOODBYE: Duration = Duration::from_secs(20);

/// How often a standby tries the study's lock: a small part of what taking over takes.
const TURN: Duration = Duration::from_millis(500);

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The study is finished.
    Finished,
    /// This process was asked to end; the study goes on another time.
    Interrupted,
}

/// What a study is for.
#[allow(missing_debug_implementations)] // A listener has none.
pub enum Work<'a> {
    /// A search; the results in these files are taken as given.
    Search { warm_start: &'a [PathBuf] },
    /// Everything on a list; `told` hears of each durable event in place of the screen.
    List { agenda: Agenda, told: Listener },
}

/// Who works on the study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crew {
    /// The coordinator, and `local.workers` workers that it starts.
    WithWorkers,
    /// The coordinator alone.
    Coordinator,
    /// A second coordinator, which waits until the first one's process is gone and then takes its place.
    Standby,
}

/// Runs a study until it ends, or until this process is asked to.
pub fn run(config: Config, crew: Crew, work: Work<'_>) -> Result<Ending> {
    let with_workers = crew == Crew::WithWorkers;
    if with_workers && config.local.workers == 0 {
        bail!(
            "local.workers = 0: `ce-nas run` needs at least one; use `ce-nas coordinator` to bring your own"
        );
    }
    if with_workers && config.evaluation.evaluator == EvaluatorKind::Torch && config.worker.data == "auto" {
        let path = std::path::Path::new(&config.data.path);
        if !path.exists() {
            bail!(
                "there are no images at {}: fetch them (for Fashion-MNIST, scripts/fetch-fashion-mnist) or correct data.path",
                path.display()
            );
        }
    }
    map_long_lists();
    System::with_tokio_rt(pace::runtime).block_on(async { drive(config, crew, work).await })
}

async fn drive(config: Config, crew: Crew, work: Work<'_>) -> Result<Ending> {
    let (warm_start, list) = match work {
        Work::Search { warm_start } => (warm_start, None),
        Work::List { agenda, told } => (&[][..], Some((agenda, told))),
    };
    let opened = open(&config, crew, warm_start).await?;
    let directory = opened.directory.clone();
    let finished = opened.state.finished.is_some();
    if let Some((_, reason)) = &opened.state.finished {
        say(&format!("this study is finished: {reason}"));
        if opened.state.workers.values().all(|worker| !worker.alive) {
            return Ok(Ending::Finished);
        }
        say("waiting for the last joules of workers that have not left");
    }
    if !warm_start.is_empty() && !finished {
        let (given, known) = (opened.warm.given.len(), opened.warm.known);
        say(&format!("known results first: {given} taken as given, {known} known to the study already"));
        tracing::info!(given, known, "known results first");
    }
    // Keys first: the coordinator reads its list of workers as it starts.
    let prepared = match crew {
        Crew::WithWorkers => local::prepare(&config, &directory)?,
        Crew::Coordinator | Crew::Standby => Vec::new(),
    };
    let has_panel = std::io::stdout().is_terminal() && list.is_none();
    let (agenda, listener) = match list {
        Some((agenda, told)) => (Some(agenda), told),
        None => (None, listener(has_panel)),
    };
    let running = launch::start(opened, agenda, listener).await?;
    tracing::info!(endpoint = %running.endpoint, "listening");
    say(&format!("coordinator at {} · study in {}", running.endpoint, directory.root().display()));
    if let Some(http) = &running.http {
        tracing::info!(url = %http.url(), "page and API");
        say(&format!("page and API at {}", http.url()));
    }
    let mut workers = Vec::new();
    // Nobody is started for a study that is over; whoever is still there finds this process by itself.
    for (name, folder) in prepared.into_iter().filter(|_| !finished) {
        workers.push(LocalWorker::new(name, folder, &config, &directory, &running.endpoint)?);
    }
    let ending = attend(running, &mut workers, has_panel).await?;
    match ending {
        Ending::Interrupted => Ok(Ending::Interrupted),
        Ending::Finished => {
            say_goodbye(&mut workers).await;
            Ok(Ending::Finished)
        }
    }
}

/// Opens the study; a standby waits for its turn. A signal ends that waiting as it would end any program.
async fn open(config: &Config, crew: Crew, warm_start: &[PathBuf]) -> Result<Opened> {
    let mut is_told = false;
    loop {
        let opened = launch::open(config.clone(), warm_start);
        let locked = opened.as_ref().err().and_then(|error| error.downcast_ref::<ledger::Error>());
        match locked {
            Some(ledger::Error::Locked { path, holder }) if crew == Crew::Standby => {
                if !is_told {
                    say(&format!("standing by: {} is being written by {holder}", path.display()));
                    tracing::info!(%holder, "standing by");
                    is_told = true;
                }
                tokio::time::sleep(TURN).await;
            }
            _ => {
                if is_told && opened.is_ok() {
                    say("the coordinator before this one is gone: taking over");
                    tracing::warn!("the coordinator before this one is gone: taking over");
                }
                return opened;
            }
        }
    }
}

/// Tells events as lines where there is no terminal for a panel; all go to the log.
fn listener(on_terminal: bool) -> Listener {
    let narrator = RefCell::new(Narrator::default());
    each_event(move |at, event, state| {
        for line in narrator.borrow_mut().tell(at, event, state) {
            tracing::info!("{line}");
            if !on_terminal {
                say(&format!("{at} {line}"));
            }
        }
    })
}

/// Until the study is over or somebody asks this process to end.
async fn attend(mut running: Running, workers: &mut [LocalWorker], has_panel: bool) -> Result<Ending> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut beat = tokio::time::interval(BEAT);
    let mut drawn = 0;
    loop {
        tokio::select! {
            exit = &mut running.exit => {
                if let Some(http) = running.http.take() {
                    http.end().await;
                }
                draw(&running.coordinator, &mut drawn, has_panel).await;
                return match exit.context("the coordinator vanished")? {
                    Exit::Over { reason } => {
                        say(&format!("study finished: {reason}"));
                        Ok(Ending::Finished)
                    }
                    Exit::Ledger(error) => Err(error).context("the study was stopped to keep its history whole; run the same command to go on"),
                    Exit::Lost { part } => bail!("the {part} panicked, please report what the log says of it; run the same command to go on with the study"),
                };
            }
            Ok(()) = running.held_up.changed() => {
                let reason = running.held_up.borrow_and_update().clone();
                match reason {
                    // The panel says it as long as it lasts.
                    _ if has_panel => {}
                    Some(reason) => say(&format!("the study waits: {reason}")),
                    None => say("the study goes on"),
                }
            }
            _ = interrupt.recv() => return drain(&running, workers).await,
            _ = terminate.recv() => return drain(&running, workers).await,
            _ = beat.tick() => {
                look_after(workers, &running.coordinator).await?;
                draw(&running.coordinator, &mut drawn, has_panel).await;
            }
        }
    }
}

/// Local workers that are missing are started, unless none is wanted.
async fn look_after(workers: &mut [LocalWorker], coordinator: &Addr<Coordinator>) -> Result<()> {
    if workers.is_empty() {
        return Ok(());
    }
    // A coordinator that does not answer is about to end.
    let Ok(Some(known)) = coordinator.send(Look(Known::of)).await else { return Ok(()) };
    workers.iter_mut().try_for_each(|worker| worker.tend(&known))?;
    if workers.iter().all(LocalWorker::is_hopeless) {
        let first = &workers[0];
        bail!("the local workers can't work; {} says:\n{}", first.log().display(), first.last_words());
    }
    Ok(())
}

async fn draw(coordinator: &Addr<Coordinator>, drawn: &mut usize, on_terminal: bool) {
    if !on_terminal {
        return;
    }
    let Ok(Some(snapshot)) = coordinator.send(Look(Snapshot::of)).await else { return };
    let width = terminal_size::terminal_size().map_or(120, |(width, _)| usize::from(width.0));
    let _ = write!(std::io::stdout(), "{}", render(&snapshot, *drawn, width));
    let _ = std::io::stdout().flush();
    *drawn = snapshot.height();
}

/// Puts running work in safety and leaves; the same command goes on with the study.
async fn drain(running: &Running, workers: &mut [LocalWorker]) -> Result<Ending> {
    say("putting running work in safety; the same command will go on with it");
    running.drain().await;
    workers.iter().for_each(LocalWorker::terminate);
    let until = Instant::now() + DRAIN;
    while Instant::now() < until {
        let leased = running.coordinator.send(Look(|glance| glance.core.state().leases().count())).await;
        if leased.ok().flatten().unwrap_or(0) == 0 && workers.iter_mut().all(LocalWorker::is_gone) {
            break;
        }
        tokio::time::sleep(BEAT).await;
    }
    Ok(Ending::Interrupted)
}

async fn say_goodbye(workers: &mut [LocalWorker]) {
    let until = Instant::now() + GOODBYE;
    while Instant::now() < until && !workers.iter_mut().all(LocalWorker::is_gone) {
        tokio::time::sleep(BEAT).await;
    }
    for worker in workers {
        if !worker.is_gone() {
            worker.terminate();
        }
    }
}
