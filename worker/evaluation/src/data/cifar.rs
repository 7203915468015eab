//! CIFAR-10's binary layout: records of one label byte and 3,072 bytes in red, green and blue planes of 32×32
//! (Krizhevsky, <https://www.cs.toronto.edu/~kriz/cifar.html>). Any number of records a file, any number of files.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Error, Images, file};

const SHAPE: [usize; 3] = [3, 32, 32];
const RECORD_BYTES: usize = 1 + 3 * 32 * 32;

/// `data_batch*.bin` or `train*.bin`, then `test*.bin`, each plain or gzipped.
pub fn read(folder: &Path) -> Result<(Images, Images), Error> {
    let training = files(folder, &["data_batch", "train"])?;
    let test = files(folder, &["test"])?;
    Ok((parse_all(&training)?, parse_all(&test)?))
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

fn parse_all(paths: &[PathBuf]) -> Result<Images, Error> {
    let mut images = Images { shape: SHAPE, pixels: Vec::new(), labels: Vec::new() };
    for path in paths {
        let bytes = file::read(path)?;
        if bytes.is_empty() || !bytes.len().is_multiple_of(RECORD_BYTES) {
            let expected = (bytes.len().div_ceil(RECORD_BYTES).max(1) * RECORD_BYTES) as u64;
            return Err(Error::Length { path: path.clone(), found: bytes.len() as u64, expected });
        }
        for record in bytes.chunks_exact(RECORD_BYTES) {
            images.labels.push(record[0]);
            images.pixels.extend_from_slice(&record[1..]);
        }
    }
    Ok(images)
}
