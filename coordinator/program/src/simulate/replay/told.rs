//! A replay as a page for people, and which baseline it was.

use serde_json::{Map, Value};
use simulation::baseline::{Place, Proxy};

use super::compare::Comparison;
use super::mode::{Mode, Rest};
use super::recipe::{Recipe, World};

/// What was recognised, in one sentence.
pub fn recognised(recipe: &Recipe) -> String {
    let Some(world) = &recipe.world else { return "the hypervolume after each cell".into() };
    let slots: u32 = world.zones.iter().map(|(_, slots)| slots).sum();
    let scores = |proxy: &Proxy| if *proxy == Proxy::FewShot { "few-shot" } else { "one-shot" };
    let what = match &recipe.mode {
        Mode::Path => String::new(),
        Mode::Vanilla => format!("vanilla: all of {slots} slots train the list in order"),
        Mode::Split { training, proxy, queue, .. } => {
            let training: Vec<String> = training.iter().map(u32::to_string).collect();
            format!(
                "split: {} of {slots} slots train beside a {} pool with a queue of {queue}",
                listed(&training),
                scores(proxy)
            )
        }
        Mode::OneShotOnly { proxy, block } => {
            format!(
                "one-shot only: {} scores of all in blocks of {block}, then training by rank on {slots} slots",
                scores(proxy)
            )
        }
        Mode::Rungs { per_promotion } => {
            format!("rungs: {slots} slots train short, and one of {per_promotion} to the end")
        }
    };
    let place = match &world.follows {
        _ if world.zones.len() == 1 => "",
        None => "; each zone has slots of its own",
        Some(Place::Cleanest) => "; the fleet follows the cleaner zone",
        Some(Place::Planned(_)) => "; the fleet moves by a plan",
    };
    let rest = match &world.rest {
        None => String::new(),
        Some(Rest::Planned(_)) => "; off in the hours that a plan names".into(),
        Some(Rest::Percentile { percentile, hours }) => {
            format!("; off above percentile {percentile} of the last {hours} h")
        }
    };
    format!("{what}{place}{rest}")
}

/// The first few, for a line.
fn listed(items: &[String]) -> String {
    match items {
        [first, second, third, _, ..] => format!("{first}, {second}, {third}, …"),
        few => few.join(", "),
    }
}

pub fn screen(recipe: &Recipe, table: &str, found: &Map<String, Value>, compared: &Comparison) -> String {
    let figure = |name: &str| found.get(name).and_then(Value::as_f64).unwrap_or(0.0);
    let mut text = format!("{}: {}\n", recipe.name, recognised(recipe));
    let share = 100.0 * figure("final_hv_over_max");
    match &recipe.world {
        None => {
            text.push_str(&format!(
                "{} cells of {table}: ",
                found["hv_after"].as_array().map_or(0, Vec::len)
            ));
        }
        Some(world) => text.push_str(&format!(
            "{}{} tasks finished, {:.3} kWh, {:.3} kg CO2eq; ",
            world_line(world, table),
            found["events"].as_array().map_or(0, Vec::len),
            figure("total_kwh"),
            figure("total_g") / 1000.0
        )),
    }
    text.push_str(&format!("hypervolume {:.4}, {share:.3} % of the table's\n", figure("final_hv")));
    match &compared.worst {
        Some((error, place)) => text.push_str(&format!(
            "{} figures compared, {} differ; largest relative error {error:.1e} ({place})\n",
            compared.figures, compared.differing
        )),
        None => text.push_str("the file holds no results: nothing is compared\n"),
    }
    let left_out: Vec<&str> = recipe.left_out.iter().chain(&compared.left_out).map(String::as_str).collect();
    if !left_out.is_empty() {
        text.push_str(&format!("not understood and not compared: {}\n", left_out.join(", ")));
    }
    text
}

fn world_line(world: &World, table: &str) -> String {
    let zone = |(zone, slots): &(String, u32)| match world.follows {
        None if world.zones.len() > 1 => format!("{slots} slots in {zone}"),
        _ => zone.clone(),
    };
    let zones: Vec<String> = world.zones.iter().map(zone).collect();
    let World { horizon_hours, start, column, .. } = world;
    format!("{horizon_hours} h from {start}, {} ({column}), {table}\n", zones.join(" and "))
}
