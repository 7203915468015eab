//! Units of intensity, as columns of traces name them: `Carbon intensity (lb/MWh)`, `ci_kg_per_kwh`.

use super::live::GRAMS_PER_POUND;

/// The units known, in words.
pub(super) const KNOWN: &str = "g/kWh, kg/kWh, kg/MWh, t/MWh and lb/MWh";

/// g/kWh in one of the unit that a column's plain name holds; 1 where it names none, for so intensities are told. None where it names an
/// energy and no mass that is known for it.
pub(super) fn grams_per_kwh(name: &str) -> Option<f64> {
    let words: Vec<&str> = name.split(' ').collect();
    let energy = |word: &&str| match *word {
        "wh" => Some(0.001),
        "kwh" => Some(1.0),
        "mwh" => Some(1_000.0),
        "gwh" => Some(1e6),
        _ => None,
    };
    let Some(kwh) = words.iter().find_map(energy) else { return Some(1.0) };
    let mass = |word: &&str| {
        // Of CO2 or its equivalents, said together with the mass: `gCO₂eq`, `kgCO2`.
        let unit = word.find("co").map_or(*word, |of| &word[..of]);
        match unit {
            "g" | "gram" | "grams" => Some(1.0),
            "kg" | "kgs" => Some(1_000.0),
            "t" | "tonne" | "tonnes" => Some(1e6),
            "lb" | "lbs" | "pound" | "pounds" => Some(GRAMS_PER_POUND),
            _ => None,
        }
    };
    words.iter().find_map(mass).map(|grams| grams / kwh)
}

#[cfg(test)]
mod tests {
    use super::super::columns::plain;
    use super::*;

    #[test]
    fn units_by_hand() {
        for (name, expected) in [
            ("ci_direct", Some(1.0)),
            ("Carbon Intensity gCO₂eq/kWh (LCA)", Some(1.0)),
            ("carbon_intensity_kg_per_mwh", Some(1.0)),
            ("Carbon intensity (kgCO2/kWh)", Some(1_000.0)),
            ("ci t/MWh", Some(1_000.0)),
            ("carbon intensity lbs/MWh", Some(0.453_592_37)),
            ("co2 intensity in lbCO2 per MWh", Some(0.453_592_37)),
            ("carbon intensity per kWh", None),
            ("carbon intensity oz/kWh", None),
        ] {
            let found = grams_per_kwh(&plain(name));
            let close = found.zip(expected).is_some_and(|(found, expected)| (found - expected).abs() < 1e-9);
            assert!(close || found == expected, "{name}: {found:?}");
        }
    }
}
