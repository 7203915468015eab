//! How far the energy may be off. An instrument errs the same way all week: the errors of one method's joules do not cancel, and
//! those of several methods are added up, as if all erred in the same direction.

use std::collections::BTreeMap;

use common::energy::Method;
use common::unit::JOULES_PER_KWH;

use super::model::{Spent, Uncertainty};

/// Half the interval, as a share of the joules, and where the figure comes from.
pub(super) fn of(method: Method) -> (f64, &'static str) {
    match method {
        Method::Counter => (
            0.05,
            "boards' sensors are good to 5 % against an external meter, and so are processors' counters for their packages (Yang, Adamek, Armour, SC 2024; Khan et al., ACM TOMPECS 2018)",
        ),
        Method::Integrated => (
            0.10,
            "the sensor's 5 %, and as much again for what happens between two readings: some boards look at a quarter of the time only (Yang, Adamek, Armour, SC 2024)",
        ),
        Method::Estimated => {
            (0.40, "estimates from utilisation were found up to 40 % off a meter (Fischer, arXiv 2509.22092)")
        }
        Method::Tabulated => (0.0, "as exact as the table: nothing was measured here"),
    }
}

/// The interval around `total`, carried over to the emissions: the intensity of the grid is taken as its source gave it.
pub(super) fn facts(joules_by_method: &BTreeMap<Method, f64>, total: Spent) -> Uncertainty {
    let off = joules_by_method.iter().map(|(method, joules)| of(*method).0 * joules).sum::<f64>();
    let kwh = off / JOULES_PER_KWH;
    let share = if total.kwh > 0.0 { kwh / total.kwh } else { 0.0 };
    Uncertainty {
        share,
        low: Spent { kwh: total.kwh - kwh, gco2eq: total.gco2eq * (1.0 - share) },
        high: Spent { kwh: total.kwh + kwh, gco2eq: total.gco2eq * (1.0 + share) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_do_not_make_up_for_each_other() {
        let joules = BTreeMap::from([(Method::Counter, 3.6e6), (Method::Estimated, 3.6e6)]);
        let found = facts(&joules, Spent { kwh: 2.0, gco2eq: 800.0 });
        assert!((found.share - 0.225).abs() < 1e-12);
        assert!((found.low.kwh - 1.55).abs() < 1e-12 && (found.high.kwh - 2.45).abs() < 1e-12);
        assert!((found.high.gco2eq - 980.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_used_is_nothing_off() {
        let found = facts(&BTreeMap::new(), Spent::default());
        assert_eq!((found.share, found.high), (0.0, Spent::default()));
    }
}
