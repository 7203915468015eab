//! The handlers: what is asked goes in, a view or an order comes out. Each file holds the paths of one matter.

pub mod act;
mod body;
pub mod demand;
pub mod events;
pub mod files;
pub mod health;
pub mod history;
pub mod metrics;
pub mod read;
pub mod warm_start;

use actix_web::{HttpRequest, HttpResponse, web};

use super::page;
use super::problem::{Trouble, no_such_path, other_method};

/// Every path, with what may be asked of it.
pub fn paths(config: &mut web::ServiceConfig) {
    let get = |path: &str, handler: actix_web::Route| {
        web::resource(path).route(handler).default_service(web::to(|| async { other_method("GET") }))
    };
    let post = |path: &str, handler: actix_web::Route| {
        web::resource(path).route(handler).default_service(web::to(|| async { other_method("POST") }))
    };
    config
        .service(post("/api/v1/pause", web::post().to(act::pause)))
        .service(post("/api/v1/resume", web::post().to(act::resume)))
        .service(post("/api/v1/stop", web::post().to(act::stop)))
        .service(post("/api/v1/drain", web::post().to(act::drain)))
        .service(post("/api/v1/trials/{id}/cancel", web::post().to(act::cancel)))
        .service(post("/api/v1/trials/{id}/retry", web::post().to(act::retry)))
        .service(post("/api/v1/budgets", web::post().to(act::budgets)))
        .service(post("/api/v1/warm-start", web::post().to(warm_start::upload)))
        .service(post("/api/v1/warm-start/file", web::post().to(warm_start::file)))
        .service(post("/api/v1/login", web::post().to(act::login)))
        .service(get("/api/v1/study", web::get().to(read::study)))
        .service(get("/api/v1/front", web::get().to(read::front)))
        .service(get("/api/v1/hypervolume", web::get().to(read::hypervolume)))
        .service(get("/api/v1/trials", web::get().to(read::trials)))
        .service(get("/api/v1/trials/{id}", web::get().to(read::trial)))
        .service(get("/api/v1/trials/{id}/files/{kind}", web::get().to(files::trial_file)))
        .service(get("/api/v1/workers", web::get().to(read::workers)))
        .service(get("/api/v1/workers/{name}/log", web::get().to(read::worker_log)))
        .service(get("/api/v1/zones", web::get().to(read::zones)))
        .service(get("/api/v1/demand", web::get().to(demand::demand)))
        .service(get("/api/v1/tree", web::get().to(read::tree)))
        .service(get("/api/v1/history", web::get().to(history::history)))
        .service(get("/api/v1/events", web::get().to(events::events)))
        .service(get("/api/v1/openapi.json", web::get().to(read::openapi)))
        .service(get("/metrics", web::get().to(metrics::metrics)))
        .service(get("/healthz", web::get().to(health::healthz)))
        .service(get("/readyz", web::get().to(health::readyz)))
        .default_service(web::to(anything_else));
}

/// The page's files; nothing else has a place.
async fn anything_else(request: HttpRequest) -> Result<HttpResponse, Trouble> {
    let answer = page::answer(&request).ok_or_else(|| no_such_path(&request))?;
    if !matches!(*request.method(), actix_web::http::Method::GET | actix_web::http::Method::HEAD) {
        return Ok(other_method("GET"));
    }
    Ok(answer)
}
