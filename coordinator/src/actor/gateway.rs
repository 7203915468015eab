//! Between the wire and the core: frames become messages and back. Blobs go straight to their keeper and never reach the core.

use std::time::Duration;

use actix::prelude::*;
use common::id::WorkerName;
use common::wire::{self, FromWorker, ToWorker};
use futures_util::stream;
use transport::{Bytes, PeerName, PublicKey, ServerReceiver, ServerSender};

use super::blob_keeper::{BlobKeeper, Bring, Fetch, Gone};
use super::coordinator::{Coordinator, Take};
use super::window::Window;
use crate::clock;
use crate::core::Input;
use crate::desk::Desk;
use crate::doorkeeper::Doorkeeper;
use crate::pace;

/// How often the lists of keys and the desk are looked at: soon enough for a person who waits, and two looks at files.
const LOOK: Duration = Duration::from_secs(1);

/// What a message takes beside its bytes, as the transport counts; and what a question for a piece is counted as, so that hundreds of
/// a worker may wait.
const MESSAGE_BYTES: usize = 256;
const QUESTION_BYTES: usize = 16 << 10;

#[derive(Debug)]
pub struct Gateway {
    sender: ServerSender,
    receiver: Option<ServerReceiver>,
    blobs: Addr<BlobKeeper>,
    window: Window,
    coordinator: Option<Addr<Coordinator>>,
    /// None without keys: everybody on this machine may come in.
    door: Option<Doorkeeper>,
    desk: Desk,
}

/// Begin to listen, and hand messages to this coordinator.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Listening(pub Addr<Coordinator>);

/// In this order.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct SendAll(pub Vec<(WorkerName, ToWorker)>);

impl Gateway {
    pub fn new(
        sender: ServerSender,
        receiver: ServerReceiver,
        blobs: Addr<BlobKeeper>,
        door: Option<Doorkeeper>,
        desk: Desk,
    ) -> Self {
        let (receiver, window) = (Some(receiver), Window::default());
        Self { sender, receiver, blobs, window, coordinator: None, door, desk }
    }

    fn send(&self, to: &WorkerName, message: &ToWorker) {
        send(&self.sender, to, message);
    }

    /// Whether somebody changed the lists of keys, or left a word.
    fn look_around(&mut self) {
        let Some(coordinator) = self.coordinator.clone() else { return };
        match self.door.as_mut().map(|door| door.look(clock::now())) {
            None | Some(Ok(None)) => {}
            Some(Ok(Some(change))) => {
                tracing::info!(
                    peers = change.allow.len(),
                    gone = change.gone.len(),
                    "the list of workers is another"
                );
                self.sender.set_allow(change.allow);
                for worker in change.gone {
                    self.blobs.do_send(Gone(worker.clone()));
                    coordinator.do_send(Take(Input::Revoked { worker }));
                }
            }
            Some(Err(error)) => {
                let error = format!("{error:#}");
                tracing::error!(%error, "the list of workers can't be read; what it said before counts");
            }
        }
        for worker in self.desk.take_releases() {
            coordinator.do_send(Take(Input::Released { worker }));
        }
    }

    /// A stranger with a join code says one thing: the key of the worker that it is to be.
    fn on_guest(&mut self, guest: &PeerName, bytes: &[u8]) {
        let (Some(door), Ok(FromWorker::Enrol { key })) = (&mut self.door, wire::decode(bytes)) else {
            return self.sender.blame(guest);
        };
        let key = key.parse::<PublicKey>().map_err(anyhow::Error::new);
        let answer = match key.and_then(|key| door.enrol(guest, key, clock::now())) {
            Ok((name, allow)) => {
                tracing::info!(worker = %name, "an invited worker has enrolled");
                self.sender.set_allow(allow);
                ToWorker::Enrolled { name }
            }
            Err(error) => {
                let reason = format!("{error:#}");
                tracing::warn!(%guest, reason, "an invited worker could not enrol");
                ToWorker::Refused { reason }
            }
        };
        // One whose answer is lost asks again.
        let _ = self.sender.send(guest, wire::encode(&answer));
    }

    fn on_peer(&mut self, from: &PeerName, bytes: &[u8]) {
        match &self.door {
            Some(door) if door.is_guest(from) => self.on_guest(from, bytes),
            // What was on its way when its sender was revoked.
            Some(door) if !door.is_worker(from) => {}
            _ => self.on_frame(from, bytes),
        }
    }

    fn on_frame(&mut self, from: &PeerName, bytes: &[u8]) {
        let worker = WorkerName::new(from.as_str());
        match wire::decode::<FromWorker>(bytes) {
            Ok(FromWorker::Upload(chunk)) => {
                if let Some(place) = self.window.place(&worker, chunk.bytes.len() + MESSAGE_BYTES) {
                    self.blobs.do_send(Bring { worker, chunk, _place: place });
                }
            }
            Ok(FromWorker::Download { blob, offset }) => {
                if let Some(place) = self.window.place(&worker, QUESTION_BYTES) {
                    self.blobs.do_send(Fetch { worker, blob, offset, _place: place });
                }
            }
            Ok(message) => {
                if let Some(coordinator) = &self.coordinator {
                    coordinator.do_send(Take(Input::Message { worker, message }));
                }
            }
            Err(error) => {
                tracing::warn!(%worker, %error, "a frame was refused");
                self.sender.blame(from);
                // A peer of another protocol reads this release's number off the head of the answer.
                if matches!(error, wire::DecodeError::Version { .. }) {
                    self.send(&worker, &ToWorker::Refused { reason: error.to_string() });
                }
            }
        }
    }
}

pub(super) fn send(sender: &ServerSender, to: &WorkerName, message: &ToWorker) {
    let Ok(peer) = to.as_str().parse::<PeerName>() else { return };
    // A peer that is away will say hello again; what matters is repeated until it is acknowledged.
    if let Err(error) = sender.send(&peer, wire::encode(message)) {
        tracing::debug!(worker = %to, %error, "a message was not sent");
    }
}

impl Actor for Gateway {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.run_interval(LOOK, |this, _| this.look_around());
    }
}

impl Handler<Listening> for Gateway {
    type Result = ();

    fn handle(&mut self, Listening(coordinator): Listening, context: &mut Self::Context) {
        self.blobs.do_send(Listening(coordinator.clone()));
        self.coordinator = Some(coordinator);
        let Some(receiver) = self.receiver.take() else { return };
        // Frames wait in the transport, within its bounds, until this actor's turn comes.
        let frames = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
        context.add_stream(frames);
    }
}

impl StreamHandler<(PeerName, Bytes)> for Gateway {
    fn handle(&mut self, (from, bytes): (PeerName, Bytes), _: &mut Self::Context) {
        pace::heard(from.as_str());
        self.on_peer(&from, &bytes);
    }

    /// Only a socket that failed closes while the coordinator lives, and without one nobody is heard.
    fn finished(&mut self, context: &mut Self::Context) {
        tracing::error!("the socket to the workers is closed");
        context.stop();
    }
}

impl Handler<SendAll> for Gateway {
    type Result = ();

    fn handle(&mut self, SendAll(messages): SendAll, _: &mut Self::Context) {
        messages.iter().for_each(|(to, message)| self.send(to, message));
    }
}
