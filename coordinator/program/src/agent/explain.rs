//! `ce-nas agent explain`: one figure of a situation is swept, the others stand; what the agent does is printed.

use std::io::Write;
use std::path::PathBuf;

use agent::{Nature, Scenario, Study};
use allocation::{Agent, Options, Planner, Policy, Situation};
use anyhow::Result;
use common::seed::Seed;
use common::time::GridHour;
use common::unit::{Grams, Intensity};
use coordinator::command::table::{Side, aligned};
use coordinator::command::{Usage, print};

use super::grids;
use crate::simulate::Moment;

/// Show what moves the allocation agent: sweep intensity, budget, time and gain, and see its action
///
/// The situation is that of a study of 8 slots under a carbon cap, 12 hours after its start. One figure
/// is changed at a time; `level` is how many slots the agent wants before they are made whole, `learnt`
/// the factor that its network adds to what is known without learning.
///
/// Examples:
///   ce-nas agent explain
///   ce-nas agent explain --trace CISO.csv.gz --start 2021-07-02T06:00Z --cap 1
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// A trace, as FILE or ZONE=FILE [default: a made-up week]
    #[arg(long, value_name = "FILE")]
    trace: Option<String>,
    /// The column of intensities in g/kWh, mix_direct or mix_lifecycle
    #[arg(long, value_name = "NAME", default_value = "auto")]
    column: String,
    /// The hour at which the study begins
    #[arg(long, value_name = "TIME", default_value = "2021-07-02T06:00Z")]
    start: Moment,
    /// Its carbon cap in kilograms
    #[arg(long, value_name = "KG", default_value = "2")]
    cap: f64,
    /// Weights of the agent [default: those that come with the program]
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// 0 leans to speed, 1 to carbon
    #[arg(long, value_name = "SHARE", default_value = "0.5")]
    lean: f64,
}

const HOURS: usize = 80;
const SLOTS: u32 = 8;
/// The hour that is looked at: some trainings have told by then.
const AFTER_H: usize = 12;
const FACTORS: [f64; 9] = [0.25, 0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.5, 4.0];

/// What a figure becomes, told a factor.
type Change = fn(&mut Situation, f64);

const SWEEPS: [(&str, Change); 4] = [
    ("present intensity", |situation, factor| {
        for zone in situation.zones.values_mut() {
            zone.intensity = zone.intensity.map(|Intensity(value)| Intensity(value * factor));
        }
    }),
    ("carbon left", |situation, factor| {
        situation.budget.carbon = situation.budget.carbon.map(|Grams(left)| Grams(left * factor));
    }),
    ("hours left", |situation, factor| {
        situation.budget.hours = situation.budget.hours.map(|hours| (hours * factor).min(HOURS as f64));
    }),
    ("recent gain", |situation, factor| situation.recent_gain *= factor),
];

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    check(args)?;
    let start: GridHour = args.start.hour();
    let traces: Vec<String> = args.trace.iter().cloned().collect();
    let series = grids::series(&traces, &args.column, &[start], HOURS)?;
    let grids = grids::windows(&series, &[start], HOURS)?;
    let scenario = Scenario {
        zones: vec![(0, SLOTS)],
        start,
        hours: HOURS,
        carbon_g: Some(1_000.0 * args.cap),
        energy_kwh: None,
        trainings: None,
        until: None,
        lean: args.lean,
        nature: Nature::like_nas_bench(&mut Seed(1).stream("explain", 0)),
    };
    let mut study = Study::new(&grids, scenario);
    let mut policy = agent(args)?;
    while study.hours() < AFTER_H && !study.is_over() {
        let allocation = policy.decide(&study.situation());
        let shares: Vec<_> = study.names().iter().map(|zone| allocation.shares(zone)).collect();
        study.step(&shares);
    }
    let situation = study.situation();
    let mut text = format!("As it is: {}\n", agent(args)?.decide(&situation).reason);
    for (name, change) in SWEEPS {
        text.push_str(&format!("\n{}\n", sweep(args, &situation, name, change)?));
    }
    print(out, &text)
}

fn check(args: &Args) -> Result<()> {
    if !(args.cap.is_finite() && args.cap > 0.0) {
        return Err(Usage(format!("--cap {}: it is in kilograms, above 0", args.cap)).into());
    }
    if !(0.0..=1.0).contains(&args.lean) {
        return Err(Usage(format!("--lean {}: it lies between 0, speed, and 1, carbon", args.lean)).into());
    }
    Ok(())
}

fn agent(args: &Args) -> Result<Agent> {
    let options = Options::default();
    let planner = Planner::new(options.train_share, options.rest_quantile)?;
    Ok(match &args.weights {
        Some(path) => Agent::new(super::network(path)?, args.lean, planner),
        None => Agent::shipped(args.lean, planner),
    })
}

fn sweep(args: &Args, situation: &Situation, name: &str, change: Change) -> Result<String> {
    let mut rows = Vec::new();
    for factor in FACTORS {
        let mut changed = situation.clone();
        change(&mut changed, factor);
        let mut agent = agent(args)?;
        let (level, learnt) = agent.levels(&changed).map_or_else(
            |reason| (reason, String::new()),
            |levels| (format!("{:.2}", levels[0].0), format!("×{:.2}", levels[0].1)),
        );
        let shares = agent.decide(&changed).zones.into_values().next().unwrap_or_default();
        let counts = [shares.train, shares.sample, shares.rest].map(|count| count.to_string());
        rows.push([vec![format!("×{factor}"), level, learnt], counts.to_vec()].concat());
    }
    let columns = [name, "level", "learnt", "train", "sample", "rest"].map(|name| (name, Side::Right));
    Ok(aligned(&columns, &rows))
}
