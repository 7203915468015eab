//! The space against its promises, and the reader of its files against files that people might write.

use super::*;
use crate::seed::Seed;
use crate::space::check_space;

const FILE: &str = r#"
[[decision]]
name = "optimiser"
choices = ["sgd", "adam"]

[[decision]]
name = "momentum"
float = [0.0, 0.99]
when = { optimiser = ["sgd"] }

[[decision]]
name = "learning_rate"
float = [1e-5, 0.1]
log = true

[[decision]]
name = "layers"
integer = [2, 64]
step = 2

[[decision]]
name = "skip"
choices = [true, false]
when = { layers = [4, 6, 8], optimiser = ["sgd", "adam"] }

[[decision]]
name = "hidden"
choices = [16, 32, 64]
ordered = true
when = { skip = [true] }
"#;

fn space() -> FreeForm {
    FreeForm::new(Description::from_toml(FILE).unwrap())
}

fn refusal(text: &str) -> String {
    Description::from_toml(text).unwrap_err().to_string()
}

/// `FILE` with one change.
fn changed(part: &str, instead: &str) -> String {
    assert!(FILE.contains(part), "{part}");
    refusal(&FILE.replacen(part, instead, 1))
}

#[test]
fn keeps_the_promises_of_a_space() {
    check_space(&space(), 500);
}

#[test]
fn names_and_values_both_ways() {
    let space = space();
    let text = "optimiser=sgd,momentum=0.9,learning_rate=0.001,layers=6,skip=true,hidden=32";
    let architecture = space.decode(text).unwrap();
    assert_eq!(space.encode(&architecture), text);
    assert_eq!(
        space.decode("layers = 6; skip=true; hidden=32; learning_rate=1e-3; momentum=.9; optimiser=sgd"),
        Ok(architecture.clone())
    );
    let values = space.values(&architecture);
    assert_eq!(values[1], ("momentum", Value::Float(0.9)));
    assert_eq!(
        values[3..],
        [("layers", Value::Integer(6)), ("skip", Value::Flag(true)), ("hidden", Value::Integer(32))]
    );
    for (part, instead) in [
        ("sgd", "sgdd"),
        ("momentum=0.9", "momentum=1.5"),
        ("layers=6", "layers=5"),
        ("layers=6", "layers=six"),
        (",hidden=32", ""),
        ("skip=true", "skip=true,skip=true"),
        ("hidden", "width"),
    ] {
        assert!(space.decode(&text.replace(part, instead)).is_err(), "{instead}");
    }
}

#[test]
fn what_is_not_asked_for_changes_nothing() {
    let space = space();
    let told = space
        .decode("optimiser=adam,(momentum=0.5),learning_rate=0.01,layers=10,(skip=false),(hidden=64)")
        .unwrap();
    let silent = space.decode("optimiser=adam,learning_rate=0.01,layers=10").unwrap();
    assert_ne!(told, silent);
    assert_eq!(space.canonical(&told), silent);
    assert_eq!(
        space.active(&told),
        [true, false, true, true, false, false],
        "hidden hangs on skip, which is not asked for"
    );
    assert_eq!(space.values(&told), space.values(&silent));
    assert_eq!(space.values(&told).len(), 3);
    assert_eq!(space.encode(&silent), "optimiser=adam,learning_rate=0.01,layers=10");
}

#[test]
fn numbers_lie_on_a_grid_and_are_written_short() {
    let log = Domain::Float { min: 1e-5, max: 0.1, log: true };
    let even = Domain::Float { min: -2.0, max: 2.0, log: false };
    let ends =
        |domain: &Domain| [0, domain::GRID / 2, domain::GRID].map(|gene| domain.value(gene).to_string());
    assert_eq!(ends(&log), ["1e-5", "0.001", "0.1"]);
    assert_eq!(ends(&even), ["-2", "0", "2"]);
    for domain in [
        log,
        even,
        Domain::Float { min: 1e6, max: 1e6 + 1.0, log: false },
        Domain::Float { min: 1e-300, max: 1e300, log: true },
    ] {
        for index in 0..2000 {
            let gene = (Seed(index).derive("gene", 0).0 % u64::from(domain::GRID + 1)) as u32;
            let text = domain.value(gene).to_string();
            assert_eq!(domain.gene(&text), Some(gene), "{domain:?}: {text}");
        }
    }
    assert_eq!(space().decisions()[1].options, (1 << 24) + 1);
    assert!(space().decisions()[2].is_fine());
}

#[test]
fn a_description_travels() {
    let description = Description::from_toml(FILE).unwrap();
    let bytes = rmp_serde::to_vec_named(&description).unwrap();
    assert_eq!(rmp_serde::from_slice::<Description>(&bytes).unwrap(), description);
    let text = serde_json::to_string(&description).unwrap();
    assert_eq!(serde_json::from_str::<Description>(&text).unwrap(), description);
    // What no file could have said is refused on arrival, too.
    assert!(serde_json::from_str::<Description>(&text.replace("\"step\":2", "\"step\":0")).is_err());
    assert!(serde_json::from_str::<Description>(&text.replace("\"decision\":3", "\"decision\":5")).is_err());
    assert!(serde_json::from_str::<Description>("[]").is_err());
    let endless = text.replace("\"min\":2,\"max\":64", &format!("\"min\":{},\"max\":{}", i64::MIN, i64::MAX));
    assert!(serde_json::from_str::<Description>(&endless).is_err());
}

#[test]
fn mistakes_are_named_with_the_cure() {
    let check = |message: String, expected: &[&str]| {
        assert!(expected.iter().all(|part| message.contains(part)), "{message}");
    };
    check(refusal(""), &["at least one decision"]);
    check(refusal("[decision]\nname = \"a\""), &["[[decision]]"]);
    check(refusal("[[decisions]]\nname = \"a\""), &["`decisions`", "did you mean `decision`?"]);
    check(refusal("[[decision]"), &["line 1"]);
    check(refusal("[[decision]]\nchoices = [1]"), &["decision 1", "no name"]);
    check(changed("choices = [\"sgd\", \"adam\"]", ""), &["`optimiser`", "choices = […]"]);
    check(
        changed("choices = [\"sgd\", \"adam\"]", "choice = [\"sgd\"]"),
        &["`choice`", "did you mean `choices`?"],
    );
    check(changed("choices = [16, 32, 64]", "choices = []"), &["`hidden`", "empty"]);
    check(changed("choices = [16, 32, 64]", "choices = [16, 16]"), &["`16`", "twice"]);
    check(changed("choices = [16, 32, 64]", "choices = [[16]]"), &["`hidden`", "a text, a number"]);
    check(changed("[\"sgd\", \"adam\"]", "[\"sgd\", \"a=b\"]"), &["a=b", "separates"]);
    check(changed("float = [0.0, 0.99]", "float = [0.99, 0.0]"), &["`momentum`", "range is empty"]);
    check(changed("float = [0.0, 0.99]", "float = [0.0, inf]"), &["`momentum`", "finite"]);
    check(changed("float = [0.0, 0.99]", "float = [0.9, 0.9000000000000001]"), &["`momentum`", "too narrow"]);
    check(changed("float = [0.0, 0.99]", "float = [0.0]"), &["`momentum`"]);
    check(changed("float = [1e-5, 0.1]", "float = [0.0, 0.1]"), &["`learning_rate`", "above 0"]);
    check(changed("integer = [2, 64]", "integer = [64, 2]"), &["`layers`", "64 is more than 2"]);
    check(changed("step = 2", "step = 0"), &["`layers`", "step = 0"]);
    check(changed("integer = [2, 64]\nstep = 2", "integer = [0, 100_000_000]"), &["`layers`", "larger step"]);
    check(changed("integer = [2, 64]", "float = [2.0, 64.0]"), &["`step` belongs to `integer`"]);
    check(changed("log = true", "integer = [1, 2]"), &["one of choices, integer and float"]);
    check(changed("layers = [4, 6, 8]", "layer = [4, 6, 8]"), &["`layer`", "did you mean `layers`?"]);
    check(changed("layers = [4, 6, 8]", "layers = [4, 5]"), &["layers = 5", "no option"]);
    check(changed("[\"sgd\"]", "[\"sdg\"]"), &["optimiser = sdg", "they are sgd, adam"]);
    check(changed("layers = [4, 6, 8]", "layers = []"), &["names no value"]);
    check(changed("layers = [4, 6, 8]", "skip = [true]"), &["names itself"]);
    check(changed("layers = [4, 6, 8]", "hidden = [16]"), &["stands below it"]);
    check(changed("layers = [4, 6, 8]", "momentum = [0.5]"), &["number on a grid"]);
    check(changed("name = \"hidden\"", "name = \"layers\""), &["`layers`", "another decision"]);
}
