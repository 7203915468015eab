//! Live services against answers as they were recorded, and against hostile ones, from a server of the tests' own.

mod answers;
mod certificates;
mod conformance;
mod hostile;
mod late;
mod memory;
mod pace;
pub(crate) mod server;
mod settings;
mod zones;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use common::carbon::SignalKind;
use common::id::Zone;
use common::seed::Seed;
use common::time::{GridHour, Millis, Timestamp};

use super::*;
use crate::carbon::parse_time;
use server::Server;

const SECRET: &str = "s3cr3t-key-of-the-tests";

fn hour(text: &str) -> GridHour {
    parse_time(text).unwrap().hour()
}

/// A clock that stands until it is told to go on.
#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn at(text: &str) -> Self {
        Self(Arc::new(AtomicI64::new(parse_time(text).unwrap().0)))
    }

    fn go_on(&self, span: Millis) {
        self.0.fetch_add(span.0, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let hands = self.0.clone();
        Clock::new(move || Timestamp(hands.load(Ordering::SeqCst)))
    }
}

fn options(base: &str, access: Access, hands: &Hands) -> Options {
    Options {
        base: base.into(),
        access,
        key: Some(Key::new(SECRET)),
        key_origin: "the tests".into(),
        timeout: Millis(2_000),
        pace: Pace::new(100, Seed(1)),
        slot: Slot::default(),
        clock: hands.clock(),
        roots: None,
    }
}

/// Germany by Electricity Maps, from `server`.
fn germany(server: &Server, hands: &Hands) -> Live {
    let client = Client::new(options(&server.base(), Access::Header("auth-token"), hands));
    let service = Box::new(ElectricityMaps::new("DE", SignalKind::AverageLifecycle));
    Live::new(Zone::new("DE"), service, Arc::new(Mutex::new(client)), hands.clock())
}
