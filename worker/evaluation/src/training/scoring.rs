//! The error of a path, and batch-norm statistics measured afresh for it. Nothing is learnt here.

use tch::Kind;

use crate::data::{Loaded, Part};
use crate::network::{CellNetwork, Path, Statistics};

/// Small enough for the processor's cache to hold a layer's output, large enough to feed it.
const BATCH: usize = 128;

/// The share misclassified of the first `images` of `part`. `attend` is called before each batch and may end the scoring.
pub fn score<E>(
    network: &CellNetwork,
    path: &Path,
    data: &Loaded,
    part: &Part,
    images: usize,
    mut attend: impl FnMut() -> Result<(), E>,
) -> Result<f64, E> {
    let _guard = tch::no_grad_guard();
    let mut right = 0;
    for start in (0..images).step_by(BATCH) {
        attend()?;
        let (batch, labels) = data.batch(part, start, BATCH.min(images - start));
        let guesses = network.forward(&batch, path, Statistics::Running).argmax(1, false);
        right += guesses.eq_tensor(&labels).sum(Kind::Int64).int64_value(&[]);
    }
    Ok(1.0 - right as f64 / images as f64)
}

/// Sets the running statistics along `path` to the mean over batches of the first `images` training images: those that
/// a supernet's training left are mixtures over all paths.
pub fn recalibrate<E>(
    network: &CellNetwork,
    path: &Path,
    data: &Loaded,
    images: usize,
    mut attend: impl FnMut() -> Result<(), E>,
) -> Result<(), E> {
    let _guard = tch::no_grad_guard();
    // Whole batches only, unless there is just one: a short one would count for more than its images.
    for (turn, start) in (0..=images.saturating_sub(BATCH)).step_by(BATCH).enumerate() {
        attend()?;
        let (batch, _) = data.batch(&data.training, start, BATCH.min(images));
        // Shares 1, 1/2, 1/3 … make the running value the plain mean, whatever it was before.
        let _ = network.forward(&batch, path, Statistics::Batch { share: 1.0 / (turn + 1) as f64 });
    }
    Ok(())
}
