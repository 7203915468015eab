//! Solves a symmetric positive definite system by A = L Lᵀ (Cholesky), for many right-hand sides at once.

use super::moments::dot;

/// Overwrites `targets [size, columns]` with the solution of `matrix [size, size] · solution = targets`. Both row-major; only the
/// lower triangle of `matrix` is read, and it is overwritten by L. None when the matrix is not positive definite.
pub fn solve(matrix: &mut [f64], size: usize, targets: &mut [f64], columns: usize) -> Option<()> {
    decompose(matrix, size)?;
    for row in 0..size {
        let (done, rest) = targets.split_at_mut(row * columns);
        let current = &mut rest[..columns];
        for (factor, solved) in matrix[row * size..].iter().zip(done.chunks_exact(columns)) {
            subtract(current, *factor, solved);
        }
        divide(current, matrix[row * size + row]);
    }
    for row in (0..size).rev() {
        let (head, done) = targets.split_at_mut((row + 1) * columns);
        let current = &mut head[row * columns..];
        for (below, solved) in (row + 1..size).zip(done.chunks_exact(columns)) {
            subtract(current, matrix[below * size + row], solved);
        }
        divide(current, matrix[row * size + row]);
    }
    Some(())
}

fn decompose(matrix: &mut [f64], size: usize) -> Option<()> {
    for row in 0..size {
        let (above, rest) = matrix.split_at_mut(row * size);
        let current = &mut rest[..size];
        for column in 0..row {
            let other = &above[column * size..column * size + size];
            let product = dot(&current[..column], &other[..column]);
            current[column] = (current[column] - product) / other[column];
        }
        let square = current[row] - dot(&current[..row], &current[..row]);
        if square.is_nan() || square <= 0.0 {
            return None;
        }
        current[row] = square.sqrt();
    }
    Some(())
}

fn subtract(from: &mut [f64], factor: f64, row: &[f64]) {
    for (value, other) in from.iter_mut().zip(row) {
        *value -= factor * other;
    }
}

fn divide(row: &mut [f64], by: f64) {
    row.iter_mut().for_each(|value| *value /= by);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_system_is_solved() {
        // A = B Bᵀ + I for a small B, and X known: A X must give X back.
        let size = 7;
        let b: Vec<f64> = (0..size * size).map(|i| ((i * 37 % 11) as f64 - 5.0) / 3.0).collect();
        let mut a = vec![0.0; size * size];
        for i in 0..size {
            for j in 0..size {
                a[i * size + j] = dot(&b[i * size..][..size], &b[j * size..][..size]) + f64::from(i == j);
            }
        }
        let x: Vec<f64> = (0..size * 2).map(|i| i as f64 - 6.5).collect();
        let mut targets = vec![0.0; size * 2];
        for i in 0..size {
            for j in 0..2 {
                targets[i * 2 + j] = (0..size).map(|k| a[i * size + k] * x[k * 2 + j]).sum();
            }
        }
        solve(&mut a, size, &mut targets, 2).unwrap();
        for (found, expected) in targets.iter().zip(&x) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn an_indefinite_matrix_is_refused() {
        assert_eq!(solve(&mut [1.0, 0.0, 2.0, 1.0], 2, &mut [1.0, 1.0], 1), None);
        assert_eq!(solve(&mut [f64::NAN], 1, &mut [1.0], 1), None);
    }
}
