//! What is compared: a policy of the product with its ladder, or a baseline without, and who proposes.

use allocation::POLICIES;
use common::config::SEARCHERS;
use common::nearest::did_you_mean;

use super::Error;
use crate::baseline::{BASELINES, Baseline, find};

/// The product's search and ladder in the fewest cleanest hours that hold their work, known beforehand.
pub const LADDER_ORACLE: &str = "ladder-oracle";

/// A policy and a searcher, by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Contender {
    /// As the user writes it, such as `planner` or `split:25`.
    pub policy: String,
    /// None where the policy chooses by itself.
    pub searcher: Option<String>,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What {
    /// The coordinator's core with this policy.
    Product,
    /// The same in an oracle's hours; the percentage at which the work is done.
    LadderOracle(f64),
    /// A director of a fleet, with its parameter.
    Baseline(Baseline, f64),
}

impl Contender {
    /// `searcher` is dropped where the policy chooses by itself.
    pub fn new(policy: &str, searcher: &str) -> Result<Self, Error> {
        if !SEARCHERS.contains(&searcher) {
            let nearest = did_you_mean(searcher, SEARCHERS);
            return Err(Error::UnknownSearcher { name: searcher.into(), nearest });
        }
        let what = what(policy)?;
        let searches = !matches!(what, What::Baseline(Baseline { is_searching: false, .. }, _));
        Ok(Self { policy: policy.into(), searcher: searches.then(|| searcher.into()), what })
    }

    /// Every policy with every searcher, each once, in the order given; the word `all` stands for every policy.
    pub fn every(policies: &[String], searchers: &[String]) -> Result<Vec<Self>, Error> {
        let mut every: Vec<Self> = Vec::new();
        for policy in policies.iter().flat_map(|policy| match policy.as_str() {
            "all" => names().map(String::from).collect(),
            one => vec![one.to_owned()],
        }) {
            for searcher in searchers {
                let contender = Self::new(&policy, searcher)?;
                if !every.contains(&contender) {
                    every.push(contender);
                }
            }
        }
        Ok(every)
    }

    /// Whether it knows hours or results that are still to come: a bound, which no study can have.
    pub fn is_oracle(&self) -> bool {
        match self.what {
            What::Product => false,
            What::LadderOracle(_) => true,
            What::Baseline(baseline, _) => baseline.is_oracle,
        }
    }

    /// Whether it is the coordinator's core, with its ladder.
    pub fn is_product(&self) -> bool {
        !matches!(self.what, What::Baseline(..))
    }
}

/// Every policy that can be named: the product's first, then the baselines.
pub fn names() -> impl Iterator<Item = &'static str> {
    POLICIES.into_iter().chain([LADDER_ORACLE]).chain(BASELINES.iter().map(|baseline| baseline.name))
}

fn what(policy: &str) -> Result<What, Error> {
    if POLICIES.contains(&policy) {
        return Ok(What::Product);
    }
    let plain = policy.split(':').next().unwrap_or_default().trim();
    if plain == LADDER_ORACLE {
        // It has the parameter of the oracle whose hours it takes.
        let (_, percent) = find(&policy.replacen(LADDER_ORACLE, "offline-oracle", 1))?;
        return Ok(What::LadderOracle(percent));
    }
    if !names().any(|name| name == plain) {
        let all: Vec<&str> = names().chain(["all"]).collect();
        let nearest = did_you_mean(plain, all.iter().copied());
        return Err(Error::UnknownPolicy { name: plain.into(), nearest, known: all.join(", ") });
    }
    let (baseline, parameter) = find(policy)?;
    Ok(What::Baseline(baseline, parameter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_policy_has_one_name_and_what_chooses_by_itself_stands_once() {
        let all: Vec<&str> = names().collect();
        let twice = all.iter().enumerate().find(|(place, name)| all[..*place].contains(name));
        assert_eq!(twice, None);
        let searchers = words(&["surrogate", "random"]);
        let every = Contender::every(&words(&["all"]), &searchers).unwrap();
        let alone = every.iter().filter(|contender| contender.searcher.is_none()).count();
        assert_eq!(alone, 2, "one-shot-only and choice-oracle");
        assert_eq!(every.len(), 2 * (all.len() - alone) + alone);
    }

    #[test]
    fn a_wrong_name_is_refused_with_the_nearest() {
        let refused = |policy, searcher| Contender::new(policy, searcher).unwrap_err().to_string();
        assert!(refused("planer", "surrogate").contains("planner"));
        assert!(refused("vanila", "surrogate").contains("vanilla"));
        assert!(refused("planner", "surogate").contains("surrogate"));
        assert!(refused("split:half", "surrogate").contains("percent"));
        assert!(refused("ladder-oracle:x", "surrogate").contains("percent"));
    }
}
