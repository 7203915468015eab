//! The learning rate of each step.

use std::f64::consts::PI;

use common::recipe::{Recipe, Schedule};

/// At `step` of `total`. After the warm-up, in which it grows linearly, from the recipe's learning rate η₀ to its final one η_T,
/// t of T steps done: `η_T + (η₀ − η_T)(1 + cos(π t / T)) / 2`, or `η₀ + (η_T − η₀) t / T`, or `max(η_T, η₀ / 10ⁿ)` where n is 0, then 1
/// from T/2 and 2 from 3T/4 on.
pub fn rate(recipe: &Recipe, step: u64, total: u64) -> f64 {
    let Recipe { learning_rate: first, final_learning_rate: last, .. } = *recipe;
    let warm = (recipe.warm_up * total as f64).round() as u64;
    if step < warm {
        return first * (step + 1) as f64 / warm as f64;
    }
    let (step, total) = (step - warm, total - warm);
    match recipe.schedule {
        Schedule::Cosine => {
            let turn = PI * step as f64 / total as f64;
            last + (first - last) * (1.0 + turn.cos()) / 2.0
        }
        Schedule::Linear => first + (last - first) * step as f64 / total as f64,
        Schedule::Step => {
            let drops = i32::from(2 * step >= total) + i32::from(4 * step >= 3 * total);
            (first / 10_f64.powi(drops)).max(last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPE: Recipe = Recipe { final_learning_rate: 0.02, ..Recipe::PLAIN };

    fn rates<const N: usize>(recipe: Recipe, steps: [u64; N]) -> [f64; N] {
        steps.map(|step| (rate(&recipe, step, 100) * 1e9).round() / 1e9)
    }

    #[test]
    fn it_begins_high_passes_the_middle_and_ends_low() {
        assert_eq!(rates(RECIPE, [0, 50, 100]), [0.1, 0.06, 0.02]);
        let linear = Recipe { schedule: Schedule::Linear, ..RECIPE };
        assert_eq!(rates(linear, [0, 25, 50, 100]), [0.1, 0.08, 0.06, 0.02]);
        let step = Recipe { schedule: Schedule::Step, final_learning_rate: 0.002, ..RECIPE };
        assert_eq!(rates(step, [0, 49, 50, 74, 75, 99]), [0.1, 0.1, 0.01, 0.01, 0.002, 0.002]);
    }

    #[test]
    fn it_warms_up_and_then_takes_its_course_in_what_is_left() {
        let warm = Recipe { warm_up: 0.2, ..RECIPE };
        assert_eq!(rates(warm, [0, 9, 19, 20, 60, 100]), [0.005, 0.05, 0.1, 0.1, 0.06, 0.02]);
        assert_eq!(rate(&Recipe { warm_up: 0.99, ..RECIPE }, 0, 1), 0.1, "one step, all of it warm-up");
    }
}
