//! The API's description, made from the handlers and the shapes themselves. A copy lies in `docs/api/openapi.json`, and a test holds
//! the two together.

use std::sync::OnceLock;

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::guard::COOKIE;
use super::route::{act, demand, events, files, health, history, metrics, read, warm_start};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "CE-NAS",
        version = "1.0.0",
        description = "What a CE-NAS coordinator tells of its study, and what an operator may ask of it. Units end the names of keys; times are UTC in ISO 8601; shares lie in [0, 1]; what nobody knows is null. New keys may come; a key keeps its meaning.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    paths(
        read::study,
        read::front,
        read::hypervolume,
        read::trials,
        read::trial,
        files::trial_file,
        read::workers,
        read::worker_log,
        read::zones,
        demand::demand,
        read::tree,
        history::history,
        events::events,
        act::pause,
        act::resume,
        act::stop,
        act::drain,
        act::cancel,
        act::retry,
        act::budgets,
        warm_start::upload,
        warm_start::file,
        act::login,
        metrics::metrics,
        health::healthz,
        health::readyz,
    ),
    tags(
        (name = "study", description = "The study as a whole"),
        (name = "search", description = "What was found, and what the search has learnt"),
        (name = "trials", description = "Wishes to evaluate an architecture at a fidelity"),
        (name = "fleet", description = "Workers, and the grid under them"),
        (name = "act", description = "What an operator may ask for; asking twice changes nothing"),
        (name = "health", description = "For machines that watch"),
    ),
    modifiers(&Security),
)]
struct Api;

/// On this machine no token is needed, unless a file is named; beyond it, one of the two.
struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "The token of http.token_file. Beyond the coordinator's own machine it is demanded.",
            ))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        let cookie = ApiKeyValue::with_description(COOKIE, "What POST /api/v1/login gives a browser.");
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// As JSON, a key a line.
pub fn document() -> &'static str {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let mut text = Api::openapi().to_pretty_json().unwrap_or_default();
        text.push('\n');
        text
    })
}
