//! Event files that TensorBoard reads: the study's course by full training, and each training's learning curve.
//!
//! A file is a row of TFRecords (length, its check, data, its check; checks are CRC-32C, rotated and shifted as TensorFlow does),
//! each an `Event` in protocol buffers. The few fields that scalars need are written here by hand: the messages have not changed since
//! 2015 (`tensorflow/core/util/event.proto`, `tensorflow/core/framework/summary.proto`).

use std::io;
use std::path::Path;

use common::energy::Purpose;
use common::time::Timestamp;

use crate::core::{State, Trial};

/// What TensorFlow adds to a rotated check.
const MASK_DELTA: u32 = 0xa282_ead8;
const CRC32C: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);

/// Writes a folder for the study and one for each training with a curve; gives the number of files.
pub fn write(state: &State, folder: &Path) -> io::Result<usize> {
    let mut course = Events::new(state.study.as_ref().map_or(state.last_at, |study| study.started));
    for (step, (milestone, emitted)) in state.course().enumerate() {
        let scalars = [
            ("study/hypervolume", milestone.hypervolume),
            ("study/front_size", milestone.front as f64),
            ("study/energy_kwh", milestone.joules.kwh()),
            ("study/gco2eq", emitted.0),
        ];
        scalars.into_iter().for_each(|(tag, value)| course.scalar(milestone.at, step as u64 + 1, tag, value));
    }
    course.save(&folder.join("study"))?;
    let mut files = 1;
    for trial in state.trials.values() {
        if let Some(events) = curve(trial) {
            let kind = trial.subject.purpose().to_string();
            events.save(&folder.join(format!("{kind}-{:06}", trial.id.0)))?;
            files += 1;
        }
    }
    Ok(files)
}

/// None where no epoch was told of. Epochs have no times of their own: they are spread evenly over the training.
fn curve(trial: &Trial) -> Option<Events> {
    let evaluation = trial.evaluation.as_deref().filter(|evaluation| !evaluation.curve.is_empty())?;
    let end = trial.finished?;
    let epochs = evaluation.curve.len() as f64;
    let moment = |number: usize| {
        let left = evaluation.seconds.0 * (1.0 - (number as f64 + 1.0) / epochs);
        Timestamp(end.0 - (left * 1000.0) as i64)
    };
    let mut events = Events::new(moment(0));
    for (number, point) in evaluation.curve.iter().enumerate() {
        let (at, step) = (moment(number), u64::from(point.epoch));
        events.scalar(at, step, "training/loss", point.training_loss);
        if let Some(error) = point.validation_error {
            events.scalar(at, step, "validation/error", error);
        }
    }
    if trial.subject.purpose() != Purpose::Supernet {
        events.scalar(
            end,
            u64::from(evaluation.curve.last()?.epoch),
            "result/validation_error",
            evaluation.validation_error,
        );
    }
    Some(events)
}

/// The bytes of one file.
#[derive(Debug)]
struct Events {
    bytes: Vec<u8>,
    began: Timestamp,
}

impl Events {
    fn new(began: Timestamp) -> Self {
        let mut events = Self { bytes: Vec::new(), began };
        let mut head = wall_time(began);
        delimited(&mut head, 3, b"brain.Event:2");
        events.record(&head);
        events
    }

    fn scalar(&mut self, at: Timestamp, step: u64, tag: &str, value: f64) {
        let mut scalar = Vec::new();
        delimited(&mut scalar, 1, tag.as_bytes());
        scalar.push(2 << 3 | 5);
        scalar.extend((value as f32).to_le_bytes());
        let mut summary = Vec::new();
        delimited(&mut summary, 1, &scalar);
        let mut event = wall_time(at);
        event.push(2 << 3);
        varint(&mut event, step);
        delimited(&mut event, 5, &summary);
        self.record(&event);
    }

    fn record(&mut self, data: &[u8]) {
        let length = (data.len() as u64).to_le_bytes();
        self.bytes.extend(length);
        self.bytes.extend(masked(&length).to_le_bytes());
        self.bytes.extend(data);
        self.bytes.extend(masked(data).to_le_bytes());
    }

    /// In `folder`, under a name that TensorBoard takes for an event file.
    fn save(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let name = format!("events.out.tfevents.{:010}.ce-nas", self.began.0.div_euclid(1000));
        // A file for each trial, and all of it in the ledger: the disk is not waited for.
        std::fs::write(folder.join(name), &self.bytes)
    }
}

/// Field 1 of an event, a double.
fn wall_time(at: Timestamp) -> Vec<u8> {
    let mut event = vec![1 << 3 | 1];
    event.extend((at.0 as f64 / 1000.0).to_le_bytes());
    event
}

fn delimited(message: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    message.push(field << 3 | 2);
    varint(message, bytes.len() as u64);
    message.extend(bytes);
}

fn varint(message: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        message.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    message.push(number as u8);
}

fn masked(bytes: &[u8]) -> u32 {
    CRC32C.checksum(bytes).rotate_right(15).wrapping_add(MASK_DELTA)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lengths and data of a file's records, their checks proven.
    fn records(mut bytes: &[u8]) -> Vec<&[u8]> {
        let mut records = Vec::new();
        while !bytes.is_empty() {
            let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            assert_eq!(masked(&bytes[..8]).to_le_bytes(), bytes[8..12]);
            let data = &bytes[12..12 + length];
            assert_eq!(masked(data).to_le_bytes(), bytes[12 + length..16 + length]);
            records.push(data);
            bytes = &bytes[16 + length..];
        }
        records
    }

    #[test]
    fn a_scalar_is_an_event_with_a_summary() {
        let mut events = Events::new(Timestamp(1_000));
        events.scalar(Timestamp(2_000), 300, "a", 0.5);
        let [head, event] = records(&events.bytes)[..] else { panic!("two records") };
        assert!(head.ends_with(b"brain.Event:2"));
        let time: Vec<u8> = [9].into_iter().chain(2f64.to_le_bytes()).collect();
        let summary = [42, 10, 10, 8, 10, 1, b'a', 21, 0, 0, 0, 63];
        assert_eq!(event, [&time[..], &[16, 0xac, 2], &summary].concat());
    }

    #[test]
    fn the_check_is_castagnolis() {
        assert_eq!(CRC32C.checksum(b"123456789"), 0xe306_9283);
    }
}
