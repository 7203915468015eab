//! "Did you mean": the known name that is most like a mistyped one.

/// How alike two names are, in [0, 1].
pub fn similarity(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(a, b)
}

/// The known name most like `wanted`; the first of several.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(f64, &str)> = None;
    for name in known {
        let similarity = similarity(name, wanted);
        if best.is_none_or(|(most, _)| similarity > most) {
            best = Some((similarity, name));
        }
    }
    best.map(|(_, name)| name)
}

/// "; did you mean `name`?", to end a message with; nothing where no name is known.
pub fn did_you_mean<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(wanted, known).map_or(String::new(), |name| format!("; did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alike_is_named() {
        assert_eq!(nearest("acuracy", ["energy", "accuracy"]), Some("accuracy"));
        assert_eq!(did_you_mean("x", ["a", "b"]), "; did you mean `a`?");
        assert_eq!(did_you_mean("x", []), "");
    }
}
