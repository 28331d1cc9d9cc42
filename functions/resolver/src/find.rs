//! A person without the symbol at hand: a form, and where it leads.

use axum::extract::RawQuery;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use identity::{Carrier, UnitId};
use serde::Deserialize;
use web::{Language, Problem, Query};

use crate::answer::{self, Reader};
use crate::request;
use crate::scan::Scan;

/// Longest text that is passed on; more than any id or carrier has.
pub(crate) const TYPED: usize = 256;

/// What a person typed.
#[derive(Debug, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    id: String,
}

/// `GET /`: a page with the form; for programs there is nothing here.
///
/// With data elements in its query (`?.S=<serial number>`, IEC 61406-2) it names a battery.
pub(crate) async fn start(RawQuery(query): RawQuery, headers: HeaderMap, scan: Scan) -> Response {
    if query.as_deref().is_some_and(request::has_data_elements) {
        return scan.respond().await;
    }
    let asked = Reader::of(query.as_deref(), &headers);
    if asked.is_person() {
        return answer::start(&asked);
    }
    Problem::not_found("no such route: see /docs").into_response()
}

/// `GET /find?id=…`: on to the unit, or what is wrong with the text.
pub(crate) async fn find(
    RawQuery(query): RawQuery,
    typed: Result<Query<Typed>, Problem>,
    headers: HeaderMap,
) -> Response {
    let asked = Reader::of(query.as_deref(), &headers);
    let mut response = match typed {
        Ok(Query(Typed { id })) => match place(&id, asked.language) {
            Some(place) => Redirect::to(&place).into_response(),
            None => answer::problem(&Problem::malformed(NO_CODE), &asked, id.trim()),
        },
        Err(problem) => answer::problem(&problem, &asked, ""),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer::secure(headers, asked.language);
    response
}

const NO_CODE: &str = "this is neither a unit id nor the address of a battery";

/// The path of a typed id or of a pasted carrier, whichever host it names; the page keeps its language. Nothing else leads
/// anywhere.
fn place(typed: &str, language: Language) -> Option<String> {
    let typed: String = typed.trim().chars().take(TYPED).collect();
    let carrier = Carrier::parse(&typed)
        // Browsers show an address without its scheme.
        .or_else(|_| Carrier::parse(&format!("https://{typed}")));
    let path = match carrier {
        Ok(Carrier {
            unit,
            label: Some(label),
            ..
        }) => format!("{unit}/{label}"),
        Ok(Carrier { unit, .. }) => unit.to_string(),
        Err(_) if typed.is_empty() => String::new(),
        Err(_) => UnitId::parse(&typed).ok()?.to_string(),
    };
    Some(format!("/{path}?lang={}", language.code()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_and_a_pasted_address_lead_to_the_unit() {
        for (typed, path) in [
            (" 32xz-aj4p-21m1-mz0n-3rqa ", "/32XZAJ4P21M1MZ0N3RQA"),
            (
                "https://ID.EXAMPLE.EU/32XZAJ4P21M1MZ0N3RQA",
                "/32XZAJ4P21M1MZ0N3RQA",
            ),
            (
                "id.example.eu/32XZAJ4P21M1MZ0N3RQA",
                "/32XZAJ4P21M1MZ0N3RQA",
            ),
            ("", "/"),
        ] {
            assert_eq!(
                place(typed, Language::DE),
                Some(format!("{path}?lang=de")),
                "{typed}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_leads_elsewhere(typed: String) {
            let Some(place) = place(&typed, Language::EN) else {
                return Ok(());
            };
            let path = place.strip_prefix('/').and_then(|place| place.strip_suffix("?lang=en")).unwrap();
            prop_assert!(!path.starts_with('/'), "{path}");
            prop_assert!(path.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'/'), "{path}");
        }
    }
}
