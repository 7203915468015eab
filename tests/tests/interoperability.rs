//! Others' ZeroMQ at our port: libzmq through pyzmq with CURVE, and the `zeromq` crate without keys. Both say a recorded `Hello` and
//! must be welcomed; a key that nobody admitted must hear nothing.

use std::process::Command;
use std::time::Duration;

use common::id::{SessionId, WorkerName};
use common::time::Millis;
use common::wire::{FromWorker, Hello, ToWorker, decode};
use serde_json::Value;
use system_tests::lab::{REHEARSAL, Study, programs};
use zeromq::util::PeerIdentity;
use zeromq::{DealerSocket, Socket, SocketOptions, SocketRecv, SocketSend};

/// A worker's first words in protocol 1, made by hand after the MessagePack specification: session 77, one slot.
const HELLO: &str = "434e01000181a568656c6c6f87a773657373696f6e4da5636c6f636bcd05dca47a6f6e65a54c4f43414ca5736c6f74739184a4736c6f7400a6646576696365ad4350552c203120746872656164a96d656d6f72795f6d62cd1000a56d65746572a46e6f6e65a776657273696f6ea5302e312e30a4686f7374a86661722d61776179a468656c6490";
const SESSION: SessionId = SessionId(77);

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn assert_welcome(frame: &[u8], study: &str) {
    match decode::<ToWorker>(frame) {
        Ok(ToWorker::Welcome { session, spec, acknowledged, .. }) => {
            assert_eq!((session, spec.name.as_str(), acknowledged), (SESSION, study, 0));
        }
        other => panic!("not a welcome: {other:?}"),
    }
}

#[test]
fn the_recorded_hello_is_what_it_seems() {
    let Ok(FromWorker::Hello(Hello { session, clock, slots, host, .. })) = decode(&bytes(HELLO)) else {
        panic!("the recorded frame can't be read any more: workers of the last release could not join");
    };
    assert_eq!((session, clock, slots.len(), host.as_str()), (SESSION, Millis(1500), 1, "far-away"));
}

/// Says the frame and prints the answer in hexadecimal, or nothing where there is none.
const DEALER: &str = r#"
import json, sys, zmq
given = json.loads(sys.argv[1])
public, secret, server = (given[key].encode() for key in ("public", "secret", "server"))
dealer = zmq.Context().socket(zmq.DEALER)
dealer.linger = 0
dealer.curve_publickey, dealer.curve_secretkey, dealer.curve_serverkey = public, secret, server
dealer.routing_id = public
dealer.connect(given["endpoint"])
dealer.send(bytes.fromhex(given["hello"]))
answer = dealer.recv().hex() if dealer.poll(given["patience_ms"]) else ""
print(json.dumps({"answer": answer, "libzmq": zmq.zmq_version(), "stranger": [key.decode() for key in zmq.curve_keypair()]}))
"#;

struct Python {
    script: std::path::PathBuf,
    python: std::path::PathBuf,
}

impl Python {
    fn says_hello(&self, study: &Study, [public, secret]: [&str; 2], patience: Duration) -> Value {
        let given = serde_json::json!({
            "endpoint": study.endpoint(),
            "server": field(&study.path("libzmq/coordinator.pub"), "public"),
            "public": public,
            "secret": secret,
            "hello": HELLO,
            "patience_ms": patience.as_millis() as u64,
        });
        let mut command = Command::new(&self.python);
        command.arg(&self.script).arg(given.to_string());
        serde_json::from_str(&study.process(command).end().with(0).out).expect("what Python saw")
    }
}

/// A line `name = "value"` of a key file.
fn field(path: &std::path::Path, name: &str) -> String {
    let text = std::fs::read_to_string(path).expect("a key file");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('='));
    line.expect("the line").trim().trim_matches('"').into()
}

#[test]
fn libzmq_with_a_key_is_welcomed_and_a_stranger_hears_nothing() {
    let Some(python) = programs::python("zmq") else { return };
    let study = Study::new(REHEARSAL);
    study.keys_for("libzmq");
    let mut coordinator = study.coordinator(&[]);
    let dealer = Python { script: study.path("dealer.py"), python };
    std::fs::write(&dealer.script, DEALER).expect("the script");
    let key = study.path("libzmq/worker.key");
    let (public, secret) = (field(&key, "public"), field(&key, "secret"));

    let admitted = dealer.says_hello(&study, [&public, &secret], Duration::from_secs(60));
    println!("libzmq {}", admitted["libzmq"]);
    assert_welcome(&bytes(admitted["answer"].as_str().expect("hexadecimal")), "lab");
    let name = WorkerName::new("libzmq");
    study.until("it is a worker under its key's name", |seen| seen.sessions().get(&name) == Some(&1));

    let stranger: Vec<&str> =
        admitted["stranger"].as_array().expect("a pair").iter().filter_map(Value::as_str).collect();
    let unknown = dealer.says_hello(&study, [stranger[0], stranger[1]], Duration::from_secs(3));
    assert_eq!(unknown["answer"], "", "an unknown key is refused before any message is read");
    assert_eq!(study.history().sessions().len(), 1);
    assert!(coordinator.is_running());
    let log = std::fs::read_to_string(study.directory.join("coordinator.log")).expect("the log");
    assert!(log.contains("is not on the allow list"), "a refusal is logged: {log}");
}

#[test]
fn the_zeromq_crate_is_welcomed_without_keys_on_loopback() {
    let study = Study::new(REHEARSAL);
    let mut coordinator = study.coordinator(&["--set", "coordinator.security=null"]);
    let endpoint = study.endpoint();
    let talk = async {
        let mut options = SocketOptions::default();
        options.peer_identity("foreigner".parse::<PeerIdentity>().expect("an identity"));
        let mut dealer = DealerSocket::with_options(options);
        dealer.connect(&endpoint).await.expect("a connection");
        dealer.send(bytes(HELLO).into()).await.expect("sent");
        let answer = dealer.recv().await.expect("an answer");
        assert_eq!(answer.len(), 1, "one part");
        answer.into_vec().remove(0)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let answer = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), talk).await });
    assert_welcome(&answer.expect("an answer in time"), "lab");
    let name = WorkerName::new("foreigner");
    study.until("it is a worker under its name", |seen| seen.sessions().get(&name) == Some(&1));
    assert!(coordinator.is_running());
}

#[test]
fn without_keys_only_on_loopback() {
    let study = Study::new(REHEARSAL);
    let open = ["--set", "coordinator.security=null", "--set", "coordinator.listen=tcp://0.0.0.0:0"];
    study.coordinator(&open).end().with(1).saying(&["without keys anybody could connect", "127.0.0.1"]);
    assert!(!study.directory.join("endpoint").exists());
}
