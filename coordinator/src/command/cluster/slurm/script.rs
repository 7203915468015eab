//! What is submitted: the options of `sbatch`, and the script that becomes a worker. Nothing secret is in either: a worker's key is a
//! file that the job reads.

use std::path::{Path, PathBuf};

use common::time::Millis;

use super::decide::Batch;

/// Options that say who a job is: with others this program would not know its own.
const OURS: [&str; 14] = [
    // Another cluster's queue is not looked at.
    "-M",
    "--clusters",
    "-a",
    "--array",
    "-J",
    "--job-name",
    "--comment",
    "--signal",
    "-d",
    "--dependency",
    "--wrap",
    "--parsable",
    "-o",
    "--output",
];

/// All that makes a worker of this study.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Of all jobs of the study's workers with this prefix.
    pub job_name: String,
    /// The study's directory, so that two studies of one name are told apart.
    pub comment: String,
    pub prefix: String,
    pub program: PathBuf,
    pub address: String,
    pub zone: String,
    pub slots: u32,
    /// The folder with the workers' keys; none where the study has no keys.
    pub keys: Option<PathBuf>,
    /// Where logs go, and what a worker keeps unless `scratch` says otherwise.
    pub folder: PathBuf,
    pub scratch: Option<PathBuf>,
    pub setup: Option<PathBuf>,
    pub config: Option<PathBuf>,
    pub set: Vec<String>,
    /// So long before its time limit a job is told to leave.
    pub grace: Millis,
    /// What the user wants `sbatch` told besides.
    pub sbatch: Vec<String>,
}

impl Recipe {
    pub fn name(&self, index: u32) -> String {
        format!("{}-{index}", self.prefix)
    }

    /// Which worker bears this name.
    pub fn index(&self, name: &str) -> Option<u32> {
        name.strip_prefix(&self.prefix)?.strip_prefix('-')?.parse().ok()
    }

    pub fn log(&self, index: u32) -> PathBuf {
        self.folder.join(format!("{}.log", self.name(index)))
    }

    pub fn options(&self, batch: &Batch) -> Vec<String> {
        let indices: Vec<String> = batch.indices.iter().map(u32::to_string).collect();
        // `%a` is the element of the array; a percent sign of the path's own is doubled.
        let log = self.folder.display().to_string().replace('%', "%%");
        let mut options = vec![
            "--parsable".to_owned(),
            "--open-mode=append".into(),
            "--requeue".into(),
            format!("--job-name={}", self.job_name),
            format!("--comment={}", self.comment),
            format!("--output={log}/{}-%a.log", self.prefix),
            format!("--array={}", indices.join(",")),
            // To the script itself, which has become the worker.
            format!("--signal=B:TERM@{}", self.grace.0 / 1000),
        ];
        options.extend(batch.after.iter().map(|id| format!("--dependency=afterany:{id}")));
        options.extend(self.sbatch.iter().cloned());
        options
    }

    pub fn script(&self) -> String {
        let mut lines = vec![
            "#!/bin/bash".to_owned(),
            "# A worker of CE-NAS, submitted by `ce-nas cluster slurm`. SIGTERM, which Slurm sends before the time limit and on".into(),
            "# scancel, asks it to put its work in safety and leave.".into(),
            format!("name={}-$SLURM_ARRAY_TASK_ID", quoted(&self.prefix)),
        ];
        lines.extend(self.setup.iter().map(|file| format!(". {}", quoted_path(file))));
        let place = self.scratch.as_ref().unwrap_or(&self.folder);
        let mut words = vec![
            format!("exec {}", quoted_path(&self.program)),
            format!("--coordinator {}", quoted(&self.address)),
            format!("--zone {}", quoted(&self.zone)),
            format!("--slots {}", self.slots),
            format!("--directory {}/\"$name\"", quoted_path(place)),
        ];
        match &self.keys {
            Some(keys) => words.extend([
                format!("--coordinator-key {}", quoted_path(&keys.join("coordinator.pub"))),
                format!("--key {}/\"$name.key\"", quoted_path(keys)),
            ]),
            None => words.push("--name \"$name\" --set 'coordinator.security=\"null\"'".into()),
        }
        words.extend(self.config.iter().map(|file| format!("--config {}", quoted_path(file))));
        words.extend(self.set.iter().map(|setting| format!("--set {}", quoted(setting))));
        lines.push(words.join(" \\\n    "));
        lines.join("\n") + "\n"
    }
}

/// Why these options of `sbatch` can't be passed on, if they can't.
pub fn refuse(options: &[String]) -> Option<String> {
    for option in options {
        if !option.starts_with('-') {
            return Some(format!(
                "{option:?} is no option of sbatch: write each as one word, such as --partition=gpu"
            ));
        }
        let name = option.split('=').next().unwrap_or(option);
        let is_ours = OURS.iter().any(|ours| {
            // A word's beginning is the word, as long as no other begins so.
            name == *ours
                || (name.len() > 3 && ours.starts_with(name))
                || (ours.len() == 2 && option.starts_with(ours) && !option.starts_with("--"))
        });
        if is_ours {
            return Some(format!("{name} is what this command tells sbatch itself; leave it out"));
        }
    }
    None
}

/// As one word of a shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn quoted_path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::super::job::JobId;
    use super::*;

    fn recipe() -> Recipe {
        Recipe {
            job_name: "ce-nas-study".into(),
            comment: "/home/me/runs/it's 5%".into(),
            prefix: "slurm".into(),
            program: "/opt/ce-nas-worker".into(),
            address: "tcp://head:7590".into(),
            zone: "DE".into(),
            slots: 2,
            keys: Some("/home/me/runs/it's 5%/keys".into()),
            folder: "/home/me/runs/it's 5%/slurm".into(),
            scratch: None,
            setup: None,
            config: None,
            set: vec!["worker.meter=nvml".into()],
            grace: Millis(120_000),
            sbatch: vec!["--gres=gpu:1".into()],
        }
    }

    #[test]
    fn an_array_and_a_successor() {
        let batch = Batch { indices: vec![1, 3], after: None };
        let options = recipe().options(&batch).join(" ");
        assert!(options.contains("--array=1,3 --signal=B:TERM@120 --gres=gpu:1"), "{options}");
        assert!(options.contains("it's 5%%/slurm/slurm-%a.log"), "{options}");
        let batch = Batch { indices: vec![3], after: Some(JobId("7_3".into())) };
        assert!(recipe().options(&batch).contains(&"--dependency=afterany:7_3".to_owned()));
    }

    #[test]
    fn the_script_becomes_the_worker_and_holds_no_secret() {
        let script = recipe().script();
        let expected = r#"#!/bin/bash
# A worker of CE-NAS, submitted by `ce-nas cluster slurm`. SIGTERM, which Slurm sends before the time limit and on
# scancel, asks it to put its work in safety and leave.
name='slurm'-$SLURM_ARRAY_TASK_ID
exec '/opt/ce-nas-worker' \
    --coordinator 'tcp://head:7590' \
    --zone 'DE' \
    --slots 2 \
    --directory '/home/me/runs/it'\''s 5%/slurm'/"$name" \
    --coordinator-key '/home/me/runs/it'\''s 5%/keys/coordinator.pub' \
    --key '/home/me/runs/it'\''s 5%/keys'/"$name.key" \
    --set 'worker.meter=nvml'
"#;
        assert_eq!(script, expected);
        let bare = Recipe { keys: None, setup: Some("/etc/modules".into()), ..recipe() }.script();
        assert!(
            bare.contains("\n. '/etc/modules'\nexec") && bare.contains(r#"--name "$name" --set"#),
            "{bare}"
        );
    }

    #[test]
    fn names_and_numbers_lead_to_each_other() {
        let recipe = recipe();
        assert_eq!(recipe.index(&recipe.name(12)), Some(12));
        assert_eq!(
            (recipe.index("slurm-x"), recipe.index("slurmy-1"), recipe.index("gpu-1")),
            (None, None, None)
        );
    }

    #[test]
    fn options_that_would_change_who_a_job_is_are_refused() {
        let refused = |option: &str| refuse(&[option.to_owned()]);
        for fine in ["--partition=gpu", "-pgpu", "--gres=gpu:1", "--time=04:00:00", "--account=a=b"] {
            assert_eq!(refused(fine), None);
        }
        for ours in [
            "--array=1-9",
            "--arr=1",
            "-a1-9",
            "-Jx",
            "-Mother",
            "--clusters=other",
            "--signal=USR1@9",
            "--comment=x",
            "--dependency=singleton",
        ] {
            assert!(refused(ours).unwrap().contains("leave it out"), "{ours}");
        }
        assert!(refused("job.sh").unwrap().contains("one word"));
    }
}
