//! Which of the baselines a worked run shows, recognised by its settings, else by what it says of itself.

use std::num::NonZeroUsize;

use anyhow::{Result, bail, ensure};
use coordinator::command::Usage;
use serde_json::Value;
use simulation::baseline::{BLOCK, PER_PROMOTION, Proxy, QUEUE};

use super::fields::{Fields, list, number, refuse, text, whole};

/// What the fleet does when it is on.
#[derive(Debug)]
pub enum Mode {
    /// No fleet: the hypervolume after each cell of the list.
    Path,
    Vanilla,
    /// Slots that train, by hour, from the beginning again where the list ends.
    Split {
        training: Vec<u32>,
        proxy: Proxy,
        queue: usize,
        block: NonZeroUsize,
    },
    OneShotOnly {
        proxy: Proxy,
        block: NonZeroUsize,
    },
    Rungs {
        per_promotion: NonZeroUsize,
    },
}

/// When the fleet is off.
#[derive(Debug)]
pub enum Rest {
    Planned(Vec<bool>),
    Percentile { percentile: f64, hours: usize },
}

pub fn recognise(fields: &mut Fields) -> Result<(Mode, Option<Rest>)> {
    let rest = rest(fields)?;
    let said = fields.any(&["mode", "policy", "strategy", "method", "baseline", "kind"]);
    let said = said.map(|(name, value)| text(&name, &value).map(str::to_lowercase)).transpose()?;
    let training = fields.any(&[
        "training_gpus_per_hour",
        "train_gpus_per_hour",
        "training_per_hour",
        "training_gpus",
        "train_gpus",
        "training_slots",
        "training",
        "n_train",
    ]);
    let training = training.map(|(name, value)| counts(&name, &value)).transpose()?;
    let scoring_names = ["proxy", "proxy_kind", "score", "scores", "supernet"];
    let said_proxy = fields.any(&scoring_names);
    let is_scored = said_proxy.is_some();
    let proxy = said_proxy.map(|(name, value)| proxy(&name, &value)).transpose()?.flatten();
    let queue = fields.any(&["queue_cap", "queue_capacity", "queue_limit", "queue_length", "queue"]);
    let queue = queue.map(|(name, value)| whole(&name, &value, 1)).transpose()?;
    let block = fields.any(&["block", "block_size", "proxy_block", "score_block", "batch"]);
    let block = block.map(|(name, value)| at_least_one(&name, &value)).transpose()?;
    let per_promotion = fields.any(&[
        "promote_per",
        "promote_every",
        "per_promotion",
        "shorts_per_promotion",
        "short_per_full",
        "shorts_per_full",
        "rungs_per_full",
        "one_in",
        "one_per",
        "every",
        "eta",
        "ratio",
    ]);
    let per_promotion = per_promotion.or_else(|| fields.like(&["promot", "rung", "halving"]));
    let per_promotion = per_promotion.map(|(name, value)| promotions(&name, &value)).transpose()?.flatten();

    let remarks = format!("{} {}", said.unwrap_or_default(), fields.remarks().to_lowercase());
    let is_short =
        fields.top().get("kwh_by_kind").and_then(|kinds| kinds.get("short")).and_then(Value::as_f64);
    let is_rungs = per_promotion.is_some()
        || is_short.is_some_and(|kwh| kwh > 0.0)
        || ["rung", "promot", "halving"].iter().any(|word| remarks.contains(word));
    let mode = match training {
        _ if is_rungs => {
            let stray = [training.is_some(), proxy.is_some(), queue.is_some(), block.is_some()];
            ensure!(
                !stray.contains(&true),
                Usage("rungs train on all slots: training_gpus_per_hour, proxy, queue_cap and block mean nothing".into())
            );
            Mode::Rungs { per_promotion: per_promotion.unwrap_or(PER_PROMOTION) }
        }
        Some(_) if is_scored && proxy.is_none() => {
            bail!(Usage("`proxy` is none: what do slots do that training_gpus_per_hour leaves?".into()))
        }
        Some(training) => Mode::Split {
            training,
            proxy: proxy.unwrap_or(Proxy::FewShot),
            queue: queue.map_or(QUEUE, |queue| queue as usize),
            block: block.unwrap_or(NonZeroUsize::MIN),
        },
        None if queue.is_some() => {
            bail!(Usage("`queue_cap` without `training_gpus_per_hour`: how many slots train?".into()))
        }
        None if proxy.is_some() || block.is_some() => {
            Mode::OneShotOnly { proxy: proxy.unwrap_or(Proxy::FewShot), block: block.unwrap_or(BLOCK) }
        }
        None => Mode::Vanilla,
    };
    Ok((mode, rest))
}

fn rest(fields: &mut Fields) -> Result<Option<Rest>> {
    let percentile = fields.any(&["percentile", "threshold_percentile", "quantile"]);
    let window = fields.any(&["window_h", "window_hours", "lookback_h", "history_h"]);
    if let Some((name, value)) = fields.any(&["on", "fleet_on", "on_hours", "schedule"]) {
        let is_on = |value: &Value| match value {
            Value::Bool(on) => Ok(*on),
            value if value.as_f64() == Some(0.0) => Ok(false),
            value if value.as_f64() == Some(1.0) => Ok(true),
            value => Err(refuse(&name, "true or false for each hour", value)),
        };
        return Ok(Some(Rest::Planned(list(&name, &value)?.iter().map(is_on).collect::<Result<_>>()?)));
    }
    let hours = window.map_or(Ok(168), |(name, value)| whole(&name, &value, 1))? as usize;
    let Some((name, value)) = percentile else { return Ok(None) };
    let percentile = number(&name, &value, "a number from 0 to 100", |p| (0.0..=100.0).contains(&p))?;
    Ok(Some(Rest::Percentile { percentile, hours }))
}

fn counts(name: &str, value: &Value) -> Result<Vec<u32>> {
    if value.is_number() {
        return Ok(vec![whole(name, value, 0)?]);
    }
    let counts = list(name, value)?.iter().map(|count| whole(name, count, 0)).collect::<Result<Vec<_>>>()?;
    ensure!(!counts.is_empty(), refuse(name, "a number, or a list of them", value));
    Ok(counts)
}

fn at_least_one(name: &str, value: &Value) -> Result<NonZeroUsize> {
    Ok(NonZeroUsize::new(whole(name, value, 1)? as usize).expect("1 and more"))
}

fn proxy(name: &str, value: &Value) -> Result<Option<Proxy>> {
    let word: String = text(name, value)?.to_lowercase().chars().filter(char::is_ascii_alphabetic).collect();
    match word.as_str() {
        "few" | "fewshot" | "fewshotacc" => Ok(Some(Proxy::FewShot)),
        "one" | "oneshot" | "oneshotacc" | "single" => Ok(Some(Proxy::OneShot)),
        "none" | "no" | "" => Ok(None),
        _ => Err(refuse(name, "\"few\", \"one\" or \"none\"", value)),
    }
}

/// Short trainings for each promotion; none where the run says that it has no rungs.
fn promotions(name: &str, value: &Value) -> Result<Option<NonZeroUsize>> {
    match value {
        Value::Bool(true) => Ok(Some(PER_PROMOTION)),
        Value::Bool(false) => Ok(None),
        // The rungs' lengths.
        Value::Array(_) => Ok(Some(PER_PROMOTION)),
        Value::String(share) if share.starts_with("1/") => {
            let every = share[2..].trim().parse().ok();
            every.map(Some).ok_or_else(|| refuse(name, "a share such as 1/8", value))
        }
        // One in eight, as a share.
        value if value.as_f64().is_some_and(|share| share > 0.0 && share < 1.0) => {
            let every = (1.0 / value.as_f64().expect("just seen")).round();
            Ok(NonZeroUsize::new(every as usize))
        }
        value => at_least_one(name, value).map(Some),
    }
}
