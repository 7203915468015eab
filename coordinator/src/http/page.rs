//! The web page's files, inside the program: whatever lay in `coordinator/page/dist/` when it was built.
//!
//! They are served as they are, with their type, a tag for caches and gzip where it helps. What a file's name says is all that is
//! looked at: there is no folder on the disk that a crafted path could leave.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::OnceLock;

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderMap, IF_NONE_MATCH, VARY,
};
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "page/dist/"]
struct Files;

/// What `/` stands for.
const INDEX: &str = "index.html";
/// Smaller files gain nothing by being packed.
const WORTH_PACKING: usize = 1024;

struct Asset {
    bytes: Vec<u8>,
    /// None where packing gains nothing.
    gzip: Option<Vec<u8>>,
    kind: String,
    tag: String,
}

/// The file at `path`; none where there is none.
pub fn answer(request: &HttpRequest) -> Option<HttpResponse> {
    let path = request.path().trim_start_matches('/');
    let path = if path.is_empty() { INDEX } else { path };
    let asset = assets().get(path)?;
    let packed = asset.gzip.as_ref().filter(|_| accepts_gzip(request.headers()));
    // Two forms of one file are two things to a cache.
    let tag = if packed.is_some() { format!("\"{}-gz\"", asset.tag) } else { format!("\"{}\"", asset.tag) };
    let is_known = request.headers().get(IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    let is_known =
        is_known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((ETAG, tag)).insert_header((VARY, "accept-encoding"));
    // Files whose name holds their hash never change; the others are asked for again, and mostly not sent again.
    let lasting = if is_hashed(path) { "public, max-age=31536000, immutable" } else { "no-cache" };
    answer.insert_header((CACHE_CONTROL, lasting));
    if is_known {
        return Some(answer.finish());
    }
    answer.content_type(asset.kind.as_str());
    Some(match packed {
        Some(packed) => answer.insert_header((CONTENT_ENCODING, "gzip")).body(packed.clone()),
        None => answer.body(asset.bytes.clone()),
    })
}

fn assets() -> &'static BTreeMap<String, Asset> {
    static ASSETS: OnceLock<BTreeMap<String, Asset>> = OnceLock::new();
    ASSETS.get_or_init(|| Files::iter().filter_map(|path| Some((path.to_string(), asset(&path)?))).collect())
}

fn asset(path: &str) -> Option<Asset> {
    let file = Files::get(path)?;
    let bytes = file.data.into_owned();
    let hash = file.metadata.sha256_hash();
    let tag = hash[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    let mut kind = file.metadata.mimetype().to_owned();
    let is_text = kind.starts_with("text/") || kind.ends_with("javascript") || kind.ends_with("json");
    if is_text {
        kind.push_str("; charset=utf-8");
    }
    let gzip = packed(&bytes).filter(|packed| packed.len() + WORTH_PACKING / 8 < bytes.len());
    Some(Asset { bytes, gzip, kind, tag })
}

fn packed(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() < WORTH_PACKING {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    let codings = accepted.flat_map(|value| value.split(','));
    codings.map(str::trim).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        matches!(name.trim(), "gzip" | "*")
            && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

/// "app-3f9a1c2b.js": as bundlers name what they built.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mark = stem.rsplit_once(['-', '.']).map_or("", |(_, mark)| mark);
    mark.len() >= 8
        && mark.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && mark.chars().any(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn get(path: &str, headers: &[(&'static str, &str)]) -> Option<HttpResponse> {
        let request = headers.iter().fold(TestRequest::with_uri(path), |request, (name, value)| {
            request.insert_header((*name, *value))
        });
        answer(&request.to_http_request())
    }

    fn header<'a>(answer: &'a HttpResponse, name: &str) -> &'a str {
        answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn the_index_is_what_the_root_stands_for() {
        for path in ["/", "/index.html"] {
            let answer = get(path, &[]).unwrap();
            assert_eq!(header(&answer, "content-type"), "text/html; charset=utf-8");
            assert_eq!(header(&answer, "cache-control"), "no-cache");
            assert!(header(&answer, "etag").starts_with('"'));
        }
        assert!(get("/../Cargo.toml", &[]).is_none());
        assert!(get("/index.html/", &[]).is_none());
        assert!(get("//etc/passwd", &[]).is_none());
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        let tag = header(&get("/", &[]).unwrap(), "etag").to_owned();
        let again = get("/", &[("if-none-match", &format!("\"other\", W/{tag}"))]).unwrap();
        assert_eq!(again.status(), 304);
        assert_eq!(get("/", &[("if-none-match", "\"other\"")]).unwrap().status(), 200);
    }

    #[test]
    fn packing_is_asked_for_and_hashed_names_last() {
        let accepts = |text: &str| {
            let request = TestRequest::default().insert_header(("accept-encoding", text)).to_http_request();
            accepts_gzip(request.headers())
        };
        assert!(accepts("gzip") && accepts("br, gzip;q=0.5") && accepts("*"));
        assert!(!accepts("br") && !accepts("gzip;q=0") && !accepts(""));
        assert!(is_hashed("assets/app-3f9a1c2b.js") && is_hashed("assets/app.3f9a1c2b.css"));
        assert!(!is_hashed("index.html") && !is_hashed("favicon.svg") && !is_hashed("a-component.js"));
    }
}
