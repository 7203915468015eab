//! What the program says: one JSON object a line, each checked before anything believes it.
//!
//! Lines that don't begin with a brace are talk, for the log alone. Of what begins with one everything must be right: a
//! program that writes nonsense where figures are read is not to be trusted with the rest.

use serde::Deserialize;

/// The longest message; a result has a few hundred bytes.
pub const MOST_BYTES: usize = 64 * 1024;
/// Characters of a broken line, and of what is wrong with it, that a complaint repeats.
const SHOWN: usize = 120;

/// One message.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// How far it is; at the end of an epoch, or whenever it likes.
    Progress {
        /// Epochs done, from 1.
        epoch: Option<u32>,
        /// Share of the job, in [0, 1]; epochs done of those wanted, where it is not told.
        done: Option<f64>,
        training_loss: Option<f64>,
        validation_error: Option<f64>,
    },
    /// The checkpoint folder is whole, and stays as it is while somebody has asked for it.
    Checkpoint,
    /// The last word: what was found.
    Result(Figures),
}

/// A result, as the program tells it.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Share of the validation images misclassified, in [0, 1].
    pub validation_error: f64,
    /// The same of the test images, after a full training.
    pub test_error: Option<f64>,
    pub parameters: Option<u64>,
    /// Multiply-accumulates of one inference.
    pub flops: Option<u64>,
    pub latency_ms: Option<f64>,
    pub joules_per_inference: Option<f64>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A figure on the way is NaN or infinite.
    #[error("a figure is NaN or infinite")]
    Diverged,
    #[error("its result is NaN or infinite: {0}")]
    NotFinite(String),
    #[error("it said what is no message: {reason}: {line}")]
    Broken { reason: String, line: String },
    #[error("it said {figure} = {value}, which is not {range}")]
    Range { figure: &'static str, value: String, range: &'static str },
    #[error("it said a line of more than {MOST_BYTES} bytes")]
    TooLong,
}

/// Whether a line of standard output is meant as a message.
pub fn is_message(line: &[u8]) -> bool {
    line.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

/// Reads a line that is meant as a message.
pub fn read(line: &[u8]) -> Result<Line, Fault> {
    let text = String::from_utf8_lossy(line);
    match serde_json::from_str(&text) {
        Ok(read) => plausible(read),
        Err(error) => Err(fault(&text, &error)),
    }
}

fn fault(text: &str, error: &serde_json::Error) -> Fault {
    let shown = |text: &str| text.trim().chars().take(SHOWN).collect::<String>();
    let line = shown(text);
    // Python and JavaScript libraries write NaN and Infinity, which JSON has no words for.
    let Some(finite) = without_infinities(text) else {
        return Fault::Broken { reason: shown(&error.to_string()), line };
    };
    match serde_json::from_str::<serde_json::Value>(&finite) {
        Ok(value) if value["type"] == "progress" => Fault::Diverged,
        Ok(_) => Fault::NotFinite(line),
        Err(_) => Fault::Broken { reason: shown(&error.to_string()), line },
    }
}

/// The text with null in place of NaN and infinities; none where there are none.
fn without_infinities(text: &str) -> Option<String> {
    let (mut finite, mut rest) = (String::with_capacity(text.len()), text);
    let (mut quoted, mut found) = (false, false);
    while let Some(next) = rest.chars().next() {
        let token = ["NaN", "-Infinity", "Infinity"].into_iter().find(|token| rest.starts_with(token));
        let length = match (quoted, token, next) {
            (false, Some(token), _) => {
                found = true;
                finite.push_str("null");
                rest = &rest[token.len()..];
                continue;
            }
            (true, _, '\\') => next.len_utf8() + rest[1..].chars().next().map_or(0, char::len_utf8),
            (_, _, '"') => {
                quoted = !quoted;
                1
            }
            _ => next.len_utf8(),
        };
        finite.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    found.then_some(finite)
}

/// Refuses figures that no measurement yields. JSON itself has no NaN.
fn plausible(line: Line) -> Result<Line, Fault> {
    let share = |figure, value: Option<f64>| within(figure, value, 0.0, 1.0, "a share between 0 and 1");
    let positive = |figure, value: Option<f64>| within(figure, value, 0.0, 1e12, "a positive number");
    match &line {
        Line::Progress { epoch, done, training_loss, validation_error } => {
            within("epoch", epoch.map(f64::from), 1.0, f64::INFINITY, "an epoch counted from 1")?;
            share("done", *done)?;
            within("training_loss", *training_loss, -1e30, 1e30, "a loss")?;
            share("validation_error", *validation_error)?;
        }
        Line::Checkpoint => {}
        Line::Result(figures) => {
            share("validation_error", Some(figures.validation_error))?;
            share("test_error", figures.test_error)?;
            positive("latency_ms", figures.latency_ms)?;
            positive("joules_per_inference", figures.joules_per_inference)?;
        }
    }
    Ok(line)
}

fn within(
    figure: &'static str,
    value: Option<f64>,
    least: f64,
    most: f64,
    range: &'static str,
) -> Result<(), Fault> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(Fault::Range { figure, value: value.to_string(), range })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Line, Fault> {
        assert!(is_message(text.as_bytes()), "{text}");
        read(text.as_bytes())
    }

    fn complaint(text: &str) -> String {
        check(text).unwrap_err().to_string()
    }

    #[test]
    fn messages_are_read() {
        let progress = r#"{"type":"progress","epoch":3,"training_loss":0.5,"validation_error":null}"#;
        let expected =
            Line::Progress { epoch: Some(3), done: None, training_loss: Some(0.5), validation_error: None };
        assert_eq!(check(progress), Ok(expected));
        assert_eq!(check(r#"  {"type": "checkpoint"}"#), Ok(Line::Checkpoint));
        let result = r#"{"type":"result","validation_error":0.25,"test_error":0.5,"parameters":12}"#;
        let Ok(Line::Result(figures)) = check(result) else { panic!() };
        assert_eq!((figures.test_error, figures.parameters, figures.flops), (Some(0.5), Some(12), None));
    }

    #[test]
    fn talk_is_no_message() {
        for talk in ["", "Epoch 1/3", "  [####]", "100%|####|", "\u{1b}[0m{", "\"{}\""] {
            assert!(!is_message(talk.as_bytes()), "{talk}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        assert!(complaint("{").contains("no message"));
        assert!(complaint("{'type': 'result'}").contains("'result'"), "Python's print of a dict");
        assert!(complaint(r#"{"type":"resutl"}"#).contains("resutl"));
        assert!(complaint(r#"{"type":"result"}"#).contains("validation_error"));
        assert!(complaint(r#"{"type":"result","validation_error":0.1,"accuracy":3}"#).contains("accuracy"));
        assert!(complaint(r#"{"type":"result","validation_error":1e999}"#).contains("no message"));
        assert!(complaint(r#"{"type":"checkpoint"} {"#).contains("trailing"));
        assert!(complaint(&format!("{{\"type\":\"{}\"}}", "é".repeat(1000))).len() < 1000);
    }

    #[test]
    fn figures_out_of_range_are_refused() {
        assert!(complaint(r#"{"type":"result","validation_error":12}"#).contains("between 0 and 1"));
        assert!(complaint(r#"{"type":"result","validation_error":-0.1}"#).contains("between 0 and 1"));
        assert!(
            complaint(r#"{"type":"result","validation_error":0.1,"latency_ms":-1}"#).contains("positive")
        );
        assert!(complaint(r#"{"type":"result","validation_error":0.1,"parameters":-1}"#).contains("-1"));
        assert!(complaint(r#"{"type":"progress","epoch":0}"#).contains("from 1"));
        assert!(complaint(r#"{"type":"progress","done":1.5}"#).contains("between 0 and 1"));
    }

    #[test]
    fn what_is_not_a_number_is_told_from_what_is_no_json() {
        assert_eq!(check(r#"{"type":"progress","epoch":1,"training_loss":NaN}"#), Err(Fault::Diverged));
        assert_eq!(check(r#"{"type":"progress","training_loss":-Infinity}"#), Err(Fault::Diverged));
        assert!(complaint(r#"{"type":"result","validation_error":NaN}"#).contains("NaN or infinite"));
        let quoted = complaint(r#"{"type":"a \" NaN"}"#);
        assert!(quoted.contains("no message"), "a word in quotes is no figure: {quoted}");
        assert!(matches!(check(r#"{"type":NaN"#), Err(Fault::Broken { .. })));
    }
}
