//! The error of a network, or of a supernet's path, and batch-norm statistics measured afresh for it. Nothing is learnt here.

use common::architecture::Architecture;
use tch::{Device, Kind, Tensor};

use super::memory;
use crate::data::{Loaded, Part};
use crate::network::{Network, Statistics};

/// Images whose statistics are taken together, as training takes them batch by batch; small enough for a processor's cache to hold
/// a layer's output, large enough to feed it.
const BATCH: usize = 128;
/// Numbers in the images of one pass, as its first stage sees them (64 MiB in half precision): on a GPU small passes leave most
/// of it waiting for the next kernel, on a processor large images come a few at a time.
const NUMBERS_OF_PASS: usize = 1 << 25;

/// The share misclassified of the first `images` of `part`. `attend` is called before each pass and may end the scoring.
pub fn score<E>(
    network: &Network,
    path: &Architecture,
    data: &Loaded,
    part: &Part,
    images: usize,
    mut attend: impl FnMut() -> Result<(), E>,
) -> Result<f64, E> {
    let _guard = tch::no_grad_guard();
    let device = network.weights.form().device;
    let mut most = match device {
        Device::Cuda(_) => batches_of_pass(network) * BATCH,
        _ => BATCH.min((NUMBERS_OF_PASS / network.numbers()).max(1)),
    };
    // Counted on the device: one look at the end.
    let mut right = Tensor::zeros([], (Kind::Int64, device));
    let mut done = 0;
    while done < images {
        attend()?;
        let count = most.min(images - done);
        let pass = || {
            memory::ask(count);
            let (batch, labels) = data.batch(part, done, count);
            let guesses = network.forward(&batch, path, Statistics::Running).argmax(1, false);
            guesses.eq_tensor(&labels).sum(Kind::Int64)
        };
        match memory::attempt(pass) {
            Ok(found) => {
                right += found;
                done += count;
            }
            // Nothing else depends on how many are taken at once.
            Err(memory::Short) if count > 1 => most = count / 2,
            Err(memory::Short) => panic!("the device has too little memory for one image"),
        }
    }
    Ok(1.0 - right.int64_value(&[]) as f64 / images as f64)
}

/// Sets the running statistics along `path` to the mean over batches of the first `images` training images: those that
/// a supernet's training left are mixtures over all paths.
pub fn recalibrate<E>(
    network: &Network,
    path: &Architecture,
    data: &Loaded,
    images: usize,
    attend: impl FnMut() -> Result<(), E>,
) -> Result<(), E> {
    // Whole batches only, unless there is just one: a short one would count for more than its images.
    let batch = BATCH.min(images);
    let batches_of_pass = match network.weights.form().device {
        Device::Cuda(_) => batches_of_pass(network),
        _ => 1,
    };
    recalibrate_by(network, path, data, [images / batch, batches_of_pass, batch], attend)
}

/// `batches` of `batch` images each, so many of them in one pass.
pub(super) fn recalibrate_by<E>(
    network: &Network,
    path: &Architecture,
    data: &Loaded,
    [batches, batches_of_pass, batch]: [usize; 3],
    mut attend: impl FnMut() -> Result<(), E>,
) -> Result<(), E> {
    let _guard = tch::no_grad_guard();
    // A pass cut short has moved some statistics: all begin anew, with fewer batches at once.
    let mut batches_of_pass = batches_of_pass;
    let mut done = 0;
    while done < batches {
        attend()?;
        let groups = batches_of_pass.min(batches - done);
        let pass = || {
            memory::ask(groups * batch);
            let (images, _) = data.batch(&data.training, done * batch, groups * batch);
            // Shares 1, 1/2, 1/3 … make the running value the plain mean, whatever it was before.
            let share = groups as f64 / (done + groups) as f64;
            let statistics = match groups {
                1 => Statistics::Batch { share },
                _ => Statistics::Groups { images: batch as i64, share },
            };
            drop(network.forward(&images, path, statistics));
        };
        match memory::attempt(pass) {
            Ok(()) => done += groups,
            Err(memory::Short) if groups > 1 => (batches_of_pass, done) = (groups / 2, 0),
            Err(memory::Short) => panic!("the device has too little memory for {batch} images at once"),
        }
    }
    Ok(())
}

fn batches_of_pass(network: &Network) -> usize {
    (NUMBERS_OF_PASS / (network.numbers() * BATCH)).clamp(1, 64)
}
