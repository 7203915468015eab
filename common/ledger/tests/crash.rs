//! A writer killed at any moment, without power from any moment on, or on a disk that refuses to grow: what was acknowledged stays, and
//! the sequence has no gap. Where it is killed, the writer is this test binary started again, see `writer`; what the system holds in
//! memory outlives that. What does not outlive a loss of power, see `power`.

mod power;
mod sample;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use common::event::Event;
use common::seed::Seed;
use common::time::Timestamp;
use ledger::Ledger;
use power::{Disk, What};
use rand::RngExt;
use rusqlite::Connection;

const PLACE: &str = "LEDGER_CRASH_TEST";
const ROUNDS: usize = 10;
/// Long enough for the log to be taken over into the table twice or more.
const APPENDS: u64 = 600;
const LOSSES: usize = 150;

/// Not a test of its own: the child of the others. Appends, and says what is acknowledged, until it ends or is ended.
#[test]
fn writer() {
    let Some(path) = std::env::var_os(PLACE) else { return };
    let mut ledger = Ledger::open(path).unwrap();
    let mut out = std::io::stdout();
    loop {
        let next = ledger.len().unwrap() + 1;
        let batch: Vec<_> = (next..next + 1 + next % 5).map(numbered).collect();
        match ledger.append(Timestamp(next as i64), &batch) {
            Ok(sequences) => writeln!(out, "acknowledged {}", sequences.end - 1).unwrap(),
            Err(error) => {
                assert!(error.can_retry());
                return writeln!(out, "refused {error}").unwrap();
            }
        }
        out.flush().unwrap();
    }
}

#[test]
fn a_killed_writer_loses_nothing_it_acknowledged() {
    let seed = Seed(21);
    println!("seed {}", seed.0);
    let mut rng = seed.stream("kills", 0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writer", "--nocapture"])
            .env(PLACE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let patience = rng.random_range(1..40);
        let heard = lines.by_ref().filter_map(|line| number(&line)).take(patience).last();
        // A moment that no transaction boundary knows of.
        for _ in 0..rng.random_range(0..200_000) {
            std::hint::spin_loop();
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        let last_words = lines.filter_map(|line| number(&line)).last();
        acknowledged = last_words.or(heard).expect("the writer got to work").max(acknowledged);

        let held = check(&path);
        assert!(held >= acknowledged, "round {round}: {acknowledged} acknowledged, {held} kept");
    }
}

/// The shell's file size limit stands for a quota: writes fail with an I/O error beyond it.
#[test]
fn a_disk_that_refuses_loses_nothing_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let output = Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 300; exec \"$0\" --exact writer --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .env(PLACE, &path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("refused ") && text.contains("what was acknowledged before is"), "{text}");
    let acknowledged = text.lines().filter_map(number).max().expect("some were taken");
    assert_eq!(check(&path), acknowledged);
    Ledger::open(&path).unwrap().append(Timestamp(0), &[numbered(acknowledged + 1)]).unwrap();
}

/// Appends in a folder of their own, watched, by `appending` to the ledger there; then loses the power at many moments of that.
/// Yields the most that one loss cost of what was acknowledged; `held` counts what is left.
fn lost_without_power(appending: impl FnOnce(&Path, &dyn Fn(u64)), held: impl Fn(&Path) -> u64) -> u64 {
    power::watch();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().canonicalize().unwrap();
    let path = at.join("ledger.sqlite");
    drop(Ledger::open(&path).unwrap());
    let mut disk = Disk::of(&at);
    let begun = power::acts_in(&at).len();
    appending(&path, &|number| power::note(&at, What::Acknowledged(number)));
    let acts = power::acts_in(&at).split_off(begun);

    let seed = Seed(22);
    println!("seed {}", seed.0);
    let mut dice = seed.stream("losses of power", 0);
    let (mut acknowledged, mut most) = (0, 0);
    for (place, act) in acts.iter().enumerate() {
        disk.take(act);
        if let What::Acknowledged(number) = act.what {
            acknowledged = number;
        }
        if dice.random_range(0..acts.len()) < LOSSES {
            let after = tempfile::tempdir().unwrap();
            disk.lose_power(&mut dice, after.path());
            let held = held(&after.path().join("ledger.sqlite"));
            println!("after act {place} of {}: {acknowledged} acknowledged, {held} kept", acts.len());
            most = most.max(acknowledged.saturating_sub(held));
        }
    }
    most
}

#[test]
fn a_loss_of_power_takes_nothing_that_was_acknowledged() {
    let appending = |path: &Path, acknowledge: &dyn Fn(u64)| {
        let mut ledger = Ledger::open(path).unwrap();
        for _ in 0..APPENDS {
            let next = ledger.len().unwrap() + 1;
            let batch: Vec<_> = (next..next + 1 + next % 5).map(numbered).collect();
            let sequences = ledger.append(Timestamp(next as i64), &batch).unwrap();
            acknowledge(sequences.end - 1);
        }
    };
    assert_eq!(lost_without_power(appending, check), 0);
}

/// The test above sees what it looks for: the same by a connection that does not wait for the disk.
#[test]
fn a_writer_that_does_not_sync_is_found_out() {
    let appending = |path: &Path, acknowledge: &dyn Fn(u64)| {
        let connection = Connection::open(path).unwrap();
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        for number in 1..=APPENDS {
            let event = numbered(number);
            let body = serde_json::to_string(&event).unwrap();
            let insert = "INSERT INTO events (sequence, at_ms, kind, body) VALUES (?1, ?2, ?3, ?4)";
            let row = (number as i64, number as i64, event.kind(), body);
            assert_eq!(connection.execute(insert, row).unwrap(), 1);
            acknowledge(number);
        }
    };
    // It may even be no ledger any more.
    let held = |path: &Path| Ledger::open(path).and_then(|ledger| ledger.len()).unwrap_or(0);
    assert!(lost_without_power(appending, held) > 0);
}

fn numbered(number: u64) -> Event {
    sample::spent("alpha", sample::SESSION, None, (number as i64, number as i64 + 1), number as f64)
}

fn number(line: &str) -> Option<u64> {
    // libtest may print before the first line's words.
    line.rsplit_once("acknowledged ")?.1.parse().ok()
}

/// Every event is there, in its place, and in the readable table too; yields how many.
fn check(path: &Path) -> u64 {
    let ledger = Ledger::open(path).unwrap();
    let count = ledger
        .fold(0, |count, record| {
            assert_eq!(record.sequence, count + 1);
            assert_eq!(record.event, numbered(record.sequence));
            count + 1
        })
        .unwrap();
    assert_eq!(ledger.len().unwrap(), count);
    let tables = Connection::open(path).unwrap();
    let rows: i64 = tables.query_row("SELECT count(*) FROM measurements", (), |row| row.get(0)).unwrap();
    assert_eq!(rows.cast_unsigned(), count);
    count
}
