//! What the machine decides about an evaluator, beside what the study says.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Where this machine keeps the study's images; none takes the place that the study names.
    pub data: Option<PathBuf>,
    /// Threads that one evaluation computes with.
    pub threads: usize,
    pub device: DeviceChoice,
    /// Processors beside the device, by Linux' numbers, for a process that evaluates apart to keep to; empty lets it run anywhere.
    pub near_cpus: Vec<usize>,
    /// Whether the device has units for bf16: what `precision = "auto"` asks on a GPU.
    pub has_bf16: bool,
    /// The device in words, as latency and joules are labelled; none lets the evaluator find words.
    pub device_name: Option<String>,
    /// Where tasks of a user's program have their folders and logs, one slot's alone; none takes a temporary place.
    pub scratch: Option<PathBuf>,
    pub program: Program,
    /// Who evaluates by libtorch in a process of its own; none evaluates in this one.
    pub apart: Option<ApartOptions>,
}

/// A process that evaluates for the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApartOptions {
    /// The program and its arguments: it must do what `serve` does.
    pub words: Vec<String>,
    pub patience: Patience,
}

/// How long a process is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patience {
    /// From the wish that it stop until it is killed.
    pub stop: Duration,
    /// Without a word for so long it hangs. It has one for every batch.
    pub silence: Duration,
}

/// Which program the machine starts where the study wants one of the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Program {
    /// As the study says.
    #[default]
    OfTheStudy,
    /// These words, whatever the study says.
    OfTheMachine(Vec<String>),
    /// None: nobody has proved that it is the study's coordinator who speaks.
    Refused,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            data: None,
            threads: 1,
            device: DeviceChoice::Auto,
            near_cpus: Vec::new(),
            has_bf16: true,
            device_name: None,
            scratch: None,
            program: Program::OfTheStudy,
            apart: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum DeviceChoice {
    /// The first CUDA device where there is one, else the processor.
    #[default]
    Auto,
    Cpu,
    /// The CUDA device of this number.
    Cuda(usize),
}
