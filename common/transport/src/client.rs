//! The client's handles, the mirror image of `server.rs`, and the state of its connection.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use crate::mailbox::Outlet;
use crate::server::Closing;
use crate::{ClientSecurity, Endpoint, Limits, SendError};

#[derive(Clone, Debug)]
pub struct ClientOptions {
    pub endpoint: Endpoint,
    pub security: ClientSecurity,
    pub limits: Limits,
}

/// How it stands between a client and its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// The first attempt is under way.
    Connecting,
    Connected,
    /// Nobody answers; the client goes on trying.
    Unreachable {
        reason: String,
    },
    /// Somebody answers and will not have us: a wrong key on one side, or a newer process under
    /// our name. The client goes on trying, but a person is needed.
    Refused {
        reason: String,
    },
    /// This side has closed.
    Closed,
}

/// A client. Split it so that one task can listen while others speak.
#[derive(Debug)]
pub struct Client {
    sender: ClientSender,
    receiver: ClientReceiver,
    watch: ConnectionWatch,
}

/// Speaks to the server. Clones speak through the same queue.
#[derive(Clone)]
pub struct ClientSender(Arc<dyn ToServer>);

/// Listens to the server. Dropping it closes the client.
pub struct ClientReceiver {
    incoming: Outlet<Bytes>,
    closing: Closing,
}

/// Watches the connection. Quick changes may be seen as one.
#[derive(Clone, Debug)]
pub struct ConnectionWatch(watch::Receiver<Connection>);

/// What a backend does with a frame for the server. It must not wait.
pub(crate) trait ToServer: Send + Sync {
    fn send(&self, frame: Bytes) -> Result<(), SendError>;
}

impl ClientOptions {
    /// Options with the default [`Limits`].
    pub fn new(endpoint: Endpoint, security: ClientSecurity) -> Self {
        Self { endpoint, security, limits: Limits::default() }
    }
}

impl Client {
    pub(crate) fn new(
        backend: Arc<dyn ToServer>,
        incoming: Outlet<Bytes>,
        connection: watch::Receiver<Connection>,
        closing: Closing,
    ) -> Self {
        Self {
            sender: ClientSender(backend),
            receiver: ClientReceiver { incoming, closing },
            watch: ConnectionWatch(connection),
        }
    }

    /// See [`ClientSender::send`].
    pub fn send(&self, frame: impl Into<Bytes>) -> Result<(), SendError> {
        self.sender.send(frame)
    }

    /// See [`ClientReceiver::recv`].
    pub async fn recv(&mut self) -> Option<Bytes> {
        self.receiver.recv().await
    }

    pub fn watch(&self) -> ConnectionWatch {
        self.watch.clone()
    }

    pub fn split(self) -> (ClientSender, ClientReceiver, ConnectionWatch) {
        (self.sender, self.receiver, self.watch)
    }

    /// See [`ClientReceiver::close`].
    pub async fn close(self) {
        self.receiver.close().await;
    }
}

impl ClientSender {
    /// Queues a frame and returns at once. While the server is away, frames wait until the queue
    /// is full. A connection that breaks, or is turned away in its handshake, may take the frames
    /// with it that were queued; for a moment after that there is no queue, and the answer is
    /// [`SendError::Full`] too.
    pub fn send(&self, frame: impl Into<Bytes>) -> Result<(), SendError> {
        self.0.send(frame.into())
    }
}

impl ClientReceiver {
    /// The next frame. `None` when the client has closed. Cancelling loses nothing.
    pub async fn recv(&mut self) -> Option<Bytes> {
        self.incoming.recv().await.map(|parcel| parcel.item)
    }

    /// Gives queued frames a moment to leave, then disconnects.
    pub async fn close(self) {
        let Self { incoming, closing } = self;
        drop(incoming);
        closing.finish().await;
    }
}

impl ConnectionWatch {
    pub fn now(&self) -> Connection {
        self.0.borrow().clone()
    }

    /// Waits for a change since the last call and tells the new state; `Closed` for ever after the
    /// client has closed.
    pub async fn changed(&mut self) -> Connection {
        match self.0.changed().await {
            Ok(()) => self.0.borrow_and_update().clone(),
            Err(_) => Connection::Closed,
        }
    }

    /// Waits until `wanted` holds, which may be now. Returns the state that met it, or `Closed`.
    pub async fn until(&mut self, mut wanted: impl FnMut(&Connection) -> bool) -> Connection {
        match self.0.wait_for(|now| wanted(now)).await {
            Ok(now) => now.clone(),
            Err(_) => Connection::Closed,
        }
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => f.write_str("connecting"),
            Self::Connected => f.write_str("connected"),
            Self::Unreachable { reason } => write!(f, "unreachable ({reason}), retrying"),
            Self::Refused { reason } => write!(f, "refused ({reason}), retrying"),
            Self::Closed => f.write_str("closed"),
        }
    }
}

impl fmt::Debug for ClientSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSender").finish_non_exhaustive()
    }
}

impl fmt::Debug for ClientReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientReceiver").finish_non_exhaustive()
    }
}
