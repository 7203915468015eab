//! Planted defects, each against a law: the simulation must find every one of them (`scripts/mutations`). Without the feature
//! `mutations` none of this is in the program: `planted` is false, and the compiler takes the rest away.

/// A defect, and the law that it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// E-1, D-3: a repeated delivery is taken in again.
    TakesInTwice,
    /// E-2: the joules of an attempt that is no longer wanted are not booked.
    ForgetsUnwantedJoules,
    /// T-2, T-3: results of attempts that lost their lease count.
    BelievesTheDead,
    /// a lost worker keeps its leases.
    LeavesLeasesWithTheLost,
    /// a slot that holds a task is taken for free.
    GivesTwice,
    /// what was suspended is not handed out again.
    ForgetsWhatWaits,
    /// T-1: a trial may crash for ever.
    NeverGivesUp,
    /// L-1: an event changes the state and is not written.
    SkipsTheLedger,
    /// who was put aside is given work.
    TrustsTheFailing,
    /// B-2: the blob of a checkpoint is thrown away while it counts.
    ForgetsInUse,
}

impl Mutation {
    pub const ALL: [Self; 10] = [
        Self::TakesInTwice,
        Self::ForgetsUnwantedJoules,
        Self::BelievesTheDead,
        Self::LeavesLeasesWithTheLost,
        Self::GivesTwice,
        Self::ForgetsWhatWaits,
        Self::NeverGivesUp,
        Self::SkipsTheLedger,
        Self::TrustsTheFailing,
        Self::ForgetsInUse,
    ];
}

#[cfg(feature = "mutations")]
static PLANTED: std::sync::Mutex<Option<Mutation>> = std::sync::Mutex::new(None);

/// Plants a defect in every coordinator of this process; none takes the last one out.
#[cfg(feature = "mutations")]
pub fn plant(mutation: Option<Mutation>) {
    *PLANTED.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = mutation;
}

#[cfg(feature = "mutations")]
pub(crate) fn planted(mutation: Mutation) -> bool {
    *PLANTED.lock().unwrap_or_else(std::sync::PoisonError::into_inner) == Some(mutation)
}

#[cfg(not(feature = "mutations"))]
pub(crate) const fn planted(_mutation: Mutation) -> bool {
    false
}
