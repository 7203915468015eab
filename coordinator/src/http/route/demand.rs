//! What launchers ask: how many of the machines that they could bring would be put to work now.

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::web::{Data, Json, Query};
use common::id::{WorkerName, Zone};
use tokio::time::Instant;

use super::read::within;
use crate::actor::Ask;
use crate::demand::{Offer, Standing};
use crate::http::desk::Desk;
use crate::http::model::{Demand, DemandQuery, Problem, StudyState};
use crate::http::problem::{Trouble, malformed, unavailable};

/// Letters of a zone or a prefix: names, not essays.
const LONGEST: usize = 100;
/// A decision is under way for a moment in each hour.
const PATIENCE: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(50);
pub const MOST_SLOTS: u32 = 100_000;

/// What the plan wants of machines that may come
///
/// For launchers: of so many slots of a zone, how many would be put to work in this hour. The study's own policy answers, as it would
/// if the slots were there; nothing is promised and nothing is kept.
#[utoipa::path(get, path = "/api/v1/demand", tag = "fleet", params(DemandQuery), responses(
    (status = 200, description = "What is wanted", body = Demand),
    (status = 400, description = "A query that says nothing", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read, this hour is being decided, or no coordinator is at work", body = Problem, content_type = "application/problem+json"),
))]
pub async fn demand(desk: Data<Desk>, query: Query<DemandQuery>) -> Result<Json<Demand>, Trouble> {
    let DemandQuery { zone, slots, prefix } = query.into_inner();
    within("slots", Some(slots), 1, MOST_SLOTS)?;
    if zone.is_empty() || zone.len() > LONGEST || prefix.as_ref().is_some_and(|text| text.len() > LONGEST) {
        return Err(malformed(format!("zone and prefix are names of at most {LONGEST} letters")));
    }
    desk.told(|_| ())?;
    let coordinator = desk
        .coordinator
        .as_ref()
        .ok_or_else(|| unavailable("no coordinator is at work on this study: start it, then ask again"))?;
    let offer = Offer { zone: Zone::new(&zone), slots, prefix: prefix.filter(|prefix| !prefix.is_empty()) };
    let begun = Instant::now();
    let found = loop {
        if let Some(found) = coordinator.send(Ask(offer.clone())).await.ok().flatten() {
            break found;
        }
        if begun.elapsed() > PATIENCE {
            return Err(unavailable("this hour is still being decided: try again in a moment"));
        }
        tokio::time::sleep(AGAIN).await;
    };
    let names = |found: BTreeSet<WorkerName>| found.iter().map(ToString::to_string).collect();
    Ok(Json(Demand {
        zone,
        hour: found.hour.to_string(),
        state: match found.standing {
            Standing::Running => StudyState::Running,
            Standing::Paused => StudyState::Paused,
            Standing::Draining => StudyState::Draining,
            Standing::Finished => StudyState::Finished,
        },
        slots: slots.into(),
        others: found.others.into(),
        train: found.shares.train.into(),
        sample: found.shares.sample.into(),
        rest: found.shares.rest.into(),
        wanted: found.wanted.into(),
        reason: found.reason,
        resting: names(found.resting),
        drained: names(found.drained),
    }))
}
