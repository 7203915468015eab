//! CPU time of this process and of everything it has started: programs of users compute for a slot as its own threads do.
//!
//! A process that has been waited for is in its parent's account; one that lives is asked by `/proc`, where the kernel
//! lists children (`CONFIG_PROC_CHILDREN`; without it a program's time is booked when it ends). Parents are read before
//! their children, so that one that ends in between is missed for a moment and never counted twice. Lost is the time of
//! a child whose parent does not want to know of its end (`SIGCHLD` ignored): the kernel forgets it too.

use std::fs;
use std::path::Path;

use common::unit::Seconds;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{SysconfVar, sysconf};

use crate::clock::ProcessTime;
use crate::error::Error;

/// Descendants looked at, at most: more than a slot's program has use for, few enough to be read four times a second.
const MOST: usize = 4096;
/// Hundredths of a second, where the system does not tell.
const USUAL_TICKS: i64 = 100;

/// Of this process, all its threads and all its descendants.
pub fn cpu_time() -> ProcessTime {
    let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(USUAL_TICKS) as f64;
    Box::new(move || {
        let unread = |errno: nix::Error| Error::Unread {
            meter: "the process's CPU time".into(),
            reason: errno.to_string(),
        };
        let own = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_err(unread)?;
        let own = Seconds(own.tv_sec() as f64 + own.tv_nsec() as f64 * 1e-9);
        let ended = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(unread)?;
        let ended = seconds(ended.user_time()) + seconds(ended.system_time());
        Ok(own + ended + Seconds(living(Path::new("/proc/self")) as f64 / ticks))
    })
}

fn seconds(time: TimeVal) -> Seconds {
    Seconds(time.tv_sec() as f64 + time.tv_usec() as f64 * 1e-6)
}

/// Ticks of the living descendants of the process at `root`, and of those that ended among them.
fn living(root: &Path) -> u64 {
    let (mut ticks, mut open, mut seen) = (0, children(root), 0);
    while let Some(process) = open.pop() {
        seen += 1;
        if seen > MOST {
            break;
        }
        let path = Path::new("/proc").join(process.to_string());
        // Whoever has ended meanwhile is in its parent's account.
        let Ok(stat) = fs::read_to_string(path.join("stat")) else { continue };
        ticks += ticks_of(&stat).unwrap_or(0);
        open.extend(children(&path));
    }
    ticks
}

/// Of all threads of a process.
fn children(process: &Path) -> Vec<u32> {
    let threads = fs::read_dir(process.join("task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// User and system time, own and of children that were waited for, from the text of `/proc/PID/stat`.
fn ticks_of(stat: &str) -> Option<u64> {
    // The second field is a name in brackets that may hold anything; the third is the first after it.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    fields.get(11..15)?.iter().map(|field| field.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use super::*;

    #[test]
    fn work_shows_on_the_real_clock() {
        let mut process = cpu_time();
        let before = process().unwrap();
        let mut sum = 0_u64;
        while process().unwrap().0 < before.0 + 0.01 {
            sum = std::hint::black_box(sum + 1);
        }
    }

    #[test]
    fn descendants_count_while_they_live_and_afterwards() {
        let mut process = cpu_time();
        let before = process().unwrap();
        let script = "sh -c 'while :; do :; done' & trap 'kill $!; wait' TERM; wait";
        let mut child = Command::new("sh").args(["-c", script]).stdin(Stdio::null()).spawn().unwrap();
        // Each look costs this process less than the loop costs the grandchild.
        while process().unwrap().0 < before.0 + 0.5 {
            std::thread::yield_now();
        }
        let living = living(Path::new("/proc/self"));
        assert!(living > 10, "{living} ticks of the grandchild");
        kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
        child.wait().unwrap();
        let ended = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        assert!(seconds(ended.user_time()).0 > 0.1, "{ended:?}");
    }

    #[test]
    fn the_kernels_line_is_read_whatever_the_program_is_called() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194560 99 0 0 0 10 20 300 4000 20 0 1 0 5 0 0";
        assert_eq!(ticks_of(stat), Some(4330));
        assert_eq!(ticks_of("7 (sh) S 1"), None);
        assert_eq!(ticks_of(""), None);
    }
}
