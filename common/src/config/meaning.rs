//! What the settings mean: checks that need no machine, and the study's specification.

use super::command::at_least_a_second;
use super::load::Error;
use super::{Config, EvaluatorKind, FewShot, Region, SEARCHERS, SpaceKind};
use crate::objective::{Objective, ObjectiveKind};
use crate::recipe::{Fault, Recipe};
use crate::seed::Seed;
use crate::space::{Cost, SpaceSpec};
use crate::study::{DataSpec, EvaluatorSpec, FewShotSpec, Numerics, OneShotSpec, RegionSpec, StudySpec};
use crate::trial::Subject;

/// Each is as large as the whole, and is trained.
const MOST_PARTS: u32 = 64;

impl Config {
    /// Refuses values that no study can run with; called by `load`.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.space_spec()?;
        self.check_evaluator()?;
        self.check_command()?;
        at_least_one("data.validation_images", self.data.validation_images)?;
        self.check_recipes()?;
        self.check_few_shot()?;
        self.check_region()?;
        self.check_budget()?;
        self.check_ladder()?;
        self.check_http()?;
        positive("carbon.hour_seconds", self.carbon.hour_seconds)?;
        positive("coordinator.heartbeat_s", self.coordinator.heartbeat_s)?;
        positive("coordinator.quarantine_s", self.coordinator.quarantine_s)?;
        positive("worker.report_s", self.worker.report_s)?;
        positive("worker.checkpoint_s", self.worker.checkpoint_s)?;
        at_least_a_second("worker.silence_s", self.worker.silence_s)?;
        if self.coordinator.lost_after_s < 2.0 * self.coordinator.heartbeat_s {
            let reason = "a worker would be lost after one late heartbeat: give at least twice coordinator.heartbeat_s";
            return refuse("coordinator.lost_after_s", self.coordinator.lost_after_s, reason);
        }
        share("allocation.train_share", self.allocation.train_share)?;
        share("allocation.rest_quantile", self.allocation.rest_quantile)?;
        share("allocation.agent_lean", self.allocation.agent_lean)?;
        share("allocation.fixed_train", self.allocation.fixed_train)?;
        share("allocation.fixed_sample", self.allocation.fixed_sample)?;
        at_least_one("forecast.horizon_hours", self.forecast.horizon_hours)?;
        if self.forecast.horizon_hours > 168 {
            return refuse("forecast.horizon_hours", self.forecast.horizon_hours, "at most 168");
        }
        at_least_one("forecast.retrain_hours", self.forecast.retrain_hours)?;
        at_least_one("allocation.interval_hours", self.allocation.interval_hours)?;
        at_least_one("coordinator.crash_limit", self.coordinator.crash_limit)?;
        let day = 0.0..=86_400.0;
        if !day.contains(&self.coordinator.retry_s) {
            return refuse("coordinator.retry_s", self.coordinator.retry_s, "between 0 and 86400 seconds");
        }
        if !day.contains(&self.coordinator.retry_longest_s)
            || self.coordinator.retry_longest_s < self.coordinator.retry_s
        {
            let reason = "at least coordinator.retry_s, and 86400 seconds at most";
            return refuse("coordinator.retry_longest_s", self.coordinator.retry_longest_s, reason);
        }
        at_least_one("coordinator.quarantine_after", self.coordinator.quarantine_after.get().unwrap_or(1))?;
        at_least_one("search.batch", self.search.batch)?;
        one_of("search.searcher", &self.search.searcher, &SEARCHERS)?;
        one_of("carbon.source", &self.carbon.source, &["trace", "live", "typical_week"])?;
        let kinds = ["auto", "average_lifecycle", "average_direct", "marginal_direct"];
        one_of("carbon.kind", &self.carbon.kind, &kinds)?;
        at_least_one("carbon.requests_per_day", self.carbon.requests_per_day)?;
        if !(0.1..=60.0).contains(&self.carbon.timeout_s) {
            return refuse("carbon.timeout_s", self.carbon.timeout_s, "between 0.1 and 60 seconds");
        }
        if !(0.1..=3600.0).contains(&self.carbon.retry_s) {
            return refuse("carbon.retry_s", self.carbon.retry_s, "between 0.1 and 3600 seconds");
        }
        let models = ["auto", "persistence", "yesterday", "week_mean", "linear", "transformer", "ensemble"];
        // Or networks from a file, which whoever reads it checks.
        let file = self.forecast.model.strip_prefix("transformer:");
        if file.is_none_or(str::is_empty) {
            one_of("forecast.model", &self.forecast.model, &models)?;
        }
        let policies = ["planner", "agent", "fixed", "linear", "threshold", "greedy"];
        one_of("allocation.policy", &self.allocation.policy, &policies)?;
        self.objectives().map(drop)
    }

    pub fn study_spec(&self) -> Result<StudySpec, Error> {
        Ok(StudySpec {
            name: self.study.name.clone(),
            seed: Seed(self.study.seed),
            space: self.space_spec()?,
            data: DataSpec {
                format: self.data.format,
                path: self.data.path.clone(),
                validation_images: self.data.validation_images,
                training_images: self.data.training_images.get(),
                augmentation: self.data.augmentation,
            },
            objectives: self.objectives()?,
            evaluator: match self.evaluation.evaluator {
                EvaluatorKind::Torch => EvaluatorSpec::Torch,
                EvaluatorKind::Rehearsal => {
                    EvaluatorSpec::Rehearsal { seconds_per_epoch: self.evaluation.rehearsal_epoch_s }
                }
                EvaluatorKind::Command => EvaluatorSpec::Command(self.command_spec()),
            },
            supernet: self.supernet,
            one_shot: OneShotSpec {
                recalibration_images: self.one_shot.recalibration_images,
                scoring_images: self.one_shot.scoring_images,
            },
            few_shot: self.few_shot_spec()?,
            region: self.region_spec()?,
            training: self.training,
            numerics: Numerics {
                precision: self.evaluation.precision,
                deterministic: self.evaluation.deterministic,
            },
        })
    }

    /// The supernets that the ladder scores with, in the order of their training; none where it takes no scores.
    pub fn supernets(&self) -> Result<Vec<Subject>, Error> {
        Ok(if self.ladder.one_shot { self.study_spec()?.supernets().collect() } else { Vec::new() })
    }

    fn check_few_shot(&self) -> Result<(), Error> {
        if let Some(decision) = self.few_shot.split.get().filter(|_| !self.ladder.one_shot) {
            let reason = "no supernet is trained that could be split: set ladder.one_shot = true";
            return refuse("few_shot.split", decision, reason);
        }
        self.few_shot_spec().map(drop)
    }

    /// None where no supernet is split.
    fn few_shot_spec(&self) -> Result<Option<FewShotSpec>, Error> {
        let FewShot { split, epochs, learning_rate } = self.few_shot;
        let Some(decision) = split.get().filter(|_| self.ladder.one_shot) else { return Ok(None) };
        let space = self.space_spec()?;
        let decisions: Vec<u32> = space.build().decisions().iter().map(|decision| decision.options).collect();
        let Some(&options) = decisions.get(decision as usize) else {
            let reason = format!("the space has {} decisions, counted from 0", decisions.len());
            return refuse("few_shot.split", decision, &reason);
        };
        if !(2..=MOST_PARTS).contains(&options) {
            let reason =
                format!("this decision has {options} options; 2 to {MOST_PARTS} supernets can come of one");
            return refuse("few_shot.split", decision, &reason);
        }
        if self.evaluation.evaluator == EvaluatorKind::Command {
            let reason = "a program of your own trains one supernet, whole: leave it at \"never\"";
            return refuse("few_shot.split", decision, reason);
        }
        let recipe = self.trained_on("few_shot", epochs, learning_rate)?;
        Ok(Some(FewShotSpec { decision, options, recipe }))
    }

    fn check_region(&self) -> Result<(), Error> {
        let Some(scores) = self.region.every_scores.get() else { return Ok(()) };
        let reason = if scores == 0 {
            "at least one score must lie between two of them"
        } else if !self.ladder.one_shot {
            "no supernet is trained that could be trained on: set ladder.one_shot = true"
        } else if !self.search.searcher.starts_with("lamoo-") {
            "only a search tree works in regions: set search.searcher to one that begins with `lamoo-`"
        } else if self.few_shot.split.get().is_some() {
            "a supernet is split or follows the search, not both: set few_shot.split = \"never\""
        } else if self.evaluation.evaluator == EvaluatorKind::Command {
            "a program of your own trains one supernet, whole: leave it at \"never\""
        } else {
            return self.region_spec().map(drop);
        };
        refuse("region.every_scores", scores, reason)
    }

    /// None where the supernet stays as it was trained.
    fn region_spec(&self) -> Result<Option<RegionSpec>, Error> {
        let Region { every_scores, epochs, learning_rate } = self.region;
        let Some(every_scores) = every_scores.get().filter(|_| self.ladder.one_shot) else { return Ok(None) };
        let recipe = self.trained_on("region", epochs, learning_rate)?;
        Ok(Some(RegionSpec { every_scores, recipe }))
    }

    /// The supernet's recipe but for what `section` says.
    fn trained_on(&self, section: &str, epochs: u32, learning_rate: f64) -> Result<Recipe, Error> {
        let final_learning_rate = self.supernet.final_learning_rate.min(learning_rate);
        let recipe = Recipe { epochs, learning_rate, final_learning_rate, ..self.supernet };
        match recipe.supernet_fault(&self.space_spec()?) {
            Some(Fault { key, value, cure }) => refuse(&format!("{section}.{key}"), value, cure),
            None => Ok(recipe),
        }
    }

    pub fn space_spec(&self) -> Result<SpaceSpec, Error> {
        self.space.spec()
    }

    /// Told before a study starts, not by its first failed training.
    fn check_evaluator(&self) -> Result<(), Error> {
        if self.evaluation.evaluator == EvaluatorKind::Torch && self.space.kind == SpaceKind::FreeForm {
            let reason = "libtorch trains the networks of nas_bench_201, darts and mobile; what space.kind = \"free_form\" means is known to you alone: a program of your own can train it (evaluation.evaluator = \"command\"), and it can be rehearsed (\"rehearsal\")";
            return refuse("evaluation.evaluator", "torch", reason);
        }
        Ok(())
    }

    fn objectives(&self) -> Result<Vec<Objective>, Error> {
        let kinds = &self.objectives.minimise;
        let listed = || kinds.iter().map(|kind| kind.key()).collect::<Vec<_>>().join(", ");
        let repeated = kinds.iter().enumerate().any(|(index, kind)| kinds[..index].contains(kind));
        if !(2..=3).contains(&kinds.len()) || repeated {
            return refuse("objectives.minimise", listed(), "name two or three different objectives");
        }
        if !kinds.contains(&ObjectiveKind::Error) {
            return refuse("objectives.minimise", listed(), "`error` must be one of them");
        }
        // Only a program of the user's own knows what is built from decisions of the user's own.
        let uncounted =
            self.space.kind == SpaceKind::FreeForm && self.evaluation.evaluator != EvaluatorKind::Command;
        if let Some(kind) = kinds.iter().find(|kind| kind.is_counted() && uncounted) {
            let reason = format!("nobody can count the {kind} of a free-form space's architectures");
            return refuse("objectives.minimise", listed(), &reason);
        }
        kinds.iter().map(|&kind| Ok(Objective { kind, reference: self.reference(kind)? })).collect()
    }

    fn reference(&self, kind: ObjectiveKind) -> Result<f64, Error> {
        let given = &self.objectives.reference;
        let (key, value) = match kind {
            ObjectiveKind::Error => ("objectives.reference.error", given.error),
            ObjectiveKind::Parameters => ("objectives.reference.parameters", given.parameters),
            ObjectiveKind::Flops => ("objectives.reference.flops", given.flops),
            ObjectiveKind::LatencyMs => ("objectives.reference.latency_ms", given.latency_ms),
            ObjectiveKind::JoulesPerInference => {
                ("objectives.reference.joules_per_inference", given.joules_per_inference)
            }
        };
        if let Some(number) = value.get() {
            positive(key, number)?;
            return Ok(number);
        }
        match kind {
            ObjectiveKind::Error => Ok(1.0 - 1.0 / f64::from(self.space.classes)),
            ObjectiveKind::Parameters => self.largest_network(key, |most| most.parameters),
            ObjectiveKind::Flops => self.largest_network(key, |most| most.flops),
            ObjectiveKind::LatencyMs | ObjectiveKind::JoulesPerInference => {
                refuse(key, "auto", "give the worst value that still counts: it depends on your device")
            }
        }
    }

    /// A count of the space's largest network.
    fn largest_network(&self, key: &'static str, count: fn(Cost) -> u64) -> Result<f64, Error> {
        let space = self.space_spec()?.build();
        match space.largest().and_then(|largest| space.cost(&largest)) {
            Some(most) => Ok(count(most) as f64),
            None => refuse(
                key,
                "auto",
                "give the worst value that still counts: nobody can count it in this space",
            ),
        }
    }

    fn check_recipes(&self) -> Result<(), Error> {
        let space = self.space_spec()?;
        let faults =
            [("supernet", self.supernet.supernet_fault(&space)), ("training", self.training.fault(&space))];
        match faults.into_iter().find_map(|(section, fault)| Some((section, fault?))) {
            Some((section, Fault { key, value, cure })) => refuse(&format!("{section}.{key}"), value, cure),
            None => Ok(()),
        }
    }

    fn check_budget(&self) -> Result<(), Error> {
        let budget = &self.budget;
        let numbers = [
            ("budget.carbon_g", budget.carbon_g.get()),
            ("budget.energy_kwh", budget.energy_kwh.get()),
            ("budget.hours", budget.hours.get()),
            ("budget.trainings", budget.trainings.get().map(|count| count as f64)),
            ("budget.hypervolume", budget.hypervolume.get()),
        ];
        for (key, value) in numbers {
            if let Some(value) = value
                && !(value > 0.0 && value.is_finite())
            {
                return refuse(key, value, "a budget must be greater than zero, or \"unlimited\"");
            }
        }
        if numbers.iter().all(|(_, value)| value.is_none()) {
            return refuse(
                "budget.hours",
                "unlimited",
                "limit at least one of carbon_g, energy_kwh, hours, trainings, hypervolume",
            );
        }
        Ok(())
    }

    fn check_http(&self) -> Result<(), Error> {
        let listen = self.http.listen.as_str();
        if matches!(listen, "auto" | "off") || listen.parse::<std::net::SocketAddr>().is_ok() {
            return Ok(());
        }
        refuse(
            "http.listen",
            listen,
            "write IP:PORT, such as 127.0.0.1:7591 or [::1]:7591, or \"auto\" or \"off\"",
        )
    }

    fn check_ladder(&self) -> Result<(), Error> {
        at_least_one("ladder.scores_per_rung", self.ladder.scores_per_rung)?;
        at_least_one("ladder.rungs_per_full", self.ladder.rungs_per_full)?;
        at_least_one("ladder.pool", self.ladder.pool)?;
        if self.ladder.rung_epochs >= self.training.epochs {
            return refuse(
                "ladder.rung_epochs",
                self.ladder.rung_epochs,
                "a short training has fewer epochs than training.epochs",
            );
        }
        Ok(())
    }
}

pub(super) fn refuse<T>(key: &str, value: impl ToString, reason: &str) -> Result<T, Error> {
    Err(Error::Meaning { key: key.into(), value: value.to_string(), reason: reason.into() })
}

fn positive(key: &'static str, value: f64) -> Result<(), Error> {
    if value > 0.0 && value.is_finite() { Ok(()) } else { refuse(key, value, "must be greater than zero") }
}

pub(super) fn at_least_one(key: &'static str, value: u32) -> Result<(), Error> {
    if value > 0 { Ok(()) } else { refuse(key, value, "at least 1") }
}

fn share(key: &'static str, value: f64) -> Result<(), Error> {
    if (0.0..=1.0).contains(&value) { Ok(()) } else { refuse(key, value, "a share lies between 0 and 1") }
}

pub(super) fn one_of(key: &'static str, value: &str, known: &[&str]) -> Result<(), Error> {
    if known.contains(&value) {
        return Ok(());
    }
    let nearest =
        known.iter().max_by(|a, b| strsim::jaro_winkler(a, value).total_cmp(&strsim::jaro_winkler(b, value)));
    let nearest = nearest.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
    refuse(key, value, &format!("one of {}{nearest}", known.join(", ")))
}
