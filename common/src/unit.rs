//! Physical quantities, so that no joule is ever kept in a field that says millijoules.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

use serde::{Deserialize, Serialize};

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $symbol:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl $name {
            pub const ZERO: Self = Self(0.0);

            pub fn is_finite(self) -> bool {
                self.0.is_finite()
            }
            pub fn max(self, other: Self) -> Self {
                Self(self.0.max(other.0))
            }
            pub fn min(self, other: Self) -> Self {
                Self(self.0.min(other.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let digits = f.precision().unwrap_or(2);
                write!(f, "{:.digits$} {}", self.0, $symbol)
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }
        impl Mul<f64> for $name {
            type Output = Self;
            fn mul(self, factor: f64) -> Self {
                Self(self.0 * factor)
            }
        }
        impl Div for $name {
            type Output = f64;
            fn div(self, other: Self) -> f64 {
                self.0 / other.0
            }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self::ZERO, |total, item| total + item)
            }
        }
    };
}

quantity! {
    /// Energy in joules.
    Joules, "J"
}
quantity! {
    /// Power in watts.
    Watts, "W"
}
quantity! {
    /// Emissions in grams of CO2 equivalent.
    Grams, "gCO2eq"
}
quantity! {
    /// Carbon intensity of electricity in grams of CO2 equivalent per kilowatt-hour.
    Intensity, "gCO2eq/kWh"
}
quantity! {
    /// Temperature in degrees Celsius.
    Celsius, "°C"
}
quantity! {
    /// A span of time in seconds, where a fraction matters.
    Seconds, "s"
}

pub const JOULES_PER_KWH: f64 = 3.6e6;

impl Joules {
    pub fn from_kwh(kwh: f64) -> Self {
        Self(kwh * JOULES_PER_KWH)
    }
    pub fn kwh(self) -> f64 {
        self.0 / JOULES_PER_KWH
    }
    /// What this energy emits at a grid's `intensity`.
    pub fn emissions(self, intensity: Intensity) -> Grams {
        Grams(self.kwh() * intensity.0)
    }
}

impl Watts {
    pub fn over(self, span: Seconds) -> Joules {
        Joules(self.0 * span.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kilowatt_hour_at_400_g_emits_400_g() {
        assert_eq!(Joules::from_kwh(1.0).emissions(Intensity(400.0)), Grams(400.0));
        assert_eq!(Watts(1000.0).over(Seconds(3600.0)).kwh(), 1.0);
    }

    #[test]
    fn quantities_print_their_unit() {
        assert_eq!(format!("{:.1}", Joules(12.34)), "12.3 J");
    }
}
