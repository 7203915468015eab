//! Tests of the whole: what no package can prove alone.
//!
//! `sim` drives the real cores of coordinator and workers over a bad network in virtual time; `tests/` holds what runs it, and
//! the laws about imports, recorded frames and the map of the project. `lab` starts the real programs, and `chaos` torments them.
//! `fuzz` damages files.

pub mod chaos;
pub mod fuzz;
pub mod lab;
pub mod sim;
