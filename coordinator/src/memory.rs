//! How the C library's allocator treats the long lists of a long study.

#[cfg(target_env = "gnu")]
use nix::libc::{M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, c_int, mallopt};

/// Blocks from here on are mapped by themselves, bytes: one that grows has its pages moved, not what is in them. Copying less than this
/// takes a fraction of a millisecond, also on a machine that has to find the pages first.
#[cfg(target_env = "gnu")]
const MAPPED: c_int = 512 << 10;

/// By itself the library maps fewer and fewer blocks as larger ones are freed; a list of half a million results was then copied as it
/// grew, and thousands of workers waited for it. Whoever sets the one bound sets the other, too: smaller blocks that come and go would
/// be given back to the system each time.
pub(crate) fn map_long_lists() {
    #[cfg(target_env = "gnu")]
    #[allow(unsafe_code)]
    // SAFETY: takes numbers alone, and may be called at any time; refused, it changes nothing.
    unsafe {
        mallopt(M_MMAP_THRESHOLD, MAPPED);
        mallopt(M_TRIM_THRESHOLD, 2 * MAPPED);
    }
}
