//! Our options in the crate's words. No sockets are made here.

use omq_tokio::endpoint::Host;
use omq_tokio::{Endpoint as OmqEndpoint, Message, Options, ReconnectPolicy};

use super::LINGER;
use crate::{Endpoint, Limits};

pub(super) fn base(limits: &Limits) -> Options {
    let queue = u32::try_from(limits.send_queue_frames).expect("limits keep counts within 32 bits");
    Options::default()
        .send_hwm(queue)
        // Ours is the queue that counts bytes; theirs only has to keep the wire busy meanwhile.
        .recv_hwm(16)
        .max_message_size(limits.max_frame_bytes + part_overhead())
        .handshake_timeout(limits.handshake_timeout)
        .max_pending_handshakes(limits.max_pending_handshakes)
        .heartbeat_interval(limits.heartbeat_interval)
        .heartbeat_timeout(limits.heartbeat_timeout)
        .reconnect(ReconnectPolicy::Exponential { min: limits.reconnect_min, max: limits.reconnect_max })
        .linger(LINGER)
}

/// The crate's message limit counts a slot of its own for every part beside the bytes.
fn part_overhead() -> usize {
    Message::single("").max_message_size_len()
}

pub(super) fn endpoint(ours: &Endpoint) -> OmqEndpoint {
    let host = match ours.host().parse() {
        Ok(address) => Host::Ip(address),
        Err(_) if ours.is_wildcard() => Host::Wildcard,
        Err(_) => Host::Name(ours.host().to_owned()),
    };
    OmqEndpoint::Tcp { host, port: ours.port() }
}

/// The port that the system chose, at the host that was asked for.
pub(super) fn bound(asked: &Endpoint, theirs: &OmqEndpoint) -> Endpoint {
    match theirs {
        OmqEndpoint::Tcp { port, .. } => asked.with_port(*port),
        _ => asked.clone(),
    }
}
