//! Drives the core: inputs in, events to the ledger, effects out once their events are durable.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use common::blob::BlobId;
use common::id::WorkerName;
use common::time::Timestamp;
use common::wire::ToWorker;
use tokio::sync::{oneshot, watch};

use super::agent::{Agent, Consider, Decide};
use super::blob_keeper::{BlobKeeper, Forget};
use super::carbon_watch::{CarbonWatch, Observe};
use super::forecaster::{ForecastMaker, MakeForecasts};
use super::gateway::{Gateway, SendAll};
use super::ledger_keeper::{Append, FromLedger, LedgerKeeper};
use super::searcher::{Propose, SearchTold};
use super::steps::Steps;
use crate::clock;
use crate::core::{Control, Core, Decision, Effect, Input, Refusal, Ruling};
use crate::demand::{Demand, Offer, Question};
use crate::laws::{self, Violation};
use crate::news::{Listener, Moment, News};
use crate::pace::others_ran;
use crate::search::Searcher;

/// Four a second: fine enough for heartbeats of two seconds and for grid hours of a few.
const TICK: Duration = Duration::from_millis(250);
/// Ticks between checks of the laws.
const TICKS_PER_CHECK: u32 = 40;
/// So many trials are looked through in a few milliseconds, while nobody is heard. In a longer study the laws of its whole state are
/// checked where a snapshot of it is made.
const TRIALS_PER_CHECK: usize = 4_000;

/// Who the coordinator talks to.
#[derive(Debug)]
pub struct Parts {
    pub ledger: Addr<LedgerKeeper>,
    pub gateway: Addr<Gateway>,
    pub blobs: Addr<BlobKeeper>,
    pub carbon: Addr<CarbonWatch>,
    pub forecaster: Addr<ForecastMaker>,
    pub agent: Addr<Agent>,
    pub searcher: Addr<Searcher>,
}

/// Why the coordinator stopped by itself.
#[derive(Debug)]
pub enum Exit {
    Over {
        reason: String,
    },
    /// An event can't be made durable, now or later; nothing that depends on it has left this process.
    Ledger(ledger::Error),
    /// A part of this process panicked, and is gone. The ledger has all that counts: another process goes on from it, while this one
    /// would wait for ever for what nobody does any more.
    Lost {
        part: &'static str,
    },
}

impl Parts {
    /// One that is gone: nothing but a panic ends an actor while the coordinator lives.
    fn lost(&self) -> Option<&'static str> {
        let parts = [
            ("ledger keeper", self.ledger.connected()),
            ("gateway", self.gateway.connected()),
            ("blob keeper", self.blobs.connected()),
            ("carbon watch", self.carbon.connected()),
            ("forecaster", self.forecaster.connected()),
            ("allocation agent", self.agent.connected()),
            ("searcher", self.searcher.connected()),
        ];
        parts.into_iter().find(|(_, lives)| !lives).map(|(part, _)| part)
    }
}

pub struct Coordinator {
    core: Core,
    parts: Parts,
    /// What was decided while the disk is busy: it is written as one.
    unwritten: Vec<Moment>,
    /// The number that the next append will have, and of the last one that is durable.
    append: u64,
    durable: u64,
    /// An append begins once everything else that is ready has run.
    is_due: bool,
    /// Effects, oldest first, each with the append that must be durable before.
    waiting: VecDeque<(u64, Vec<Effect>)>,
    exit: Option<oneshot::Sender<Exit>>,
    /// Why the ledger takes nothing at present. Nothing is decided meanwhile: for the core, this process stands still.
    held_up: watch::Sender<Option<String>>,
    /// What can't be said again and came meanwhile: answers to the core's questions, an operator's word.
    kept: Vec<Input>,
    /// What workers were sent to fetch and asked the store for in vain meanwhile.
    missed: BTreeSet<(WorkerName, BlobId)>,
    /// Who gave an order, and the append that makes it durable.
    ordered: Vec<(u64, oneshot::Sender<u64>)>,
    listener: Listener,
    search: Option<Arc<SearchTold>>,
    ticks: u32,
    steps: Steps,
    violations: u64,
}

/// Something happened.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Take(pub Input);

/// An operator's wish. The answer comes once it is durable.
#[derive(Debug, Message)]
#[rtype(result = "Result<Obeyed, Refusal>")]
pub struct Order(pub Control);

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obeyed {
    pub ruling: Ruling,
    /// The last event of the ledger by then; none where nothing changed.
    pub sequence: Option<u64>,
}

/// What the plan wants of machines that may come; none while this hour is being decided.
#[derive(Debug, Message)]
#[rtype(result = "Option<Demand>")]
pub struct Ask(pub Offer);

/// Asks for something to be read off the core, for a screen.
pub struct Look<T>(pub fn(&Glance<'_>) -> T);

/// What may be looked at.
#[derive(Debug)]
pub struct Glance<'a> {
    pub core: &'a Core,
    pub now: Timestamp,
    /// Laws found broken so far; anything but 0 is a defect.
    pub violations: u64,
    /// What keeps the study from going on.
    pub held_up: Option<String>,
    /// What the search told of itself last.
    pub search: Option<&'a Arc<SearchTold>>,
}

impl<T: Send + 'static> Message for Look<T> {
    type Result = Option<T>;
}

impl<T> fmt::Debug for Look<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Look")
    }
}

impl Coordinator {
    /// `listener` hears of every durable event, with the state as it is by then; `held_up` tells what the ledger's disk refuses.
    pub fn new(
        core: Core,
        parts: Parts,
        exit: oneshot::Sender<Exit>,
        held_up: watch::Sender<Option<String>>,
        listener: Listener,
    ) -> Self {
        Self {
            core,
            parts,
            unwritten: Vec::new(),
            append: 1,
            durable: 0,
            is_due: false,
            waiting: VecDeque::new(),
            exit: Some(exit),
            held_up,
            kept: Vec::new(),
            missed: BTreeSet::new(),
            ordered: Vec::new(),
            listener,
            search: None,
            ticks: 0,
            steps: Steps::default(),
            violations: 0,
        }
    }

    fn take(&mut self, input: Input, context: &mut Context<Self>) {
        if self.held_up.borrow().is_some() {
            return self.keep(input);
        }
        if let Some(span) = clock::slept() {
            self.step(Input::Slept { span }, context);
        }
        self.step(input, context);
    }

    fn step(&mut self, input: Input, context: &mut Context<Self>) {
        let about = input.kind();
        let Decision { at, events, effects } = self.steps.time(about, || self.core.step(input, clock::now()));
        if !events.is_empty() {
            self.unwritten.push((at, events));
        }
        // An effect never overtakes an event recorded before it, its own or an earlier step's.
        let after = if self.unwritten.is_empty() { self.append - 1 } else { self.append };
        match self.waiting.back_mut() {
            _ if effects.is_empty() => {}
            Some((same, before)) if *same == after => before.extend(effects),
            _ => self.waiting.push_back((after, effects)),
        }
        self.write_soon(context);
        self.release(context);
    }

    /// One append at a time: what comes meanwhile goes together with the next. And what else came in this turn of the thread goes
    /// with this one: the disk is waited for once.
    fn write_soon(&mut self, context: &mut Context<Self>) {
        if self.is_due || self.unwritten.is_empty() || self.durable + 1 < self.append {
            return;
        }
        self.is_due = true;
        let write = others_ran().into_actor(self).map(|(), this, context| {
            this.is_due = false;
            this.write(context);
        });
        context.spawn(write);
    }

    fn write(&mut self, context: &mut Context<Self>) {
        let moments: Arc<[Moment]> = std::mem::take(&mut self.unwritten).into();
        let number = self.append;
        self.append += 1;
        let append = Append { moments: moments.clone(), tell: context.address().recipient() };
        let answered = self.parts.ledger.send(append).into_actor(self);
        let answered = answered.map(move |answer, this, context| match answer {
            Ok(Ok(last)) => {
                (this.listener)(&News::new(moments, last), this.core.state());
                this.durable = number;
                this.release(context);
                this.tell(last);
                this.write_soon(context);
            }
            Ok(Err(error)) => this.leave(Exit::Ledger(error)),
            // The keeper is gone, which the next tick finds.
            Err(_) => {}
        });
        context.spawn(answered);
    }

    /// Tells those whose orders are durable the ledger's last event.
    fn tell(&mut self, last: u64) {
        let (done, open) =
            std::mem::take(&mut self.ordered).into_iter().partition(|(append, _)| *append <= self.durable);
        self.ordered = open;
        let done: Vec<(u64, oneshot::Sender<u64>)> = done;
        for (_, ordered) in done {
            // Whoever asked may have gone meanwhile.
            let _ = ordered.send(last);
        }
    }

    /// Workers repeat what matters until it is acknowledged, and time goes on by itself; all else waits here. What the store lacks it
    /// says once: the worker knows by now, and what it reports of it will be repeated. Nobody fills this process by asking again.
    fn keep(&mut self, input: Input) {
        match input {
            Input::Message { .. } | Input::Tick => {}
            Input::BlobMissing { worker, blob } => {
                if self.core.is_sent_for(&worker, blob) {
                    self.missed.insert((worker, blob));
                }
            }
            input => self.kept.push(input),
        }
    }

    /// Carries out what is durable, in order; messages in a row go as one parcel.
    fn release(&mut self, context: &mut Context<Self>) {
        let mut messages = Vec::new();
        while self.waiting.front().is_some_and(|(after, _)| *after <= self.durable) {
            let Some((_, effects)) = self.waiting.pop_front() else { break };
            for effect in effects {
                if let Effect::Send { to, message } = effect {
                    messages.push((to, message));
                } else {
                    self.send(&mut messages);
                    self.carry_out(effect, context);
                }
            }
        }
        self.send(&mut messages);
    }

    fn send(&self, messages: &mut Vec<(WorkerName, ToWorker)>) {
        if !messages.is_empty() {
            self.parts.gateway.do_send(SendAll(std::mem::take(messages)));
        }
    }

    fn carry_out(&mut self, effect: Effect, context: &mut Context<Self>) {
        let reply = context.address();
        match effect {
            Effect::Send { to, message } => self.send(&mut vec![(to, message)]),
            Effect::Observe { hour, zones, expected } => {
                self.parts.carbon.do_send(Observe { hour, zones, expected, reply });
            }
            Effect::Forecast { hour, zones } => {
                let question = MakeForecasts { hour, zones, watch: self.parts.carbon.clone(), reply };
                self.parts.forecaster.do_send(question);
            }
            Effect::Decide { hour, situation } => self.parts.agent.do_send(Decide { hour, situation, reply }),
            Effect::Propose(wanted) => self.parts.searcher.do_send(Propose { wanted, reply }),
            Effect::GoOn => context.notify(Take(Input::GoOn)),
            Effect::Warn { worker, what } => tracing::warn!(%worker, "{what}"),
            Effect::Forget(blob) => self.parts.blobs.do_send(Forget(blob)),
            Effect::Exit { reason } => self.leave(Exit::Over { reason }),
        }
    }

    fn leave(&mut self, exit: Exit) {
        if let Some(sender) = self.exit.take() {
            self.steps.tell();
            // Nobody listens only when the process is ending anyway.
            let _ = sender.send(exit);
        }
    }

    fn check_laws(&mut self) {
        self.ticks += 1;
        if !self.ticks.is_multiple_of(TICKS_PER_CHECK) {
            return;
        }
        let is_short = self.core.state().trials.len() <= TRIALS_PER_CHECK;
        self.count(&if is_short { laws::check(&self.core) } else { laws::check_fleet(&self.core) });
    }

    fn count(&mut self, broken: &[Violation]) {
        self.violations += broken.len() as u64;
        broken.iter().for_each(Violation::log);
    }

    /// Tells why nothing goes on, or that it does again and goes on with what came meanwhile.
    fn held_up(&mut self, reason: Option<String>, context: &mut Context<Self>) {
        match &reason {
            Some(reason) => tracing::error!(%reason, "the study waits: its ledger can't grow"),
            None => tracing::info!("the ledger grows again: the study goes on"),
        }
        self.held_up.send_replace(reason);
        // Before the reports of what could not begin for want of them.
        for (worker, blob) in std::mem::take(&mut self.missed) {
            self.take(Input::BlobMissing { worker, blob }, context);
        }
        for input in std::mem::take(&mut self.kept) {
            // Kept once more, should the trouble have another name now.
            self.take(input, context);
        }
    }
}

impl fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coordinator").field("core", &self.core).finish_non_exhaustive()
    }
}

impl Actor for Coordinator {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(1024);
        context.run_interval(TICK, |this, context| {
            if let Some(part) = this.parts.lost() {
                return this.leave(Exit::Lost { part });
            }
            this.take(Input::Tick, context);
            this.check_laws();
        });
    }
}

impl Handler<Take> for Coordinator {
    type Result = ();

    fn handle(&mut self, Take(input): Take, context: &mut Self::Context) {
        self.take(input, context);
    }
}

impl Handler<Order> for Coordinator {
    type Result = ResponseFuture<Result<Obeyed, Refusal>>;

    fn handle(&mut self, Order(control): Order, context: &mut Self::Context) -> Self::Result {
        let ruling = match self.core.judge(&control) {
            Ok(ruling) if ruling.changes => ruling,
            Ok(ruling) => return Box::pin(ready(Ok(Obeyed { ruling, sequence: None }))),
            Err(refusal) => return Box::pin(ready(Err(refusal))),
        };
        if let Some(reason) = &*self.held_up.borrow() {
            let waits =
                format!("the study waits, for its ledger can't grow ({reason}): ask again when it goes on");
            return Box::pin(ready(Err(Refusal::Conflict(waits))));
        }
        let (sender, durable) = oneshot::channel();
        // The append that what is decided now will be part of.
        self.ordered.push((self.append, sender));
        self.take(Input::Control(control), context);
        Box::pin(async move {
            let sequence = durable.await.map_err(|_| Refusal::Ending)?;
            Ok(Obeyed { ruling, sequence: Some(sequence) })
        })
    }
}

impl Handler<Ask> for Coordinator {
    type Result = ResponseActFuture<Self, Option<Demand>>;

    fn handle(&mut self, Ask(offer): Ask, _: &mut Self::Context) -> Self::Result {
        let (situation, others) = match self.core.question(&offer) {
            Question::TooEarly => return Box::pin(ready(None).into_actor(self)),
            Question::Answered(demand) => return Box::pin(ready(Some(demand)).into_actor(self)),
            Question::ForPolicy { situation, others } => (situation, others),
        };
        let considered = self.parts.agent.send(Consider(situation)).into_actor(self);
        Box::pin(considered.map(move |answer, this, _| Some(this.core.demand(&offer, others, answer.ok()?))))
    }
}

impl Handler<SearchTold> for Coordinator {
    type Result = ();

    fn handle(&mut self, told: SearchTold, _: &mut Self::Context) {
        self.search = Some(Arc::new(told));
    }
}

impl Handler<FromLedger> for Coordinator {
    type Result = ();

    fn handle(&mut self, told: FromLedger, context: &mut Self::Context) {
        match told {
            FromLedger::HeldUp(reason) => self.held_up(reason, context),
            FromLedger::Broken(laws) => self.count(&laws),
        }
    }
}

impl<T: Send + 'static> Handler<Look<T>> for Coordinator {
    type Result = Option<T>;

    fn handle(&mut self, Look(read): Look<T>, _: &mut Self::Context) -> Self::Result {
        let (now, held_up) = (clock::now(), self.held_up.borrow().clone());
        let (violations, search) = (self.violations, self.search.as_ref());
        Some(read(&Glance { core: &self.core, now, violations, held_up, search }))
    }
}

#[cfg(test)]
#[path = "coordinator_tests.rs"]
mod tests;
