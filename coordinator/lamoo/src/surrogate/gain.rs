//! The hypervolume that an architecture is expected to add: over the disjoint boxes of the undominated space,
//! `Σ_box Π_i (E[max(0, u_i - Y_i)] - E[max(0, l_i - Y_i)])`, its objectives being independent (Yang, Emmerich, Deutz,
//! Bäck; J. Global Optimization 75, 2019).

use std::cell::RefCell;

use moo::Front;

use super::belief::Belief;

/// The undominated space, cut for asking.
#[derive(Debug)]
pub(crate) struct ExpectedGain {
    objectives: usize,
    /// The values at which boxes begin or end, rising: those of the first objective, then those of the next.
    levels: Vec<f64>,
    /// The objective of each level.
    of: Vec<u32>,
    /// Places in `levels` of each box's lower and upper end: `[boxes, m]` of pairs.
    boxes: Vec<(u32, u32)>,
    /// It is asked of thousands in a row.
    scratch: RefCell<Scratch>,
}

#[derive(Debug, Default)]
struct Scratch {
    /// By level; not a number where not yet asked.
    shortfalls: Vec<f64>,
    order: Vec<usize>,
}

impl ExpectedGain {
    pub(crate) fn beyond<T>(front: &Front<T>) -> Self {
        let cuboids = front.boxes();
        let objectives = front.reference().len();
        let (mut levels, mut of, mut first) = (Vec::new(), Vec::new(), Vec::new());
        for objective in 0..objectives {
            let ends = cuboids.iter().flat_map(|cuboid| [cuboid.lower[objective], cuboid.upper[objective]]);
            let mut own: Vec<f64> = ends.collect();
            own.sort_by(f64::total_cmp);
            own.dedup();
            first.push(levels.len());
            levels.extend(own);
            of.resize(levels.len(), objective as u32);
        }
        let place = |objective: usize, value: f64| {
            let own = &levels[first[objective]..first.get(objective + 1).copied().unwrap_or(levels.len())];
            (first[objective] + own.partition_point(|level| level.total_cmp(&value).is_lt())) as u32
        };
        let boxes = cuboids.iter().flat_map(|cuboid| {
            let pairs = cuboid.lower.iter().zip(&cuboid.upper).enumerate();
            pairs.map(|(objective, (lower, upper))| (place(objective, *lower), place(objective, *upper)))
        });
        Self { objectives, boxes: boxes.collect(), of, levels, scratch: RefCell::default() }
    }

    /// Of an architecture with one belief for each objective.
    pub(crate) fn of(&self, beliefs: &[Belief]) -> f64 {
        let Scratch { shortfalls, order } = &mut *self.scratch.borrow_mut();
        shortfalls.clear();
        shortfalls.resize(self.levels.len(), f64::NAN);
        let mut below = |place: u32| {
            let place = place as usize;
            if shortfalls[place].is_nan() {
                shortfalls[place] = beliefs[self.of[place] as usize].shortfall(self.levels[place]);
            }
            shortfalls[place]
        };
        // What is certain costs nothing to ask, and rules most boxes out.
        order.clear();
        order.extend(0..beliefs.len());
        order.sort_by_key(|&objective| !matches!(beliefs[objective], Belief::Certain(_)));
        let mut volume = |pairs: &[(u32, u32)]| {
            let mut volume = 1.0;
            for &objective in &*order {
                let (lower, upper) = pairs[objective];
                volume *= below(upper) - below(lower);
                if volume == 0.0 {
                    break;
                }
            }
            volume
        };
        self.boxes.chunks_exact(self.objectives).map(&mut volume).sum()
    }
}

#[cfg(test)]
mod tests {
    use common::seed::Seed;
    use rand::RngExt;

    use super::*;

    #[test]
    fn the_expectation_is_the_mean_of_gains() {
        let mut front = Front::new(&[4.0, 4.0, 4.0]).unwrap();
        for point in [[1.0, 3.0, 2.0], [2.0, 2.0, 2.5], [3.0, 1.0, 3.0], [0.5, 3.5, 3.9]] {
            front.insert(&point, ()).unwrap();
        }
        let beliefs = [
            Belief::Normal { mean: 1.5, deviation: 0.8 },
            Belief::LogNormal { floor: -0.5, mean: 0.7, deviation: 0.3 },
            Belief::Certain(1.7),
        ];
        let mut rng = Seed(3).stream("gains", 0);
        let mut normal = || {
            let uniform: f64 = rng.random_range(f64::MIN_POSITIVE..1.0);
            let angle: f64 = rng.random_range(0.0..std::f64::consts::TAU);
            (-2.0 * uniform.ln()).sqrt() * angle.cos()
        };
        let count = 200_000;
        let mean = (0..count)
            .map(|_| {
                let y = [1.5 + 0.8 * normal(), -0.5 + (0.7 + 0.3 * normal()).exp(), 1.7];
                front.gain(&y).unwrap()
            })
            .sum::<f64>()
            / f64::from(count);
        let expected = ExpectedGain::beyond(&front).of(&beliefs);
        assert!((expected / mean - 1.0).abs() < 0.01, "{expected} {mean}");
    }

    #[test]
    fn what_is_certain_gains_what_it_adds() {
        let mut front = Front::new(&[4.0, 4.0]).unwrap();
        front.insert(&[1.0, 2.0], ()).unwrap();
        for point in [[0.5, 3.0], [2.0, 1.0], [2.0, 3.0], [0.0, 0.0]] {
            let expected = ExpectedGain::beyond(&front).of(&point.map(Belief::Certain));
            assert!((expected - front.gain(&point).unwrap()).abs() < 1e-12);
        }
    }
}
