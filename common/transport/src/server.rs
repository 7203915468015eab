//! The server's handles. They know a backend only as something that takes frames for peers;
//! [`crate::ZeroMq`] and [`crate::memory::Network`] make them.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::mailbox::Outlet;
use crate::{Allow, Endpoint, Limits, PeerName, SendError, ServerSecurity};

#[derive(Clone, Debug)]
pub struct ServerOptions {
    pub endpoint: Endpoint,
    pub security: ServerSecurity,
    pub limits: Limits,
}

/// A bound server. Split it so that one task can listen while others speak.
#[derive(Debug)]
pub struct Server {
    sender: ServerSender,
    receiver: ServerReceiver,
}

/// Speaks to peers. Clones speak through the same queue, so what one caller sends arrives in order.
#[derive(Clone)]
pub struct ServerSender(Arc<dyn ToPeers>);

/// Listens to peers. Dropping it closes the server.
pub struct ServerReceiver {
    incoming: Outlet<(PeerName, Bytes)>,
    endpoint: Endpoint,
    closing: Closing,
}

/// What a backend does with a frame for a peer. It must not wait.
pub(crate) trait ToPeers: Send + Sync {
    fn send(&self, peer: &PeerName, frame: Bytes) -> Result<(), SendError>;

    /// Without keys it does nothing.
    fn set_allow(&self, allow: Allow);

    /// What came from this peer meant nothing.
    fn blame(&self, peer: &PeerName);
}

/// How a backend learns that its handle is gone, and tells that it has finished.
pub(crate) struct Closing {
    /// Its drop is the notice, for a backend without a task that watches the mailbox.
    pub(crate) notice: Option<Box<dyn Send + Sync>>,
    pub(crate) done: Option<oneshot::Receiver<()>>,
}

impl ServerOptions {
    /// Options with [`Limits::of_server`].
    pub fn new(endpoint: Endpoint, security: ServerSecurity) -> Self {
        Self { endpoint, security, limits: Limits::of_server() }
    }
}

impl Server {
    pub(crate) fn new(
        backend: Arc<dyn ToPeers>,
        incoming: Outlet<(PeerName, Bytes)>,
        endpoint: Endpoint,
        closing: Closing,
    ) -> Self {
        Self { sender: ServerSender(backend), receiver: ServerReceiver { incoming, endpoint, closing } }
    }

    /// Where it listens, with the real port.
    pub fn endpoint(&self) -> &Endpoint {
        self.receiver.endpoint()
    }

    /// See [`ServerSender::send`].
    pub fn send(&self, peer: &PeerName, frame: impl Into<Bytes>) -> Result<(), SendError> {
        self.sender.send(peer, frame)
    }

    /// See [`ServerSender::set_allow`].
    pub fn set_allow(&self, allow: Allow) {
        self.sender.set_allow(allow);
    }

    /// See [`ServerSender::blame`].
    pub fn blame(&self, peer: &PeerName) {
        self.sender.blame(peer);
    }

    /// See [`ServerReceiver::recv`].
    pub async fn recv(&mut self) -> Option<(PeerName, Bytes)> {
        self.receiver.recv().await
    }

    pub fn split(self) -> (ServerSender, ServerReceiver) {
        (self.sender, self.receiver)
    }

    /// See [`ServerReceiver::close`].
    pub async fn close(self) {
        self.receiver.close().await;
    }
}

impl ServerSender {
    /// Queues a frame for a peer and returns at once. `Ok` means queued, not delivered: a
    /// connection that breaks takes its queue with it.
    pub fn send(&self, peer: &PeerName, frame: impl Into<Bytes>) -> Result<(), SendError> {
        self.0.send(peer, frame.into())
    }

    /// Puts another list in the place of the present one. Whoever is not on it, or not under the same name, is cut off, and nothing
    /// of it that was not received yet is heard; whoever is new may come in. Without keys it does nothing.
    pub fn set_allow(&self, allow: Allow) {
        self.0.set_allow(allow);
    }

    /// Says that a frame of this peer meant nothing: it counts as many ([`Limits::frames_per_s`]), so that who goes on so is sent out
    /// soon. Within one process nobody is.
    pub fn blame(&self, peer: &PeerName) {
        self.0.blame(peer);
    }
}

impl ServerReceiver {
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The next frame and the authenticated name of its sender. Frames of one connection come in
    /// the order they were sent. `None` when the server has closed. Cancelling loses nothing.
    pub async fn recv(&mut self) -> Option<(PeerName, Bytes)> {
        self.incoming.recv().await.map(|parcel| parcel.item)
    }

    /// Stops listening, gives queued frames a moment to leave, and returns when the port is free.
    pub async fn close(self) {
        let Self { incoming, closing, .. } = self;
        drop(incoming);
        closing.finish().await;
    }
}

impl Closing {
    pub(crate) async fn finish(self) {
        drop(self.notice);
        if let Some(done) = self.done {
            // An error means that the backend's task ended with its runtime: finished too.
            let _ = done.await;
        }
    }
}

impl fmt::Debug for ServerSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSender").finish_non_exhaustive()
    }
}

impl fmt::Debug for ServerReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerReceiver").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
