//! On which scale an objective is modelled: as it is, or by its logarithm above a floor. Errors and costs mostly vary by
//! factors, not by amounts; which holds is decided by the evidence.

/// A scale, with what centres the observations on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    /// `y` is modelled as `ln(y - floor)`; none for `y` itself.
    pub(crate) floor: Option<f64>,
    pub(crate) mean: f64,
    pub(crate) spread: f64,
}

/// Where floors may lie below the least value, in units of the upper quartile's height above it.
const DEPTHS: [f64; 2] = [0.5, 2.0];

impl Scale {
    /// The scales worth comparing for `values`: identity first.
    pub(crate) fn candidates(values: &[f64]) -> Vec<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let mut floors = vec![None];
        if let (Some(&least), Some(&high)) = (sorted.first(), sorted.get(sorted.len() * 3 / 4)) {
            if least > 0.0 {
                floors.push(Some(0.0));
            }
            if high > least {
                floors.extend(DEPTHS.map(|depth| Some(least - depth * (high - least))));
            }
        }
        floors.into_iter().map(|floor| Self::centred(floor, values)).collect()
    }

    /// With the given floor, centred on `values`.
    pub(crate) fn centred(floor: Option<f64>, values: &[f64]) -> Self {
        let plain = Self { floor, mean: 0.0, spread: 1.0 };
        let scaled: Vec<f64> = values.iter().map(|value| plain.apply(*value)).collect();
        let count = scaled.len().max(1) as f64;
        let mean = scaled.iter().sum::<f64>() / count;
        let variance = scaled.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
        let spread = if variance > 0.0 { variance.sqrt() } else { mean.abs().max(1.0) * 1e-3 };
        Self { floor, mean, spread }
    }

    /// `y` on this scale, centred. Values that fall on or below the floor stay a little above it.
    pub(crate) fn apply(&self, value: f64) -> f64 {
        let scaled = match self.floor {
            None => value,
            Some(floor) => {
                let height = value - floor;
                libm::log(if height > 0.0 { height } else { f64::MIN_POSITIVE.sqrt() })
            }
        };
        (scaled - self.mean) / self.spread
    }

    /// `Σ ln |d apply / dy|`: what makes the evidence of two scales comparable.
    pub(crate) fn log_density(&self, values: &[f64]) -> f64 {
        let slope = |value: &f64| match self.floor {
            None => -libm::log(self.spread),
            Some(floor) => -libm::log(self.spread * (value - floor).max(f64::MIN_POSITIVE)),
        };
        values.iter().map(slope).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observations_are_centred_on_every_scale() {
        let values = [3.0, 4.0, 8.0, 90.0];
        for scale in Scale::candidates(&values) {
            let scaled = values.map(|value| scale.apply(value));
            assert!(scaled.iter().sum::<f64>().abs() < 1e-9, "{scale:?}");
            assert!((scaled.iter().map(|value| value * value).sum::<f64>() / 4.0 - 1.0).abs() < 1e-9);
        }
        assert_eq!(Scale::candidates(&values).len(), 4);
        assert_eq!(Scale::candidates(&[-1.0, -1.0]).len(), 1, "nothing tells equal values apart");
    }

    #[test]
    fn the_density_is_the_slope() {
        for scale in Scale::candidates(&[1.0, 2.0, 5.0]) {
            let slope = (scale.apply(3.0 + 1e-6) - scale.apply(3.0 - 1e-6)) / 2e-6;
            assert!((scale.log_density(&[3.0]) - slope.ln()).abs() < 1e-6, "{scale:?}");
        }
    }
}
