//! The API's description.

use super::*;

/// `RENEW_OPENAPI=1 cargo nextest run -p coordinator openapi` writes it anew.
#[test]
fn the_openapi_document_is_the_one_checked_in() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api/openapi.json");
    let made = crate::http::document();
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

#[test]
fn each_operation_has_a_name_of_its_own() {
    let document: serde_json::Value = serde_json::from_str(crate::http::document()).unwrap();
    let paths =
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let mut names: Vec<&str> = paths.filter_map(|operation| operation["operationId"].as_str()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert!(count > 20 && names.len() == count, "{names:?}");
}
