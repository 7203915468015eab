//! What the core takes from the configuration.

use std::collections::BTreeSet;

use common::config::{Budget, Config, Ladder, Requirements};
use common::id::Zone;
use common::time::Millis;

use super::retry::Retry;
use crate::agenda::Agenda;

/// Less than a millisecond's worth.
const HANDOUTS: usize = 50;

#[derive(Debug, Clone)]
pub struct Options {
    /// What is evaluated in place of a search; none searches.
    pub agenda: Option<Agenda>,
    pub ladder: Ladder,
    pub budget: Budget,
    /// Random architectures before the tree is asked.
    pub initial_samples: usize,
    /// Whether the searcher has a model that says what each training promises.
    pub has_model: bool,
    /// Whether results change what the searcher proposes.
    pub learns: bool,
    /// Candidates asked for at once. So many are kept at hand, of a searcher that learns half as many.
    pub batch: usize,
    /// Zones that are observed whether or not a worker is in them.
    pub zones: BTreeSet<Zone>,
    /// Grid hours between decisions.
    pub interval_hours: i64,
    pub heartbeat: Millis,
    pub lost_after: Millis,
    /// What a slot must have to be given work.
    pub requirements: Requirements,
    /// Tasks handed out in one step, and workers told of the end: nobody is heard meanwhile, and a fleet may have ten thousand slots.
    pub handouts: usize,
    pub crash_limit: u32,
    pub retry: Retry,
    /// Trials in a row that a worker may fail at; none: as many as there are.
    pub quarantine_after: Option<u32>,
    /// How long it is given nothing then, the first time.
    pub quarantine: Millis,
    /// How long the end of a study waits for workers to report what they still hold.
    pub farewell: Millis,
}

impl Options {
    pub fn new(config: &Config) -> Self {
        let search = lamoo::Options::named(&config.search.searcher);
        Self {
            agenda: None,
            ladder: config.ladder,
            budget: config.budget,
            initial_samples: config.search.initial_samples as usize,
            has_model: search
                .as_ref()
                .is_some_and(|options| options.sampler == lamoo::SamplerKind::Surrogate),
            learns: search.as_ref().is_none_or(lamoo::Options::learns),
            batch: config.search.batch as usize,
            zones: config.carbon.served_zones(),
            interval_hours: i64::from(config.allocation.interval_hours),
            heartbeat: Millis::from_seconds(config.coordinator.heartbeat_s),
            lost_after: Millis::from_seconds(config.coordinator.lost_after_s),
            requirements: config.requirements.clone(),
            handouts: HANDOUTS,
            crash_limit: config.coordinator.crash_limit,
            retry: Retry {
                first: Millis::from_seconds(config.coordinator.retry_s),
                longest: Millis::from_seconds(config.coordinator.retry_longest_s),
            },
            quarantine_after: config.coordinator.quarantine_after.get(),
            quarantine: Millis::from_seconds(config.coordinator.quarantine_s),
            // A worker takes up to 25 s to stop, upload and deliver; one that vanished is lost by its silence before that.
            farewell: Millis::from_seconds(30.0),
        }
    }
}
