//! Every model by its name through the conformance suite, and the suite itself against models that cheat.

use common::carbon::Forecast;
use forecast::{Error, Forecaster, MODELS, Persistence, Series, build, conformance::check_forecaster};

#[test]
fn every_model_keeps_its_promises() {
    // The transformer has a file of tests of its own, where it is small enough for a score of fits.
    let dear = |name: &&str| cfg!(feature = "torch") && ["transformer", "ensemble"].contains(name);
    for name in MODELS.into_iter().filter(|name| !dear(name)) {
        for horizon in [24, 168] {
            check_forecaster(|| build(name, horizon).unwrap(), horizon);
        }
    }
}

/// Carries the mean of what it was fitted on into every forecast, whatever was known then.
#[derive(Debug, Default)]
struct Clairvoyant(f64);

impl Forecaster for Clairvoyant {
    fn name(&self) -> &str {
        "persistence"
    }
    fn min_history_hours(&self) -> usize {
        1
    }
    fn fit(&mut self, history: &Series) -> Result<(), Error> {
        self.0 = history.values().iter().sum::<f64>() / history.len() as f64;
        Ok(())
    }
    fn forecast(&self, history: &Series, horizon: usize) -> Result<Forecast, Error> {
        let mut forecast = Persistence.forecast(history, horizon)?;
        forecast.quantiles.iter_mut().flatten().for_each(|value| *value = self.0);
        Ok(forecast)
    }
}

#[test]
#[should_panic(expected = "carried the future into the past")]
fn a_model_that_knows_the_future_is_caught() {
    check_forecaster(|| Box::new(Clairvoyant::default()), 24);
}

#[test]
fn an_unknown_model_names_the_nearest() {
    #[cfg(not(feature = "torch"))]
    for name in ["transformer", "transformer:weights.safetensors"] {
        let refused = build(name, 24).unwrap_err().to_string();
        assert!(refused.contains("--features torch"), "{refused}");
    }
    let refused = build("liner", 24).unwrap_err().to_string();
    assert_eq!(refused, "there is no forecast model `liner`; the nearest is `linear`");
    assert!(matches!(build("linear", 169), Err(Error::Horizon { .. })));
    assert!(matches!(build("linear", 0), Err(Error::Horizon { .. })));
}
