//! How each image of a batch is mirrored, cut and blanked; drawn here, done on the device by `tensors`.

use common::study::Augmentation;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Black pixels around an image that a random cut may include (He et al. 2016, as NAS-Bench-201 does).
pub const FRAME_PIXELS: usize = 4;
/// Of the area and of width to height of a resized crop (Szegedy et al., CVPR 2015).
const AREA: std::ops::Range<f64> = 0.08..1.0;
const RATIO: std::ops::Range<f64> = 3.0 / 4.0..4.0 / 3.0;
/// Draws until the whole image is taken: nearly all fit at once.
const DRAWS: usize = 10;

/// Where one image is cut from its frame, and whether it is mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    pub mirrored: bool,
    /// Rows and columns from the frame's corner; `FRAME_PIXELS` leaves the image where it was.
    pub top: usize,
    pub left: usize,
}

/// Which part of one image is scaled to its whole size, and whether it is mirrored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crop {
    pub mirrored: bool,
    /// Of the upper left corner, of height and width: shares of the image's.
    pub corner: [f64; 2],
    pub size: [f64; 2],
}

/// What becomes of the images of a batch: an entry for each, or none at all.
#[derive(Debug, Clone, PartialEq)]
pub enum Moves {
    Stay,
    Place(Vec<Placement>),
    Crop(Vec<Crop>),
}

/// Moves of `images` images of `sides` pixels (height, width).
pub fn moves(augmentation: Augmentation, images: usize, sides: [usize; 2], rng: &mut ChaCha8Rng) -> Moves {
    let offset = |rng: &mut ChaCha8Rng| match augmentation {
        Augmentation::FlipCrop => rng.random_range(0..=2 * FRAME_PIXELS as u32) as usize,
        _ => FRAME_PIXELS,
    };
    match augmentation {
        Augmentation::None => Moves::Stay,
        Augmentation::FlipResizedCrop => Moves::Crop((0..images).map(|_| crop(sides, rng)).collect()),
        Augmentation::Flip | Augmentation::FlipCrop => {
            let place = |rng: &mut ChaCha8Rng| Placement {
                mirrored: rng.random_bool(0.5),
                top: offset(rng),
                left: offset(rng),
            };
            Moves::Place((0..images).map(|_| place(rng)).collect())
        }
    }
}

fn crop([height, width]: [usize; 2], rng: &mut ChaCha8Rng) -> Crop {
    let mirrored = rng.random_bool(0.5);
    // Width to height, both in shares of the image's.
    let square = height as f64 / width as f64;
    for _ in 0..DRAWS {
        let area: f64 = rng.random_range(AREA);
        let ratio = rng.random_range(RATIO.start.ln()..RATIO.end.ln()).exp() * square;
        let size = [(area / ratio).sqrt(), (area * ratio).sqrt()];
        if size.iter().all(|&side| side <= 1.0) {
            let corner = size.map(|side| rng.random::<f64>() * (1.0 - side));
            return Crop { mirrored, corner, size };
        }
    }
    Crop { mirrored, corner: [0.0; 2], size: [1.0; 2] }
}

/// Middles (row, column) of the squares that are blanked in `images` images, anywhere in the image, so that some reach beyond it
/// (DeVries and Taylor 2017).
pub fn holes(images: usize, sides: [usize; 2], rng: &mut ChaCha8Rng) -> Vec<[i64; 2]> {
    (0..images).map(|_| sides.map(|side| rng.random_range(0..side as u32).into())).collect()
}

/// A share λ drawn from Beta(α, α) for 0 < α ≤ 1 (Jöhnk 1964), in logarithms, as small α makes tiny numbers.
pub fn share(alpha: f64, rng: &mut ChaCha8Rng) -> f64 {
    loop {
        // In (0, 1], so that the logarithms are finite.
        let mut draw = || (1.0 - rng.random::<f64>()).ln() / alpha;
        let (one, other) = (draw(), draw());
        if one.exp() + other.exp() <= 1.0 {
            return 1.0 / (1.0 + (other - one).exp());
        }
    }
}

#[cfg(test)]
mod tests {
    use common::seed::Seed;

    use super::*;

    #[test]
    fn shares_have_the_mean_and_variance_of_their_distribution() {
        for alpha in [0.05, 0.2, 1.0] {
            let mut rng = Seed(1).stream("shares", 0);
            let drawn: Vec<f64> = (0..20_000).map(|_| share(alpha, &mut rng)).collect();
            let mean = drawn.iter().sum::<f64>() / 20_000.0;
            let variance = drawn.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / 20_000.0;
            // Var Beta(α, α) = 1 / (4 (2α + 1)).
            let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            assert!(
                (mean - 0.5).abs() < 0.01 && (variance - expected).abs() < 0.01,
                "{alpha}: {mean} {variance}"
            );
        }
    }

    #[test]
    fn crops_lie_inside_and_have_the_area_and_shape_that_is_asked_for() {
        let mut rng = Seed(1).stream("crops", 0);
        for _ in 0..500 {
            let Crop { corner, size, .. } = crop([20, 30], &mut rng);
            assert!(
                corner.iter().zip(size).all(|(corner, side)| *corner >= 0.0 && corner + side <= 1.0 + 1e-12)
            );
            let [height, width] = [size[0] * 20.0, size[1] * 30.0];
            assert!((0.08..=1.0 + 1e-12).contains(&(size[0] * size[1])), "{size:?}");
            assert!(size == [1.0; 2] || (0.749..1.334).contains(&(width / height)), "{size:?}");
        }
    }
}
