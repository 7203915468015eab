//! Whether it lives, and whether it can be asked; for whoever restarts and balances.

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::http::desk::Desk;
use crate::http::model::Problem;
use crate::http::problem::Trouble;

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "health",
    responses((status = 200, description = "It lives", body = String, content_type = "text/plain")))]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("alive\n")
}

/// Whether the history is read and the study has begun
#[utoipa::path(get, path = "/readyz", tag = "health", responses(
    (status = 200, description = "It can be asked", body = String, content_type = "text/plain"),
    (status = 503, description = "Not yet", body = Problem, content_type = "application/problem+json"),
))]
pub async fn readyz(desk: Data<Desk>) -> Result<HttpResponse, Trouble> {
    desk.told(|_| ())?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"))
}
