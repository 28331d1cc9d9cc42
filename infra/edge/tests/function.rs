//! The edge function as it is deployed: folds as the resolver does, refuses what it must, and fits.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use edge::{Engine, FUNCTION, Folded, Request, Switches, is_scan};
use serde::Deserialize;
use serde_json::Value;

/// What CloudFront takes.
const LARGEST: usize = 10 << 10;
const UNIT: &str = "/32XZAJ4P21M1MZ0N3RQA";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    name: String,
    path: String,
    query: Option<String>,
    accept: Option<String>,
    accept_language: Option<String>,
    expect: Expected,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
enum Expected {
    Canonical(String),
    Status(u16),
}

fn vectors() -> Vec<Vector> {
    let text = include_str!("../../../functions/resolver/vectors/requests.json");
    serde_json::from_str(text).unwrap()
}

/// The function with switches of its own.
struct Function {
    engine: Engine,
    switches: Switches,
}

impl Function {
    fn load() -> Self {
        Self {
            engine: Engine::new().unwrap(),
            switches: Switches::default(),
        }
    }

    fn fold(&self, request: &Request<'_>) -> Result<Folded, edge::EngineError> {
        self.engine.fold(request, &self.switches)
    }
}

fn request<'a>(method: &'a str, path: &'a str, headers: &'a [(&'a str, &'a str)]) -> Request<'a> {
    let (path, query) = path
        .split_once('?')
        .map_or((path, None), |(path, query)| (path, Some(query)));
    Request {
        method,
        path,
        query,
        headers,
        id: "request-1",
    }
}

fn answered(folded: Folded) -> (u16, Vec<(String, String)>, String) {
    match folded {
        Folded::Answer {
            status,
            headers,
            body,
        } => (status, headers, body),
        Folded::Canonical { path, .. } => panic!("went on to {path}"),
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    headers
        .iter()
        .find(|(known, _)| known == name)
        .map_or("", |(_, value)| value)
}

#[test]
fn requests_are_folded_as_the_vectors_say() {
    let engine = Function::load();
    let vectors = vectors();
    assert!(vectors.len() > 250);
    for vector in vectors {
        if !is_scan(&vector.path) {
            // It has a behaviour of its own, without the function.
            continue;
        }
        let mut headers = vec![("host", "id.example.eu")];
        headers.extend(vector.accept.as_deref().map(|accept| ("accept", accept)));
        headers.extend(
            vector
                .accept_language
                .as_deref()
                .map(|language| ("accept-language", language)),
        );
        let request = Request {
            method: "GET",
            path: &vector.path,
            query: vector.query.as_deref(),
            headers: &headers,
            id: "request-1",
        };
        let found = match engine
            .fold(&request)
            .unwrap_or_else(|error| panic!("{}: {error}", vector.name))
        {
            Folded::Canonical { path, .. } => Expected::Canonical(path),
            Folded::Answer { status, .. } => Expected::Status(status),
        };
        assert_eq!(found, vector.expect, "{}", vector.name);
    }
}

#[test]
fn it_is_no_larger_than_cloudfront_takes() {
    assert!(FUNCTION.len() < LARGEST, "{} bytes", FUNCTION.len());
    assert!(!FUNCTION.contains("\n//"), "comments are left out");
}

/// Every language of the page has its words, and no other is known.
#[test]
fn it_speaks_the_languages_of_the_page() {
    let engine = Function::load();
    for language in web::Language::ALL {
        let path = format!("/ABC?lang={}", language.code());
        let headers = [("accept", "text/html")];
        let (status, headers, page) =
            answered(engine.fold(&request("GET", &path, &headers)).unwrap());
        assert_eq!(
            (status, header(&headers, "content-language")),
            (400, language.code())
        );
        assert!(
            page.contains(&format!("lang={}", language.code())),
            "{page}"
        );
    }
}

#[test]
fn a_person_with_a_malformed_code_is_led_to_where_it_is_explained() {
    let engine = Function::load();
    let headers = [("accept", "text/html"), ("accept-language", "de")];
    for (path, link) in [
        (
            "/32XZAJ4P21M1MZ0N3RQB/8V4K2M0X0K",
            "/find?id=32XZAJ4P21M1MZ0N3RQB&amp;lang=de",
        ),
        (
            "/01/09521234000014/21/A%2FB",
            "/find?id=01%2F09521234000014%2F21%2FA%2FB&amp;lang=de",
        ),
        (
            "/%22%3E%3Cscript%3E&amp",
            "/find?id=%22%3E%3Cscript%3E%26amp&amp;lang=de",
        ),
        ("/%FF", "/find?id=&amp;lang=de"),
        ("/%F0%9F%94%8B", "/find?id=&amp;lang=de"),
    ] {
        let (status, headers, page) =
            answered(engine.fold(&request("GET", path, &headers)).unwrap());
        assert_eq!(status, 400);
        assert!(page.contains(&format!("<a href=\"{link}\">")), "{page}");
        assert!(!page.contains("<script"), "{page}");
        assert!(header(&headers, "content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(header(&headers, "cache-control"), "no-store");
    }
}

/// The same kinds, titles and codes as `web::Problem` writes.
#[test]
fn a_program_is_answered_as_the_resolver_answers_it() {
    let engine = Function::load();
    for (method, path, accept) in [
        ("GET", "/ABC", "*/*"),
        ("GET", "/a/b/c", "*/*"),
        ("POST", UNIT, "*/*"),
        ("GET", UNIT, "image/png"),
    ] {
        let (status, headers, body) = answered(
            engine
                .fold(&request(method, path, &[("accept", accept)]))
                .unwrap(),
        );
        let body: Value = serde_json::from_str(&body).unwrap();
        let kind = web::ProblemKind::ALL
            .iter()
            .find(|kind| body["type"] == kind.uri())
            .unwrap();
        assert_eq!(status, kind.status().as_u16());
        assert_eq!(body["status"], status);
        assert_eq!(body["title"], kind.title());
        assert_eq!(body["statusCode"], kind.status_code());
        assert_eq!(body["message"][0]["code"], kind.name());
        assert_eq!(body["message"][0]["correlationId"], "request-1");
        assert_eq!(header(&headers, "content-type"), "application/problem+json");
        assert_eq!(header(&headers, "access-control-allow-origin"), "*");
    }
}

#[test]
fn only_reading_is_let_through() {
    let engine = Function::load();
    for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE"] {
        let (status, headers, _) = answered(engine.fold(&request(method, UNIT, &[])).unwrap());
        assert_eq!(
            (status, header(&headers, "allow")),
            (405, "GET, HEAD, OPTIONS")
        );
    }
    let (status, headers, body) = answered(engine.fold(&request("OPTIONS", UNIT, &[])).unwrap());
    assert_eq!((status, body.as_str()), (204, ""));
    assert_eq!(
        header(&headers, "access-control-allow-methods"),
        "GET, HEAD, OPTIONS"
    );
    for method in ["GET", "HEAD"] {
        let folded = engine.fold(&request(method, UNIT, &[])).unwrap();
        assert!(
            matches!(
                folded,
                Folded::Canonical {
                    snapshots: false,
                    ..
                }
            ),
            "{folded:?}"
        );
    }
}

#[test]
fn a_host_whose_custody_moved_leads_on_with_path_and_query() {
    let engine = Function::load();
    engine
        .switches
        .set("custodian:id.example.eu", Some("https://backup.example"));
    let path = format!("{UNIT}/x%2Fy?linkType=gs1:dpp&a=%20");
    let (status, headers, _) = answered(
        engine
            .fold(&request("GET", &path, &[("host", "ID.Example.eu")]))
            .unwrap(),
    );
    assert_eq!(status, 307);
    assert_eq!(
        header(&headers, "location"),
        format!("https://backup.example{path}")
    );
    let other = engine
        .fold(&request("GET", UNIT, &[("host", "other.example.eu")]))
        .unwrap();
    assert!(matches!(other, Folded::Canonical { .. }));
    engine.switches.set("custodian:id.example.eu", None);
    let back = engine
        .fold(&request("GET", UNIT, &[("host", "id.example.eu")]))
        .unwrap();
    assert!(matches!(back, Folded::Canonical { .. }));
}

#[test]
fn one_switch_leaves_the_resolver_alone() {
    let engine = Function::load();
    for on in [false, true, false] {
        engine.switches.set("snapshots", on.then_some("on"));
        let folded = engine.fold(&request("GET", UNIT, &[])).unwrap();
        assert!(
            matches!(folded, Folded::Canonical { snapshots, .. } if snapshots == on),
            "{folded:?}"
        );
    }
}

/// Repeated header lines come as CloudFront hands them over.
#[test]
fn headers_sent_twice_both_count() {
    let engine = Function::load();
    let headers = [
        ("accept", "image/png"),
        ("accept", "text/html"),
        ("accept-language", "xx"),
        ("accept-language", "fr"),
    ];
    let Folded::Canonical { path, .. } = engine.fold(&request("GET", UNIT, &headers)).unwrap()
    else {
        panic!("answered");
    };
    assert_eq!(path, format!("/html/fr{UNIT}"));
}

#[test]
fn the_viewers_query_goes_beside_the_key() {
    let engine = Function::load();
    let long = format!("a={}", "x".repeat(999));
    for (sent, passed) in [
        ("a=1&b=%20", Some("a=1&b=%20")),
        ("", None),
        (long.as_str(), None),
    ] {
        let path = format!("{UNIT}?{sent}");
        let headers = [("viewer-query", "forged")];
        let folded = engine.fold(&request("GET", &path, &headers)).unwrap();
        let Folded::Canonical { path, query, .. } = folded else {
            panic!("answered");
        };
        assert_eq!(path, format!("/json/en{UNIT}"));
        assert_eq!(query.as_deref(), passed);
    }
}
