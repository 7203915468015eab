//! What an inference costs on this device: latency and joules, only where the study minimises them.
//! Parameters and FLOPs follow from the architecture alone and are the search space's affair.

use common::architecture::Architecture;
use common::objective::{Objective, ObjectiveKind};
use common::unit::{Joules, Seconds};
use tch::{Cuda, Device, Tensor};

use crate::data::Loaded;
use crate::evaluator::Control;
use crate::network::{Network, Statistics};
use crate::training::Stop;

/// Runs before the first that counts: caches, clocks and kernels settle.
const WARM_UP_RUNS: usize = 10;
/// The median of so many is steady to a few per cent on a quiet machine.
const LATENCY_RUNS: usize = 51;
/// NVML's counter moves every 20 to 100 ms, RAPL's every ms: 2 s bound its error to 5 %.
const ENERGY_WINDOW: Seconds = Seconds(2.0);
/// Longest wait for the meter's next reading; the worker takes four a second.
const READING_PATIENCE: Seconds = Seconds(1.0);

#[derive(Debug, Clone, Copy, Default)]
pub struct Measured {
    /// Median, batch size 1.
    pub latency_ms: Option<f64>,
    /// Mean over a window of back-to-back inferences, batch size 1, idle draw included.
    pub joules_per_inference: Option<f64>,
}

pub fn measure(
    objectives: &[Objective],
    network: &Network,
    architecture: &Architecture,
    data: &Loaded,
    control: &mut dyn Control,
    mut attend: impl FnMut(&mut dyn Control) -> Result<(), Stop>,
) -> Result<Measured, Stop> {
    let wants = |kind| objectives.iter().any(|objective| objective.kind == kind);
    let (latency, joules) = (wants(ObjectiveKind::LatencyMs), wants(ObjectiveKind::JoulesPerInference));
    if !latency && !joules {
        return Ok(Measured::default());
    }
    let _guard = tch::no_grad_guard();
    let (image, _) = data.batch(&data.validation, 0, 1);
    let infer = || run(network, &image, architecture);
    for _ in 0..WARM_UP_RUNS {
        infer();
    }
    let mut measured = Measured::default();
    if latency {
        let mut spans_ms: Vec<f64> = Vec::with_capacity(LATENCY_RUNS);
        for _ in 0..LATENCY_RUNS {
            attend(control)?;
            let start = control.elapsed();
            infer();
            spans_ms.push((control.elapsed() - start).0 * 1000.0);
        }
        spans_ms.sort_by(f64::total_cmp);
        measured.latency_ms = Some(spans_ms[LATENCY_RUNS / 2]);
    }
    if joules && control.energy().is_some() {
        // From one reading of the meter to another: between two readings nobody knows how far it has come.
        let mut until = |least: Seconds, control: &mut dyn Control| -> Result<(Joules, u64), Stop> {
            let (start, stale, mut runs) = (control.elapsed(), control.energy(), 0);
            loop {
                attend(control)?;
                infer();
                runs += 1;
                let (span, reading) = (control.elapsed() - start, control.energy());
                if span >= least && (reading != stale || span > least + READING_PATIENCE) {
                    return Ok((reading.unwrap_or_default(), runs));
                }
            }
        };
        let (before, _) = until(Seconds::ZERO, control)?;
        let (midway, runs) = until(ENERGY_WINDOW, control)?;
        let (after, more) = until(Seconds::ZERO, control)?;
        debug_assert!(before <= midway && midway <= after, "a meter's total never falls");
        measured.joules_per_inference = Some((after - before).0 / (runs + more) as f64);
    }
    Ok(measured)
}

fn run(network: &Network, image: &Tensor, architecture: &Architecture) {
    let _ = network.forward(image, architecture, Statistics::Running);
    if let Device::Cuda(number) = image.device() {
        Cuda::synchronize(number as i64);
    }
}
