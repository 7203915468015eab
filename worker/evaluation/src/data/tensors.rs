//! The parts of a data set on a device, and batches of them as normalised floats.

use tch::{Device, Kind, Tensor};

use super::{Crop, Dataset, FRAME_PIXELS, Images, Moves, Normalisation, Pixels, Placement};

/// One part.
#[derive(Debug)]
pub struct Part {
    /// Bytes `[m, c, h, w]`, of this part and perhaps of another.
    images: Tensor,
    /// `[n]`, which of the images are this part's; none where all are.
    rows: Option<Tensor>,
    /// `[n]`, 64-bit integers.
    labels: Tensor,
    len: usize,
}

#[derive(Debug)]
pub struct Loaded {
    pub training: Part,
    pub validation: Part,
    pub test: Part,
    pub normalisation: Normalisation,
    pub classes: usize,
    /// `[1, c, 1, 1]`: a byte times `scale` plus `shift` is its normalised value.
    scale: Tensor,
    shift: Tensor,
    /// What images on a processor lie in.
    _pixels: [Pixels; 2],
}

/// Which training images the batches of an epoch take, and what becomes of each, on the device: copied there once, for a copy that
/// is waited for in every step would leave a GPU idle.
#[derive(Debug)]
pub struct Draws {
    /// `[n]`, rows of the training part's images.
    rows: Tensor,
    /// `[n]`
    labels: Tensor,
    moved: Moved,
    /// `[n, 1, 1]` each, rows and columns of the middles of what is blanked, and the side of the square.
    holes: Option<([Tensor; 2], i64)>,
}

#[derive(Debug)]
enum Moved {
    Not,
    /// `[n, 1, 1]` each, see `place`.
    Placed([Tensor; 2]),
    /// `[n, 2, 3]`, see `resample`.
    Resampled(Tensor),
}

/// Squares that are blanked.
#[derive(Debug)]
pub struct Holes {
    /// Row and column of each one's middle.
    pub middles: Vec<[i64; 2]>,
    /// Pixels.
    pub side: i64,
}

impl Part {
    fn whole(images: &Images, tensor: Tensor) -> Self {
        let labels: Vec<i64> = images.labels.iter().map(|&label| i64::from(label)).collect();
        let labels = Tensor::from_slice(&labels).to_device(tensor.device());
        Self { images: tensor, rows: None, labels, len: images.len() }
    }

    /// The images of `whole` at `rows`, in their order.
    fn of(whole: &Self, rows: &[usize]) -> Self {
        let indices: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
        let indices = Tensor::from_slice(&indices).to_device(whole.images.device());
        let labels = whole.labels.index_select(0, &indices);
        Self { images: whole.images.shallow_clone(), rows: Some(indices), labels, len: rows.len() }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Loaded {
    pub fn new(dataset: &Dataset, device: Device) -> Self {
        let Normalisation { mean, deviation } = &dataset.normalisation;
        let scale: Vec<f32> = deviation.iter().map(|deviation| (1.0 / (255.0 * deviation)) as f32).collect();
        let shift: Vec<f32> =
            mean.iter().zip(deviation).map(|(mean, deviation)| (-mean / deviation) as f32).collect();
        let channels = |values: &[f32]| Tensor::from_slice(values).view([1, -1, 1, 1]).to_device(device);
        let files = Part::whole(&dataset.files, tensor(&dataset.files, device));
        Self {
            training: Part::of(&files, &dataset.training),
            validation: Part::of(&files, &dataset.validation),
            test: Part::whole(&dataset.test, tensor(&dataset.test, device)),
            normalisation: dataset.normalisation.clone(),
            classes: dataset.classes,
            scale: channels(&scale),
            shift: channels(&shift),
            _pixels: [dataset.files.pixels.clone(), dataset.test.pixels.clone()],
        }
    }

    /// Channels, height and width of an image.
    pub fn shape(&self) -> [i64; 3] {
        let (_, channels, height, width) = self.training.images.size4().expect("images have four dimensions");
        [channels, height, width]
    }

    /// The training images at `indices`, each moved and blanked as is said of it.
    pub fn draws(&self, indices: &[i64], moves: &Moves, holes: Option<&Holes>) -> Draws {
        let device = self.scale.device();
        let column = |values: Vec<i64>| Tensor::from_slice(&values).view([-1, 1, 1]).to_device(device);
        let moved = match moves {
            Moves::Stay => Moved::Not,
            Moves::Place(placements) => {
                Moved::Placed(starts_and_steps(placements, self.shape()[2]).map(column))
            }
            Moves::Crop(crops) => {
                let maps: Vec<f32> = crops.iter().flat_map(map).collect();
                Moved::Resampled(Tensor::from_slice(&maps).view([-1, 2, 3]).to_device(device))
            }
        };
        let holes = holes.map(|Holes { middles, side }| {
            let coordinate = |axis: usize| column(middles.iter().map(|middle| middle[axis]).collect());
            ([coordinate(0), coordinate(1)], *side)
        });
        let indices = Tensor::from_slice(indices).to_device(device);
        let labels = self.training.labels.index_select(0, &indices);
        let rows = match &self.training.rows {
            Some(rows) => rows.index_select(0, &indices),
            None => indices,
        };
        Draws { rows, labels, moved, holes }
    }

    /// Images `[b, c, h, w]`, normalised, and labels `[b]`, of `count` draws from `start` on.
    pub fn training_batch(&self, draws: &Draws, start: usize, count: usize) -> (Tensor, Tensor) {
        let of_batch = |all: &Tensor| all.narrow(0, start as i64, count as i64);
        let images = self.training.images.index_select(0, &of_batch(&draws.rows));
        let mut images = match &draws.moved {
            Moved::Not => self.normalise(&images),
            Moved::Placed([starts, steps]) => {
                self.normalise(&place(&images, [&of_batch(starts), &of_batch(steps)]))
            }
            Moved::Resampled(maps) => resample(&self.normalise(&images), &of_batch(maps)),
        };
        if let Some(([rows, columns], side)) = &draws.holes {
            images = blank(&images, [&of_batch(rows), &of_batch(columns)], *side);
        }
        (images, of_batch(&draws.labels))
    }

    /// The `count` images of `part` from `start` on, in the order of the files' shuffle, never moved.
    pub fn batch(&self, part: &Part, start: usize, count: usize) -> (Tensor, Tensor) {
        let (start, count) = (start as i64, count as i64);
        let images = match &part.rows {
            Some(rows) => part.images.index_select(0, &rows.narrow(0, start, count)),
            None => part.images.narrow(0, start, count),
        };
        (self.normalise(&images), part.labels.narrow(0, start, count))
    }

    fn normalise(&self, images: &Tensor) -> Tensor {
        images.to_kind(Kind::Float) * &self.scale + &self.shift
    }
}

/// Bytes `[n, c, h, w]`: on a processor where they lie, so that a mapped file takes no memory of its own; elsewhere a copy.
fn tensor(images: &Images, device: Device) -> Tensor {
    let [channels, height, width] = images.shape.map(|side| side as i64);
    let size = [images.len() as i64, channels, height, width];
    let strides = [channels * height * width, height * width, width, 1];
    #[allow(unsafe_code)]
    // SAFETY: `Loaded` keeps the bytes as long as the tensor, shows it to nobody, and writes to no images.
    let lying =
        unsafe { Tensor::from_blob(images.pixels.as_ptr(), &size, &strides, Kind::Uint8, Device::Cpu) };
    lying.to_device(device)
}

/// For each image of `width` pixels: where its first pixel stands in the frame, and the step to the next one of its row.
fn starts_and_steps(placements: &[Placement], width: i64) -> [Vec<i64>; 2] {
    let framed_width = width + 2 * FRAME_PIXELS as i64;
    let start = |placement: &Placement| {
        let corner = placement.top as i64 * framed_width + placement.left as i64;
        if placement.mirrored { corner + width - 1 } else { corner }
    };
    let step = |placement: &Placement| if placement.mirrored { -1 } else { 1 };
    [placements.iter().map(start).collect(), placements.iter().map(step).collect()]
}

/// The affine map from a place in the whole image to the one that a crop takes for it, as `[x; y]` of `[x, y, 1]`, all in [-1, 1].
fn map(crop: &Crop) -> [f32; 6] {
    let [height, width] = crop.size;
    let [down, right] = [0, 1].map(|axis| 2.0 * crop.corner[axis] + crop.size[axis] - 1.0);
    let across = if crop.mirrored { -width } else { width };
    [across, 0.0, right, 0.0, height, down].map(|value| value as f32)
}

/// `images` `[b, c, h, w]` where `maps` `[b, 2, 3]` look for them, bilinear.
fn resample(images: &Tensor, maps: &Tensor) -> Tensor {
    let grid = Tensor::affine_grid_generator(maps, images.size(), false);
    let (bilinear, border) = (0, 1);
    images.grid_sampler(&grid, bilinear, border, false)
}

/// `images` `[b, c, h, w]` with a square of `side` pixels around each one's middle (`[b, 1, 1]` each, row and column) set to zero,
/// the mean of all images.
fn blank(images: &Tensor, [rows, columns]: [&Tensor; 2], side: i64) -> Tensor {
    let (_, _, height, width) = images.size4().expect("a batch of images has four dimensions");
    let inside = |middles: &Tensor, count: i64, shape: [i64; 2]| {
        let off = Tensor::arange(count, (Kind::Int64, images.device())).view(shape) - middles + side / 2;
        off.ge(0).logical_and(&off.lt(side))
    };
    let hole = inside(rows, height, [height, 1]).logical_and(&inside(columns, width, [1, width]));
    images.masked_fill(&hole.unsqueeze(1), 0.0)
}

/// Cuts each image of `[b, c, h, w]` from its black frame where `moves` place it (`[b, 1, 1]`: where its first pixel stands in
/// the frame, and the step to the next one of its row) by one gather.
fn place(images: &Tensor, [starts, steps]: [&Tensor; 2]) -> Tensor {
    let (batch, channels, height, width) = images.size4().expect("a batch of images has four dimensions");
    let frame = FRAME_PIXELS as i64;
    let framed = images.constant_pad_nd([frame; 4]);
    let numbers = |count| Tensor::arange(count, (Kind::Int64, images.device()));
    let rows = (numbers(height) * (width + 2 * frame)).view([height, 1]);
    let sources = (starts + rows).addcmul(steps, &numbers(width));
    let sources = sources.view([batch, 1, height * width]).expand([batch, channels, height * width], false);
    framed.flatten(2, 3).gather(2, &sources, false).view([batch, channels, height, width])
}
