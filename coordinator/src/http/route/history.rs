//! The whole history, event by event, for programs that make of it what they want: the commands that read a study from afar.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, Query};
use actix_web::{HttpResponse, web};
use ledger::Ledger;

use crate::directory::StudyDirectory;
use crate::http::desk::Desk;
use crate::http::model::{HistoryPage, HistoryQuery, Problem};
use crate::http::problem::{Trouble, malformed, unavailable};

/// A page ends with the event that fills so many bytes; no event is longer than a few of them more.
const PAGE_BYTES: usize = 2 << 20;

/// The history, a page at a time
///
/// Every event as it stands in the ledger, in order, without gaps: ask again after the last one that came, until that is `last`.
#[utoipa::path(get, path = "/api/v1/history", tag = "study", params(HistoryQuery), responses(
    (status = 200, description = "The events that follow, as many as a page holds", body = HistoryPage),
    (status = 400, description = "A query that says nothing", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The ledger can't be read now", body = Problem, content_type = "application/problem+json"),
))]
pub async fn history(desk: Data<Desk>, query: Query<HistoryQuery>) -> Result<HttpResponse, Trouble> {
    let path = StudyDirectory::new(&desk.directory).ledger();
    let after = query.after.unwrap_or(0);
    if after > i64::MAX.unsigned_abs() {
        return Err(malformed("after: the number of an event, below 2^63"));
    }
    let read = web::block(move || page(&Ledger::read_only(path)?, after, PAGE_BYTES)).await;
    let failed = |error: String| {
        tracing::warn!(error, "the API can't read the ledger for a reader of the history");
        unavailable("the ledger can't be read now: try again in a moment")
    };
    let body = read.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body))
}

/// A `HistoryPage`, written as it is read: nothing is held twice.
fn page(ledger: &Ledger, after: u64, most_bytes: usize) -> Result<Vec<u8>, ledger::Error> {
    let last = ledger.len()?;
    let mut body = format!("{{\"last\":{last},\"records\":[").into_bytes();
    if after < last {
        for (index, record) in ledger.read(after + 1).enumerate() {
            if index > 0 {
                body.push(b',');
            }
            // Written from what was read a moment ago: it can be.
            body.extend(serde_json::to_vec(&record?).unwrap_or_default());
            if body.len() > most_bytes {
                break;
            }
        }
    }
    body.extend(b"]}");
    Ok(body)
}

#[cfg(test)]
mod tests {
    use common::event::Record;

    use super::*;
    use crate::report::sample::{Wishes, study, write_ledger};

    #[test]
    fn pages_make_the_whole_history() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let records = study(Wishes::default());
        write_ledger(&path, &records);
        let ledger = Ledger::read_only(&path).unwrap();
        for most_bytes in [0, 10_000, PAGE_BYTES] {
            let mut told: Vec<Record> = Vec::new();
            loop {
                let bytes = page(&ledger, told.len() as u64, most_bytes).unwrap();
                let page: HistoryPage = serde_json::from_slice(&bytes).unwrap();
                assert_eq!(page.last, records.len() as u64);
                if page.records.is_empty() {
                    break;
                }
                told.extend(page.records);
            }
            assert!(told == records, "with {most_bytes} bytes a page");
        }
        let beyond: HistoryPage =
            serde_json::from_slice(&page(&ledger, u64::MAX, PAGE_BYTES).unwrap()).unwrap();
        assert_eq!((beyond.last, beyond.records.len()), (records.len() as u64, 0));
    }
}
