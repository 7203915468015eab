//! What was found for which carbon, by every contender of the first world; below it, the hours of one run.

use super::told::{ContenderTold, HourTold, RunTold, StepTold, Told, WorldTold};
use crate::plot::{Anchor, Colour, FAINT, INK, Scene, Shape, axis};

const WIDTH: f64 = 1_400.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 330.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 40.0;
const FOUND: f64 = 520.0;
const HOURS: f64 = 250.0;
/// Percentages that get a line, as far as the runs come.
const PERCENTS: [f64; 9] = [50.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.9, 99.99];
/// Points of a curve.
const POINTS: usize = 400;
const PALETTE: [Colour; 10] = [
    [31, 95, 180],
    [214, 90, 18],
    [35, 139, 69],
    [165, 30, 60],
    [106, 61, 154],
    [120, 80, 40],
    [0, 140, 150],
    [200, 60, 140],
    [110, 110, 110],
    [150, 140, 20],
];
const TRAIN: Colour = [70, 130, 200];
const SAMPLE: Colour = [160, 205, 160];
const EXPECTED: Colour = [214, 90, 18];

/// Where a picture's panel stands.
struct Panel {
    top: f64,
    height: f64,
}

impl Panel {
    fn x(&self, share: f64) -> f64 {
        LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, share: f64) -> f64 {
        self.top + TOP + (self.height - TOP - BOTTOM) * (1.0 - share.clamp(0.0, 1.0))
    }
}

pub fn scene(told: &Told, table: &str) -> Scene {
    let world = &told.worlds[0];
    let mut shapes = Vec::new();
    found(world, table, &mut shapes);
    let mut height = FOUND;
    // A product's run shows forecasts; any other its hours at least.
    let shown = world.contenders.iter().find(|contender| contender.is_product).or(world.contenders.first());
    if let Some((contender, run)) = shown.and_then(|contender| Some((contender, contender.runs.first()?))) {
        for zone in 0..world.zones.len() {
            grid(world, zone, run, height, &mut shapes);
            height += HOURS;
        }
        fleet(world, contender, run, height, &mut shapes);
        height += HOURS;
    }
    Scene { title: format!("Simulated studies on {table}"), width: WIDTH, height, shapes }
}

/// Mean hypervolume of all runs against carbon.
fn found(world: &WorldTold, table: &str, shapes: &mut Vec<Shape>) {
    let panel = Panel { top: 0.0, height: FOUND };
    let steps = || world.contenders.iter().flat_map(|contender| &contender.runs).flat_map(|run| &run.steps);
    let least = steps().map(|step| step.kg).filter(|kg| *kg > 0.0).fold(f64::INFINITY, f64::min);
    let most =
        world.contenders.iter().flat_map(|contender| &contender.runs).map(|run| run.kg).fold(0.0, f64::max);
    if !least.is_finite() || most <= least {
        return;
    }
    let (low, high) = (least.log10().floor(), most.log10().ceil());
    let best = steps().map(|step| step.percent).fold(0.0, f64::max);
    let last = PERCENTS.iter().position(|percent| *percent >= best).unwrap_or(PERCENTS.len() - 1);
    let ceiling = missing(PERCENTS[last].max(PERCENTS[1]));
    let y =
        |percent: f64| panel.y((missing(percent) - missing(PERCENTS[0])) / (ceiling - missing(PERCENTS[0])));
    let x = |kg: f64| panel.x((kg.log10() - low) / (high - low));
    for percent in &PERCENTS[..=last] {
        rule(&panel, y(*percent), &format!("{percent} %"), shapes);
    }
    for decade in low as i32..=high as i32 {
        for digit in [1.0, 2.0, 5.0] {
            let kg = digit * 10_f64.powi(decade);
            if kg.log10() > high {
                continue;
            }
            let points = vec![(x(kg), panel.y(0.0)), (x(kg), panel.y(1.0))];
            shapes.push(Shape::Line { points, colour: FAINT, width: 1.0 });
            text(
                (x(kg), panel.top + panel.height - BOTTOM + 18.0),
                Anchor::Middle,
                format!("{} kg", short(kg)),
                shapes,
            );
        }
    }
    let title = format!(
        "{}, {} slots, from {}: share of the hypervolume of {table} against carbon, mean over seeds",
        world.zone_names(),
        world.slots(),
        world.start
    );
    text((LEFT, panel.top + 22.0), Anchor::Start, title, shapes);
    for (place, contender) in world.contenders.iter().enumerate() {
        let colour = PALETTE[place % PALETTE.len()];
        // Oracles are drawn thin: no study can have them.
        let width = if contender.is_oracle { 1.0 } else { 2.2 };
        let end = contender.runs.iter().map(|run| run.kg).fold(0.0, f64::max);
        let points: Vec<(f64, f64)> = (0..=POINTS)
            .map(|point| 10_f64.powf(low + (high - low) * point as f64 / POINTS as f64))
            .take_while(|kg| *kg <= end)
            .map(|kg| (x(kg), y(mean(&contender.runs, kg))))
            .collect();
        shapes.push(Shape::Line { points, colour, width });
        let at = panel.top + TOP + 6.0 + 20.0 * place as f64;
        let points = vec![(WIDTH - RIGHT + 16.0, at), (WIDTH - RIGHT + 44.0, at)];
        shapes.push(Shape::Line { points, colour, width });
        text((WIDTH - RIGHT + 52.0, at + 4.0), Anchor::Start, contender.name(), shapes);
    }
}

/// So that 99 and 99.9 % stand apart.
fn missing(percent: f64) -> f64 {
    -(100.0 - percent.min(PERCENTS[PERCENTS.len() - 1])).log10()
}

/// Percent that `kg` paid for, over all runs.
fn mean(runs: &[RunTold], kg: f64) -> f64 {
    let found = |run: &RunTold| {
        run.steps.iter().rfind(|step: &&StepTold| step.kg <= kg).map_or(0.0, |step| step.percent)
    };
    runs.iter().map(found).sum::<f64>() / runs.len() as f64
}

fn grid(world: &WorldTold, zone: usize, run: &RunTold, top: f64, shapes: &mut Vec<Shape>) {
    let panel = Panel { top, height: HOURS };
    let grids = run.by_hour.iter().map(|hour| &hour.grids[zone]);
    let highest = grids.clone().map(|grid| grid.g_per_kwh.max(grid.expected_g_per_kwh.unwrap_or(0.0)));
    let ceiling = axis::ceiling(highest.fold(0.0, f64::max));
    hours(&panel, run, shapes);
    for level in axis::levels(ceiling) {
        rule(&panel, panel.y(level / ceiling), &format!("{level:.0}"), shapes);
    }
    let expected: Vec<(f64, f64)> = grids
        .clone()
        .enumerate()
        .filter_map(|(hour, grid)| {
            Some((panel.x(middle(hour, run)), panel.y(grid.expected_g_per_kwh? / ceiling)))
        })
        .collect();
    shapes.push(Shape::Line { points: expected, colour: EXPECTED, width: 1.6 });
    let was = grids
        .enumerate()
        .map(|(hour, grid)| (panel.x(middle(hour, run)), panel.y(grid.g_per_kwh / ceiling)))
        .collect();
    shapes.push(Shape::Line { points: was, colour: INK, width: 1.6 });
    let zone = &world.zones[zone].zone;
    let title =
        format!("{zone}, g/kWh by the hour: as it was (black), as it was forecast a day before (orange)");
    text((LEFT, top + 22.0), Anchor::Start, title, shapes);
}

/// Slots at work in each hour, and the steps of the hypervolume.
fn fleet(world: &WorldTold, contender: &ContenderTold, run: &RunTold, top: f64, shapes: &mut Vec<Shape>) {
    let panel = Panel { top, height: HOURS };
    let slots = f64::from(world.slots().max(1));
    hours(&panel, run, shapes);
    let share = |hour: usize| panel.x(hour as f64 / run.by_hour.len().max(1) as f64);
    let mut bar = |hour: usize, from: u32, to: u32, colour: Colour| {
        if to > from {
            let (left, right) = (share(hour), share(hour + 1));
            let (low, high) = (panel.y(f64::from(from) / slots), panel.y(f64::from(to) / slots));
            let points = vec![(left, low), (right, low), (right, high), (left, high)];
            shapes.push(Shape::Area { points, colour });
        }
    };
    for (hour, HourTold { train, sample, .. }) in run.by_hour.iter().enumerate() {
        bar(hour, 0, *train, TRAIN);
        bar(hour, *train, train + sample, SAMPLE);
    }
    for level in [0.0, 0.5, 1.0] {
        rule(&panel, panel.y(level), &format!("{:.0}", level * slots), shapes);
    }
    let total = run.by_hour.len().max(1) as f64;
    for step in &run.steps {
        let x = panel.x(step.hours / total);
        let points = vec![(x, panel.y(0.0)), (x, panel.y(0.0) - 8.0)];
        shapes.push(Shape::Line { points, colour: INK, width: 1.6 });
    }
    let title = format!(
        "{}, seed {}: slots that train (blue) and sample (green); ticks are trainings that improved the front",
        contender.name(),
        run.seed
    );
    text((LEFT, top + 22.0), Anchor::Start, title, shapes);
}

fn middle(hour: usize, run: &RunTold) -> f64 {
    (hour as f64 + 0.5) / run.by_hour.len().max(1) as f64
}

/// Marks every twelfth hour.
fn hours(panel: &Panel, run: &RunTold, shapes: &mut Vec<Shape>) {
    let count = run.by_hour.len();
    for hour in (0..=count).step_by(12) {
        let x = panel.x(hour as f64 / count.max(1) as f64);
        let points = vec![(x, panel.y(0.0)), (x, panel.y(1.0))];
        shapes.push(Shape::Line { points, colour: FAINT, width: 1.0 });
        text((x, panel.top + panel.height - BOTTOM + 18.0), Anchor::Middle, format!("{hour} h"), shapes);
    }
}

fn rule(panel: &Panel, y: f64, label: &str, shapes: &mut Vec<Shape>) {
    let points = vec![(panel.x(0.0), y), (panel.x(1.0), y)];
    shapes.push(Shape::Line { points, colour: FAINT, width: 1.0 });
    text((LEFT - 8.0, y + 4.0), Anchor::End, label.to_owned(), shapes);
}

fn text(at: (f64, f64), anchor: Anchor, text: String, shapes: &mut Vec<Shape>) {
    shapes.push(Shape::Text { at, anchor, text });
}

/// Without idle zeros.
fn short(value: f64) -> String {
    format!("{value:.6}").trim_end_matches('0').trim_end_matches('.').to_owned()
}
