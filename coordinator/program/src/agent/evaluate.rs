//! `ce-nas agent evaluate`: regret to hindsight, of the agent and of what it has to beat.

use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroU64;
use std::path::PathBuf;

use agent::{Tally, cases, regrets};
use allocation::{Agent, Options, POLICIES, Planner, Policy, build};
use anyhow::{Context, Result};
use common::seed::Seed;
use common::time::GridHour;
use coordinator::command::table::{Side, aligned};
use coordinator::command::{Usage, print};
use coordinator::directory::write_whole;
use serde::Serialize;

use super::grids;
use crate::progress::Progress;
use crate::simulate::Moment;

/// Weigh the allocation agent against other policies: what each leaves to hindsight
///
/// Studies under carbon caps of 0.5 to 5 kg, deadlines of 24 and 80 h and fleets of 2, 8 and 32 slots,
/// in every trace from every start, with the forecasts that would have been issued. Search is abstract: how
/// hypervolume answers to work is drawn from a family fitted to runs of `ce-nas simulate`, so that
/// thousands of studies take seconds. Regret is in decades of missing hypervolume, and in percent of
/// the whole, behind the best plan that the intensities to come allow.
///
/// The same policies with the coordinator's own core and search: `ce-nas simulate --policy agent,planner`.
///
/// Examples:
///   ce-nas agent evaluate
///   ce-nas agent evaluate --trace PL.csv.gz ISNE.csv.gz --start 2021-01-15T06:00Z,2021-07-02T06:00Z
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Traces, as FILE or ZONE=FILE [default: a made-up week]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    trace: Vec<String>,
    /// The column of intensities in g/kWh, mix_direct or mix_lifecycle
    #[arg(long, value_name = "NAME", default_value = "auto")]
    column: String,
    /// Hours at which studies begin
    #[arg(
        long = "start",
        value_name = "TIMES",
        value_delimiter = ',',
        default_value = "2021-01-15T06:00Z,2021-04-15T06:00Z,2021-07-02T06:00Z,2021-10-15T06:00Z"
    )]
    starts: Vec<Moment>,
    /// Policies by name [default: all]
    #[arg(long = "policy", value_name = "LIST", value_delimiter = ',')]
    policies: Vec<String>,
    /// Studies of each kind, each answering to work in its own way
    #[arg(long, value_name = "N", default_value = "4")]
    seeds: NonZeroU64,
    /// The seed that they are drawn from
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
    /// Weights of the agent [default: those that come with the program]
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// The figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The longest deadline that is tried.
const HOURS: usize = 80;

#[derive(Debug, Serialize)]
struct Told {
    studies: usize,
    policies: Vec<String>,
    /// By what they have in common; decades, their standard error, percent, for each policy.
    groups: BTreeMap<String, Vec<[f64; 3]>>,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let names = names(args)?;
    // What can't be read is refused before minutes of work.
    policies(args, &names)?;
    let starts: Vec<GridHour> = args.starts.iter().map(Moment::hour).collect();
    let series = grids::series(&args.trace, &args.column, &starts, HOURS)?;
    let grids = grids::windows(&series, &starts, HOURS)?;
    let cases = cases(&grids, &starts, args.seeds.get(), Seed(args.seed));
    let mut groups: BTreeMap<String, Vec<Tally>> = BTreeMap::new();
    let progress = Progress::of("studies", cases.len() as u64);
    for case in &cases {
        let (regrets, _) = regrets(&grids, case, &mut policies(args, &names)?);
        let keys = [
            format!("cap {:.1} kg", case.cap_kg),
            format!("deadline {} h", case.deadline),
            format!("fleet of {:2}", case.fleet),
            format!("in {}", case.zone),
            "overall".into(),
        ];
        for key in keys {
            let tallies = groups.entry(key).or_insert_with(|| vec![Tally::default(); names.len()]);
            tallies.iter_mut().zip(&regrets).for_each(|(tally, regret)| tally.add(*regret));
        }
        progress.one_more();
    }
    drop(progress);
    let figures = |tally: &Tally| [tally.decades(), tally.error(), tally.percent()];
    let groups = groups.into_iter().map(|(key, of)| (key, of.iter().map(figures).collect())).collect();
    let told = Told { studies: cases.len(), policies: names, groups };
    print(out, &page(&told))?;
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&told)? + "\n";
        write_whole(path, text.as_bytes()).with_context(|| format!("{} can't be written", path.display()))?;
    }
    Ok(())
}

fn names(args: &Args) -> Result<Vec<String>> {
    if args.policies.is_empty() {
        return Ok(POLICIES.map(String::from).to_vec());
    }
    for name in &args.policies {
        build(name, &Options::default()).map_err(|error| Usage(error.to_string()))?;
    }
    Ok(args.policies.clone())
}

fn policies(args: &Args, names: &[String]) -> Result<Vec<Box<dyn Policy>>> {
    let options = Options::default();
    let one = |name: &String| -> Result<Box<dyn Policy>> {
        match &args.weights {
            Some(path) if name == "agent" => {
                let planner = Planner::new(options.train_share, options.rest_quantile)?;
                Ok(Box::new(Agent::new(super::network(path)?, options.agent_lean, planner)))
            }
            _ => Ok(build(name, &options)?),
        }
    };
    names.iter().map(one).collect()
}

fn page(told: &Told) -> String {
    let mut columns = vec![("", Side::Left)];
    columns.extend(told.policies.iter().map(|name| (name.as_str(), Side::Right)));
    let row = |(key, of): (&String, &Vec<[f64; 3]>)| {
        let cell = |[decades, error, percent]: &[f64; 3]| format!("{decades:.3}±{error:.3} {percent:5.2} %");
        std::iter::once(key.clone()).chain(of.iter().map(cell)).collect::<Vec<String>>()
    };
    let rows: Vec<Vec<String>> = told.groups.iter().map(row).collect();
    format!(
        "{} studies; regret to hindsight in decades of missing hypervolume ± standard error, and in percent of the whole\n\n{}",
        told.studies,
        aligned(&columns, &rows)
    )
}
