//! A zone's hours with the forecasts that were issued at each, made once so that thousands of studies can live in them.
//!
//! Law F-1: the row of an hour was made from hours up to it; what is handed to a policy at an hour is that row.

use std::collections::HashMap;

use common::carbon::Forecast;
use common::id::Zone;
use common::time::GridHour;
use common::unit::Intensity;
use forecast::{Selector, Series};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

/// Hours ahead that are kept: the longest study that is trained on.
pub const HORIZON: usize = 96;
/// What policies and law A-3 ask for.
pub const LEVELS: [f64; 4] = [0.1, 0.5, 0.9, 0.95];
/// Grid hours after which a model is trained anew: rarer than live, for it is most of the work.
const RETRAINED_EVERY: u32 = 4 * 168;
const ROW: usize = HORIZON * LEVELS.len();
const KEY: &str = "cenas_grid";

#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    pub zone: Zone,
    /// Of `values`.
    pub first: GridHour,
    /// gCO2eq/kWh.
    pub values: Vec<f32>,
    /// The first hour at which a forecast was issued.
    pub issued_from: GridHour,
    /// `[hours from issued_from][HORIZON][LEVELS]`, gCO2eq/kWh.
    rows: Vec<f32>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Forecast(#[from] forecast::Error),
    #[error("not a grid with its forecasts: {0}; make it again")]
    Foreign(String),
}

impl Grid {
    /// Forecasts at every hour of `from..=until` by the product's own choice of model, none of which sees a later hour. `each` is told
    /// of every hour that is done.
    pub fn prepare(
        series: &Series,
        from: GridHour,
        until: GridHour,
        each: &mut dyn FnMut(),
    ) -> Result<Self, Error> {
        let mut selector = Selector::new(forecast::AUTO, HORIZON)?.retrained_every(RETRAINED_EVERY);
        let mut rows = Vec::new();
        let hours = (from.0..=until.0).map(GridHour);
        for hour in hours.take_while(|hour| *hour <= series.last_hour()) {
            let said = selector.forecast(|hours| series.past(hour, hours).ok_or(forecast::Error::Empty))?;
            for ahead in 1..=HORIZON as i64 {
                let at = |level: f64| said.quantile(hour.plus(ahead), level).map_or(0.0, |value| value.0);
                rows.extend(LEVELS.map(|level| at(level) as f32));
            }
            each();
        }
        let values = series.values().iter().map(|value| *value as f32).collect();
        Ok(Self { zone: series.zone().clone(), first: series.first_hour(), values, issued_from: from, rows })
    }

    pub fn at(&self, hour: GridHour) -> Option<f64> {
        let index = usize::try_from(hour.0 - self.first.0).ok()?;
        self.values.get(index).map(|value| f64::from(*value))
    }

    /// The last hour at which a forecast was issued.
    pub fn issued_until(&self) -> GridHour {
        self.issued_from.plus((self.rows.len() / ROW) as i64 - 1)
    }

    /// `[HORIZON][LEVELS]`, as issued at `hour`.
    pub fn row(&self, hour: GridHour) -> Option<&[f32]> {
        let index = usize::try_from(hour.0 - self.issued_from.0).ok()?;
        self.rows.get(index * ROW..(index + 1) * ROW)
    }

    /// With intensities raised to `power` about their mean: a grid that swings more, or less, than the one recorded.
    pub fn stretched(&self, power: f64) -> Self {
        let mean = self.values.iter().map(|value| f64::from(*value)).sum::<f64>() / self.values.len() as f64;
        let shaped = |value: &f32| (mean * libm::pow(f64::from(*value) / mean, power)) as f32;
        let each = |values: &[f32]| values.iter().map(shaped).collect();
        Self { values: each(&self.values), rows: each(&self.rows), ..self.clone() }
    }

    /// As a policy gets it, `hours` ahead at most.
    pub fn forecast(&self, hour: GridHour, hours: usize) -> Option<Forecast> {
        let row = self.row(hour)?;
        let ahead = row.chunks_exact(LEVELS.len()).take(hours);
        Some(Forecast {
            zone: self.zone.clone(),
            issued_at: hour,
            model: "recorded".into(),
            levels: LEVELS.to_vec(),
            quantiles: ahead.map(|row| row.iter().map(|value| f64::from(*value)).collect()).collect(),
        })
    }

    /// What was known at `hour`, oldest first.
    pub fn recent(&self, hour: GridHour, hours: usize) -> Vec<Intensity> {
        let end = (hour.0 + 1 - self.first.0).clamp(0, self.values.len() as i64) as usize;
        let known = &self.values[end.saturating_sub(hours)..end];
        known.iter().map(|value| Intensity(f64::from(*value))).collect()
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let (values, rows) = (bytes(&self.values), bytes(&self.rows));
        let view = |bytes| TensorView::new(Dtype::F32, vec![<[u8]>::len(bytes) / 4], bytes).expect("floats");
        let about = HashMap::from([
            (KEY.to_owned(), self.zone.to_string()),
            ("first".to_owned(), self.first.0.to_string()),
            ("issued_from".to_owned(), self.issued_from.0.to_string()),
        ]);
        safetensors::serialize([("values", view(&values)), ("rows", view(&rows))], Some(about))
            .expect("two names")
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let foreign = |error: safetensors::SafeTensorError| Error::Foreign(error.to_string());
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(foreign)?;
        let about = metadata.metadata().clone().unwrap_or_default();
        let word =
            |key: &str| about.get(key).cloned().ok_or_else(|| Error::Foreign(format!("it lacks {key}")));
        let hour = |key: &str| {
            word(key)?.parse().map(GridHour).map_err(|_| Error::Foreign(format!("its {key} is no hour")))
        };
        let tensors = SafeTensors::deserialize(bytes).map_err(foreign)?;
        let floats = |name: &str| -> Result<Vec<f32>, Error> {
            let view = tensors.tensor(name).map_err(foreign)?;
            let float = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().expect("four bytes"));
            let values: Vec<f32> = view.data().chunks_exact(4).map(float).collect();
            match values.iter().all(|value| value.is_finite() && *value >= 0.0) {
                true => Ok(values),
                false => Err(Error::Foreign(format!("its {name} hold what is no intensity"))),
            }
        };
        let rows = floats("rows")?;
        if rows.len() % ROW != 0 {
            return Err(Error::Foreign("its forecasts are cut off".into()));
        }
        Ok(Self {
            zone: Zone::new(word(KEY)?),
            first: hour("first")?,
            values: floats("values")?,
            issued_from: hour("issued_from")?,
            rows,
        })
    }
}
