//! Events as they happen, for whoever follows (server-sent events). Whoever was away goes on after the last event it knows: the
//! ledger has them all.
//!
//! A connection costs bounded memory: nothing is prepared that the other side has not made room for. Each ends after an hour, and
//! browsers come back by themselves. The place of one that reads no more is given back by the server's limit on that.

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse, web};
use common::event::Record;
use futures_util::stream;
use ledger::Ledger;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;

use crate::directory::StudyDirectory;
use crate::http::desk::{Desk, FOLLOWERS};
use crate::http::history::{Line, line};
use crate::http::model::{EventLine, EventQuery, Problem};
use crate::http::problem::{Trouble, malformed, too_many};

/// Lines sent at once.
const BATCH: usize = 256;
/// Without news, a word so often: proxies and kernels notice by it who is gone.
const SILENCE: Duration = Duration::from_secs(15);
/// News is gathered for so long: a burst is one packet.
const GATHER: Duration = Duration::from_millis(100);
const LIFETIME: Duration = Duration::from_secs(3600);
const RESUME: HeaderName = HeaderName::from_static("last-event-id");

/// Events as they happen
///
/// A stream of server-sent events: `id` is the event's number in the ledger, `data` one `EventLine`. It ends after an hour; a
/// browser resumes by itself with `Last-Event-ID`.
#[utoipa::path(get, path = "/api/v1/events", tag = "study",
    params(EventQuery, ("Last-Event-ID" = Option<u64>, Header, description = "The last event that the caller knows")),
    responses(
        (status = 200, description = "The stream", body = EventLine, content_type = "text/event-stream"),
        (status = 400, description = "A query that says nothing", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many follow already", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The history is still being read", body = Problem, content_type = "application/problem+json"),
))]
pub async fn events(
    desk: Data<Desk>,
    request: HttpRequest,
    query: Query<EventQuery>,
) -> Result<HttpResponse, Trouble> {
    let head = desk.told(|history| history.sequence)?;
    let resumed = match request.headers().get(RESUME) {
        None => None,
        Some(id) => Some(
            id.to_str()
                .ok()
                .and_then(|id| id.trim().parse().ok())
                .ok_or_else(|| malformed("Last-Event-ID: the number of an event"))?,
        ),
    };
    let kinds = query.kinds.as_deref().map(kinds).transpose()?;
    let permit = desk.followers.clone().try_acquire_owned().map_err(|_| {
        too_many(format!("{FOLLOWERS} follow the events already: close one, or try again later"))
    })?;
    // Whoever knows of more than there is followed another study here.
    let last = resumed.or(query.after).unwrap_or(head).min(head);
    let follower = Follower {
        head: desk.head(),
        desk,
        last,
        kinds,
        until: Instant::now() + LIFETIME,
        greeted: false,
        _permit: permit,
    };
    let stream = stream::unfold(follower, |mut follower| async move {
        follower.next().await.map(|bytes| (Ok::<_, actix_web::Error>(bytes), follower))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(Box::pin(stream)))
}

fn kinds(text: &str) -> Result<BTreeSet<String>, Trouble> {
    let kinds: BTreeSet<String> = text.split(',').map(|kind| kind.trim().to_owned()).collect();
    let plain = |kind: &String| {
        !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    if kinds.len() <= 32 && kinds.iter().all(plain) {
        return Ok(kinds);
    }
    Err(malformed("kinds: names of events, separated by commas, such as trial_finished,allocation_decided"))
}

struct Follower {
    desk: Data<Desk>,
    head: watch::Receiver<u64>,
    /// The last event sent or passed over.
    last: u64,
    kinds: Option<BTreeSet<String>>,
    until: Instant,
    greeted: bool,
    _permit: OwnedSemaphorePermit,
}

impl Follower {
    /// The next piece of the stream; none at its end.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            return Some(Bytes::from_static(b"retry: 2000\n\n"));
        }
        let asked = Instant::now();
        while Instant::now() < self.until {
            self.head.borrow_and_update();
            let lines = self.lines().await?;
            if let Some(line) = lines.last() {
                self.last = line.sequence;
                let text = self.text(&lines);
                if text.is_empty() {
                    continue;
                }
                return Some(text.into());
            }
            let quiet = SILENCE.saturating_sub(asked.elapsed());
            match tokio::time::timeout(quiet, self.head.changed()).await {
                Ok(Ok(())) => tokio::time::sleep(GATHER).await,
                Ok(Err(_)) => return None,
                Err(_) => return Some(Bytes::from_static(b": still here\n\n")),
            }
        }
        None
    }

    /// What comes after the last; none when the ledger can't be read.
    async fn lines(&self) -> Option<Vec<Line>> {
        let (known, head) =
            self.desk.read(|history| (history.tail.after(self.last, BATCH), history.sequence));
        match known {
            Some(lines) => Some(lines),
            None if self.last >= head => Some(Vec::new()),
            None => {
                let path = StudyDirectory::new(&self.desk.directory).ledger();
                let from = self.last + 1;
                let read = move || -> Result<Vec<Record>, ledger::Error> {
                    Ledger::read_only(path)?.read(from).take(BATCH).collect()
                };
                let records = web::block(read).await.ok()?.inspect_err(
                    |error| tracing::warn!(%error, "the API can't read the ledger for a follower"),
                );
                let records = records.ok()?;
                Some(
                    self.desk
                        .read(|history| records.iter().map(|record| line(record, &history.state)).collect()),
                )
            }
        }
    }

    fn text(&self, lines: &[Line]) -> String {
        let wanted = |line: &&Line| self.kinds.as_ref().is_none_or(|kinds| kinds.contains(line.kind));
        let wanted = lines.iter().filter(wanted);
        wanted.map(|line| format!("id: {}\ndata: {}\n\n", line.sequence, line.json)).collect()
    }
}
