//! What is known of past hours, for whoever waits before a screen: by one source alone, nothing stands in, and what is missing is
//! missing for a reason. Blocks for as long as that takes.

use std::time::Duration;

use common::carbon::CarbonSample;
use common::id::Zone;
use common::time::{GridHour, Millis};

use super::live::{Live, Trouble};
use super::trace::BRIDGED_HOURS;
use super::{CarbonSource, Error, Settings, chains, settings};

/// What a person waits for rather than type the command again.
const WORTH_WAITING: Millis = Millis(2 * 60_000);

/// Hours of one zone, oldest first.
#[derive(Debug, Default)]
pub struct Past {
    pub samples: Vec<CarbonSample>,
    /// Why they are not more; None where all are there, or the source knows no more.
    pub trouble: Option<Error>,
}

impl Past {
    /// Holes that no trace may have, for they are too long to be bridged: the first hour and the length of each.
    pub fn holes(&self) -> Vec<(GridHour, i64)> {
        let between = |pair: &[CarbonSample]| {
            let (first, hours) = (pair[0].hour.plus(1), pair[1].hour.0 - pair[0].hour.0 - 1);
            (hours > BRIDGED_HOURS).then_some((first, hours))
        };
        self.samples.windows(2).filter_map(between).collect()
    }
}

/// What is known of the hours `[from, to)` of a zone: by the first of its sources that tells without trouble, else by the one that
/// tells most. Where it has to wait, it `says` so.
pub fn past(
    settings: &Settings,
    zone: &Zone,
    (from, to): (GridHour, GridHour),
    says: impl Fn(&str),
) -> Result<Past, Error> {
    if settings.carbon.source != "live" {
        let hours = usize::try_from(to.0 - from.0).unwrap_or(0);
        let known = chains(settings)?.get(zone).map(|chain| chain.history(to, hours));
        return Ok(Past { samples: known.unwrap_or_default(), trouble: None });
    }
    // No service knows of hours before its clock began, and each question has its price.
    let from = from.max(GridHour(0));
    let mut best = Past::default();
    for source in settings::live(settings)?.iter().filter(|source| source.zone() == zone) {
        let told = look_back(source, (from, to), &says);
        if told.trouble.is_none() && !told.samples.is_empty() {
            return Ok(told);
        }
        if best.trouble.is_none() || told.samples.len() > best.samples.len() {
            best = told;
        }
    }
    Ok(best)
}

/// Where a service that answers asks for a short pause, it is granted one.
fn look_back(source: &Live, (from, to): (GridHour, GridHour), says: &impl Fn(&str)) -> Past {
    let (mut samples, mut stopped) = source.look_back(from, to);
    let pause = source.waits().filter(|pause| *pause <= WORTH_WAITING);
    let answers = !samples.is_empty() || matches!(stopped, Some(Trouble::Throttled { .. }));
    if let (Some(trouble), Some(pause), true) = (&stopped, pause, answers) {
        says(&format!("{}: {trouble}; it is asked again in {:.0} s", source.describe(), pause.seconds()));
        wait(pause);
        (samples, stopped) = source.look_back(from, to);
    }
    Past { samples, trouble: stopped.map(|trouble| source.error(trouble)) }
}

#[allow(clippy::disallowed_methods)]
// A command in a process of its own: nobody else waits for this thread.
fn wait(pause: Millis) {
    std::thread::sleep(Duration::from_millis(pause.0.unsigned_abs()));
}
