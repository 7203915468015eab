//! Cases about keys. Without keys there is nothing to check, and they return at once.

use super::stage::{connected, is_refused, name, push, round_trip, until};
use super::{Safety, Stage, within};
use crate::{Allow, ClientSecurity, Connection, KeyPair, SendError, Transport};

pub async fn wrong_server_key_is_refused<T: Transport>(transport: &T, safety: Safety) {
    if safety == Safety::Null {
        return;
    }
    let stage = Stage::new(transport, safety, &["misled", "w"]);
    let mut server = stage.server().await;
    let mut options = stage.client_options("misled", server.endpoint());
    let keys = stage.worker_keys[&name("misled")].clone();
    options.security = ClientSecurity::Curve { keys, server: KeyPair::generate().public() };
    let misled = stage.client_with(options).await;
    // Queued or not, it must not be heard.
    let _ = misled.send(&b"secret plans"[..]);
    until(&misled, is_refused).await;

    let mut client = stage.client("w", server.endpoint()).await;
    round_trip(&mut server, &mut client, "w", b"the first frame heard").await;
    assert_eq!(server.send(&name("misled"), &b"x"[..]), Err(SendError::Away));
}

pub async fn unknown_key_is_refused<T: Transport>(transport: &T, safety: Safety) {
    if safety == Safety::Null {
        return;
    }
    let stage = Stage::new(transport, safety, &["w"]);
    let mut server = stage.server().await;
    let mut options = stage.client_options("w", server.endpoint());
    let keys = KeyPair::generate();
    options.security = ClientSecurity::Curve { keys, server: stage.server_keys.public() };
    let stranger = stage.client_with(options).await;
    // Queued or not, it must not be heard.
    let _ = stranger.send(&b"let me in"[..]);
    until(&stranger, is_refused).await;

    let mut client = stage.client("w", server.endpoint()).await;
    round_trip(&mut server, &mut client, "w", b"the first frame heard").await;
    // It knocks again and again; none of that is heard either.
    for number in 0..20u8 {
        round_trip(&mut server, &mut client, "w", &[number]).await;
    }
}

/// The operator adds the key and restarts the coordinator; the worker needs no restart.
pub async fn a_key_allowed_later_comes_in<T: Transport>(transport: &T, safety: Safety) {
    if safety == Safety::Null {
        return;
    }
    let mut stage = Stage::new(transport, safety, &["late"]);
    let late = std::mem::take(&mut stage.worker_keys);
    let server = stage.server().await;
    let endpoint = server.endpoint().clone();
    stage.worker_keys = late;
    let mut client = stage.client("late", &endpoint).await;
    until(&client, is_refused).await;
    within("close", server.close()).await;
    let mut server = stage.server_at(&endpoint.to_string()).await;
    connected(&client).await;
    round_trip(&mut server, &mut client, "late", b"at last").await;
}

/// The client has no say in its name: the same key under another entry is another name.
pub async fn names_come_from_keys<T: Transport>(transport: &T, safety: Safety) {
    if safety == Safety::Null {
        return;
    }
    let mut stage = Stage::new(transport, safety, &["before"]);
    let mut server = stage.server().await;
    let endpoint = server.endpoint().clone();
    let mut client = stage.client("before", &endpoint).await;
    round_trip(&mut server, &mut client, "before", b"1").await;
    within("close", server.close()).await;

    until(&client, |now| *now != Connection::Connected).await;

    let keys = stage.worker_keys.remove(&name("before")).expect("put there above");
    stage.worker_keys.insert(name("after"), keys);
    let mut server = stage.server_at(&endpoint.to_string()).await;
    connected(&client).await;
    round_trip(&mut server, &mut client, "after", b"2").await;
}

/// An operator admits and revokes while the server serves; nobody else notices.
pub async fn the_list_changes_while_serving<T: Transport>(transport: &T, safety: Safety) {
    if safety == Safety::Null {
        return;
    }
    let stage = Stage::new(transport, safety, &["stays", "goes"]);
    let mut server = stage.server().await;
    let mut stays = stage.client("stays", server.endpoint()).await;
    let mut goes = stage.client("goes", server.endpoint()).await;
    round_trip(&mut server, &mut stays, "stays", b"1").await;
    round_trip(&mut server, &mut goes, "goes", b"2").await;

    let list = |names: &[&str]| {
        let mut allow = Allow::new();
        for listed in names.iter().map(|text| name(text)) {
            let key = stage.worker_keys[&listed].public();
            allow.insert(listed, key).expect("each name has a key of its own");
        }
        allow
    };
    server.set_allow(list(&["stays"]));
    assert_eq!(server.send(&name("goes"), &b"x"[..]), Err(SendError::Away));
    until(&goes, is_refused).await;
    // Queued or not, it must not be heard.
    let _ = goes.send(&b"still here?"[..]);
    for number in 0..20u8 {
        round_trip(&mut server, &mut stays, "stays", &[number]).await;
    }

    server.set_allow(list(&["stays", "goes"]));
    connected(&goes).await;
    push(|| goes.send(&b"back"[..])).await;
    // What it had queued before may come first.
    while within("the one that came back", server.recv()).await.expect("the server is open").1 != b"back"[..]
    {
    }
    assert_eq!(stays.watch().now(), Connection::Connected);
}
