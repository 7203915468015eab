//! The connection to the coordinator, on a thread and a runtime of its own: it carries frames both ways, sends heartbeats
//! whatever the rest of the process is busy with, and tells a person, without flooding the log, how the line stands.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use common::id::{SessionId, TaskId};
use common::time::Millis;
use common::wire::{self, DecodeError, FromWorker, MAX_FRAME_BYTES};
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;
use transport::{Bytes, Client, ClientOptions, ClientSender, ConnectError, Connection, SendError, Transport};

use super::Ears;
use super::meter::Warmth;
use crate::clock::Clock;
use crate::input::Input;
use crate::recent::Recent;

/// How often the link looks whether a heartbeat is due; a tenth of the shortest sensible interval.
const LOOK: Duration = Duration::from_millis(100);
/// Between two words about how the worker is.
const VITALS: Millis = Millis(5_000);
/// First pause between two complaints about an unreachable coordinator, and the longest.
const COMPLAIN_FIRST: Millis = Millis(30_000);
const COMPLAIN_MOST: Millis = Millis(600_000);
/// A coordinator that has never accepted us and still refuses after so long does not do so by accident (one that is
/// killed during a handshake looks the same). The transport tries again every ten seconds.
const REFUSED_FOR: Millis = Millis(12_000);
/// With several addresses: how long a coordinator that was there, or refuses, gets to be back at the same one. A restart takes a second.
const AWAY_FOR: Millis = Millis(1_000);
/// How long a connection may be in the making: a machine that is off does not even refuse.
const UNANSWERED_FOR: Millis = Millis(5_000);
/// How long a hello may go unanswered where somebody is connected; one that folds a long ledger takes a few seconds.
const MUTE_FOR: Millis = Millis(20_000);

/// The handle of the link's thread.
#[derive(Debug)]
pub(super) struct Link {
    outgoing: mpsc::UnboundedSender<FromWorker>,
    pulse: Pulse,
    closed: oneshot::Receiver<()>,
}

/// What heartbeats say, kept up to date by the core's driver.
#[derive(Debug, Clone)]
pub(super) struct Pulse(Arc<Mutex<Beat>>);

/// What is told of the machine, for people to see.
#[derive(Debug)]
pub(super) struct Vitals {
    pub(super) warmth: Warmth,
    pub(super) recent: Recent,
}

#[derive(Debug)]
struct Beat {
    session: SessionId,
    /// None before the first admission.
    every: Option<Millis>,
    held: Vec<TaskId>,
}

impl Link {
    /// Starts to connect, to one of `addresses` after another. An error is a mistake in them; an absent coordinator is waited for.
    pub(super) async fn spawn<T: Transport + 'static>(
        transport: T,
        addresses: Vec<ClientOptions>,
        session: SessionId,
        vitals: Vitals,
        clock: Clock,
        ears: Ears,
    ) -> anyhow::Result<Self> {
        let (outgoing, frames) = mpsc::unbounded_channel();
        let (done, closed) = oneshot::channel();
        let (began, beginning) = oneshot::channel();
        let pulse = Pulse(Arc::new(Mutex::new(Beat { session, every: None, held: Vec::new() })));
        let line = Line {
            clock,
            ears,
            pulse: pulse.clone(),
            vitals,
            beat_due: Millis(0),
            vitals_due: Millis(0),
            stay: Stay::new(addresses.len() == 1),
            was_connected: false,
            refused_since: None,
            complaint: Complaint::default(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("can't start the link's runtime")?;
        std::thread::Builder::new()
            .name("link".into())
            .spawn(move || {
                runtime.block_on(line.visit(&transport, addresses, frames, began));
                let _ = done.send(());
            })
            .context("can't start the link's thread")?;
        beginning.await.context("the link's thread ended early")??;
        Ok(Self { outgoing, pulse, closed })
    }

    /// Queues a message and returns at once. It may be lost.
    pub(super) fn send(&self, message: FromWorker) {
        let _ = self.outgoing.send(message);
    }

    pub(super) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Lets what is queued leave, and disconnects.
    pub(super) async fn close(self) {
        drop(self.outgoing);
        let _ = self.closed.await;
    }
}

impl Pulse {
    pub(super) fn set(&self, session: SessionId, every: Option<Millis>, held: Vec<TaskId>) {
        let mut beat = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        beat.session = session;
        beat.every = every;
        beat.held = held;
    }

    fn session(&self) -> SessionId {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).session
    }

    fn beat(&self, now: Millis) -> Option<(Millis, FromWorker)> {
        let beat = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let message = FromWorker::Heartbeat { session: beat.session, clock: now, held: beat.held.clone() };
        Some((beat.every?, message))
    }
}

struct Line {
    clock: Clock,
    ears: Ears,
    pulse: Pulse,
    vitals: Vitals,
    beat_due: Millis,
    vitals_due: Millis,
    stay: Stay,
    was_connected: bool,
    refused_since: Option<Millis>,
    complaint: Complaint,
}

/// Why a connection was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// The worker ends.
    Closed,
    /// The coordinator may be at another address.
    Elsewhere,
}

impl Line {
    /// Tries one address after another, for as long as the worker lives.
    async fn visit<T: Transport>(
        mut self,
        transport: &T,
        addresses: Vec<ClientOptions>,
        mut frames: mpsc::UnboundedReceiver<FromWorker>,
        began: oneshot::Sender<Result<(), ConnectError>>,
    ) {
        let mut began = Some(began);
        for mut options in addresses.into_iter().cycle() {
            options.limits.max_frame_bytes = MAX_FRAME_BYTES;
            let endpoint = options.endpoint.clone();
            let client = match transport.connect(options).await {
                Ok(client) => client,
                Err(error) => match began.take() {
                    Some(began) => return drop(began.send(Err(error))),
                    None => {
                        tracing::error!(%error, "passed over an address of the coordinator");
                        continue;
                    }
                },
            };
            match began.take() {
                Some(began) => {
                    let _ = began.send(Ok(()));
                    tracing::info!(%endpoint, "connecting to the coordinator");
                }
                None => tracing::debug!(%endpoint, "trying the coordinator's next address"),
            }
            self.stay.begin(self.clock.now());
            if self.run(client, &mut frames).await == Left::Closed {
                return;
            }
        }
    }

    async fn run(&mut self, client: Client, frames: &mut mpsc::UnboundedReceiver<FromWorker>) -> Left {
        let (sender, mut receiver, mut watch) = client.split();
        let mut connection = watch.now();
        self.on_connection(&connection);
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let left = loop {
            tokio::select! {
                frame = receiver.recv() => match frame {
                    Some(frame) => self.on_frame(&frame),
                    None => break Left::Closed,
                },
                message = frames.recv() => match message {
                    // What would wait for a connection would arrive with a stale clock; the core says it anew.
                    Some(message) if connection == Connection::Connected => send(&sender, &message),
                    Some(_) => {}
                    None => break Left::Closed,
                },
                changed = watch.changed(), if connection != Connection::Closed => {
                    connection = changed;
                    self.on_connection(&connection);
                }
                _ = look.tick() => {
                    if connection == Connection::Connected {
                        self.beat(&sender);
                    }
                    self.on_time(&connection);
                    if self.stay.is_over(&connection, self.clock.now()) {
                        break Left::Elsewhere;
                    }
                }
            }
        };
        receiver.close().await;
        left
    }

    fn hear(&self, input: Input) {
        self.ears.hear(input);
    }

    fn on_frame(&mut self, frame: &Bytes) {
        self.stay.heard = true;
        match wire::decode(frame) {
            Ok(message) => self.hear(Input::Received(message)),
            Err(error @ DecodeError::Version { .. }) => {
                self.hear(Input::Foreign { reason: error.to_string() });
            }
            Err(error) => tracing::warn!(%error, "passed over a frame from the coordinator"),
        }
    }

    fn beat(&mut self, sender: &ClientSender) {
        let now = self.clock.now();
        if now < self.beat_due {
            return;
        }
        if let Some((every, message)) = self.pulse.beat(now) {
            self.beat_due = Millis(now.0 + every.0);
            send(sender, &message);
            self.tell_vitals(now, sender);
        }
    }

    fn tell_vitals(&mut self, now: Millis, sender: &ClientSender) {
        if now < self.vitals_due {
            return;
        }
        self.vitals_due = Millis(now.0 + VITALS.0);
        let (temperatures, log) = (self.vitals.warmth.get(), self.vitals.recent.take());
        if !temperatures.is_empty() || !log.is_empty() {
            let vitals = wire::Vitals { clock: now, temperatures, log };
            send(sender, &FromWorker::Vitals { session: self.pulse.session(), vitals });
        }
    }

    fn on_connection(&mut self, connection: &Connection) {
        self.stay.on_connection(connection, self.clock.now());
        match connection {
            Connection::Connected => {
                self.was_connected = true;
                self.refused_since = None;
                self.complaint = Complaint::default();
                tracing::info!("connected to the coordinator");
                self.hear(Input::Connected);
            }
            Connection::Connecting => self.hear(Input::Disconnected),
            Connection::Unreachable { .. } => {
                self.refused_since = None;
                self.hear(Input::Disconnected);
            }
            Connection::Refused { .. } => {
                self.refused_since.get_or_insert(self.clock.now());
                self.hear(Input::Disconnected);
            }
            Connection::Closed => {}
        }
        self.on_time(connection);
    }

    fn on_time(&mut self, connection: &Connection) {
        let (Connection::Unreachable { reason } | Connection::Refused { reason }) = connection else {
            return;
        };
        let now = self.clock.now();
        if self.complaint.is_due(now) {
            tracing::warn!("no coordinator: {reason}; waiting for it");
        }
        let refused_for = self.refused_since.map_or(0, |since| now.0 - since.0);
        if !self.was_connected && refused_for >= REFUSED_FOR.0 {
            self.refused_since = None;
            self.hear(Input::Foreign { reason: reason.clone() });
        }
    }
}

fn send(sender: &ClientSender, message: &FromWorker) {
    let frame = wire::encode(message);
    match sender.send(frame) {
        // The core repeats what matters.
        Ok(()) | Err(SendError::Away | SendError::Full | SendError::Closed) => {}
        Err(error @ SendError::TooLarge { .. }) => tracing::error!(%error, "a frame could not be sent"),
    }
}

/// How long to stay at one of several addresses.
struct Stay {
    alone: bool,
    since: Millis,
    connected: bool,
    /// Something came by this connection.
    heard: bool,
}

impl Stay {
    fn new(alone: bool) -> Self {
        Self { alone, since: Millis(0), connected: false, heard: false }
    }

    fn begin(&mut self, now: Millis) {
        *self = Self { since: now, ..Self::new(self.alone) };
    }

    fn on_connection(&mut self, connection: &Connection, now: Millis) {
        let connected = *connection == Connection::Connected;
        if connected != self.connected {
            self.connected = connected;
            self.heard = false;
            self.since = now;
        }
    }

    /// Whether the coordinator is looked for at the next address.
    fn is_over(&self, connection: &Connection, now: Millis) -> bool {
        let patience = match connection {
            Connection::Connected if self.heard => return false,
            Connection::Connected => MUTE_FOR,
            Connection::Connecting => UNANSWERED_FOR,
            Connection::Unreachable { .. } | Connection::Refused { .. } => AWAY_FOR,
            Connection::Closed => return false,
        };
        !self.alone && now.0 - self.since.0 >= patience.0
    }
}

/// Spreads repetitions of one complaint out.
#[derive(Default)]
struct Complaint {
    due: Option<Millis>,
    pause: Millis,
}

impl Complaint {
    fn is_due(&mut self, now: Millis) -> bool {
        if self.due.is_some_and(|due| now < due) {
            return false;
        }
        let pause = Millis((self.pause.0 * 2).clamp(COMPLAIN_FIRST.0, COMPLAIN_MOST.0));
        *self = Self { due: Some(Millis(now.0 + pause.0)), pause };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_address_is_tried_when_this_one_says_nothing() {
        let away = Connection::Unreachable { reason: "test".into() };
        let mut stay = Stay::new(false);
        stay.begin(Millis(100));
        assert!(!stay.is_over(&Connection::Connecting, Millis(4_000)));
        assert!(stay.is_over(&Connection::Connecting, Millis(5_100)));
        assert!(stay.is_over(&away, Millis(1_100)));
        stay.on_connection(&Connection::Connected, Millis(2_000));
        assert!(!stay.is_over(&Connection::Connected, Millis(21_999)));
        assert!(stay.is_over(&Connection::Connected, Millis(22_000)), "a hello goes unanswered");
        stay.heard = true;
        assert!(!stay.is_over(&Connection::Connected, Millis(1_000_000)));
        stay.on_connection(&away, Millis(30_000));
        assert!(!stay.is_over(&away, Millis(30_999)), "it may be back at once");
        assert!(stay.is_over(&away, Millis(31_000)));
        assert!(!Stay::new(true).is_over(&away, Millis(1_000_000)), "there is no other");
    }

    #[test]
    fn complaints_become_rare() {
        let mut complaint = Complaint::default();
        let heard: Vec<i64> = (0..4_000).filter(|s| complaint.is_due(Millis(s * 1000))).collect();
        assert_eq!(heard, [0, 30, 90, 210, 450, 930, 1530, 2130, 2730, 3330, 3930]);
    }
}
