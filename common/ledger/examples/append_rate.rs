//! How many events a second the ledger takes, on the disk under the given folder (default: here).
//!
//! `cargo run --release -p ledger --example append_rate -- FOLDER`

use std::error::Error;
use std::time::Instant;

use common::energy::{Measurement, Method};
use common::event::Event;
use common::id::{SessionId, SlotId};
use common::time::{Millis, Timestamp};
use common::unit::Joules;
use ledger::Ledger;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let folder = tempfile::tempdir_in(folder)?;
    for (batch, rounds) in [(1, 500), (100, 100)] {
        let mut ledger = Ledger::open(folder.path().join(format!("batch-{batch}.sqlite")))?;
        let events = vec![event(); batch];
        #[allow(clippy::disallowed_methods)] // an example that measures
        let start = Instant::now();
        for round in 0..rounds {
            ledger.append(Timestamp(round), &events)?;
        }
        let seconds = start.elapsed().as_secs_f64();
        println!("batches of {batch}: {:.0} events/s", batch as f64 * rounds as f64 / seconds);
    }
    Ok(())
}

fn event() -> Event {
    Event::EnergySpent {
        worker: "alpha".into(),
        session: SessionId(1),
        measurement: Measurement {
            slot: SlotId(0),
            task: None,
            start: Millis(0),
            end: Millis(5000),
            joules: Joules(123.4),
            method: Method::Estimated,
            meter: "utilisation × TDP 65 W".into(),
        },
    }
}
