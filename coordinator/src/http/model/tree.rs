//! What the search has learnt of its space: `GET /api/v1/tree`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tree {
    /// False until the optimiser has answered once in this process.
    pub known: bool,
    /// When the coordinator was told of it.
    pub learnt_at: Option<String>,
    /// Whose results it is learnt from: rung(EPOCHS) or full.
    pub fidelity: Option<String>,
    /// By id, parents before children; 0 is the whole space. Another tree numbers anew.
    pub regions: Vec<Region>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Region {
    pub id: u64,
    pub parent: Option<u64>,
    /// Splits above it.
    pub depth: u64,
    /// The halves on the way from the whole space: `+` better, `-` worse.
    pub path: String,
    pub samples: u64,
    /// Trials under way in it.
    pub pending: u64,
    /// What its samples cover below the reference point.
    pub hypervolume: f64,
    /// The upper confidence bound; null for the whole space.
    pub ucb: Option<f64>,
    pub leaf: bool,
    /// Candidates were sought here first.
    pub chosen: bool,
    /// What tells its better half from its worse one most; null for a leaf.
    pub cut: Option<Cut>,
}

/// The border is a classifier over all decisions; this is the single option that differs most between its two sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Cut {
    /// By number, from 0.
    pub decision: u64,
    pub option: u64,
    /// Share of the better half's samples that have it.
    pub better_share: f64,
    pub worse_share: f64,
}
