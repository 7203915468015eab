//! The parts of a data set on a device, and batches of them as normalised floats.

use tch::{Device, Kind, Tensor};

use super::{Dataset, FRAME_PIXELS, Images, Normalisation, Placement};

/// One part: images as bytes `[n, c, h, w]`, labels `[n]` as 64-bit integers.
#[derive(Debug)]
pub struct Part {
    images: Tensor,
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
}

/// Which training images the batches of an epoch take, and how each is moved, on the device: copied there once, for a copy that
/// is waited for in every step would leave a GPU idle.
#[derive(Debug)]
pub struct Draws {
    /// `[n]`
    indices: Tensor,
    /// `[n, 1, 1]` each, see `place`; none where images stay as they are.
    moves: Option<[Tensor; 2]>,
}

impl Part {
    fn new(images: &Images, device: Device) -> Self {
        let [channels, height, width] = images.shape.map(|side| side as i64);
        let size = [images.len() as i64, channels, height, width];
        let labels: Vec<i64> = images.labels.iter().map(|&label| i64::from(label)).collect();
        Self {
            images: Tensor::from_slice(&images.pixels).view(size).to_device(device),
            labels: Tensor::from_slice(&labels).to_device(device),
            len: images.len(),
        }
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
        Self {
            training: Part::new(&dataset.training, device),
            validation: Part::new(&dataset.validation, device),
            test: Part::new(&dataset.test, device),
            normalisation: dataset.normalisation.clone(),
            classes: dataset.classes,
            scale: channels(&scale),
            shift: channels(&shift),
        }
    }

    /// Channels, height and width of an image.
    pub fn shape(&self) -> [i64; 3] {
        let (_, channels, height, width) = self.training.images.size4().expect("images have four dimensions");
        [channels, height, width]
    }

    /// The training images at `indices`, each moved as its placement says.
    pub fn draws(&self, indices: &[i64], placements: Option<&[Placement]>) -> Draws {
        let device = self.scale.device();
        let width = self.training.images.size()[3];
        let framed_width = width + 2 * FRAME_PIXELS as i64;
        let column = |values: Vec<i64>| Tensor::from_slice(&values).view([-1, 1, 1]).to_device(device);
        let moves = placements.map(|placements| {
            let start = |placement: &Placement| {
                let corner = placement.top as i64 * framed_width + placement.left as i64;
                if placement.mirrored { corner + width - 1 } else { corner }
            };
            let step = |placement: &Placement| if placement.mirrored { -1 } else { 1 };
            [column(placements.iter().map(start).collect()), column(placements.iter().map(step).collect())]
        });
        Draws { indices: Tensor::from_slice(indices).to_device(device), moves }
    }

    /// Images `[b, c, h, w]`, normalised, and labels `[b]`, of `count` draws from `start` on.
    pub fn training_batch(&self, draws: &Draws, start: usize, count: usize) -> (Tensor, Tensor) {
        let of_batch = |all: &Tensor| all.narrow(0, start as i64, count as i64);
        let indices = of_batch(&draws.indices);
        let images = self.training.images.index_select(0, &indices);
        let images = match &draws.moves {
            Some([starts, steps]) => place(&images, [&of_batch(starts), &of_batch(steps)]),
            None => images,
        };
        (self.normalise(&images), self.training.labels.index_select(0, &indices))
    }

    /// The `count` images of `part` from `start` on, in the order of the files' shuffle, never moved.
    pub fn batch(&self, part: &Part, start: usize, count: usize) -> (Tensor, Tensor) {
        let (start, count) = (start as i64, count as i64);
        (self.normalise(&part.images.narrow(0, start, count)), part.labels.narrow(0, start, count))
    }

    fn normalise(&self, images: &Tensor) -> Tensor {
        images.to_kind(Kind::Float) * &self.scale + &self.shift
    }
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
