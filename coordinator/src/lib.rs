//! The coordinator: one pure heart (`core`, `reactor` and what they decide with) and a thin skin (`actor` and what it needs of the world). The program
//! is the package `ce-nas` beside it.

pub mod account;
pub mod agenda;
pub mod budget;
pub mod core;
pub mod demand;
mod draw;
pub mod fleet;
pub mod ladder;
pub mod laws;
pub mod mutation;
pub mod plan;
mod reactor;
pub mod requirements;
mod rising;
mod roster;
pub mod search;
mod situation;
pub mod supernets;
pub mod watch;

pub mod actor;
mod background;
pub mod blob_store;
pub mod carbon;
pub mod clock;
pub mod command;
pub mod csv_file;
pub mod desk;
pub mod directory;
pub mod doorkeeper;
pub mod http;
pub mod keyring;
pub mod launch;
pub mod local;
mod memory;
pub mod news;
mod pace;
pub mod report;
pub mod run;
pub mod screen;
pub mod snapshot;
pub mod source;
pub mod warm_start;

#[cfg(test)]
mod core_tests;
