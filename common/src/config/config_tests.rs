//! Defaults, precedence and refusals.

use super::*;

fn with(assignments: &[&str]) -> Result<Config, Error> {
    let assignments: Vec<String> = assignments.iter().map(ToString::to_string).collect();
    load(None, [], &assignments)
}

fn refusal(assignments: &[&str]) -> String {
    with(assignments).unwrap_err().to_string()
}

#[test]
fn the_defaults_make_a_study() {
    let config = with(&[]).unwrap();
    let spec = config.study_spec().unwrap();
    assert_eq!(spec.objectives.len(), 2);
    assert_eq!(spec.objectives[0].reference, 0.9, "chance level of ten classes");
    assert_eq!(spec.objectives[1].reference, 1_531_546.0, "the largest network");
    assert_eq!(config.budget.carbon_g.get(), None);
}

#[test]
fn flags_win_over_environment_over_file() {
    let directory = std::env::temp_dir().join(format!("cenas-config-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("study.toml");
    std::fs::write(&file, "[study]\nseed = 2\nname = \"file\"\n[budget]\nhours = 5\n").unwrap();
    let environment = [
        ("CENAS__STUDY__SEED".to_string(), "3".to_string()),
        ("CENAS__BUDGET__HOURS".to_string(), "7.5".to_string()),
        ("CENAS_DATA".to_string(), "elsewhere".to_string()),
        ("HOME".to_string(), "home".to_string()),
    ];
    let config = load(Some(&file), environment, &["study.seed=4".into()]).unwrap();
    assert_eq!((config.study.seed, config.study.name.as_str()), (4, "file"));
    assert_eq!(config.budget.hours.get(), Some(7.5));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest() {
    assert!(refusal(&["study.sed=4"]).contains("did you mean `study.seed`?"));
    let environment = [("CENAS__BUDGET__HUORS".to_string(), "3".to_string())];
    let message = load(None, environment, &[]).unwrap_err().to_string();
    assert!(message.contains("CENAS__BUDGET__HUORS") && message.contains("`budget.hours`"), "{message}");
}

#[test]
fn values_without_meaning_are_refused_with_the_cure() {
    assert!(refusal(&["budget.hours=0"]).contains("greater than zero"));
    assert!(refusal(&["budget.hours=unlimited"]).contains("limit at least one"));
    assert!(refusal(&["budget.hours=soon"]).contains("unlimited"));
    assert!(refusal(&["space.input=[3,30,30]"]).contains("divisible by 4"));
    assert!(refusal(&["search.searcher=evolutoin"]).contains("did you mean `evolution`?"));
    assert!(refusal(&["objectives.minimise=[\"error\",\"latency_ms\"]"]).contains("depends on your device"));
    assert!(refusal(&["objectives.minimise=[\"error\"]"]).contains("two or three"));
    assert!(refusal(&["nonsense"]).contains("section.key=value"));
    assert!(refusal(&["ladder.rung_epochs=200"]).contains("fewer epochs"));
}

#[test]
fn what_is_printed_can_be_read_again() {
    let config = with(&["study.name=my study", "budget.carbon_g=12.5"]).unwrap();
    let text = toml::to_string(&config).unwrap();
    let again: Config = toml::from_str(&text).unwrap();
    assert_eq!(again, config);
    assert_eq!(again.study.name, "my study");
}
