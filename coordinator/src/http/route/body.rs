//! Reads what a caller sends: so much, of that type, within its time. Nothing of it is believed before it is all there.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use crate::http::problem::{Trouble, malformed, too_large, too_slow, unacceptable, wrong_type};
use crate::http::server::MOST_JSON;

/// An order is one packet; whoever takes longer holds a place that others want.
const PATIENCE: Duration = Duration::from_secs(10);

/// An order in JSON.
pub async fn json<T: DeserializeOwned>(request: &HttpRequest, payload: Payload) -> Result<T, Trouble> {
    // No page of another site can send this type without asking first, which nobody answers.
    if kind(request) != "application/json" {
        return Err(wrong_type("send JSON, with the header Content-Type: application/json"));
    }
    let bytes = bytes(payload, MOST_JSON, PATIENCE).await?;
    let value: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| malformed(format!("this is no JSON: {error}")))?;
    // A list would be taken for the fields in their order.
    if !value.is_object() {
        return Err(unacceptable("an order is an object, in braces"));
    }
    serde_json::from_value(value).map_err(|error| unacceptable(error.to_string()))
}

/// The type without its parameters.
pub fn kind(request: &HttpRequest) -> String {
    let header = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// All of it, `most` bytes at most, before `patience` has run out.
pub async fn bytes(mut payload: Payload, most: usize, patience: Duration) -> Result<Bytes, Trouble> {
    let read = async {
        let mut bytes = BytesMut::new();
        while let Some(piece) = payload.next().await {
            let piece = piece.map_err(|error| malformed(format!("the body broke off: {error}")))?;
            if bytes.len() + piece.len() > most {
                return Err(too_large(format!("at most {most} bytes are taken here")));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    };
    let late = |_| too_slow(format!("the body was not there within {} s", patience.as_secs()));
    tokio::time::timeout(patience, read).await.map_err(late)?
}
