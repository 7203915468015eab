//! Known results brought while the study runs: uploaded, or lying in the folder `warm-start` of the study's directory.

use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::web::{Bytes, Data, Json, Payload, Query};
use actix_web::{HttpRequest, web};

use super::act::order;
use super::body;
use crate::core::{Control, Given};
use crate::directory::{StudyDirectory, write_whole};
use crate::http::desk::Desk;
use crate::http::model::{Done, Problem, UploadQuery, WarmStartOrder, WholeFile};
use crate::http::problem::{Trouble, conflict, unacceptable, unavailable, unknown, wrong_type};
use crate::warm_start;

/// Bytes of an upload: ten times the table of all 15,625 cells of NAS-Bench-201.
const MOST: usize = 32 << 20;
/// For all of it, over a slow line.
const PATIENCE: Duration = Duration::from_secs(120);
const LONGEST_NAME: usize = 100;

type Answer = Result<Json<Done>, Trouble>;

/// Bring known results
///
/// A CSV or JSON file, gzipped or not, or another study's ledger, as with `ce-nas run --warm-start`. All of it is taken, or none.
#[utoipa::path(post, path = "/api/v1/warm-start", tag = "act", params(UploadQuery),
    request_body(content = inline(WholeFile), content_type = "application/octet-stream", description = "The file, at most 32 MiB"),
    responses(
        (status = 200, description = "They are taken as given", body = Done),
        (status = 400, description = "A query that says nothing", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Asked by a page of another site", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "Too slow", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another file of this name is there, or the study is finished", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not called application/octet-stream", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A file that can't be meant; the line is named", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The history is still being read, or the coordinator is ending", body = Problem, content_type = "application/problem+json"),
))]
pub async fn upload(
    desk: Data<Desk>,
    request: HttpRequest,
    query: Query<UploadQuery>,
    payload: Payload,
) -> Answer {
    if body::kind(&request) != "application/octet-stream" {
        return Err(wrong_type(
            "send the file's bytes, with the header Content-Type: application/octet-stream",
        ));
    }
    check(&query.name)?;
    desk.told(|_| ())?;
    let bytes = body::bytes(payload, MOST, PATIENCE).await?;
    let name = query.into_inner().name;
    let to = StudyDirectory::new(&desk.directory).warm_start();
    let (read_by, path) = (desk.clone(), to.join(&name));
    let kept = web::block(move || keep(&to, &path, &bytes).and_then(|is_new| read(&read_by, &path, is_new)));
    let given = kept.await.map_err(|_| unavailable("the coordinator is ending"))??;
    order(&desk, Control::Give { given }).await
}

/// Take known results that lie on the coordinator's machine
#[utoipa::path(post, path = "/api/v1/warm-start/file", tag = "act", request_body = WarmStartOrder, responses(
    (status = 200, description = "They are taken as given", body = Done),
    (status = 400, description = "No JSON", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Asked by a page of another site", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such file", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The study is finished", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not called JSON", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "A file that can't be meant; the line is named", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read, or the coordinator is ending", body = Problem, content_type = "application/problem+json"),
))]
pub async fn file(desk: Data<Desk>, request: HttpRequest, payload: Payload) -> Answer {
    let WarmStartOrder { file } = body::json(&request, payload).await?;
    check(&file)?;
    desk.told(|_| ())?;
    let path = StudyDirectory::new(&desk.directory).warm_start().join(&file);
    // A link could lead out of the folder.
    let is_plain = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
    if !is_plain {
        return Err(unknown(format!(
            "there is no file {file} in the folder warm-start of the study's directory"
        )));
    }
    let read_by = desk.clone();
    let given = web::block(move || read(&read_by, &path, false));
    let given = given.await.map_err(|_| unavailable("the coordinator is ending"))??;
    order(&desk, Control::Give { given }).await
}

/// A name that leaves no folder and hides nowhere.
fn check(name: &str) -> Result<(), Trouble> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !name.is_empty() && name.len() <= LONGEST_NAME && !name.starts_with('.') && name.chars().all(plain) {
        return Ok(());
    }
    Err(unacceptable(format!(
        "a file's name has letters, digits, dots, dashes and underscores, {LONGEST_NAME} at most, and no dot in front"
    )))
}

/// Whether it is new. One of the same name and content is the same file; another content under a name that results already refer to
/// would make them lie about their source.
fn keep(folder: &Path, path: &PathBuf, bytes: &Bytes) -> Result<bool, Trouble> {
    let failed = |error: std::io::Error| unavailable(format!("the file can't be kept: {error}"));
    std::fs::create_dir_all(folder).map_err(failed)?;
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => Err(conflict("something else is called so: choose another name")),
        Ok(_) if std::fs::read(path).map_err(failed)? == *bytes => Ok(false),
        Ok(_) => Err(conflict("another file of this name was brought before: choose another name")),
        Err(_) => write_whole(path, bytes).map(|()| true).map_err(failed),
    }
}

/// What the file tells the study; one that was just kept and tells nothing is let go of again.
fn read(desk: &Desk, path: &PathBuf, is_new: bool) -> Result<Vec<Given>, Trouble> {
    // A copy, so that nobody waits while a large file is read.
    let state = desk.told(|history| history.state.clone())?;
    let Some(spec) = state.spec() else { return Err(unavailable("the study has not begun yet")) };
    match warm_start::read(std::slice::from_ref(path), spec, &state) {
        Ok(warm) => Ok(warm.given),
        Err(error) => {
            if is_new {
                let _ = std::fs::remove_file(path);
            }
            // Of the folders, a caller learns nothing.
            let folder = path.parent().map(|folder| format!("{}/", folder.display())).unwrap_or_default();
            Err(unacceptable(format!("{error:#}").replace(&folder, "")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        for name in ["results.csv", "a-b_c.1.json.gz", "x"] {
            assert!(check(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", ".hidden", "a/b", "../x", "a\\b", "ä", "a\0b", &"x".repeat(101)] {
            assert!(check(name).is_err(), "{name}");
        }
    }
}
