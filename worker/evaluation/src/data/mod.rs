//! Images and labels: read from their makers' files, validated, divided by the study's seed. Torch-free but for `tensors`,
//! which puts them on a device. Nothing is downloaded here.

mod augmentation;
mod cifar;
mod error;
mod file;
mod idx;
mod split;
#[cfg(feature = "torch")]
mod tensors;

use std::path::Path;

pub use augmentation::{Crop, FRAME_PIXELS, Moves, Placement, holes, moves, share};
pub use error::Error;
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
    pub pixels: Vec<u8>,
    /// `[n]`
    pub labels: Vec<u8>,
}

/// The three disjoint parts of a study's images.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    pub training: Images,
    pub validation: Images,
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
        let of = |[planes, height, width]: [u32; 3], classes: u32| Self {
            planes: planes as usize,
            sides: Some([height as usize, width as usize]),
            classes: classes as usize,
        };
        match space {
            SpaceSpec::NasBench201(skeleton) => Some(of(skeleton.input, skeleton.classes)),
            SpaceSpec::Darts(skeleton) => Some(of(skeleton.input, skeleton.classes)),
            SpaceSpec::Mobile(design) => {
                Some(Self { sides: None, ..of([design.planes, 0, 0], design.classes) })
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

    /// The images at `indices`, in that order.
    pub fn pick(&self, indices: &[usize]) -> Self {
        let size: usize = self.shape.iter().product();
        let pixels = indices.iter().flat_map(|&i| &self.pixels[i * size..(i + 1) * size]).copied().collect();
        let labels = indices.iter().map(|&i| self.labels[i]).collect();
        Self { shape: self.shape, pixels, labels }
    }
}

/// Reads and validates the images at `path` and divides them: the validation part is the same for every size of the
/// training part.
pub fn load(path: &Path, spec: &DataSpec, wanted: Wanted, seed: Seed) -> Result<Dataset, Error> {
    let (files, test) = match spec.format {
        DataFormat::Idx => idx::read(path)?,
        DataFormat::Cifar10 => cifar::read(path)?,
    };
    let classes = wanted.classes;
    let [height, width] = wanted.sides.unwrap_or([files.shape[1], files.shape[2]]);
    for images in [&files, &test] {
        check(path, images, [wanted.planes, height, width], classes)?;
    }
    let (training, validation) =
        split::split(files.len(), spec.validation_images, spec.training_images, seed)?;
    let training = files.pick(&training);
    let normalisation = normalisation(&training);
    Ok(Dataset { validation: files.pick(&validation), training, test, normalisation, classes })
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
fn normalisation(images: &Images) -> Normalisation {
    let [channels, height, width] = images.shape;
    let mut sums = vec![(0_u64, 0_u64); channels];
    for (plane, pixels) in images.pixels.chunks_exact(height * width).enumerate() {
        let (sum, squares) = &mut sums[plane % channels];
        *sum += pixels.iter().map(|&pixel| u64::from(pixel)).sum::<u64>();
        *squares += pixels.iter().map(|&pixel| u64::from(pixel).pow(2)).sum::<u64>();
    }
    let count = (images.len() * height * width) as f64;
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
