//! Adam (Kingma and Ba 2015) on a list of tensors, with the gradient's norm clipped.

use tch::{Tensor, no_grad};

const DECAY: (f64, f64) = (0.9, 0.999);
const EPSILON: f64 = 1e-5;
/// Of the whole gradient: one odd batch may not undo what many taught.
const NORM: f64 = 0.5;

#[derive(Debug)]
pub struct Adam {
    moments: Vec<(Tensor, Tensor)>,
    steps: i32,
}

impl Adam {
    pub fn new(parameters: &[&Tensor]) -> Self {
        let zeros = |tensor: &&Tensor| (tensor.detach().zeros_like(), tensor.detach().zeros_like());
        Self { moments: parameters.iter().map(zeros).collect(), steps: 0 }
    }

    pub fn step(&mut self, parameters: &[&Tensor], loss: &Tensor, rate: f64) {
        let gradients = Tensor::run_backward(&[loss], parameters, false, false);
        self.steps += 1;
        no_grad(|| {
            let square: f64 = gradients
                .iter()
                .map(|gradient| (gradient * gradient).sum(tch::Kind::Float).double_value(&[]))
                .sum();
            let clip = (NORM / square.sqrt().max(1e-12)).min(1.0);
            let (first, second) = (1.0 - DECAY.0.powi(self.steps), 1.0 - DECAY.1.powi(self.steps));
            for ((parameter, gradient), (mean, spread)) in
                parameters.iter().zip(gradients).zip(&mut self.moments)
            {
                let gradient = gradient * clip;
                *mean = &*mean * DECAY.0 + &gradient * (1.0 - DECAY.0);
                *spread = &*spread * DECAY.1 + &gradient * &gradient * (1.0 - DECAY.1);
                let step = (&*mean / first) / ((&*spread / second).sqrt() + EPSILON) * rate;
                let mut data = parameter.detach();
                let _ = data.g_sub_(&step);
            }
        });
    }
}
