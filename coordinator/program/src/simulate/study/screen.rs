//! Tables for people: one for each fleet and start, and what they come to together.

use coordinator::command::table::{Side, aligned};
use simulation::compare::Mean;

use super::given::Given;
use super::told::{ContenderTold, RunTold, StepTold, Told, WorldTold};

const NOTHING: &str = "–";

pub fn page(told: &Told, given: &Given) -> String {
    let close = told.levels[given.at];
    let seeds = told.worlds[0].contenders[0].runs.len();
    let mut text = format!(
        "{}: {} rows, maximum hypervolume {:.3}\n{} h, {} to each; means ± standard errors, (n/N) where only n of N runs got there\n",
        told.table,
        told.rows,
        told.maximum,
        told.deadline_hours,
        if seeds == 1 { "one seed".into() } else { format!("{seeds} seeds") },
    );
    for world in &told.worlds {
        text.push_str(&format!("\n{}, {} slots, from {}\n", world.zone_names(), world.slots(), world.start));
        text.push_str(&table(told, given, world));
    }
    if told.worlds.len() > 1 {
        text.push_str(&format!("\nAll {} together, to {close} %\n", told.worlds.len()));
        text.push_str(&together(told, given));
    }
    text.push_str(&remarks(told, given));
    text
}

fn table(told: &Told, given: &Given, world: &WorldTold) -> String {
    let close = told.levels[given.at];
    let mut headings: Vec<String> = vec!["policy".into(), "searcher".into()];
    headings.extend(told.levels.iter().map(|level| format!("kg to {level} %")));
    headings.extend([format!("kWh to {close} %"), "hours".into(), "trainings".into()]);
    headings.extend(told.caps_kg.iter().map(|kg| format!("% by {kg} kg")));
    headings.extend([format!("% at {} h", told.deadline_hours), "carbon".into()]);
    let row = |contender: &ContenderTold| {
        let mut cells =
            vec![contender.policy.clone(), contender.searcher.clone().unwrap_or_else(|| NOTHING.into())];
        cells.extend((0..told.levels.len()).map(|level| shown(&to(contender, level, |step| step.kg), 3)));
        cells.push(shown(&to(contender, given.at, |step| step.kwh), 2));
        cells.push(shown(&to(contender, given.at, |step| step.hours), 1));
        cells.push(shown(&to(contender, given.at, |step| step.trainings as f64), 0));
        let ends =
            |of: &dyn Fn(&RunTold) -> f64| Mean::of(contender.runs.iter().map(|run| Some(of(run)))).mean;
        cells.extend((0..told.caps_kg.len()).map(|cap| format!("{:.2}", ends(&|run| run.within[cap]))));
        cells.push(format!("{:.2}", ends(&|run| run.percent)));
        let against = against(world, contender, given);
        let own = to(contender, given.at, |step| step.kg);
        cells.push(match against.map(|against| to(against, given.at, |step| step.kg)) {
            Some(against) if against.is_whole() && own.is_whole() => {
                format!("1/{:.2}", against.mean / own.mean)
            }
            _ => NOTHING.into(),
        });
        cells
    };
    grid(&headings, 2, world.contenders.iter().map(row).collect())
}

/// Over all worlds: kilograms, and how they compare on the mean and in the worst zone.
fn together(told: &Told, given: &Given) -> String {
    let headings = ["policy", "searcher", "kg", "carbon", "least, and where"].map(String::from);
    let count = told.worlds[0].contenders.len();
    let row = |place: usize| {
        let contender = &told.worlds[0].contenders[place];
        let pairs: Vec<(String, Mean, Option<Mean>)> = told
            .worlds
            .iter()
            .map(|world| {
                let own = &world.contenders[place];
                let other = against(world, own, given).map(|other| to(other, given.at, |step| step.kg));
                (world.zone_names(), to(own, given.at, |step| step.kg), other)
            })
            .collect();
        let own = pairs.iter().all(|(_, own, _)| own.is_whole());
        let other = pairs.iter().all(|(_, _, other)| other.is_some_and(|other| other.is_whole()));
        let kg = |of: &str| {
            sums(&pairs, of).0 / pairs.iter().filter(|pair| of.is_empty() || pair.0 == of).count() as f64
        };
        let ratio = |of: &str| {
            let (own, other) = sums(&pairs, of);
            other / own
        };
        let mut zones: Vec<&str> = pairs.iter().map(|(zone, ..)| zone.as_str()).collect();
        zones.dedup();
        let least = zones.iter().map(|zone| (ratio(zone), *zone)).min_by(|a, b| a.0.total_cmp(&b.0));
        vec![
            contender.policy.clone(),
            contender.searcher.clone().unwrap_or_else(|| NOTHING.into()),
            if own { format!("{:.3}", kg("")) } else { NOTHING.into() },
            if own && other { format!("1/{:.2}", ratio("")) } else { NOTHING.into() },
            match least {
                Some((ratio, zone)) if own && other => format!("1/{ratio:.2} {zone}"),
                _ => NOTHING.into(),
            },
        ]
    };
    grid(&headings, 2, (0..count).map(row).collect())
}

/// Kilograms of a contender and of what it is against, over the worlds of a zone, or of all for the empty name.
fn sums(pairs: &[(String, Mean, Option<Mean>)], zone: &str) -> (f64, f64) {
    let of = pairs.iter().filter(|pair| zone.is_empty() || pair.0 == zone);
    of.fold((0.0, 0.0), |(own, other), pair| {
        (own + pair.1.mean, other + pair.2.map_or(f64::NAN, |other| other.mean))
    })
}

fn remarks(told: &Told, given: &Given) -> String {
    let close = told.levels[given.at];
    let (policy, searcher) = &given.against;
    let with =
        searcher.as_ref().map_or("the same searcher".into(), |searcher| format!("searcher {searcher}"));
    let oracles = told.worlds[0].contenders.iter().filter(|contender| contender.is_oracle);
    let mut oracles: Vec<&str> = oracles.map(|contender| contender.policy.as_str()).collect();
    oracles.dedup();
    let known = match oracles.as_slice() {
        [] => String::new(),
        some => format!(" {} know what is still to come.", some.join(", ")),
    };
    format!(
        "\nThe last column is the carbon to {close} % as a share of that of {policy} with {with}.{known}\n"
    )
}

/// What a contender's ratio is against, in the same world.
fn against<'a>(world: &'a WorldTold, contender: &ContenderTold, given: &Given) -> Option<&'a ContenderTold> {
    let (policy, searcher) = &given.against;
    let wanted = searcher.as_ref().or(contender.searcher.as_ref());
    let is_it = |other: &&ContenderTold| {
        other.policy == *policy && wanted.is_none_or(|wanted| other.searcher.as_ref() == Some(wanted))
    };
    world.contenders.iter().find(is_it)
}

fn to(contender: &ContenderTold, level: usize, of: impl Fn(&StepTold) -> f64) -> Mean {
    Mean::of(contender.runs.iter().map(|run| run.to[level].as_ref().map(&of)))
}

fn shown(mean: &Mean, digits: usize) -> String {
    if mean.had == 0 {
        return NOTHING.into();
    }
    let error = if mean.error.is_nan() { String::new() } else { format!("±{:.digits$}", mean.error) };
    let of = if mean.is_whole() { String::new() } else { format!(" ({}/{})", mean.had, mean.of) };
    format!("{:.digits$}{error}{of}", mean.mean)
}

/// The first `left` columns are words.
fn grid(headings: &[String], left: usize, rows: Vec<Vec<String>>) -> String {
    let side = |column| if column < left { Side::Left } else { Side::Right };
    let columns: Vec<(&str, Side)> =
        headings.iter().enumerate().map(|(column, heading)| (heading.as_str(), side(column))).collect();
    aligned(&columns, &rows)
}
