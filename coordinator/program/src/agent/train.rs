//! `ce-nas agent train`: learns the agent's weights, and can go on where it was interrupted.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use agent::ppo::{Jury, Lesson, Options, Trainer, Verdict};
use agent::{Grid, HORIZON};
use allocation::agent::{Network, OUTPUTS};
use anyhow::{Context, Result};
use common::blob::BlobId;
use common::seed::Seed;
use coordinator::command::{Usage, print};
use coordinator::directory::write_whole;
use forecast::Series;
use serde::{Deserialize, Serialize};

use crate::forecast::Traces;
use crate::progress::Progress;
use crate::simulate::Moment;

/// Train the allocation agent in simulation, by proximal policy optimisation over many studies at once
///
/// Forecasts of every hour are made first, a minute or so a trace, and kept in FILE.grids. Studies that it is
/// judged by lie in hours that it never trains on. Interrupted, the same command goes on.
///
/// Example:
///   ce-nas agent train --trace CISO.csv.gz DE.csv.gz --before 2021-01-01T00:00Z --weights agent.safetensors
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    traces: Traces,
    /// Nothing from this hour on is used
    #[arg(long, value_name = "TIME")]
    before: Moment,
    /// The last hours before that are kept for judging
    #[arg(long, value_name = "HOURS", default_value_t = 2_208)]
    judged: u32,
    /// Where the best weights go; the state of training lies beside them
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// Updates in all
    #[arg(long, value_name = "N", default_value_t = Options::default().updates)]
    updates: usize,
    /// Updates between two judgements
    #[arg(long, value_name = "N", default_value = "20")]
    every: usize,
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
    /// The learning curve as CSV; lines are added to what is there
    #[arg(long, value_name = "FILE")]
    curve: Option<PathBuf>,
}

/// Grids that swing less and more than those recorded are trained on beside them.
const STRETCHES: [f64; 2] = [0.6, 1.5];

/// What training goes on from.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// Of the grids, the hours and the seed: what began with others is not gone on with.
    ground: String,
    update: usize,
    spread: [f32; OUTPUTS],
    best: Option<f64>,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let recorded = grids(args)?;
    let last = args.before.hour().plus(-(HORIZON as i64));
    let border = args.before.hour().plus(-i64::from(args.judged));
    let first = recorded.iter().map(|grid| grid.issued_from).min().context("no traces")?;
    if border <= first.plus(HORIZON as i64) || border >= last.plus(-(HORIZON as i64)) {
        return Err(Usage("the traces leave too few hours between training and judging".into()).into());
    }
    let options = Options { seed: Seed(args.seed), updates: args.updates, ..Options::default() };
    let studied: Vec<Grid> = recorded
        .iter()
        .flat_map(|grid| std::iter::once(grid.clone()).chain(STRETCHES.map(|power| renamed(grid, power))))
        .collect();
    let jury = Jury::new(&recorded, &(border..last), &options);
    let (mut state, from) = resumed(args, ground(args, &recorded))?;
    let mut trainer = Trainer::new(&studied, first..border, options, from);
    let progress = Progress::of("updates", args.updates.saturating_sub(trainer.updates()) as u64);
    while trainer.updates() < args.updates {
        let lesson = trainer.update();
        progress.one_more();
        if lesson.update % args.every.max(1) == 0 || lesson.update == args.updates {
            let verdict = jury.judge(&trainer.network());
            progress.say(&said(&lesson, &verdict));
            if let Some(path) = &args.curve {
                record(path, &lesson, &verdict)?;
            }
            if state.best.is_none_or(|best| verdict.agent < best) {
                state.best = Some(verdict.agent);
                write(&args.weights, &trainer.network().to_bytes())?;
            }
            (state.update, state.spread) = (trainer.updates(), trainer.spread());
            write(&beside(&args.weights, "last"), &trainer.network().to_bytes())?;
            write(&beside(&args.weights, "state"), serde_json::to_string(&state)?.as_bytes())?;
        }
    }
    drop(progress);
    let best =
        state.best.map_or("no judgement yet".into(), |best| format!("{best:.4} decades of regret at best"));
    print(out, &format!("{} updates: {best}; weights in {}\n", trainer.updates(), args.weights.display()))
}

fn grids(args: &Args) -> Result<Vec<Grid>> {
    let folder = beside(&args.weights, "grids");
    std::fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
    let mut grids = Vec::new();
    for series in args.traces.read()? {
        let until = args.before.hour().plus(-1).min(series.last_hour());
        let known = series.until(until).context("the trace begins after --before")?;
        let path = folder.join(format!("{}-{}.grid", known.zone(), fingerprint(&known)));
        let kept = std::fs::read(&path).ok().and_then(|bytes| Grid::from_bytes(&bytes).ok());
        if let Some(grid) = kept {
            grids.push(grid);
            continue;
        }
        // A forecast needs a season to learn from.
        let from = known.first_hour().plus(1_440.min(known.len() as i64 / 4));
        let progress = Progress::of(&format!("forecasts of {}", known.zone()), (until.0 - from.0 + 1) as u64);
        let grid = Grid::prepare(&known, from, until, &mut || progress.one_more())?;
        drop(progress);
        write(&path, &grid.to_bytes())?;
        grids.push(grid);
    }
    Ok(grids)
}

/// Of all that forecasts are made from, so that a grid is taken again only for the trace that it was made of.
fn fingerprint(series: &Series) -> String {
    let channels = series.channels().iter().map(|channel| channel.values());
    let values = std::iter::once(series.values()).chain(channels).flatten();
    let first = series.first_hour().0.to_le_bytes();
    let bytes: Vec<u8> = first.into_iter().chain(values.flat_map(|value| value.to_le_bytes())).collect();
    BlobId::of(&bytes).to_string()[..16].to_owned()
}

fn ground(args: &Args, grids: &[Grid]) -> String {
    let hours = [args.before.hour().0, i64::from(args.judged)];
    let told = hours.into_iter().flat_map(i64::to_le_bytes).chain(args.seed.to_le_bytes());
    BlobId::of(&grids.iter().flat_map(Grid::to_bytes).chain(told).collect::<Vec<u8>>()).to_string()
}

fn renamed(grid: &Grid, power: f64) -> Grid {
    let mut stretched = grid.stretched(power);
    stretched.zone = format!("{}^{power}", grid.zone).as_str().into();
    stretched
}

/// The network, its spread and the number of updates that training goes on from.
type From = (Network, [f32; OUTPUTS], usize);

fn resumed(args: &Args, ground: String) -> Result<(State, Option<From>)> {
    let path = beside(&args.weights, "state");
    let Ok(text) = std::fs::read_to_string(&path) else {
        return Ok((State { ground, update: 0, spread: [0.0; OUTPUTS], best: None }, None));
    };
    let state: State = serde_json::from_str(&text)
        .with_context(|| format!("{} can't be gone on from: remove it to begin anew", path.display()))?;
    if state.ground != ground {
        let path = path.display();
        return Err(Usage(format!(
            "{path} is of other traces, hours or another seed: remove it to begin anew, or give another --weights"
        ))
        .into());
    }
    let network = super::network(&beside(&args.weights, "last"))?;
    let from = (network, state.spread, state.update);
    Ok((state, Some(from)))
}

fn said(lesson: &Lesson, verdict: &Verdict) -> String {
    format!(
        "update {}, {} hours: regret {:.4}, without learning {:.4}, planner {:.4}; spread {:.2} {:.2}",
        lesson.update,
        lesson.hours,
        verdict.agent,
        verdict.unlearnt,
        verdict.planner,
        lesson.spread[0],
        lesson.spread[1]
    )
}

fn record(path: &Path, lesson: &Lesson, verdict: &Verdict) -> Result<()> {
    let failed = || format!("{} can't be written", path.display());
    let is_new = !path.exists();
    let mut file = File::options().create(true).append(true).open(path).with_context(failed)?;
    if is_new {
        let head = "update,hours,above_plan,critic_loss,regret,regret_unlearnt,regret_planner";
        writeln!(file, "{head}").with_context(failed)?;
    }
    let Lesson { update, hours, above_plan, critic_loss, .. } = lesson;
    let Verdict { agent, unlearnt, planner } = verdict;
    writeln!(file, "{update},{hours},{above_plan},{critic_loss},{agent},{unlearnt},{planner}")
        .with_context(failed)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_whole(path, bytes).with_context(|| format!("{} can't be written", path.display()))
}
