//! Whoever should not be served, and whatever should not be asked.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::http::client::Client;

#[test]
fn what_makes_no_sense_is_refused_with_a_problem() {
    let site = Site::new();
    let huge = "x".repeat(100_000);
    let cases = [
        (site.get("/api/v1/trials/999999"), 404),
        (site.get("/api/v1/trials/-1"), 400),
        (site.get("/api/v1/trials/99999999999999999999"), 400),
        (site.get("/api/v1/trials/%00"), 400),
        (site.get("/api/v1/trials/..%2f..%2fetc"), 400),
        (site.get("/api/v1/trials?limit=0"), 400),
        (site.get("/api/v1/trials?limit=501"), 400),
        (site.get("/api/v1/trials?sort=colour"), 400),
        (site.get("/api/v1/trials?color=red"), 400),
        (site.get("/api/v1/zones?hours=0"), 400),
        (site.get("/api/v1/events?after=x"), 400),
        (site.get("/api/v1/events?kinds=a%20b"), 400),
        (site.ask("GET", "/api/v1/events", "Last-Event-ID: x\r\n", ""), 400),
        (site.get("/api/v1/nothing"), 404),
        (site.get("/nothing.html"), 404),
        (site.post("/api/v1/study", "{}"), 405),
        (site.get("/api/v1/pause"), 405),
        (site.ask("PUT", "/", "", ""), 405),
        (site.post("/api/v1/stop", "{"), 400),
        (site.post("/api/v1/stop", "[]"), 422),
        (site.post("/api/v1/stop", "{\"reson\": \"x\"}"), 422),
        (site.post("/api/v1/stop", &format!("{{\"reason\": \"{}\"}}", "x".repeat(501))), 422),
        (site.post("/api/v1/stop", &huge), 413),
        (site.ask("POST", "/api/v1/stop", "Content-Type: text/plain\r\n", "{}"), 415),
        (site.post("/api/v1/drain", "{}"), 422),
        (site.post("/api/v1/drain", "{\"worker\": \"a\", \"all\": true}"), 422),
        (site.post("/api/v1/budgets", "{\"hours\": \"soon\"}"), 422),
        (site.post("/api/v1/budgets", "{\"trainings\": 1.5}"), 422),
        (site.post("/api/v1/warm-start?name=a.csv", ""), 415),
        (
            site.ask(
                "POST",
                "/api/v1/warm-start?name=..%2fa",
                "Content-Type: application/octet-stream\r\n",
                "x",
            ),
            422,
        ),
        (
            site.ask(
                "POST",
                "/api/v1/warm-start?name=a.csv",
                "Content-Type: application/octet-stream\r\n",
                "x\n1\n",
            ),
            422,
        ),
        (site.post("/api/v1/warm-start/file", "{\"file\": \"../ledger.sqlite\"}"), 422),
        (site.post("/api/v1/warm-start/file", "{\"file\": \"none.csv\"}"), 404),
        // Nobody is there who could obey.
        (site.post("/api/v1/pause", "{}"), 503),
    ];
    for (number, (answer, status)) in cases.iter().enumerate() {
        assert_eq!(answer.status, *status, "case {number}: {}\n{}", answer.head, answer.body);
        assert!(
            answer.head.contains("content-type: application/problem+json"),
            "case {number}: {}",
            answer.head
        );
        let problem: Problem = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(problem.status, *status);
        let here = site.folder.path().to_str().unwrap();
        assert!(
            !problem.detail.is_empty() && !problem.detail.contains(here),
            "case {number}: {}",
            problem.detail
        );
    }
    assert!(!site.folder.path().join("warm-start/a.csv").exists(), "what can't be meant is not kept");
}

#[test]
fn no_page_of_another_site_gets_in_by_this_machine() {
    let site = Site::new();
    for host in ["evil.example", "localhost.evil.example:7591", "10.0.0.1"] {
        assert_eq!(site.ask("GET", "/api/v1/study", &format!("Host: {host}\r\n"), "").status, 403, "{host}");
    }
    assert_eq!(site.raw("GET /api/v1/study HTTP/1.0\r\n\r\n").status, 403, "no name at all");
    for from in ["Origin: http://evil.example\r\n", "Origin: null\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
        let headers = format!("Content-Type: application/json\r\n{from}");
        assert_eq!(site.ask("POST", "/api/v1/pause", &headers, "{}").status, 403, "{from}");
    }
    let asked = site.ask(
        "OPTIONS",
        "/api/v1/pause",
        "Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n",
        "",
    );
    assert!(!asked.head.contains("access-control-allow"), "{}", asked.head);
    let own = "Origin: http://localhost:7591\r\nHost: localhost:7591\r\nContent-Type: application/json\r\n";
    assert_eq!(site.ask("POST", "/api/v1/pause", own, "{}").status, 503, "its own page may ask");
}

#[test]
fn every_answer_keeps_browsers_from_being_tricked() {
    let site = Site::new();
    for path in ["/", "/api/v1/study", "/api/v1/nothing", "/metrics", "/healthz"] {
        let head = site.get(path).head;
        for header in [
            "content-security-policy: default-src 'self';",
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(head.contains(header), "{path}: {header}\n{head}");
        }
        assert!(!head.contains("unsafe") && !head.contains("access-control"), "{path}: {head}");
        assert!(head.contains("cache-control: no-"), "{path}: {head}");
    }
}

/// For a machine with other users, who can reach its loopback as well.
#[test]
fn a_study_may_ask_for_a_token_of_its_own_on_this_machine() {
    let site = Site::with("own", study(Wishes::default()));
    assert_eq!(site.get("/api/v1/study").status, 401);
    let path = site.folder.path().join("http-token");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    // Commands find it where it lies.
    let address = StudyDirectory::new(site.folder.path()).http();
    std::fs::write(address, format!("http://{}", site.at())).unwrap();
    let client = Client::of_study(site.folder.path(), None).unwrap();
    let told: serde_json::Value = client.get("/api/v1/study").unwrap();
    assert!(told.is_object(), "{told}");
}

#[test]
fn where_there_is_a_token_it_is_asked_for() {
    let site = Site::with("HERE/token", study(Wishes::default()));
    let token = std::fs::read_to_string(site.folder.path().join("token")).unwrap();
    let token = token.trim();
    let with = |shown: &str| site.ask("GET", "/api/v1/study", &format!("{shown}\r\n"), "").status;
    assert_eq!(with(&format!("Authorization: Bearer {token}")), 200);
    assert_eq!(with(&format!("authorization: bearer {token}")), 200);
    assert_eq!(with(&format!("Cookie: other=1; ce-nas-token={token}")), 200);
    for wrong in [
        "X: 1",
        "Authorization: Bearer",
        "Authorization: Bearer x",
        "Authorization: Basic eA==",
        "Cookie: ce-nas-token=x",
    ] {
        assert_eq!(with(wrong), 401, "{wrong}");
    }
    // A wrong header is not made good by a cookie.
    assert_eq!(with(&format!("Authorization: Bearer x\r\nCookie: ce-nas-token={token}")), 401);
    for path in ["/api/v1/events", "/api/v1/openapi.json", "/metrics", "/api/v2", "/api/v1/trials/0"] {
        assert_eq!(site.get(path).status, 401, "{path}");
    }
    for path in ["/", "/healthz", "/readyz"] {
        assert_eq!(site.get(path).status, 200, "{path}");
    }
    assert!(site.get("/api/v1/study").head.contains("www-authenticate: bearer"));
    let wrong = site.post("/api/v1/login", "{\"token\": \"x\"}");
    assert_eq!((wrong.status, wrong.head.contains("set-cookie")), (401, false));
    let right = site.post("/api/v1/login", &format!("{{\"token\": \"{token}\"}}"));
    assert_eq!(right.status, 204);
    assert!(
        right.head.contains(&format!("set-cookie: ce-nas-token={token}; path=/; httponly; samesite=strict"))
    );
}

#[test]
fn whoever_looks_for_another_coordinator_is_told_so() {
    let site = Site::with("HERE/token", study(Wishes::default()));
    let with = |shown: &str| site.ask("GET", "/api/v1/study", &format!("{shown}\r\n"), "").status;
    assert_eq!(with("ce-nas-life: 0123456789abcdef0123456789abcdef"), 421, "before the token is asked for");
    assert_eq!(with("ce-nas-life:"), 421);
    assert_eq!(with(&format!("ce-nas-life: {}", site.serving.life.text())), 401);
    assert_eq!(with("X: 1"), 401);
}

#[test]
fn whoever_dawdles_or_rambles_is_let_go_of() {
    let site = Site::new();
    let slow = |words: &str| {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(site.at()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(words.as_bytes()).unwrap();
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        (text, begun.elapsed())
    };
    std::thread::scope(|scope| {
        let head = scope.spawn(|| slow("GET /api/v1/study HTTP/1.1\r\nHost: localhost\r\nX: "));
        let body = scope.spawn(|| {
            slow("POST /api/v1/stop HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
        });
        let (text, span) = head.join().unwrap();
        assert!(text.contains("408") && span < Duration::from_secs(30), "{span:?} {text}");
        let (text, span) = body.join().unwrap();
        assert!(text.contains("408") && span < Duration::from_secs(30), "{span:?} {text}");
    });
    let long = format!("/{}", "x".repeat(200_000));
    assert!([0, 400, 414, 431].contains(&site.get(&long).status), "no path is that long");
    assert!([0, 400].contains(&site.raw("\0\0\0\0 rubbish \r\n\r\n").status));
    assert_eq!(site.get("/healthz").status, 200, "it is still there");
}
