//! What a trial has left: its weights, and whatever else a worker handed over.

use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::{Bytes, Data, Path};
use common::id::TrialId;
use common::trial::{Artifact, ArtifactKind};
use futures_util::stream;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::blob_store::BlobStore;
use crate::directory::StudyDirectory;
use crate::http::desk::Desk;
use crate::http::model::{Problem, WholeFile, file_name};
use crate::http::problem::{Trouble, unknown};

/// Bytes read ahead of whoever takes them.
const PIECE: usize = 256 << 10;

/// A trial's file
///
/// `weights` are safetensors, `torchscript` is what torch.jit.load opens; a trial's `artifacts` say which it has, with their SHA-256.
#[utoipa::path(get, path = "/api/v1/trials/{id}/files/{kind}", tag = "trials",
    params(
        ("id" = u64, Path, description = "The trial's number, from 0"),
        ("kind" = String, Path, description = "weights, torchscript or supernet"),
    ),
    responses(
        (status = 200, description = "The file", body = inline(WholeFile), content_type = "application/octet-stream"),
        (status = 400, description = "An id that is no number", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such trial, or no such file of it", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The history is still being read", body = Problem, content_type = "application/problem+json"),
))]
pub async fn trial_file(desk: Data<Desk>, path: Path<(u64, String)>) -> Result<HttpResponse, Trouble> {
    let (id, kind) = path.into_inner();
    let id = TrialId(id);
    let artifact = desk.told(|history| {
        let trial = history.state.trial(id).ok_or_else(|| unknown(format!("there is no trial {id}")))?;
        let artifacts = trial.evaluation.iter().flat_map(|evaluation| &evaluation.artifacts);
        let found = artifacts.into_iter().find(|artifact| file_name(artifact.kind) == kind);
        found
            .cloned()
            .ok_or_else(|| unknown(format!("trial {id} has no such file; its `artifacts` say which it has")))
    })??;
    let stored = BlobStore::path(&StudyDirectory::new(&desk.directory).blobs(), artifact.blob);
    let gone = |_error| unknown(format!("that file of trial {id} is no longer kept"));
    let opened = File::open(stored).await.map_err(gone)?;
    let bytes = opened.metadata().await.map_err(gone)?.len();
    let pieces = stream::unfold(Some(opened), |file| async move {
        let mut file = file?;
        let mut piece = vec![0; PIECE];
        match file.read(&mut piece).await {
            Ok(0) => None,
            Ok(read) => {
                piece.truncate(read);
                Some((Ok(Bytes::from(piece)), Some(file)))
            }
            // The other side sees that it broke off: fewer bytes came than were promised.
            Err(error) => Some((Err(error), None)),
        }
    });
    let name = format!("attachment; filename=\"{}\"", name(id, &artifact));
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(SizedStream::new(bytes, Box::pin(pieces))))
}

fn name(trial: TrialId, artifact: &Artifact) -> String {
    let ending = match artifact.kind {
        ArtifactKind::Weights => "safetensors",
        ArtifactKind::TorchScript => "pt",
        ArtifactKind::Supernet => "supernet",
    };
    format!("trial-{trial}.{ending}")
}
