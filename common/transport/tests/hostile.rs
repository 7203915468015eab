//! Strangers at the open port, speaking raw bytes. The honest client must not notice.

use std::time::Duration;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use transport::conformance::{Safety, Stage, within};
use transport::{Client, Connection, Server, ZeroMq};

/// A ZMTP 3.1 greeting (ZeroMQ RFC 37) that announces `mechanism`.
fn greeting(mechanism: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1];
    bytes.extend_from_slice(mechanism.as_bytes());
    bytes.resize(64, 0);
    bytes
}

/// A READY command that announces a DEALER with this routing id.
fn ready(identity: &[u8]) -> Vec<u8> {
    let mut body = b"\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity".to_vec();
    body.extend_from_slice(&u32::try_from(identity.len()).unwrap().to_be_bytes());
    body.extend_from_slice(identity);
    let mut frame = vec![0x04, u8::try_from(body.len()).unwrap()];
    frame.extend_from_slice(&body);
    frame
}

/// The head of a long frame: flags and length, no content.
fn announced(flags: u8, bytes: u64) -> Vec<u8> {
    let mut head = vec![flags | 0x02];
    head.extend_from_slice(&bytes.to_be_bytes());
    head
}

async fn dial(server: &Server) -> TcpStream {
    within("tcp", TcpStream::connect(("127.0.0.1", server.endpoint().port()))).await.unwrap()
}

/// Reads until the other side hangs up.
async fn hung_up(mut stream: TcpStream) {
    let mut sink = [0u8; 4096];
    within("the server hangs up", async { while !matches!(stream.read(&mut sink).await, Ok(0) | Err(_)) {} })
        .await;
}

async fn echo(server: &mut Server, client: &mut Client, times: u32) {
    for number in 0..times {
        client.send(number.to_le_bytes().to_vec()).unwrap();
        let (peer, frame) = within("server recv", server.recv()).await.unwrap();
        assert_eq!((peer.as_str(), &frame[..]), ("honest", &number.to_le_bytes()[..]));
        server.send(&peer, frame.clone()).unwrap();
        assert_eq!(within("client recv", client.recv()).await.unwrap(), frame);
    }
}

async fn scene(safety: Safety) -> (Server, Client, String) {
    let mut stage = Stage::new(&ZeroMq, safety, &["honest", "second"]);
    stage.limits.handshake_timeout = Duration::from_secs(1);
    let mut server = stage.server().await;
    let mut client = stage.client("honest", server.endpoint()).await;
    echo(&mut server, &mut client, 3).await;
    let mechanism = if safety == Safety::Keys { "CURVE" } else { "NULL" };
    (server, client, mechanism.into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_of_two_to_the_62_bytes_closes_only_its_connection() {
    for safety in [Safety::Keys, Safety::Null] {
        let (mut server, mut client, mechanism) = scene(safety).await;
        // Before the handshake, as a message and as a command.
        for flags in [0, 1, 4] {
            let mut stranger = dial(&server).await;
            stranger.write_all(&greeting(&mechanism)).await.unwrap();
            stranger.write_all(&announced(flags, 1 << 62)).await.unwrap();
            hung_up(stranger).await;
            echo(&mut server, &mut client, 3).await;
        }
        // After it, from a peer that was let in.
        if safety == Safety::Null {
            for flags in [0, 1] {
                let mut stranger = dial(&server).await;
                let hello = [greeting("NULL"), ready(b"greedy"), announced(flags, 1 << 62)].concat();
                stranger.write_all(&hello).await.unwrap();
                hung_up(stranger).await;
                echo(&mut server, &mut client, 3).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_greetings_are_hung_up_on() {
    let seed = 20_260_101;
    println!("seed {seed}");
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    for safety in [Safety::Keys, Safety::Null] {
        let (mut server, mut client, mechanism) = scene(safety).await;
        let mut strangers = Vec::new();
        for number in 0..60u32 {
            let mut garbage = vec![0u8; dice.random_range(1..2000)];
            dice.fill_bytes(&mut garbage);
            // A third is garbage from the first byte, a third after a good greeting, and a third a
            // handshake with one byte exchanged.
            let bytes = match number % 3 {
                0 => garbage,
                1 => [greeting(&mechanism), garbage].concat(),
                _ => {
                    let mut hello = [greeting(&mechanism), ready(b"w")].concat();
                    let at = dice.random_range(0..hello.len());
                    hello[at] ^= 1 << dice.random_range(0..8u8);
                    // A reserved bit may be ignored and the handshake then succeed; this ends it.
                    [hello, announced(0, 1 << 62)].concat()
                }
            };
            let mut stranger = dial(&server).await;
            // The server may hang up while we still write.
            let _ = stranger.write_all(&bytes).await;
            strangers.push(tokio::spawn(hung_up(stranger)));
        }
        echo(&mut server, &mut client, 50).await;
        for stranger in strangers {
            within("every stranger", stranger).await.unwrap();
        }
        echo(&mut server, &mut client, 3).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_silent_connections_keep_nobody_out() {
    let mut stage = Stage::new(&ZeroMq, Safety::Keys, &["honest", "second"]);
    stage.limits.handshake_timeout = Duration::from_secs(1);
    let mut server = stage.server().await;
    let mut honest = stage.client("honest", server.endpoint()).await;
    echo(&mut server, &mut honest, 3).await;
    let mut silent = Vec::new();
    for _ in 0..500 {
        silent.push(dial(&server).await);
    }
    echo(&mut server, &mut honest, 200).await;
    // A newcomer gets its place once the silent ones have had their time.
    let mut second = stage.client("second", server.endpoint()).await;
    // Being turned away may cost it what it had queued, so it speaks once it is in.
    within("the newcomer is let in", second.watch().until(|now| *now == Connection::Connected)).await;
    second.send(&b"me too"[..]).unwrap();
    let (peer, frame) = within("the newcomer is heard", server.recv()).await.unwrap();
    assert_eq!((peer.as_str(), &frame[..]), ("second", &b"me too"[..]));
    server.send(&peer, frame).unwrap();
    within("the newcomer is answered", second.recv()).await.unwrap();
    for stranger in silent {
        hung_up(stranger).await;
    }
    echo(&mut server, &mut honest, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_names_and_several_parts_are_turned_away() {
    let (mut server, mut client, _) = scene(Safety::Null).await;
    for identity in [&b""[..], b"a b", b"\0\0\0\0\x01", b"..", b"w/", b"w/not-hex", &[b'x'; 200], b"\xff\xfe"]
    {
        let mut stranger = dial(&server).await;
        let message = [0u8, 2, b'h', b'i'];
        let _ = stranger.write_all(&[greeting("NULL"), ready(identity), message.to_vec()].concat()).await;
        hung_up(stranger).await;
        echo(&mut server, &mut client, 2).await;
    }
    let mut stranger = dial(&server).await;
    let two_parts = [1u8, 1, b'a', 0, 1, b'b'];
    stranger.write_all(&[greeting("NULL"), ready(b"chatty"), two_parts.to_vec()].concat()).await.unwrap();
    hung_up(stranger).await;
    echo(&mut server, &mut client, 3).await;
    // The same bytes under good manners are heard: the cases above fail for their reason alone.
    let mut polite = dial(&server).await;
    let message = [0u8, 2, b'h', b'i'];
    polite.write_all(&[greeting("NULL"), ready(b"polite"), message.to_vec()].concat()).await.unwrap();
    let (peer, frame) = within("the polite one is heard", server.recv()).await.unwrap();
    assert_eq!((peer.as_str(), &frame[..]), ("polite", &b"hi"[..]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_talks_without_end_or_nonsense_is_sent_out_for_a_while() {
    for safety in [Safety::Keys, Safety::Null] {
        for is_nonsense in [false, true] {
            let mut stage = Stage::new(&ZeroMq, safety, &["honest", "second"]);
            stage.limits.frames_per_s = 100;
            stage.limits.frames_at_once = 400;
            stage.limits.silence = Duration::from_millis(500);
            let mut server = stage.server().await;
            let mut honest = stage.client("honest", server.endpoint()).await;
            echo(&mut server, &mut honest, 3).await;
            let loud = stage.client("second", server.endpoint()).await;
            let mut watch = loud.watch();
            watch.until(|now| *now == Connection::Connected).await;
            // More than its queue holds: what does not fit is as good as said.
            let mut heard = 0;
            while watch.now() == Connection::Connected {
                let _ = loud.send("again");
                while let Ok(Some((peer, _))) =
                    tokio::time::timeout(Duration::from_millis(1), server.recv()).await
                {
                    heard += 1;
                    if is_nonsense {
                        server.blame(&peer);
                    }
                }
                assert!(heard < 1000, "it is never sent out");
            }
            assert!(heard >= 1 && (heard <= 5 || !is_nonsense), "{heard} frames heard");
            echo(&mut server, &mut honest, 3).await;
            // Later it is welcome again.
            let again = async {
                loop {
                    let _ = loud.send("sorry");
                    if let Ok(Some((peer, frame))) =
                        tokio::time::timeout(Duration::from_millis(50), server.recv()).await
                    {
                        assert_eq!(peer.as_str(), "second");
                        return frame;
                    }
                }
            };
            within("it is heard again", again).await;
        }
    }
}
