//! Uniform over the encodings inside the region, by rejection; where that finds too little and the space can be listed,
//! over what is left of the list.
//!
//! Simple cells have many encodings and so come early: they are cheap to evaluate and mark the front's cheap end.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Batch, Sampler};

#[derive(Debug, Clone, Copy, Default)]
pub struct Random;

impl Sampler for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn fill(&mut self, batch: &mut Batch<'_>, rng: &mut ChaCha8Rng) {
        while !batch.is_done() {
            let drawn = batch.space().random(rng);
            batch.offer(&drawn);
        }
        if !batch.is_full()
            && let Some(all) = batch.pool().all()
        {
            batch.offer_all(shuffled(all.len(), rng));
        }
    }
}

/// 0..count in random order, drawn as far as it is read (Fisher and Yates).
fn shuffled(count: usize, rng: &mut ChaCha8Rng) -> impl Iterator<Item = usize> {
    let mut places: Vec<usize> = (0..count).collect();
    (0..count).map(move |next| {
        let other = rng.random_range(next..count);
        places.swap(next, other);
        places[next]
    })
}
