//! Why a request was refused. None goes away by trying again: the request must change.

use common::space::DecodeError;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("the observed objectives can't be ordered: {0}")]
    Objectives(#[from] moo::Error),
    #[error("observation {index} is not of the space `{space}`: {source}")]
    Observed { index: usize, space: &'static str, source: DecodeError },
    #[error("excluded architecture {index} is not of the space `{space}`: {source}")]
    Excluded { index: usize, space: &'static str, source: DecodeError },
    #[error("option `{option}` is {found}: it must be {wanted}")]
    Option { option: &'static str, found: f64, wanted: &'static str },
}
