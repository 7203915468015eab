//! Whole files in memory, plain or gzipped, with a limit on what they unpack to.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Error;

/// Eleven times CIFAR-10's training set; a damaged or hostile gzip file may not fill the memory.
const MAX_FILE_BYTES: u64 = 2 << 30;

/// The bytes of `path`, unpacked when its name ends in `.gz`.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source: io::Error| match source.kind() {
        // Cut short inside the gzip stream.
        io::ErrorKind::UnexpectedEof => Error::Io {
            path: path.to_owned(),
            source: io::Error::new(source.kind(), "truncated; fetch it again"),
        },
        _ => Error::Io { path: path.to_owned(), source },
    };
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    let read = if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::MultiGzDecoder::new(file).take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)
    } else {
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)
    };
    read.map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Error::TooLarge { path: path.to_owned(), limit: MAX_FILE_BYTES });
    }
    Ok(bytes)
}

/// The first of `names` that is in `folder`, plain or with `.gz`.
pub fn find(folder: &Path, names: &[&str]) -> Result<PathBuf, Error> {
    let candidates = names.iter().flat_map(|name| [folder.join(name), folder.join(format!("{name}.gz"))]);
    candidates
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| Error::Missing { path: folder.to_owned(), wanted: format!("{} (or .gz)", names[0]) })
}
