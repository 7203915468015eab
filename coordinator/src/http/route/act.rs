//! What an operator can do. Each order is judged and carried out by the core; the answer comes once it is durable, and what is read
//! afterwards tells of it.

use std::time::Duration;

use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use common::config::{Budget, Config, OrWord};
use common::id::{TrialId, WorkerName};

use super::body;
use crate::actor::{Obeyed, Order};
use crate::core::{Control, Refusal};
use crate::http::desk::Desk;
use crate::http::guard::{COOKIE, Guard};
use crate::http::model::{
    Amount, BudgetOrder, Count, CountLimit, Done, DrainOrder, Limit, Login, Problem, StopOrder,
};
use crate::http::problem::{Trouble, conflict, unacceptable, unauthorised, unavailable, unknown};

/// How long the pages may lag behind an order before it is answered all the same.
const CATCH_UP: Duration = Duration::from_secs(2);
/// Letters of a reason: a sentence, not an essay.
const LONGEST_REASON: usize = 500;

type Answer = Result<Json<Done>, Trouble>;

/// Hands an order to the core.
pub async fn order(desk: &Desk, control: Control) -> Answer {
    desk.told(|_| ())?;
    let coordinator = desk
        .coordinator
        .as_ref()
        .ok_or_else(|| unavailable("no coordinator is at work on this study: start it, then ask again"))?;
    let answer = coordinator.send(Order(control)).await;
    let Obeyed { ruling, sequence } = match answer.unwrap_or(Err(Refusal::Ending)) {
        Ok(obeyed) => obeyed,
        Err(refusal) => return Err(refused(&refusal)),
    };
    if let Some(sequence) = sequence {
        let mut head = desk.head();
        // A page that lags behind is no reason to call a durable order failed.
        let _ = tokio::time::timeout(CATCH_UP, head.wait_for(|seen| *seen >= sequence)).await;
    }
    let sequence = sequence.unwrap_or_else(|| desk.read(|history| history.sequence));
    Ok(Json(Done { changed: ruling.changes, text: ruling.text, sequence }))
}

fn refused(refusal: &Refusal) -> Trouble {
    let text = refusal.to_string();
    match refusal {
        Refusal::Unknown(_) => unknown(text),
        Refusal::Conflict(_) => conflict(text),
        Refusal::Unacceptable(_) => unacceptable(text),
        Refusal::Ending => unavailable(text),
    }
}

/// Pause the study
///
/// Running work is put in safety, and nothing is handed out until it is resumed, also by a coordinator that is restarted. Time goes on.
#[utoipa::path(post, path = "/api/v1/pause", tag = "act", responses(
    (status = 200, description = "It is paused", body = Done),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Asked by a page of another site", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The study is finished", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read, or the coordinator is ending", body = Problem, content_type = "application/problem+json"),
))]
pub async fn pause(desk: Data<Desk>) -> Answer {
    order(&desk, Control::Pause).await
}

/// Let a paused study go on
#[utoipa::path(post, path = "/api/v1/resume", tag = "act", responses(
    (status = 200, description = "It goes on", body = Done),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Asked by a page of another site", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The study is finished", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read, or the coordinator is ending", body = Problem, content_type = "application/problem+json"),
))]
pub async fn resume(desk: Data<Desk>) -> Answer {
    order(&desk, Control::Resume).await
}

/// End the study
///
/// For good: what runs is let go of, workers deliver what they hold and leave, the report is written.
#[utoipa::path(post, path = "/api/v1/stop", tag = "act", request_body = StopOrder, responses(
    (status = 200, description = "It is finished", body = Done),
    (status = 400, description = "No JSON", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Asked by a page of another site", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not called JSON", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "JSON that says something else", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read, or the coordinator is ending", body = Problem, content_type = "application/problem+json"),
))]
pub async fn stop(desk: Data<Desk>, request: HttpRequest, payload: Payload) -> Answer {
    let asked: StopOrder = body::json(&request, payload).await?;
    let reason = asked.reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        return Err(unacceptable(format!("reason: at most {LONGEST_REASON} letters")));
    }
    let reason = reason
        .map_or_else(|| "stopped by the operator".into(), |why| format!("stopped by the operator: {why}"));
    order(&desk, Control::Stop { reason }).await
}

/// Let workers go
///
/// They get nothing new; trainings are put in safety, scores end; then they are told to leave. Whoever comes back under their names is turned away until `ce-nas workers release`.
#[utoipa::path(post, path = "/api/v1/drain", tag = "act", request_body = DrainOrder, responses(
    (status = 200, description = "They are being drained", body = Done),
    (status = 400, description = "No JSON", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Asked by a page of another site", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such worker", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The study is finished", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not called JSON", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "Neither a worker nor all, or both", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read, or the coordinator is ending", body = Problem, content_type = "application/problem+json"),
))]
pub async fn drain(desk: Data<Desk>, request: HttpRequest, payload: Payload) -> Answer {
    let control = match body::json(&request, payload).await? {
        DrainOrder { worker: Some(worker), all: false } => {
            Control::DrainWorker { worker: WorkerName::new(worker) }
        }
        DrainOrder { worker: None, all: true } => Control::DrainWorkers,
        _ => return Err(unacceptable("say {\"worker\": NAME} or {\"all\": true}")),
    };
    order(&desk, control).await
}

/// Give a trial up
///
/// The attempt that runs is ended, and nothing of it is kept; its energy stays booked.
#[utoipa::path(post, path = "/api/v1/trials/{id}/cancel", tag = "act",
    params(("id" = u64, Path, description = "The trial's number, from 0")),
    responses(
        (status = 200, description = "It is given up", body = Done),
        (status = 400, description = "An id that is no number", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Asked by a page of another site", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such trial", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has its result, or the study is finished", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The history is still being read, or the coordinator is ending", body = Problem, content_type = "application/problem+json"),
))]
pub async fn cancel(desk: Data<Desk>, id: Path<u64>) -> Answer {
    order(&desk, Control::Cancel { trial: TrialId(*id) }).await
}

/// Try a trial again that was given up
#[utoipa::path(post, path = "/api/v1/trials/{id}/retry", tag = "act",
    params(("id" = u64, Path, description = "The trial's number, from 0")),
    responses(
        (status = 200, description = "It waits for a slot, or runs", body = Done),
        (status = 400, description = "An id that is no number", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Asked by a page of another site", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such trial", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has its result, or the study is finished", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The history is still being read, or the coordinator is ending", body = Problem, content_type = "application/problem+json"),
))]
pub async fn retry(desk: Data<Desk>, id: Path<u64>) -> Answer {
    order(&desk, Control::Retry { trial: TrialId(*id) }).await
}

/// Change the limits
///
/// They stand from now on, also after a restart, whatever the configuration says. What is left out stays as it is. A limit below what
/// is spent ends the study.
#[utoipa::path(post, path = "/api/v1/budgets", tag = "act", request_body = BudgetOrder, responses(
    (status = 200, description = "They are so", body = Done),
    (status = 400, description = "No JSON", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No token, or a wrong one", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Asked by a page of another site", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The study is finished", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not called JSON", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "Limits that no study can run with", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The history is still being read, or the coordinator is ending", body = Problem, content_type = "application/problem+json"),
))]
pub async fn budgets(desk: Data<Desk>, request: HttpRequest, payload: Payload) -> Answer {
    let asked: BudgetOrder = body::json(&request, payload).await?;
    let present = desk.told(|history| {
        let config = history.state.study.as_ref().map(|study| toml::from_str::<Config>(&study.config));
        history.state.budget.or_else(|| Some(config?.ok()?.budget))
    })?;
    let present =
        present.ok_or_else(|| conflict("the limits of this study's configuration can't be read"))?;
    order(&desk, Control::SetBudget { budget: changed(present, &asked) }).await
}

fn changed(present: Budget, asked: &BudgetOrder) -> Budget {
    let or = |limit: Option<Limit>, before: OrWord<f64, _>| match limit {
        None => before,
        Some(Limit::Number(Amount(number))) => OrWord::number(number),
        Some(Limit::Word(_)) => OrWord::word(),
    };
    let trainings = match asked.trainings {
        None => present.trainings,
        Some(CountLimit::Word(_)) => OrWord::word(),
        Some(CountLimit::Number(Count(count))) => OrWord::number(count),
    };
    Budget {
        carbon_g: or(asked.carbon_g, present.carbon_g),
        energy_kwh: or(asked.energy_kwh, present.energy_kwh),
        hours: or(asked.hours, present.hours),
        trainings,
        hypervolume: or(asked.hypervolume, present.hypervolume),
    }
}

/// Exchange the token for a cookie
///
/// For browsers, which can show no token when they follow events. The cookie is out of reach of scripts and goes to this site alone.
#[utoipa::path(post, path = "/api/v1/login", tag = "health", request_body = Login, responses(
    (status = 204, description = "The cookie, where a token is needed"),
    (status = 400, description = "No JSON", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "A wrong token", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Asked by a page of another site", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not called JSON", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "JSON that says something else", body = Problem, content_type = "application/problem+json"),
))]
pub async fn login(
    guard: Data<Guard>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Trouble> {
    let Login { token } = body::json(&request, payload).await?;
    match &guard.token {
        None => Ok(HttpResponse::NoContent().finish()),
        Some(ours) if ours.is(&token) => {
            let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict");
            Ok(HttpResponse::NoContent().insert_header(("set-cookie", cookie)).finish())
        }
        Some(_) => Err(unauthorised("this is not the token of http.token_file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::model::Unlimited;

    #[test]
    fn what_is_left_out_stays() {
        let config =
            common::config::load(None, [], &["budget.hours=24".into(), "budget.carbon_g=500".into()])
                .unwrap();
        let asked = BudgetOrder {
            carbon_g: Some(Limit::Word(Unlimited::Unlimited)),
            trainings: Some(CountLimit::Number(Count(7))),
            ..BudgetOrder::default()
        };
        let budget = changed(config.budget, &asked);
        assert_eq!(
            (budget.carbon_g.get(), budget.hours.get(), budget.trainings.get()),
            (None, Some(24.0), Some(7))
        );
    }
}
