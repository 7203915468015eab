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

    /// Images `[b, c, h, w]`, normalised, and labels `[b]`, of the training images at `indices`, moved as `placements` say.
    pub fn training_batch(&self, indices: &[i64], placements: Option<&[Placement]>) -> (Tensor, Tensor) {
        let device = self.scale.device();
        let indices = Tensor::from_slice(indices).to_device(device);
        let images = self.training.images.index_select(0, &indices);
        let images = match placements {
            Some(placements) => place(&images, placements),
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

/// Cuts image `i` of `[b, c, h, w]` from its black frame at `placements[i]` and mirrors it if so placed: one gather, so that
/// a GPU does it as readily as a processor.
fn place(images: &Tensor, placements: &[Placement]) -> Tensor {
    let (batch, channels, height, width) = images.size4().expect("a batch of images has four dimensions");
    let frame = FRAME_PIXELS as i64;
    let framed = images.constant_pad_nd([frame; 4]);
    let framed_width = width + 2 * frame;
    let mut sources = Vec::with_capacity((batch * height * width) as usize);
    for placement in placements {
        for row in 0..height {
            let start = (row + placement.top as i64) * framed_width + placement.left as i64;
            if placement.mirrored {
                sources.extend((start..start + width).rev());
            } else {
                sources.extend(start..start + width);
            }
        }
    }
    let sources = Tensor::from_slice(&sources).to_device(images.device());
    let sources = sources.view([batch, 1, height * width]).expand([batch, channels, height * width], false);
    framed.flatten(2, 3).gather(2, &sources, false).view([batch, channels, height, width])
}
