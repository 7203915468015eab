//! Bytes between named, authenticated peers.
//!
//! A [`Server`] talks to many [`Client`]s. Every frame it hears carries the [`PeerName`] of its
//! sender, and with keys that name follows from the sender's key, never from what it claims.
//! [`ZeroMq`] does this over TCP; [`memory::Network`] is its twin inside one process. Both hand
//! out the same handles and pass the same [`conformance`] suite.
//!
//! What is absent: messages. A frame is opaque here; versions, kinds and encodings are
//! `common::wire`'s. Nothing is acknowledged or repeated either: a frame whose peer is away may be
//! lost, and whoever needs it delivered says so in a message of its own.
//!
//! Invariant: only the folder `zeromq/` names the ZeroMQ crate.

pub mod conformance;
pub mod keys;
pub mod memory;

mod allow;
mod allowance;
mod client;
mod endpoint;
mod error;
mod limits;
mod mailbox;
mod name;
mod roster;
mod routing;
mod security;
mod server;
mod zeromq;

use std::future::Future;

pub use allow::Allow;
pub use bytes::Bytes;
pub use client::{Client, ClientOptions, ClientReceiver, ClientSender, Connection, ConnectionWatch};
pub use endpoint::Endpoint;
pub use error::{BindError, ConnectError, SendError, SetupError};
pub use keys::{JoinCode, KeyPair, PublicKey};
pub use limits::Limits;
pub use name::PeerName;
pub use security::{ClientSecurity, ServerSecurity};
pub use server::{Server, ServerOptions, ServerReceiver, ServerSender};
pub use zeromq::ZeroMq;

/// A way for servers and clients to find each other.
///
/// `bind` and `connect` start tasks on the runtime that polls them, and the connection lives as
/// long as that runtime does. The handles they return work from any thread.
pub trait Transport: Send + Sync {
    /// Starts to serve. The endpoint of the result has its real port.
    fn bind(&self, options: ServerOptions) -> impl Future<Output = Result<Server, BindError>> + Send;

    /// Starts to connect, and goes on trying for ever: an error here is a mistake in `options`,
    /// not an absent server. [`ConnectionWatch`] tells how it stands.
    fn connect(&self, options: ClientOptions) -> impl Future<Output = Result<Client, ConnectError>> + Send;
}
