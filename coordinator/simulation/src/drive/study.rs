//! What a driven study is asked to be, and what came of it.

use std::sync::Arc;

use common::config::Config;
use common::event::Record;
use common::fidelity::Fidelity;
use common::objective::{Objective, ObjectiveKind};
use common::study::{FewShotSpec, StudySpec};
use common::time::{GridHour, Timestamp};
use common::unit::{Grams, Joules};
use coordinator::core::State;

use super::Forecasts;
use crate::table::{Level, Table};
use crate::world::{HourlyTrace, TraceError, Work};

/// Errors are shares and energies joules in a live study, percent and millijoules in a table.
const PERCENT: f64 = 100.0;
pub(super) const MJ_PER_J: f64 = 1000.0;

/// A study to be driven through a table. `config` says all that it says in a live one; its space, objectives and fleet give way to the
/// table's and to `zones`.
#[derive(Debug, Clone)]
pub struct Study<'a> {
    pub table: &'a dyn Table,
    pub work: Work,
    /// A worker a zone, with so many slots.
    pub zones: Vec<(HourlyTrace, u16)>,
    pub start: GridHour,
    /// Whole hours after which the study is stopped, if no budget ends it before.
    pub horizon_hours: usize,
    pub config: Config,
    /// What one-shot scores are read from. [`Level::FewShot`] splits the supernet at the space's first decision.
    pub scores: Level,
    /// Hours since the start in which every slot trains while it rests in all others, in place of the configured policy: what an
    /// oracle knows. None lets the policy decide.
    pub plan: Option<Vec<bool>>,
    /// Those of these zones with these settings, where other runs share them; none are made otherwise.
    pub forecasts: Option<Arc<Forecasts>>,
}

#[derive(Debug)]
pub struct Outcome {
    /// Why the study ended.
    pub reason: String,
    pub end: Timestamp,
    /// The fold of `records`: trials, front, milestones, the books.
    pub state: State,
    pub records: Vec<Record>,
    /// Frames encoded, both ways.
    pub frames: u64,
}

impl Outcome {
    /// In percent × mJ, to stand beside [`crate::fleet::Run`].
    pub fn hypervolume(&self) -> f64 {
        self.state.hypervolume() * PERCENT * MJ_PER_J
    }

    pub fn joules(&self) -> Joules {
        self.state.account.total()
    }

    pub fn grams(&self) -> Grams {
        self.state.account.emissions()
    }

    /// Trials that finished at `fidelity`.
    pub fn finished(&self, fidelity: Fidelity) -> usize {
        self.state.finished_at(fidelity).count()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Config(#[from] common::config::Error),
    #[error(transparent)]
    Trace(#[from] TraceError),
    #[error(transparent)]
    Policy(#[from] allocation::Error),
    #[error(transparent)]
    Forecast(#[from] forecast::Error),
    #[error(transparent)]
    Search(#[from] lamoo::Error),
    #[error(
        "the table knows short trainings of {tabulated} epochs, not of {asked}: set ladder.rung_epochs to {tabulated} or 0"
    )]
    RungEpochs { asked: u32, tabulated: u32 },
    #[error("scores are one-shot or few-shot, not {0:?}")]
    Scores(Level),
    #[error("scores of a table can't follow a search: leave region.every_scores at \"never\"")]
    Region,
    #[error("the study has no slots: give at least one zone with one slot")]
    NoSlots,
    #[error("zone {0} stands twice: give all its slots at once")]
    ZoneTwice(common::id::Zone),
    #[error("the configuration can't be written down: {0}")]
    Unwritable(String),
    #[error("the study did not end after its horizon; please report it with its configuration")]
    Endless,
}

impl Study<'_> {
    pub(super) fn check(&self) -> Result<StudySpec, Error> {
        let (asked, (tabulated, _)) = (self.config.ladder.rung_epochs, self.table.epochs());
        if asked != 0 && asked != tabulated {
            return Err(Error::RungEpochs { asked, tabulated });
        }
        if !matches!(self.scores, Level::OneShot | Level::FewShot) {
            return Err(Error::Scores(self.scores));
        }
        if self.config.region.every_scores.get().is_some() {
            return Err(Error::Region);
        }
        if self.zones.iter().all(|(_, slots)| *slots == 0) {
            return Err(Error::NoSlots);
        }
        for (index, (trace, _)) in self.zones.iter().enumerate() {
            if self.zones[..index].iter().any(|(other, _)| other.zone() == trace.zone()) {
                return Err(Error::ZoneTwice(trace.zone().clone()));
            }
            trace.check_covers(self.start, self.horizon_hours)?;
        }
        let objectives = vec![
            Objective { kind: ObjectiveKind::Error, reference: 1.0 },
            Objective {
                kind: ObjectiveKind::JoulesPerInference,
                reference: self.table.reference_mj() / MJ_PER_J,
            },
        ];
        let spec = self.config.study_spec()?;
        let space = self.table.space_spec();
        let few_shot = (self.scores == Level::FewShot).then(|| FewShotSpec {
            decision: 0,
            options: space.build().decisions().first().map_or(0, |decision| decision.options),
            recipe: spec.supernet,
        });
        Ok(StudySpec { space, objectives, few_shot, ..spec })
    }

    /// As the ledger keeps it: in words, for people.
    pub(super) fn config_text(&self) -> Result<String, Error> {
        toml::to_string(&self.config).map_err(|error| Error::Unwritable(error.to_string()))
    }
}
