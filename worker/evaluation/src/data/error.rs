//! What can be wrong with a study's images, and what to do about it.

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "no {wanted} in {}; fetch the data set (scripts/fetch-fashion-mnist) or set data.path to its folder",
        path.display()
    )]
    Missing { path: PathBuf, wanted: String },
    #[error("{} cannot be read: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is not an IDX file of {wanted}: it begins with {found:#010x}, not {expected:#010x}; fetch it again, or set data.format", path.display())]
    Magic { path: PathBuf, wanted: &'static str, found: u32, expected: u32 },
    #[error("{} is truncated or damaged: {found} bytes where {expected} belong; fetch it again", path.display())]
    Length { path: PathBuf, found: u64, expected: u64 },
    #[error("{} unpacks to more than {limit} bytes, which no known data set does; fetch it again", path.display())]
    TooLarge { path: PathBuf, limit: u64 },
    #[error("{} holds {images} images but {labels} labels; fetch both files again", path.display())]
    Count { path: PathBuf, images: usize, labels: usize },
    #[error("{} holds no images; fetch it again", path.display())]
    Empty { path: PathBuf },
    #[error("image {image} of {} has label {label}, but the study has {classes} classes; fetch the data again or set space.classes", path.display())]
    Label { path: PathBuf, image: usize, label: u16, classes: usize },
    #[error("{} is a class that train/ does not have; rename or remove the folder", path.display())]
    Class { path: PathBuf },
    #[error("{} has more than 65536 classes", path.display())]
    Classes { path: PathBuf },
    #[error(
        "images of folders are grey or in colour, and the study's networks take {found} channels; set space.input to 1 or 3 of them"
    )]
    Planes { found: usize },
    #[error("{count} images under {} can't be used (the first: {example}); remove them, or let `ce-nas data pack` leave them out", path.display())]
    Unusable { path: PathBuf, count: usize, example: String },
    #[error("{} is no packed file of this release; make it again by `ce-nas data pack`, or set data.format", path.display())]
    Foreign { path: PathBuf },
    #[error(
        "the images in {} are {}, the study's networks take {}; set space.input to the images' shape",
        path.display(), shape(found), shape(expected)
    )]
    Shape { path: PathBuf, found: [usize; 3], expected: [usize; 3] },
    #[error(
        "{validation} validation and {training} training images are wanted, but the training files hold {available}; lower data.validation_images or data.training_images"
    )]
    TooFew { validation: usize, training: usize, available: usize },
    #[error(
        "the study divides its images into {validation} for validation and {training} for training; both must be at least 1: set data.validation_images and data.training_images"
    )]
    EmptyPart { validation: usize, training: usize },
}

fn shape([channels, height, width]: &[usize; 3]) -> String {
    format!("{channels}×{height}×{width}")
}
