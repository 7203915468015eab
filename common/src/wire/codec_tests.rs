//! Laws W-1 to W-3 on the codec.

use proptest::prelude::*;

use super::*;
use crate::blob::BlobId;
use crate::energy::{Measurement, Method};
use crate::id::{Attempt, SessionId, SlotId, TaskId, TrialId};
use crate::time::Millis;
use crate::unit::Joules;
use crate::wire::{Chunk, Report};

fn task(trial: u64, attempt: u32) -> TaskId {
    TaskId { trial: TrialId(trial), attempt: Attempt(attempt) }
}

fn from_worker() -> impl Strategy<Value = FromWorker> {
    let measurement = (any::<u64>(), 0..1_000_000_i64, 0.0..1e9, proptest::option::of(any::<u64>()))
        .prop_map(|(number, start, joules, trial)| FromWorker::Delivery {
            session: SessionId(number),
            number,
            report: Report::Energy(Measurement {
                slot: SlotId(3),
                task: trial.map(|trial| task(trial, 2)),
                start: Millis(start),
                end: Millis(start + 5),
                joules: Joules(joules),
                method: Method::Estimated,
                meter: "scripted".into(),
            }),
        });
    let heartbeat =
        (any::<u64>(), proptest::collection::vec(any::<u64>(), 0..5)).prop_map(|(session, held)| {
            FromWorker::Heartbeat {
                session: SessionId(session),
                clock: Millis(9),
                held: held.into_iter().map(|trial| task(trial, 0)).collect(),
            }
        });
    let upload = proptest::collection::vec(any::<u8>(), 0..2000).prop_map(|bytes| {
        FromWorker::Upload(Chunk { blob: BlobId::of(&bytes), offset: 0, total: bytes.len() as u64, bytes })
    });
    prop_oneof![measurement, heartbeat, upload]
}

proptest! {
    #[test]
    fn w1_decode_undoes_encode(message in from_worker()) {
        prop_assert_eq!(decode::<FromWorker>(&encode(&message)), Ok(message));
    }

    #[test]
    fn w3_rubbish_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut frame = encode(&FromWorker::Download { blob: BlobId::of(b""), offset: 0 });
        frame.truncate(5);
        frame.extend(&bytes);
        let _ = decode::<FromWorker>(&frame);
        let _ = decode::<ToWorker>(&bytes);
    }

    #[test]
    fn w3_truncation_is_refused(message in from_worker(), keep in 0.0..1.0) {
        let frame = encode(&message);
        let cut = (frame.len() as f64 * keep) as usize;
        prop_assert!(decode::<FromWorker>(&frame[..cut]).is_err());
    }
}

#[test]
fn w2_another_version_is_named() {
    let mut frame = encode(&FromWorker::Download { blob: BlobId::of(b""), offset: 0 });
    frame[2] = 9;
    let error = decode::<FromWorker>(&frame).unwrap_err();
    assert_eq!(error, DecodeError::Version { found: 9 });
    assert!(error.to_string().contains("install the same release"));
}

#[test]
fn a_frame_of_the_other_direction_is_refused() {
    let frame = encode(&ToWorker::Refused { reason: "no".into() });
    assert_eq!(decode::<FromWorker>(&frame), Err(DecodeError::Kind { found: 2, expected: 1 }));
}

#[test]
fn a_declared_length_allocates_nothing() {
    // An array header announcing four billion elements, and none behind it.
    let mut frame = encode(&ToWorker::Refused { reason: String::new() });
    frame.truncate(5);
    frame.extend([0x81, 0xa4, b's', b'o', b'm', b'e', 0xdd, 0xff, 0xff, 0xff, 0xff]);
    assert!(matches!(decode::<ToWorker>(&frame), Err(DecodeError::Body(_))));
}
