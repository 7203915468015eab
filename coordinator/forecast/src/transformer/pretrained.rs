//! Networks that learnt before, from as many zones as one likes, and lie in a file. A zone that takes them up only fits its own skip to
//! its hours: seconds where training takes minutes.
//!
//! Such a model is named `transformer:FILE` wherever a model is named, so that settings, tables and ledgers say which networks spoke.

use std::path::Path;
use std::sync::Arc;

use common::time::GridHour;

use super::fitted::Fitted;
use super::{MIN_HISTORY_HOURS, Transformer, fit, zones};
use crate::{Error, PRETRAINED, Series};

/// The name and the bytes of a file that was read once.
#[derive(Debug, Clone)]
pub(super) struct Pretrained {
    pub name: String,
    weights: Arc<[u8]>,
}

impl Pretrained {
    /// `transformer:FILE`, for forecasts of up to `horizon` hours.
    pub fn read(name: &str, horizon: usize) -> Result<Self, Error> {
        let refused = |reason: String| Error::Weights { model: name.into(), reason };
        let path = Path::new(name.strip_prefix(PRETRAINED).unwrap_or(name));
        if path.as_os_str().is_empty() {
            return Err(refused("it names no file; write transformer:FILE".into()));
        }
        let model = Transformer::load(path).map_err(|error| refused(error.to_string()))?;
        if model.horizon < horizon {
            let far = model.horizon;
            return Err(refused(format!(
                "it reaches {far} h ahead, not {horizon}: ask for no more, or train it with --horizon {horizon}"
            )));
        }
        let weights = model.to_bytes().map_err(|error| refused(error.to_string()))?;
        Ok(Self { name: name.into(), weights: weights.into() })
    }

    /// The networks, with a skip fitted to `history`.
    pub fn renewed(&self, history: &Series) -> Result<Fitted, Error> {
        let (needed, found) = (MIN_HISTORY_HOURS, history.len());
        if found < needed {
            return Err(Error::ShortHistory { model: self.name.clone(), needed, found });
        }
        let fitted = self.fitted()?;
        let zone = fitted.zone(history.zone()).filter(|_| fitted.about.kind == history.kind());
        let zone = zone.ok_or_else(|| Error::OtherSeries {
            model: self.name.clone(),
            fitted: format!("{} {:?}", zones(&fitted.about), fitted.about.kind),
            found: format!("{} {:?}", history.zone(), history.kind()),
        })?;
        fit::renew(fitted, zone, history)
    }

    /// The last hour that the networks know, of any zone.
    pub fn until(&self) -> Result<GridHour, Error> {
        let until = self.fitted()?.about.zones.iter().map(|zone| zone.until).max();
        until.ok_or_else(|| Error::NotFitted { model: self.name.clone() })
    }

    fn fitted(&self) -> Result<Fitted, Error> {
        let model = Transformer::from_bytes(&self.weights);
        let model =
            model.map_err(|error| Error::Weights { model: self.name.clone(), reason: error.to_string() })?;
        model.fitted.ok_or_else(|| Error::NotFitted { model: self.name.clone() })
    }
}
