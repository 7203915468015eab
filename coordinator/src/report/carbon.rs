//! Where the intensities of the study come from: counted by source, hour by hour, and what a reader must know of those that nobody
//! measured.

use std::collections::{BTreeMap, BTreeSet};

use common::config::Config;
use common::id::Zone;

use super::model::{CarbonFacts, EnergyFacts, HourFacts, Note, Report, SourceSpan};
use super::text;
use crate::carbon;
use crate::core::State;

/// What a sandbox key of Electricity Maps calls its method.
const SANDBOX: &str = "SANDBOX_MODE_DATA";

pub(super) fn facts(state: &State, energy: &EnergyFacts) -> CarbonFacts {
    let mut hours_by_provenance: BTreeMap<String, u64> = BTreeMap::new();
    for hour in &energy.by_hour {
        *hours_by_provenance.entry(hour.provenance.clone()).or_default() += 1;
    }
    let mut samples_by_provenance: BTreeMap<String, u64> = BTreeMap::new();
    let mut kind_by_zone = BTreeMap::new();
    for zone in state.account.zones() {
        for sample in state.account.series(zone) {
            *samples_by_provenance.entry(sample.provenance.source()).or_default() += 1;
        }
        // Its name is the one it has in files.
        if let Some(kind) = state.account.signal_kind(zone) {
            kind_by_zone.insert(zone.clone(), carbon::word(kind).into());
        }
    }
    let synthetic = samples_by_provenance.contains_key("synthetic");
    let spans = spans(&energy.by_hour);
    CarbonFacts { synthetic, hours_by_provenance, samples_by_provenance, kind_by_zone, spans }
}

/// Runs of hours of one zone that one source served, in the order of zones and hours.
fn spans(hours: &[HourFacts]) -> Vec<SourceSpan> {
    let mut spans: Vec<(SourceSpan, i64)> = Vec::new();
    for hour in hours {
        match spans.last_mut() {
            Some((span, next))
                if span.zone == hour.zone && span.provenance == hour.provenance && *next == hour.index =>
            {
                span.to.clone_from(&hour.hour);
                span.hours += 1;
                *next += 1;
            }
            _ => {
                let (zone, provenance) = (hour.zone.clone(), hour.provenance.clone());
                let (from, to) = (hour.hour.clone(), hour.hour.clone());
                spans.push((SourceSpan { zone, provenance, from, to, hours: 1 }, hour.index + 1));
            }
        }
    }
    spans.into_iter().map(|(span, _)| span).collect()
}

/// First what would mislead, then what is merely so.
pub(super) fn notes(report: &Report) -> Vec<Note> {
    let hours = &report.energy.by_hour;
    let all = hours.len();
    let count = |is: &dyn Fn(&str) -> bool| hours.iter().filter(|hour| is(&hour.provenance)).count();
    let mut notes = Vec::new();
    let mut say = |important: bool, count: usize, what: &str| {
        if count > 0 {
            notes.push(Note { important, text: format!("For {count} of {all} zone-hours {what}") });
        }
    };
    let sandbox = count(&|from| from.contains(SANDBOX));
    say(
        true,
        sandbox,
        "the intensity is made up: a sandbox key of Electricity Maps was used, whose figures are of no real grid.",
    );
    let cached = count(&|from| from == "cached");
    say(true, cached, "no intensity was observed: the nearest known value stands in.");
    let constant = count(&|from| from == "yearly constant");
    let constants = constants(report);
    say(
        true,
        constant,
        &format!("nothing was known, nor for a day before: a yearly constant stands in ({constants})."),
    );
    let forecast = count(&|from| from.starts_with("forecast"));
    say(
        false,
        forecast,
        "the intensity is the service's own forecast of the hour: it published no other figure in time.",
    );
    let modelled = count(&|from| from.starts_with("modelled"));
    say(true, modelled, "no intensity was observed: the study's own forecast of the hour stands in.");
    let earlier = count(&|from| from.starts_with("an earlier hour"));
    say(
        true,
        earlier,
        "no intensity was observed: that of an earlier hour like it, in a recorded trace, stands in.",
    );
    let estimated = count(&|from| from.starts_with("estimated")) - sandbox;
    say(false, estimated, "the intensity is an estimate of its source, not measured.");
    notes
}

/// The constants that stood in, each zone once, in words.
fn constants(report: &Report) -> String {
    // A configuration of another release may not parse; then a constant is known by its figure alone.
    let config = toml::from_str::<Config>(&report.study.config).ok();
    let own = config.and_then(|config| carbon::constants(&config.carbon).ok()).unwrap_or_default();
    let constant = report.energy.by_hour.iter().filter(|hour| hour.provenance == "yearly constant");
    let figures: BTreeSet<(&Zone, String)> =
        constant.map(|hour| (&hour.zone, text::plain(hour.intensity_g_per_kwh))).collect();
    let words = figures.into_iter().map(|(zone, figure)| {
        let whose = if own.contains_key(zone) { "as configured" } else { "the world's mean" };
        format!("{zone}: {figure} gCO2eq/kWh, {whose}")
    });
    words.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use common::carbon::{Issued, Provenance};
    use common::event::Event;
    use common::time::Timestamp;
    use common::unit::Intensity;

    use super::*;
    use crate::report::Chronicle;
    use crate::report::sample::{WALL, Wishes, study};

    fn hour(zone: &str, index: i64, provenance: &str) -> HourFacts {
        HourFacts {
            zone: zone.into(),
            hour: format!("h{index}"),
            index,
            covered: 1.0,
            intensity_g_per_kwh: 100.0,
            provenance: provenance.into(),
            forecast_g_per_kwh: None,
            day_median_g_per_kwh: 100.0,
            allocation: None,
            kwh_by_fidelity: BTreeMap::new(),
            training_kwh: 0.0,
            kwh: 0.0,
            gco2eq: 0.0,
        }
    }

    #[test]
    fn runs_of_one_source_are_told_as_spans() {
        let hours = [
            hour("DE", 0, "measured (x)"),
            hour("DE", 1, "measured (x)"),
            hour("DE", 2, "cached"),
            hour("DE", 3, "measured (x)"),
            hour("DE", 5, "measured (x)"),
            hour("PL", 6, "measured (x)"),
        ];
        let told: Vec<String> = spans(&hours)
            .iter()
            .map(|span| format!("{} {} {}-{} {}", span.zone, span.provenance, span.from, span.to, span.hours))
            .collect();
        assert_eq!(
            told,
            [
                "DE measured (x) h0-h1 2",
                "DE cached h2-h2 1",
                "DE measured (x) h3-h3 1",
                "DE measured (x) h5-h5 1",
                "PL measured (x) h6-h6 1",
            ]
        );
    }

    /// The sample study with its hours from these sources in turn, and with these constants configured.
    fn told(sources: &[Provenance], constants: &str) -> Report {
        let mut records = study(Wishes::default());
        let mut turn = sources.iter().cycle();
        for record in &mut records {
            match &mut record.event {
                Event::StudyStarted { config, .. } => {
                    *config = config.replace("constants = []", &format!("constants = {constants}"));
                }
                Event::CarbonObserved { samples } => {
                    for sample in samples {
                        sample.provenance = turn.next().unwrap().clone();
                        sample.intensity =
                            Intensity(if sample.provenance == Provenance::Constant { 380.0 } else { 90.0 });
                    }
                }
                _ => {}
            }
        }
        Report::of(&State::fold(&records), &Chronicle::of(&records), Timestamp(WALL)).unwrap()
    }

    fn notes_of(sources: &[Provenance], constants: &str) -> String {
        notes(&told(sources, constants)).into_iter().map(|note| note.text).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_constant_that_stood_in_is_named_with_its_origin() {
        let constant = [Provenance::Constant];
        let zone = told(&constant, "[]").energy.by_hour[0].zone.clone();
        let own = notes_of(&constant, &format!("[\"{zone}=380\"]"));
        assert!(own.contains(&format!("({zone}: 380 gCO2eq/kWh, as configured)")), "{own}");
        assert!(!own.contains("475"), "{own}");
        assert!(notes_of(&constant, "[]").contains("gCO2eq/kWh, the world's mean)"));
    }

    #[test]
    fn guesses_are_told_apart() {
        let service = || "Electricity Maps".to_owned();
        let issue = || Issued { by: "a model".into(), at: Some(Timestamp(WALL).hour()) };
        // The last hour has just begun and is not observed yet: all that is to be said of a measured study.
        let measured = notes_of(&[Provenance::Measured(service())], "[]");
        assert_eq!(
            measured,
            "For 1 of 49 zone-hours no intensity was observed: the nearest known value stands in."
        );
        for (source, phrase) in [
            (Provenance::Forecast(issue()), "the service's own forecast of the hour"),
            (Provenance::Modelled(issue()), "the study's own forecast of the hour stands in"),
            (Provenance::Estimated(service()), "is an estimate of its source"),
            (Provenance::Estimated(format!("Electricity Maps, {SANDBOX}")), "is made up: a sandbox key"),
            (Provenance::Earlier("2019.csv".into()), "that of an earlier hour like it, in a recorded trace"),
            (Provenance::Cached { age_hours: 2 }, "the nearest known value stands in"),
        ] {
            let notes = notes_of(std::slice::from_ref(&source), "[]");
            let told = notes.lines().find(|line| line.contains(phrase)).unwrap_or_default();
            let hours = if matches!(source, Provenance::Cached { .. }) { "49" } else { "48" };
            assert!(told.starts_with(&format!("For {hours} of 49")), "{source}: {notes}");
            assert!(notes.lines().count() <= 2, "{source}: {notes}");
        }
    }
}
