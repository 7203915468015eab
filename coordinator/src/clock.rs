//! The one place where the coordinator reads a clock.

use common::time::Timestamp;

/// Wall time now.
#[allow(clippy::disallowed_methods)] // The skin hands the time to the core.
pub fn now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
