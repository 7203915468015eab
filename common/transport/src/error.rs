//! What can go wrong, for a caller that chooses by it. Key files have their own error beside them.

use crate::Endpoint;

/// The options contradict themselves; trying again cannot help.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(
        "{endpoint} reaches beyond this machine, and without keys anybody could connect: set up keys, or use tcp://127.0.0.1:PORT"
    )]
    NullBeyondLoopback { endpoint: Endpoint },
    #[error("{limit} is {value}: {cure}")]
    Limit { limit: &'static str, value: String, cure: &'static str },
    #[error("the ZeroMQ layer refuses these options: {reason}")]
    Backend { reason: String },
}

/// A server could not start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(
        "{endpoint} is in use by another process: stop it (perhaps an earlier coordinator still runs), or choose another port"
    )]
    InUse { endpoint: Endpoint },
    #[error("{endpoint} is no address of this machine: use one of its own, or tcp://*:PORT for all")]
    NotHere { endpoint: Endpoint },
    #[error("this user may not listen on {endpoint}: choose a port above 1023")]
    Forbidden { endpoint: Endpoint },
    #[error("can't listen on {endpoint}: {reason}")]
    Other { endpoint: Endpoint, reason: String },
}

/// A client could not start. An absent server is not an error, see [`crate::Connection`].
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error("can't connect to {endpoint}: {reason}")]
    Other { endpoint: Endpoint, reason: String },
}

/// A frame was not taken. It is dropped; nothing of it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Trying again helps once the peer is back.
    #[error("the peer is not connected")]
    Away,
    /// Trying again helps once the peer has read, or a lost connection has a queue again.
    #[error("the outgoing queue is full")]
    Full,
    /// Trying again never helps: split the content.
    #[error("a frame of {bytes} bytes is over the limit of {limit}")]
    TooLarge { bytes: usize, limit: usize },
    /// Trying again never helps: this side has closed.
    #[error("the transport is closed")]
    Closed,
}
