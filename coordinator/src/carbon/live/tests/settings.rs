//! `carbon.live` and what goes with it: chains in the order given, one kind, and what is refused.

use crate::carbon::{Error, Settings, build};

use super::*;

fn settings(live: &[&str], change: impl FnOnce(&mut common::config::Carbon)) -> Settings {
    let mut carbon = common::config::load(None, [], &[]).unwrap().carbon;
    carbon.source = "live".into();
    carbon.live = live.iter().map(|text| (*text).to_owned()).collect();
    change(&mut carbon);
    Settings::new(&carbon, Seed(1))
}

fn kinds(live: &[&str], kind: &str) -> Result<Vec<SignalKind>, Error> {
    let chains = build(&settings(live, |carbon| carbon.kind = kind.into()))?;
    Ok(chains.values().map(|chain| chain.kind()).collect())
}

#[track_caller]
fn check_refused(live: &[&str], change: impl FnOnce(&mut common::config::Carbon), expected: &str) {
    let message = build(&settings(live, change)).unwrap_err().to_string();
    assert!(message.contains(expected), "{message}\ndoes not say: {expected}");
}

#[test]
fn one_kind_serves_all_zones_and_links() {
    assert_eq!(kinds(&["DE=electricity_maps"], "auto").unwrap(), [SignalKind::AverageLifecycle]);
    assert_eq!(kinds(&["DE=electricity_maps", "GB=uk"], "auto").unwrap(), [SignalKind::AverageDirect; 2]);
    assert_eq!(kinds(&["CA=watttime:CAISO_NORTH"], "auto").unwrap(), [SignalKind::AverageDirect]);
    assert_eq!(kinds(&["CA=watttime:CAISO_NORTH"], "marginal_direct").unwrap(), [SignalKind::MarginalDirect]);
    assert_eq!(
        kinds(&["GB=uk:13", "GB=uk", "GB=electricity_maps"], "auto").unwrap(),
        [SignalKind::AverageDirect]
    );
    let mixed = kinds(&["DE=electricity_maps", "CA=watttime"], "marginal_direct").unwrap_err().to_string();
    assert!(mixed.contains("DE by electricity_maps: average_lifecycle or average_direct"), "{mixed}");
    assert!(kinds(&["GB=uk"], "average_lifecycle").is_err());
}

#[test]
fn what_is_odd_is_refused_with_its_cure() {
    check_refused(&[], |_| (), "carbon.live is empty");
    check_refused(&["DE"], |_| (), "not of the form ZONE=SERVICE");
    check_refused(
        &["DE=electricty_maps"],
        |_| (),
        "no service `electricty_maps`; it is one of electricity_maps, electricity_maps_mix, watttime, uk; did you mean `electricity_maps`?",
    );
    check_refused(&["GB=uk:18"], |_| (), "a number from 1 to 17");
    check_refused(&["DE=electricity_maps:DE&x=1"], |_| (), "letters, digits");
    for place in ["91.0,13.4", "52.5,181", "52.5,", "a,b", "1,2,3"] {
        for service in ["electricity_maps", "watttime"] {
            let live = format!("DE={service}:{place}");
            check_refused(&[&live], |_| (), "a position is latitude,longitude in degrees");
        }
    }
    let roots = |c: &mut common::config::Carbon| c.root_certificates = "/no/such.pem".into();
    check_refused(&["GB=uk"], roots, "carbon.root_certificates = /no/such.pem: it can't be read");
    check_refused(
        &["DE=electricity_maps"],
        |c| c.electricity_maps.url = "http://example.org".into(),
        "it begins with https://",
    );
    let secret =
        |c: &mut common::config::Carbon| c.electricity_maps.url = "https://me:secret@example.org".into();
    check_refused(&["DE=electricity_maps"], secret, "carbon.electricity_maps.url = …: an address alone");
    check_refused(
        &["DE=electricity_maps"],
        |c| c.electricity_maps.key_file = "/no/such.key".into(),
        "/no/such.key can't be read",
    );
    check_refused(
        &["DE=electricity_maps"],
        |c| c.constants = vec!["DE=lots".into()],
        "carbon.constants: `DE=lots`",
    );
}

#[test]
fn a_mix_and_intensities_of_one_service_share_its_key_and_its_budget() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("maps.key");
    std::fs::write(&path, SECRET).unwrap();
    let server = Server::json("{}");
    let live = ["DE=electricity_maps", "DE=electricity_maps_mix", "FR=electricity_maps_mix"];
    let mut settings = settings(&live, |carbon| {
        carbon.electricity_maps.url = server.base();
        carbon.electricity_maps.key_file = path.display().to_string();
        carbon.requests_per_day = 2;
    });
    settings.clock = Hands::at("2026-05-01T10:00Z").clock();
    for chain in build(&settings).unwrap().values_mut() {
        let sample = chain.observe(hour("2026-05-01T10:00Z")).unwrap();
        assert_eq!(sample.kind, SignalKind::AverageLifecycle);
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked.iter().all(|asked| asked.headers.contains(&format!("auth-token: {SECRET}"))));
}

#[test]
fn traces_stand_in_behind_live_sources() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.csv");
    let hours: String = (0..24 * 14)
        .map(|i| format!("{},{},{}\n", hour("2021-05-03T00:00Z").plus(i), 100 + i, 200 + i))
        .collect();
    std::fs::write(&path, format!("utc,ci_direct,ci_lifecycle\n{hours}")).unwrap();
    let server = Server::json("{}");
    let hands = Hands::at("2026-05-01T10:00Z");
    let with_trace = |zone: &str| {
        let mut settings = settings(&["DE=electricity_maps"], |carbon| {
            carbon.electricity_maps.url = server.base();
            carbon.traces = vec![format!("{zone}={}", path.display())];
            carbon.constants = vec!["DE=380".into()];
        });
        settings.clock = hands.clock();
        settings
    };
    let mut chains = build(&with_trace("DE")).unwrap();
    let sample = chains.get_mut(&Zone::new("DE")).unwrap().observe(hour("2026-05-01T10:00Z")).unwrap();
    // A Friday at ten, as the Friday five times 52 weeks before: 4 days and 10 hours after the trace's beginning.
    assert_eq!(sample.intensity.0, 200.0 + 4.0 * 24.0 + 10.0);
    assert_eq!(sample.provenance.to_string(), "an earlier hour like it (trace.csv)");
    let stray = build(&with_trace("PL")).unwrap_err().to_string();
    assert!(stray.contains("carbon.traces names PL, and carbon.live does not"), "{stray}");
}

#[test]
fn keys_come_from_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("maps.key");
    std::fs::write(&path, format!("{SECRET}\n")).unwrap();
    let server =
        Server::json(r#"{"zone":"DE","history":[{"carbonIntensity":3,"datetime":"2026-05-01T10:00Z"}]}"#);
    let mut settings = settings(&["DE=electricity_maps"], |carbon| {
        carbon.electricity_maps.url = format!("{}/", server.base());
        carbon.electricity_maps.key_file = path.display().to_string();
    });
    settings.clock = Hands::at("2026-05-01T10:00Z").clock();
    let mut chains = build(&settings).unwrap();
    let sample = chains.get_mut(&Zone::new("DE")).unwrap().observe(hour("2026-05-01T10:00Z")).unwrap();
    assert_eq!(sample.intensity.0, 3.0);
    assert!(server.asked()[0].headers.contains(&format!("auth-token: {SECRET}")));
    assert!(!format!("{chains:?} {settings:?}").contains(SECRET));
}
