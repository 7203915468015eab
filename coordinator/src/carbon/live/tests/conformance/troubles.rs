//! Every trouble with every service: told apart, without the key, and the chain goes on.

use common::carbon::Provenance;
use common::unit::Intensity;

use super::super::certificates;
use super::*;
use crate::carbon::{CarbonSource, Chain};

/// What the key becomes in a log-in's header.
const SECRET_IN_BASE64: &str = "czNjcjN0LWtleS1vZi10aGUtdGVzdHM";

/// Fails as `expected` says; whoever asks again at once is told to wait, or told the same.
#[track_caller]
fn check(dialect: &Dialect, server: &Server, expected: &str) -> Trouble {
    let name = dialect.name;
    let hands = Hands::at(NOW);
    let mut source = live(dialect, &server.base(), &hands);
    let error = source.observe(hour(NOW)).unwrap_err();
    let text = format!("{error} {error:?} {source:?}");
    assert!(!text.contains(SECRET) && !text.contains(SECRET_IN_BASE64), "{name}: the key shows: {text}");
    assert!(error.to_string().contains(expected), "{name}: `{error}` does not say `{expected}`");
    let asked = server.asked().len();
    let mut chain = Chain::new(Box::new(source)).or_constant(Intensity(380.0));
    let sample = chain.observe(hour(NOW)).unwrap();
    assert_eq!((sample.intensity.0, sample.provenance), (380.0, Provenance::Constant), "{name}");
    // A look into the past is one more question to a service that answers, and none to one that doesn't.
    assert!(server.asked().len() <= asked + 1, "{name}: {:?}", server.asked());
    match error {
        crate::carbon::Error::Live { trouble, .. } => trouble,
        other => panic!("{name}: {other}"),
    }
}

fn always(reply: impl Fn() -> Reply + Send + 'static) -> Server {
    Server::new(move |_, _| reply())
}

#[test]
fn statuses() {
    for dialect in all() {
        for (status, expected) in [
            (401, "refuses the key or this plan (status 401)"),
            (403, "refuses the key or this plan (status 403)"),
            (404, "answers with status 404"),
            (500, "answers with status 500"),
            (503, "answers with status 503"),
        ] {
            let server =
                always(move || Reply::Status(status, "", format!(r#"{{"error":"about {SECRET}"}}"#)));
            check(&dialect, &server, expected);
        }
    }
}

#[test]
fn too_many_requests_with_retry_after() {
    for dialect in all() {
        let server = always(|| Reply::Status(429, "retry-after: 120\r\n", String::new()));
        let trouble = check(&dialect, &server, "too many requests");
        let name = dialect.name;
        assert!(matches!(trouble, Trouble::Throttled { retry_after: Some(Millis(120_000)), .. }), "{name}");
        let hands = Hands::at(NOW);
        let mut source = live(&dialect, &server.base(), &hands);
        let asked = server.asked().len();
        for (wait_s, questions) in [(0, 1), (119, 1), (2, 2)] {
            hands.go_on(Millis(wait_s * 1000));
            assert!(source.observe(hour(NOW)).is_err());
            assert_eq!(server.asked().len() - asked, questions, "{name}, {wait_s} s later");
        }
    }
}

#[test]
fn bodies_that_are_no_answer() {
    for dialect in all() {
        let whole = (dialect.says)(&[(hour(NOW), Some(100.0))], utc);
        let cut = whole[..whole.len() / 2].to_owned();
        let html = "<!DOCTYPE html>\n<html><body>Please log in</body></html>".to_owned();
        for (body, expected) in [
            (cut, "can't be read"),
            (html, "it begins: <!DOCTYPE html> <html>"),
            (String::new(), "can't be read"),
            (dialect.empty.to_owned(), "knows nothing of this hour"),
            ("{}".to_owned(), "knows nothing of this hour"),
        ] {
            let server = courteous(move |_| Reply::Json(body.clone()));
            check(&dialect, &server, expected);
        }
        let torn = always(move || Reply::Torn(whole.clone()));
        check(&dialect, &torn, "can't be reached");
    }
}

#[test]
fn html_for_everything_is_no_token_either() {
    for dialect in all() {
        check(&dialect, &always(|| Reply::Json("<html>".into())), "can't be read");
    }
}

#[test]
fn silence_costs_one_time_limit() {
    for dialect in all() {
        let server = always(|| Reply::Hang);
        check(&dialect, &server, "no answer within 2 s");
        assert_eq!(server.asked().len(), 1, "{}", dialect.name);
    }
}

#[test]
fn a_certificate_of_another_name_is_told_nothing() {
    for dialect in all() {
        let (base, _, heard) = certificates::server("carbon.example.org");
        let mut source = live(&dialect, &base, &Hands::at(NOW));
        let error = source.observe(hour(NOW)).unwrap_err().to_string();
        assert!(error.to_lowercase().contains("certificate"), "{}: {error}", dialect.name);
        assert_eq!(*heard.lock().unwrap(), "", "{}", dialect.name);
    }
}
