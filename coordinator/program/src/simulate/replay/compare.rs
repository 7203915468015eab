//! The figures of a file beside those of its replay.

use serde_json::{Map, Value};

use super::play::BY_ZONE;
use super::recipe::RESULTS;

/// Relative error up to which two figures are the same: files round to nine places or so.
pub const TOLERANCE: f64 = 1e-6;

#[derive(Debug, Default)]
pub struct Comparison {
    pub figures: usize,
    pub differing: usize,
    /// In words, of the first figure that differs.
    pub first: Option<String>,
    /// Largest relative error, and where it is.
    pub worst: Option<(f64, String)>,
    /// Fields and parts of them that the replay does not have.
    pub left_out: Vec<String>,
}

impl Comparison {
    /// All fields of `expected`, in the order of [`RESULTS`].
    pub fn of(found: &Map<String, Value>, expected: &Map<String, Value>) -> Self {
        let mut compared = Self::default();
        let place = |name: &str| RESULTS.iter().position(|result| *result == name).unwrap_or(RESULTS.len());
        let mut names: Vec<&String> = expected.keys().collect();
        names.sort_by_key(|name| place(name));
        for name in names {
            let by_zone =
                (name == "hourly_ci" && expected[name].is_object()).then(|| found.get(BY_ZONE)).flatten();
            match by_zone.or(found.get(name)) {
                Some(found) if name == "pareto_cells" => {
                    compared.value(&sorted(found), &sorted(&expected[name]), name);
                }
                Some(found) => compared.value(found, &expected[name], name),
                None => compared.leave_out(name),
            }
        }
        compared
    }

    fn value(&mut self, found: &Value, expected: &Value, name: &str) {
        match (found, expected) {
            (Value::Number(found), Value::Number(expected)) => {
                let number = |number: &serde_json::Number| number.as_f64().unwrap_or(f64::NAN);
                self.number(number(found), number(expected), name);
            }
            (Value::Array(found), Value::Array(expected)) => {
                for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
                    self.value(found, expected, &format!("{name}[{place}]"));
                }
                if found.len() != expected.len() {
                    self.differs(format!("{name} has {} entries, the file {}", found.len(), expected.len()));
                }
            }
            (Value::Object(found), Value::Object(expected)) => {
                for (key, expected) in expected {
                    match found.get(key) {
                        Some(found) => self.value(found, expected, &format!("{name}.{key}")),
                        None => self.leave_out(&format!("{name}.{key}")),
                    }
                }
            }
            (found, expected) if found == expected => self.figures += 1,
            (found, expected) => {
                self.figures += 1;
                self.differs(format!("{name} is {found}, the file says {expected}"));
            }
        }
    }

    fn number(&mut self, found: f64, expected: f64, name: &str) {
        self.figures += 1;
        let off = (found - expected).abs();
        let error = if off == 0.0 { 0.0 } else { off / expected.abs().max(1e-9) };
        if self.worst.as_ref().is_none_or(|(worst, _)| error > *worst) {
            self.worst = Some((error, name.to_owned()));
        }
        // A comparison that NaN fails, too.
        if !(error <= TOLERANCE || off <= rounding(name)) {
            self.differs(format!("{name} is {found}, the file says {expected} (relative error {error:.1e})"));
        }
    }

    /// Once for all entries of a list.
    fn leave_out(&mut self, name: &str) {
        let name: String = name.split('[').map(|part| part.rsplit(']').next().unwrap_or(part)).collect();
        if !self.left_out.contains(&name) {
            self.left_out.push(name);
        }
    }

    fn differs(&mut self, what: String) {
        self.differing += 1;
        self.first.get_or_insert(what);
    }
}

/// What such files round away, which may be more than the tolerance of a small figure: they keep six places of seconds, grams and
/// hypervolumes, nine of kilowatt-hours, two of a zone's sum in grams.
fn rounding(name: &str) -> f64 {
    let is = |end: &str| name.ends_with(end);
    match name {
        _ if is(".g") || is("total_g") || name.starts_with("g_by_zone") => 5.1e-3,
        _ if is(".t_s") || is(".hv") || name.starts_with("cumulative_g") || name.starts_with("hv_after") => {
            5.1e-7
        }
        _ if name.starts_with("cumulative_kwh") => 5.1e-10,
        _ => 1e-12,
    }
}

/// A front has no order.
fn sorted(cells: &Value) -> Value {
    let mut cells = cells.clone();
    if let Value::Array(cells) = &mut cells {
        cells.sort_by_key(Value::as_u64);
    }
    cells
}
