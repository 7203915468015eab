//! A process of our own between the worker and the user's program. It sees to it that nothing outlives the task: not what
//! the program left in the background, nor what it detached from itself, nor the program when the worker is killed.
//!
//! The guard is the parent to which the kernel gives every orphan below it (a *subreaper*), is told by the kernel when the
//! worker dies, and ends as the program ended once nothing below it is left. Out of its reach is a program that kills its guard, or
//! forks faster than it can be killed; a limit on processes (`ulimit -u`, a control group) is the machine's affair.
//!
//! It is a fork of the worker that executes nothing and, coming from a process of many threads, calls only what is
//! allowed in a signal handler: no memory is allocated, no lock taken, nothing here can panic.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::libc::{self, c_int, pid_t};

/// To the guard: hand SIGTERM on to the program; to it alone, for what it started (the processes that load its data, say) it still
/// needs for saving.
pub const ASK_TO_STOP: c_int = libc::SIGUSR1;
/// To the guard: end everything below it, and go. The kernel sends it when the worker dies.
pub const END_ALL: c_int = libc::SIGTERM;

/// Rounds of killing, with a pause after each: what can't be killed in ten seconds waits for its disk or its driver.
const ROUNDS: u32 = 5_000;
const PAUSE_NS: i64 = 2_000_000;
/// To the kernel, short of memory, the program is dearer to lose than other processes, and cheaper than the worker.
const OOM_SCORE: &[u8] = b"500";
/// Of the guard where the program could not be made; nobody sees it but a person who looks for it.
const NO_PROGRAM: c_int = 126;

/// Puts a guard between this process and what `command` starts. Must be spawned by a thread that outlives the program:
/// to the kernel the death of that thread is the worker's.
pub fn install(command: &mut Command) {
    let worker = std::process::id().cast_signed();
    #[allow(unsafe_code)]
    // SAFETY: `stand_between` keeps to what may be called between fork and exec (see above).
    unsafe {
        command.pre_exec(move || stand_between(worker));
    }
}

/// Runs in the process that the worker forked. Comes back in the program's process alone.
fn stand_between(worker: pid_t) -> io::Result<()> {
    #[allow(unsafe_code)]
    // SAFETY: plain system calls on values of this frame; the raw `clone` runs no handlers of libraries that were loaded.
    unsafe {
        let everything = all_signals();
        libc::setsid();
        // A signal for the group of the terminal, or a handler of the worker's, is not for the guard: it takes its signals one by one.
        libc::sigprocmask(libc::SIG_BLOCK, &raw const everything, std::ptr::null_mut());
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        libc::prctl(libc::PR_SET_NAME, c"ce-nas-guard".as_ptr());
        if libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) != 0
            || libc::prctl(libc::PR_SET_PDEATHSIG, END_ALL) != 0
        {
            return Err(io::Error::last_os_error());
        }
        let guard = libc::getpid();
        if libc::getppid() != worker {
            libc::_exit(NO_PROGRAM);
        }
        match libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                become_program(guard);
                Ok(())
            }
            program => watch(program as pid_t, &everything),
        }
    }
}

/// The program's own surroundings: a session of its own, default signals, and death with its guard.
fn become_program(guard: pid_t) {
    #[allow(unsafe_code)]
    // SAFETY: plain system calls on values of this frame.
    unsafe {
        libc::setsid();
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        if libc::getppid() != guard {
            libc::_exit(NO_PROGRAM);
        }
        // A crash costs a task, not a disk full of memory images.
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
        let score = libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        if score >= 0 {
            libc::write(score, OOM_SCORE.as_ptr().cast(), OOM_SCORE.len());
            libc::close(score);
        }
        let mut nothing = all_signals();
        libc::sigemptyset(&raw mut nothing);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const nothing, std::ptr::null_mut());
    }
}

fn all_signals() -> libc::sigset_t {
    #[allow(unsafe_code)]
    // SAFETY: a set of zeros is a valid one, and `sigfillset` writes within it.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut set);
        set
    }
}

/// The guard's whole life.
fn watch(program: pid_t, signals: &libc::sigset_t) -> ! {
    close_everything();
    loop {
        #[allow(unsafe_code)]
        // SAFETY: `signals` is a valid set, and all of them are blocked.
        let signal = unsafe { libc::sigwaitinfo(signals, std::ptr::null_mut()) };
        match signal {
            libc::SIGCHLD => {
                if let Some(status) = reap(program) {
                    end_all();
                    leave_like(status);
                }
            }
            ASK_TO_STOP => signal_to(program, libc::SIGTERM),
            END_ALL => {
                signal_to(-program, libc::SIGKILL);
                end_all();
                leave_like(libc::SIGKILL);
            }
            _ => {}
        }
    }
}

/// Pipes that stayed open here would never end for the worker, nor would the lock on its folder.
fn close_everything() {
    #[allow(unsafe_code)]
    // SAFETY: the guard uses no file of the worker's.
    unsafe {
        if libc::syscall(libc::SYS_close_range, 0, u32::MAX, 0) != 0 {
            // A kernel before 5.9.
            for file in 0..65_536 {
                libc::close(file);
            }
        }
    }
}

/// Takes note of who has ended; the program's status if it has.
fn reap(program: pid_t) -> Option<c_int> {
    #[allow(unsafe_code)]
    // SAFETY: the kernel writes within `ended` and `status`.
    unsafe {
        let mut ended: libc::siginfo_t = std::mem::zeroed();
        let look = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        if libc::waitid(libc::P_PID, program as libc::id_t, &raw mut ended, look) == 0
            && ended.si_pid() == program
        {
            // Its group, while its number can't be anybody else's yet.
            signal_to(-program, libc::SIGKILL);
        }
        let (mut status, mut of_program) = (0, None);
        loop {
            match libc::waitpid(-1, &raw mut status, libc::WNOHANG) {
                0 | -1 => return of_program,
                process if process == program => of_program = Some(status),
                _ => {}
            }
        }
    }
}

/// Kills until nothing below is left: whoever loses its parent becomes a child of the guard's.
fn end_all() {
    for _ in 0..ROUNDS {
        kill_children();
        #[allow(unsafe_code)]
        // SAFETY: the kernel writes within `status`, and `pause` is a valid span.
        unsafe {
            let mut status = 0;
            loop {
                match libc::waitpid(-1, &raw mut status, libc::WNOHANG) {
                    -1 => return,
                    0 => break,
                    _ => {}
                }
            }
            let pause = libc::timespec { tv_sec: 0, tv_nsec: PAUSE_NS };
            libc::nanosleep(&raw const pause, std::ptr::null_mut());
        }
    }
}

/// As many as fit into one look.
fn kill_children() {
    let mut text = [0_u8; 4096];
    #[allow(unsafe_code)]
    // SAFETY: the kernel writes at most the length of `text` into it.
    let length = unsafe {
        let list = libc::open(c"/proc/thread-self/children".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        if list < 0 {
            return;
        }
        let length = libc::read(list, text.as_mut_ptr().cast(), text.len());
        libc::close(list);
        usize::try_from(length).unwrap_or(0)
    };
    let mut number: pid_t = 0;
    for byte in &text[..length] {
        if byte.is_ascii_digit() {
            number = number.wrapping_mul(10).wrapping_add(pid_t::from(byte - b'0'));
        } else {
            // Only whole numbers: the last may have been cut.
            if number > 1 {
                signal_to(number, libc::SIGKILL);
            }
            number = 0;
        }
    }
}

fn signal_to(whom: pid_t, signal: c_int) {
    #[allow(unsafe_code)]
    // SAFETY: `whom` is a child of the guard's, not yet reaped, or the program's group.
    unsafe {
        libc::kill(whom, signal);
    }
}

/// Ends as the program did, so that the worker, who waits for the guard, sees how.
fn leave_like(status: c_int) -> ! {
    #[allow(unsafe_code)]
    // SAFETY: plain system calls on values of this frame.
    unsafe {
        if libc::WIFSIGNALED(status) {
            let signal = libc::WTERMSIG(status);
            let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
            libc::signal(signal, libc::SIG_DFL);
            let mut set = all_signals();
            libc::sigemptyset(&raw mut set);
            libc::sigaddset(&raw mut set, signal);
            libc::sigprocmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut());
            libc::kill(libc::getpid(), signal);
            libc::_exit(128 + signal);
        }
        libc::_exit(libc::WEXITSTATUS(status))
    }
}
