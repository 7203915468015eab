//! A peer with a good key that claims to be another. It has to speak ZeroMQ below our client,
//! which has no way to say such a thing.

use omq_tokio::{
    CurveKeypair, CurvePublicKey, DisconnectReason, Message, MonitorEvent, Options, Socket, SocketType,
};
use transport::conformance::within;
use transport::{Allow, ClientOptions, ClientSecurity, KeyPair, Limits, PeerName, Server, ServerOptions};
use transport::{ServerSecurity, Transport, ZeroMq};

struct Scene {
    server: Server,
    server_key: CurvePublicKey,
    victim: KeyPair,
    rogue: CurveKeypair,
}

async fn scene() -> Scene {
    let (keys, victim, rogue) = (KeyPair::generate(), KeyPair::generate(), CurveKeypair::generate());
    let mut allow = Allow::new();
    allow.insert("victim".parse().unwrap(), victim.public()).unwrap();
    allow.insert("rogue".parse().unwrap(), rogue.public.to_z85().parse().unwrap()).unwrap();
    let server_key = CurvePublicKey::from_bytes(*keys.public().as_bytes());
    let options = ServerOptions {
        endpoint: "tcp://127.0.0.1:0".parse().unwrap(),
        security: ServerSecurity::Curve { keys, allow },
        limits: Limits::default(),
    };
    let server = ZeroMq.bind(options).await.unwrap();
    Scene { server, server_key, victim, rogue }
}

impl Scene {
    async fn rogue_announces(&self, identity: String) -> (Socket, omq_tokio::MonitorStream) {
        let options = Options::default().identity(identity).curve_client(self.rogue.clone(), self.server_key);
        let socket = Socket::new(SocketType::Dealer, options);
        let monitor = socket.monitor();
        socket.connect(self.server.endpoint().to_string().as_str()).await.unwrap();
        (socket, monitor)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_key_with_anothers_routing_id_is_refused() {
    let mut scene = scene().await;
    let server_public = transport::PublicKey::from_bytes(*scene.server_key.as_bytes());
    let security = ClientSecurity::Curve { keys: scene.victim.clone(), server: server_public };
    let options = ClientOptions::new(scene.server.endpoint().clone(), security);
    let mut victim = ZeroMq.connect(options).await.unwrap();
    victim.send(&b"it is me"[..]).unwrap();
    assert_eq!(within("the victim", scene.server.recv()).await.unwrap().0.as_str(), "victim");

    let key = scene.victim.public();
    for identity in [key.to_string(), format!("{key}/00"), "victim".into(), String::new()] {
        let (socket, mut monitor) = scene.rogue_announces(identity).await;
        let _ = socket.try_send(Message::single("I am the victim"));
        let refused = async {
            loop {
                if let MonitorEvent::ConnectStopped {
                    reason: DisconnectReason::HandshakeRefused(_), ..
                } = monitor.recv().await.unwrap()
                {
                    return;
                }
            }
        };
        within("the refusal", refused).await;
    }
    // What is sent to the victim reaches the victim, and nothing of the rogue was heard.
    let name: PeerName = "victim".parse().unwrap();
    scene.server.send(&name, &b"for you alone"[..]).unwrap();
    assert_eq!(&within("the victim's frame", victim.recv()).await.unwrap()[..], b"for you alone");
    victim.send(&b"still me"[..]).unwrap();
    let (peer, frame) = within("the next frame", scene.server.recv()).await.unwrap();
    assert_eq!((peer.as_str(), &frame[..]), ("victim", &b"still me"[..]));
}

/// What a foreign ZeroMQ peer has to do: announce its own key, with or without an instance.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_zeromq_dealer_that_announces_its_own_key_is_heard_under_its_name() {
    let mut scene = scene().await;
    let (socket, _monitor) = scene.rogue_announces(scene.rogue.public.to_z85()).await;
    socket.send(Message::single("hello")).await.unwrap();
    let (peer, frame) = within("a frame", scene.server.recv()).await.unwrap();
    assert_eq!((peer.as_str(), &frame[..]), ("rogue", &b"hello"[..]));
    scene.server.send(&peer, frame).unwrap();
    assert_eq!(&within("an answer", socket.recv()).await.unwrap().part_bytes(0).unwrap()[..], b"hello");
}
