//! The learning rate of each step.

use common::study::Recipe;

/// Half a cosine from the recipe's learning rate at step 0 to its final one after `total` steps:
/// `η_T + (η_0 − η_T)(1 + cos(π t / T)) / 2` (Loshchilov and Hutter, ICLR 2017, without restarts).
pub fn cosine(recipe: &Recipe, step: u64, total: u64) -> f64 {
    let turn = std::f64::consts::PI * step as f64 / total as f64;
    recipe.final_learning_rate
        + (recipe.learning_rate - recipe.final_learning_rate) * (1.0 + turn.cos()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_high_passes_the_middle_and_ends_low() {
        let recipe = Recipe {
            epochs: 1,
            batch_size: 1,
            learning_rate: 0.1,
            final_learning_rate: 0.02,
            momentum: 0.9,
            weight_decay: 0.0,
        };
        let at = |step| (cosine(&recipe, step, 100) * 1e9).round() / 1e9;
        assert_eq!((at(0), at(50), at(100)), (0.1, 0.06, 0.02));
    }
}
