//! The classifier against shapes anybody can see, and against a second solver of the same dual problem.

use lamoo::svm::{Classifier, Kernel, Options};
use proptest::prelude::*;

fn fit(points: &[Vec<f64>], positive: &[bool], options: &Options) -> Classifier {
    let rows: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
    Classifier::fit(&rows, positive, options)
}

fn with(kernel: Kernel) -> Options {
    Options { kernel, penalty: 100.0, ..Options::default() }
}

/// An 11 × 11 grid over -1..=1.
fn grid() -> Vec<Vec<f64>> {
    let steps = || (0..11).map(|step| f64::from(step) / 5.0 - 1.0);
    steps().flat_map(|x| steps().map(move |y| vec![x, y])).collect()
}

/// Learns a shape on the grid and counts the points it gets wrong.
fn mistakes(kernel: Kernel, inside: impl Fn(&[f64]) -> bool) -> usize {
    let points = grid();
    let labels: Vec<bool> = points.iter().map(|point| inside(point)).collect();
    let classifier = fit(&points, &labels, &with(kernel));
    assert!(classifier.support_vectors() < points.len(), "a clear border needs few support vectors");
    points.iter().zip(&labels).filter(|(point, label)| classifier.is_positive(point) != **label).count()
}

#[test]
fn shapes() {
    let (line, ring) = (|p: &[f64]| p[0] + p[1] > 0.1, |p: &[f64]| p[0] * p[0] + p[1] * p[1] < 0.5);
    let checker = |p: &[f64]| (p[0] > 0.1) == (p[1] > 0.1);
    for kernel in [Kernel::Rbf, Kernel::Polynomial { degree: 2 }, Kernel::Polynomial { degree: 3 }] {
        assert_eq!(mistakes(kernel, line), 0, "{kernel:?} on a line");
        assert_eq!(mistakes(kernel, ring), 0, "{kernel:?} on a ring");
        assert!(mistakes(kernel, checker) <= 6, "{kernel:?} on a checkerboard");
    }
    assert_eq!(mistakes(Kernel::Polynomial { degree: 1 }, line), 0);
    assert!(mistakes(Kernel::Polynomial { degree: 1 }, checker) > 20, "a plane can't cut a checkerboard");
}

#[test]
fn one_class_or_none() {
    let points = grid();
    let options = Options::default();
    assert!(fit(&points, &vec![true; points.len()], &options).is_positive(&[0.0, 0.0]));
    assert!(!fit(&points, &vec![false; points.len()], &options).is_positive(&[0.0, 0.0]));
    assert!(!fit(&[], &[], &options).is_positive(&[]));
}

#[test]
fn contradictions_end() {
    let points = vec![vec![1.0, 1.0]; 40];
    let labels: Vec<bool> = (0..40).map(|index| index % 2 == 0).collect();
    let decision = fit(&points, &labels, &Options::default()).decision(&[1.0, 1.0]);
    assert!(decision.abs() <= 1.0 + 1e-6, "{decision}");
}

#[test]
fn the_width_follows_the_scale() {
    let points = grid();
    let labels: Vec<bool> = points.iter().map(|p| p[0] * p[0] + p[1] * p[1] < 0.5).collect();
    let plain = fit(&points, &labels, &Options::default());
    let stretched: Vec<Vec<f64>> = points.iter().map(|p| vec![1000.0 * p[0], 1000.0 * p[1], 7.0]).collect();
    let other = fit(&stretched, &labels, &Options::default());
    for (point, large) in points.iter().zip(&stretched) {
        assert!((plain.decision(point) - other.decision(large)).abs() < 1e-2, "at {point:?}");
    }
}

/// Zeros and ones are compared as bits; the same points doubled are not. The kernels' width makes the two equal.
#[test]
fn one_hot_rows_take_a_faster_way_to_the_same_border() {
    let points: Vec<Vec<f64>> = (0..90_usize)
        .map(|index| (0..70).map(|column| f64::from(u8::from((index * (column + 3)) % 7 < 3))).collect())
        .collect();
    let labels: Vec<bool> = (0..90).map(|index| index % 7 < 3 || index % 5 == 0).collect();
    let doubled: Vec<Vec<f64>> = points.iter().map(|p| p.iter().map(|value| 2.0 * value).collect()).collect();
    for kernel in [Kernel::Rbf, Kernel::Polynomial { degree: 2 }] {
        let options = Options { kernel, tolerance: 1e-6, ..Options::default() };
        let (bits, numbers) = (fit(&points, &labels, &options), fit(&doubled, &labels, &options));
        for (point, double) in points.iter().zip(&doubled) {
            assert!((bits.decision(point) - numbers.decision(double)).abs() < 1e-4, "{kernel:?}");
        }
        // A point off the corners, asked of a border learnt on them.
        assert!(bits.decision(&[0.5; 70]).is_finite());
    }
}

#[test]
fn unusable_options_are_refused() {
    for options in [
        Options { penalty: 0.0, ..Options::default() },
        Options { penalty: f64::NAN, ..Options::default() },
        Options { tolerance: -1.0, ..Options::default() },
        Options { kernel: Kernel::Polynomial { degree: 0 }, ..Options::default() },
    ] {
        assert!(options.check().is_err(), "{options:?}");
    }
}

/// The dual by brute patience: every pair in turn, until a whole round changes nothing. Returns `f` at each row.
fn patient_decisions(points: &[Vec<f64>], positive: &[bool], penalty: f64) -> Vec<f64> {
    let count = points.len();
    let column = |c: usize| points.iter().map(move |point| point[c]);
    let variance: f64 = (0..points[0].len())
        .map(|c| {
            let mean = column(c).sum::<f64>() / count as f64;
            column(c).map(|value| (value - mean).powi(2)).sum::<f64>() / count as f64
        })
        .sum();
    let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, z)| (x - z).powi(2)).sum::<f64>();
    let kernel = |a: usize, b: usize| (-distance(&points[a], &points[b]) / variance).exp();
    let sign = |row: usize| if positive[row] { 1.0 } else { -1.0 };
    let mut alpha = vec![0.0; count];
    let inner = |alpha: &[f64], at: usize| {
        (0..count).map(|row| alpha[row] * sign(row) * kernel(row, at)).sum::<f64>()
    };
    for _ in 0..3000 {
        let mut moved = 0.0_f64;
        for i in 0..count {
            for j in 0..i {
                // Along the line that keeps Σ y α, the optimum is a quotient, then the box.
                let curvature: f64 = 2.0 - 2.0 * kernel(i, j);
                let gap = (sign(i) - inner(&alpha, i)) - (sign(j) - inner(&alpha, j));
                let room = |row: usize, up: bool| {
                    if up == positive[row] { penalty - alpha[row] } else { alpha[row] }
                };
                let wanted = gap / curvature.max(1e-12);
                let length =
                    wanted.clamp(-room(i, false).min(room(j, true)), room(i, true).min(room(j, false)));
                alpha[i] += sign(i) * length;
                alpha[j] -= sign(j) * length;
                moved = moved.max(length.abs());
            }
        }
        if moved < 1e-7 {
            break;
        }
    }
    let errors: Vec<f64> = (0..count).map(|row| sign(row) - inner(&alpha, row)).collect();
    let free: Vec<f64> = (0..count)
        .filter(|&row| alpha[row] > 1e-6 && alpha[row] < penalty - 1e-6)
        .map(|row| errors[row])
        .collect();
    let bias = free.iter().sum::<f64>() / free.len() as f64;
    (0..count).map(|row| inner(&alpha, row) + bias).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn agrees_with_a_patient_solver(
        points in prop::collection::vec(prop::collection::vec(-1.0..1.0_f64, 3), 6..14),
        noise in prop::collection::vec(-0.5..0.5_f64, 14),
    ) {
        let labels: Vec<bool> = points.iter().zip(&noise).map(|(p, shift)| p[0] - p[1] * p[2] + shift > 0.0).collect();
        prop_assume!(labels.iter().any(|&l| l) && labels.iter().any(|&l| !l));
        let slow = patient_decisions(&points, &labels, 1.0);
        // Without a free support vector the bias is an interval, and two solvers may rest anywhere in it.
        prop_assume!(slow.iter().all(|decision| decision.is_finite()));
        let fast = fit(&points, &labels, &Options { tolerance: 1e-6, ..Options::default() });
        for (point, decision) in points.iter().zip(slow) {
            prop_assert!((fast.decision(point) - decision).abs() < 1e-3, "{} and {}", fast.decision(point), decision);
        }
    }
}
