//! One decision of a search space: how many options it has, and whether they have an order.

/// Options up to which an ordered decision is coded by its steps and may be changed to any other.
const FEW: u32 = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// At least 1; genes count from 0.
    pub options: u32,
    pub scale: Scale,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// No two options are closer than two others: an operation.
    Categorical,
    /// Neighbours are alike: a width, a depth, a learning rate on its grid.
    Ordered,
}

impl Decision {
    pub const fn categorical(options: u32) -> Self {
        Self { options, scale: Scale::Categorical }
    }

    pub const fn ordered(options: u32) -> Self {
        Self { options, scale: Scale::Ordered }
    }

    /// Whether its options are many and in order, so that it may be treated as a number.
    pub fn is_fine(&self) -> bool {
        self.scale == Scale::Ordered && self.options > FEW
    }

    /// The place of `gene` on its scale, in [0, 1].
    pub fn place(&self, gene: u32) -> f64 {
        if self.options < 2 { 0.0 } else { f64::from(gene) / f64::from(self.options - 1) }
    }

    /// How many numbers [`Decision::code`] writes.
    pub fn width(&self) -> usize {
        match self.scale {
            Scale::Categorical => self.options as usize,
            Scale::Ordered if self.options <= FEW => self.options as usize - 1,
            Scale::Ordered => 1,
        }
    }

    /// Appends the code of `gene`. Options without order are one-hot: ordinal codes would invent an order. Few ordered ones are a
    /// thermometer (one for each step taken), so that codes differ in as many places as there are steps between; many are
    /// their place on the scale.
    pub fn code(&self, gene: u32, features: &mut Vec<f64>) {
        let is = |claim: bool| f64::from(u8::from(claim));
        match self.scale {
            Scale::Categorical => features.extend((0..self.options).map(|option| is(option == gene))),
            Scale::Ordered if self.options <= FEW => {
                features.extend((1..self.options).map(|step| is(gene >= step)));
            }
            Scale::Ordered => features.push(self.place(gene)),
        }
    }

    /// Other genes within one step, in a fixed order: all of them where they are few or have no order, else up and down by a
    /// half, a quarter, … of the scale, to its ends at most.
    pub fn steps(&self, gene: u32) -> Vec<u32> {
        if !self.is_fine() {
            return (0..self.options).filter(|&other| other != gene).collect();
        }
        let last = self.options - 1;
        let lengths = (1..=last.ilog2()).map(|halvings| last >> halvings);
        let mut steps: Vec<u32> = lengths
            .flat_map(|length| [gene.saturating_sub(length), gene.saturating_add(length).min(last)])
            .collect();
        steps.sort_unstable();
        steps.dedup();
        steps.retain(|&other| other != gene);
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(decision: Decision, gene: u32) -> Vec<f64> {
        let mut code = Vec::new();
        decision.code(gene, &mut code);
        assert_eq!(code.len(), decision.width());
        code
    }

    #[test]
    fn codes_tell_order_where_there_is_one() {
        assert_eq!(code(Decision::categorical(3), 1), [0.0, 1.0, 0.0]);
        assert_eq!(code(Decision::ordered(4), 2), [1.0, 1.0, 0.0]);
        assert_eq!(code(Decision::ordered(101), 25), [0.25]);
        assert_eq!(code(Decision::ordered(1), 0), Vec::<f64>::new());
        assert!(Decision::ordered(17).is_fine() && !Decision::ordered(16).is_fine());
        assert!(!Decision::categorical(17).is_fine());
    }

    #[test]
    fn steps_stay_on_the_scale() {
        assert_eq!(Decision::categorical(3).steps(1), [0, 2]);
        assert_eq!(Decision::ordered(3).steps(0), [1, 2]);
        assert!(Decision::ordered(1).steps(0).is_empty());
        let fine = Decision::ordered(101);
        assert_eq!(fine.steps(0), [1, 3, 6, 12, 25, 50]);
        assert_eq!(fine.steps(99), [49, 74, 87, 93, 96, 98, 100]);
        assert!(Decision::ordered(u32::MAX).steps(7).len() < 64);
    }
}
