//! A service that does everything wrong: each trouble is told apart, no key is shown, and the chain goes on.

use common::carbon::Provenance;
use common::unit::Intensity;

use super::server::{Asked, Reply};
use super::*;
use crate::carbon::{CarbonSource, Chain};

const NOW: &str = "2026-05-01T10:10Z";
const MINUTE: Millis = Millis(60_000);

fn row(time: &str, intensity: f64) -> String {
    format!(
        r#"{{"carbonIntensity":{intensity},"datetime":"{time}","isEstimated":false,"estimationMethod":null}}"#
    )
}

fn history(rows: &[String]) -> String {
    format!(r#"{{"zone":"DE","history":[{}]}}"#, rows.join(","))
}

/// What goes wrong with `reply`; the key must never be part of it.
#[track_caller]
fn check(reply: impl Fn() -> Reply + Send + 'static, expected: &str) -> Trouble {
    let (server, hands) = (Server::new(move |_, _| reply()), Hands::at(NOW));
    let mut source = germany(&server, &hands);
    let error = source.observe(hour(NOW)).unwrap_err();
    let text = format!("{error} {error:?} {source:?}");
    assert!(!text.contains(SECRET), "the key shows: {text}");
    assert!(error.to_string().contains(expected), "`{error}` does not say `{expected}`");
    let mut chain = Chain::new(Box::new(source)).or_constant(Intensity(380.0));
    let sample = chain.observe(hour(NOW)).unwrap();
    assert_eq!((sample.intensity.0, sample.provenance), (380.0, Provenance::Constant));
    match error {
        crate::carbon::Error::Live { trouble, .. } => trouble,
        other => panic!("{other}"),
    }
}

#[test]
fn refusals_and_failures() {
    let status = |status, more, body: &str| {
        let body = body.to_owned();
        move || Reply::Status(status, more, body.clone())
    };
    check(
        status(401, "", r#"{"error":"Invalid auth-token"}"#),
        "refuses the key or this plan (status 401): Invalid auth-token",
    );
    check(status(403, "", r#"{"message":"no access"}"#), "status 403): no access");
    check(status(401, "", &format!(r#"{{"error":"no such key: {SECRET}"}}"#)), "no such key: …");
    let throttled = check(status(429, "retry-after: 120\r\n", ""), "too many requests");
    assert!(
        matches!(throttled, Trouble::Throttled { retry_after: Some(Millis(120_000)), .. }),
        "{throttled:?}"
    );
    let date = "retry-after: Fri, 01 May 2026 10:20:00 GMT\r\n";
    let dated = check(status(429, date, ""), "too many requests");
    assert!(matches!(dated, Trouble::Throttled { retry_after: Some(Millis(600_000)), .. }), "{dated:?}");
    check(status(500, "", "Internal\r\nServer Error"), "status 500: Internal Server Error");
    check(status(302, "location: http://example.org/\r\n", ""), "status 302");
    check(status(204, "", ""), "status 204");
}

#[test]
fn answers_that_are_none() {
    let json = |body: &str| {
        let body = body.to_owned();
        move || Reply::Json(body.clone())
    };
    check(json(r#"{"zone":"DE","history":[{"carbonIntens"#), "EOF while parsing");
    check(
        json("<!DOCTYPE html>\n<html><body>Please log in</body></html>"),
        "it begins: <!DOCTYPE html> <html>",
    );
    check(json(""), "can't be read");
    check(json(r#"{"zone":"DE","history":[]}"#), "knows nothing of this hour");
    check(json("{}"), "knows nothing of this hour");
    check(
        json(&history(&[r#"{"carbonIntensity":null,"datetime":"2026-05-01T10:00Z"}"#.into()])),
        "knows nothing",
    );
    check(json(&history(&[row("yesterday", 3.0)])), "`yesterday` is not a time");
    check(json(r#"{"zone":"DE","history":{"a":1}}"#), "can't be read");
    check(
        json(r#"{"zone":"DE","history":[{"carbonIntensity":"a lot","datetime":"2026-05-01T10:00Z"}]}"#),
        "can't be read",
    );
    check(|| Reply::Torn(r#"{"zone":"DE","#.into()), "can't be reached");
    check(|| Reply::Json(" ".repeat(9 << 20)), "longer than");
}

#[test]
fn a_server_that_hangs_costs_one_time_limit_and_no_more() {
    let (server, hands) = (Server::new(|_, _| Reply::Hang), Hands::at(NOW));
    let mut chain = Chain::new(Box::new(germany(&server, &hands)));
    for _ in 0..5 {
        assert_eq!(chain.observe(hour(NOW)).unwrap().provenance, Provenance::Constant);
    }
    assert!(chain.trouble().unwrap().to_string().contains("not asked before"), "{:?}", chain.trouble());
    assert_eq!(server.asked().len(), 1, "it is not asked again at once");
    hands.go_on(Millis(31_000));
    chain.observe(hour(NOW)).unwrap();
    assert_eq!(server.asked().len(), 2, "but after a while");
}

#[test]
fn nobody_listens() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hands = Hands::at(NOW);
    let mut client = Client::new(options(&format!("http://{gone}"), Access::Open, &hands));
    let trouble = client.get("/", false).unwrap_err();
    assert!(matches!(trouble, Trouble::Unreachable(_)), "{trouble}");
}

#[test]
fn without_a_key_nobody_is_asked() {
    let (server, hands) = (Server::json("{}"), Hands::at(NOW));
    let keyless = Options { key: None, ..options(&server.base(), Access::Header("auth-token"), &hands) };
    let trouble = Client::new(keyless).get("/", false).unwrap_err();
    assert_eq!(trouble.to_string(), "no key: put it into the tests");
    assert!(server.asked().is_empty());
}

/// A service that sends back what it was sent, in whatever place of its answer.
#[test]
fn an_answer_that_echoes_the_key_is_shown_without_it() {
    let echoes = [
        // Cut short, a key would still show its first half.
        format!("{} {SECRET}", "x".repeat(70)),
        format!(r#"{{"zone":"{SECRET}","history":[]}}"#),
        format!(r#"{{"zone":"DE","history":"{SECRET}"}}"#),
        history(&[row(SECRET, 3.0)]),
        history(&[format!(
            r#"{{"carbonIntensity":1,"datetime":"2026-05-01T10:00Z","emissionFactorType":"{SECRET}"}}"#
        )]),
    ];
    for body in echoes {
        let (server, hands) = (Server::json(body.clone()), Hands::at(NOW));
        let mut source = germany(&server, &hands);
        let error = source.observe(hour(NOW)).unwrap_err();
        let text = format!("{error} {error:?} {source:?}");
        assert!(text.contains('…') && !text.contains("s3cr3t"), "{body}: {text}");
        assert!(error.to_string().len() < 300, "{error}");
        let waiting = source.observe(hour(NOW)).unwrap_err().to_string();
        assert!(waiting.contains("not asked before") && !waiting.contains("s3cr3t"), "{waiting}");
    }
}

#[test]
fn a_method_is_kept_short_and_without_the_key() {
    let method = format!("{SECRET} {}", "m".repeat(10_000));
    let estimated = format!(
        r#"{{"carbonIntensity":9,"datetime":"2026-05-01T10:00Z","isEstimated":true,"estimationMethod":"{method}"}}"#
    );
    let (server, hands) = (Server::json(history(&[estimated])), Hands::at(NOW));
    let sample = germany(&server, &hands).observe(hour(NOW)).unwrap();
    let provenance = sample.provenance.to_string();
    assert!(provenance.starts_with("estimated (Electricity Maps, … mmm"), "{provenance}");
    assert!(provenance.chars().count() < 120, "{} characters", provenance.chars().count());
}

#[test]
fn user_and_password_are_struck_out_as_they_were_sent() {
    let sent = "dXNlcjpwYXNzd29yZCE";
    let hands = Hands::at(NOW);
    let echo = |asked: &Asked| {
        let sent = asked.headers.iter().find(|line| line.starts_with("authorization"));
        sent.cloned().unwrap_or_default()
    };
    let refuses = Server::new(move |asked, _| Reply::Status(401, "", echo(asked)));
    let answers = Server::new(move |asked, _| match asked.path.as_str() {
        "/login" => Reply::Json(r#"{"token":"bought-token"}"#.into()),
        _ => Reply::Json(format!("Basic {sent}= Bearer bought-token user:password!")),
    });
    for server in [refuses, answers] {
        let with_password = Options {
            key: Some(Key::new("user:password!")),
            ..options(&server.base(), Access::Login("/login"), &hands)
        };
        let client = Arc::new(Mutex::new(Client::new(with_password)));
        let service = Box::new(WattTime::new("CAISO_NORTH", SignalKind::MarginalDirect));
        let mut source = Live::new(Zone::new("CA"), service, client, hands.clock());
        let error = source.observe(hour(NOW)).unwrap_err();
        let text = format!("{error} {error:?} {source:?}").to_lowercase();
        for secret in [&sent.to_lowercase(), "bought-", "password!"] {
            assert!(!text.contains(secret), "{secret} shows: {text}");
        }
        assert!(error.to_string().contains("asic …"), "{error}");
    }
}

#[test]
fn the_key_travels_in_its_header_alone() {
    let (server, hands) = (Server::json(history(&[row("2026-05-01T10:00Z", 3.0)])), Hands::at(NOW));
    germany(&server, &hands).observe(hour(NOW)).unwrap();
    for asked in server.asked() {
        assert!(asked.headers.contains(&format!("auth-token: {SECRET}")), "{asked:?}");
        assert!(!asked.path.contains(SECRET), "{asked:?}");
    }
}

/// Life, a death in the middle, and what stands in by and by: forecast, last value, constant; then life again.
#[test]
fn a_service_that_dies_changes_nothing_but_provenance() {
    use std::sync::atomic::AtomicBool;
    let dead = Arc::new(AtomicBool::new(false));
    let gone = dead.clone();
    let server = Server::new(move |asked, _| {
        if gone.load(Ordering::SeqCst) {
            return Reply::Status(500, "", "boom".into());
        }
        if asked.path.contains("/forecast") {
            let rows = [row("2026-05-01T11:00Z", 111.0), row("2026-05-01T12:00Z", 112.0)];
            return Reply::Json(format!(r#"{{"zone":"DE","forecast":[{}]}}"#, rows.join(",")));
        }
        Reply::Json(history(&[row("2026-05-01T10:00Z", 100.0), row("2026-05-03T00:00Z", 90.0)]))
    });
    let hands = Hands::at(NOW);
    let mut chain = Chain::new(Box::new(germany(&server, &hands))).or_constant(Intensity(380.0));
    let mut seen = |at: GridHour| {
        let sample = chain.observe(at).unwrap();
        format!("{} {}", sample.intensity.0, sample.provenance)
    };
    let start = hour(NOW);
    assert_eq!(seen(start), "100 measured (Electricity Maps)");
    dead.store(true, Ordering::SeqCst);
    hands.go_on(Millis(60 * MINUTE.0));
    assert_eq!(seen(start.plus(1)), "111 forecast (Electricity Maps, issued 2026-05-01T10:00Z)");
    hands.go_on(Millis(60 * MINUTE.0));
    assert_eq!(seen(start.plus(2)), "112 forecast (Electricity Maps, issued 2026-05-01T10:00Z)");
    hands.go_on(Millis(60 * MINUTE.0));
    assert_eq!(seen(start.plus(3)), "112 cached, 1 h old");
    hands.go_on(Millis(30 * 60 * MINUTE.0));
    assert_eq!(seen(start.plus(33)), "380 yearly constant");
    let asked = server.asked().len();
    assert!(asked <= 8, "a dead service is left in peace: {asked} requests");
    dead.store(false, Ordering::SeqCst);
    hands.go_on(Millis(5 * 60 * MINUTE.0));
    assert_eq!(seen(start.plus(38)), "90 measured (Electricity Maps)");
}

#[test]
fn a_plan_without_forecasts_keeps_its_present() {
    let server = Server::new(|asked, _| match asked.path.contains("/forecast") {
        true => Reply::Status(401, "", r#"{"error":"not in your plan"}"#.into()),
        false => Reply::Json(history(&[row("2026-05-01T10:00Z", 100.0), row("2026-05-01T11:00Z", 101.0)])),
    });
    let hands = Hands::at(NOW);
    let mut source = germany(&server, &hands);
    assert_eq!(source.observe(hour(NOW)).unwrap().intensity.0, 100.0);
    hands.go_on(Millis(60 * MINUTE.0));
    assert_eq!(source.observe(hour(NOW).plus(1)).unwrap().intensity.0, 101.0);
    let forecasts = server.asked().iter().filter(|asked| asked.path.contains("/forecast")).count();
    assert_eq!(forecasts, 1, "a plan does not change by the hour");
}

#[test]
fn known_hours_are_not_asked_for_again() {
    let (server, hands) = (Server::json(history(&[row("2026-05-01T10:00Z", 100.0)])), Hands::at(NOW));
    let mut source = germany(&server, &hands);
    for _ in 0..10 {
        source.observe(hour(NOW)).unwrap();
    }
    let past = server.asked().iter().filter(|asked| asked.path.contains("/history")).count();
    assert_eq!(past, 1);
    let before = source.history(hour(NOW).plus(1), 5);
    assert_eq!(before.iter().map(|sample| sample.intensity.0).collect::<Vec<_>>(), [100.0]);
}

#[test]
fn a_long_past_is_asked_for_in_pieces() {
    let server = Server::new(|asked, before| {
        assert!(asked.path.contains("/past-range?zone=DE"), "{asked:?}");
        let rows = [
            row("2026-03-01T00:00Z", before as f64),
            row(&format!("2026-03-{:02}T00:00Z", [14, 4, 2][before]), 5.0),
        ];
        Reply::Json(format!(r#"{{"zone":"DE","data":[{}]}}"#, rows.join(",")))
    });
    let source = germany(&server, &Hands::at(NOW));
    let (known, stopped) = source.look_back(hour("2026-03-02"), hour("2026-03-24"));
    assert_eq!(stopped, None);
    let starts: Vec<String> = known.iter().map(|sample| sample.hour.to_string()).collect();
    assert_eq!(
        starts,
        ["2026-03-02T00:00Z", "2026-03-04T00:00Z", "2026-03-14T00:00Z"],
        "what was not asked for is left out"
    );
    let asked: Vec<String> = server.asked().iter().map(|asked| asked.path.clone()).collect();
    assert!(asked[0].ends_with("start=2026-03-14T00:00Z&end=2026-03-24T00:00Z"), "{asked:?}");
    assert!(asked[1].ends_with("start=2026-03-04T00:00Z&end=2026-03-14T00:00Z"), "{asked:?}");
    assert!(asked[2].ends_with("start=2026-03-02T00:00Z&end=2026-03-04T00:00Z"), "{asked:?}");
}

#[test]
fn a_plan_that_reaches_back_a_day_tells_the_day_and_why_not_more() {
    let server = Server::new(|asked, _| match asked.path.contains("/past-range") {
        true => Reply::Status(403, "", r#"{"error":"not in your plan"}"#.into()),
        false => Reply::Json(history(&[row("2026-05-01T09:00Z", 90.0), row("2026-05-01T10:00Z", 100.0)])),
    });
    let hands = Hands::at(NOW);
    let source = germany(&server, &hands);
    for _ in 0..2 {
        let (known, stopped) = source.look_back(hour(NOW).plus(-99), hour(NOW).plus(1));
        assert_eq!(known.len(), 2);
        assert!(stopped.unwrap().to_string().contains("status 403): not in your plan"));
    }
    assert_eq!(server.asked().len(), 2, "it is not asked over and over");
    hands.go_on(Millis(25 * 60 * MINUTE.0));
    assert!(source.look_back(hour(NOW).plus(-99), hour(NOW).plus(1)).1.is_some());
    assert_eq!(server.asked().len(), 3, "but once a day");
}

/// All hours that are asked for, up to the present one.
fn knows_all(hands: &Hands) -> Server {
    let clock = hands.clock();
    Server::new(move |asked, _| {
        if asked.path.contains("/forecast") {
            return Reply::Json(r#"{"zone":"DE","forecast":[]}"#.into());
        }
        let value = |name: &str| asked.path.split(['?', '&']).find_map(|pair| pair.strip_prefix(name));
        let present = clock.now().hour();
        let from = value("start=").map_or(present.plus(-23), hour);
        let to = value("end=").map_or(present.plus(1), hour);
        let rows: Vec<String> =
            (from.0..to.0).map(|at| row(&GridHour(at).to_string(), at as f64 % 1000.0)).collect();
        Reply::Json(history(&rows))
    })
}

#[test]
fn a_hole_that_a_long_silence_left_is_filled_and_the_rest_not_asked_for_again() {
    let hands = Hands::at(NOW);
    let server = knows_all(&hands);
    let mut source = germany(&server, &hands);
    let look = |source: &mut Live, hands: &Hands| {
        let now = hands.clock().now().hour();
        source.observe(now).unwrap();
        (0..4).for_each(|_| drop(source.history(now.plus(1), 1_000)));
        source.history(now.plus(1), 1_000).len()
    };
    assert_eq!(look(&mut source, &hands), 1_000);
    let first = server.asked().len();
    assert!(first <= 7, "{first} questions");
    // Nobody looked for four days.
    hands.go_on(Millis(4 * 24 * 60 * MINUTE.0));
    assert_eq!(look(&mut source, &hands), 1_000, "no hour is missing");
    let second = server.asked().len() - first;
    assert!(second <= 3, "the present, its forecast and the hole: {second} questions");
}

#[test]
fn watttime_logs_in_once_and_again_when_the_token_runs_out() {
    let server = Server::new(|asked, before| {
        let has = |text: &str| asked.headers.iter().any(|line| line == text);
        if asked.path == "/login" {
            assert!(has("authorization: Basic dXNlcjpwYXNz"), "user:pass, encoded");
            return Reply::Json(format!(r#"{{"token":"token-{before}"}}"#));
        }
        match before {
            1 | 2 if has("authorization: Bearer token-0") => Reply::Json("{}".into()),
            5 if has("authorization: Bearer token-4") => Reply::Json(r#"{"data":[]}"#.into()),
            _ => Reply::Status(401, "", "token expired".into()),
        }
    });
    let hands = Hands::at(NOW);
    let with_password = Options {
        key: Some(Key::new("user:pass")),
        ..options(&server.base(), Access::Login("/login"), &hands)
    };
    let mut client = Client::new(with_password);
    assert_eq!(client.get("/v3/x", false).unwrap(), b"{}");
    assert_eq!(client.get("/v3/x", false).unwrap(), b"{}");
    assert_eq!(client.get("/v3/x", false).unwrap(), br#"{"data":[]}"#);
    let refused = client.get("/v3/x", false).unwrap_err();
    assert!(matches!(refused, Trouble::Refused { status: 401, .. }), "once again, not for ever: {refused}");
    let logins = server.asked().iter().filter(|asked| asked.path == "/login").count();
    assert_eq!(logins, 3);
}
