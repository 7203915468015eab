//! What is known without learning: how many slots of each zone-hour train when work per carbon is the same everywhere at the margin.
//!
//! `n` slots at once do the work of `n^0.6` one after the other, so an hour of intensity `c` deserves `n ∝ c^−2.5` slots; one factor,
//! the **level**, is raised until a budget, the trainings wanted or the price of carbon says stop. The network's action is a factor on
//! the level of each zone: where it has nothing to add it says one, and this is what happens.
//!
//! It stands here and not in the planner because weights are learnt upon it: the planner may change, this may not without new weights.

/// Below it an hour's first slot is not worth its carbon; `0.6^2.5`, where the first slot, which does the work of one, breaks even.
pub const FIRST_SLOT: f64 = 0.278_854_800_926_934_5;
/// Halvings of the level's logarithm: to a millionth.
const STEPS: usize = 28;
/// Decades of missing hypervolume that the work of the whole study is worth, over ln 10: `missing ∝ work^−1.2`.
const DECADES: f64 = 1.2 / std::f64::consts::LN_10;

/// One zone-hour as the level sees it.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// gCO2eq/kWh, above zero.
    pub intensity: f64,
    pub slots: f64,
}

/// All hours of the window, the present one first: `cells[hour * zones + zone]`, each hour's in the zones' order.
#[derive(Debug)]
pub struct Window {
    pub zones: usize,
    /// The part of the first hour that is left; the others are whole.
    pub first: f64,
    pub cells: Vec<Cell>,
}

/// What stops the level from rising. Infinity where nothing does.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Slot-hours × gCO2eq/kWh: what the carbon budget pays for.
    pub carbon: f64,
    pub slot_hours: f64,
    /// Decades of missing hypervolume that the carbon of one slot-hour at `usual` intensity must bring; zero for carbon without a price.
    pub price: f64,
    pub usual: f64,
    /// Work done so far, in slot-hours.
    pub done: f64,
}

/// Slots that the level `wanted` comes to.
pub fn whole(wanted: f64, slots: f64) -> f64 {
    let slots_wanted = if wanted < FIRST_SLOT {
        0.0
    } else if wanted < 1.5 {
        1.0
    } else {
        (wanted + 0.5).floor()
    };
    slots_wanted.min(slots)
}

/// `c^−2.5`, by operations that are exact on every machine.
fn weight(intensity: f64) -> f64 {
    1.0 / (intensity * intensity * intensity.sqrt())
}

/// Wanted slots of the present hour's zones, before they are made whole and cut to those there are.
pub fn wanted(window: &Window, limits: &Limits) -> Vec<f64> {
    let zones = window.zones;
    let usual = weight(limits.usual);
    // Relative to the usual hour, so that the level is a number of slots. Cleaner zones of an hour are filled first: for each cell the
    // slots that come before it.
    let cells: Vec<(f64, f64, Cell)> = window
        .cells
        .chunks(zones)
        .flat_map(|hour| {
            hour.iter().enumerate().map(|(zone, cell)| {
                let cleaner = |(other, of): &(usize, &Cell)| (of.intensity, *other) < (cell.intensity, zone);
                let before = hour.iter().enumerate().filter(cleaner).map(|(_, of)| of.slots).sum::<f64>();
                (weight(cell.intensity) / usual, before, *cell)
            })
        })
        .collect();
    let most = window.cells.iter().map(|cell| cell.slots).sum::<f64>().max(1.0) * 100.0;
    let (mut low, mut high) = (libm::log(1e-4), libm::log(most));
    for _ in 0..STEPS {
        let middle = (low + high) / 2.0;
        if fits(window, &cells, limits, libm::exp(middle)) {
            low = middle;
        } else {
            high = middle;
        }
    }
    let level = libm::exp(low);
    cells[..zones].iter().map(|(weight, before, _)| level * weight - before).collect()
}

fn fits(window: &Window, cells: &[(f64, f64, Cell)], limits: &Limits, level: f64) -> bool {
    let (mut carbon, mut slot_hours, mut work) = (0.0, 0.0, limits.done);
    for (hour, cells) in cells.chunks(window.zones).enumerate() {
        let length = if hour == 0 { window.first } else { 1.0 };
        let mut slots = 0.0;
        for (weight, before, cell) in cells {
            let taken = whole(level * weight - before, cell.slots);
            slots += taken;
            carbon += length * taken * cell.intensity;
        }
        slot_hours += length * slots;
        // Within a tenth of n^0.6 on 64 slots, by roots that are exact everywhere.
        work += length * slots.sqrt() * slots.sqrt().sqrt().sqrt();
    }
    let priced = libm::pow(level, 0.4) * limits.price * work.max(1.0) <= 0.6 * DECADES;
    carbon <= limits.carbon && slot_hours <= limits.slot_hours && priced
}
