//! The ledger through the door its users take: append, read, fold, export, reopen, rebuild.

mod sample;

use common::event::{Event, Record};
use common::fidelity::Fidelity;
use common::seed::Seed;
use common::time::Timestamp;
use common::trial::{Checkpoint, Failure, Subject};
use ledger::{Error, Ledger};
use rand::RngExt;
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

use sample::SESSION;

fn new() -> (TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path().join("runs/a/ledger.sqlite")).unwrap();
    (folder, ledger)
}

fn records(ledger: &Ledger, from: u64) -> Vec<Record> {
    ledger.read(from).map(Result::unwrap).collect()
}

/// Every row of every readable table, as text, in an order of its own.
fn tables(ledger: &Ledger) -> Vec<String> {
    let connection = Connection::open(ledger.path()).unwrap();
    let mut rows = Vec::new();
    for table in ["trials", "measurements", "forecasts", "allocations", "workers", "carbon"] {
        let mut query = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = query.column_count();
        let mut found = query.query(()).unwrap();
        while let Some(row) = found.next().unwrap() {
            let values: Vec<Value> = (0..columns).map(|column| row.get(column).unwrap()).collect();
            rows.push(format!("{table}: {values:?}"));
        }
    }
    rows.sort();
    rows
}

#[test]
fn what_went_in_comes_out_after_reopening() {
    let seed = Seed(11);
    println!("seed {}", seed.0);
    let events = sample::history(seed, 700);
    let (_folder, mut ledger) = new();
    let mut rng = seed.stream("batches", 0);
    let mut done = 0;
    while done < events.len() {
        let batch = rng.random_range(1..40).min(events.len() - done);
        let first = done as u64 + 1;
        let sequences = ledger.append(Timestamp(done as i64), &events[done..done + batch]).unwrap();
        assert_eq!(sequences, first..first + batch as u64);
        done += batch;
    }
    assert_eq!(ledger.append(Timestamp(0), &[]).unwrap(), 701..701);

    let path = ledger.path().to_owned();
    drop(ledger);
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.len().unwrap(), 700);
    let found = records(&ledger, 1);
    assert!(found.iter().map(|record| record.sequence).eq(1..=700), "gapless from 1");
    assert!(found.iter().map(|record| &record.event).eq(&events));
    assert_eq!(records(&ledger, 0), found);
    assert_eq!(records(&ledger, 650), found[649..]);
    assert_eq!(records(&ledger, 701), []);
    let last = ledger.fold(None, |_, record| Some(record.sequence)).unwrap();
    assert_eq!(last, Some(700));
}

#[test]
fn moments_appended_together_keep_their_times_and_are_all_there_or_none() {
    let (_folder, mut ledger) = new();
    let events = sample::history(Seed(5), 9);
    let moments =
        [(Timestamp(10), &events[..4]), (Timestamp(20), &events[4..4]), (Timestamp(30), &events[4..])];
    assert_eq!(ledger.append_all(moments).unwrap(), 1..10);
    let found = records(&ledger, 1);
    assert!(found.iter().map(|record| &record.event).eq(&events));
    assert!(found.iter().map(|record| record.at.0).eq([10, 10, 10, 10, 30, 30, 30, 30, 30]));
    let bad = [sample::spent("alpha", SESSION, None, (0, 1), f64::NAN)];
    ledger.append_all([(Timestamp(40), &events[..2]), (Timestamp(50), &bad[..])]).unwrap_err();
    assert_eq!(ledger.len().unwrap(), 9);
}

/// L-2 as far as a ledger can know it: cut at any event, the history reads.
#[test]
fn every_prefix_reads() {
    let seed = Seed(12);
    println!("seed {}", seed.0);
    let events = sample::history(seed, 60);
    let (_folder, mut ledger) = new();
    for (index, event) in events.iter().enumerate() {
        ledger.append(Timestamp(5), std::slice::from_ref(event)).unwrap();
        assert!(records(&ledger, 1).iter().map(|record| &record.event).eq(&events[..=index]));
    }
}

#[test]
fn rebuilt_tables_are_the_incremental_ones() {
    for seed in [Seed(13), Seed(14), Seed(15)] {
        println!("seed {}", seed.0);
        let (_folder, mut ledger) = new();
        for (index, batch) in sample::history(seed, 400).chunks(7).enumerate() {
            ledger.append(Timestamp(index as i64 * 1000), batch).unwrap();
        }
        let incremental = tables(&ledger);
        assert!(incremental.len() > 100);
        let vandal = Connection::open(ledger.path()).unwrap();
        vandal
            .execute_batch("DELETE FROM trials; DROP TABLE carbon; UPDATE workers SET zone = 'XX'")
            .unwrap();
        drop(vandal);
        ledger.rebuild().unwrap();
        assert_eq!(tables(&ledger), incremental);
    }
}

#[test]
fn the_tables_tell_a_trial_s_story() {
    let (_folder, mut ledger) = new();
    let checkpoint = Checkpoint { blob: common::blob::BlobId::of(b"half"), progress: 0.5 };
    let story = [
        sample::started(),
        sample::joined("alpha", SESSION, 10_000),
        sample::proposed(0, Subject::Supernet),
        sample::proposed(1, sample::network(Fidelity::Full)),
        sample::leased(1, 0, "alpha", SESSION),
        sample::spent("alpha", SESSION, Some(sample::task(1, 0)), (500, 1500), 12.5),
        sample::spent("alpha", SESSION, None, (1500, 2500), 3.0),
        Event::TaskSuspended { task: sample::task(1, 0), checkpoint: Some(checkpoint) },
        sample::leased(1, 1, "alpha", SESSION),
        Event::TaskFailed {
            task: sample::task(1, 1),
            failure: Failure::Crashed("fire".into()),
            again_at: None,
            vanished: false,
        },
        sample::leased(1, 2, "alpha", SESSION),
        Event::TrialFinished { task: sample::task(1, 2), evaluation: Box::new(sample::evaluation(0.125)) },
        sample::leased(0, 0, "alpha", SESSION),
        Event::WorkerLost { worker: "alpha".into(), session: SESSION, reason: "silent".into() },
        sample::carbon(451_446, 312.5),
    ];
    ledger.append(Timestamp(20_000), &story).unwrap();

    let connection = Connection::open(ledger.path()).unwrap();
    let check = |query: &str, expected: &str| {
        let found: String = connection
            .query_row(&format!("SELECT concat_ws(' ', {query}"), (), |row| row.get(0))
            .unwrap_or_else(|error| panic!("{query}: {error}"));
        assert_eq!(found, expected, "{query}");
    };
    check("purpose, state, attempts) FROM trials WHERE trial = 0", "supernet waiting 1");
    check(
        "architecture, fidelity, origin, state, attempts, validation_error, test_error, reason, finished_ms)
         FROM trials WHERE trial = 1",
        "3-0-1-4-2-3 full initial finished 3 0.125 0.135 crashed: fire 20000",
    );
    check(
        "trial, attempt, purpose, start_ms, end_ms, joules) FROM measurements WHERE sequence = 6",
        "1 0 full 10500 11500 12.5",
    );
    check("purpose, start_ms, end_ms, joules) FROM measurements WHERE sequence = 7", "idle 11500 12500 3.0");
    check("session, zone, lost_reason, lost_ms) FROM workers", &format!("{SESSION} DE silent 20000"));
    check("hour, intensity_g_per_kwh, kind) FROM carbon", "2021-07-02T06:00Z 312.5 average_lifecycle");
}

#[test]
fn a_given_result_says_where_it_was_read_and_credits_nobody() {
    let (_folder, mut ledger) = new();
    let story = [
        sample::started(),
        sample::joined("alpha", SESSION, 10_000),
        sample::proposed(0, sample::network(Fidelity::Full)),
        sample::leased(0, 0, "alpha", SESSION),
        sample::given(0, 0.125),
        sample::given(1, 0.25),
    ];
    ledger.append(Timestamp(20_000), &story).unwrap();
    let connection = Connection::open(ledger.path()).unwrap();
    for (trial, attempts) in [(0, 1), (1, 0)] {
        let query = "SELECT concat_ws(' ', state, attempts, worker, finished_ms), origin FROM trials WHERE trial = ?1";
        let (found, origin): (String, String) =
            connection.query_row(query, (trial,), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(found, format!("finished {attempts} 20000"));
        assert!(origin.starts_with("given by known.csv (SHA-256 "), "{origin}");
    }
}

#[test]
fn numbers_that_json_cannot_hold_are_refused_before_anything_is_written() {
    let (_folder, mut ledger) = new();
    let mut evaluation = sample::evaluation(0.1);
    evaluation.latency_ms = Some(f64::NAN);
    let bad = [
        sample::spent("alpha", SESSION, None, (0, 1), f64::INFINITY),
        Event::TrialFinished { task: sample::task(1, 0), evaluation: Box::new(evaluation) },
    ];
    for event in bad {
        let error = ledger.append(Timestamp(0), &[sample::ended("fine"), event]).unwrap_err();
        assert!(matches!(error, Error::Unrepresentable { .. }), "{error}");
        assert!(!error.can_retry());
    }
    let long = sample::ended("x".repeat(ledger::MAX_EVENT_BYTES));
    assert!(matches!(ledger.append(Timestamp(0), &[long]), Err(Error::TooLarge { .. })));
    assert!(ledger.is_empty().unwrap());
}

#[test]
fn a_damaged_row_is_named_and_what_stands_before_it_reads() {
    for (vandalism, expected) in [
        ("UPDATE events SET body = '{\"type\": \"tria' WHERE sequence = 300", "EOF"),
        ("UPDATE events SET kind = 'trial_failed' WHERE sequence = 300", "its kind says `trial_failed`"),
        (
            "UPDATE events SET body = '{\"type\": \"from_the_future\"}' WHERE sequence = 300",
            "unknown variant",
        ),
        ("DELETE FROM events WHERE sequence = 300", "it is missing"),
    ] {
        let (_folder, mut ledger) = new();
        let events: Vec<_> = (1..=400).map(|n| sample::ended(n.to_string())).collect();
        ledger.append(Timestamp(0), &events).unwrap();
        let vandal = Connection::open(ledger.path()).unwrap();
        vandal.execute_batch(vandalism).expect_err("the triggers keep honest hands off");
        vandal.execute_batch("DROP TRIGGER events_never_change; DROP TRIGGER events_never_go").unwrap();
        vandal.execute_batch(vandalism).unwrap();
        drop(vandal);

        let mut reading = ledger.read(1);
        assert_eq!(reading.by_ref().take(299).map(Result::unwrap).count(), 299);
        let error = reading.next().unwrap().unwrap_err();
        assert!(matches!(error, Error::Corrupt { sequence: 300, .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(reading.next().is_none(), "nothing after an error");
        ledger.fold((), |(), _| ()).unwrap_err();
        ledger.rebuild().unwrap_err();
    }
}

#[test]
fn an_export_is_one_record_a_line() {
    let (_folder, mut ledger) = new();
    ledger.append(Timestamp(7), &sample::history(Seed(3), 20)).unwrap();
    let mut text = Vec::new();
    assert_eq!(ledger.export_json_lines(&mut text).unwrap(), 20);
    let lines: Vec<Record> = text
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(lines, records(&ledger, 1));
}
