//! The orders that say little more than their name.

use std::io::Write;

use anyhow::Result;
use serde_json::json;

use super::Target;
use crate::command::Usage;
use crate::http::model::{DrainOrder, StopOrder};

/// Pause a running study: work is put in safety, nothing is handed out until it is resumed
///
/// It stays paused when its coordinator is restarted. Time goes on: a budget of hours runs out all the same.
///
/// Example: ce-nas pause --dir runs/study
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct PauseArgs {
    #[command(flatten)]
    pub target: Target,
}

pub fn pause(args: &PauseArgs, out: &mut dyn Write) -> Result<()> {
    args.target.order("/api/v1/pause", &json!({}), out)
}

/// Let a paused study go on
#[derive(Debug, Clone, clap::Args)]
pub struct ResumeArgs {
    #[command(flatten)]
    pub target: Target,
}

pub fn resume(args: &ResumeArgs, out: &mut dyn Write) -> Result<()> {
    args.target.order("/api/v1/resume", &json!({}), out)
}

/// End a study for good: workers deliver what they hold and leave, the report is written
///
/// To go on another time, interrupt its coordinator instead (Ctrl-C), or pause the study.
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct StopArgs {
    #[command(flatten)]
    pub target: Target,
    /// Why; stands in the ledger and the report
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

pub fn stop(args: &StopArgs, out: &mut dyn Write) -> Result<()> {
    args.target.order("/api/v1/stop", &StopOrder { reason: args.reason.clone() }, out)
}

/// One trial of a running study, by its number in `ce-nas trials`
#[derive(Debug, Clone, clap::Args)]
pub struct TrialArgs {
    /// Its number
    #[arg(value_name = "TRIAL")]
    pub trial: u64,
    #[command(flatten)]
    pub target: Target,
}

pub fn cancel(args: &TrialArgs, out: &mut dyn Write) -> Result<()> {
    args.target.order(&format!("/api/v1/trials/{}/cancel", args.trial), &json!({}), out)
}

pub fn retry(args: &TrialArgs, out: &mut dyn Write) -> Result<()> {
    args.target.order(&format!("/api/v1/trials/{}/retry", args.trial), &json!({}), out)
}

/// Let workers go: they get nothing new, their trainings are put in safety, then they leave
///
/// Whoever comes back under their names is turned away until `ce-nas workers release NAME`, and `ce-nas cluster slurm` submits nobody in
/// their place. Workers of another launcher are taken away there (on Kubernetes: `kubectl scale`), for it would start them again.
///
/// Example: ce-nas workers drain gpu-07 --dir runs/study
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct DrainArgs {
    /// Their names, as `ce-nas workers` lists them
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// All that are there now
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    #[command(flatten)]
    pub target: Target,
}

pub fn drain(args: &DrainArgs, out: &mut dyn Write) -> Result<()> {
    if args.names.is_empty() && !args.all {
        return Err(Usage("name the workers to drain, or say --all".into()).into());
    }
    if args.all {
        return args.target.order("/api/v1/drain", &DrainOrder { worker: None, all: true }, out);
    }
    for name in &args.names {
        let order = DrainOrder { worker: Some(name.clone()), all: false };
        args.target.order("/api/v1/drain", &order, out)?;
    }
    Ok(())
}
