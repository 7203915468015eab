//! The covered area below a reference corner as a staircase: mutually non-dominated points of the plane, in order.
//!
//! The two-objective archive stands on it. An insertion costs O(log n) to find, plus one shift
//! of a flat array; at the sizes of a front (thousands) that beats a balanced tree.

/// Points `(x, y)` inside the corner, `x` strictly rising and `y` strictly falling.
#[derive(Debug, Clone)]
pub(crate) struct Staircase {
    corner: (f64, f64),
    steps: Vec<(f64, f64)>,
}

impl Staircase {
    pub(crate) fn new(corner: (f64, f64)) -> Self {
        Self { corner, steps: Vec::new() }
    }

    /// The area that `(x, y)` would add.
    pub(crate) fn gain(&self, x: f64, y: f64) -> f64 {
        self.span(x, y).map_or(0.0, |span| span.area)
    }

    /// Adds `(x, y)` and returns the area it added: 0 where it is covered or outside the corner.
    pub(crate) fn insert(&mut self, x: f64, y: f64) -> f64 {
        let Some(span) = self.span(x, y) else { return 0.0 };
        self.steps.splice(span.from..span.to, [(x, y)]);
        span.area
    }

    /// The steps that `(x, y)` would replace and the area between them and it; none where it adds nothing.
    fn span(&self, x: f64, y: f64) -> Option<Span> {
        if x >= self.corner.0 || y >= self.corner.1 {
            return None;
        }
        let after = self.steps.partition_point(|step| step.0 <= x);
        let before = after.checked_sub(1).map(|index| self.steps[index]);
        if before.is_some_and(|step| step.1 <= y) {
            return None;
        }
        let from = if before.is_some_and(|step| step.0 == x) { after - 1 } else { after };
        let (mut left, mut ceiling) = (x, before.map_or(self.corner.1, |step| step.1));
        let (mut to, mut area) = (after, 0.0);
        loop {
            let right = self.steps.get(to).map_or(self.corner.0, |step| step.0);
            area += (right - left) * (ceiling - y);
            match self.steps.get(to) {
                Some(step) if step.1 >= y => (left, ceiling) = *step,
                _ => return Some(Span { from, to, area }),
            }
            to += 1;
        }
    }
}

struct Span {
    from: usize,
    to: usize,
    area: f64,
}
