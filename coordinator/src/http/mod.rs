//! The coordinator's HTTP side: the API, the page, the metrics; on threads of its own.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `server` | the socket, its limits, which path leads where |
//! | `guard` | who may ask: token, Host, Origin; headers that every answer has |
//! | `token`, `address` | the token's file, and the file that says where the server is |
//! | `life` | which start of which study's coordinator answers there |
//! | `random` | what is drawn for both |
//! | `history/` | the fold over the ledger that pages are made of |
//! | `pulse` | what only the running coordinator knows |
//! | `desk` | what all handlers share |
//! | `model/` | the shapes that are spoken |
//! | `view/` | from what is known to those shapes: pure |
//! | `route/` | the handlers, thin |
//! | `openapi` | the document made of all of them |
//! | `client` | asks a running coordinator, for the commands (`source` reads studies through it) |
//! | `page` | the files of the web page, inside the program |
//!
//! Invariant: the core never waits for HTTP. Pages are read from the ledger's file; once a second at most the core is looked at.

pub mod address;
pub mod client;
mod desk;
mod guard;
pub mod history;
mod life;
pub mod model;
mod openapi;
mod page;
mod problem;
mod pulse;
mod random;
mod route;
mod server;
mod token;
mod view;

#[cfg(test)]
mod tests;

pub use history::Ringer;
pub use openapi::document;
pub use server::{Bound, Serving, bind};
