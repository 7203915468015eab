//! What kernels and factors are made of: sums over rows of numbers, in an order that is fixed.

/// `Σ a_i b_i` over the shorter of the two, in four running sums, which the compiler may keep in one vector register.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let length = a.len().min(b.len());
    let (a, b) = (&a[..length], &b[..length]);
    let (a_fours, a_rest) = a.as_chunks::<4>();
    let (b_fours, b_rest) = b.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (x, y) in a_fours.iter().zip(b_fours) {
        for lane in 0..4 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// `a += scale b`, over the shorter of the two.
pub(crate) fn add_scaled(a: &mut [f64], b: &[f64], scale: f64) {
    for (x, y) in a.iter_mut().zip(b) {
        *x += scale * y;
    }
}
