//! NAS-Bench-201 as recorded (Dong and Yang, ICLR 2020): one row per cell of the space, in the benchmark's own order.
//!
//! Read are `idx`, `arch`, `test_acc_200`, `test_acc_12`, `oneshot_acc`, `fewshot_acc`, `train_s_per_epoch` and `edgegpu_energy_mj`
//! (HW-NAS-Bench, Li et al., ICLR 2021); other columns are left alone. The 12-epoch accuracies come from trainings with a schedule of
//! their own; they are no prefix of the 200-epoch ones.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use common::architecture::Architecture;
use common::space::nas_bench_201::{Nodes, Skeleton};
use common::space::{NasBench201, SearchSpace, SpaceSpec};
use coordinator::csv_file;

use super::{CellId, Error, Row, Table};

/// Every encoding of the space.
const ROWS: usize = 15_625;
/// All cells of the benchmark lie below it on the edge device; the paper's reference point.
const REFERENCE_MJ: f64 = 50.0;
const PERCENT: (f64, f64, &str) = (0.0, 100.0, "0 to 100 %");
/// An epoch of the slowest cell takes half a minute; more than a day is another unit.
const EPOCH: (f64, f64, &str) = (1e-3, 86_400.0, "a millisecond to a day");
const ENERGY: (f64, f64, &str) = (1e-6, REFERENCE_MJ, "above 0 to 50 mJ");
/// The benchmark's own skeleton for CIFAR-10.
pub(super) const SKELETON: Skeleton =
    Skeleton { channels: 16, cells_per_stage: 5, input: [3, 32, 32], classes: 10, nodes: Nodes::Four };

/// The recorded benchmark, whole in memory.
#[derive(Debug)]
pub struct NasBench201Table {
    name: String,
    space: NasBench201,
    rows: Vec<Row>,
    by_architecture: BTreeMap<Architecture, CellId>,
}

impl NasBench201Table {
    /// Reads `path`, plain CSV or gzipped.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let unreadable =
            |error: std::io::Error| Error::Unreadable { path: path.into(), reason: error.to_string() };
        Self::parse(csv_file::open(path).map_err(unreadable)?, path)
    }

    fn parse(input: impl Read, path: &Path) -> Result<Self, Error> {
        let space = NasBench201::new(SKELETON);
        let unreadable =
            |error: csv::Error| Error::Unreadable { path: path.into(), reason: error.to_string() };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
        let columns = Columns::find(reader.headers().map_err(unreadable)?, path)?;
        let (mut rows, mut by_architecture) = (Vec::with_capacity(ROWS), BTreeMap::new());
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(unreadable)? {
            let line = record.position().map_or(0, csv::Position::line);
            let row = columns.row(&Place { record: &record, path, line }, &space, rows.len() as u32)?;
            let cell = CellId(rows.len() as u32);
            if let Some(first) = by_architecture.insert(row.architecture.clone(), cell) {
                return Err(Error::Repeated { path: path.into(), line, first: first.0 });
            }
            rows.push(row);
        }
        if rows.len() != ROWS {
            return Err(Error::RowCount { path: path.into(), found: rows.len(), expected: ROWS });
        }
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Ok(Self { name, space, rows, by_architecture })
    }
}

impl Table for NasBench201Table {
    fn name(&self) -> &str {
        &self.name
    }

    fn space_spec(&self) -> SpaceSpec {
        SpaceSpec::NasBench201(SKELETON)
    }

    fn space(&self) -> &dyn SearchSpace {
        &self.space
    }

    fn rows(&self) -> &[Row] {
        &self.rows
    }

    fn find(&self, architecture: &Architecture) -> Option<CellId> {
        self.by_architecture.get(architecture).copied()
    }

    fn epochs(&self) -> (u32, u32) {
        (12, 200)
    }

    fn reference_mj(&self) -> f64 {
        REFERENCE_MJ
    }
}

/// Where each wanted column stands.
struct Columns {
    idx: usize,
    arch: usize,
    one_shot: usize,
    few_shot: usize,
    short: usize,
    full: usize,
    epoch: usize,
    energy: usize,
}

struct Place<'a> {
    record: &'a csv::StringRecord,
    path: &'a Path,
    line: u64,
}

impl Columns {
    fn find(header: &csv::StringRecord, path: &Path) -> Result<Self, Error> {
        let found = || header.iter().collect::<Vec<_>>().join(", ");
        let place = |column: &'static str| {
            let place = header.iter().position(|name| name == column);
            place.ok_or_else(|| Error::MissingColumn { path: path.into(), column, found: found() })
        };
        Ok(Self {
            idx: place("idx")?,
            arch: place("arch")?,
            one_shot: place("oneshot_acc")?,
            few_shot: place("fewshot_acc")?,
            short: place("test_acc_12")?,
            full: place("test_acc_200")?,
            epoch: place("train_s_per_epoch")?,
            energy: place("edgegpu_energy_mj")?,
        })
    }

    fn row(&self, place: &Place<'_>, space: &NasBench201, expected: u32) -> Result<Row, Error> {
        let idx = place.number(self.idx, "idx", (0.0, f64::MAX, "0 and more"))?;
        if idx != f64::from(expected) {
            return Err(Error::Order { path: place.path.into(), line: place.line, found: idx, expected });
        }
        let refuse = |source| Error::Architecture { path: place.path.into(), line: place.line, source };
        let architecture = space.decode(&place.record[self.arch]).map_err(refuse)?;
        Ok(Row {
            is_dead: !space.trainable(&architecture),
            architecture,
            accuracy_percent: [
                place.number(self.one_shot, "oneshot_acc", PERCENT)?,
                place.number(self.few_shot, "fewshot_acc", PERCENT)?,
                place.number(self.short, "test_acc_12", PERCENT)?,
                place.number(self.full, "test_acc_200", PERCENT)?,
            ],
            epoch_s: place.number(self.epoch, "train_s_per_epoch", EPOCH)?,
            energy_mj: place.number(self.energy, "edgegpu_energy_mj", ENERGY)?,
        })
    }
}

impl Place<'_> {
    fn number(
        &self,
        index: usize,
        column: &'static str,
        range: (f64, f64, &'static str),
    ) -> Result<f64, Error> {
        let text = &self.record[index];
        let (path, line) = (self.path, self.line);
        let not_a_number = || Error::NotANumber { path: path.into(), line, column, found: text.into() };
        let found: f64 = text.parse().map_err(|_| not_a_number())?;
        let (least, most, range) = range;
        if found.is_nan() {
            return Err(not_a_number());
        }
        if !(least..=most).contains(&found) {
            return Err(Error::Implausible { path: path.into(), line, column, found, range });
        }
        Ok(found)
    }
}
