//! What is believed of one objective of one architecture, and how far below a level it is expected to fall.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::scale::Scale;

/// Standard deviations to which an optimist looks.
const OPTIMISM: f64 = 3.5;
/// Standard deviations beyond which nothing falls: the chance is 1e-15. Most levels are asked about in vain, and an error function
/// costs as much as all the rest.
const NEVER: f64 = -8.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Belief {
    Certain(f64),
    /// `Y ~ N(mean, deviation²)`.
    Normal {
        mean: f64,
        deviation: f64,
    },
    /// `ln(Y - floor) ~ N(mean, deviation²)`.
    LogNormal {
        floor: f64,
        mean: f64,
        deviation: f64,
    },
}

impl Belief {
    /// Of a standardised normal on `scale`.
    pub(crate) fn on(scale: &Scale, mean: f64, deviation: f64) -> Self {
        let (mean, deviation) = (scale.mean + scale.spread * mean, scale.spread * deviation);
        match scale.floor {
            None => Self::Normal { mean, deviation },
            Some(floor) => Self::LogNormal { floor, mean, deviation },
        }
    }

    /// As good as an optimist hopes.
    pub(crate) fn optimistic(&self) -> f64 {
        self.at(-OPTIMISM)
    }

    pub(crate) fn median(&self) -> f64 {
        self.at(0.0)
    }

    fn at(&self, deviations: f64) -> f64 {
        match *self {
            Self::Certain(value) => value,
            Self::Normal { mean, deviation } => mean + deviations * deviation,
            Self::LogNormal { floor, mean, deviation } => floor + libm::exp(mean + deviations * deviation),
        }
    }

    /// `E[max(0, level - Y)]`; 0 at minus infinity.
    pub(crate) fn shortfall(&self, level: f64) -> f64 {
        if level == f64::NEG_INFINITY {
            return 0.0;
        }
        match *self {
            Self::Certain(value) => (level - value).max(0.0),
            Self::Normal { mean, deviation } => {
                let z = (level - mean) / deviation;
                if z < NEVER {
                    return 0.0;
                }
                (level - mean) * cumulative(z) + deviation * density(z)
            }
            Self::LogNormal { floor, mean, deviation } => {
                let height = level - floor;
                if height <= 0.0 {
                    return 0.0;
                }
                let z = (libm::log(height) - mean) / deviation;
                if z < NEVER {
                    return 0.0;
                }
                let expected = libm::exp(mean + 0.5 * deviation * deviation);
                (height * cumulative(z) - expected * cumulative(z - deviation)).max(0.0)
            }
        }
    }
}

fn density(z: f64) -> f64 {
    libm::exp(-0.5 * z * z) / (2.0 * PI).sqrt()
}

fn cumulative(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `E[max(0, level - Y)] = ∫ P(Y < y) dy` up to the level.
    fn integrated(belief: &Belief, level: f64) -> f64 {
        let below = |y: f64| match *belief {
            Belief::Certain(value) => f64::from(u8::from(value < y)),
            Belief::Normal { mean, deviation } => cumulative((y - mean) / deviation),
            Belief::LogNormal { floor, mean, deviation } if y > floor => {
                cumulative((libm::log(y - floor) - mean) / deviation)
            }
            Belief::LogNormal { .. } => 0.0,
        };
        let (steps, width) = (200_000, 40.0);
        let step = width / f64::from(steps);
        (0..steps).map(|index| below(level - (f64::from(index) + 0.5) * step) * step).sum()
    }

    #[test]
    fn the_shortfall_is_the_integral() {
        let beliefs = [
            Belief::Certain(1.5),
            Belief::Normal { mean: 0.3, deviation: 1.7 },
            Belief::LogNormal { floor: -2.0, mean: 0.8, deviation: 0.4 },
        ];
        for belief in beliefs {
            for level in [-1.0, 0.2, 1.4, 3.0] {
                let (closed, wanted) = (belief.shortfall(level), integrated(&belief, level));
                assert!((closed - wanted).abs() < 1e-3, "{belief:?} below {level}: {closed} {wanted}");
            }
            assert_eq!(belief.shortfall(f64::NEG_INFINITY), 0.0);
            assert!(belief.optimistic() <= belief.median());
        }
    }
}
