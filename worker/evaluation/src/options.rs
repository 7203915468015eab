//! What the machine decides about an evaluator, beside what the study says.

use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where this machine keeps the study's images; none takes the place that the study names.
    pub data: Option<PathBuf>,
    /// Threads that one evaluation computes with.
    pub threads: usize,
    pub device: DeviceChoice,
    /// The device in words, as latency and joules are labelled; none lets the evaluator find words.
    pub device_name: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { data: None, threads: 1, device: DeviceChoice::Auto, device_name: None }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// The first CUDA device where there is one, else the processor.
    #[default]
    Auto,
    Cpu,
    /// The CUDA device of this number.
    Cuda(usize),
}
