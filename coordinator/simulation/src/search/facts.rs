//! What an oracle knows without training, as the optimiser asks for it.

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use lamoo::Knowledge;

use super::oracle::Oracle;

#[derive(Debug, Clone, Copy)]
pub struct Facts<'a>(pub &'a dyn Oracle);

impl Knowledge for Facts<'_> {
    /// Nothing of what is not listed: no proposal will be.
    fn known(&self, objective: usize, architecture: &Architecture) -> Option<f64> {
        let listed = self.0.listed().is_none_or(|listed| listed.contains(architecture));
        let known = listed && self.0.objectives()[objective].known;
        known.then(|| self.0.train(architecture, Fidelity::Full).objectives[objective])
    }

    fn is_learnt(&self, objective: usize) -> bool {
        !self.0.objectives()[objective].known
    }

    fn is_trained(&self, objective: usize) -> bool {
        self.0.is_trained(objective)
    }
}
