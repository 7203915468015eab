//! Images as one file, made once and mapped into memory ever after: no decoding, no copy of what isn't looked at.
//!
//! Eight bytes that name the format, the length of a header (64 bits, little-endian), the header as JSON, the labels of both parts
//! (16 bits each), the pixels of both parts. Nothing is compressed.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;
use serde::{Deserialize, Serialize};

use super::pixels::Pixels;
use super::{Error, Images};

const MAGIC: &[u8; 8] = b"CENASIMG";
/// A change of layout takes the next number.
const VERSION: u32 = 1;
/// The names of 65,536 classes fit.
const MOST_HEADER: u64 = 16 << 20;

/// What a packed file says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    version: u32,
    /// Channels, height, width.
    pub shape: [usize; 3],
    pub training: usize,
    pub test: usize,
    /// Names in the order of the labels, where they have some.
    pub classes: Vec<String>,
}

/// Writes a packed file, whole or not at all.
pub fn write(path: &Path, training: &Images, test: &Images, classes: Vec<String>) -> Result<(), Error> {
    let header = Header {
        version: VERSION,
        shape: training.shape,
        training: training.len(),
        test: test.len(),
        classes,
    };
    let temporary = path.with_extension(format!("partial-{}", std::process::id()));
    let written =
        fill(&temporary, &header, [training, test]).and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|source| {
        // The target is untouched; a leftover of the attempt would only confuse.
        let _ = std::fs::remove_file(&temporary);
        Error::Io { path: path.to_owned(), source }
    })
}

fn fill(path: &Path, header: &Header, parts: [&Images; 2]) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let json = serde_json::to_vec(header)?;
    file.write_all(MAGIC)?;
    file.write_all(&(json.len() as u64).to_le_bytes())?;
    file.write_all(&json)?;
    for label in parts.iter().flat_map(|images| &images.labels) {
        file.write_all(&label.to_le_bytes())?;
    }
    for images in parts {
        file.write_all(&images.pixels)?;
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// Training and test images of the packed file at `path`: their labels in memory, their pixels where they lie.
pub fn read(path: &Path) -> Result<(Images, Images), Error> {
    let failed = |source: io::Error| Error::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let (header, start) = header(&mut file, path)?;
    let size: usize = header.shape.iter().product();
    let images = header.training.checked_add(header.test);
    let whole = images.and_then(|images| images.checked_mul(size.checked_add(2)?)?.checked_add(start));
    let length = file.metadata().map_err(failed)?.len();
    if whole.is_none_or(|whole| whole as u64 != length) {
        let expected = whole.map_or(u64::MAX, |whole| whole as u64);
        return Err(Error::Length { path: path.to_owned(), found: length, expected });
    }
    let map = Pixels::map(&file).map_err(failed)?;
    let pixels_start = start + 2 * (header.training + header.test);
    let part = |first: usize, count: usize| {
        let labels = &map[start + 2 * first..start + 2 * (first + count)];
        let labels = labels.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
        let range = pixels_start + first * size..pixels_start + (first + count) * size;
        Images { shape: header.shape, pixels: mapped(&map, range), labels }
    };
    Ok((part(0, header.training), part(header.training, header.test)))
}

fn mapped(map: &Arc<Mmap>, range: std::ops::Range<usize>) -> Pixels {
    Pixels::Mapped(Arc::clone(map), range)
}

/// What `file` says of itself, and where its labels begin.
fn header(file: &mut File, path: &Path) -> Result<(Header, usize), Error> {
    let foreign = || Error::Foreign { path: path.to_owned() };
    let mut head = [0; 16];
    file.read_exact(&mut head).map_err(|_| foreign())?;
    let length = u64::from_le_bytes(*head.last_chunk().expect("sixteen bytes"));
    if !head.starts_with(MAGIC) || length > MOST_HEADER {
        return Err(foreign());
    }
    let mut json = vec![0; length as usize];
    file.read_exact(&mut json).map_err(|_| foreign())?;
    let header: Header = serde_json::from_slice(&json).map_err(|_| foreign())?;
    if header.version != VERSION {
        return Err(foreign());
    }
    Ok((header, head.len() + json.len()))
}
