//! Images and labels: read from their makers' files, validated, divided by the study's seed. Torch-free but for `tensors`,
//! which puts them on a device. Nothing is downloaded here.
//!
//! | file | reads |
//! | --- | --- |
//! | `idx`, `cifar` | the files of MNIST and its successors, of CIFAR-10 and CIFAR-100 |
//! | `folder` | folders of JPEG and PNG files, decoded and scaled in parallel |
//! | `packed` | one file made of any of these, mapped into memory |

mod augmentation;
mod cifar;
mod error;
mod file;
mod folder;
mod idx;
mod packed;
mod pixels;
mod split;
#[cfg(feature = "torch")]
mod tensors;

use std::path::Path;

pub use augmentation::{Crop, FRAME_PIXELS, Moves, Placement, holes, moves, share};
pub use error::Error;
pub use folder::Unusable;
pub use pixels::Pixels;
pub use split::order;
#[cfg(feature = "torch")]
pub use tensors::{Draws, Holes, Loaded, Part};

use common::seed::Seed;
use common::space::SpaceSpec;
use common::study::{DataFormat, DataSpec};

/// Images of one shape with their labels, as they are on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// `[n, channels, height, width]`, row-major.
    pub pixels: Pixels,
    /// `[n]`
    pub labels: Vec<u16>,
}

/// A study's images and their three disjoint parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Of the training files.
    pub files: Images,
    /// Which of `files` train, and which validate.
    pub training: Vec<usize>,
    pub validation: Vec<usize>,
    pub test: Images,
    pub normalisation: Normalisation,
    pub classes: usize,
}

/// What images a space's networks take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Channels of an image.
    pub planes: usize,
    /// Height and width; none where networks scale images themselves.
    pub sides: Option<[usize; 2]>,
    /// Height and width that images of different sizes are brought to.
    pub scaled: [usize; 2],
    pub classes: usize,
}

/// Per channel, of pixel values scaled to [0, 1], over the training part alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalisation {
    pub mean: Vec<f64>,
    pub deviation: Vec<f64>,
}

impl Wanted {
    /// None where only the user's own program knows.
    pub fn by(space: &SpaceSpec) -> Option<Self> {
        let of = |[planes, height, width]: [u32; 3], classes: u32| {
            let sides = [height as usize, width as usize];
            let (planes, classes) = (planes as usize, classes as usize);
            Self { planes, sides: Some(sides), scaled: sides, classes }
        };
        match space {
            SpaceSpec::NasBench201(skeleton) => Some(of(skeleton.input, skeleton.classes)),
            SpaceSpec::Darts(skeleton) => Some(of(skeleton.input, skeleton.classes)),
            SpaceSpec::Mobile(design) => {
                let side = design.resolutions.last().copied().unwrap_or_default();
                Some(Self { sides: None, ..of([design.planes, side, side], design.classes) })
            }
            SpaceSpec::FreeForm(_) => None,
        }
    }
}

impl Images {
    pub fn len(&self) -> usize {
        self.labels.len()
    }
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// `[channels, height, width]` of the image at `index`.
    fn image(&self, index: usize) -> &[u8] {
        let size: usize = self.shape.iter().product();
        &self.pixels[index * size..(index + 1) * size]
    }
}

/// Reads and validates the images at `path` and divides them: the validation part is the same for every size of the
/// training part. Folders are decoded on `threads` threads.
pub fn load(
    path: &Path,
    spec: &DataSpec,
    wanted: Wanted,
    seed: Seed,
    threads: usize,
) -> Result<Dataset, Error> {
    let Source { training: files, test, unusable, .. } = read(path, spec.format, wanted, threads)?;
    if let Some(example) = unusable.examples.first() {
        // Which images a study has is not left to chance and the disk.
        return Err(Error::Unusable {
            path: path.to_owned(),
            count: unusable.count,
            example: example.clone(),
        });
    }
    let classes = wanted.classes;
    let [height, width] = wanted.sides.unwrap_or([files.shape[1], files.shape[2]]);
    for images in [&files, &test] {
        check(path, images, [wanted.planes, height, width], classes)?;
    }
    let (training, validation) =
        split::split(files.len(), spec.validation_images, spec.training_images, seed)?;
    let normalisation = normalisation(&files, &training);
    Ok(Dataset { files, training, validation, test, normalisation, classes })
}

/// What was packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    pub shape: [usize; 3],
    pub training: usize,
    pub test: usize,
    pub classes: usize,
    /// Left out.
    pub unusable: Unusable,
}

/// Makes one file, `to`, of the images at `path`: what can't be read is left out and told, everything else is as a study would
/// want it.
pub fn pack(
    path: &Path,
    format: DataFormat,
    wanted: Wanted,
    threads: usize,
    to: &Path,
) -> Result<Packed, Error> {
    let source = read(path, format, wanted, threads)?;
    let [height, width] = wanted.sides.unwrap_or([source.training.shape[1], source.training.shape[2]]);
    for images in [&source.training, &source.test] {
        check(path, images, [wanted.planes, height, width], wanted.classes)?;
    }
    let Source { training, test, classes, unusable } = source;
    packed::write(to, &training, &test, classes)?;
    let (shape, classes) = (training.shape, wanted.classes);
    Ok(Packed { shape, training: training.len(), test: test.len(), classes, unusable })
}

/// Images as they were found.
struct Source {
    training: Images,
    test: Images,
    /// Names in the order of the labels, where they have some.
    classes: Vec<String>,
    unusable: Unusable,
}

fn read(path: &Path, format: DataFormat, wanted: Wanted, threads: usize) -> Result<Source, Error> {
    let nameless = |(training, test)| {
        let (classes, unusable) = (Vec::new(), Unusable::default());
        Source { training, test, classes, unusable }
    };
    match format {
        DataFormat::Idx => idx::read(path).map(nameless),
        DataFormat::Cifar10 => cifar::read(path, cifar::Labels::Ten).map(nameless),
        DataFormat::Cifar100 => cifar::read(path, cifar::Labels::Hundred).map(nameless),
        DataFormat::Packed => packed::read(path).map(nameless),
        DataFormat::Folder => {
            let [height, width] = wanted.scaled;
            folder::read(path, [wanted.planes, height, width], threads)
        }
    }
}

fn check(path: &Path, images: &Images, shape: [usize; 3], classes: usize) -> Result<(), Error> {
    let path = || path.to_owned();
    if images.is_empty() {
        return Err(Error::Empty { path: path() });
    }
    if images.shape != shape {
        return Err(Error::Shape { path: path(), found: images.shape, expected: shape });
    }
    match images.labels.iter().position(|&label| usize::from(label) >= classes) {
        Some(image) => Err(Error::Label { path: path(), image, label: images.labels[image], classes }),
        None => Ok(()),
    }
}

/// Exact integer sums, so that the constants are the same on every machine. A channel that never varies is only centred.
fn normalisation(images: &Images, rows: &[usize]) -> Normalisation {
    let [channels, height, width] = images.shape;
    let mut sums = vec![(0_u64, 0_u64); channels];
    let planes = rows.iter().flat_map(|&row| images.image(row).chunks_exact(height * width).enumerate());
    for (channel, pixels) in planes {
        let (sum, squares) = &mut sums[channel];
        *sum += pixels.iter().map(|&pixel| u64::from(pixel)).sum::<u64>();
        *squares += pixels.iter().map(|&pixel| u64::from(pixel).pow(2)).sum::<u64>();
    }
    let count = (rows.len() * height * width) as f64;
    let mean = |sum: u64| sum as f64 / count / 255.0;
    let deviation = |(sum, squares): (u64, u64)| {
        let variance = (squares as f64 / count - (sum as f64 / count).powi(2)).max(0.0);
        if variance > 0.0 { variance.sqrt() / 255.0 } else { 1.0 }
    };
    Normalisation {
        mean: sums.iter().map(|&(sum, _)| mean(sum)).collect(),
        deviation: sums.into_iter().map(deviation).collect(),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
