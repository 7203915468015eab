//! `ce-nas carbon zones`, `now` and `history`: what is known, and which link of the chain knew it.

use std::io::Write;

use anyhow::{Result, bail};
use common::carbon::CarbonSample;
use common::id::Zone;
use common::nearest::did_you_mean;
use serde::Serialize;

use super::super::table::{Side, aligned};
use super::super::{Usage, print, print_json, remark};
use super::{Source, hour, possible};
use crate::carbon::{self, CarbonSource, Chain, Past, word};

/// List the zones of a configuration: what serves them, in order, and in which kind of signal
///
/// Example: ce-nas carbon zones --config study.toml
#[derive(Debug, Clone, clap::Args)]
pub struct ZonesArgs {
    #[command(flatten)]
    source: Source,
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

/// Tell the intensity of an hour in every zone, and where the figure comes from
///
/// Example: ce-nas carbon now --set carbon.source=live --set 'carbon.live=["GB=uk"]'
#[derive(Debug, Clone, clap::Args)]
pub struct NowArgs {
    #[command(flatten)]
    source: Source,
    /// Only this zone
    #[arg(long)]
    zone: Option<String>,
    /// Another hour than the one a study would begin in [carbon.start], such as 2021-07-02T06:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

/// Tell what is known of the hours before, and why it is less than asked for
///
/// Example: ce-nas carbon history --config study.toml --zone DE --hours 48
#[derive(Debug, Clone, clap::Args)]
pub struct HistoryArgs {
    #[command(flatten)]
    source: Source,
    #[arg(long)]
    zone: String,
    /// How many hours
    #[arg(long, default_value_t = 24, value_name = "HOURS", value_parser = clap::value_parser!(i64).range(1..))]
    hours: i64,
    /// The last hour [carbon.start]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct ZoneLine {
    zone: Zone,
    kind: &'static str,
    sources: Vec<String>,
}

#[derive(Debug, Serialize)]
struct HourLine {
    zone: Zone,
    hour: String,
    g_per_kwh: f64,
    kind: &'static str,
    provenance: String,
    /// Why it is not the first source's own figure.
    trouble: Option<String>,
}

impl HourLine {
    fn new(sample: CarbonSample, trouble: Option<String>) -> Self {
        Self {
            hour: sample.hour.to_string(),
            g_per_kwh: sample.intensity.0,
            kind: word(sample.kind),
            provenance: sample.provenance.to_string(),
            zone: sample.zone,
            trouble,
        }
    }
}

pub fn zones(args: &ZonesArgs, out: &mut dyn Write) -> Result<()> {
    let (_, settings) = args.source.read()?;
    let chains = carbon::chains(&settings).map_err(|error| Usage(error.to_string()))?;
    let line = |(zone, chain): (&Zone, &Chain)| ZoneLine {
        zone: zone.clone(),
        kind: word(chain.kind()),
        sources: chain.links(),
    };
    let lines: Vec<ZoneLine> = chains.iter().map(line).collect();
    if args.json {
        return print_json(out, &lines);
    }
    let rows: Vec<Vec<String>> = lines
        .into_iter()
        .map(|line| vec![line.zone.to_string(), line.kind.into(), line.sources.join(", then ")])
        .collect();
    print(out, &aligned(&[("zone", Side::Left), ("kind", Side::Left), ("served by", Side::Left)], &rows))
}

pub fn now(args: &NowArgs, out: &mut dyn Write) -> Result<()> {
    let (config, settings) = args.source.read()?;
    let at = hour(args.at.as_deref(), &config)?;
    let mut chains = carbon::chains(&settings).map_err(|error| Usage(error.to_string()))?;
    if let Some(zone) = &args.zone {
        let zone = known(zone, &chains)?;
        chains.retain(|other, _| *other == zone);
    }
    let mut lines = Vec::new();
    for chain in chains.values_mut() {
        let sample = chain.observe(at)?;
        lines.push(HourLine::new(sample, chain.trouble().map(ToString::to_string)));
    }
    tell(lines, args.json, out)
}

pub fn history(args: &HistoryArgs, out: &mut dyn Write) -> Result<()> {
    let (config, settings) = args.source.read()?;
    let (at, hours) = (hour(args.at.as_deref(), &config)?, possible(args.hours)?);
    let chains = carbon::chains(&settings).map_err(|error| Usage(error.to_string()))?;
    let zone = known(&args.zone, &chains)?;
    drop(chains);
    let end = at.plus(1);
    let Past { samples, trouble } = carbon::past(&settings, &zone, (end.plus(-hours), end), remark)?;
    let shown = samples.len();
    let nothing = format!("nothing is known of {zone} in the {hours} h up to {at}");
    match &trouble {
        Some(trouble) if shown == 0 => bail!("{nothing}: {trouble}"),
        None if shown == 0 && !args.json => return print(out, &format!("{nothing}\n")),
        _ => {}
    }
    tell(samples.into_iter().map(|sample| HourLine::new(sample, None)).collect(), args.json, out)?;
    if shown as i64 == hours {
        return Ok(());
    }
    let why = trouble.map_or_else(|| "no more are known".into(), |trouble| trouble.to_string());
    let less = format!("{shown} of {hours} hours: {why}");
    if args.json {
        remark(&less);
        return Ok(());
    }
    print(out, &format!("{less}\n"))
}

fn tell(lines: Vec<HourLine>, json: bool, out: &mut dyn Write) -> Result<()> {
    if json {
        return print_json(out, &lines);
    }
    let troubles: String = lines
        .iter()
        .filter_map(|line| Some(format!("{}: {}\n", line.zone, line.trouble.as_ref()?)))
        .collect();
    let rows: Vec<Vec<String>> = lines
        .into_iter()
        .map(|line| {
            let zone = line.zone.to_string();
            vec![zone, line.hour, format!("{:.1}", line.g_per_kwh), line.kind.into(), line.provenance]
        })
        .collect();
    let columns = [
        ("zone", Side::Left),
        ("hour", Side::Left),
        ("g/kWh", Side::Right),
        ("kind", Side::Left),
        ("from", Side::Left),
    ];
    print(out, &(aligned(&columns, &rows) + &troubles))
}

/// The zone of this name.
pub(super) fn known(name: &str, chains: &std::collections::BTreeMap<Zone, Chain>) -> Result<Zone> {
    let zone = Zone::new(name);
    if chains.contains_key(&zone) {
        return Ok(zone);
    }
    let names = chains.keys().map(Zone::as_str);
    Err(Usage(format!("no source serves the zone {name}{}", did_you_mean(name, names))).into())
}
