//! Frames on a socket between a worker and its process: what is said as JSON, and blobs as they are.
//!
//! A frame: bytes of the JSON (32 bits, little-endian like all), number of blobs (32), bytes of each (64), the JSON, the blobs.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use common::wire::MAX_BLOB_BYTES;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest learning curves and the largest spaces come to a few hundred kilobytes.
const MOST_JSON: usize = 16 << 20;
/// A full training leaves three files.
const MOST_BLOBS: usize = 16;
const READ_BYTES: usize = 256 << 10;

#[derive(Debug)]
pub struct Wire {
    stream: UnixStream,
    /// Read and not yet taken.
    buffer: Vec<u8>,
}

#[derive(Debug, PartialEq)]
pub struct Frame<T> {
    pub said: T,
    pub blobs: Vec<Vec<u8>>,
}

impl Wire {
    pub fn new(stream: UnixStream) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    pub fn send(&mut self, said: &impl Serialize, blobs: &[&[u8]]) -> io::Result<()> {
        let json = serde_json::to_vec(said)?;
        let words = [json.len(), blobs.len()].map(|word| (word as u32).to_le_bytes());
        let mut head: Vec<u8> = words.concat();
        head.extend(blobs.iter().flat_map(|blob| (blob.len() as u64).to_le_bytes()));
        head.extend(json);
        self.stream.write_all(&head)?;
        blobs.iter().try_for_each(|blob| self.stream.write_all(blob))
    }

    /// The next frame, if it is whole within `patience`; without one as long as it takes. What can't be one is `InvalidData`.
    pub fn receive<T: DeserializeOwned>(
        &mut self,
        patience: Option<Duration>,
    ) -> io::Result<Option<Frame<T>>> {
        self.stream.set_read_timeout(patience)?;
        loop {
            let missing = match self.take()? {
                Ok(frame) => return Ok(Some(frame)),
                Err(missing) => missing,
            };
            let held = self.buffer.len();
            self.buffer.resize(held + missing.clamp(1, READ_BYTES), 0);
            let read = self.stream.read(&mut self.buffer[held..]);
            self.buffer.truncate(held + read.as_ref().copied().unwrap_or(0));
            match read {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => return Ok(None),
                    _ => return Err(error),
                },
            }
        }
    }

    /// A whole frame from the buffer, or how many bytes of it are known to be missing.
    fn take<T: DeserializeOwned>(&mut self) -> io::Result<Result<Frame<T>, usize>> {
        let held = self.buffer.len();
        let word = |at: usize| Some(u32::from_le_bytes(*self.buffer.get(at..)?.first_chunk()?) as usize);
        let (Some(json), Some(count)) = (word(0), word(4)) else { return Ok(Err(8 - held)) };
        let head = 8 + 8 * count;
        if json > MOST_JSON || count > MOST_BLOBS {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let Some(lengths) = self.buffer.get(8..head) else { return Ok(Err(head - held)) };
        let lengths =
            lengths.chunks_exact(8).map(|eight| u64::from_le_bytes(eight.try_into().expect("eight")));
        let lengths: Vec<u64> = lengths.collect();
        if lengths.iter().any(|&length| length > MAX_BLOB_BYTES) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let whole = head + json + lengths.iter().sum::<u64>() as usize;
        if held < whole {
            return Ok(Err(whole - held));
        }
        let said = serde_json::from_slice(&self.buffer[head..head + json])?;
        let mut rest = &self.buffer[head + json..whole];
        let mut cut = |length: u64| {
            let (blob, after) = rest.split_at(length as usize);
            rest = after;
            blob.to_vec()
        };
        let blobs = lengths.into_iter().map(&mut cut).collect();
        self.buffer.drain(..whole);
        Ok(Ok(Frame { said, blobs }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Option<Duration> = Some(Duration::from_millis(10));

    fn pair() -> (Wire, Wire) {
        let (one, other) = UnixStream::pair().unwrap();
        (Wire::new(one), Wire::new(other))
    }

    fn numbers(wire: &mut Wire) -> io::Result<Option<Frame<Vec<u32>>>> {
        wire.receive(SOON)
    }

    #[test]
    fn frames_come_as_they_were_sent() {
        let (mut one, mut other) = pair();
        let big = vec![7; 3 * READ_BYTES + 1];
        let sender = std::thread::spawn(move || {
            one.send(&vec![1, 2], &[]).unwrap();
            one.send(&vec![3], &[&big, b"", b"x"]).unwrap();
            one
        });
        let mut next = || other.receive::<Vec<u32>>(None).unwrap().unwrap();
        assert_eq!(next(), Frame { said: vec![1, 2], blobs: vec![] });
        let second = next();
        assert_eq!((second.said, second.blobs[0].len()), (vec![3], 3 * READ_BYTES + 1));
        assert_eq!(second.blobs[1..], [b"".to_vec(), b"x".to_vec()]);
        let one = sender.join().unwrap();
        assert_eq!(numbers(&mut other).unwrap(), None, "not yet");
        drop(one);
        assert_eq!(numbers(&mut other).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_frame_in_pieces_waits_for_its_rest() {
        let (one, mut other) = pair();
        let mut whole = [4_u32, 1].map(u32::to_le_bytes).concat();
        whole.extend(2_u64.to_le_bytes());
        whole.extend(b"[12]");
        whole.extend(b"ab");
        for byte in &whole[..whole.len() - 1] {
            (&one.stream).write_all(&[*byte]).unwrap();
            assert_eq!(numbers(&mut other).unwrap(), None);
        }
        (&one.stream).write_all(b"b").unwrap();
        assert_eq!(
            numbers(&mut other).unwrap().unwrap(),
            Frame { said: vec![12], blobs: vec![b"ab".to_vec()] }
        );
    }

    #[test]
    fn nonsense_is_told_from_frames_and_takes_no_memory() {
        let check = |bytes: &[u8]| {
            let (one, mut other) = pair();
            (&one.stream).write_all(bytes).unwrap();
            assert_eq!(numbers(&mut other).unwrap_err().kind(), io::ErrorKind::InvalidData, "{bytes:?}");
        };
        check(&[0xff; 8]);
        check(&[4, 0, 0, 0, 0xff, 0, 0, 0]);
        check(&[[4, 0, 0, 0, 1, 0, 0, 0], [0xff; 8]].concat());
        check(b"\x03\0\0\0\0\0\0\0abc");
    }
}
