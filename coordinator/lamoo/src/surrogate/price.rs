//! What effort is worth. Promises are told as if every full training took the usual effort: one that takes more must add as much
//! more as the difference would have bought elsewhere, one that takes less is forgiven as much.
//!
//! What effort buys elsewhere is what the training after the next adds by what it takes, but no more than a training adds in
//! the long run: early on, the next ones add so much that the cheapest would always win, and their better kin would have to be
//! trained once more later. Promises divided by effort go wrong in the same way.
//!
//! | NAS-Bench-201 with energy, seeds 101-160 | kWh to 98 % | 99 % | 99.5 % |
//! | --- | --- | --- | --- |
//! | effort costs nothing | 1.14 | 1.45 ± 0.06 | 2.55 ± 0.11 |
//! | at most 0.001 of the hypervolume reached | 1.07 | 1.33 ± 0.04 | 2.45 ± 0.10 |
//! | 0.0015 | 1.02 | 1.29 ± 0.05 | 2.67 ± 0.13 |
//! | 0.002 | 0.98 | 1.21 ± 0.05 | 2.76 ± 0.11 |
//! | whatever the next but one adds | 0.87 | 1.22 ± 0.05 | 3.03 ± 0.10 |

/// Share of the hypervolume reached that a usual training adds in the long run: on NAS-Bench-201 trainings add 1 % after the
/// third and 0.1 % after the tenth.
const LONG_RUN: f64 = 1.5e-3;
/// Share of its gain that every promise keeps: what adds something is better than what adds nothing.
const KEPT: f64 = 1e-3;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Price {
    /// Hypervolume for the usual effort.
    rate: f64,
}

impl Price {
    /// Where `reached` is the hypervolume so far, and the training after the next adds `gain` for `effort`.
    pub(crate) fn of(reached: f64, gain: f64, effort: f64) -> Self {
        Self { rate: (gain / effort).min(LONG_RUN * reached) }
    }

    /// What a training that adds `gain` for `effort` promises.
    pub(crate) fn promise(self, gain: f64, effort: f64) -> f64 {
        if gain <= 0.0 { gain } else { (gain - self.rate * (effort - 1.0)).max(KEPT * gain) }
    }

    pub(crate) fn is_free(self) -> bool {
        self.rate == 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_that_add_the_same_the_cheaper_promises_more() {
        let price = Price::of(1.0, 0.1, 1.0);
        assert_eq!(price.promise(0.5, 1.0), 0.5);
        assert!(price.promise(0.5, 0.4) > 0.5 && price.promise(0.5, 2.0) < 0.5);
    }

    #[test]
    fn a_little_more_is_not_worth_any_effort_and_much_more_is() {
        let price = Price::of(1.0, 0.1, 1.0);
        assert!(price.promise(0.0103, 2.0) < price.promise(0.01, 1.0));
        assert!(price.promise(0.02, 2.0) > price.promise(0.01, 1.0));
    }

    #[test]
    fn effort_is_worth_no_more_than_what_it_buys_next() {
        let price = Price::of(1.0, 1e-5, 2.0);
        assert!((price.promise(1e-4, 2.0) - (1e-4 - 0.5e-5)).abs() < 1e-12);
    }

    #[test]
    fn what_adds_something_promises_something_and_cheapness_alone_promises_nothing() {
        let price = Price::of(1.0, 1.0, 1.0);
        assert!(price.promise(1e-6, 3.0) > 0.0);
        assert_eq!([price.promise(0.0, 3.0), price.promise(0.0, 0.1)], [0.0, 0.0]);
    }

    #[test]
    fn before_anything_is_reached_effort_costs_nothing() {
        assert!(Price::of(0.0, 1.0, 1.0).is_free());
    }
}
