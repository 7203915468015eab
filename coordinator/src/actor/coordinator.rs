//! Drives the core: inputs in, events to the ledger, effects out once their events are durable.

use std::collections::VecDeque;
use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use common::event::Event;
use common::time::Timestamp;
use tokio::sync::oneshot;

use super::agent::{Agent, Decide};
use super::carbon_watch::{CarbonWatch, Observe};
use super::forecaster::{ForecastMaker, MakeForecasts};
use super::gateway::{Forget, Gateway, SendTo};
use super::ledger_keeper::{Append, LedgerKeeper};
use super::searcher::{Propose, SearchTold};
use crate::clock;
use crate::core::{Control, Core, Decision, Effect, Input, Refusal, Ruling, State};
use crate::laws;
use crate::search::Searcher;

/// Four a second: fine enough for heartbeats of two seconds and for grid hours of a few.
const TICK: Duration = Duration::from_millis(250);
/// Ticks between checks of the laws: they read the whole state.
const TICKS_PER_CHECK: u32 = 40;

/// Who the coordinator talks to.
#[derive(Debug)]
pub struct Parts {
    pub ledger: Addr<LedgerKeeper>,
    pub gateway: Addr<Gateway>,
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
    /// An event could not be made durable; nothing that depends on it has left this process.
    Ledger(ledger::Error),
}

type Listener = Box<dyn Fn(Timestamp, &Event, &State) + Send>;

pub struct Coordinator {
    core: Core,
    parts: Parts,
    /// Effects waiting for their events, oldest first; `true` while the append is under way.
    waiting: VecDeque<(bool, Vec<Effect>)>,
    exit: Option<oneshot::Sender<Exit>>,
    listener: Listener,
    search: Option<Arc<SearchTold>>,
    ticks: u32,
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

/// Asks for something to be read off the core, for a screen.
pub struct Look<T>(pub fn(&Glance<'_>) -> T);

/// What may be looked at.
#[derive(Debug)]
pub struct Glance<'a> {
    pub core: &'a Core,
    pub now: Timestamp,
    /// Laws found broken so far; anything but 0 is a defect.
    pub violations: u64,
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
    /// `listener` hears every durable event, with the state as it is by then.
    pub fn new(core: Core, parts: Parts, exit: oneshot::Sender<Exit>, listener: Listener) -> Self {
        let waiting = VecDeque::new();
        Self { core, parts, waiting, exit: Some(exit), listener, search: None, ticks: 0, violations: 0 }
    }

    fn take(&mut self, input: Input, context: &mut Context<Self>) {
        self.take_and_tell(input, None, context);
    }

    /// The same; `durable` hears the sequence number of the last event once it is on the disk.
    fn take_and_tell(
        &mut self,
        input: Input,
        durable: Option<oneshot::Sender<u64>>,
        context: &mut Context<Self>,
    ) {
        let Decision { at, events, effects } = self.core.step(input, clock::now());
        // An effect never overtakes an event recorded before it, its own or an earlier step's.
        if events.is_empty() {
            self.waiting.push_back((false, effects));
            return self.release(context);
        }
        self.waiting.push_back((true, effects));
        let append = self.parts.ledger.send(Append { at, events: events.clone() });
        let answered = append.into_actor(self).map(move |answer, this, context| match answer {
            Ok(Ok(last)) => {
                events.iter().for_each(|event| (this.listener)(at, event, this.core.state()));
                if let Some(entry) = this.waiting.iter_mut().find(|(appending, _)| *appending) {
                    entry.0 = false;
                }
                this.release(context);
                // Whoever asked may have gone meanwhile.
                let _ = durable.map(|durable| durable.send(last));
            }
            Ok(Err(error)) => this.leave(Exit::Ledger(error)),
            // The keeper's thread is gone with the process that is ending.
            Err(_) => {}
        });
        context.spawn(answered);
    }

    /// Carries out what is durable.
    fn release(&mut self, context: &mut Context<Self>) {
        while let Some((false, _)) = self.waiting.front() {
            let Some((_, effects)) = self.waiting.pop_front() else { return };
            effects.into_iter().for_each(|effect| self.carry_out(effect, context));
        }
    }

    fn carry_out(&mut self, effect: Effect, context: &Context<Self>) {
        let reply = context.address();
        match effect {
            Effect::Send { to, message } => self.parts.gateway.do_send(SendTo { to, message }),
            Effect::Observe { hour, zones } => self.parts.carbon.do_send(Observe { hour, zones, reply }),
            Effect::Forecast { hour, zones } => {
                let question = MakeForecasts { hour, zones, watch: self.parts.carbon.clone(), reply };
                self.parts.forecaster.do_send(question);
            }
            Effect::Decide { hour, situation } => self.parts.agent.do_send(Decide { hour, situation, reply }),
            Effect::Propose(wanted) => self.parts.searcher.do_send(Propose { wanted, reply }),
            Effect::Forget(blob) => self.parts.gateway.do_send(Forget(blob)),
            Effect::Exit { reason } => self.leave(Exit::Over { reason }),
        }
    }

    fn leave(&mut self, exit: Exit) {
        if let Some(sender) = self.exit.take() {
            // Nobody listens only when the process is ending anyway.
            let _ = sender.send(exit);
        }
    }

    fn check_laws(&mut self) {
        self.ticks += 1;
        if !self.ticks.is_multiple_of(TICKS_PER_CHECK) {
            return;
        }
        for violation in laws::check(&self.core) {
            self.violations += 1;
            tracing::error!(law = violation.law, what = %violation.what, "a law is broken: please report this");
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
        let (sender, durable) = oneshot::channel();
        self.take_and_tell(Input::Control(control), Some(sender), context);
        Box::pin(async move {
            let sequence = durable.await.map_err(|_| Refusal::Ending)?;
            Ok(Obeyed { ruling, sequence: Some(sequence) })
        })
    }
}

impl Handler<SearchTold> for Coordinator {
    type Result = ();

    fn handle(&mut self, told: SearchTold, _: &mut Self::Context) {
        self.search = Some(Arc::new(told));
    }
}

impl<T: Send + 'static> Handler<Look<T>> for Coordinator {
    type Result = Option<T>;

    fn handle(&mut self, Look(read): Look<T>, _: &mut Self::Context) -> Self::Result {
        let (core, search) = (&self.core, self.search.as_ref());
        Some(read(&Glance { core, now: clock::now(), violations: self.violations, search }))
    }
}
