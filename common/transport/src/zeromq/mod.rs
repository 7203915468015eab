//! The transport over TCP: a ROUTER serves, DEALERs connect, CURVE keeps strangers out.
//! Only this folder names the ZeroMQ crate, so that it can be exchanged in a day.
//!
//! # Why a name can be trusted
//!
//! 1. CURVE's handshake proves that the peer holds the secret of its long-term key (RFC 26, the
//!    vouch). Only then is the [`gate`] asked.
//! 2. The gate refuses a key that is not on the allow list, and a routing id whose subject is not
//!    that very key. So nobody can announce a routing id that leads to another peer's frames.
//! 3. On success the gate attaches the name from the allow list to the connection as its *user
//!    id*. The crate keeps that apart from everything the peer itself sent, and hands it out with
//!    every message. `server` reads the name from there alone.
//! 4. A frame that arrives without a user id is dropped, and its connection with it.
//!
//! Without keys, the name is what the peer announces. NULL's handshake asks its gate before the
//! peer has announced anything, so there a peer is judged once it is connected: by `server`, at
//! its first frame or at the next look at the connections, and whoever has no good name loses its
//! connection unheard. Anybody could claim any name; that is why such endpoints must be loopback.

pub(crate) mod curve;

mod client;
mod gate;
mod options;
mod server;

use std::time::Duration;

use crate::{BindError, Client, ClientOptions, ConnectError, Server, ServerOptions, Transport};

/// Frames queued at `close` get this long to leave. Long enough for a farewell on any network,
/// short enough that a dead peer delays no exit.
const LINGER: Duration = Duration::from_secs(1);

/// ZeroMQ over TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct ZeroMq;

impl Transport for ZeroMq {
    async fn bind(&self, options: ServerOptions) -> Result<Server, BindError> {
        server::bind(options).await
    }

    async fn connect(&self, options: ClientOptions) -> Result<Client, ConnectError> {
        client::connect(options).await
    }
}
