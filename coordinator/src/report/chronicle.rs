//! What the report tells of that the fold has no need to keep: forecasts as they were issued, and what went wrong on the way.

use std::collections::{BTreeMap, BTreeSet};

use common::carbon::Forecast;
use common::event::{Event, Record};
use common::id::{TrialId, WorkerName};
use common::time::Timestamp;

use super::model::Interruptions;

/// Leads that are set against what was observed; a week's study then keeps 168 × 24 rows.
const LEADS_KEPT: usize = 24;

/// Folded beside the state, from the same records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chronicle {
    /// In the order of issue, the first `LEADS_KEPT` hours of each.
    pub forecasts: Vec<Forecast>,
    pub interruptions: Interruptions,
    pub lost: BTreeMap<WorkerName, Vec<(Timestamp, String)>>,
    pub coordinator_versions: Vec<String>,
    pub worker_versions: BTreeSet<String>,
    pub devices: BTreeSet<String>,
    /// Trials whose last attempt failed.
    broken: BTreeSet<TrialId>,
}

impl Chronicle {
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut chronicle = Self::default();
        records.into_iter().for_each(|record| chronicle.apply(record.at, &record.event));
        chronicle
    }

    pub fn apply(&mut self, at: Timestamp, event: &Event) {
        let counts = &mut self.interruptions;
        match event {
            Event::StudyStarted { version, .. } => self.worked(version),
            Event::CoordinatorStarted { version, .. } => {
                counts.coordinator_lives += 1;
                self.worked(version);
            }
            Event::WorkerJoined { version, slots, .. } => {
                self.worker_versions.insert(version.clone());
                self.devices.extend(slots.iter().map(|slot| slot.device.clone()));
            }
            Event::WorkerLost { worker, reason, .. } => {
                counts.sessions_ended += 1;
                self.lost.entry(worker.clone()).or_default().push((at, reason.clone()));
            }
            Event::ForecastIssued { forecast } => {
                let quantiles = forecast.quantiles.iter().take(LEADS_KEPT).cloned().collect();
                self.forecasts.push(Forecast {
                    quantiles,
                    levels: forecast.levels.clone(),
                    ..(**forecast).clone()
                });
            }
            Event::TaskLeased { task, resume, .. } => {
                counts.resumptions += u64::from(resume.is_some());
                counts.retries += u64::from(self.broken.remove(&task.trial));
            }
            Event::TaskSuspended { .. } => counts.suspensions += 1,
            Event::TaskFailed { task, .. } => {
                counts.failed_attempts += 1;
                self.broken.insert(task.trial);
            }
            Event::TrialFinished { evaluation, .. } => {
                self.devices.insert(evaluation.device.clone());
            }
            Event::StudyFinished { .. }
            | Event::StudyPaused
            | Event::StudyResumed
            | Event::BudgetChanged { .. }
            | Event::WorkerDraining { .. }
            | Event::TrialCancelled { .. }
            | Event::TrialRetried { .. }
            | Event::WorkerQuarantined { .. }
            | Event::WorkerReleased { .. }
            | Event::Acknowledged { .. }
            | Event::ReportsLost { .. }
            | Event::CarbonObserved { .. }
            | Event::AllocationDecided { .. }
            | Event::TrialProposed { .. }
            | Event::TaskCheckpointed { .. }
            | Event::TrialFailed { .. }
            | Event::EvaluationGiven { .. }
            | Event::EnergySpent { .. } => {}
        }
    }

    fn worked(&mut self, version: &str) {
        if self.coordinator_versions.last().is_none_or(|last| last != version) {
            self.coordinator_versions.push(version.into());
        }
    }
}
