//! Tiny data sets in the files' own format (IDX): three shades in noise, a label for each shade.

use std::fs;
use std::path::Path;

use common::seed::Seed;
use rand::RngExt;

const SIDE: usize = 8;

/// Settings that fit these images; a short search by real training.
pub const SETTINGS: &str = r#"
[study]
name = "shades"
[space]
channels = 4
cells_per_stage = 1
input = [1, 8, 8]
classes = 3
[data]
format = "idx"
training_images = 64
validation_images = 30
augmentation = "none"
[supernet]
epochs = 1
batch_size = 8
[training]
epochs = 2
batch_size = 8
[ladder]
one_shot = true
rung_epochs = 1
[carbon]
start = "2026-05-04T09:00Z"
hour_seconds = 1.0
[budget]
hours = 600
trainings = 1
[coordinator]
listen = "tcp://127.0.0.1:0"
[worker]
device = "cpu"
meter = "estimate"
threads = 1
give_up_s = 60.0
[local]
workers = 1
"#;

/// The four files of a sound data set, in `folder`.
pub fn write(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder for images");
    for (prefix, count) in [("train", 100), ("t10k", 30)] {
        let mut dice = Seed(1).stream(prefix, 0);
        let labels: Vec<u8> = (0..count).map(|image| (image % 3) as u8).collect();
        let mut shade = |label: u8| dice.random_range(0..100) + 70 * label;
        let pixels: Vec<u8> = labels.iter().flat_map(|&label| [label; SIDE * SIDE]).map(&mut shade).collect();
        let file = |name: &str, magic: u32, sizes: &[usize], content: &[u8]| {
            let words = std::iter::once(magic).chain(sizes.iter().map(|&size| size as u32));
            let bytes: Vec<u8> = words.flat_map(u32::to_be_bytes).chain(content.iter().copied()).collect();
            fs::write(folder.join(format!("{prefix}-{name}-ubyte")), bytes).expect("a file of images");
        };
        file("images-idx3", 0x803, &[count, SIDE, SIDE], &pixels);
        file("labels-idx1", 0x801, &[count], &labels);
    }
}

/// Cuts the training images short.
pub fn truncate(folder: &Path) {
    let path = folder.join("train-images-idx3-ubyte");
    let bytes = fs::read(&path).expect("the training images");
    fs::write(path, &bytes[..bytes.len() / 2]).expect("half of them");
}

/// Gives one image a label that no class has.
pub fn mislabel(folder: &Path) {
    let path = folder.join("train-labels-idx1-ubyte");
    let mut bytes = fs::read(&path).expect("the training labels");
    *bytes.last_mut().expect("some labels") = 9;
    fs::write(path, bytes).expect("the same with one changed");
}
