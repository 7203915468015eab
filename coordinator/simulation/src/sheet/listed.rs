//! A space made of a table's own decisions, each with the values that are listed for it. Nothing is known of what they mean: every
//! encoding counts, none is known to equal another.

use common::architecture::Architecture;
use common::space::{Cost, Decision, DecodeError, SearchSpace};

/// One decision with its values as they stand in cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    pub name: String,
    pub values: Vec<String>,
    /// Whether neighbouring values are alike.
    pub ordered: bool,
}

#[derive(Debug)]
pub struct Listed {
    values: Vec<Values>,
    decisions: Vec<Decision>,
}

impl Listed {
    pub fn new(values: Vec<Values>) -> Self {
        let decision = |values: &Values| {
            let options = u32::try_from(values.values.len()).expect("a table is held in memory");
            if values.ordered { Decision::ordered(options) } else { Decision::categorical(options) }
        };
        Self { decisions: values.iter().map(decision).collect(), values }
    }
}

impl SearchSpace for Listed {
    fn name(&self) -> &'static str {
        "listed"
    }

    fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    fn canonical(&self, architecture: &Architecture) -> Architecture {
        architecture.clone()
    }

    fn trainable(&self, _: &Architecture) -> bool {
        true
    }

    /// The places of the ordered decisions: what else a figure could be is not known.
    fn structure(&self, architecture: &Architecture) -> Vec<f64> {
        let pairs = self.values.iter().zip(&self.decisions).zip(architecture.genes());
        pairs
            .filter(|((values, _), _)| values.ordered)
            .map(|((_, decision), &gene)| decision.place(gene))
            .collect()
    }

    fn cost(&self, _: &Architecture) -> Option<Cost> {
        None
    }

    /// `depth=2 kernel=3`.
    fn encode(&self, architecture: &Architecture) -> String {
        let word =
            |(values, &gene): (&Values, &u32)| format!("{}={}", values.name, values.values[gene as usize]);
        self.values.iter().zip(architecture.genes()).map(word).collect::<Vec<_>>().join(" ")
    }

    fn decode(&self, text: &str) -> Result<Architecture, DecodeError> {
        let mut rest = text;
        let mut genes = Vec::with_capacity(self.values.len());
        for (index, values) in self.values.iter().enumerate() {
            let is_last = index + 1 == self.values.len();
            // Values may hold blanks: one is read only where the next decision, or the end, follows.
            let read = |value: &String| {
                let after =
                    rest.strip_prefix(&values.name)?.strip_prefix('=')?.strip_prefix(value.as_str())?;
                if is_last { after.is_empty().then_some("") } else { after.strip_prefix(' ') }
            };
            let found = values.values.iter().enumerate().find_map(|(gene, value)| Some((gene, read(value)?)));
            let Some((gene, after)) = found else { return Err(DecodeError::Syntax(text.into())) };
            genes.push(gene as u32);
            rest = after;
        }
        Ok(Architecture::new(genes))
    }
}

#[cfg(test)]
mod tests {
    use common::space::check_space;

    use super::*;

    #[test]
    fn it_keeps_the_promises_of_a_space() {
        let values = |name: &str, values: &[&str], ordered| Values {
            name: name.into(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            ordered,
        };
        let space = Listed::new(vec![
            values("depth", &["2", "3", "4"], true),
            values("block", &["plain", "plain wide", "x=y"], false),
            values("width", &["0.5", "1"], true),
        ]);
        check_space(&space, 30);
        let architecture = space.decode("depth=4 block=plain wide width=1").unwrap();
        assert_eq!(architecture.genes(), [2, 1, 1]);
    }
}
