//! Cases in which everybody behaves.

use bytes::Bytes;

use super::stage::{connected, name, push, round_trip};
use super::{Safety, Stage, within};
use crate::{SendError, Transport};

pub async fn echo<T: Transport>(transport: &T, safety: Safety) {
    let stage = Stage::new(transport, safety, &["w"]);
    let mut server = stage.server().await;
    assert_ne!(server.endpoint().port(), 0, "the endpoint has its real port");
    let mut client = stage.client("w", server.endpoint()).await;
    for frame in [&b"hello"[..], b"", b"\0\xff", &[7; 5000]] {
        round_trip(&mut server, &mut client, "w", frame).await;
    }
}

/// More frames than the queues hold, in both directions, from several peers at once.
pub async fn order_is_kept_per_peer<T: Transport>(transport: &T, safety: Safety) {
    const FRAMES: u32 = 1000;
    let workers = ["a", "b", "c"];
    let mut stage = Stage::new(transport, safety, &workers);
    stage.limits.send_queue_frames = 32;
    let mut server = stage.server().await;
    let mut tasks = Vec::new();
    for worker in workers {
        let client = stage.client(worker, server.endpoint()).await;
        tasks.push(tokio::spawn(async move {
            let (sender, mut receiver, _watch) = client.split();
            let speak = async {
                for number in 0..FRAMES {
                    push(|| sender.send(number.to_le_bytes().to_vec())).await;
                }
            };
            let listen = async {
                for number in 0..FRAMES {
                    let frame = within("an answer", receiver.recv()).await.expect("open");
                    assert_eq!(frame[..], number.to_le_bytes());
                }
            };
            tokio::join!(speak, listen);
        }));
    }
    let mut next = [0u32; 3];
    while next.iter().sum::<u32>() < 3 * FRAMES {
        let (peer, frame) = within("a frame", server.recv()).await.expect("open");
        let index = workers.iter().position(|worker| *worker == peer.as_str()).expect("a known name");
        assert_eq!(frame[..], next[index].to_le_bytes(), "{peer}");
        next[index] += 1;
        push(|| server.send(&peer, frame.clone())).await;
    }
    for task in tasks {
        within("a client", task).await.expect("every client heard its answers in order");
    }
}

pub async fn many_clients<T: Transport>(transport: &T, safety: Safety) {
    let workers: Vec<String> = (0..40).map(|index| format!("w{index}")).collect();
    let names: Vec<&str> = workers.iter().map(String::as_str).collect();
    let stage = Stage::new(transport, safety, &names);
    let mut server = stage.server().await;
    let mut clients = Vec::new();
    for worker in &names {
        let client = stage.client(worker, server.endpoint()).await;
        push(|| client.send(worker.as_bytes().to_vec())).await;
        clients.push(client);
    }
    for _ in &clients {
        let (peer, frame) = within("a frame", server.recv()).await.expect("open");
        assert_eq!(peer.as_str().as_bytes(), &frame[..]);
    }
    for worker in &names {
        push(|| server.send(&name(worker), worker.as_bytes().to_vec())).await;
    }
    for (client, worker) in clients.iter_mut().zip(&names) {
        let frame = within("an answer", client.recv()).await.expect("open");
        assert_eq!(&frame[..], worker.as_bytes());
    }
}

pub async fn large_frames_up_to_the_limit<T: Transport>(transport: &T, safety: Safety) {
    let stage = Stage::new(transport, safety, &["w"]);
    let limit = stage.limits.max_frame_bytes;
    let mut server = stage.server().await;
    let mut client = stage.client("w", server.endpoint()).await;
    for bytes in [limit / 2, limit - 1, limit] {
        let frame: Vec<u8> = (0..bytes).map(|index| (index % 251) as u8).collect();
        round_trip(&mut server, &mut client, "w", &frame).await;
    }
    let too_large = Bytes::from(vec![0; limit + 1]);
    let expected = Err(SendError::TooLarge { bytes: limit + 1, limit });
    assert_eq!(client.send(too_large.clone()), expected);
    assert_eq!(server.send(&name("w"), too_large), expected);
    connected(&client).await;
    round_trip(&mut server, &mut client, "w", b"still here").await;
}
