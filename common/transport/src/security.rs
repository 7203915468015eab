//! Keys or no keys. There is nothing in between: CURVE encrypts and authenticates both sides, and
//! `Null` is for one machine talking to itself.

use crate::error::SetupError;
use crate::{Allow, Endpoint, KeyPair, PeerName, PublicKey};

/// How a server knows its peers.
#[derive(Clone, Debug)]
pub enum ServerSecurity {
    /// Only peers whose key is in `allow` pass the handshake; their names come from that list.
    Curve { keys: KeyPair, allow: Allow },
    /// Peers are who they say they are. Loopback endpoints only.
    Null,
}

/// How a client proves itself, and how it knows the server.
#[derive(Clone, Debug)]
pub enum ClientSecurity {
    /// The name is the one that the server's list gives to the key of `keys`.
    Curve { keys: KeyPair, server: PublicKey },
    /// Announces `name`. Loopback endpoints only.
    Null { name: PeerName },
}

impl ServerSecurity {
    pub(crate) fn check(&self, endpoint: &Endpoint) -> Result<(), SetupError> {
        loopback_or_keys(matches!(self, Self::Null), endpoint)
    }
}

impl ClientSecurity {
    pub(crate) fn check(&self, endpoint: &Endpoint) -> Result<(), SetupError> {
        loopback_or_keys(matches!(self, Self::Null { .. }), endpoint)
    }
}

fn loopback_or_keys(null: bool, endpoint: &Endpoint) -> Result<(), SetupError> {
    if null && !endpoint.is_loopback() {
        return Err(SetupError::NullBeyondLoopback { endpoint: endpoint.clone() });
    }
    Ok(())
}
