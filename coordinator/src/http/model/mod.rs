//! The shapes that the API speaks: what a page or a program gets, and nothing of how it is found out.
//!
//! Units end the names; times are UTC in ISO 8601; shares lie in [0, 1]; what nobody knows is null, never 0. New keys may come, a
//! key keeps its meaning; whatever breaks that gets another `/api/v2`.

mod action;
mod demand;
mod event;
mod front;
mod problem;
mod study;
mod tree;
mod trial;
mod worker;
mod zone;

use utoipa::ToSchema;

pub use action::*;
pub use demand::*;
pub use event::*;
pub use front::*;
pub use problem::*;
pub use study::*;
pub use tree::*;
pub use trial::*;
pub use worker::*;
pub use zone::*;

/// A file as it is.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct WholeFile(#[allow(dead_code)] Vec<u8>);
