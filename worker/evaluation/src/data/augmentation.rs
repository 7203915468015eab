//! How each image of a batch is mirrored and cut; drawn here, done on the device by `tensors`.

use common::study::Augmentation;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Black pixels around an image that a random cut may include (He et al. 2016, as NAS-Bench-201 does).
pub const FRAME_PIXELS: usize = 4;

/// Where one image is cut from its frame, and whether it is mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    pub mirrored: bool,
    /// Rows and columns from the frame's corner; `FRAME_PIXELS` leaves the image where it was.
    pub top: usize,
    pub left: usize,
}

/// A placement for each of `images`; none where images stay as they are.
pub fn placements(augmentation: Augmentation, images: usize, rng: &mut ChaCha8Rng) -> Option<Vec<Placement>> {
    let offset = |rng: &mut ChaCha8Rng| match augmentation {
        Augmentation::FlipCrop => rng.random_range(0..=2 * FRAME_PIXELS as u32) as usize,
        Augmentation::None | Augmentation::Flip => FRAME_PIXELS,
    };
    (augmentation != Augmentation::None).then(|| {
        (0..images)
            .map(|_| Placement { mirrored: rng.random_bool(0.5), top: offset(rng), left: offset(rng) })
            .collect()
    })
}
