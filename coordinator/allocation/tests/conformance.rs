//! Every policy by its name through the conformance suite, and what `build` refuses.

use allocation::{Options, POLICIES, Policy, Situation, build, conformance::check_policy};
use common::allocation::Allocation;

#[test]
fn every_policy_keeps_its_promises() {
    for name in POLICIES {
        check_policy(|| build(name, &Options::default()).unwrap(), 300);
    }
    for train_share in [0.0, 1.0] {
        let options =
            Options { train_share, rest_quantile: 0.0, fixed_train: train_share, ..Options::default() };
        let options = Options { fixed_sample: 0.0, threshold_percentile: 100.0 * train_share, ..options };
        for name in POLICIES {
            check_policy(|| build(name, &options).unwrap(), 50);
        }
    }
}

/// Takes back at every second asking what it said at the first.
#[derive(Debug)]
struct Fickle(Box<dyn Policy>, bool);

impl Policy for Fickle {
    fn name(&self) -> &str {
        "greedy"
    }
    fn decide(&mut self, situation: &Situation) -> Allocation {
        self.1 = !self.1;
        let mut allocation = self.0.decide(situation);
        for shares in allocation.zones.values_mut().filter(|_| self.1) {
            (shares.train, shares.rest) = (shares.rest, shares.train);
        }
        allocation
    }

    fn copy(&self) -> Box<dyn Policy> {
        Box::new(Self(self.0.copy(), self.1))
    }
}

#[test]
#[should_panic(expected = "A-2")]
fn a_fickle_policy_is_caught() {
    check_policy(|| Box::new(Fickle(build("greedy", &Options::default()).unwrap(), false)), 50);
}

#[test]
fn wrong_names_and_options_say_what_is_right() {
    let refused = |name: &str, options: Options| build(name, &options).unwrap_err().to_string();
    assert_eq!(
        refused("planer", Options::default()),
        "there is no allocation policy `planer`; the nearest is `planner`"
    );
    let too_much = Options { fixed_train: 0.8, fixed_sample: 0.4, ..Options::default() };
    assert!(refused("fixed", too_much).contains("more than the whole fleet"));
    let nan = Options { train_share: f64::NAN, ..Options::default() };
    assert_eq!(refused("planner", nan), "allocation.train_share = NaN: a share lies between 0 and 1");
    assert!(build("threshold", &Options { threshold_percentile: 101.0, ..Options::default() }).is_err());
}
