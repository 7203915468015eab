//! Reading the history as a stream: a page of rows at a time, so that a long study needs little memory and no reader
//! holds up the writer's checkpoints.

use std::collections::VecDeque;
use std::path::Path;

use common::event::{Event, Record};
use common::time::Timestamp;
use rusqlite::Connection;

use crate::error::{At, Error, Result};

/// Rows fetched at a time: enough that the query's cost vanishes, few enough that events of the largest size fit.
const PAGE: u32 = 256;

/// The records from a sequence number on, in order. After an error it ends.
#[derive(Debug)]
pub struct Records<'a> {
    connection: &'a Connection,
    path: &'a Path,
    next: u64,
    page: VecDeque<Row>,
    ended: bool,
}

#[derive(Debug)]
struct Row {
    sequence: u64,
    at: Timestamp,
    kind: String,
    body: String,
}

impl<'a> Records<'a> {
    /// From `from`, counted from 1; 0 means the beginning too.
    pub(crate) fn new(connection: &'a Connection, path: &'a Path, from: u64) -> Self {
        Self { connection, path, next: from.max(1), page: VecDeque::new(), ended: false }
    }

    fn advance(&mut self) -> Result<Option<Record>> {
        if self.page.is_empty() {
            self.page = fetch(self.connection, self.next).at(self.path)?;
        }
        let Some(row) = self.page.pop_front() else { return Ok(None) };
        if row.sequence != self.next {
            return Err(self.corrupt("it is missing"));
        }
        let event: Event = serde_json::from_str(&row.body).map_err(|error| self.corrupt(error))?;
        if event.kind() != row.kind {
            return Err(self.corrupt(format!("its kind says `{}`, its body `{}`", row.kind, event.kind())));
        }
        self.next += 1;
        Ok(Some(Record { sequence: row.sequence, at: row.at, event }))
    }

    fn corrupt(&self, reason: impl ToString) -> Error {
        Error::Corrupt { path: self.path.to_owned(), sequence: self.next, reason: reason.to_string() }
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.advance().transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}

fn fetch(connection: &Connection, from: u64) -> rusqlite::Result<VecDeque<Row>> {
    let mut query = connection.prepare_cached(
        "SELECT sequence, at_ms, kind, body FROM events WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2",
    )?;
    query
        .query_map((from.cast_signed(), PAGE), |row| {
            Ok(Row {
                sequence: row.get::<_, i64>(0)?.cast_unsigned(),
                at: Timestamp(row.get(1)?),
                kind: row.get(2)?,
                body: row.get(3)?,
            })
        })?
        .collect()
}
