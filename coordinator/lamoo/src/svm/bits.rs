//! Rows of zeros and ones, a byte for each value and column by column: how many ones a point shares with every row is a sum
//! of its own columns, many rows at a time.

/// Sums of columns are held in bytes.
const MOST_COLUMNS: usize = u8::MAX as usize;

#[derive(Debug, Clone)]
pub(super) struct Bits {
    /// `[d, n]`.
    columns: Vec<u8>,
    /// Of each row.
    ones: Vec<u16>,
}

impl Bits {
    /// None where a value is neither 0 nor 1, or where there are more columns than a byte can count.
    pub(super) fn of(features: &[&[f64]], columns: usize) -> Option<Self> {
        if columns > MOST_COLUMNS {
            return None;
        }
        let count = features.len();
        let mut bits = Self { columns: vec![0; columns * count], ones: Vec::with_capacity(count) };
        for (row, features) in features.iter().enumerate() {
            let places = places(features)?;
            bits.ones.push(places.len() as u16);
            places.iter().for_each(|&place| bits.columns[place * count + row] = 1);
        }
        Some(bits)
    }

    /// How many ones each row shares with a point that has ones at `places`, `[n]`.
    pub(super) fn shared(&self, places: &[usize]) -> Vec<u8> {
        let count = self.ones.len();
        let mut shared = vec![0; count];
        for &place in places {
            let column = &self.columns[place * count..(place + 1) * count];
            shared.iter_mut().zip(column).for_each(|(sum, bit)| *sum += bit);
        }
        shared
    }

    /// Ones of each row, `[n]`.
    pub(super) fn ones(&self) -> &[u16] {
        &self.ones
    }
}

/// Where the ones are; none where a value is neither 0 nor 1.
pub(super) fn places(features: &[f64]) -> Option<Vec<usize>> {
    // Each place is written and kept only if a one is there: no branch to guess wrong.
    let mut places = vec![0; features.len() + 1];
    let (mut count, mut is_bits) = (0, true);
    for (place, &value) in features.iter().enumerate() {
        places[count] = place;
        count += usize::from(value == 1.0);
        is_bits &= value == 0.0 || value == 1.0;
    }
    places.truncate(count);
    is_bits.then_some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_ones_are_counted() {
        let rows: [&[f64]; 3] = [&[1.0, 0.0, 1.0], &[0.0, 0.0, 0.0], &[1.0, 1.0, 1.0]];
        let bits = Bits::of(&rows, 3).unwrap();
        assert_eq!(bits.ones(), [2, 0, 3]);
        assert_eq!(bits.shared(&places(&[0.0, 1.0, 1.0]).unwrap()), [1, 0, 2]);
        assert_eq!(bits.shared(&[]), [0, 0, 0]);
    }

    #[test]
    fn other_rows_have_no_bits() {
        assert!(Bits::of(&[&[1.0, 0.5]], 2).is_none() && Bits::of(&[&[f64::NAN]], 1).is_none());
        let wide = [1.0; 256];
        assert!(Bits::of(&[&wide], 256).is_none());
        assert_eq!(Bits::of(&[&wide[1..]], 255).unwrap().shared(&places(&wide[1..]).unwrap()), [255]);
        assert_eq!(Bits::of(&[], 0).unwrap().shared(&[]), Vec::<u8>::new());
    }
}
