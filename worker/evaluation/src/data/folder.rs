//! Folders of images as ImageNet's are laid out: `train/CLASS/…` and `test/CLASS/…` (or `val/`), JPEG and PNG. Each image is scaled until
//! it just covers the wanted size, and its middle is taken.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use image::imageops::FilterType;
use image::{DynamicImage, ImageReader, Limits};
use rayon::prelude::*;

use super::{Error, Images, Source};

/// Of the first part of these that is there.
const TEST: [&str; 3] = ["test", "val", "validation"];
const ENDINGS: [&str; 3] = ["jpg", "jpeg", "png"];
/// Of a decoded image, so that a damaged or hostile file can't fill the memory: 100 megapixels in colour.
const MOST_BYTES: u64 = 300 << 20;
/// Names of unusable files that are kept.
const NAMED: usize = 5;

/// What was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unusable {
    pub count: usize,
    /// Of the first of them, with the reason.
    pub examples: Vec<String>,
}

/// Reads every image under `root` as `shape` (channels, 1 or 3, height, width), on `threads` threads.
pub fn read(root: &Path, shape: [usize; 3], threads: usize) -> Result<Source, Error> {
    if ![1, 3].contains(&shape[0]) {
        return Err(Error::Planes { found: shape[0] });
    }
    let missing = |wanted: &str| Error::Missing { path: root.to_owned(), wanted: wanted.into() };
    let training = root.join("train");
    let test = TEST.map(|name| root.join(name)).into_iter().find(|path| path.is_dir());
    let test = test.ok_or_else(|| missing("folder test/ (or val/)"))?;
    let classes: Vec<String> =
        folders(&training).ok_or_else(|| missing("folder train/"))?.into_iter().collect();
    if classes.is_empty() {
        return Err(missing("folder of a class in train/"));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Error::Io { path: root.to_owned(), source: io::Error::other(error) })?;
    let mut unusable = Unusable::default();
    let mut part = |folder: &Path| {
        let files = files(folder, &classes)?;
        Ok::<_, Error>(decode(&files, shape, &pool, &mut unusable))
    };
    let (training, test) = (part(&training)?, part(&test)?);
    Ok(Source { training, test, classes, unusable })
}

/// The names of the folders in `folder`; none where that can't be read.
fn folders(folder: &Path) -> Option<BTreeSet<String>> {
    let entries = fs::read_dir(folder).ok()?;
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir());
    Some(folders.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
}

/// Images with their labels, in the order of classes and names: the split by seed means the same images everywhere.
fn files(folder: &Path, classes: &[String]) -> Result<Vec<(PathBuf, u16)>, Error> {
    let strangers = folders(folder).unwrap_or_default();
    if let Some(stranger) = strangers.into_iter().find(|name| !classes.contains(name)) {
        return Err(Error::Class { path: folder.join(stranger) });
    }
    let mut files = Vec::new();
    for (label, class) in classes.iter().enumerate() {
        let class = folder.join(class);
        let label = u16::try_from(label).map_err(|_| Error::Classes { path: folder.to_owned() })?;
        let mut of_class = Vec::new();
        collect(&class, &mut of_class);
        of_class.sort();
        files.extend(of_class.into_iter().map(|path| (path, label)));
    }
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
        if path.is_dir() {
            collect(&path, files);
        } else if ENDINGS.contains(&ending.as_str()) {
            files.push(path);
        }
    }
}

/// In the order of `files`, those that can be used.
fn decode(
    files: &[(PathBuf, u16)],
    shape: [usize; 3],
    pool: &rayon::ThreadPool,
    unusable: &mut Unusable,
) -> Images {
    let decoded: Vec<Result<Vec<u8>, String>> =
        pool.install(|| files.par_iter().map(|(path, _)| pixels(path, shape)).collect());
    let mut pixels = Vec::with_capacity(files.len() * shape.iter().product::<usize>());
    let mut labels = Vec::with_capacity(files.len());
    for ((path, label), decoded) in files.iter().zip(decoded) {
        match decoded {
            Ok(bytes) => {
                pixels.extend(bytes);
                labels.push(*label);
            }
            Err(reason) => unusable.add(path, &reason),
        }
    }
    Images { shape, pixels: pixels.into(), labels }
}

/// `[channels, height, width]` of the image at `path`.
fn pixels(path: &Path, [channels, height, width]: [usize; 3]) -> Result<Vec<u8>, String> {
    let image = open(path).map_err(|error| error.to_string())?;
    let [height, width] = [height as u32, width as u32];
    // No smaller than what is wanted; the middle of it.
    let covering = image.resize_to_fill(width, height, FilterType::Triangle);
    if channels == 1 {
        return Ok(covering.to_luma8().into_raw());
    }
    let interleaved = covering.to_rgb8().into_raw();
    let plane = |channel: usize| interleaved.iter().skip(channel).step_by(3).copied();
    Ok((0..channels).flat_map(plane).collect())
}

fn open(path: &Path) -> Result<DynamicImage, image::ImageError> {
    // By its content: endings lie.
    let mut reader = ImageReader::open(path)?.with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    reader.decode()
}

impl Unusable {
    fn add(&mut self, path: &Path, reason: &str) {
        self.count += 1;
        if self.examples.len() < NAMED {
            self.examples.push(format!("{}: {reason}", path.display()));
        }
    }
}
