//! What outlives a process, killed or not, and what damaged files cost.

use std::path::Path;

use super::server::Reply;
use super::*;
use crate::carbon::CarbonSource;

const NOW: &str = "2026-05-01T10:10Z";

/// Germany by a process of its own, with a budget of `per_day` requests, whose memory lies in `folder`.
fn process(server: &Server, hands: &Hands, folder: &Path, per_day: u32) -> Live {
    with(&Memory::within(folder), server, hands, per_day)
}

fn with(memory: &Memory, server: &Server, hands: &Hands, per_day: u32) -> Live {
    let options = Options {
        pace: Pace::new(per_day, Seed(1)),
        slot: memory.shared_slot("electricity_maps"),
        ..options(&server.base(), Access::Header("auth-token"), hands)
    };
    let client = Arc::new(Mutex::new(Client::new(options)));
    let service = Box::new(ElectricityMaps::new("DE", SignalKind::AverageLifecycle));
    let slot = memory.slot("electricity_maps-DE");
    Live::remembering(Zone::new("DE"), service, client, hands.clock(), slot)
}

/// Knows the present hour, and always estimates it: no hour is ever final.
fn server() -> Server {
    Server::json(
        r#"{"zone":"DE","history":[{"carbonIntensity":100,"datetime":"2026-05-01T10:00Z","estimationMethod":"A"}]}"#,
    )
}

#[test]
fn a_process_that_is_killed_over_and_over_keeps_to_the_budget() {
    let folder = tempfile::tempdir().unwrap();
    let (server, hands) = (server(), Hands::at(NOW));
    for _ in 0..30 {
        let mut source = process(&server, &hands, folder.path(), 7);
        let _ = source.observe(hour(NOW));
        let _ = source.history(hour(NOW), 2_000);
        hands.go_on(Millis(20 * 60_000));
    }
    assert_eq!(server.asked().len(), 7);
    hands.go_on(Millis(24 * 3_600_000));
    let _ = process(&server, &hands, folder.path(), 7).history(hour(NOW), 2_000);
    assert!(server.asked().len() > 7, "the next day has a budget of its own");
}

#[test]
fn a_study_and_the_commands_beside_it_spend_one_budget() {
    let folder = tempfile::tempdir().unwrap();
    let (server, hands) = (server(), Hands::at(NOW));
    let mut study = process(&server, &hands, folder.path(), 7);
    let mut command = with(&Memory::of_study(folder.path()), &server, &hands, 7);
    let zone = folder.path().join("electricity_maps-DE.json");
    for _ in 0..12 {
        let _ = study.observe(hour(NOW));
        let kept = std::fs::read(&zone).unwrap();
        let _ = command.observe(hour(NOW));
        assert_eq!(std::fs::read(&zone).unwrap(), kept, "what zones told is the study's to keep");
        hands.go_on(Millis(20 * 60_000));
    }
    assert_eq!(server.asked().len(), 7);
}

#[test]
fn a_failure_of_one_process_is_known_to_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(|_, _| Reply::Status(429, "retry-after: 3600\r\n", String::new()));
    let hands = Hands::at(NOW);
    let mut study = process(&server, &hands, folder.path(), 100);
    let mut command = with(&Memory::of_study(folder.path()), &server, &hands, 100);
    for _ in 0..3 {
        assert!(command.observe(hour(NOW)).is_err() && study.observe(hour(NOW)).is_err());
        hands.go_on(Millis(60_000));
    }
    assert_eq!(server.asked().len(), 1, "it asked for an hour of peace");
}

#[test]
fn a_request_is_counted_before_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("electricity_maps.json");
    let (seen, seen_by) = (Arc::new(Mutex::new(String::new())), path.clone());
    let kept = seen.clone();
    let server = Server::new(move |_, _| {
        *kept.lock().unwrap() = std::fs::read_to_string(&seen_by).unwrap_or_default();
        Reply::Hang
    });
    let hands = Hands::at(NOW);
    let _ = process(&server, &hands, folder.path(), 7).observe_within(hour(NOW), Millis(1_000));
    let now = hands.clock().now().0;
    assert!(seen.lock().unwrap().contains(&format!("\"asked\":[{now}]")), "{:?}", seen.lock().unwrap());
}

#[test]
fn hours_that_were_told_are_not_asked_for_again_by_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let (server, hands) = (server(), Hands::at(NOW));
    let told = process(&server, &hands, folder.path(), 100).observe(hour(NOW)).unwrap();
    let asked = server.asked().len();
    let again = process(&server, &hands, folder.path(), 100).observe(hour(NOW)).unwrap();
    assert_eq!(again, told);
    assert_eq!(server.asked().len(), asked);
}

#[test]
fn waiting_goes_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(|_, _| Reply::Status(429, "retry-after: 3600\r\n", String::new()));
    let hands = Hands::at(NOW);
    for _ in 0..5 {
        assert!(process(&server, &hands, folder.path(), 100).observe(hour(NOW)).is_err());
        hands.go_on(Millis(60_000));
    }
    assert_eq!(server.asked().len(), 1, "it asked for an hour of peace");
}

#[test]
fn a_zone_that_is_refused_waits_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (server, hands) = (Server::new(|_, _| Reply::Status(403, "", String::new())), Hands::at(NOW));
    for _ in 0..5 {
        let error = process(&server, &hands, folder.path(), 100).observe(hour(NOW)).unwrap_err();
        assert!(error.to_string().contains("status 403"), "{error}");
        hands.go_on(Millis(60_000));
    }
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn damaged_and_foreign_files_cost_a_question_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let hands = Hands::at(NOW);
    let names = ["electricity_maps.json", "electricity_maps-DE.json"];
    let whole = {
        let _ = process(&server(), &hands, folder.path(), 100).observe(hour(NOW));
        names.map(|name| std::fs::read_to_string(folder.path().join(name)).unwrap())
    };
    let damages: [fn(&str) -> String; 5] = [
        |text| text[..text.len() / 2].to_owned(),
        |_| String::new(),
        |_| "\u{0}\u{1} not JSON".to_owned(),
        |text| text.replace("\"version\":1", "\"version\":99"),
        |text| text.replace("\"of\":\"", "\"of\":\"another "),
    ];
    for damage in damages {
        for (name, text) in names.iter().zip(&whole) {
            std::fs::write(folder.path().join(name), damage(text)).unwrap();
        }
        let server = server();
        let told = process(&server, &hands, folder.path(), 100).observe(hour(NOW)).unwrap();
        assert_eq!(told.intensity.0, 100.0);
        assert!(!server.asked().is_empty(), "asked anew");
    }
}

#[test]
fn a_folder_that_cannot_be_written_costs_the_memory_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let (server, hands) = (server(), Hands::at(NOW));
    assert_eq!(process(&server, &hands, &file, 100).observe(hour(NOW)).unwrap().intensity.0, 100.0);
}

#[test]
fn what_is_kept_holds_no_key_and_no_zone_escapes_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let _ = process(&server(), &Hands::at(NOW), folder.path(), 100).observe(hour(NOW));
    let echo = Server::json(format!(r#"{{"zone":"{SECRET}","history":[]}}"#));
    let other = folder.path().join("other");
    let _ = process(&echo, &Hands::at(NOW), &other, 100).observe(hour(NOW));
    std::fs::rename(other.join("electricity_maps-DE.json"), folder.path().join("echo.json")).unwrap();
    std::fs::remove_dir_all(other).unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains(SECRET), "{text}");
    }
    let memory = Memory::within(folder.path().join("inner"));
    memory.slot("uk-../../GB ø").store("x", &1);
    let names: Vec<_> = std::fs::read_dir(folder.path().join("inner")).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert_eq!(memory.slot("uk-../../GB ø").load::<u32>("x"), Some(1));
}
