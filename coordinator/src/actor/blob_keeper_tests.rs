//! What a worker hears of the keeper when it leaves more than anybody names.

use transport::memory::Network;
use transport::{Client, ClientOptions, ClientSecurity, ServerOptions, ServerSecurity, Transport};

use super::*;
use crate::actor::window::Window;

async fn answer(client: &mut Client) -> ToWorker {
    common::wire::decode(&client.recv().await.unwrap()).unwrap()
}

#[test]
fn who_leaves_too_much_that_nothing_names_is_told_and_sent_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    Ledger::open(&path).unwrap();
    let store = BlobStore::open(folder.path().join("blobs")).unwrap().with_quota(100);
    System::new().block_on(async move {
        let network = Network::default();
        let endpoint = "tcp://127.0.0.1:7000".parse().unwrap();
        let server = network.bind(ServerOptions::new(endpoint, ServerSecurity::Null)).await.unwrap();
        let security = ClientSecurity::Null { name: "w".parse().unwrap() };
        let options = ClientOptions::new(server.endpoint().clone(), security);
        let mut client = network.connect(options).await.unwrap();
        client.watch().until(|now| *now == transport::Connection::Connected).await;
        let (sender, _receiver) = server.split();
        let keeper = BlobKeeper::new(store, sender, path, Inventory::default()).start();
        let window = Window::default();
        let bring = |letter: u8| {
            let (worker, bytes) = (WorkerName::new("w"), vec![letter; 40]);
            let place = window.place(&worker, bytes.len()).unwrap();
            let chunk = Chunk { blob: BlobId::of(&bytes), offset: 0, total: 40, bytes };
            keeper.send(Bring { worker, chunk, place })
        };
        for letter in [b'a', b'b'] {
            bring(letter).await.unwrap();
            assert!(matches!(answer(&mut client).await, ToWorker::UploadedTo { received: 40, .. }));
        }
        // It is asked what is named, and until that is known nothing is held against it.
        let reason = loop {
            bring(b'c').await.unwrap();
            let patience = Duration::from_millis(50);
            match actix::clock::timeout(patience, answer(&mut client)).await {
                Ok(ToWorker::Refused { reason }) => break reason,
                Ok(answer) => panic!("{answer:?}"),
                Err(_) => {}
            }
        };
        assert!(reason.contains("worker w has left") && reason.contains("no report"), "{reason}");
    });
}
