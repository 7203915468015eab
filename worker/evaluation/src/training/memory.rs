//! What a training does when the device's memory is too small for a batch: it takes the batch in parts and adds their gradients up.

use std::io::{Write, stderr};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The device has no room for what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short;

/// Does `work`, unless the device runs short of memory in it. Any other panic goes on.
pub fn attempt<T>(work: impl FnOnce() -> T) -> Result<T, Short> {
    // A pass cut short leaves nothing behind but running statistics that have seen its images once more than they should.
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        match words.or_else(|| panic.downcast_ref::<&str>().copied()) {
            Some(words) if is_short(words) => Short,
            _ => resume_unwind(panic),
        }
    })
}

/// As libtorch words it, for GPUs and for processors.
fn is_short(words: &str) -> bool {
    words.contains("out of memory") || words.contains("can't allocate memory")
}

/// `[0, images)` in so many ranges of nearly one length.
pub fn parts(images: usize, parts: usize) -> impl Iterator<Item = Range<usize>> {
    (0..parts).map(move |part| part * images / parts..(part + 1) * images / parts)
}

/// For whoever reads the log of the process: figures of such a training are those of smaller batches for batch norms.
pub fn note(batch_size: usize, parts: usize) {
    // A log that can't be written ends no training.
    let _ = writeln!(
        stderr(),
        "out of memory: batches of {batch_size} images are taken in {parts} parts from here on"
    );
}

/// Where tests let memory run out; elsewhere nothing.
pub fn ask(images: usize) {
    #[cfg(test)]
    assert!(images <= ROOM.get(), "CUDA out of memory. Tried to allocate room for {images} images");
    #[cfg(not(test))]
    let _ = images;
}

#[cfg(test)]
thread_local! {
    /// Images that fit at once.
    pub static ROOM: std::cell::Cell<usize> = const { std::cell::Cell::new(usize::MAX) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_whole() {
        for (images, count) in [(8, 1), (8, 3), (7, 2), (5, 5)] {
            let all: Vec<usize> = parts(images, count).flatten().collect();
            assert_eq!(all, (0..images).collect::<Vec<_>>());
            assert!(parts(images, count).all(|part| !part.is_empty()));
        }
    }

    #[test]
    fn only_a_lack_of_memory_is_caught() {
        assert_eq!(attempt(|| 3), Ok(3));
        assert_eq!(attempt(|| panic!("CUDA out of memory. Tried to allocate 2.00 GiB")), Err::<(), _>(Short));
        assert!(catch_unwind(|| attempt(|| panic!("shapes differ"))).is_err());
    }
}
