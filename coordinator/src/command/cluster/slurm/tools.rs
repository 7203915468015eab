//! `sbatch`, `squeue` and `scancel`: started, fed, listened to, and not waited for longer than a scheduler may be busy.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use common::time::Millis;

use super::job::{FORMAT, Job, JobId, read};
use crate::clock;

/// A controller that answers later than this is as good as away.
const PATIENCE: Millis = Millis(60_000);
/// Jobs in one `scancel`: a command line has an end.
const AT_ONCE: usize = 200;

/// The jobs of this name and comment that are not over.
pub fn queue(job_name: &str, comment: &str) -> Result<Vec<Job>> {
    let format = format!("--format={FORMAT}");
    let name = format!("--name={job_name}");
    let said = say("squeue", &["--me", "--noheader", "--array", &name, &format], "")?;
    let jobs = said.lines().filter(|line| !line.trim().is_empty()).map(|line| read(line, comment));
    jobs.filter_map(Result::transpose).collect::<Result<_, _>>().map_err(|odd| anyhow!(odd))
}

/// Which of these jobs, by the numbers that `sbatch` told, are not over: whatever they are called.
pub fn are_there(ids: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let jobs = format!("--jobs={}", ids.iter().map(String::as_str).collect::<Vec<_>>().join(","));
    let said = match say("squeue", &["--noheader", &jobs, "--format=%i"], "") {
        // None of them is remembered any more.
        Err(error) if error.to_string().contains("Invalid job id") => return Ok(BTreeSet::new()),
        said => said?,
    };
    let array = |line: &str| line.trim().split(['_', '|']).next().unwrap_or_default().to_owned();
    Ok(said.lines().map(array).filter(|id| ids.contains(id)).collect())
}

/// The new job's number.
pub fn submit(options: &[String], script: &str) -> Result<String> {
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let said = say("sbatch", &options, script)?;
    // "1234" or "1234;cluster", after what a site's plug-ins may have to say.
    let last = said.lines().last().unwrap_or_default();
    Ok(last.split(';').next().unwrap_or(last).trim().to_owned())
}

pub fn cancel(jobs: &[JobId]) -> Result<()> {
    for some in jobs.chunks(AT_ONCE) {
        let ids: Vec<&str> = some.iter().map(|id| id.0.as_str()).collect();
        say("scancel", &ids, "")?;
    }
    Ok(())
}

/// Habits of whoever started this, such as to look at running jobs alone, would hide jobs from it, too.
fn is_ours(variable: &str) -> bool {
    ["CENAS", "SQUEUE_", "SCANCEL_"].iter().any(|beginning| variable.starts_with(beginning))
        || variable == "SBATCH_CLUSTERS"
}

/// What the tool said on its standard output.
fn say(tool: &str, arguments: &[&str], input: &str) -> Result<String> {
    let mut command = Command::new(tool);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // sbatch hands its environment on to the job: settings and codes of this process stay here.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_ours(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            anyhow!("{tool} is not here: run this on a machine that can submit jobs to Slurm")
        }
        _ => anyhow!("{tool} can't be started: {error}"),
    })?;
    let mut stdin = child.stdin.take().context("its input")?;
    // It may end without having read; its own words tell more then.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let (out, err) = (listen(child.stdout.take()), listen(child.stderr.take()));
    let Some(status) = wait(&mut child)? else {
        bail!("{tool} has not answered for {} s: is Slurm's controller up?", PATIENCE.0 / 1000);
    };
    let words = |heard: std::thread::JoinHandle<String>| heard.join().unwrap_or_default();
    let (out, err) = (words(out), words(err));
    if !status.success() {
        // Slurm's tools begin their complaints with their name.
        let last = err.trim().lines().last().unwrap_or("it failed without a word");
        let said = last.trim_start_matches(tool).trim_start_matches(": error:").trim_start_matches(':');
        bail!("{tool}: {}", said.trim());
    }
    Ok(out)
}

fn listen(stream: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was heard until it broke off.
        let _ = stream.map(|mut stream| stream.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// None where it took too long; it is ended then.
fn wait(child: &mut Child) -> Result<Option<std::process::ExitStatus>> {
    let begun = clock::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if clock::now().since(begun) > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        #[allow(clippy::disallowed_methods)]
        // A command in a process of its own: nobody waits for this thread.
        std::thread::sleep(Duration::from_millis(20));
    }
}
