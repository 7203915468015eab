//! How slots differ: what a training takes on some of them, beside what it takes on the mean.

/// Multiples of the mean over the whole fleet; 1 and 1 where nothing is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    pub seconds: f64,
    pub joules: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { seconds: 1.0, joules: 1.0 }
    }
}

impl Pace {
    /// Of slots that share work as it comes: each does as much as it is fast.
    pub fn together(paces: impl IntoIterator<Item = Self>) -> Self {
        let (mut count, mut speed, mut power) = (0.0, 0.0, 0.0);
        for pace in paces.into_iter().map(Self::sane) {
            count += 1.0;
            speed += pace.speed();
            power += pace.power();
        }
        if count > 0.0 { Self { seconds: count / speed, joules: power / speed } } else { Self::default() }
    }

    /// Work in a given time, in that of the mean slot.
    pub fn speed(self) -> f64 {
        1.0 / self.seconds
    }

    /// Draw while at work, in that of the mean slot.
    pub fn power(self) -> f64 {
        self.joules / self.seconds
    }

    /// Without figures that can't be.
    pub fn sane(self) -> Self {
        let or_one = |figure: f64| if figure.is_finite() && figure > 0.0 { figure } else { 1.0 };
        Self { seconds: or_one(self.seconds), joules: or_one(self.joules) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_one_of_two_does_most_of_their_work() {
        let fast = Pace { seconds: 0.5, joules: 0.8 };
        let slow = Pace { seconds: 2.0, joules: 1.6 };
        let together = Pace::together([fast, slow]);
        // In two units of time the fast one does four trainings, the slow one a single one: 5 for (4 x 0.8 + 1.6) joules.
        assert!(
            (together.seconds - 0.8).abs() < 1e-12 && (together.joules - 0.96).abs() < 1e-12,
            "{together:?}"
        );
        assert_eq!(Pace::together([]), Pace::default());
    }

    #[test]
    fn what_can_t_be_is_taken_for_the_mean() {
        for figure in [f64::NAN, 0.0, -1.0, f64::INFINITY] {
            assert_eq!(Pace { seconds: figure, joules: figure }.sane(), Pace::default());
        }
    }
}
