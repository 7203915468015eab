//! Drives the core: hands it what arrives, one input after another, and does what its effects say. Decides nothing.

use std::path::PathBuf;

use actix::{Actor, Addr, Arbiter, AsyncContext, Context, Handler, Message};
use anyhow::Context as _;
use common::id::SlotId;
use common::study::StudySpec;
use common::time::Millis;
use energy::Thermometer;
use tokio::sync::{mpsc, oneshot};
use transport::{ClientOptions, Transport};

use super::Ears;
use super::cache::{self, Cache};
use super::executor::Executor;
use super::link::{Link, Pulse, Vitals};
use super::meter::{self, Metered, Meters, Warmth};
use super::store::{self, Store};
use super::ticker::Ticker;
use crate::blob_cache::BlobCache;
use crate::clock::Clock;
use crate::core::{Core, Options};
use crate::effect::{Effect, Exit, Note};
use crate::input::Input;
use crate::recent::Recent;
use crate::shelf::Shelf;

/// Everything a worker is made of. Slots of `options`, `evaluations` and `meters` correspond by position.
#[derive(Debug)]
pub struct Setup<T> {
    pub options: Options,
    pub transport: T,
    /// The coordinator's addresses in the order in which they are tried; one at least.
    pub connections: Vec<ClientOptions>,
    /// Where blobs are cached.
    pub blobs: PathBuf,
    /// Where reports are kept until they are acknowledged.
    pub outbox: PathBuf,
    pub evaluations: Vec<evaluation::Options>,
    pub meters: Vec<energy::SlotMeter>,
    pub thermometers: Vec<(SlotId, Thermometer)>,
    /// The log's last lines.
    pub recent: Recent,
    /// Between energy reports of a slot.
    pub report: Millis,
    /// The session's clock; `options.session` began with it.
    pub clock: Clock,
}

/// Works until the core has its reason to end. Each message on `stop` asks it to; a second one insists.
/// To be called within an actix system.
pub async fn serve<T: Transport + 'static>(
    setup: Setup<T>,
    mut stop: mpsc::UnboundedReceiver<()>,
) -> anyhow::Result<Ended> {
    let context = Context::<Worker>::new();
    let address = context.address();
    let ears = Ears::new(move |input| address.do_send(Hear(input)));
    let Setup { options, transport, connections, blobs, outbox, evaluations, meters, .. } = setup;
    let Setup { thermometers, recent, report, clock, .. } = setup;

    let blobs = BlobCache::open(blobs.clone())
        .with_context(|| format!("can't keep blobs in {}: check the folder and its disk", blobs.display()))?;
    let (shelf, former) = Shelf::open(outbox.clone()).with_context(|| {
        format!("can't keep reports in {}: check the folder and its disk", outbox.display())
    })?;
    let (mut executors, mut metered) = (Vec::new(), Vec::new());
    for ((info, evaluation), meter) in options.slots.iter().zip(evaluations).zip(meters) {
        let meter = Metered::open(meter, report, clock.now())
            .with_context(|| format!("the power meter of slot {} gives no first reading", info.slot))?;
        let build = move |spec: &StudySpec| evaluation::build(spec, &evaluation);
        let executor = Executor::spawn(info.slot, Box::new(build), clock, meter.total(), ears.clone())?;
        executors.push((info.slot, executor));
        metered.push(meter);
    }
    let meter_thread = Arbiter::new();
    let warmth = Warmth::default();
    let meters = Meters::new(metered, thermometers, warmth.clone(), clock, ears.clone());
    let meters = Meters::start_in_arbiter(&meter_thread.handle(), |_| meters);
    let cache_thread = Arbiter::new();
    let cache_ears = ears.clone();
    let cache = Cache::start_in_arbiter(&cache_thread.handle(), |_| Cache { blobs, ears: cache_ears });
    let vitals = Vitals { warmth, recent };
    let link = Link::spawn(transport, connections, options.session, vitals, clock, ears.clone()).await?;
    let ticker = Ticker { ears: ears.clone() }.start();

    let (exit, exited) = oneshot::channel();
    let core = Core::new(options, former);
    let store = Store::spawn(shelf, ears.clone())?;
    let pulse = link.pulse().clone();
    let (link, exit, asks) = (Some(link), Some(exit), store.asks());
    let worker = Worker { core, clock, pulse, link, executors, meters, cache, store: asks, exit };
    context.run(worker);

    let listen = async {
        while stop.recv().await.is_some() {
            ears.hear(Input::Stop);
        }
        std::future::pending::<()>().await;
    };
    let (exit, link, busy) = tokio::select! {
        ended = exited => ended.context("the worker's actor ended early")?,
        () = listen => unreachable!("listening never ends"),
    };
    if let Some(link) = link {
        link.close().await;
    }
    store.close();
    drop(ticker);
    meter_thread.stop();
    cache_thread.stop();
    Ok(Ended { exit, busy })
}

/// Something for the core to learn.
#[derive(Debug, Message)]
#[rtype(result = "()")]
struct Hear(Input);

/// How a worker ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub exit: Exit,
    /// An evaluation did not let go in time and is still running on its thread.
    pub busy: bool,
}

struct Worker {
    core: Core,
    clock: Clock,
    pulse: Pulse,
    link: Option<Link>,
    executors: Vec<(SlotId, Executor)>,
    meters: Addr<Meters>,
    cache: Addr<Cache>,
    store: store::Asks,
    exit: Option<oneshot::Sender<(Exit, Option<Link>, bool)>>,
}

impl Actor for Worker {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        // The first hello need not wait for a tick.
        context.notify(Hear(Input::Tick));
    }
}

impl Handler<Hear> for Worker {
    type Result = ();

    fn handle(&mut self, Hear(input): Hear, _: &mut Self::Context) {
        let effects = self.core.step(input, self.clock.now());
        // Before the frames leave: a heartbeat that follows an answer must not contradict it.
        self.pulse.set(self.core.session(), self.core.heartbeat_interval(), self.core.held());
        for effect in effects {
            self.perform(effect);
        }
    }
}

impl Worker {
    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Send(message) => {
                if let Some(link) = &self.link {
                    link.send(message);
                }
            }
            Effect::FindBlob { blob } => self.cache.do_send(cache::Ask::Find { blob }),
            Effect::KeepBlob { blob, bytes } => self.cache.do_send(cache::Ask::Keep { blob, bytes }),
            Effect::Secure { session, items } => self.store.put(session, items),
            Effect::Discard { session } => self.store.discard(session),
            Effect::Prepare(spec) => {
                self.executors.iter().for_each(|(_, executor)| executor.prepare(spec.clone()));
            }
            Effect::Start { slot, assignment, supernet, resume } => {
                if let Some(executor) = self.executor(slot) {
                    executor.start(assignment, supernet, resume);
                }
            }
            Effect::Ask { slot, ask, .. } => {
                if let Some(executor) = self.executor(slot) {
                    executor.ask(ask);
                }
            }
            Effect::Attribute { slot, task } => self.meters.do_send(meter::Ask::Attribute { slot, task }),
            Effect::StopMeters => self.meters.do_send(meter::Ask::Stop),
            Effect::Note(note) => log(&note),
            Effect::Exit(exit) => {
                let busy = self.executors.iter().any(|(_, executor)| executor.is_busy());
                if let Some(sender) = self.exit.take() {
                    let _ = sender.send((exit, self.link.take(), busy));
                }
            }
        }
    }

    fn executor(&self, slot: SlotId) -> Option<&Executor> {
        self.executors.iter().find(|(id, _)| *id == slot).map(|(_, executor)| executor)
    }
}

fn log(note: &Note) {
    match note {
        Note::Failed { .. }
        | Note::Undelivered { .. }
        | Note::FormerUnknown { .. }
        | Note::LedgerIsOlder { .. }
        | Note::Silence => tracing::warn!("{note}"),
        Note::Fetched { .. } => tracing::debug!("{note}"),
        _ => tracing::info!("{note}"),
    }
}
