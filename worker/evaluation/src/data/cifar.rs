//! The binary layouts of CIFAR-10 and CIFAR-100: records of one label byte (CIFAR-100: of two, the second is the class) and 3,072 bytes
//! in red, green and blue planes of 32×32 (Krizhevsky, <https://www.cs.toronto.edu/~kriz/cifar.html>). Any number of records a file, any
//! number of files.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Error, Images, file};

const SHAPE: [usize; 3] = [3, 32, 32];
const PIXELS: usize = 3 * 32 * 32;

/// What stands before the pixels of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Labels {
    /// One of ten classes.
    Ten,
    /// One of twenty groups of classes, then one of a hundred classes.
    Hundred,
}

impl Labels {
    fn bytes(self) -> usize {
        match self {
            Self::Ten => 1,
            Self::Hundred => 2,
        }
    }
}

/// `data_batch*.bin` or `train*.bin`, then `test*.bin`, each plain or gzipped.
pub fn read(folder: &Path, labels: Labels) -> Result<(Images, Images), Error> {
    let training = files(folder, &["data_batch", "train"])?;
    let test = files(folder, &["test"])?;
    Ok((parse_all(&training, labels)?, parse_all(&test, labels)?))
}

/// In the order of their names, so that the split by seed means the same images everywhere.
fn files(folder: &Path, prefixes: &[&str]) -> Result<Vec<PathBuf>, Error> {
    let missing =
        || Error::Missing { path: folder.to_owned(), wanted: format!("{}*.bin (or .bin.gz)", prefixes[0]) };
    let wanted = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ending = name.ends_with(".bin") || name.ends_with(".bin.gz");
        ending && prefixes.iter().any(|prefix| name.starts_with(prefix))
    };
    let entries = fs::read_dir(folder).map_err(|_| missing())?;
    let mut paths: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(wanted).collect();
    paths.sort();
    // A batch that lies there plain and gzipped is one batch.
    paths.dedup_by(|zipped, plain| zipped.as_os_str().to_string_lossy() == format!("{}.gz", plain.display()));
    if paths.is_empty() { Err(missing()) } else { Ok(paths) }
}

fn parse_all(paths: &[PathBuf], layout: Labels) -> Result<Images, Error> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    let record_bytes = layout.bytes() + PIXELS;
    for path in paths {
        let bytes = file::read(path)?;
        if bytes.is_empty() || !bytes.len().is_multiple_of(record_bytes) {
            let expected = (bytes.len().div_ceil(record_bytes).max(1) * record_bytes) as u64;
            return Err(Error::Length { path: path.clone(), found: bytes.len() as u64, expected });
        }
        for record in bytes.chunks_exact(record_bytes) {
            let (label, image) = record.split_at(layout.bytes());
            labels.push(u16::from(label[layout.bytes() - 1]));
            pixels.extend_from_slice(image);
        }
    }
    Ok(Images { shape: SHAPE, pixels: pixels.into(), labels })
}
