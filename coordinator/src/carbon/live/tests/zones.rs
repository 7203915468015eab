//! Two zones of one service, by the chains that a study has: what is wrong with one of them costs the other no hour.

use common::config;
use common::unit::Intensity;

use super::server::{Asked, Reply};
use super::*;
use crate::carbon::{Settings, build};

const NOW: &str = "2026-05-01T10:10Z";
const HOURS: i64 = 6;

/// Germany, of which the server answers as `about_germany` says, and France, of which it knows every hour; what of either is measured
/// in hours after each other, and how often Germany was asked for.
fn measured(about_germany: impl Fn(&Asked) -> Option<Reply> + Send + 'static) -> [Vec<bool>; 3] {
    let hands = Hands::at(NOW);
    let clock = hands.clock();
    let server = Server::new(move |asked, _| {
        let is_german = asked.path.contains("zone=DE");
        if let Some(reply) = Some(asked).filter(|_| is_german).and_then(&about_germany) {
            return reply;
        }
        let (zone, hour) = (if is_german { "DE" } else { "FR" }, clock.now().hour());
        let verb = if asked.path.contains("/forecast") { "forecast" } else { "history" };
        Reply::Json(format!(r#"{{"zone":"{zone}","{verb}":[{{"carbonIntensity":50,"datetime":"{hour}"}}]}}"#))
    });
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("maps.key");
    std::fs::write(&key_file, SECRET).unwrap();
    let mut carbon = config::load(None, [], &[]).unwrap().carbon;
    carbon.source = "live".into();
    carbon.live = vec!["DE=electricity_maps".into(), "FR=electricity_maps".into()];
    carbon.electricity_maps.url = server.base();
    carbon.electricity_maps.key_file = key_file.display().to_string();
    let mut settings = Settings::new(&carbon, Seed(1));
    settings.clock = hands.clock();
    let mut chains = build(&settings).unwrap();
    let (mut germany, mut france, mut asked) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..HOURS {
        let (now, before) = (hands.clock().now().hour(), server.asked().len());
        for (zone, chain) in &mut chains {
            let sample = chain.observe(now).unwrap();
            assert!(sample.intensity == Intensity(50.0) || sample.provenance.to_string() != MEASURED);
            let told = if zone.as_str() == "DE" { &mut germany } else { &mut france };
            told.push(sample.provenance.to_string() == MEASURED);
        }
        asked.push(server.asked()[before..].iter().any(|asked| asked.path.contains("zone=DE")));
        hands.go_on(Millis(3_600_000));
    }
    [germany, france, asked]
}

const MEASURED: &str = "measured (Electricity Maps)";

fn status(status: u16) -> Reply {
    Reply::Status(status, "", r#"{"error":"no"}"#.into())
}

fn is_forecast(asked: &Asked) -> bool {
    asked.path.contains("/forecast")
}

#[test]
fn what_is_wrong_with_one_zone_holds_up_no_other() {
    let troubles: [fn() -> Reply; 8] = [
        || status(400),
        || status(403),
        || status(404),
        || status(422),
        || Reply::Json("<html>".into()),
        || Reply::Json(r#"{"zone":"AT","history":[]}"#.into()),
        || {
            Reply::Json(
            r#"{"zone":"DE","history":[{"carbonIntensity":1,"datetime":"2026-05-01T10:00Z","emissionFactorType":"direct"}]}"#
                .into(),
        )
        },
        || Reply::Json(r#"{"zone":"DE","history":[{"carbonIntensity":50,"datetime":"yesterday"}]}"#.into()),
    ];
    for (i, trouble) in troubles.into_iter().enumerate() {
        let [germany, france, asked] = measured(move |_| Some(trouble()));
        assert!(france.iter().all(|measured| *measured), "trouble {i}: {france:?}");
        assert!(germany.iter().all(|measured| !measured), "trouble {i}: {germany:?}");
        assert!(
            asked.iter().filter(|asked| **asked).count() > 1,
            "trouble {i}: it is asked again, {asked:?}"
        );
    }
}

#[test]
fn a_refusal_before_any_answer_may_be_of_the_key_and_another_zone_tells() {
    let [germany, france, _] = measured(|_| Some(status(401)));
    assert!(germany.iter().all(|measured| !measured), "{germany:?}");
    assert_eq!(france, [false, true, true, true, true, true]);
    // Where the key is known to be good it is of the zone at once.
    let hours = Arc::new(AtomicI64::new(0));
    let [germany, france, _] = measured(move |asked| {
        (!is_forecast(asked) && hours.fetch_add(1, Ordering::SeqCst) > 0).then(|| status(401))
    });
    assert_eq!(germany, [true, false, false, false, false, false]);
    assert!(france.iter().all(|measured| *measured), "{france:?}");
}

#[test]
fn forecasts_that_fail_delay_nobodys_present() {
    let troubles: [fn() -> Reply; 5] = [
        || status(400),
        || status(401),
        || status(404),
        || Reply::Json("<html>".into()),
        || Reply::Json(r#"{"zone":"AT","forecast":[]}"#.into()),
    ];
    for (i, trouble) in troubles.into_iter().enumerate() {
        let [germany, france, _] = measured(move |asked| is_forecast(asked).then(trouble));
        assert!(
            germany.iter().chain(&france).all(|measured| *measured),
            "trouble {i}: {germany:?} {france:?}"
        );
    }
    // What may ail the whole service costs an hour and not each of them.
    let [germany, france, _] = measured(|asked| is_forecast(asked).then(|| status(500)));
    assert!(germany.iter().all(|measured| *measured), "{germany:?}");
    assert!(france[1..].iter().all(|measured| *measured), "{france:?}");
}

#[test]
fn a_service_that_throttles_is_left_in_peace_by_all_zones() {
    let [germany, france, _] =
        measured(|_| Some(Reply::Status(429, "retry-after: 86400\r\n", String::new())));
    assert!(germany.iter().chain(&france).all(|measured| !measured), "{germany:?} {france:?}");
}
