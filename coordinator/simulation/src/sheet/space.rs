//! The space of a table, and the architecture of each row.

use anyhow::{Context, Result, bail};
use common::architecture::Architecture;
use common::config::SpaceKind;
use common::nearest::did_you_mean;
use common::space::SpaceSpec;
use common::space::free_form::{DecisionSpec, Description, Domain, Value};
use common::space::nas_bench_201::{EDGES, Operation};
use coordinator::command::Usage;

use super::description::{Factor, Space};
use super::grid::{Cell, Grid};

/// Spaces whose notation or genes a table may use; the first is what published tables hold.
const KINDS: [SpaceKind; 4] =
    [SpaceKind::NasBench201, SpaceKind::Darts, SpaceKind::Mobile, SpaceKind::FreeForm];
/// The column of architectures in the published tables, if it holds NAS-Bench-201 cells.
const ARCH: &str = "arch";

/// What is understood without a description: NAS-Bench-201 cells, by their notation or by their operations.
pub fn recognise(grid: &Grid) -> Result<Space> {
    let kind = || KINDS[0].key().to_owned();
    let settings = Vec::new();
    let operations: Vec<String> = EDGES.iter().map(|(from, to)| format!("op_{from}{to}")).collect();
    if grid.has(ARCH) {
        return Ok(Space::Notation { kind: kind(), settings, column: ARCH.into() });
    }
    if operations.iter().all(|column| grid.has(column)) {
        return Ok(Space::Genes { kind: kind(), settings, columns: operations });
    }
    bail!(
        "{} has neither a column `{ARCH}` nor {}: describe its architectures in a TOML file beside it",
        grid.name,
        operations.join(", ")
    )
}

/// The space that `described` names, and the architecture of each row of `grid`.
pub fn build(described: &Space, grid: &Grid) -> Result<(SpaceSpec, Vec<Architecture>)> {
    match described {
        Space::Notation { kind, settings, column } => {
            let spec = known(kind, settings)?;
            let space = spec.build();
            let decode = |(row, cell): (usize, &Cell)| match space.decode(&cell.to_string()) {
                Ok(architecture) => Ok(architecture),
                Err(error) => bail!("{}: {error} ({kind})", grid.place(row, column)),
            };
            let architectures = grid.column(column)?.iter().enumerate().map(decode).collect::<Result<_>>()?;
            Ok((spec, architectures))
        }
        Space::Genes { kind, settings, columns } => {
            let spec = known(kind, settings)?;
            let space = spec.build();
            let decisions = space.decisions();
            if columns.len() != decisions.len() {
                bail!("space {kind} has {} decisions; {} columns are named", decisions.len(), columns.len());
            }
            let genes = columns.iter().zip(decisions).map(|(column, decision)| {
                let gene = |(row, cell): (usize, &Cell)| match gene(kind, cell) {
                    Some(gene) if gene < decision.options => Ok(gene),
                    _ => bail!(
                        "{}: `{cell}` is no option of {kind}: {}",
                        grid.place(row, column),
                        options(kind, decision.options)
                    ),
                };
                grid.column(column)?.iter().enumerate().map(gene).collect::<Result<Vec<u32>>>()
            });
            let genes = genes.collect::<Result<Vec<_>>>()?;
            Ok((spec, transposed(&genes, grid.rows())))
        }
        Space::Factors(factors) => {
            let read = factors.iter().map(|factor| listed(factor, grid)).collect::<Result<Vec<_>>>()?;
            let (specs, genes): (Vec<DecisionSpec>, Vec<Vec<u32>>) = read.into_iter().unzip();
            let description = Description::new(specs).with_context(|| grid.name.clone())?;
            Ok((SpaceSpec::FreeForm(description), transposed(&genes, grid.rows())))
        }
    }
}

/// A space as a study would have it by the defaults of `configs/default.toml` and these settings.
fn known(kind: &str, settings: &[String]) -> Result<SpaceSpec> {
    let Some(known) = KINDS.into_iter().find(|known| known.key() == kind) else {
        let nearest = did_you_mean(kind, KINDS.map(SpaceKind::key));
        bail!(Usage(format!("there is no space `{kind}` to read architectures of{nearest}")))
    };
    let mut config = common::config::load(None, [], settings)?;
    config.space.kind = known;
    Ok(config.space_spec()?)
}

/// A gene by its number, or by the name of its operation.
fn gene(kind: &str, cell: &Cell) -> Option<u32> {
    if let Some(number) = cell.number() {
        let gene = number as u32;
        return (f64::from(gene) == number).then_some(gene);
    }
    let is_named = |operation: &&Operation| kind == KINDS[0].key() && operation.name() == cell.to_string();
    Operation::ALL.iter().find(is_named).map(|operation| *operation as u32)
}

fn options(kind: &str, count: u32) -> String {
    if kind != KINDS[0].key() {
        return format!("0 to {}", count - 1);
    }
    let named = Operation::ALL.iter().map(|operation| format!("{} {}", *operation as u32, operation.name()));
    named.collect::<Vec<_>>().join(", ")
}

/// The values of one decision, and the gene of each row.
fn listed(factor: &Factor, grid: &Grid) -> Result<(DecisionSpec, Vec<u32>)> {
    let cells = grid.column(&factor.column)?;
    if let Some(row) = cells.iter().position(|cell| *cell == Cell::Nothing) {
        bail!("{}: nothing stands where a value is expected", grid.place(row, &factor.column));
    }
    let words: Vec<String> = cells.iter().map(|cell| word(&cell.to_string())).collect();
    let values: Vec<String> = match &factor.values {
        Some(values) => values.iter().map(|value| word(value)).collect(),
        None => occurring(&words),
    };
    if let Some(twice) = values.iter().enumerate().find(|(at, value)| values[..*at].contains(value)) {
        bail!("decision {}: value `{}` is listed twice", factor.name, twice.1);
    }
    let gene = |(row, word): (usize, &String)| match values.iter().position(|value| value == word) {
        Some(gene) => Ok(gene as u32),
        None => bail!(
            "{}: `{word}` is not among the values of decision {}: {}",
            grid.place(row, &factor.column),
            factor.name,
            values.join(", ")
        ),
    };
    let genes = words.iter().enumerate().map(gene).collect::<Result<_>>()?;
    let ordered = factor.ordered.unwrap_or_else(|| values.iter().all(|value| value.parse::<f64>().is_ok()));
    let values = values.iter().map(|value| told(value)).collect();
    let domain = Domain::Choices { values, ordered };
    Ok((DecisionSpec { name: factor.name.clone(), domain, when: Vec::new() }, genes))
}

/// Every value that occurs: numbers ascending, else texts by the alphabet.
fn occurring(words: &[String]) -> Vec<String> {
    let mut values = words.to_vec();
    values.sort();
    values.dedup();
    let number = |value: &String| value.parse::<f64>().ok();
    if values.iter().all(|value| number(value).is_some()) {
        values.sort_by(|a, b| number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0)));
    }
    values
}

/// A value as what it looks like.
fn told(word: &str) -> Value {
    let whole = word.parse().map(Value::Integer);
    let number = || word.parse().map(Value::Float);
    whole.or_else(|_| number()).unwrap_or_else(|_| Value::Text(word.to_owned()))
}

/// One way to write each value: `3` and `3.0` are the same number.
fn word(text: &str) -> String {
    text.parse::<f64>().map_or_else(|_| text.to_owned(), |number| number.to_string())
}

/// `[decisions, rows]` to one architecture a row.
fn transposed(genes: &[Vec<u32>], rows: usize) -> Vec<Architecture> {
    (0..rows).map(|row| Architecture::new(genes.iter().map(|column| column[row]).collect())).collect()
}
