//! Points side by side in single precision, sixteen to a block, so that one pass of vector comparisons finds the few that
//! can lie above a given point. Rounding keeps the order of two numbers or makes them equal: nothing above the point is
//! missed, and who asks must look at each candidate in full precision.

const WIDTH: usize = 16;

/// `[n, D]`, one array a coordinate within each block. Free places hold NaN, which is above nothing.
#[derive(Debug, Clone)]
pub(super) struct Lanes<const D: usize> {
    blocks: Vec<[[f32; WIDTH]; D]>,
    len: usize,
}

impl<const D: usize> Lanes<D> {
    pub(super) fn new() -> Self {
        Self { blocks: Vec::new(), len: 0 }
    }

    pub(super) fn push(&mut self, point: [f64; D]) {
        if self.len == self.blocks.len() * WIDTH {
            self.blocks.push([[f32::NAN; WIDTH]; D]);
        }
        self.set(self.len, point.map(|value| value as f32));
        self.len += 1;
    }

    /// Removes one point and puts the last in its place.
    pub(super) fn swap_remove(&mut self, index: usize) {
        self.len -= 1;
        let last = &mut self.blocks[self.len / WIDTH];
        let moved = std::array::from_fn(|k| std::mem::replace(&mut last[k][self.len % WIDTH], f32::NAN));
        if index < self.len {
            self.set(index, moved);
        }
        self.blocks.truncate(self.len.div_ceil(WIDTH));
    }

    /// Visits, in rising order, every point that may be above `point` in all coordinates, and a few that are not.
    pub(super) fn candidates(&self, point: &[f64; D], mut visit: impl FnMut(usize)) {
        let point = point.map(|value| value as f32);
        for (block, lanes) in self.blocks.iter().enumerate() {
            // Whole words instead of bools, and nothing but words until one is found: so the loops become vectors.
            let mut above = [u32::MAX; WIDTH];
            for k in 0..D {
                for (lane, value) in above.iter_mut().zip(&lanes[k]) {
                    *lane &= if *value >= point[k] { u32::MAX } else { 0 };
                }
            }
            if above.iter().fold(0, |any, lane| any | lane) != 0 {
                for (half, lanes) in above.as_chunks::<{ WIDTH / 2 }>().0.iter().enumerate() {
                    let first = block * WIDTH + half * WIDTH / 2;
                    let mut found = u64::from_le_bytes(lanes.map(|lane| lane as u8));
                    while found != 0 {
                        let lane = found.trailing_zeros() / u8::BITS;
                        found &= !(0xff << (lane * u8::BITS));
                        visit(first + lane as usize);
                    }
                }
            }
        }
    }

    fn set(&mut self, index: usize, point: [f32; D]) {
        let block = &mut self.blocks[index / WIDTH];
        for (lanes, value) in block.iter_mut().zip(point) {
            lanes[index % WIDTH] = value;
        }
    }
}
