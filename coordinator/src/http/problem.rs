//! Refusals on their way to the caller.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use super::model::Problem;

/// A problem as an error of a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble(pub Problem);

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.title, self.0.detail)
    }
}

impl std::error::Error for Trouble {}

impl ResponseError for Trouble {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        answer.content_type("application/problem+json");
        match self.0.status {
            401 => drop(answer.insert_header((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))),
            429 | 503 => drop(answer.insert_header((RETRY_AFTER, HeaderValue::from_static("1")))),
            _ => {}
        }
        answer.body(serde_json::to_string(&self.0).unwrap_or_default())
    }
}

fn trouble(status: StatusCode, detail: impl Into<String>) -> Trouble {
    let title = status.canonical_reason().unwrap_or("Error").to_owned();
    Trouble(Problem { status: status.as_u16(), title, detail: detail.into() })
}

pub fn malformed(detail: impl Into<String>) -> Trouble {
    trouble(StatusCode::BAD_REQUEST, detail)
}

pub fn unknown(detail: impl Into<String>) -> Trouble {
    trouble(StatusCode::NOT_FOUND, detail)
}

pub fn unauthorised(detail: impl Into<String>) -> Trouble {
    trouble(StatusCode::UNAUTHORIZED, detail)
}

pub fn forbidden(detail: impl Into<String>) -> Trouble {
    trouble(StatusCode::FORBIDDEN, detail)
}

/// Meant for somebody else.
pub fn misdirected(detail: impl Into<String>) -> Trouble {
    trouble(StatusCode::MISDIRECTED_REQUEST, detail)
}

/// It can't be done as things stand.
pub fn conflict(detail: impl Into<String>) -> Trouble {
    trouble(StatusCode::CONFLICT, detail)
}

pub fn too_large(detail: impl Into<String>) -> Trouble {
    trouble(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

pub fn wrong_type(detail: impl Into<String>) -> Trouble {
    trouble(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
}

/// The words are right, what they say is not.
pub fn unacceptable(detail: impl Into<String>) -> Trouble {
    trouble(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

pub fn too_many(detail: impl Into<String>) -> Trouble {
    trouble(StatusCode::TOO_MANY_REQUESTS, detail)
}

pub fn too_slow(detail: impl Into<String>) -> Trouble {
    trouble(StatusCode::REQUEST_TIMEOUT, detail)
}

pub fn unavailable(detail: impl Into<String>) -> Trouble {
    trouble(StatusCode::SERVICE_UNAVAILABLE, detail)
}

/// A path that is there, asked in another way.
pub fn other_method(allowed: &'static str) -> HttpResponse {
    let trouble = trouble(StatusCode::METHOD_NOT_ALLOWED, format!("ask with {allowed}"));
    let mut answer = trouble.error_response();
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

/// Whatever no route knows.
pub fn no_such_path(request: &HttpRequest) -> Trouble {
    let path: String = request.path().chars().take(100).collect();
    unknown(format!("there is nothing at {path}; /api/v1/openapi.json lists what there is"))
}
