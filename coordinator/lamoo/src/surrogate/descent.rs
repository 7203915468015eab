//! Minimises a smooth function: BFGS with a backtracking line search (Nocedal and Wright, Numerical Optimization, ch. 6).

use crate::vector::{add_scaled, dot};

/// Steps of the line search: each halves the length, at least.
const HALVINGS: usize = 12;
/// Share of the promised decrease that a step must keep.
const SUFFICIENT: f64 = 1e-4;
/// Longest change of one coordinate in one step; coordinates are logarithms.
const LONGEST: f64 = 2.0;

/// From `start`, at most `steps` steps of `function`, which gives its value and gradient; the best point and its value.
pub(crate) fn minimise(
    start: Vec<f64>,
    steps: usize,
    tolerance: f64,
    mut function: impl FnMut(&[f64]) -> (f64, Vec<f64>),
) -> (Vec<f64>, f64) {
    let size = start.len();
    let mut point = start;
    let (mut value, mut gradient) = function(&point);
    let mut inverse = identity(size);
    for _ in 0..steps {
        let mut direction: Vec<f64> = inverse.iter().map(|row| -dot(row, &gradient)).collect();
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            inverse = identity(size);
            direction = gradient.iter().map(|entry| -entry).collect();
            slope = -dot(&gradient, &gradient);
        }
        let most = direction.iter().fold(0.0_f64, |most, entry| most.max(entry.abs()));
        if most == 0.0 {
            break;
        }
        let mut length = (LONGEST / most).min(1.0);
        let mut found = None;
        for _ in 0..HALVINGS {
            let mut next = point.clone();
            add_scaled(&mut next, &direction, length);
            let (next_value, next_gradient) = function(&next);
            if next_value <= value + SUFFICIENT * length * slope {
                found = Some((next, next_value, next_gradient));
                break;
            }
            // The minimum of the parabola through what is known, within bounds.
            let curve = next_value - value - slope * length;
            let parabola = if curve > 0.0 { -slope * length * length / (2.0 * curve) } else { 0.0 };
            length =
                if parabola.is_finite() { parabola.clamp(0.1 * length, 0.5 * length) } else { 0.25 * length };
        }
        let Some((next, next_value, next_gradient)) = found else { break };
        let moved: Vec<f64> = next.iter().zip(&point).map(|(a, b)| a - b).collect();
        let turned: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        update(&mut inverse, &moved, &turned);
        let gained = value - next_value;
        (point, value, gradient) = (next, next_value, next_gradient);
        if gained < tolerance {
            break;
        }
    }
    (point, value)
}

fn identity(size: usize) -> Vec<Vec<f64>> {
    (0..size).map(|row| (0..size).map(|column| f64::from(u8::from(row == column))).collect()).collect()
}

/// The inverse Hessian after a step `moved` that turned the gradient by `turned`; as it was where that shows no curvature.
fn update(inverse: &mut [Vec<f64>], moved: &[f64], turned: &[f64]) {
    let curvature = dot(moved, turned);
    if curvature <= 1e-10 * dot(moved, moved).sqrt() * dot(turned, turned).sqrt() {
        return;
    }
    let reach: Vec<f64> = inverse.iter().map(|row| dot(row, turned)).collect();
    let scale = (1.0 + dot(turned, &reach) / curvature) / curvature;
    for (row, entries) in inverse.iter_mut().enumerate() {
        add_scaled(entries, moved, scale * moved[row] - reach[row] / curvature);
        add_scaled(entries, &reach, -moved[row] / curvature);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_bottom_of_rosenbrocks_valley() {
        let valley = |x: &[f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            (a * a + 100.0 * b * b, vec![-2.0 * a - 400.0 * x[0] * b, 200.0 * b])
        };
        let (point, value) = minimise(vec![-1.2, 1.0], 200, 0.0, valley);
        assert!(value < 1e-9 && (point[0] - 1.0).abs() < 1e-4, "{point:?} {value}");
    }
}
