//! What can be wrong with a policy's name or options; deciding itself never fails.

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("there is no allocation policy `{name}`; the nearest is `{nearest}`")]
    UnknownPolicy { name: String, nearest: &'static str },
    #[error("allocation.{option} = {value}: {reason}")]
    Option { option: &'static str, value: f64, reason: &'static str },
}
