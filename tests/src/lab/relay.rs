//! A wire that can be read: passes bytes on between whoever connects and an address, and keeps a copy of them.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

type Kept = Arc<Mutex<Vec<u8>>>;

#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    heard: Kept,
    said: Kept,
}

impl Relay {
    /// To `target`, such as `127.0.0.1:7590`. It lasts as long as the process.
    pub fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (heard, said): (Kept, Kept) = Default::default();
        let (target, kept, near_only) = (target.to_owned(), heard.clone(), said.clone());
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(&target) else { continue };
                let (near_again, far_again) =
                    (near.try_clone().expect("a handle"), far.try_clone().expect("a handle"));
                pass(near, far, vec![kept.clone(), near_only.clone()]);
                pass(far_again, near_again, vec![kept.clone()]);
            }
        });
        Self { address, heard, said }
    }

    pub fn endpoint(&self) -> String {
        format!("tcp://{}", self.address)
    }

    /// All bytes so far, both ways.
    pub fn heard(&self) -> Vec<u8> {
        self.heard.lock().expect("no panic").clone()
    }

    /// Of these, what those said who connected.
    pub fn said(&self) -> Vec<u8> {
        self.said.lock().expect("no panic").clone()
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, tapes: Vec<Kept>) {
    std::thread::spawn(move || {
        let mut bytes = [0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            for tape in &tapes {
                tape.lock().expect("no panic").extend_from_slice(&bytes[..length]);
            }
            if to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        // The other side may have gone first.
        let _ = to.shutdown(Shutdown::Write);
    });
}
