//! `ce-nas forecast show`: the coming hours of a zone, by which model, how far off that model was, and from what it was made.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use common::carbon::{CarbonSample, Forecast};
use common::id::Zone;
use common::nearest::did_you_mean;
use common::time::GridHour;
use coordinator::carbon::{self, CarbonSource, Past, parse_time, word};
use coordinator::command::{ConfigArgs, Usage, print, print_json, remark};
use coordinator::source::Source;
use coordinator::{clock, report};
use forecast::{AUTO, Choice, Gaps, MODELS, Series, TRAINING_HOURS, build, choose_among};
use serde::Serialize;

use super::{chart, traces};

/// Print the coming hours of a zone as a small chart: the median, the 90 % band, and which hours are cleanest
///
/// The past comes from a trace (--trace), from a study (--dir: then its coordinator's own newest forecast is
/// shown), or else from the source in the configuration. Without a study a model is chosen and trained on the
/// spot, as a coordinator would; further traces, or the configuration's other zones, are known to it as well.
///
/// Examples:
///   ce-nas forecast show --trace DE=germany.csv.gz --hours 48
///   ce-nas forecast show --zone DE --trace DE.csv.gz PL.csv.gz
///   ce-nas forecast show --zone DE --dir runs/study
///   ce-nas forecast show --zone GB --set carbon.source=live --set 'carbon.live=["GB=uk"]'
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The zone; may be left out where there is only one
    #[arg(long)]
    zone: Option<String>,
    /// Traces, as FILE or ZONE=FILE
    #[arg(long = "trace", value_name = "FILE", num_args = 1.., conflicts_with_all = ["dir", "config", "set"])]
    traces: Vec<String>,
    /// The trace's column of intensities
    #[arg(long, value_name = "NAME", default_value = "auto", requires = "traces")]
    column: String,
    /// A study's directory
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "set", "at", "model"])]
    dir: Option<PathBuf>,
    /// The address of a study's coordinator
    #[arg(long, value_name = "URL", conflicts_with_all = ["traces", "dir", "config", "set", "at", "model"])]
    url: Option<String>,
    /// The token to show there
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    settings: ConfigArgs,
    /// Forecast the zone by its own past alone; no other zone is asked for
    #[arg(long, conflicts_with_all = ["dir", "url"])]
    alone: bool,
    /// Hours ahead, 1 to 168 [forecast.horizon_hours, at most 48]
    #[arg(long)]
    hours: Option<usize>,
    /// The last known hour [the trace's last, or carbon.start]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// A model by its name [forecast.model]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Shown {
    zone: Zone,
    kind: Option<&'static str>,
    issued_at: String,
    model: String,
    /// Of the model in its backtest, or in the study so far.
    mape_percent: Option<f64>,
    inside_band: Option<f64>,
    tested_on: String,
    known_from: String,
    levels: Vec<f64>,
    hours: Vec<Hour>,
}

#[derive(Debug, Serialize)]
struct Hour {
    hour: String,
    quantiles_g_per_kwh: Vec<f64>,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let study = match (&args.url, &args.dir) {
        (Some(url), _) => Some(Source::coordinator(url, args.token_file.as_deref())?),
        (None, dir) => dir.as_deref().map(Source::directory),
    };
    let (shown, forecast) = match &study {
        Some(study) => args.of_study(study)?,
        None if args.traces.is_empty() => args.of_source()?,
        None => args.of_traces()?,
    };
    if args.json {
        return print_json(out, &shown);
    }
    let error = match (shown.mape_percent, shown.inside_band) {
        (Some(mape), Some(inside)) => {
            format!(
                "off by {mape:.1} % on average, {:.0} % inside the band ({})",
                100.0 * inside,
                shown.tested_on
            )
        }
        _ => format!("its error is not known yet ({})", shown.tested_on),
    };
    let kind = shown.kind.map_or_else(String::new, |kind| format!(", {kind}"));
    let head = format!(
        "{}{kind}: forecast by {} after {}\n{error}\nfrom {}\n\n",
        shown.zone, shown.model, shown.issued_at, shown.known_from
    );
    print(out, &(head + &chart::lines(&forecast, forecast.quantiles.len())))
}

impl Args {
    fn of_traces(&self) -> Result<(Shown, Forecast)> {
        let all = traces::read_all(&self.traces, &self.column)?;
        let zone = only(self.zone.as_deref(), all.iter().map(Series::zone))?;
        let mut series = all.iter().find(|series| *series.zone() == zone).expect("it is one of them").clone();
        if let Some(at) = &self.at {
            let (at, first) = (hour(at)?, series.first_hour());
            series = series.until(at).with_context(|| format!("--at {at}: the trace begins at {first}"))?;
        }
        if !self.alone {
            series = series.with_neighbours(&all);
        }
        let count = if all.len() == 1 { "the trace" } else { "the traces" };
        let files = self.traces.iter().map(|trace| trace.split_once('=').map_or(trace.as_str(), |(_, f)| f));
        let files = files.collect::<Vec<_>>().join(", ");
        let from = format!("{} h of {count} {files}", series.len());
        self.of_series(&series, self.model.as_deref().unwrap_or(AUTO), 48, from)
    }

    fn of_source(&self) -> Result<(Shown, Forecast)> {
        let config = self.settings.load()?;
        let settings = carbon::Settings::of_command(&config);
        let chains = carbon::chains(&settings).map_err(|error| Usage(error.to_string()))?;
        let zone = only(self.zone.as_deref(), chains.keys())?;
        let at = match self.at.as_deref().unwrap_or(&config.carbon.start) {
            "now" => clock::now().hour(),
            text => hour(text)?,
        };
        let told = |zone: &Zone| -> Result<(Series, Past)> {
            let end = at.plus(1);
            let past = carbon::past(&settings, zone, (end.plus(-(TRAINING_HOURS as i64)), end), remark)?;
            if let (true, Some(trouble)) = (past.samples.is_empty(), &past.trouble) {
                bail!("nothing is known of {zone} up to {at}: {trouble}");
            }
            let series = Series::from_samples(&past.samples, Gaps::OBSERVED).with_context(|| {
                format!("nothing is known of {zone} up to {at}; see `ce-nas carbon history`")
            })?;
            let channels = chains[zone].channels(series.first_hour(), series.len());
            Ok((series.with_channels(channels)?, past))
        };
        let (series, Past { samples, trouble }) = told(&zone)?;
        let mut others = Vec::new();
        for other in chains.keys().filter(|other| !self.alone && **other != zone) {
            match told(other) {
                Ok((series, _)) => others.push(series),
                Err(error) => remark(&format!("{zone} is forecast without {other}: {error:#}")),
            }
        }
        let series = series.with_neighbours(&others);
        let stopped =
            trouble.map_or_else(String::new, |trouble| format!("; earlier hours were not told: {trouble}"));
        let from = format!("{} h of {}{stopped}", series.len(), provenances(&samples));
        let model = self.model.as_deref().unwrap_or(&config.forecast.model);
        self.of_series(&series, model, config.forecast.horizon_hours as usize, from)
    }

    fn of_series(
        &self,
        series: &Series,
        model: &str,
        horizon: usize,
        from: String,
    ) -> Result<(Shown, Forecast)> {
        let horizon = self.hours.unwrap_or(horizon.min(48));
        let asked = [model];
        if model != AUTO {
            build(model, horizon).map_err(|error| Usage(format!("--model: {error}")))?;
        }
        let models: &[&str] = if model == AUTO { &MODELS } else { &asked };
        let choice: Choice = choose_among(models, &series.tail(TRAINING_HOURS), horizon)
            .map_err(|error| Usage(error.to_string()))?;
        let forecast = choice.forecaster.forecast(series, horizon)?;
        let score = choice.metrics().map(|metrics| (metrics.all, metrics.forecasts));
        let shown = Shown {
            kind: Some(word(series.kind())),
            mape_percent: score.map(|(all, _)| all.mape()).filter(|mape| mape.is_finite()),
            inside_band: score.map(|(all, _)| all.coverage_90()),
            tested_on: match score {
                Some((_, forecasts)) => format!("{forecasts} forecasts of {horizon} h in its own backtest"),
                None => format!("{} h of history are too few for a backtest", series.len()),
            },
            ..Shown::new(&forecast, from)
        };
        Ok((shown, forecast))
    }

    /// The newest forecast that the study's coordinator issued, and how far off its forecasts were so far.
    fn of_study(&self, source: &Source) -> Result<(Shown, Forecast)> {
        let (state, chronicle) = source.fold(report::take_in)?;
        if state.forecasts.is_empty() {
            return Err(Usage(format!("the study {} has issued no forecast yet", source.place())).into());
        }
        let zone = only(self.zone.as_deref(), state.forecasts.keys())?;
        let mut forecast = state.forecasts[&zone].clone();
        forecast.quantiles.truncate(self.hours.unwrap_or(48));
        // A study of which nothing but forecasts is known yet has no errors to tell.
        let report = report::Report::of(&state, &chronicle, clock::now());
        let facts = report.iter().flat_map(|report| &report.forecasts).find(|facts| facts.zone == zone);
        let observed = state.account.series(&zone).next_back();
        let known_from = match observed {
            Some(sample) => format!("{} in the study {}", sample.provenance, source.place()),
            None => format!("the study {}", source.place()),
        };
        let shown = Shown {
            kind: observed.map(|sample| word(sample.kind)),
            mape_percent: facts.and_then(|facts| facts.day_ahead.mape_percent),
            inside_band: facts.and_then(|facts| facts.day_ahead.inside_band),
            tested_on: format!("{} forecasts of this study so far", facts.map_or(0, |facts| facts.issued)),
            ..Shown::new(&forecast, known_from)
        };
        Ok((shown, forecast))
    }
}

impl Shown {
    fn new(forecast: &Forecast, known_from: String) -> Self {
        let hour = |(lead, row): (usize, &Vec<f64>)| Hour {
            hour: forecast.issued_at.plus(lead as i64 + 1).to_string(),
            quantiles_g_per_kwh: row.clone(),
        };
        Self {
            zone: forecast.zone.clone(),
            kind: None,
            issued_at: forecast.issued_at.to_string(),
            model: forecast.model.clone(),
            mape_percent: None,
            inside_band: None,
            tested_on: String::new(),
            known_from,
            levels: forecast.levels.clone(),
            hours: forecast.quantiles.iter().enumerate().map(hour).collect(),
        }
    }
}

/// The zone asked for, or the only one.
fn only<'a>(asked: Option<&str>, zones: impl Iterator<Item = &'a Zone>) -> Result<Zone> {
    let zones: std::collections::BTreeSet<&Zone> = zones.collect();
    let names = || zones.iter().map(|zone| zone.as_str());
    match asked {
        Some(name) => {
            zones.iter().find(|zone| zone.as_str() == name).map(|zone| (*zone).clone()).ok_or_else(|| {
                Usage(format!("nothing is known of the zone {name}{}", did_you_mean(name, names()))).into()
            })
        }
        None if zones.len() == 1 => Ok((*zones.first().expect("there is one")).clone()),
        None => {
            let names = names().collect::<Vec<_>>().join(", ");
            Err(Usage(format!("there are several zones ({names}): choose one with --zone")).into())
        }
    }
}

/// Where the hours come from, most of them first.
fn provenances(samples: &[CarbonSample]) -> String {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for sample in samples {
        let name = sample.provenance.to_string();
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(3);
    counts.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}

fn hour(text: &str) -> Result<GridHour> {
    Ok(parse_time(text).map_err(|error| Usage(format!("--at: {error}")))?.hour())
}
