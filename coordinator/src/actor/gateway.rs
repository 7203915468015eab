//! Between the wire and the core: frames become messages and back. Blobs go straight to the store and never reach the core.

use std::path::PathBuf;

use actix::prelude::*;
use anyhow::Result;
use common::blob::BlobId;
use common::id::WorkerName;
use common::wire::{self, Chunk, FromWorker, ToWorker};
use transport::{Endpoint, PeerName, Server, ServerReceiver, ServerSender};

use super::coordinator::{Coordinator, Take};
use crate::blob_store::{self, BlobStore};
use crate::core::Input;

#[derive(Debug)]
pub struct Gateway {
    sender: ServerSender,
    receiver: Option<ServerReceiver>,
    blobs: BlobStore,
    coordinator: Option<Addr<Coordinator>>,
}

/// Begin to listen, and hand messages to this coordinator.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Listening(pub Addr<Coordinator>);

#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct SendTo {
    pub to: WorkerName,
    pub message: ToWorker,
}

#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Forget(pub BlobId);

#[derive(Debug, Message)]
#[rtype(result = "()")]
struct Frame {
    from: PeerName,
    bytes: transport::Bytes,
}

impl Gateway {
    pub fn new(server: Server, blobs: PathBuf) -> Result<(Self, Endpoint)> {
        let endpoint = server.endpoint().clone();
        let (sender, receiver) = server.split();
        let blobs = BlobStore::open(blobs)?;
        Ok((Self { sender, receiver: Some(receiver), blobs, coordinator: None }, endpoint))
    }

    fn send(&self, to: &WorkerName, message: &ToWorker) {
        let Ok(peer) = to.as_str().parse::<PeerName>() else { return };
        // A peer that is away will say hello again; what matters is repeated until it is acknowledged.
        if let Err(error) = self.sender.send(&peer, wire::encode(message)) {
            tracing::debug!(worker = %to, %error, "a message was not sent");
        }
    }

    fn on_frame(&mut self, worker: WorkerName, bytes: &[u8]) {
        match wire::decode::<FromWorker>(bytes) {
            Ok(FromWorker::Upload(chunk)) => self.on_upload(&worker, &chunk),
            Ok(FromWorker::Download { blob, offset }) => self.on_download(&worker, blob, offset),
            Ok(message) => {
                if let Some(coordinator) = &self.coordinator {
                    coordinator.do_send(Take(Input::Message { worker, message }));
                }
            }
            Err(error) => {
                tracing::warn!(%worker, %error, "a frame was refused");
                // A peer of another protocol reads this release's number off the head of the answer.
                if matches!(error, wire::DecodeError::Version { .. }) {
                    self.send(&worker, &ToWorker::Refused { reason: error.to_string() });
                }
            }
        }
    }

    fn on_upload(&mut self, worker: &WorkerName, chunk: &Chunk) {
        match self.blobs.receive(worker, chunk) {
            Ok(received) => self.send(worker, &ToWorker::UploadedTo { blob: chunk.blob, received }),
            Err(error @ blob_store::Error::Io { .. }) => {
                tracing::error!(%worker, %error, "a blob could not be stored; the worker keeps it and tries again");
            }
            Err(error) => tracing::warn!(%worker, %error, "a piece of a blob was refused"),
        }
    }

    fn on_download(&self, worker: &WorkerName, blob: BlobId, offset: u64) {
        match self.blobs.piece(blob, offset) {
            Ok(Some(chunk)) => self.send(worker, &ToWorker::Chunk(chunk)),
            Ok(None) => self.send(worker, &ToWorker::BlobMissing { blob }),
            Err(error) => tracing::error!(%worker, %error, "a blob could not be read"),
        }
    }
}

impl Actor for Gateway {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        // Bounded by the transport's own limits on bytes received and not yet taken.
        context.set_mailbox_capacity(1024);
    }
}

impl Handler<Listening> for Gateway {
    type Result = ();

    fn handle(&mut self, Listening(coordinator): Listening, context: &mut Self::Context) {
        self.coordinator = Some(coordinator);
        let Some(mut receiver) = self.receiver.take() else { return };
        let gateway = context.address();
        let listen = async move {
            while let Some((from, bytes)) = receiver.recv().await {
                // Waiting for the answer keeps one frame in the mailbox: pressure goes back to the senders.
                if gateway.send(Frame { from, bytes }).await.is_err() {
                    return;
                }
            }
        };
        context.spawn(listen.into_actor(self));
    }
}

impl Handler<Frame> for Gateway {
    type Result = ();

    fn handle(&mut self, frame: Frame, _: &mut Self::Context) {
        self.on_frame(WorkerName::new(frame.from.as_str()), &frame.bytes);
    }
}

impl Handler<SendTo> for Gateway {
    type Result = ();

    fn handle(&mut self, SendTo { to, message }: SendTo, _: &mut Self::Context) {
        self.send(&to, &message);
    }
}

impl Handler<Forget> for Gateway {
    type Result = ();

    fn handle(&mut self, Forget(blob): Forget, _: &mut Self::Context) {
        self.blobs.forget(blob);
    }
}
