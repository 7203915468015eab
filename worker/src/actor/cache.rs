//! Owns the blob cache, on a thread where reading a large file holds nobody up.

use actix::{Actor, Context, Handler, Message};
use bytes::Bytes;
use common::blob::BlobId;

use super::Ears;
use crate::blob_cache::BlobCache;
use crate::input::Input;

pub(super) struct Cache {
    pub(super) blobs: BlobCache,
    pub(super) ears: Ears,
}

#[derive(Message)]
#[rtype(result = "()")]
pub(super) enum Ask {
    Find { blob: BlobId },
    Keep { blob: BlobId, bytes: Bytes },
}

impl Actor for Cache {
    type Context = Context<Self>;
}

impl Handler<Ask> for Cache {
    type Result = ();

    fn handle(&mut self, ask: Ask, _: &mut Self::Context) {
        match ask {
            Ask::Find { blob } => {
                let bytes = self.blobs.find(blob);
                self.ears.hear(Input::BlobFound { blob, bytes });
            }
            Ask::Keep { blob, bytes } => {
                if let Err(error) = self.blobs.keep(blob, bytes) {
                    tracing::warn!(%blob, %error, "can't cache a blob on disk; it will be fetched again when needed");
                }
            }
        }
    }
}
