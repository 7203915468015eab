//! A worker's job as `squeue` tells of it, and reading a line of that.

use std::fmt;

use common::time::Millis;

/// Of one element of an array: "1234_5".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobId(pub String);

impl JobId {
    /// The number that `sbatch` told of the array that it belongs to.
    pub fn array(&self) -> &str {
        self.0.split('_').next().unwrap_or_default()
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: JobId,
    /// Which worker it is, from 1.
    pub index: u32,
    pub phase: Phase,
    /// Time to its limit; none where it has none.
    pub left: Option<Millis>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// In the queue, and why.
    Waiting(String),
    /// In the queue, and will stay there for ever unless somebody acts.
    Stuck(String),
    Running,
    /// It has nodes that it is giving back.
    Leaving,
}

/// What `squeue --format` is asked for. The comment is last: it may hold anything.
pub const FORMAT: &str = "%i|%K|%T|%L|%r|%k";

/// Why a job would wait for ever: nothing but another submission helps.
const FOR_EVER: [&str; 6] = [
    "BadConstraints",
    "DependencyNeverSatisfied",
    "JobHeldAdmin",
    "JobHoldMaxRequeue",
    "launch failed requeued held",
    "JobLaunchFailure",
];

/// The job of a line of [`FORMAT`]; none where its comment says that it is another study's.
pub fn read(line: &str, comment: &str) -> Result<Option<Job>, String> {
    let odd = || format!("squeue says what this program does not understand: {line:?}");
    let cells: Vec<&str> = line.splitn(6, '|').collect();
    let [id, index, state, left, reason, of] = cells[..] else { return Err(odd()) };
    if of.trim_end() != comment {
        return Ok(None);
    }
    let phase = match state {
        "PENDING" | "REQUEUED" | "REQUEUE_FED" | "RESV_DEL_HOLD" | "SPECIAL_EXIT" | "REQUEUE_HOLD" => {
            let reason = reason.trim_matches(['(', ')']).to_owned();
            if FOR_EVER.contains(&reason.as_str()) { Phase::Stuck(reason) } else { Phase::Waiting(reason) }
        }
        "RUNNING" | "CONFIGURING" | "SUSPENDED" | "RESIZING" | "SIGNALING" | "STOPPED" => Phase::Running,
        // COMPLETING, STAGE_OUT, and what has just ended: its name is in use until it is gone.
        _ => Phase::Leaving,
    };
    let index = index.parse().map_err(|_| odd())?;
    Ok(Some(Job { id: JobId(id.to_owned()), index, phase, left: span(left) }))
}

/// "[days-][[hours:]minutes:]seconds"; anything else is no limit.
fn span(text: &str) -> Option<Millis> {
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (days.parse::<i64>().ok()?, rest),
        None => (0, text),
    };
    let units: Vec<i64> = rest.split(':').map(|unit| unit.parse().ok()).collect::<Option<_>>()?;
    let seconds = match units[..] {
        [seconds] => seconds,
        [minutes, seconds] => minutes * 60 + seconds,
        [hours, minutes, seconds] => (hours * 60 + minutes) * 60 + seconds,
        _ => return None,
    };
    Some(Millis((days * 86_400 + seconds) * 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(line: &str) -> Phase {
        read(line, "/s").unwrap().unwrap().phase
    }

    #[test]
    fn a_line_of_squeue_is_a_job() {
        let job = read("12_3|3|RUNNING|1-02:03:04|None|/home/a b|c", "/home/a b|c").unwrap().unwrap();
        assert_eq!((job.id.0.as_str(), job.index, job.phase), ("12_3", 3, Phase::Running));
        assert_eq!(job.left, Some(Millis(((26 * 60 + 3) * 60 + 4) * 1000)));
        assert_eq!(phase("1_1|1|PENDING|2:00|Resources|/s"), Phase::Waiting("Resources".into()));
        assert_eq!(phase("1_1|1|PENDING|2:00|BadConstraints|/s"), Phase::Stuck("BadConstraints".into()));
        assert_eq!(phase("1_1|1|COMPLETING|0:00|None|/s"), Phase::Leaving);
        assert_eq!(read("1_1|1|RUNNING|UNLIMITED|None|/s", "/s").unwrap().unwrap().left, None);
    }

    #[test]
    fn jobs_of_others_are_passed_over_and_nonsense_is_said() {
        assert_eq!(read("1_1|1|RUNNING|1:00|None|/other", "/s"), Ok(None));
        for odd in ["", "slurm_load_jobs error", "1|N/A|RUNNING|1:00|None|/s", "1_1|x|RUNNING|1:00|None|/s"] {
            assert!(read(odd, "/s").is_err(), "{odd}");
        }
    }
}
