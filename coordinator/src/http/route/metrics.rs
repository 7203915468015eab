//! Figures for Prometheus, in its text format: base units, which end the names; what only grows ends in `_total`.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use actix_web::HttpResponse;
use actix_web::web::Data;
use common::energy::Purpose;
use common::id::Zone;
use common::unit::{Grams, Joules};

use crate::clock;
use crate::http::desk::Desk;
use crate::http::model::{Problem, Study, StudyState};
use crate::http::problem::{Trouble, unavailable};
use crate::http::view::{self, Seen};
use crate::launch::VERSION;

/// Figures for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "health", responses(
    (status = 200, description = "The text format, version 0.0.4", body = String, content_type = "text/plain"),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read", body = Problem, content_type = "application/problem+json"),
))]
pub async fn metrics(desk: Data<Desk>) -> Result<HttpResponse, Trouble> {
    let pulse = desk.pulse().await;
    let text = desk.told(|history| page(Seen { history, pulse: &pulse, now: clock::now() }))?;
    let text = text.ok_or_else(|| unavailable("the study has not begun yet: try again in a moment"))?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &dyn Display)], value: f64) {
        let labels: Vec<String> =
            labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(&value.to_string()))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.family(name, kind, help);
        self.value(name, &[], value);
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn page(seen: Seen<'_>) -> Option<String> {
    let study = view::study(seen)?;
    let mut page = Page::default();
    of_study(&mut page, &study);
    of_fleet(&mut page, &seen, &study);
    of_workers(&mut page, &seen);
    of_books(&mut page, &seen);
    of_grid(&mut page, &seen);
    Some(page.0)
}

fn of_study(page: &mut Page, study: &Study) {
    page.family("ce_nas_build_info", "gauge", "The release of the coordinator.");
    page.value("ce_nas_build_info", &[("version", &VERSION)], 1.0);
    page.family("ce_nas_study_state", "gauge", "1 for the state that the study is in.");
    let states = [
        ("running", StudyState::Running),
        ("paused", StudyState::Paused),
        ("draining", StudyState::Draining),
        ("finished", StudyState::Finished),
    ];
    for (name, state) in states {
        page.value("ce_nas_study_state", &[("state", &name)], f64::from(u8::from(study.state == state)));
    }
    let (front, events) = (study.front_size as f64, study.sequence as f64);
    page.one(
        "ce_nas_hypervolume",
        "gauge",
        "Hypervolume of the front, in the objectives' units.",
        study.hypervolume,
    );
    page.one(
        "ce_nas_hypervolume_ratio",
        "gauge",
        "The same as a share of the reference box.",
        study.hypervolume_share,
    );
    page.one("ce_nas_front_size", "gauge", "Networks on the front.", front);
    page.one("ce_nas_ledger_events_total", "counter", "Events in the ledger.", events);
    page.one(
        "ce_nas_broken_laws_total",
        "counter",
        "Laws found broken by this process; a defect.",
        study.broken_laws as f64,
    );
    page.family("ce_nas_budget_left_ratio", "gauge", "What is left of each limited budget.");
    for budget in &study.budgets {
        if let (Some(limit), Some(left)) = (budget.limit, budget.left) {
            let name = format!("{:?}", budget.of).to_lowercase();
            page.value("ce_nas_budget_left_ratio", &[("budget", &name)], left / limit);
        }
    }
    page.family("ce_nas_trials", "gauge", "Trials by fidelity and state.");
    for counts in &study.trials {
        let states = [
            ("waiting", counts.waiting),
            ("running", counts.running),
            ("suspended", counts.suspended),
            ("finished", counts.finished),
            ("given", counts.given),
            ("failed", counts.failed),
        ];
        for (state, count) in states {
            page.value("ce_nas_trials", &[("fidelity", &counts.fidelity), ("state", &state)], count as f64);
        }
    }
}

fn of_fleet(page: &mut Page, seen: &Seen<'_>, study: &Study) {
    let fleet = study.fleet;
    page.family("ce_nas_workers", "gauge", "Workers, by whether they are there.");
    page.value("ce_nas_workers", &[("state", &"alive")], fleet.workers as f64);
    page.value("ce_nas_workers", &[("state", &"gone")], fleet.workers_gone as f64);
    page.family("ce_nas_slots", "gauge", "Slots of live workers, by what they are at.");
    let activities = [
        ("training", fleet.training),
        ("scoring", fleet.scoring),
        ("ready", fleet.ready),
        ("resting", fleet.resting),
    ];
    for (activity, count) in activities {
        page.value("ce_nas_slots", &[("activity", &activity)], count as f64);
    }
    let state = &seen.history.state;
    let alive = |name| state.workers.get(name).is_some_and(|record| record.alive);
    let heard = seen.pulse.heard.iter().filter(|(name, _)| alive(name));
    let oldest = heard.map(|(_, heard)| seen.now.since(*heard).seconds()).fold(0.0, f64::max);
    page.one("ce_nas_heartbeat_age_max_seconds", "gauge", "Longest silence of a live worker.", oldest);
    let mut power: BTreeMap<&Zone, f64> = BTreeMap::new();
    for ((worker, _), draw) in &seen.history.draws {
        if let Some(record) = state.workers.get(worker).filter(|record| record.alive) {
            *power.entry(&record.zone).or_default() += draw.watts.0;
        }
    }
    page.family("ce_nas_power_watts", "gauge", "Power of live slots in their last windows.");
    for (zone, watts) in power {
        page.value("ce_nas_power_watts", &[("zone", zone)], watts);
    }
}

/// One line for each worker that is there.
fn of_workers(page: &mut Page, seen: &Seen<'_>) {
    let state = &seen.history.state;
    let alive: Vec<_> = state.workers.iter().filter(|(_, record)| record.alive).collect();
    page.family("ce_nas_worker_heartbeat_age_seconds", "gauge", "Time since a live worker was heard.");
    for (name, record) in &alive {
        if let Some(heard) = seen.pulse.heard.get(*name) {
            let age = seen.now.since(*heard).seconds().max(0.0);
            page.value(
                "ce_nas_worker_heartbeat_age_seconds",
                &[("worker", name), ("zone", &record.zone)],
                age,
            );
        }
    }
    page.family("ce_nas_worker_energy_joules_total", "counter", "Energy booked of a live worker's slots.");
    for (name, record) in &alive {
        let labels: [(&str, &dyn Display); 2] = [("worker", name), ("zone", &record.zone)];
        page.value("ce_nas_worker_energy_joules_total", &labels, record.joules.0);
    }
    let slots =
        || alive.iter().flat_map(|(name, record)| record.slots.iter().map(move |info| (*name, info.slot)));
    page.family("ce_nas_slot_power_watts", "gauge", "Power of a live worker's slot in its last window.");
    for (name, slot) in slots() {
        if let Some(draw) = seen.history.draws.get(&(name.clone(), slot)) {
            page.value("ce_nas_slot_power_watts", &[("worker", name), ("slot", &slot)], draw.watts.0);
        }
    }
    page.family("ce_nas_slot_temperature_celsius", "gauge", "Temperature of a live worker's device.");
    for (name, slot) in slots() {
        if let Some(found) = seen.pulse.watch.temperature(name, slot) {
            page.value("ce_nas_slot_temperature_celsius", &[("worker", name), ("slot", &slot)], found.0);
        }
    }
}

/// Emissions are a gauge: a figure that arrives late corrects its hour.
fn of_books(page: &mut Page, seen: &Seen<'_>) {
    let mut books: BTreeMap<(&Zone, Purpose), (Joules, Grams)> = BTreeMap::new();
    for line in seen.history.state.account.hours() {
        for (purpose, joules) in line.joules {
            let booked = books.entry((line.zone, *purpose)).or_default();
            booked.0 += *joules;
            booked.1 += joules.emissions(line.intensity);
        }
    }
    page.family("ce_nas_energy_joules_total", "counter", "Energy booked, by zone and purpose.");
    for ((zone, purpose), (joules, _)) in &books {
        page.value("ce_nas_energy_joules_total", &[("zone", zone), ("purpose", purpose)], joules.0);
    }
    page.family(
        "ce_nas_emissions_co2eq_grams",
        "gauge",
        "What that energy emitted, by the hours it was used in.",
    );
    for ((zone, purpose), (_, grams)) in &books {
        page.value("ce_nas_emissions_co2eq_grams", &[("zone", zone), ("purpose", purpose)], grams.0);
    }
}

fn of_grid(page: &mut Page, seen: &Seen<'_>) {
    let state = &seen.history.state;
    let hour = state.grid_hour(seen.now);
    page.family(
        "ce_nas_carbon_intensity_grams_per_kwh",
        "gauge",
        "Carbon intensity of the present grid hour.",
    );
    for zone in state.account.zones() {
        let intensity = state.account.intensity(zone, hour).0;
        page.value("ce_nas_carbon_intensity_grams_per_kwh", &[("zone", zone)], intensity.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.value("x", &[("zone", &"a\"b\\c\nd")], 1.5);
        assert_eq!(page.0, "x{zone=\"a\\\"b\\\\c\\nd\"} 1.5\n");
    }
}
