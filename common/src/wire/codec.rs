//! Frames: a five-byte head (magic, protocol version, kind), then MessagePack with named fields.
//!
//! Named fields may be added without a new version; a change of meaning raises `PROTOCOL`. No input can panic or allocate
//! beyond the frame it arrived in: MessagePack's declared lengths are only ever hints.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{FromWorker, ToWorker};

/// The version of this protocol. A peer of another version is refused by number, never by luck.
pub const PROTOCOL: u16 = 1;
/// The largest frame: a blob chunk and room for the longest forecast or learning curve beside it.
pub const MAX_FRAME_BYTES: usize = 1024 * 1024;
const MAGIC: [u8; 2] = *b"CN";
const HEAD: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("the frame has {0} bytes, more than the limit of {MAX_FRAME_BYTES}")]
    TooLarge(usize),
    #[error("the frame is not one of CE-NAS")]
    NotOurs,
    #[error(
        "the peer speaks protocol {found}, this is protocol {PROTOCOL}: install the same release on both sides"
    )]
    Version { found: u16 },
    #[error("the frame is of kind {found}, expected {expected}")]
    Kind { found: u8, expected: u8 },
    #[error("the frame's body can't be read: {0}")]
    Body(String),
}

/// A family of messages that travels in one direction.
pub trait Message: Serialize + DeserializeOwned {
    const KIND: u8;
}

impl Message for FromWorker {
    const KIND: u8 = 1;
}

impl Message for ToWorker {
    const KIND: u8 = 2;
}

pub fn encode<M: Message>(message: &M) -> Vec<u8> {
    let mut frame = Vec::with_capacity(256);
    frame.extend(MAGIC);
    frame.extend(PROTOCOL.to_le_bytes());
    frame.push(M::KIND);
    rmp_serde::encode::write_named(&mut frame, message)
        .expect("our messages hold nothing that MessagePack lacks");
    frame
}

pub fn decode<M: Message>(frame: &[u8]) -> Result<M, DecodeError> {
    if frame.len() > MAX_FRAME_BYTES {
        return Err(DecodeError::TooLarge(frame.len()));
    }
    let Some((&[m0, m1, v0, v1, kind], body)) = frame.split_first_chunk::<HEAD>() else {
        return Err(DecodeError::NotOurs);
    };
    if [m0, m1] != MAGIC {
        return Err(DecodeError::NotOurs);
    }
    let version = u16::from_le_bytes([v0, v1]);
    if version != PROTOCOL {
        return Err(DecodeError::Version { found: version });
    }
    if kind != M::KIND {
        return Err(DecodeError::Kind { found: kind, expected: M::KIND });
    }
    rmp_serde::from_slice(body).map_err(|error| DecodeError::Body(error.to_string()))
}

#[cfg(test)]
#[path = "codec_tests.rs"]
mod tests;
