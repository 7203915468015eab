//! Virtual time for studies: tabulated evaluations, recorded carbon traces, and the accounting that charges everything.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`table`] | worlds: every architecture's results and costs |
//! | [`sheet`] | any table with a description of its columns, for a search alone |
//! | [`world`] | virtual time, what work costs, the bill, carbon traces |
//! | [`fleet`] | slots that train, score and rest by the hour: the rules of a simulated fleet |
//! | [`search`] | the search alone: how much is found with how many trainings |
//! | [`searcher`] | who proposes what to train |
//! | [`baseline`] | what every report carries to compare with: vanilla, splits, rungs, oracles |
//! | [`compare`] | policies of the product and baselines side by side in one world, and what each run came to |
//! | [`side_by_side`] | many independent runs on several threads |
//! | [`drive`] | the coordinator's real core in virtual time over a table |
//!
//! One seed, one result, on any machine: nothing here reads a clock, the environment, or dice of its own. Files are read only where a
//! caller names them.

pub mod baseline;
pub mod compare;
pub mod drive;
pub mod fleet;
pub mod search;
pub mod searcher;
pub mod sheet;
pub mod side_by_side;
pub mod table;
pub mod world;
