//! Cases in which somebody is away, greedy, deaf or twice there.

use super::stage::{connected, expect_err, is_refused, name, round_trip, until};
use super::{Safety, Stage, within};
use crate::{
    BindError, ClientOptions, ClientSecurity, Connection, SendError, ServerOptions, ServerSecurity, Transport,
};

pub async fn an_oversized_frame_costs_only_its_sender<T: Transport>(transport: &T, safety: Safety) {
    let stage = Stage::new(transport, safety, &["greedy", "honest"]);
    let mut server = stage.server().await;
    let mut honest = stage.client("honest", server.endpoint()).await;
    let mut options = stage.client_options("greedy", server.endpoint());
    options.limits.max_frame_bytes = 4 * stage.limits.max_frame_bytes;
    let mut greedy = stage.client_with(options).await;
    round_trip(&mut server, &mut greedy, "greedy", b"hello").await;
    round_trip(&mut server, &mut honest, "honest", b"hello").await;

    let mut watch = greedy.watch();
    watch.until(|now| *now == Connection::Connected).await;
    greedy.send(vec![1; stage.limits.max_frame_bytes + 1]).expect("its own limit is larger");
    within("the offender's connection breaks", watch.changed()).await;
    round_trip(&mut server, &mut honest, "honest", b"unharmed").await;
    // The offender may come back, and its large frame was never heard.
    connected(&greedy).await;
    round_trip(&mut server, &mut greedy, "greedy", b"sorry").await;
}

/// The older process lives on, as one does whose machine slept, and must not take the name back.
pub async fn a_newer_process_takes_over<T: Transport>(transport: &T, safety: Safety) {
    let stage = Stage::new(transport, safety, &["w"]);
    let mut server = stage.server().await;
    let mut older = stage.client("w", server.endpoint()).await;
    round_trip(&mut server, &mut older, "w", b"older").await;
    let mut newer = stage.client("w", server.endpoint()).await;
    round_trip(&mut server, &mut newer, "w", b"newer").await;
    // Without keys a refusal can't be told in the handshake; the older one only gets no hearing.
    match safety {
        Safety::Keys => until(&older, is_refused).await,
        Safety::Null => until(&older, |now| *now != Connection::Connected).await,
    };
    for number in 0..50u8 {
        round_trip(&mut server, &mut newer, "w", &[number]).await;
    }
    older.close().await;
    round_trip(&mut server, &mut newer, "w", b"the older one left").await;

    let mut third = stage.client("w", server.endpoint()).await;
    round_trip(&mut server, &mut third, "w", b"third").await;
}

pub async fn sending_to_strangers_is_harmless<T: Transport>(transport: &T, safety: Safety) {
    let stage = Stage::new(transport, safety, &["w", "never-came", "left"]);
    let mut server = stage.server().await;
    let mut client = stage.client("w", server.endpoint()).await;
    let mut leaver = stage.client("left", server.endpoint()).await;
    round_trip(&mut server, &mut leaver, "left", b"bye").await;
    leaver.close().await;
    for _ in 0..1000 {
        assert_eq!(server.send(&name("never-came"), &b"x"[..]), Err(SendError::Away));
        assert_eq!(server.send(&name("nobody-knows-me"), &b"x"[..]), Err(SendError::Away));
    }
    within("the server notices who left", async {
        while server.send(&name("left"), &b"x"[..]) != Err(SendError::Away) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    round_trip(&mut server, &mut client, "w", b"unharmed").await;
}

pub async fn reconnects_after_a_server_restart<T: Transport>(transport: &T, safety: Safety) {
    let stage = Stage::new(transport, safety, &["a", "b"]);
    let mut server = stage.server().await;
    let endpoint = server.endpoint().clone();
    let mut a = stage.client("a", &endpoint).await;
    let mut b = stage.client("b", &endpoint).await;
    for round in 0..3u8 {
        round_trip(&mut server, &mut a, "a", &[round]).await;
        round_trip(&mut server, &mut b, "b", &[round]).await;
        within("close", server.close()).await;
        until(&a, |now| matches!(now, Connection::Unreachable { .. })).await;
        until(&b, |now| matches!(now, Connection::Unreachable { .. })).await;
        server = stage.server_at(&endpoint.to_string()).await;
        connected(&a).await;
        connected(&b).await;
    }
    round_trip(&mut server, &mut a, "a", b"back").await;
    round_trip(&mut server, &mut b, "b", b"back").await;
}

pub async fn a_peer_that_does_not_read_blocks_nobody<T: Transport>(transport: &T, safety: Safety) {
    let mut stage = Stage::new(transport, safety, &["deaf", "w"]);
    stage.limits.send_queue_frames = 16;
    stage.limits.incoming_bytes = 1 << 20;
    let mut server = stage.server().await;
    let mut deaf = stage.client("deaf", server.endpoint()).await;
    let mut client = stage.client("w", server.endpoint()).await;
    round_trip(&mut server, &mut deaf, "deaf", b"hello").await;

    // 64 KiB each: the queue and every buffer on the way end long before 2 GiB.
    let frame = bytes::Bytes::from(vec![9; 64 << 10]);
    let mut taken = 0u32;
    let outcome = loop {
        match server.send(&name("deaf"), frame.clone()) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 32_768, "the queue for a deaf peer has no end");
        tokio::task::yield_now().await;
    };
    assert_eq!(outcome, SendError::Full);
    round_trip(&mut server, &mut client, "w", b"unharmed").await;
    for _ in 0..taken {
        assert_eq!(within("what was taken arrives", deaf.recv()).await.expect("open").len(), frame.len());
    }
    round_trip(&mut server, &mut deaf, "deaf", b"I hear again").await;
}

/// A worker speaks before its coordinator exists: bounded, and heard later.
pub async fn waiting_frames_are_bounded<T: Transport>(transport: &T, safety: Safety) {
    let mut stage = Stage::new(transport, safety, &["w"]);
    stage.limits.send_queue_frames = 16;
    let port_holder = stage.server().await;
    let endpoint = port_holder.endpoint().clone();
    within("close", port_holder.close()).await;

    let mut client = stage.client("w", &endpoint).await;
    until(&client, |now| matches!(now, Connection::Unreachable { .. })).await;
    let mut taken = 0u8;
    while client.send(vec![taken]).is_ok() {
        taken += 1;
        assert!(taken < 200, "the queue for an absent server has no end");
    }
    assert!(taken > 0, "some frames may wait");
    let mut server = stage.server_at(&endpoint.to_string()).await;
    for number in 0..taken {
        let (_, frame) = within("a frame that waited", server.recv()).await.expect("open");
        assert_eq!(frame[..], [number]);
    }
    round_trip(&mut server, &mut client, "w", b"now").await;
}

pub async fn closed_handles_say_so<T: Transport>(transport: &T, safety: Safety) {
    let stage = Stage::new(transport, safety, &["w"]);
    let mut server = stage.server().await;
    let mut client = stage.client("w", server.endpoint()).await;
    round_trip(&mut server, &mut client, "w", b"hello").await;

    let (to_server, from_server, mut watch) = client.split();
    within("close", from_server.close()).await;
    assert_eq!(to_server.send(&b"x"[..]), Err(SendError::Closed));
    within("closed is told", watch.until(|now| *now == Connection::Closed)).await;
    let (to_peers, from_peers) = server.split();
    let endpoint = from_peers.endpoint().clone();
    within("close", from_peers.close()).await;
    let after = to_peers.send(&name("w"), &b"x"[..]);
    assert!(matches!(after, Err(SendError::Closed | SendError::Away)), "{after:?}");
    // The port is free at once.
    let again = stage.server_at(&endpoint.to_string()).await;
    assert_eq!(*again.endpoint(), endpoint);
}

pub async fn port_in_use_is_told<T: Transport>(transport: &T, safety: Safety) {
    let stage = Stage::new(transport, safety, &["w"]);
    let mut server = stage.server().await;
    let again = transport.bind(stage.server_options(&server.endpoint().to_string())).await;
    let error = expect_err(again, "a second server on one port");
    assert!(matches!(error, BindError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("choose another port"), "{error}");
    let mut client = stage.client("w", server.endpoint()).await;
    round_trip(&mut server, &mut client, "w", b"unharmed").await;
}

pub async fn null_stays_on_loopback<T: Transport>(transport: &T, _: Safety) {
    for text in ["tcp://*:0", "tcp://0.0.0.0:0", "tcp://10.1.2.3:5", "tcp://example.org:5", "tcp://[::]:5"] {
        let endpoint: crate::Endpoint = text.parse().expect("good endpoints");
        let error = transport.bind(ServerOptions::new(endpoint.clone(), ServerSecurity::Null)).await;
        assert!(expect_err(error, text).to_string().contains("set up keys"));
        let security = ClientSecurity::Null { name: name("w") };
        let error = transport.connect(ClientOptions::new(endpoint, security)).await;
        assert!(expect_err(error, text).to_string().contains("set up keys"));
    }
}

pub async fn nonsense_limits_are_refused<T: Transport>(transport: &T, safety: Safety) {
    let mut stage = Stage::new(transport, safety, &["w"]);
    stage.limits.max_frame_bytes = 0;
    let error =
        expect_err(transport.bind(stage.server_options("tcp://127.0.0.1:0")).await, "a limit of zero");
    assert!(error.to_string().contains("max_frame_bytes"), "{error}");
    let endpoint = "tcp://127.0.0.1:1".parse().expect("a good endpoint");
    expect_err(transport.connect(stage.client_options("w", &endpoint)).await, "a limit of zero");
}
