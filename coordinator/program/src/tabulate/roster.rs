//! Which architectures are trained, and which get a row.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use common::architecture::Architecture;
use common::seed::Seed;
use common::space::{SearchSpace, SpaceSpec};
use coordinator::command::Usage;

/// Encodings of the largest space that is listed: each is a row, and a training of seconds makes days of so many.
const MOST_ROWS: u64 = 100_000;
/// Draws for each architecture of a sample until the space is taken to have no other.
const DRAWS: usize = 1_000;

/// What `--architectures` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    All,
    Sampled(usize),
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("all", _) => Ok(Self::All),
            (_, Ok(count)) if count > 0 => Ok(Self::Sampled(count)),
            _ => Err("`all`, or how many".into()),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Sampled(count) => write!(f, "{count}"),
        }
    }
}

#[derive(Debug)]
pub struct Roster {
    pub space: Box<dyn SearchSpace>,
    /// Canonical forms, each once.
    pub trained: Vec<Architecture>,
    /// Encodings, in the space's order; each computes what one of `trained` computes.
    pub rows: Vec<Architecture>,
}

impl Roster {
    /// All of a space with few encodings: then every encoding has a row. Or a sample that depends on `seed` alone, of
    /// architectures worth training: then these are the rows.
    pub fn new(spec: &SpaceSpec, wanted: &Wanted, seed: u64) -> Result<Self> {
        let space = spec.build();
        match *wanted {
            Wanted::All => {
                if space.size().is_none_or(|size| size > MOST_ROWS) {
                    let words = spec.words().remove(0);
                    bail!(Usage(format!(
                        "{words}: more than {MOST_ROWS} encodings are not trained one by one; --architectures N draws some"
                    )));
                }
                let rows: Vec<Architecture> = space.enumerate().collect();
                let distinct: BTreeSet<Architecture> = rows.iter().map(|row| space.canonical(row)).collect();
                Ok(Self { space, trained: distinct.into_iter().collect(), rows })
            }
            Wanted::Sampled(count) => {
                let drawn = sample(space.as_ref(), count, Seed(seed));
                if drawn.len() < count {
                    bail!(Usage(format!(
                        "--architectures {count}: the space has about {} distinct ones",
                        drawn.len()
                    )));
                }
                Ok(Self { space, trained: drawn.clone(), rows: drawn })
            }
        }
    }
}

/// Distinct canonical forms; fewer than `count` where there are no more.
fn sample(space: &dyn SearchSpace, count: usize, seed: Seed) -> Vec<Architecture> {
    let mut rng = seed.stream("tabulate", 0);
    let mut drawn = BTreeSet::new();
    let mut fruitless = 0;
    while drawn.len() < count && fruitless < DRAWS {
        let architecture = space.canonical(&space.random(&mut rng));
        let is_new = space.trainable(&architecture) && drawn.insert(architecture);
        fruitless = if is_new { 0 } else { fruitless + 1 };
    }
    drawn.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(assignments: &[&str], wanted: Wanted) -> Result<(usize, usize)> {
        let assignments: Vec<String> = assignments.iter().map(ToString::to_string).collect();
        let config = common::config::load(None, [], &assignments).unwrap();
        let roster = Roster::new(&config.space_spec().unwrap(), &wanted, 1)?;
        let trained: BTreeSet<&Architecture> = roster.trained.iter().collect();
        assert_eq!(trained.len(), roster.trained.len(), "each is trained once");
        assert!(roster.rows.iter().all(|row| trained.contains(&roster.space.canonical(row))));
        Ok((roster.trained.len(), roster.rows.len()))
    }

    #[test]
    fn every_encoding_has_a_row_and_every_network_one_training() {
        assert_eq!(check(&["space.nodes=3"], Wanted::All).unwrap(), (60, 125));
        assert_eq!(check(&[], Wanted::Sampled(7)).unwrap(), (7, 7));
    }

    #[test]
    fn what_no_one_could_train_is_refused() {
        let rehearsed = ["space.kind=darts", "evaluation.evaluator=rehearsal"];
        let refusal = check(&rehearsed, Wanted::All).unwrap_err();
        assert!(refusal.is::<Usage>() && refusal.to_string().contains("--architectures N"), "{refusal}");
        assert_eq!(check(&rehearsed, Wanted::Sampled(3)).unwrap(), (3, 3));
        let beyond = check(&["space.nodes=3"], Wanted::Sampled(60)).unwrap_err();
        assert!(beyond.to_string().contains("about 59 distinct"), "the dead cell is not worth it: {beyond}");
    }

    #[test]
    fn words_are_read() {
        assert_eq!(("all".parse(), "12".parse()), (Ok(Wanted::All), Ok(Wanted::Sampled(12))));
        assert!("0".parse::<Wanted>().is_err() && "some".parse::<Wanted>().is_err());
    }
}
