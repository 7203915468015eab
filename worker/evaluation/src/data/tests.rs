//! Data files made on the spot: what is read is what was written, and every kind of damage is named with its cure.

use std::fs;
use std::io::Write;

use common::study::Augmentation;
use tempfile::TempDir;

use super::*;

fn idx(magic: u32, sizes: &[u32], content: &[u8]) -> Vec<u8> {
    let words = std::iter::once(magic).chain(sizes.iter().copied());
    words.flat_map(u32::to_be_bytes).chain(content.iter().copied()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Twelve training and four test images of 4×8; image `i` is filled with `i` and labelled `i % 3`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (prefix, count) in [("train", 12_u32), ("t10k", 4)] {
        let pixels: Vec<u8> = (0..count).flat_map(|image| vec![image as u8; 32]).collect();
        let labels: Vec<u8> = (0..count).map(|image| (image % 3) as u8).collect();
        let images = idx(0x803, &[count, 4, 8], &pixels);
        fs::write(folder.path().join(format!("{prefix}-images-idx3-ubyte")), images).unwrap();
        let labels = gzip(&idx(0x801, &[count], &labels));
        fs::write(folder.path().join(format!("{prefix}-labels-idx1-ubyte.gz")), labels).unwrap();
    }
    folder
}

fn spec() -> DataSpec {
    DataSpec {
        format: DataFormat::Idx,
        path: String::new(),
        validation_images: 4,
        training_images: Some(6),
        augmentation: Augmentation::None,
    }
}

const WANTED: Wanted = Wanted { planes: 1, sides: Some([4, 8]), scaled: [4, 8], classes: 3 };

fn load(path: &Path, spec: &DataSpec, wanted: Wanted, seed: Seed) -> Result<Dataset, Error> {
    super::load(path, spec, wanted, seed, 2)
}

#[test]
fn idx_files_plain_and_gzipped_are_read_and_divided() {
    let folder = folder();
    let data = load(folder.path(), &spec(), WANTED, Seed(5)).unwrap();
    assert_eq!((data.training.len(), data.validation.len(), data.test.len()), (6, 4, 4));
    assert_eq!(data.test.labels, [0, 1, 2, 0]);
    // An image's pixels tell its number in the file: labels stay with their images, and no image is in both parts.
    assert!(
        (0..data.files.len()).all(|row| u16::from(data.files.image(row)[0]) % 3 == data.files.labels[row])
    );
    assert!(data.training.iter().all(|row| !data.validation.contains(row)));

    let again = load(folder.path(), &spec(), WANTED, Seed(5)).unwrap();
    assert_eq!(data, again, "the seed fixes the split");
    let larger = DataSpec { training_images: None, ..spec() };
    let larger = load(folder.path(), &larger, WANTED, Seed(5)).unwrap();
    assert_eq!(larger.validation, data.validation, "validation does not depend on how many images train");
    assert_eq!(larger.training.len(), 8);
    let other = load(folder.path(), &spec(), WANTED, Seed(6)).unwrap();
    assert_ne!(other.training, data.training);
}

#[test]
fn normalisation_is_of_the_training_part() {
    let folder = folder();
    let data = load(folder.path(), &spec(), WANTED, Seed(5)).unwrap();
    let pixels = data.training.iter().flat_map(|&row| data.files.image(row));
    let values: Vec<f64> = pixels.map(|&pixel| f64::from(pixel) / 255.0).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
    assert!((data.normalisation.mean[0] - mean).abs() < 1e-12);
    assert!((data.normalisation.deviation[0] - variance.sqrt()).abs() < 1e-12);
}

#[test]
fn cifar_batches_are_read_in_the_order_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let record =
        |label: u8| std::iter::once(label).chain(std::iter::repeat_n(label * 10, 3072)).collect::<Vec<u8>>();
    fs::write(folder.path().join("data_batch_2.bin"), record(2)).unwrap();
    fs::write(folder.path().join("data_batch_1.bin.gz"), gzip(&[record(0), record(1)].concat())).unwrap();
    fs::write(folder.path().join("test_batch.bin"), record(1)).unwrap();
    let (training, test) = cifar::read(folder.path(), cifar::Labels::Ten).unwrap();
    assert_eq!(training.labels, [0, 1, 2]);
    assert_eq!((training.pixels[2 * 3072], test.labels.len(), test.shape), (20, 1, [3, 32, 32]));

    fs::write(folder.path().join("data_batch_2.bin"), &record(2)[1..]).unwrap();
    assert!(matches!(
        cifar::read(folder.path(), cifar::Labels::Ten),
        Err(Error::Length { found: 3072, expected: 3073, .. })
    ));
    fs::remove_file(folder.path().join("test_batch.bin")).unwrap();
    assert!(matches!(cifar::read(folder.path(), cifar::Labels::Ten), Err(Error::Missing { .. })));
}

#[test]
fn the_second_label_of_cifar_100_is_the_class() {
    let folder = tempfile::tempdir().unwrap();
    let record = |label: u8| [vec![19, label], vec![label; 3072]].concat();
    fs::write(folder.path().join("train.bin"), [record(99), record(4)].concat()).unwrap();
    fs::write(folder.path().join("test.bin"), record(7)).unwrap();
    let (training, test) = cifar::read(folder.path(), cifar::Labels::Hundred).unwrap();
    assert_eq!((training.labels, test.labels), (vec![99, 4], vec![7]));
    assert_eq!((training.pixels[0], training.pixels[3072], training.pixels.len()), (99, 4, 2 * 3072));
}

/// Twelve training and three test images in colour, of three sizes; their class is their shade. One ends in another format's name.
fn shades() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (part, count) in [("train", 4), ("val", 1)] {
        for (class, shade) in [("dark", 20_u8), ("light", 220), ("middle", 120)] {
            let inner = folder.path().join(part).join(class);
            fs::create_dir_all(&inner).unwrap();
            for number in 0..count {
                let (width, height) = [(8, 8), (20, 10), (9, 30)][number % 3];
                let image = image::RgbImage::from_pixel(width, height, image::Rgb([shade, 0, 255 - shade]));
                let ending = if number % 2 == 0 { "png" } else { "jpg" };
                image.save(inner.join(format!("{number}.{ending}"))).unwrap();
            }
        }
    }
    fs::rename(folder.path().join("train/dark/0.png"), folder.path().join("train/dark/0.JPEG")).unwrap();
    folder
}

const IN_COLOUR: Wanted = Wanted { planes: 3, sides: Some([8, 8]), scaled: [8, 8], classes: 3 };

fn of_folder() -> DataSpec {
    DataSpec { format: DataFormat::Folder, training_images: None, ..spec() }
}

#[test]
fn folders_of_images_are_decoded_scaled_and_labelled_by_their_names() {
    let folder = shades();
    let data = load(folder.path(), &of_folder(), IN_COLOUR, Seed(5)).unwrap();
    assert_eq!((data.files.len(), data.training.len(), data.test.len()), (12, 8, 3));
    assert_eq!(data.test.labels, [0, 1, 2], "in the order of the names");
    for (row, &label) in data.files.labels.iter().enumerate() {
        let [red, green, blue] = [0, 64, 128].map(|plane| data.files.image(row)[plane + 27]);
        let shade = [20, 220, 120][usize::from(label)];
        // JPEG is not exact.
        let near = |found: u8, wanted: u8| found.abs_diff(wanted) < 8;
        assert!(near(red, shade) && near(green, 0) && near(blue, 255 - shade), "{row}: {red} {green} {blue}");
    }
    let grey = Wanted { planes: 1, ..IN_COLOUR };
    assert_eq!(load(folder.path(), &of_folder(), grey, Seed(5)).unwrap().files.shape, [1, 8, 8]);
}

#[test]
fn what_is_wrong_with_a_folder_is_told() {
    let told = |damage: &dyn Fn(&Path), wanted: Wanted| {
        let folder = shades();
        damage(folder.path());
        load(folder.path(), &of_folder(), wanted, Seed(5)).unwrap_err().to_string()
    };
    let damaged = told(&|path| fs::write(path.join("train/light/1.jpg"), b"no picture").unwrap(), IN_COLOUR);
    assert!(
        damaged.contains("1 images") && damaged.contains("light/1.jpg") && damaged.contains("data pack"),
        "{damaged}"
    );
    assert!(told(&|path| fs::remove_dir_all(path.join("val")).unwrap(), IN_COLOUR).contains("test/"));
    assert!(told(&|path| fs::remove_dir_all(path.join("train")).unwrap(), IN_COLOUR).contains("train/"));
    let stranger = told(&|path| fs::create_dir(path.join("val/odd")).unwrap(), IN_COLOUR);
    assert!(stranger.contains("val/odd"), "{stranger}");
    assert!(told(&|_| (), Wanted { planes: 2, ..IN_COLOUR }).contains("space.input"));
    assert!(told(&|_| (), Wanted { classes: 2, ..IN_COLOUR }).contains("2 classes"));
}

#[test]
fn a_packed_file_is_what_it_was_made_of_less_what_is_unusable() {
    let folder = shades();
    let packed = folder.path().join("shades.packed");
    let pack = || pack(folder.path(), DataFormat::Folder, IN_COLOUR, 2, &packed).unwrap();
    let made = pack();
    assert_eq!((made.training, made.test, made.shape, made.unusable.count), (12, 3, [3, 8, 8], 0));
    let spec = DataSpec { format: DataFormat::Packed, ..of_folder() };
    let of_file = load(&packed, &spec, IN_COLOUR, Seed(5)).unwrap();
    assert_eq!(of_file, load(folder.path(), &of_folder(), IN_COLOUR, Seed(5)).unwrap());

    fs::write(folder.path().join("train/light/1.jpg"), b"no picture").unwrap();
    let made = pack();
    assert_eq!((made.training, made.unusable.count), (11, 1));
    assert!(made.unusable.examples[0].contains("light/1.jpg"), "{made:?}");
    assert_eq!(load(&packed, &spec, IN_COLOUR, Seed(5)).unwrap().files.len(), 11);

    let bytes = fs::read(&packed).unwrap();
    fs::write(&packed, &bytes[..bytes.len() - 1]).unwrap();
    assert!(matches!(load(&packed, &spec, IN_COLOUR, Seed(5)), Err(Error::Length { .. })));
    for foreign in [&b"no packed file"[..], &bytes[..12], &[]] {
        fs::write(&packed, foreign).unwrap();
        assert!(matches!(load(&packed, &spec, IN_COLOUR, Seed(5)), Err(Error::Foreign { .. })));
    }
}

/// Loads after `damage` and returns the message.
fn message(damage: impl FnOnce(&Path), spec: &DataSpec) -> String {
    let folder = folder();
    damage(folder.path());
    load(folder.path(), spec, WANTED, Seed(5)).unwrap_err().to_string()
}

#[test]
fn damage_is_named_with_its_cure() {
    let images = "train-images-idx3-ubyte";
    let labels = "t10k-labels-idx1-ubyte.gz";
    let write =
        |name: &'static str, bytes: Vec<u8>| move |path: &Path| fs::write(path.join(name), bytes).unwrap();
    let check = |message: String, words: &[&str]| {
        for word in words {
            assert!(message.contains(word), "`{word}` in: {message}");
        }
    };
    check(
        message(|path| fs::remove_file(path.join(images)).unwrap(), &spec()),
        &[images, "fetch", "data.path"],
    );
    check(
        message(write(images, idx(0x803, &[12, 4, 8], &[0; 383])), &spec()),
        &["truncated", "399", "400", "fetch"],
    );
    check(message(write(images, vec![0; 3]), &spec()), &["truncated", "3 bytes"]);
    check(message(write(images, idx(0x803, &[u32::MAX; 3], &[0; 9])), &spec()), &["truncated"]);
    check(message(write(images, idx(0x801, &[12, 4, 8], &[0; 384])), &spec()), &["0x00000801", "0x00000803"]);
    check(message(write(images, idx(0x803, &[11, 4, 8], &[0; 352])), &spec()), &["11 images", "12 labels"]);
    check(
        message(write(images, idx(0x803, &[12, 8, 4], &[0; 384])), &spec()),
        &["1×8×4", "1×4×8", "space.input"],
    );
    check(
        message(write(labels, gzip(&idx(0x801, &[4], &[0, 1, 3, 2]))), &spec()),
        &["image 2", "label 3", "3 classes"],
    );
    check(message(write(labels, gzip(&idx(0x801, &[4], &[0; 4]))[..20].to_vec()), &spec()), &["truncated"]);
    check(message(write(labels, b"not gzip".to_vec()), &spec()), &[labels]);
    let greedy = DataSpec { training_images: Some(9), ..spec() };
    check(message(|_| {}, &greedy), &["hold 12", "data.training_images"]);
    let blind = DataSpec { validation_images: 0, ..spec() };
    check(message(|_| {}, &blind), &["data.validation_images"]);
}

#[test]
fn an_epoch_visits_every_image_once_in_an_order_of_its_own() {
    let mut first = order(50, Seed(1), 0);
    assert_eq!(first, order(50, Seed(1), 0));
    assert_ne!(first, order(50, Seed(1), 1));
    first.sort_unstable();
    assert_eq!(first, (0..50).collect::<Vec<_>>());
}

#[test]
fn placements_stay_in_the_frame_and_use_it() {
    let draw = |augmentation| moves(augmentation, 2000, [4, 8], &mut Seed(1).stream("test", 0));
    assert_eq!(draw(Augmentation::None), Moves::Stay);
    let Moves::Place(flips) = draw(Augmentation::Flip) else { panic!("placed") };
    assert!(flips.iter().all(|placement| (placement.top, placement.left) == (FRAME_PIXELS, FRAME_PIXELS)));
    let mirrored = flips.iter().filter(|placement| placement.mirrored).count();
    assert!((900..1100).contains(&mirrored), "{mirrored} of 2000");
    let Moves::Place(crops) = draw(Augmentation::FlipCrop) else { panic!("placed") };
    for offset in 0..=2 * FRAME_PIXELS {
        assert!(
            crops.iter().any(|placement| placement.top == offset) && crops.iter().any(|p| p.left == offset)
        );
    }
    assert!(crops.iter().all(|p| p.top <= 2 * FRAME_PIXELS && p.left <= 2 * FRAME_PIXELS));
}

/// Three images of 4×8 whose pixels count from 0 on; normalised they are what they were.
#[cfg(feature = "torch")]
fn counting() -> Loaded {
    let image = |image: usize| (0..32).map(move |pixel| (image * 32 + pixel) as u8);
    let pixels: Vec<u8> = (0..3).flat_map(image).collect();
    let images = Images { shape: [1, 4, 8], pixels: pixels.into(), labels: vec![0, 1, 2] };
    let normalisation = Normalisation { mean: vec![0.0], deviation: vec![1.0 / 255.0] };
    let dataset = Dataset {
        files: images.clone(),
        training: vec![0, 1, 2],
        validation: vec![0, 1, 2],
        test: images,
        normalisation,
        classes: 3,
    };
    Loaded::new(&dataset, tch::Device::Cpu)
}

#[cfg(feature = "torch")]
#[test]
fn batches_are_cut_and_mirrored_as_placed() {
    use tch::{Kind, Tensor};
    let loaded = counting();
    let placements = [
        Placement { mirrored: false, top: FRAME_PIXELS, left: FRAME_PIXELS },
        Placement { mirrored: true, top: FRAME_PIXELS + 1, left: FRAME_PIXELS },
        Placement { mirrored: false, top: 0, left: 0 },
    ];
    // The second batch of an epoch.
    let epoch = Moves::Place([&placements[2..], &placements].concat());
    let (batch, labels) = loaded.training_batch(&loaded.draws(&[1, 2, 1, 0], &epoch, None), 1, 3);
    assert_eq!(Vec::<i64>::try_from(labels).unwrap(), [2, 1, 0]);
    let row = |image: i64, row: i64| Vec::<f32>::try_from(batch.get(image).get(0).get(row)).unwrap();
    assert_eq!(row(0, 0), (64..72).map(|pixel| pixel as f32).collect::<Vec<_>>(), "untouched");
    assert_eq!(row(1, 0), (40..48).rev().map(|pixel| pixel as f32).collect::<Vec<_>>(), "a row up, mirrored");
    assert_eq!(row(1, 3), [0.0; 8], "the frame");
    assert_eq!(row(2, 0), [0.0; 8]);
    assert_eq!(
        batch.get(2).sum(Kind::Float).double_value(&[]),
        0.0,
        "an image of height 4 leaves through a frame of 4"
    );
    let (plain, _) = loaded.training_batch(&loaded.draws(&[2, 1, 0], &Moves::Stay, None), 0, 3);
    assert!(plain.get(0).equal(&batch.get(0)) && Tensor::isfinite(&plain).all().int64_value(&[]) == 1);
}

#[cfg(feature = "torch")]
#[test]
fn a_crop_is_scaled_to_the_whole() {
    let loaded = counting();
    let whole = Crop { mirrored: false, corner: [0.0; 2], size: [1.0; 2] };
    let mirrored = Crop { mirrored: true, ..whole };
    let quarter = Crop { corner: [0.5; 2], size: [0.5; 2], ..whole };
    let moves = Moves::Crop(vec![whole, mirrored, quarter]);
    let (batch, _) = loaded.training_batch(&loaded.draws(&[0, 0, 0], &moves, None), 0, 3);
    let row = |image: i64, row: i64| -> Vec<f32> {
        let values: Vec<f32> = batch.get(image).get(0).get(row).try_into().unwrap();
        values.into_iter().map(|value| (value * 100.0).round() / 100.0).collect()
    };
    assert_eq!(row(0, 1), [8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0]);
    assert_eq!(row(1, 1), [15.0, 14.0, 13.0, 12.0, 11.0, 10.0, 9.0, 8.0]);
    // Rows 2 and 3, columns 4 to 7, each pixel as two: the first of them lies a quarter of a pixel towards the one before.
    assert_eq!(row(2, 0), [17.75, 18.25, 18.75, 19.25, 19.75, 20.25, 20.75, 21.0]);
}

#[cfg(feature = "torch")]
#[test]
fn squares_are_blanked_and_cut_off_at_the_border() {
    let loaded = counting();
    let holes = Holes { middles: vec![[1, 2], [0, 7], [3, 0]], side: 2 };
    let draws = loaded.draws(&[1, 1, 1], &Moves::Stay, Some(&holes));
    let (batch, _) = loaded.training_batch(&draws, 0, 3);
    let blank = |image: i64| -> Vec<(i64, i64)> {
        let places = (0..4).flat_map(|row| (0..8).map(move |column| (row, column)));
        places.filter(|&(row, column)| batch.double_value(&[image, 0, row, column]) == 0.0).collect()
    };
    assert_eq!(blank(0), [(0, 1), (0, 2), (1, 1), (1, 2)]);
    assert_eq!(blank(1), [(0, 6), (0, 7)]);
    assert_eq!(blank(2), [(2, 0), (3, 0)]);
}

/// The folder of recorded data beside the checkout, or where `CENAS_DATA` says.
fn recorded(name: &str) -> Option<std::path::PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("CENAS_DATA").map_or(beside, Into::into).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {name} is not here (set CENAS_DATA)");
    None
}

#[test]
fn a_recorded_part_of_cifar_10_is_read() {
    let Some(folder) = recorded("cifar10_subset") else { return };
    let spec =
        DataSpec { format: DataFormat::Cifar10, validation_images: 1000, training_images: None, ..spec() };
    let wanted = Wanted { planes: 3, sides: Some([32, 32]), scaled: [32, 32], classes: 10 };
    let data = load(&folder, &spec, wanted, Seed(1)).unwrap();
    assert_eq!((data.training.len(), data.validation.len(), data.test.len()), (4000, 1000, 1000));
    // Near the constants that everyone quotes for the whole of CIFAR-10.
    for (found, quoted) in data.normalisation.mean.iter().zip([0.4914, 0.4822, 0.4465]) {
        assert!((found - quoted).abs() < 0.02, "{:?}", data.normalisation);
    }
}
