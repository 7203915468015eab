//! All numbers of a network in two flat tensors, learnt ones and batch-norm statistics, with a view for every layer.
//!
//! Where layers compute in another form than that (half precision, or a GPU's order of a kernel's numbers), their views are of
//! a copy, which `refresh` renews by two kernels for all layers together. What is learnt, stored and handed on is always `flat`.
//!
//! Flat, because a step of gradient descent is then five kernels instead of five per layer, and a checkpoint three tensors.
//! Initial values come from a named stream of the trial's seed, never from libtorch's global generator, so other threads can't
//! disturb them.

use std::ops::Range;

use common::seed::Seed;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use safetensors::{Dtype, SafeTensors};
use tch::{Device, Kind, Tensor};

/// How a tensor begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    Constant(f64),
    /// Kaiming (He et al. 2015).
    Normal {
        deviation: f64,
    },
    /// In `[-bound, bound]`.
    Uniform {
        bound: f64,
    },
}

/// Where and in what layers compute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Form {
    pub device: Device,
    /// `Float` or `BFloat16`
    pub kind: Kind,
    /// Whether a pixel's channels lie side by side from the first layer on, in kernels too.
    pub channels_last: bool,
}

impl From<Device> for Form {
    fn from(device: Device) -> Self {
        Self::new(device, Kind::Float)
    }
}

impl Form {
    /// Tensor cores read channel by channel; oneDNN wants its kernels plane by plane.
    pub fn new(device: Device, kind: Kind) -> Self {
        Self { device, kind, channels_last: device.is_cuda() }
    }

    fn is_stored_form(self) -> bool {
        self.kind == Kind::Float && !self.channels_last
    }
}

#[derive(Debug, Clone)]
struct Entry {
    name: String,
    shape: Vec<i64>,
    init: Init,
    range: Range<i64>,
    /// 32-bit in every form: batch norms scale and shift so.
    exact: bool,
}

/// What a network will hold, collected while its layers are described.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    parameters: Vec<Entry>,
    statistics: Vec<Entry>,
}

/// What a loss wants of the weights.
#[derive(Debug)]
pub struct Gradient {
    /// `[parameters]`; zero where the loss does not depend on one.
    pub flat: Tensor,
    /// Whether it depends on a layer's tensor, for each of them.
    pub reached: Vec<bool>,
}

#[derive(Debug)]
pub struct Weights {
    layout: Layout,
    /// `[parameters]`; the leaves are views of it.
    flat: Tensor,
    /// `[statistics]`; the buffers are views of it.
    flat_statistics: Tensor,
    leaves: Vec<Tensor>,
    buffers: Vec<Tensor>,
    form: Form,
    working: Option<Working>,
    /// As many as the largest parameter has: the gradient of what a loss does not depend on.
    zeros: Tensor,
}

/// Those parameters that are not exact, in the form that layers compute in.
#[derive(Debug)]
struct Working {
    /// `[w]`
    copy: Tensor,
    /// `[w]`: where in `flat` each stands.
    order: Tensor,
    /// `[parameters]`: where each of `flat` stands in a gradient that has the copy's first, then the exact ones.
    places: Tensor,
    /// As `Weights::zeros`, in the copy's kind.
    zeros: Tensor,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    #[error("not a safetensors file: {0}")]
    Format(String),
    #[error("it lacks tensor {0}")]
    Missing(String),
    #[error("tensor {name} is {found}, not 32-bit floats of shape {expected:?}")]
    Shape { name: String, found: String, expected: Vec<i64> },
    #[error("it holds {found} tensors, this network has {expected}")]
    Surplus { found: usize, expected: usize },
}

impl Layout {
    /// Describes a learnt tensor; the answer finds it in `Weights::parameter`.
    pub fn parameter(&mut self, name: String, shape: Vec<i64>, init: Init) -> usize {
        push(&mut self.parameters, name, shape, init, false)
    }

    /// Describes a learnt tensor that is 32-bit in every form.
    pub fn exact_parameter(&mut self, name: String, shape: Vec<i64>, init: Init) -> usize {
        push(&mut self.parameters, name, shape, init, true)
    }

    /// Describes a tensor that is measured, not learnt; the answer finds it in `Weights::statistic`.
    pub fn statistic(&mut self, name: String, shape: Vec<i64>, init: Init) -> usize {
        push(&mut self.statistics, name, shape, init, true)
    }
}

fn push(entries: &mut Vec<Entry>, name: String, shape: Vec<i64>, init: Init, exact: bool) -> usize {
    let start = total(entries);
    let range = start..start + shape.iter().product::<i64>();
    entries.push(Entry { name, shape, init, range, exact });
    entries.len() - 1
}

fn total(entries: &[Entry]) -> i64 {
    entries.last().map_or(0, |entry| entry.range.end)
}

impl Weights {
    pub fn new(layout: Layout, seed: Seed, form: Form) -> Self {
        let flat = Tensor::from_slice(&initial(&layout.parameters, &mut seed.stream("weights", 0)))
            .to_device(form.device);
        let statistics = initial(&layout.statistics, &mut seed.stream("statistics", 0));
        Self::of(layout, flat, Tensor::from_slice(&statistics).to_device(form.device), form)
    }

    /// The same values in tensors of its own.
    pub fn twin(&self) -> Self {
        Self::of(self.layout.clone(), self.flat.copy(), self.flat_statistics.copy(), self.form)
    }

    fn of(layout: Layout, flat: Tensor, flat_statistics: Tensor, form: Form) -> Self {
        let buffers = views(&layout.statistics, &flat_statistics).collect();
        let working = (!form.is_stored_form()).then(|| Working::new(&layout.parameters, &flat, form));
        let leaves: Vec<Tensor> = match &working {
            Some(working) => working.views(&layout.parameters, &flat, form),
            None => views(&layout.parameters, &flat).collect(),
        };
        let leaves = leaves.into_iter().map(|view| view.set_requires_grad(true)).collect();
        let zeros = zeros(&layout.parameters, form.device, Kind::Float);
        let weights = Self { layout, flat, flat_statistics, leaves, buffers, form, working, zeros };
        weights.refresh();
        weights
    }

    pub fn form(&self) -> Form {
        self.form
    }

    /// Tells the layers what `flat` holds; to be called after each change of it.
    pub fn refresh(&self) {
        if let Some(Working { copy, order, .. }) = &self.working {
            let _guard = tch::no_grad_guard();
            copy.shallow_clone().copy_(&self.flat.index_select(0, order));
        }
    }

    pub fn parameter(&self, index: usize) -> &Tensor {
        &self.leaves[index]
    }

    pub fn statistic(&self, index: usize) -> &Tensor {
        &self.buffers[index]
    }

    /// Learnt numbers.
    pub fn count(&self) -> u64 {
        total(&self.layout.parameters) as u64
    }

    /// `[parameters]`, sharing storage with every layer's view.
    pub fn flat(&self) -> &Tensor {
        &self.flat
    }

    /// `[statistics]`, sharing storage with every batch norm's view.
    pub fn flat_statistics(&self) -> &Tensor {
        &self.flat_statistics
    }

    /// Of the scalar `loss`.
    pub fn gradient(&self, loss: &Tensor) -> Gradient {
        let gradients = Tensor::run_backward(&[loss], &self.leaves, false, false);
        let reached = gradients.iter().map(Tensor::defined).collect();
        Gradient { flat: self.flat_gradient(gradients), reached }
    }

    /// `[parameters]`, of one gradient a layer's tensor.
    fn flat_gradient(&self, gradients: Vec<Tensor>) -> Tensor {
        let entries = &self.layout.parameters;
        let Some(Working { places, zeros, .. }) = &self.working else {
            let pieces = entries.iter().zip(gradients);
            let pieces = pieces.map(|(entry, gradient)| piece(gradient, entry, &self.zeros, false));
            return Tensor::cat(&pieces.collect::<Vec<_>>(), 0);
        };
        let (mut copied, mut exact) = (Vec::new(), Vec::new());
        for (entry, gradient) in entries.iter().zip(gradients) {
            if entry.exact {
                exact.push(piece(gradient, entry, &self.zeros, false));
            } else {
                copied.push(piece(gradient, entry, zeros, self.form.channels_last));
            }
        }
        let copied = Tensor::cat(&copied, 0).to_kind(Kind::Float);
        Tensor::cat(&[copied, Tensor::cat(&exact, 0)], 0).index_select(0, places)
    }

    /// `[parameters]`: one number for each layer's tensor, in the order of [`Gradient::reached`], at all of its places.
    pub fn spread(&self, numbers: &[f32]) -> Tensor {
        let entries = &self.layout.parameters;
        let lengths: Vec<i64> = entries.iter().map(|entry| entry.range.end - entry.range.start).collect();
        let on_device = |tensor: Tensor| tensor.to_device(self.form.device);
        let (numbers, lengths) =
            (on_device(Tensor::from_slice(numbers)), on_device(Tensor::from_slice(&lengths)));
        numbers.repeat_interleave_self_tensor(&lengths, 0, total(entries))
    }

    /// Takes every value from `other` on any device, whose layout begins with this one.
    pub fn copy(&mut self, other: &Self) {
        let begin = |own: &Tensor, all: &Tensor| all.narrow(0, 0, own.size()[0]);
        let parameters = begin(&self.flat, &other.flat);
        let statistics = begin(&self.flat_statistics, &other.flat_statistics);
        self.set(&[parameters], &[statistics]);
    }

    /// Puts back the statistics of a network that has seen nothing.
    pub fn forget_statistics(&self) {
        let _guard = tch::no_grad_guard();
        let fresh = initial(&self.layout.statistics, &mut Seed(0).stream("statistics", 0));
        self.flat_statistics.shallow_clone().copy_(&Tensor::from_slice(&fresh));
    }

    /// Goes `share` of the way to the values of `other`, a network of the same layout; the layers are told by `refresh`.
    pub fn approach(&self, other: &Self, share: f64) {
        let _guard = tch::no_grad_guard();
        let _ = self.flat.shallow_clone().lerp_(&other.flat, share);
        let _ = self.flat_statistics.shallow_clone().lerp_(&other.flat_statistics, share);
    }

    /// Ends learning: a traced module may not hold tensors that want gradients.
    pub fn freeze(&self) {
        for leaf in &self.leaves {
            let _ = leaf.set_requires_grad(false);
        }
    }

    /// Names, shapes and values of everything held, as little-endian 32-bit floats.
    pub fn named(&self) -> Vec<(String, Vec<usize>, Vec<u8>)> {
        let all = self.entries().map(|(entry, flat)| {
            let shape = entry.shape.iter().map(|&side| side as usize).collect();
            let values = flat.narrow(0, entry.range.start, entry.range.end - entry.range.start);
            (entry.name.clone(), shape, bytes_of(&values))
        });
        all.collect()
    }

    /// Takes every value from `tensors`, which must be this network's, name by name.
    pub fn load(&mut self, tensors: &SafeTensors) -> Result<(), LoadError> {
        let expected = self.entries().count();
        if tensors.len() != expected {
            return Err(LoadError::Surplus { found: tensors.len(), expected });
        }
        let mut values = Vec::with_capacity(expected);
        for (entry, _) in self.entries() {
            values.push(floats(tensors, &entry.name, &entry.shape)?);
        }
        let (parameters, statistics) = values.split_at(self.layout.parameters.len());
        self.set(parameters, statistics);
        Ok(())
    }

    /// Overwrites both flat tensors.
    fn set(&mut self, parameters: &[Tensor], statistics: &[Tensor]) {
        let _guard = tch::no_grad_guard();
        self.flat.copy_(&Tensor::cat(parameters, 0));
        self.flat_statistics.copy_(&Tensor::cat(statistics, 0));
        self.refresh();
    }

    fn entries(&self) -> impl Iterator<Item = (&Entry, &Tensor)> {
        let parameters = self.layout.parameters.iter().map(|entry| (entry, &self.flat));
        parameters.chain(self.layout.statistics.iter().map(|entry| (entry, &self.flat_statistics)))
    }
}

impl Working {
    /// The copy holds nothing of use before its first refresh.
    fn new(entries: &[Entry], flat: &Tensor, form: Form) -> Self {
        let of = |exact| entries.iter().filter(move |entry| entry.exact == exact);
        let order: Vec<i64> = of(false).flat_map(|entry| order_of(entry, form.channels_last)).collect();
        let all = order.iter().copied().chain(of(true).flat_map(|entry| entry.range.clone()));
        let mut places = vec![0; total(entries) as usize];
        for (place, index) in (0..).zip(all) {
            places[index as usize] = place;
        }
        let device = flat.device();
        let order = Tensor::from_slice(&order).to_device(device);
        let copy = flat.index_select(0, &order).to_kind(form.kind);
        let places = Tensor::from_slice(&places).to_device(device);
        Self { copy, order, places, zeros: zeros(entries, device, form.kind) }
    }

    /// A view for each parameter, of the copy or of `flat`.
    fn views(&self, entries: &[Entry], flat: &Tensor, form: Form) -> Vec<Tensor> {
        let mut start = 0;
        let view = |entry: &Entry| {
            let length = entry.range.end - entry.range.start;
            if entry.exact {
                return flat.narrow(0, entry.range.start, length).view(entry.shape.as_slice()).detach();
            }
            let values = self.copy.narrow(0, start, length);
            start += length;
            match *entry.shape {
                [to, from, height, width] if form.channels_last => {
                    values.view([to, height, width, from]).permute([0, 3, 1, 2]).detach()
                }
                _ => values.view(entry.shape.as_slice()).detach(),
            }
        };
        entries.iter().map(view).collect()
    }
}

/// The places in `flat` of an entry's numbers, in the order of the copy: `[to, height, width, from]` for channels-last kernels.
fn order_of(entry: &Entry, channels_last: bool) -> Vec<i64> {
    let start = entry.range.start;
    match *entry.shape {
        [to, from, height, width] if channels_last => {
            let pixels = height * width;
            let place = move |to, pixel, from_channel| start + (to * from + from_channel) * pixels + pixel;
            (0..to)
                .flat_map(|to| (0..pixels).map(move |pixel| (to, pixel)))
                .flat_map(|(to, pixel)| (0..from).map(move |channel| place(to, pixel, channel)))
                .collect()
        }
        _ => entry.range.clone().collect(),
    }
}

/// A parameter's `gradient` as a flat tensor, in the order of the copy; zeros where there is none.
fn piece(gradient: Tensor, entry: &Entry, zeros: &Tensor, channels_last: bool) -> Tensor {
    if !gradient.defined() {
        return zeros.narrow(0, 0, entry.range.end - entry.range.start);
    }
    if channels_last && entry.shape.len() == 4 {
        return gradient.permute([0, 2, 3, 1]).reshape([-1]);
    }
    gradient.reshape([-1])
}

fn zeros(entries: &[Entry], device: Device, kind: Kind) -> Tensor {
    let largest = entries.iter().map(|entry| entry.range.end - entry.range.start).max();
    Tensor::zeros([largest.unwrap_or(0)], (kind, device))
}

/// The tensor `name` of `shape` as a flat tensor of floats.
pub fn floats(tensors: &SafeTensors, name: &str, shape: &[i64]) -> Result<Tensor, LoadError> {
    let view = tensors.tensor(name).map_err(|_| LoadError::Missing(name.to_owned()))?;
    let same_shape = view.shape().iter().map(|&side| side as i64).eq(shape.iter().copied());
    if view.dtype() != Dtype::F32 || !same_shape {
        let found = format!("{:?} of shape {:?}", view.dtype(), view.shape());
        return Err(LoadError::Shape { name: name.to_owned(), found, expected: shape.to_vec() });
    }
    let values: Vec<f32> = view
        .data()
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes")))
        .collect();
    Ok(Tensor::from_slice(&values))
}

/// The values of a tensor of floats, row by row, little-endian.
pub fn bytes_of(tensor: &Tensor) -> Vec<u8> {
    let flat = tensor.detach().to_device(Device::Cpu).to_kind(Kind::Float).reshape([-1]);
    let values: Vec<f32> = Vec::try_from(&flat).expect("a flat tensor of floats");
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Views that autograd treats as tensors of their own.
fn views<'a>(entries: &'a [Entry], flat: &'a Tensor) -> impl Iterator<Item = Tensor> + 'a {
    entries.iter().map(|entry| {
        flat.narrow(0, entry.range.start, entry.range.end - entry.range.start)
            .view(entry.shape.as_slice())
            .detach()
    })
}

fn initial(entries: &[Entry], rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut values = Vec::with_capacity(total(entries) as usize);
    for entry in entries {
        let draw = |_| match entry.init {
            Init::Constant(value) => value as f32,
            Init::Normal { deviation } => (normal(rng) * deviation) as f32,
            Init::Uniform { bound } => (rng.random_range(-1.0..1.0) * bound) as f32,
        };
        values.extend(entry.range.clone().map(draw));
    }
    values
}

/// A standard normal number (Box and Muller 1958).
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    // In (0, 1], so that the logarithm is finite.
    let radius: f64 = 1.0 - rng.random::<f64>();
    let angle: f64 = rng.random::<f64>() * std::f64::consts::TAU;
    (-2.0 * radius.ln()).sqrt() * angle.cos()
}
