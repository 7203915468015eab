//! Weights on a disk: a safetensors file (readable by any framework, no code inside) whose one metadata entry, `cenas_transformer`,
//! says as JSON what the model was fitted on, with which options, and how far off it was on held-out hours.
//!
//! Written beside its final name and renamed, so that a crash leaves the old file or the new one. A file from elsewhere is measured
//! before it is believed: sizes, shapes and finite numbers.

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::Transformer;
use super::fitted::{About, Fitted};
use super::network::Member;
use super::skip::Skip;
use crate::forecaster::MAX_HORIZON_HOURS;

/// A change of layout or meaning takes the next number; a file of another number is refused.
const VERSION: u32 = 1;
const KEY: &str = "cenas_transformer";
/// The largest model that options allow is far smaller.
const MAX_BYTES: u64 = 256 << 20;
const MAX_ZONES: usize = 1_000;

/// Why weights were not saved or not taken in.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    #[error("the transformer has not been fitted: fit it before saving it")]
    NotFitted,
    #[error("weights at {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("not weights of a transformer forecast: {0}; fit it again and save that")]
    Foreign(String),
    #[error("weights of format {found}, this program reads {VERSION}: fit the model again with this program")]
    Version { found: u32 },
    #[error("damaged weights: {0}; fetch the file again, or fit the model again")]
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
struct Header {
    version: u32,
    about: About,
}

impl Transformer {
    /// Everything that a forecast needs, and nothing of the histories themselves.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WeightsError> {
        let fitted = self.fitted.as_ref().ok_or(WeightsError::NotFitted)?;
        let header = Header { version: VERSION, about: fitted.about.clone() };
        let header = serde_json::to_string(&header).expect("a header is plain data");
        let members = fitted.members.iter().map(|member| member.weights.values());
        let skips = fitted.skips.iter().map(|skip| flat(skip.weights()));
        let named: Vec<(String, Vec<u8>)> =
            numbered("member", members).chain(numbered("skip", skips)).collect();
        let views = named.iter().map(|(name, bytes)| {
            let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes).expect("four bytes a float");
            (name.as_str(), view)
        });
        let metadata = HashMap::from([(KEY.to_owned(), header)]);
        Ok(safetensors::serialize(views, Some(metadata)).expect("distinct names"))
    }

    /// The model whose [`Transformer::to_bytes`] these are.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        let about = header(bytes)?;
        let damaged = |reason: &str| WeightsError::Damaged(reason.into());
        if !(1..=MAX_HORIZON_HOURS).contains(&about.horizon) || !about.options.are_sane() {
            return Err(damaged("its horizon or options are out of range"));
        }
        let days = about.horizon.div_ceil(24);
        let zones_are_sane = about.zones.iter().all(|zone| {
            zone.scaling.is_sane()
                && zone.gains.len() == days
                && zone.gains.iter().all(|gain| (0.0..=1.0).contains(gain))
                && zone.from <= zone.until
        });
        if !(1..=MAX_ZONES).contains(&about.zones.len()) || !zones_are_sane {
            return Err(damaged("what it says of its zones makes no sense"));
        }
        let tensors =
            SafeTensors::deserialize(bytes).map_err(|error| WeightsError::Damaged(error.to_string()))?;
        let values = |name: &str, number: usize| values(&tensors, &format!("{name}.{number}"));
        let (options, horizon, zones) = (&about.options, about.horizon, about.zones.len());
        let member = |number| {
            Member::from_values(options, zones, horizon, &values("member", number)?)
                .ok_or_else(|| damaged("a network's numbers are too few, too many or not finite"))
        };
        let skip = |number| {
            Skip::from_values(&values("skip", number)?, horizon)
                .ok_or_else(|| damaged("a skip's numbers are too few, too many or not finite"))
        };
        let members = (0..options.members).map(member).collect::<Result<_, _>>()?;
        let skips = (0..zones).map(skip).collect::<Result<_, _>>()?;
        let (options, horizon) = (about.options.clone(), about.horizon);
        Ok(Self { options, horizon, pretrained: None, fitted: Some(Fitted { about, members, skips }) })
    }

    pub fn save(&self, path: &Path) -> Result<(), WeightsError> {
        let bytes = self.to_bytes()?;
        let failed = |source| WeightsError::Io { path: path.to_owned(), source };
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = path.with_file_name(name);
        let written = fs::File::create(&part).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        });
        written.and_then(|()| fs::rename(&part, path)).map_err(|source| {
            // The old file, if any, still stands; what is left of the new one helps nobody.
            let _ = fs::remove_file(&part);
            failed(source)
        })
    }

    pub fn load(path: &Path) -> Result<Self, WeightsError> {
        let failed = |source| WeightsError::Io { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        let file = fs::File::open(path).map_err(failed)?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(WeightsError::Foreign(format!("it is larger than {MAX_BYTES} bytes")));
        }
        Self::from_bytes(&bytes)
    }
}

fn header(bytes: &[u8]) -> Result<About, WeightsError> {
    let (_, metadata) =
        SafeTensors::read_metadata(bytes).map_err(|error| WeightsError::Foreign(error.to_string()))?;
    let text = metadata.metadata().as_ref().and_then(|entries| entries.get(KEY));
    let text = text.ok_or_else(|| WeightsError::Foreign(format!("it has no entry `{KEY}`")))?;
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| WeightsError::Damaged(error.to_string()))?;
    // The version first: another format need not hold what this one asks for.
    let found = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0) as u32;
    if found != VERSION {
        return Err(WeightsError::Version { found });
    }
    let header: Header =
        serde_json::from_value(value).map_err(|error| WeightsError::Damaged(error.to_string()))?;
    Ok(header.about)
}

fn numbered<'a>(
    name: &'a str,
    rows: impl Iterator<Item = Vec<f32>> + 'a,
) -> impl Iterator<Item = (String, Vec<u8>)> + 'a {
    rows.enumerate().map(move |(number, row)| {
        (format!("{name}.{number}"), row.iter().flat_map(|value| value.to_le_bytes()).collect())
    })
}

fn flat(tensor: &Tensor) -> Vec<f32> {
    Vec::try_from(tensor.reshape([-1])).expect("a flat tensor of floats")
}

fn values(tensors: &SafeTensors, name: &str) -> Result<Vec<f32>, WeightsError> {
    let view = tensors.tensor(name).map_err(|_| WeightsError::Damaged(format!("it lacks {name}")))?;
    if view.dtype() != Dtype::F32 {
        return Err(WeightsError::Damaged(format!("{name} is not of 32-bit floats")));
    }
    let float = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().expect("four bytes"));
    Ok(view.data().chunks_exact(4).map(float).collect())
}
