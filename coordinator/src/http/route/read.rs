//! What can be looked at.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, web};
use common::id::{TrialId, WorkerName};

use crate::clock;
use crate::http::desk::Desk;
use crate::http::model::{
    Front, Hypervolume, Problem, Study, Tree, Trial, TrialQuery, Trials, WorkerLog, WorkerQuery, Workers,
    ZoneQuery, Zones,
};
use crate::http::openapi;
use crate::http::problem::{Trouble, malformed, unavailable, unknown};
use crate::http::view::{self, Seen};

type Answer<T> = Result<web::Json<T>, Trouble>;

/// Makes a page of what is known now.
async fn seen<T>(desk: &Desk, of: impl FnOnce(Seen<'_>) -> T) -> Result<T, Trouble> {
    let pulse = desk.pulse().await;
    desk.told(|history| of(Seen { history, pulse: &pulse, now: clock::now() }))
}

fn begun<T>(page: Option<T>) -> Result<T, Trouble> {
    page.ok_or_else(|| unavailable("the study has not begun yet: try again in a moment"))
}

/// A number within its bounds, or the problem in words.
pub(super) fn within(name: &str, value: Option<u32>, least: u32, most: u32) -> Result<(), Trouble> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(malformed(format!("{name} = {value}: between {least} and {most}")))
        }
        _ => Ok(()),
    }
}

/// How the study stands
///
/// Its settings, state, budgets, hypervolume, and what the fleet is doing and why.
#[utoipa::path(get, path = "/api/v1/study", tag = "study", responses(
    (status = 200, description = "The study", body = Study),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read", body = Problem, content_type = "application/problem+json"),
))]
pub async fn study(desk: Data<Desk>) -> Answer<Study> {
    begun(seen(&desk, view::study).await?).map(web::Json)
}

/// The Pareto front
///
/// With the latest trainings that competed for it.
#[utoipa::path(get, path = "/api/v1/front", tag = "search", responses(
    (status = 200, description = "The front", body = Front),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read", body = Problem, content_type = "application/problem+json"),
))]
pub async fn front(desk: Data<Desk>) -> Answer<Front> {
    begun(seen(&desk, view::front).await?).map(web::Json)
}

/// How the hypervolume grew
///
/// Against time, carbon, energy and trainings.
#[utoipa::path(get, path = "/api/v1/hypervolume", tag = "search", responses(
    (status = 200, description = "The history of the hypervolume", body = Hypervolume),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read", body = Problem, content_type = "application/problem+json"),
))]
pub async fn hypervolume(desk: Data<Desk>) -> Answer<Hypervolume> {
    begun(seen(&desk, view::hypervolume).await?).map(web::Json)
}

/// Trials, filtered and sorted, a page at a time
#[utoipa::path(get, path = "/api/v1/trials", tag = "trials", params(TrialQuery), responses(
    (status = 200, description = "A page of trials", body = Trials),
    (status = 400, description = "A query that says nothing", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read", body = Problem, content_type = "application/problem+json"),
))]
pub async fn trials(desk: Data<Desk>, query: Query<TrialQuery>) -> Answer<Trials> {
    within("limit", query.limit, 1, 500)?;
    within("offset", query.offset, 0, 1_000_000_000)?;
    seen(&desk, |seen| view::trials(seen, &query)).await.map(web::Json)
}

/// One trial
///
/// With its attempts, their energy by hour, its learning curve, and what happened to it.
#[utoipa::path(get, path = "/api/v1/trials/{id}", tag = "trials",
    params(("id" = u64, Path, description = "The trial's number, from 0")),
    responses(
        (status = 200, description = "The trial", body = Trial),
        (status = 400, description = "An id that is no number", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such trial", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The history is still being read", body = Problem, content_type = "application/problem+json"),
))]
pub async fn trial(desk: Data<Desk>, id: Path<u64>) -> Answer<Trial> {
    let id = TrialId(*id);
    let found = seen(&desk, |seen| desk.curves(|curves| view::trial(seen, curves, id))).await?;
    found.map(web::Json).ok_or_else(|| unknown(format!("there is no trial {id}; they count from 0")))
}

/// Workers and their slots
#[utoipa::path(get, path = "/api/v1/workers", tag = "fleet", params(WorkerQuery), responses(
    (status = 200, description = "A page of workers, by name", body = Workers),
    (status = 400, description = "A query that says nothing", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read", body = Problem, content_type = "application/problem+json"),
))]
pub async fn workers(desk: Data<Desk>, query: Query<WorkerQuery>) -> Answer<Workers> {
    within("limit", query.limit, 1, 1000)?;
    within("offset", query.offset, 0, 1_000_000_000)?;
    seen(&desk, |seen| view::workers(seen, &query)).await.map(web::Json)
}

/// The end of a worker's log
///
/// Its last lines, as it told them since the coordinator began.
#[utoipa::path(get, path = "/api/v1/workers/{name}/log", tag = "fleet",
    params(("name" = String, Path, description = "The worker's name")),
    responses(
        (status = 200, description = "The lines, oldest first", body = WorkerLog),
        (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such worker", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The history is still being read", body = Problem, content_type = "application/problem+json"),
))]
pub async fn worker_log(desk: Data<Desk>, name: Path<String>) -> Answer<WorkerLog> {
    let worker = WorkerName::new(name.as_str());
    let found = seen(&desk, |seen| view::worker_log(seen, &worker)).await?;
    found.map(web::Json).ok_or_else(|| unknown(format!("there is no worker {name}")))
}

/// The grid of each zone
///
/// Intensity as it was and is expected, what was decided and used under it, and what the same work would have emitted at once.
#[utoipa::path(get, path = "/api/v1/zones", tag = "fleet", params(ZoneQuery), responses(
    (status = 200, description = "All zones", body = Zones),
    (status = 400, description = "A query that says nothing", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read", body = Problem, content_type = "application/problem+json"),
))]
pub async fn zones(desk: Data<Desk>, query: Query<ZoneQuery>) -> Answer<Zones> {
    within("hours", query.hours, 1, 8784)?;
    seen(&desk, |seen| view::zones(seen, &query)).await.map(web::Json)
}

/// The search tree
///
/// The regions that LaMOO has learnt, and what tells their halves apart.
#[utoipa::path(get, path = "/api/v1/tree", tag = "search", responses(
    (status = 200, description = "The tree of the last proposal", body = Tree),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read", body = Problem, content_type = "application/problem+json"),
))]
pub async fn tree(desk: Data<Desk>) -> Answer<Tree> {
    seen(&desk, view::tree).await.map(web::Json)
}

/// This document
pub async fn openapi() -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(openapi::document())
}
