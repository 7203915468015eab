//! What every live service owes, asked of each: whatever a service sends, hours come in order, none is observed before it begins,
//! nothing missing becomes a number, kinds are never mixed, and every trouble is told apart without its key.

mod answers;
mod dialects;
mod troubles;

use super::server::{Asked, Reply};
use super::*;
use dialects::{Dialect, Hour, all, led, utc};

const NOW: &str = "2026-05-01T10:10Z";

/// Logs everybody in and knows every position; `answer` does the rest.
fn courteous(answer: impl Fn(&Asked) -> Reply + Send + 'static) -> Server {
    Server::new(move |asked, _| match asked.path.split('?').next() {
        Some("/login") => Reply::Json(r#"{"token":"bought-token"}"#.into()),
        Some("/v3/region-from-loc") => {
            assert!(asked.path.ends_with("latitude=37.8&longitude=-122.4&signal_type=co2_moer"), "{asked:?}");
            Reply::Json(r#"{"region":"CAISO_NORTH","signal_type":"co2_moer"}"#.into())
        }
        _ => answer(asked),
    })
}

/// The zone, asked at `base`.
fn live(dialect: &Dialect, base: &str, hands: &Hands) -> Live {
    let client = Client::new(options(base, dialect.access, hands));
    Live::new(Zone::new("DE"), (dialect.service)(), Arc::new(Mutex::new(client)), hands.clock())
}

fn is_about_the_coming(asked: &Asked) -> bool {
    asked.path.contains("/forecast") || asked.path.contains("fw48h")
}

/// Says `body` of the past and nothing of what is coming.
fn says(dialect: &Dialect, body: String) -> Server {
    let (empty, leads) = (dialect.empty, dialect.leads);
    courteous(move |asked| match is_about_the_coming(asked) {
        true => Reply::Json(empty.into()),
        false if leads => Reply::Json(led(&body, times(asked)[0])),
        false => Reply::Json(body.clone()),
    })
}

/// The hours that stand in the question's path: from when, and up to when.
fn times(asked: &Asked) -> Vec<GridHour> {
    asked.path.split('/').filter_map(|part| Some(parse_time(part).ok()?.hour())).collect()
}
