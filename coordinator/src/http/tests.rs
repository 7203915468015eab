//! The API through its socket, over a sample study: pages, refusals, tokens, followers. What an order does to a study is tested in the
//! core, and through the programs in `tests/`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use common::config::Http;
use common::event::{Event, Record};
use common::time::Timestamp;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use super::desk::FOLLOWERS;
use super::history::TAIL;
use super::model::*;
use super::{Ringer, Serving, bind};
use crate::directory::StudyDirectory;
use crate::report::sample::{Wishes, study, write_ledger};

/// A server over a ledger, without a coordinator.
struct Site {
    folder: TempDir,
    serving: Serving,
    ringer: Ringer,
    records: Vec<Record>,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Site {
    fn new() -> Self {
        Self::with("auto", study(Wishes { finished: false, ..Wishes::default() }))
    }

    fn with(token_file: &str, records: Vec<Record>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let directory = StudyDirectory::new(folder.path());
        write_ledger(&directory.ledger(), &records);
        let token_file = token_file.replace("HERE", folder.path().to_str().unwrap());
        if token_file != "auto" {
            super::token::Token::at(std::path::Path::new(&token_file), true).unwrap();
        }
        let config = Http { listen: "127.0.0.1:0".into(), token_file };
        let (serving, ringer) = bind(&config, &directory).unwrap().unwrap().start(&directory, None).unwrap();
        let site = Self { folder, serving, ringer, records };
        let begun = Instant::now();
        while site.get("/readyz").status != 200 {
            assert!(begun.elapsed() < Duration::from_secs(60), "it is ready within a minute");
            std::thread::sleep(Duration::from_millis(20));
        }
        site
    }

    fn at(&self) -> SocketAddr {
        self.serving.at
    }

    /// The bare words of a request, so that nothing helpful is added.
    fn raw(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.at()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // A server that has heard enough may close before it has all.
        let _ = stream.write_all(request.as_bytes());
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let host = if headers.to_lowercase().contains("host:") { "" } else { "Host: localhost\r\n" };
        let length =
            if method == "GET" { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        self.raw(&format!(
            "{method} {path} HTTP/1.1\r\n{host}{headers}{length}Connection: close\r\n\r\n{body}"
        ))
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    fn told<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{path}: {error}\n{}", answer.body))
    }

    fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, "Content-Type: application/json\r\n", body)
    }

    /// Follows the events; yields what comes until `enough` of them have.
    fn follow(&self, path: &str, headers: &str, enough: usize, meanwhile: impl FnOnce(&Self)) -> Vec<u64> {
        let mut stream = TcpStream::connect(self.at()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").unwrap();
        let mut lines = BufReader::new(stream).lines();
        let greeted = lines.by_ref().any(|line| line.is_ok_and(|line| line.contains("retry:")));
        assert!(greeted, "{path}");
        meanwhile(self);
        let ids = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("id: ")?.parse().ok());
        ids.take(enough).collect()
    }

    fn append(&self, event: Event) {
        let mut ledger = ledger::Ledger::open(StudyDirectory::new(self.folder.path()).ledger()).unwrap();
        ledger.append(Timestamp(self.records.last().unwrap().at.0 + 1), &[event]).unwrap();
        self.ringer.ring();
    }
}

#[test]
fn every_page_tells_the_same_study() {
    let site = Site::with("auto", study(Wishes::default()));
    let study: Study = site.told("/api/v1/study");
    assert_eq!(study.sequence, site.records.len() as u64);
    assert_eq!((study.state, study.objectives.len(), study.budgets.len()), (StudyState::Finished, 2, 5));
    assert!(study.hypervolume > 0.0 && study.energy.kwh > 0.0 && study.intensity_synthetic);
    let carbon = study.budgets.iter().find(|budget| budget.of == BudgetKind::Carbon).unwrap();
    assert_eq!(carbon.limit, Some(4.0));
    assert!((carbon.spent - study.energy.gco2eq).abs() < 1e-9);

    let front: Front = site.told("/api/v1/front");
    assert_eq!(front.members.len() as u64, study.front_size);
    assert_eq!(front.evaluated.iter().filter(|point| point.on_front).count(), front.members.len());
    let curve: Hypervolume = site.told("/api/v1/hypervolume");
    assert_eq!(curve.history.last().unwrap().hypervolume, study.hypervolume);
    assert!(curve.history.windows(2).all(|pair| pair[0].hypervolume <= pair[1].hypervolume));

    let workers: Workers = site.told("/api/v1/workers");
    assert_eq!(workers.workers.len() as u64, study.fleet.workers + study.fleet.workers_gone);
    let by_worker: f64 = workers.workers.iter().map(|worker| worker.joules).sum();
    assert!((by_worker / 3.6e6 - study.energy.kwh).abs() < 1e-9);
    let zones: Zones = site.told("/api/v1/zones");
    let by_zone: f64 = zones.zones.iter().map(|zone| zone.spent.kwh).sum();
    assert!((by_zone - study.energy.kwh).abs() < 1e-9);
    let by_hour: f64 = zones.zones.iter().flat_map(|zone| &zone.history).map(|hour| hour.kwh).sum();
    let part = by_hour / study.energy.kwh;
    assert!((0.99..=1.0 + 1e-9).contains(&part), "all of it but what was reported after the end: {part}");
    assert!(zones.counterfactual.at_once_gco2eq.is_some_and(|grams| grams > 0.0));
    assert!(zones.counterfactual.method.contains("not measured"));
    let tree: Tree = site.told("/api/v1/tree");
    assert!(!tree.known && tree.regions.is_empty(), "nobody searches here");
}

#[test]
fn trials_are_filtered_sorted_and_paged() {
    let site = Site::new();
    let all: Trials = site.told("/api/v1/trials?limit=500");
    assert_eq!(all.trials.len() as u64, all.total);
    let study: Study = site.told("/api/v1/study");
    for counts in &study.trials {
        let path =
            format!("/api/v1/trials?fidelity={}&state=finished&limit=1", counts.fidelity.replace('-', "_"));
        assert_eq!(site.told::<Trials>(&path).matching, counts.finished, "{}", counts.fidelity);
    }
    let best: Trials = site.told("/api/v1/trials?fidelity=full&state=finished&sort=error&limit=2");
    let next: Trials = site.told("/api/v1/trials?fidelity=full&state=finished&sort=error&offset=2&limit=500");
    let errors: Vec<f64> =
        best.trials.iter().chain(&next.trials).map(|trial| trial.validation_error.unwrap()).collect();
    assert_eq!(errors.len() as u64, best.matching);
    assert!(errors.is_sorted());
    let worst: Trials =
        site.told("/api/v1/trials?fidelity=full&state=finished&sort=error&order=descending&limit=1");
    assert_eq!(worst.trials[0].validation_error, errors.last().copied());
    let nowhere: Trials = site.told("/api/v1/trials?zone=nowhere");
    assert_eq!((nowhere.matching, nowhere.trials.len()), (0, 0));
    let beyond: Trials = site.told("/api/v1/trials?offset=1000000000");
    assert!(beyond.trials.is_empty());
}

#[test]
fn a_trial_tells_its_attempts_and_their_energy() {
    let site = Site::new();
    let all: Trials = site.told("/api/v1/trials?limit=500");
    for line in &all.trials {
        let trial: Trial = site.told(&format!("/api/v1/trials/{}", line.trial));
        assert_eq!(&trial.line, line);
        assert_eq!(trial.attempts.len() as u64, line.attempts);
        let joules: f64 = trial.attempts.iter().map(|attempt| attempt.joules).sum();
        assert!((joules - line.joules).abs() <= 1e-6 * line.joules.max(1.0), "trial {}", line.trial);
        assert!(trial.log.len() > 1 || line.attempts == 0);
        let is_open = matches!(line.state, TrialState::Waiting | TrialState::Running | TrialState::Suspended);
        assert!(is_open || trial.attempts.iter().all(|attempt| attempt.ended_at.is_some()));
    }
    let suspended = all.trials.iter().find(|trial| trial.attempts > 1).expect("some training was suspended");
    let trial: Trial = site.told(&format!("/api/v1/trials/{}", suspended.trial));
    assert!(trial.attempts[1].resumed_at.is_some());
    assert!(all.trials.iter().any(|trial| trial.on_front));
}

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
fn followers_hear_all_from_where_they_left_off() {
    let site = Site::new();
    let last = site.records.len() as u64;
    assert!(last > TAIL as u64 + 256, "older than what is kept at hand: {last}");
    let all = site.follow("/api/v1/events?after=0", "", site.records.len(), |_| {});
    assert_eq!(all, (1..=last).collect::<Vec<_>>(), "each once, in order, from the ledger and then the tail");
    let resumed =
        site.follow("/api/v1/events?after=0", &format!("Last-Event-ID: {}\r\n", last - 3), 3, |_| {});
    assert_eq!(resumed, [last - 2, last - 1, last], "the header wins");
    let kinds = site.follow("/api/v1/events?after=0&kinds=study_started", "", 1, |_| {});
    assert_eq!(kinds, [1]);
    // Whoever knows of more than there is gets what is new.
    let news = site.follow("/api/v1/events?after=999999999", "", 1, |site| site.append(Event::StudyPaused));
    assert_eq!(news, [last + 1]);
    assert_eq!(site.told::<Study>("/api/v1/study").state, StudyState::Paused);
}

#[test]
fn too_many_followers_are_sent_away_and_their_places_come_back() {
    let site = Site::new();
    let connect = || {
        let mut stream = TcpStream::connect(site.at()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut first = String::new();
        let mut reader = BufReader::new(stream);
        reader.read_line(&mut first).unwrap();
        (first, reader)
    };
    let followers: Vec<_> = (0..FOLLOWERS).map(|_| connect()).collect();
    assert!(followers.iter().all(|(first, _)| first.contains("200")));
    assert_eq!(site.get("/api/v1/events").status, 429);
    assert_eq!(site.get("/api/v1/study").status, 200, "pages are served all the same");
    drop(followers);
    let begun = Instant::now();
    while connect().0.contains("429") {
        // It is noticed with the next word that finds nobody.
        site.append(Event::StudyPaused);
        site.append(Event::StudyResumed);
        assert!(begun.elapsed() < Duration::from_secs(60), "a place is free again");
        std::thread::sleep(Duration::from_millis(100));
    }
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

#[test]
fn metrics_are_what_prometheus_reads() {
    let site = Site::new();
    let text = site.get("/metrics").body;
    let mut families = std::collections::BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let family = name.split('{').next().unwrap();
        assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
        assert!(family.starts_with("ce_nas_"), "{line}");
        families.insert(family.to_owned());
    }
    for family in &families {
        let kind = format!("# TYPE {family} ");
        let declared = text.lines().filter(|line| line.starts_with(&kind)).collect::<Vec<_>>();
        assert_eq!(declared.len(), 1, "{family}");
        assert_eq!(declared[0].ends_with("counter"), family.ends_with("_total"), "{family}");
        assert!(text.contains(&format!("# HELP {family} ")), "{family}");
    }
    let study: Study = site.told("/api/v1/study");
    let energy = text.lines().filter(|line| line.starts_with("ce_nas_energy_joules_total{"));
    let joules: f64 = energy.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum();
    assert!((joules / 3.6e6 - study.energy.kwh).abs() < 1e-9);
}

/// `RENEW_OPENAPI=1 cargo nextest run -p coordinator openapi` writes it anew.
#[test]
fn the_openapi_document_is_the_one_checked_in() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api/openapi.json");
    let made = super::document();
    if std::env::var_os("RENEW_OPENAPI").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == made,
        "docs/api/openapi.json is not what the code says: renew it with RENEW_OPENAPI=1 cargo nextest run -p coordinator openapi, and look at the difference"
    );
    let site = Site::new();
    assert_eq!(site.get("/api/v1/openapi.json").body, made);
}
