//! Work that nobody waits for, on a thread of its own that gets what processor time the others leave.
//!
//! A coordinator often shares two cores with workers. A second of folding or training at the same right as the rest would let
//! thousands of workers wait for as long.

use std::io;
use std::thread::{Builder, JoinHandle};

/// Begins `work`; the name is what the system shows.
pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name.into()).spawn(|| {
        yield_to_others();
        work()
    })
}

/// Elsewhere than on Linux this would be asked for the whole process.
#[cfg(target_os = "linux")]
fn yield_to_others() {
    use nix::libc::{PRIO_PROCESS, setpriority};
    const LOWEST: i32 = 19;
    #[allow(unsafe_code)]
    // SAFETY: takes numbers alone, and changes how this thread is scheduled; refused, it changes nothing.
    unsafe {
        setpriority(PRIO_PROCESS, 0, LOWEST);
    }
}

#[cfg(not(target_os = "linux"))]
fn yield_to_others() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// The 19th field of a thread's `stat`, counted from 1; its second may contain spaces.
    fn niceness() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        fields.split_whitespace().nth(16).unwrap().parse().unwrap()
    }

    #[test]
    fn only_its_own_thread_yields() {
        let before = niceness();
        assert_eq!(spawn("test", niceness).unwrap().join().unwrap(), 19);
        assert_eq!(niceness(), before);
    }
}
