//! What workers hear of the keeper.

use actix::clock::timeout;
use tempfile::TempDir;
use transport::memory::Network;
use transport::{
    Client, ClientOptions, ClientSecurity, ServerOptions, ServerReceiver, ServerSecurity, Transport,
};

use super::*;
use crate::actor::window::Window;

/// A keeper, and the worker `w` at the other end of its wire.
struct Stage {
    keeper: Addr<BlobKeeper>,
    client: Client,
    window: Window,
    /// Where nobody receives there is no server.
    _receiver: ServerReceiver,
}

impl Stage {
    async fn set(folder: &TempDir, quota: u64) -> Self {
        let path = folder.path().join("ledger.sqlite");
        Ledger::open(&path).unwrap();
        let store = BlobStore::open(folder.path().join("blobs")).unwrap().with_quota(quota);
        let network = Network::default();
        let endpoint = "tcp://127.0.0.1:7000".parse().unwrap();
        let server = network.bind(ServerOptions::new(endpoint, ServerSecurity::Null)).await.unwrap();
        let security = ClientSecurity::Null { name: "w".parse().unwrap() };
        let options = ClientOptions::new(server.endpoint().clone(), security);
        let client = network.connect(options).await.unwrap();
        client.watch().until(|now| *now == transport::Connection::Connected).await;
        let (sender, receiver) = server.split();
        let keeper = BlobKeeper::new(store, sender, path, Inventory::default()).start();
        Self { keeper, client, window: Window::default(), _receiver: receiver }
    }

    async fn bring(&self, bytes: &[u8]) {
        let (worker, bytes) = (WorkerName::new("w"), bytes.to_vec());
        let place = self.window.place(&worker, bytes.len()).unwrap();
        let chunk = Chunk { blob: BlobId::of(&bytes), offset: 0, total: bytes.len() as u64, bytes };
        self.keeper.send(Bring { worker, chunk, _place: place }).await.unwrap();
    }

    fn ask(&self, blob: BlobId) {
        let worker = WorkerName::new("w");
        let place = self.window.place(&worker, 1).unwrap();
        self.keeper.do_send(Fetch { worker, blob, offset: 0, _place: place });
    }

    async fn answer(&mut self) -> ToWorker {
        common::wire::decode(&self.client.recv().await.unwrap()).unwrap()
    }
}

fn stored(folder: &TempDir, blob: BlobId) -> PathBuf {
    let path = BlobStore::path(&folder.path().join("blobs"), blob);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    path
}

#[test]
fn who_leaves_too_much_that_nothing_names_is_told_and_sent_away() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let mut stage = Stage::set(&folder, 100).await;
        for letter in [b'a', b'b'] {
            stage.bring(&[letter; 40]).await;
            assert!(matches!(stage.answer().await, ToWorker::UploadedTo { received: 40, .. }));
        }
        // It is asked what is named, and until that is known nothing is held against it.
        let reason = loop {
            stage.bring(&[b'c'; 40]).await;
            match timeout(Duration::from_millis(50), stage.answer()).await {
                Ok(ToWorker::Refused { reason }) => break reason,
                Ok(answer) => panic!("{answer:?}"),
                Err(_) => {}
            }
        };
        assert!(reason.contains("worker w has left") && reason.contains("no report"), "{reason}");
    });
}

#[test]
fn a_large_blob_is_held_against_its_name_while_others_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let (large, small) = (vec![7; 20 << 20], b"small".to_vec());
    let [of_large, of_small, of_damaged] = [&large[..], &small, b"as it was"].map(BlobId::of);
    for (blob, bytes) in [(of_large, &large), (of_small, &small), (of_damaged, &small)] {
        std::fs::write(stored(&folder, blob), bytes).unwrap();
    }
    System::new().block_on(async {
        let mut stage = Stage::set(&folder, u64::MAX).await;
        for blob in [of_large, of_damaged, of_small] {
            stage.ask(blob);
        }
        assert_eq!(stage.answer().await, ToWorker::BlobMissing { blob: of_damaged });
        let ToWorker::Chunk(chunk) = stage.answer().await else { panic!("no piece") };
        assert_eq!(chunk.bytes, small);
        let ToWorker::Chunk(chunk) = stage.answer().await else { panic!("no piece") };
        assert_eq!((chunk.blob, chunk.total), (of_large, large.len() as u64));
    });
    assert!(!stored(&folder, of_damaged).exists());
}

#[test]
fn a_blob_that_can_not_be_read_is_missing_after_several_tries() {
    let folder = tempfile::tempdir().unwrap();
    let [blob, other] = [&b"unreadable"[..], b"other"].map(BlobId::of);
    // A folder in its place: it can be opened, and not be read.
    std::fs::create_dir(stored(&folder, blob)).unwrap();
    System::new().block_on(async {
        let mut stage = Stage::set(&folder, u64::MAX).await;
        let missing = |blob| ToWorker::BlobMissing { blob };
        for _ in 1..UNREADABLE_TRIES {
            stage.ask(blob);
        }
        stage.ask(other);
        assert_eq!(stage.answer().await, missing(other), "so often it is only asked again");
        for _ in 0..2 {
            stage.ask(blob);
            assert_eq!(stage.answer().await, missing(blob));
        }

        // Somebody mended it, and it broke once more: they are counted anew.
        let path = stored(&folder, blob);
        std::fs::remove_dir(&path).unwrap();
        stage.bring(b"unreadable").await;
        assert!(matches!(stage.answer().await, ToWorker::UploadedTo { received: 10, .. }));
        stage.ask(blob);
        assert!(matches!(stage.answer().await, ToWorker::Chunk(_)));
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        stage.ask(blob);
        stage.ask(other);
        assert_eq!(stage.answer().await, missing(other));
    });
}
