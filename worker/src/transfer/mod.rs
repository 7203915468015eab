//! Blobs in pieces, in both directions. Pure: chunks in, chunks out, and what is due when.

mod download;
mod upload;

pub use download::Downloads;
pub use upload::Uploads;

#[cfg(test)]
#[path = "transfer_tests.rs"]
mod tests;
