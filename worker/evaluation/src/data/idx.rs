//! The IDX files of MNIST and its successors: a big-endian magic number (type and rank), the sizes, the bytes
//! (LeCun, Cortes, Burges, <http://yann.lecun.com/exdb/mnist/>). Grey images of unsigned bytes only.

use std::path::Path;

use super::{Error, Images, file};

const IMAGES_MAGIC: u32 = 0x0000_0803;
const LABELS_MAGIC: u32 = 0x0000_0801;

/// Training files, then test files.
pub fn read(folder: &Path) -> Result<(Images, Images), Error> {
    Ok((pair(folder, "train")?, pair(folder, "t10k")?))
}

fn pair(folder: &Path, prefix: &str) -> Result<Images, Error> {
    // Both spellings are found in the wild.
    let find = |kind: &str| {
        let (dashed, dotted) = (format!("{prefix}-{kind}-ubyte"), kind.replace("-idx", ".idx"));
        file::find(folder, &[&dashed, &format!("{prefix}-{dotted}-ubyte")])
    };
    let (images_path, labels_path) = (find("images-idx3")?, find("labels-idx1")?);
    let (sizes, pixels) = parse::<3>(&images_path, "images", IMAGES_MAGIC)?;
    let (_, labels) = parse::<1>(&labels_path, "labels", LABELS_MAGIC)?;
    let [count, height, width] = sizes;
    if count != labels.len() {
        return Err(Error::Count { path: images_path, images: count, labels: labels.len() });
    }
    let labels = labels.into_iter().map(u16::from).collect();
    Ok(Images { shape: [1, height, width], pixels: pixels.into(), labels })
}

/// Sizes and content of the IDX file of `RANK` dimensions at `path`.
fn parse<const RANK: usize>(
    path: &Path,
    wanted: &'static str,
    expected: u32,
) -> Result<([usize; RANK], Vec<u8>), Error> {
    let mut bytes = file::read(path)?;
    let header = 4 + 4 * RANK;
    let length =
        |expected: u64, found: usize| Error::Length { path: path.to_owned(), found: found as u64, expected };
    if bytes.len() < header {
        return Err(length(header as u64, bytes.len()));
    }
    let word = |position: usize| {
        u32::from_be_bytes(bytes[4 * position..4 * position + 4].try_into().expect("four bytes"))
    };
    if word(0) != expected {
        return Err(Error::Magic { path: path.to_owned(), wanted, found: word(0), expected });
    }
    let sizes: [usize; RANK] = std::array::from_fn(|dimension| word(dimension + 1) as usize);
    let content = sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(size as u64));
    let whole = content.and_then(|content| content.checked_add(header as u64)).unwrap_or(u64::MAX);
    if bytes.len() as u64 != whole {
        return Err(length(whole, bytes.len()));
    }
    Ok((sizes, bytes.split_off(header)))
}
